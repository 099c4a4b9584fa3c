//! Lists of images and their classes.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use csv::{ReaderBuilder, Trim};

use crate::tasks::DatasetError;

/// A list of images with their classes: a CSV file with the header `filename,label`, as S. Ravi and H. Larochelle
/// published it for miniImageNet.
///
/// ```
/// use metatape::tasks::datasets::ImageList;
///
/// let list = ImageList::from_csv("train.csv", b"filename,label\nb.jpg,cat\na.jpg,cat\nc.jpg,ant\n")?;
/// let classes: Vec<_> = list.classes().map(|(label, files)| (label, files.count())).collect();
/// assert_eq!(classes, [("ant", 1), ("cat", 2)]);
///
/// let error = ImageList::from_csv("train.csv", b"filename,label\n../../etc/passwd,cat\n").unwrap_err();
/// assert_eq!(error.to_string(), r#"train.csv, line 2: "../../etc/passwd" is not the name of a file"#);
/// # Ok::<(), metatape::tasks::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageList {
    /// The line of each file, by label and name.
    labels: BTreeMap<String, BTreeMap<String, u64>>,
}

impl ImageList {
    /// Reads a list; errors call it `path`.
    ///
    /// # Errors
    /// Where the header is another, a line has no two fields, a file is listed twice, or its name is more than the name of
    /// a file.
    pub fn from_csv(path: impl AsRef<Path>, bytes: &[u8]) -> Result<Self, DatasetError> {
        let wrong = |line, reason| DatasetError::List { path: path.as_ref().to_owned(), line, reason };
        let unreadable = |error: csv::Error| {
            let line = error.position().map_or(1, |position| position.line());
            wrong(line, error.to_string())
        };
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(unreadable)?;
        if header != ["filename", "label"].as_slice() {
            let found: Vec<&str> = header.iter().collect();
            return Err(wrong(1, format!("the header is {:?}, not \"filename,label\"", found.join(","))));
        }
        let mut labels: BTreeMap<String, BTreeMap<String, u64>> = BTreeMap::new();
        let mut known = BTreeSet::new();
        for row in reader.records() {
            let row = row.map_err(unreadable)?;
            let line = row.position().map_or(1, |position| position.line());
            let (file, label) = (&row[0], &row[1]);
            if ["", ".", ".."].contains(&file) || file.contains(['/', '\\', ':', '\0']) {
                return Err(wrong(line, format!("{file:?} is not the name of a file")));
            }
            if label.is_empty() {
                return Err(wrong(line, format!("{file} has no label")));
            }
            if !known.insert(file.to_owned()) {
                return Err(wrong(line, format!("{file} is listed twice")));
            }
            labels.entry(label.to_owned()).or_default().insert(file.to_owned(), line);
        }
        Ok(ImageList { labels })
    }

    /// The labels and the names of their files, both sorted.
    pub fn classes(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &str>)> {
        self.labels.iter().map(|(label, files)| (label.as_str(), files.keys().map(String::as_str)))
    }

    /// Every label, file and line.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &str, u64)> {
        self.labels
            .iter()
            .flat_map(|(label, files)| files.iter().map(move |(file, &line)| (&**label, &**file, line)))
    }
}
