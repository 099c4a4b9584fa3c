//! Files that are there completely or not at all.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

/// How the names of temporary files begin that [`write_atomically`] makes: a process that is killed in the middle leaves
/// one behind, for whoever owns the folder to remove.
pub const PARTIAL: &str = ".partial-";

/// Makes `bytes` the content of the file at `path`, whatever it held before.
///
/// They go to a temporary file in the same folder first, which is forced to the disk and then renamed: at any
/// interruption, a power cut included, `path` holds either all of the old content or all of the new.
///
/// # Errors
/// Where the folder is missing, not writable or full; `path` is then as it was.
pub fn write_atomically(path: impl AsRef<Path>, bytes: &[u8]) -> io::Result<()> {
    let path = path.as_ref();
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // Temporary files are private by default; a result is as readable as any other file of the user.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(PARTIAL).tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(path)?;
    // The new name is an entry of the folder, which has to reach the disk as well.
    if cfg!(unix) {
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_old_content_is_replaced_and_nothing_else_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("results.json");
        write_atomically(&path, b"a long first content").unwrap();
        write_atomically(&path, b"second").unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), b"second");
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }

    #[test]
    fn a_failure_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        std::fs::create_dir(&taken).unwrap();
        std::fs::write(taken.join("inside"), b"").unwrap();
        write_atomically(&taken, b"content").unwrap_err();
        write_atomically(folder.path().join("missing/file"), b"content").unwrap_err();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    }
}
