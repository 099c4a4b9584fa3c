//! Zip archives from anywhere.

use std::io::{self, Read, Seek};
use std::path::Path;

use zip::ZipArchive;
use zip::result::{ZipError, ZipResult};

use super::source::Names;
use crate::tasks::DatasetError;

/// The members of a zip archive by number.
pub(super) struct Archive(ZipArchive<Box<dyn ReadSeek>>);

trait ReadSeek: Read + Seek + Send {}
impl<R: Read + Seek + Send> ReadSeek for R {}

impl Archive {
    /// Lists the members.
    pub(super) fn open(
        path: &Path,
        reader: impl Read + Seek + Send + 'static,
    ) -> Result<(Names, Self), DatasetError> {
        let broken = |error| damaged(path, error);
        let mut archive = ZipArchive::new(Box::new(reader) as Box<dyn ReadSeek>).map_err(broken)?;
        // Data shared by many members is how a small archive claims to be an endless one.
        if archive.has_overlapping_files().map_err(broken)? {
            return Err(DatasetError::Archive { path: path.to_owned(), reason: "members overlap".into() });
        }
        let mut names = Names::default();
        for number in 0..archive.len() {
            let member =
                archive.name_for_index(number).unwrap_or(Err(ZipError::FileNotFound)).map_err(broken)?;
            let name = member.replace('\\', "/");
            let path_in = name.strip_suffix('/').unwrap_or(&name);
            if name.contains([':', '\0']) || path_in.split('/').any(|part| ["", ".", ".."].contains(&part)) {
                return Err(DatasetError::UnsafeMember {
                    path: path.to_owned(),
                    member: member.into_owned(),
                });
            }
            if path_in.len() < name.len() {
                names.add_folder(path, path_in)?;
            } else if !names.add_file(path, name, number)? {
                let reason = format!("two members are called {member}");
                return Err(DatasetError::Archive { path: path.to_owned(), reason });
            }
        }
        Ok((names, Archive(archive)))
    }

    /// Unpacks a member, up to so many bytes.
    pub(super) fn read(
        &mut self,
        number: usize,
        limit: u64,
        path: &Path,
        bytes: &mut Vec<u8>,
    ) -> Result<usize, DatasetError> {
        let unpacked: ZipResult<usize> = self
            .0
            .by_index(number)
            .and_then(|member| member.take(limit).read_to_end(bytes).map_err(ZipError::Io));
        unpacked.map_err(|error| damaged(path, error))
    }
}

/// An archive that breaks off or does not fit its checksums is damaged; only the system's own refusals are its fault.
fn damaged(path: &Path, error: ZipError) -> DatasetError {
    use io::ErrorKind::{InvalidData, InvalidInput, Other, UnexpectedEof};
    match error {
        ZipError::Io(error) if ![InvalidData, InvalidInput, Other, UnexpectedEof].contains(&error.kind()) => {
            DatasetError::from_io(path, error)
        }
        error => DatasetError::Archive { path: path.to_owned(), reason: error.to_string() },
    }
}
