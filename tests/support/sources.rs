//! The source files below a folder.

use std::path::Path;

/// Calls `visit` with the path and the text of each source file below `folder`, in order.
pub(crate) fn each_source(folder: &Path, visit: &mut impl FnMut(&Path, &str)) {
    let mut entries: Vec<_> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            each_source(&path, visit);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            visit(&path, &std::fs::read_to_string(&path).expect("readable source"));
        }
    }
}
