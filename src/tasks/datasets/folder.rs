//! Folders of files.

use std::path::{Path, PathBuf};

use super::source::Names;
use crate::tasks::DatasetError;

/// Deeper than any layout: a link that leads back up ends here.
const DEEPEST: usize = 8;

/// All files below a folder; links are followed.
pub(super) fn list(root: &Path) -> Result<(Names, Vec<PathBuf>), DatasetError> {
    let (mut names, mut files) = (Names::default(), Vec::new());
    let mut waiting = vec![(root.to_owned(), String::new(), 0)];
    while let Some((folder, prefix, depth)) = waiting.pop() {
        let io = |source| DatasetError::from_io(&folder, source);
        for entry in std::fs::read_dir(&folder).map_err(io)? {
            let path = entry.map_err(io)?.path();
            // A name that is not Unicode belongs to no layout.
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else { continue };
            let name = format!("{prefix}{name}");
            if path.is_dir() {
                names.add_folder(root, &name)?;
                // Hidden ones are not in the list.
                if depth < DEEPEST && names.folders.contains(&name) {
                    waiting.push((path, format!("{name}/"), depth + 1));
                }
            } else {
                names.add_file(root, name, files.len())?;
                files.push(path);
            }
        }
    }
    Ok((names, files))
}
