//! The folder that a run writes to.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use metatape::tensor::{PARTIAL, write_atomically};

use super::{Failure, Result};

/// A folder that belongs to one run as long as this value lives.
pub struct RunDirectory {
    path: PathBuf,
    lock: File,
}

const LOCK: &str = ".lock";

impl RunDirectory {
    /// Creates the folder if it is missing, checks that it can be written to, keeps other runs out, and removes what a run
    /// that was killed had half written.
    pub fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(Failure::io(path, "create the folder"))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(LOCK))
            .map_err(Failure::io(path, "write to the folder"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(Failure::Taken { path: path.to_owned() }.into()),
            Err(TryLockError::Error(source)) => {
                return Err(Failure::io(path, "lock the folder")(source).into());
            }
        }
        let directory = RunDirectory { path: path.to_owned(), lock };
        // Between opening the file and locking it another run may have come and gone, and the folder with it.
        directory.check()?;
        directory.remove_partial()?;
        Ok(directory)
    }

    /// Whether the folder is still the one that was opened.
    ///
    /// # Errors
    /// It has been removed, or replaced by one that may be another run's.
    pub fn check(&self) -> Result {
        // Elsewhere a folder with an open file in it cannot be removed.
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let place = |file: std::io::Result<fs::Metadata>| file.map(|file| (file.dev(), file.ino())).ok();
            let lost = || Failure::Lost { path: self.path.clone() };
            let ours = place(self.lock.metadata()).ok_or_else(lost)?;
            if place(fs::metadata(self.path.join(LOCK))) != Some(ours) {
                return Err(lost().into());
            }
        }
        Ok(())
    }

    fn remove_partial(&self) -> Result {
        let listed = || Failure::io(&self.path, "list the folder");
        for entry in fs::read_dir(&self.path).map_err(listed())? {
            let name = entry.map_err(listed())?.file_name();
            if let Some(name) = name.to_str().filter(|name| name.starts_with(PARTIAL)) {
                self.remove(name)?;
            }
        }
        Ok(())
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file, completely or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result {
        self.check()?;
        let path = self.file(name);
        write_atomically(&path, bytes).map_err(Failure::io(&path, "write"))?;
        Ok(())
    }

    /// Removes a file of an earlier run, if there is one.
    pub fn remove(&self, name: &str) -> Result {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(Failure::io(&path, "remove")(source).into())
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_belongs_to_one_run_at_a_time() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("deep/run");
        let first = RunDirectory::open(&path).unwrap();
        let error = RunDirectory::open(&path).err().unwrap().to_string();
        assert!(error.contains("deep/run: another run is writing"), "{error}");
        drop(first);
        RunDirectory::open(&path).unwrap();
    }

    #[test]
    fn what_was_half_written_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [".partial-a1b2c3", "checkpoint.safetensors", "my.partial-notes"] {
            fs::write(folder.path().join(name), b"content").unwrap();
        }
        let _open = RunDirectory::open(folder.path()).unwrap();
        let names =
            fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<_> = names.collect();
        names.sort();
        assert_eq!(names, [LOCK, "checkpoint.safetensors", "my.partial-notes"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_was_removed_or_replaced_is_written_to_no_more() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("run");
        let first = RunDirectory::open(&path).unwrap();
        first.write("results.json", b"{}").unwrap();
        fs::remove_dir_all(&path).unwrap();
        let lost = |run: &RunDirectory| run.write("results.json", b"{}").unwrap_err().to_string();
        assert!(lost(&first).contains("run: the folder was removed or replaced"));
        assert!(!path.exists());

        let second = RunDirectory::open(&path).unwrap();
        assert!(lost(&first).contains("run: the folder was removed or replaced"));
        second.write("results.json", b"{}").unwrap();
    }

    #[test]
    fn a_folder_that_cannot_be_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().join("run");
        let error = RunDirectory::open(&path).err().unwrap().to_string();
        assert!(error.starts_with(&format!("{}: cannot create the folder: ", path.display())), "{error}");
    }
}
