//! The images, and which classes are trained on.

use std::path::Path;

use clap::ValueEnum;
use metatape::tasks::datasets::{Source, Split, cifar_fs, mini_imagenet, omniglot};
use metatape::tasks::{DatasetError, Glyphs, Images, Rotations, stream};
use serde::{Deserialize, Serialize};

use crate::common::{Progress, Result, crew, exit_if_interrupted, streams, tell};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dataset {
    /// Handwritten characters: images_background.zip
    Omniglot,
    /// CIFAR-100, its classes split for few-shot learning
    CifarFs,
    /// Photographs: a folder with images/, train.csv, val.csv and test.csv
    MiniImagenet,
    /// Characters that the program draws itself
    Glyphs,
}

/// A part of a dataset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    Train,
    Val,
    Test,
    All,
}

/// Of the 964 characters in Omniglot's background set, how many are kept to score on; other sets are divided alike.
const OMNIGLOT: (usize, usize) = (164, 964);
/// Glyphs to train on, to watch in training and to score on, and how often each is drawn.
const GLYPHS: [usize; 3] = [200, 50, 50];
const DRAWINGS: usize = 20;

/// Classes to train on and classes to score on.
pub struct Data {
    pub train: Images,
    /// Where the dataset has a third part, it is what is watched in training; otherwise other tasks of the scored classes
    /// are. Nothing is decided by what is seen there.
    pub val: Option<Images>,
    pub test: Images,
    /// What the part that is scored is called.
    pub test_part: Part,
}

impl Data {
    /// Refuses ranks that have read other images.
    ///
    /// # Errors
    /// They have.
    pub fn same_everywhere(&self) -> Result {
        if crew::crew().size() == 1 {
            return Ok(());
        }
        let mut hash = crc32fast::Hasher::new();
        for images in [Some(&self.train), self.val.as_ref(), Some(&self.test)].into_iter().flatten() {
            for class in 0..images.classes() {
                hash.update(images.name(class).as_bytes());
                (0..images.count(class)).for_each(|image| hash.update(images.image(class, image)));
            }
        }
        crew::same("their data", format_args!("{:08x}", hash.finalize()))
    }
}

impl Dataset {
    pub fn name(self) -> &'static str {
        match self {
            Dataset::Omniglot => "omniglot",
            Dataset::CifarFs => "cifar-fs",
            Dataset::MiniImagenet => "mini-imagenet",
            Dataset::Glyphs => "glyphs",
        }
    }

    pub fn is_coloured(self) -> bool {
        matches!(self, Dataset::CifarFs | Dataset::MiniImagenet)
    }

    /// A turned character is another one.
    pub fn rotations(self) -> Rotations {
        if self.is_coloured() { Rotations::Never } else { Rotations::Alike }
    }

    /// # Errors
    /// `--data` is missing, or given for what is drawn.
    pub fn check(self, data: Option<&Path>) -> Result {
        match (self, data) {
            (Dataset::Glyphs, Some(path)) => {
                let path = path.display();
                Err(format!("--data {path}: glyphs are drawn by the program; choose another --dataset")
                    .into())
            }
            (Dataset::Glyphs, None) | (_, Some(_)) => Ok(()),
            (dataset, None) => {
                let name = dataset.name();
                Err(format!("--data is needed for {name}: the archive as downloaded or its folder").into())
            }
        }
    }

    /// All classes for a training with this seed; of each that is read at most so many images.
    ///
    /// # Errors
    /// The data cannot be read.
    pub fn load(self, path: Option<&Path>, most: usize, seed: u64) -> Result<Data> {
        let data = match (self, path) {
            (Dataset::Omniglot, Some(path)) => {
                let images = read(path, most, |source, progress| omniglot(source, progress))?;
                let kept = images.classes() * OMNIGLOT.0 / OMNIGLOT.1;
                let counts = [images.classes() - kept, kept];
                let [train, test] = images.split(counts, &mut stream(seed, streams::CLASSES, 1))?;
                Data { train, val: None, test, test_part: Part::Test }
            }
            (Dataset::CifarFs | Dataset::MiniImagenet, Some(path)) => {
                let train = self.split((path, most), Split::Train)?;
                let val = self.split((path, most), Split::Val)?;
                match self.split((path, most), Split::Test) {
                    Ok(test) => Data { train, val: Some(val), test, test_part: Part::Test },
                    Err(error) if is_missing_split(&error) => {
                        Data { train, val: None, test: val, test_part: Part::Val }
                    }
                    Err(error) => return Err(error),
                }
            }
            _ => {
                let [train, val, test] = glyphs(seed)?;
                Data { train, val: Some(val), test, test_part: Part::Test }
            }
        };
        let Data { train, test, .. } = &data;
        let (name, trained, scored) = (self.name(), train.classes(), test.classes());
        tell(format_args!("{name}: {trained} classes to train on, {scored} to score on"));
        Ok(data)
    }

    /// A part of the data for a model that was trained with this seed on these classes, and how many classes in it were
    /// trained on.
    ///
    /// # Errors
    /// The data cannot be read, or there is no such part.
    pub fn part(
        self,
        (path, most): (Option<&Path>, usize),
        part: Part,
        seed: u64,
        trained_on: &[String],
    ) -> Result<(Images, usize)> {
        let trained = |name: &str| trained_on.iter().any(|known| known == name);
        let chosen = match (self, path) {
            (Dataset::Omniglot, Some(path)) => {
                let images = read(path, most, |source, progress| omniglot(source, progress))?;
                match part {
                    Part::All => images,
                    Part::Train => select(&images, trained),
                    Part::Test => select(&images, |name| !trained(name)),
                    Part::Val => return Err("omniglot has no split val, only train and test".into()),
                }
            }
            (Dataset::CifarFs | Dataset::MiniImagenet, Some(path)) => match part {
                Part::Train => self.split((path, most), Split::Train)?,
                Part::Val => self.split((path, most), Split::Val)?,
                Part::Test => self.split((path, most), Split::Test)?,
                Part::All => self.every_split((path, most))?,
            },
            _ => {
                let [mut train, val, test] = glyphs(seed)?;
                match part {
                    Part::Train => train,
                    Part::Val => val,
                    Part::Test => test,
                    Part::All => {
                        train.append(val);
                        train.append(test);
                        train
                    }
                }
            }
        };
        if let (true, Some(path)) = (chosen.is_empty(), path) {
            let whose = if part == Part::Train { "was" } else { "was not" };
            return Err(format!("{}: no class in it {whose} trained on", path.display()).into());
        }
        let seen = (0..chosen.classes()).filter(|class| trained(chosen.name(*class))).count();
        let note = if seen == 0 { "none of them" } else { &seen.to_string() };
        tell(format_args!("{}: {} classes to score on, {note} trained on", self.name(), chosen.classes()));
        Ok((chosen, seen))
    }

    fn split(self, (path, most): (&Path, usize), split: Split) -> Result<Images> {
        read(path, most, |source, progress| match self {
            Dataset::CifarFs => cifar_fs(source, split, progress),
            _ => mini_imagenet(source, split, progress),
        })
    }

    /// The images of all splits that are there.
    fn every_split(self, files: (&Path, usize)) -> Result<Images> {
        let mut all: Option<Images> = None;
        for split in Split::ALL {
            match (self.split(files, split), &mut all) {
                (Ok(images), Some(all)) => all.append(images),
                (Ok(images), None) => all = Some(images),
                (Err(error), _) if is_missing_split(&error) => {}
                (Err(error), _) => return Err(error),
            }
        }
        Ok(all.ok_or_else(|| format!("{}: no split", files.0.display()))?)
    }
}

fn is_missing_split(error: &crate::common::Error) -> bool {
    matches!(error.downcast_ref(), Some(DatasetError::MissingSplit { .. }))
}

fn glyphs(seed: u64) -> Result<[Images; 3]> {
    let classes = GLYPHS.iter().sum();
    let images = Glyphs::new().draw(classes, DRAWINGS, &mut stream(seed, streams::CLASSES, 0));
    Ok(images.split(GLYPHS, &mut stream(seed, streams::CLASSES, 1))?)
}

/// The classes whose names are wanted.
fn select(images: &Images, wanted: impl Fn(&str) -> bool) -> Images {
    let mut chosen = Images::new(images.shape());
    for class in (0..images.classes()).filter(|class| wanted(images.name(*class))) {
        let pixels = (0..images.count(class)).flat_map(|image| images.image(class, image)).copied();
        chosen.push_class(images.name(class), pixels.collect());
    }
    chosen
}

/// Reads at most so many images of each class, and shows how far it has come.
fn read(
    path: &Path,
    most: usize,
    reader: impl FnOnce(&mut Source, &mut dyn FnMut(usize, usize)) -> std::result::Result<Images, DatasetError>,
) -> Result<Images> {
    let mut progress: Option<Progress> = None;
    let images = reader(&mut Source::open(path)?.at_most(most), &mut |_, total| {
        exit_if_interrupted();
        let label = || format!("reading {}", path.display());
        progress.get_or_insert_with(|| Progress::start(label(), total, 0)).step(String::new);
    })?;
    if let Some(progress) = progress {
        progress.finish();
    }
    Ok(images)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_needed_where_nothing_is_drawn() {
        let path = Some(Path::new("a.zip"));
        assert!(Dataset::Glyphs.check(None).is_ok() && Dataset::Omniglot.check(path).is_ok());
        let error = Dataset::Omniglot.check(None).unwrap_err().to_string();
        assert!(error.starts_with("--data is needed for omniglot"), "{error}");
        let error = Dataset::Glyphs.check(path).unwrap_err().to_string();
        assert!(error.starts_with("--data a.zip: glyphs are drawn"), "{error}");
    }

    #[test]
    fn classes_are_selected_by_name_with_their_images() {
        let mut images = Images::new([1, 1, 1]);
        (0..4).for_each(|class| images.push_class(class.to_string(), vec![class, class + 10]));
        let chosen = select(&images, |name| name == "1" || name == "3");
        assert_eq!((chosen.classes(), chosen.name(1), chosen.image(1, 1)), (2, "3", &[13][..]));
    }

    #[test]
    fn glyphs_of_a_seed_are_the_same_at_any_time_and_no_class_is_in_two_parts() {
        let data = Dataset::Glyphs.load(None, usize::MAX, 3).unwrap();
        let names = |images: &Images| -> Vec<String> {
            (0..images.classes()).map(|class| images.name(class).to_owned()).collect()
        };
        let trained = names(&data.train);
        assert_eq!(
            Dataset::Glyphs.part((None, usize::MAX), Part::Test, 3, &trained).unwrap(),
            (data.test.clone(), 0)
        );
        assert_eq!(Dataset::Glyphs.part((None, usize::MAX), Part::All, 3, &trained).unwrap().1, 200);
        let mut all = [trained, names(&data.val.unwrap()), names(&data.test)].concat();
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 300);
    }
}
