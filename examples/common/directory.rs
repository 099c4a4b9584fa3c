//! The folder that a run writes to.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};

use metatape::tensor::write_atomically;

use super::{Failure, Result};

/// A folder that belongs to one run as long as this value lives.
pub struct RunDirectory {
    path: PathBuf,
    _lock: File,
}

impl RunDirectory {
    /// Creates the folder if it is missing, checks that it can be written to, and keeps other runs out.
    pub fn open(path: &Path) -> Result<Self> {
        fs::create_dir_all(path).map_err(Failure::io(path, "create the folder"))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(path.join(".lock"))
            .map_err(Failure::io(path, "write to the folder"))?;
        match lock.try_lock() {
            Ok(()) => Ok(RunDirectory { path: path.to_owned(), _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(Failure::Taken { path: path.to_owned() }.into()),
            Err(TryLockError::Error(source)) => Err(Failure::io(path, "lock the folder")(source).into()),
        }
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file, completely or not at all.
    pub fn write(&self, name: &str, bytes: &[u8]) -> Result {
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
    fn a_folder_that_cannot_be_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let path = file.path().join("run");
        let error = RunDirectory::open(&path).err().unwrap().to_string();
        assert!(error.starts_with(&format!("{}: cannot create the folder: ", path.display())), "{error}");
    }
}
