//! Files with names, in a folder or in an archive.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use super::archive::Archive;
use super::folder;
use crate::tasks::DatasetError;

/// A zip archive, or a folder with all that lies below it.
pub struct Source {
    path: PathBuf,
    pub(super) names: Names,
    store: Store,
    /// How many images of a class are read.
    pub(super) images_of_class: usize,
}

enum Store {
    Folder(Vec<PathBuf>),
    Archive(Archive),
}

/// What there is, by names whose parts are joined by `/`. Hidden files, and the folder of attributes that macOS puts into
/// its archives, are left out.
#[derive(Default)]
pub(super) struct Names {
    /// The number of each file in its store.
    pub(super) files: BTreeMap<String, usize>,
    /// All folders, whether or not an archive lists them.
    pub(super) folders: BTreeSet<String>,
}

/// More files than any dataset has: most likely the wrong folder.
const MOST_FILES: usize = 1 << 20;
/// The longest file that is read, in bytes.
const LONGEST_FILE: u64 = 32 << 20;

impl Source {
    /// Lists a folder or a zip archive; nothing but names is read yet.
    ///
    /// # Errors
    /// Where there is nothing of this name, where it cannot be read, or is no archive that can be trusted.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let path = path.as_ref().to_owned();
        let io = |source| DatasetError::from_io(&path, source);
        if std::fs::metadata(&path).map_err(io)?.is_dir() {
            let (names, files) = folder::list(&path)?;
            return Ok(Source::new(path, names, Store::Folder(files)));
        }
        let file = std::fs::File::open(&path).map_err(io)?;
        Source::from_reader(path, BufReader::new(file))
    }

    /// A zip archive that need not be a file; errors call it `path`.
    ///
    /// # Errors
    /// Where it is no archive that can be trusted.
    pub fn from_reader(
        path: impl Into<PathBuf>,
        reader: impl Read + Seek + Send + 'static,
    ) -> Result<Self, DatasetError> {
        let path = path.into();
        let (names, archive) = Archive::open(&path, reader)?;
        Ok(Source::new(path, names, Store::Archive(archive)))
    }

    fn new(path: PathBuf, names: Names, store: Store) -> Self {
        Source { path, names, store, images_of_class: usize::MAX }
    }

    /// Readers take at most so many images of each class, the first by name: a part of a large dataset in seconds.
    #[must_use]
    pub fn at_most(self, images_of_class: usize) -> Self {
        Source { images_of_class, ..self }
    }

    /// The name under which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where a file of this name lies, for errors.
    pub(super) fn place(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The content of a file that is in the list of names.
    pub(super) fn read(&mut self, name: &str) -> Result<Vec<u8>, DatasetError> {
        let path = self.path.join(name);
        let mut bytes = Vec::new();
        let limit = LONGEST_FILE + 1;
        match (&mut self.store, self.names.files[name]) {
            (Store::Folder(paths), number) => std::fs::File::open(&paths[number])
                .and_then(|file| file.take(limit).read_to_end(&mut bytes))
                .map_err(|source| DatasetError::from_io(&path, source))?,
            (Store::Archive(archive), number) => archive.read(number, limit, &path, &mut bytes)?,
        };
        if bytes.len() as u64 > LONGEST_FILE {
            return Err(DatasetError::TooLarge { path, what: "bytes", limit: LONGEST_FILE });
        }
        Ok(bytes)
    }
}

impl Names {
    /// Adds a file with the folders that it lies in; `Ok(false)` where there is one of this name already.
    pub(super) fn add_file(
        &mut self,
        source: &Path,
        name: String,
        number: usize,
    ) -> Result<bool, DatasetError> {
        if is_hidden(&name) {
            return Ok(true);
        }
        if let Some((folder, _)) = name.rsplit_once('/') {
            self.add_folder(source, folder)?;
        }
        self.check_room(source)?;
        Ok(self.files.insert(name, number).is_none())
    }

    /// Adds a folder with those that it lies in.
    pub(super) fn add_folder(&mut self, source: &Path, name: &str) -> Result<(), DatasetError> {
        let mut next = Some(name);
        while let Some(folder) = next.filter(|folder| !is_hidden(folder) && !self.folders.contains(*folder)) {
            self.check_room(source)?;
            self.folders.insert(folder.to_owned());
            next = folder.rsplit_once('/').map(|(parent, _)| parent);
        }
        Ok(())
    }

    fn check_room(&self, source: &Path) -> Result<(), DatasetError> {
        if self.files.len() + self.folders.len() < MOST_FILES {
            return Ok(());
        }
        Err(DatasetError::TooLarge { path: source.to_owned(), what: "files", limit: MOST_FILES as u64 })
    }

    /// What stands before `ending` in the name of the file that ends so and lies in the fewest folders.
    pub(super) fn before(&self, ending: &str) -> Option<&str> {
        self.files
            .keys()
            .filter_map(|name| name.strip_suffix(ending))
            .filter(|before| before.is_empty() || before.ends_with('/'))
            .min_by_key(|before| before.matches('/').count())
    }

    /// Whether other folders lie in a folder.
    pub(super) fn has_folders(&self, folder: &str) -> bool {
        let inside = format!("{folder}/");
        self.folders.range(inside.clone()..).next().is_some_and(|name| name.starts_with(&inside))
    }

    /// The files that lie in a folder, but not deeper, whose name says that they are images.
    pub(super) fn images_in(&self, folder: &str) -> impl Iterator<Item = &str> {
        let inside = format!("{folder}/");
        self.files
            .range(inside.clone()..)
            .map(|(name, _)| name.as_str())
            .take_while(move |name| name.starts_with(&inside))
            .filter(move |name| !name[folder.len() + 1..].contains('/') && is_image(name))
    }
}

fn is_hidden(name: &str) -> bool {
    name.split('/').any(|part| part.starts_with('.') || part == "__MACOSX")
}

/// Whether the ending of the name is one of PNG or JPEG files.
pub(super) fn is_image(name: &str) -> bool {
    let ending = name.rsplit('.').next().unwrap_or_default();
    ["png", "jpg", "jpeg"].iter().any(|known| ending.eq_ignore_ascii_case(known))
}
