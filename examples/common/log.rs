//! The log of a run: one JSON object a line.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use metatape::tensor::write_atomically;
use serde::Serialize;

use super::{Failure, Result};

/// A file of lines, each a JSON object, that grows only.
pub struct Log {
    path: PathBuf,
    file: File,
    lines: usize,
    /// Of all whole lines, in bytes.
    length: u64,
}

#[derive(Serialize)]
struct Line<'a, E> {
    #[serde(flatten)]
    entry: &'a E,
    seconds: f64,
}

impl Log {
    /// An empty log, whatever the file held.
    pub fn create(path: &Path) -> Result<Self> {
        let mut fresh = File::options();
        let file = fresh.read(true).write(true).create(true).truncate(true).open(path);
        let file = file.map_err(Failure::io(path, "create"))?;
        Ok(Log { path: path.to_owned(), file, lines: 0, length: 0 })
    }

    /// The log as it was after its first `lines` lines, and the seconds that the last of them tells.
    pub fn reopen(path: &Path, lines: usize) -> Result<(Self, f64)> {
        let text = fs::read(path).map_err(Failure::io(path, "read"))?;
        let whole: Vec<_> =
            text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n")).collect();
        let kept = whole.get(..lines).ok_or_else(|| Failure::ShortLog {
            path: path.to_owned(),
            found: whole.len(),
            expected: lines,
        })?;
        let seconds = kept
            .last()
            .and_then(|line| serde_json::from_slice::<serde_json::Value>(line).ok()?.get("seconds")?.as_f64())
            .unwrap_or(0.0);
        let length = kept.iter().map(|line| line.len() as u64).sum();
        let file = File::options().read(true).write(true).open(path).map_err(Failure::io(path, "write"))?;
        file.set_len(length).map_err(Failure::io(path, "shorten"))?;
        let mut log = Log { path: path.to_owned(), file, lines, length };
        log.file.seek(SeekFrom::End(0)).map_err(Failure::io(path, "write"))?;
        Ok((log, seconds))
    }

    /// Appends an object (a struct or a map) and the time of it.
    pub fn write(&mut self, entry: &impl Serialize, seconds: f64) -> Result {
        let seconds = (seconds * 1e3).round() / 1e3;
        let mut line = serde_json::to_vec(&Line { entry, seconds })?;
        line.push(b'\n');
        if let Err(source) = self.file.write_all(&line) {
            // Where half a line cannot be taken back either, whoever resumes will do it.
            let _ = self.file.set_len(self.length);
            return Err(Failure::io(&self.path, "write")(source).into());
        }
        self.lines += 1;
        self.length += line.len() as u64;
        Ok(())
    }

    /// Forces all lines to the disk, and counts them.
    pub fn sync(&mut self) -> Result<usize> {
        if !self.path.exists() {
            self.put_back().map_err(Failure::io(&self.path, "put back"))?;
        }
        self.file.sync_data().map_err(Failure::io(&self.path, "write"))?;
        Ok(self.lines)
    }

    /// A file that somebody has removed is still there for those who have it open.
    fn put_back(&mut self) -> io::Result<()> {
        let mut lines = Vec::new();
        self.file.rewind()?;
        self.file.read_to_end(&mut lines)?;
        write_atomically(&self.path, &lines)?;
        self.file = File::options().read(true).write(true).open(&self.path)?;
        self.file.seek(SeekFrom::End(0))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Step {
        step: usize,
        loss: f32,
    }

    #[test]
    fn a_reopened_log_goes_on_where_the_checkpoint_was() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let write = |log: &mut Log, step| log.write(&Step { step, loss: 0.5 }, step as f64).unwrap();
        let mut log = Log::create(file.path()).unwrap();
        (0..4).for_each(|step| write(&mut log, step));
        log.file.write_all(b"{\"step\":4,\"lo").unwrap();

        let (mut log, seconds) = Log::reopen(file.path(), 3).unwrap();
        assert_eq!(seconds, 2.0);
        (3..5).for_each(|step| write(&mut log, step));
        assert_eq!(log.sync().unwrap(), 5);
        let expected: String =
            (0..5).map(|step| format!("{{\"step\":{step},\"loss\":0.5,\"seconds\":{step}.0}}\n")).collect();
        assert_eq!(fs::read_to_string(file.path()).unwrap(), expected);

        let error = Log::reopen(file.path(), 6).err().unwrap().to_string();
        assert!(error.ends_with("5 whole lines are left of the 6 that were written before the checkpoint"));
    }

    #[cfg(unix)]
    #[test]
    fn a_log_that_was_removed_is_put_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log.jsonl");
        let mut log = Log::create(&path).unwrap();
        log.write(&Step { step: 0, loss: 0.5 }, 0.0).unwrap();
        fs::remove_file(&path).unwrap();
        log.write(&Step { step: 1, loss: 0.5 }, 1.0).unwrap();
        assert_eq!(log.sync().unwrap(), 2);
        log.write(&Step { step: 2, loss: 0.5 }, 2.0).unwrap();
        let (_, seconds) = Log::reopen(&path, 3).unwrap();
        assert_eq!(seconds, 2.0);
    }
}
