//! The log of a run: one JSON object a line.

use std::fs::{self, File};
use std::io::{Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{Failure, Result};

/// A file of lines, each a JSON object, that grows only.
pub struct Log {
    path: PathBuf,
    file: File,
    lines: usize,
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
        let file = File::create(path).map_err(Failure::io(path, "create"))?;
        Ok(Log { path: path.to_owned(), file, lines: 0 })
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
        let mut file = File::options().write(true).open(path).map_err(Failure::io(path, "write"))?;
        file.set_len(length).map_err(Failure::io(path, "shorten"))?;
        file.seek(SeekFrom::End(0)).map_err(Failure::io(path, "write"))?;
        Ok((Log { path: path.to_owned(), file, lines }, seconds))
    }

    /// Appends an object (a struct or a map) and the time of it.
    pub fn write(&mut self, entry: &impl Serialize, seconds: f64) -> Result {
        let seconds = (seconds * 1e3).round() / 1e3;
        let mut line = serde_json::to_vec(&Line { entry, seconds })?;
        line.push(b'\n');
        self.file.write_all(&line).map_err(Failure::io(&self.path, "write"))?;
        self.lines += 1;
        Ok(())
    }

    /// Forces all lines to the disk, and counts them.
    pub fn sync(&mut self) -> Result<usize> {
        self.file.sync_data().map_err(Failure::io(&self.path, "write"))?;
        Ok(self.lines)
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
}
