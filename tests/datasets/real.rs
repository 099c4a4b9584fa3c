//! The real files, where `METATAPE_DATA` names the folder that holds them.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::PathBuf;

use image::ImageFormat::Jpeg;
use metatape::tasks::datasets::{ImageList, Source, Split, cifar_fs, mini_imagenet, omniglot};
use metatape::tasks::{Augmentation, FewShot, Images, Normalization, Rotations, stream};
use metatape::tensor::Episode;

use crate::fixtures::{Files, colour};

/// The path of a file of real data; without it the test is skipped, and says so.
fn real(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("METATAPE_DATA").map(|folder| PathBuf::from(folder).join(name));
    if path.is_none() {
        // Not by `println`, which the test harness keeps to itself.
        let _ = writeln!(std::io::stderr(), "skipped: METATAPE_DATA is not set, so there is no {name}");
    }
    path
}

fn unpacked(archive: &std::path::Path, wanted: impl Fn(&str) -> bool) -> tempfile::TempDir {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(archive).unwrap()).unwrap();
    let mut files = Files::default();
    for number in 0..archive.len() {
        let mut member = archive.by_index(number).unwrap();
        let name = member.name().unwrap().into_owned();
        if wanted(&name) {
            let mut bytes = Vec::new();
            member.read_to_end(&mut bytes).unwrap();
            files = files.with(name, bytes);
        }
    }
    files.folder()
}

fn all_have(images: &Images, count: usize) {
    assert!((0..images.classes()).all(|class| images.count(class) == count));
}

#[test]
fn omniglot_background() {
    let Some(path) = real("omniglot/images_background.zip") else { return };
    let images = omniglot(&mut Source::open(&path).unwrap(), |_, _| {}).unwrap();
    assert_eq!((images.classes(), images.shape()), (964, [28, 28, 1]));
    all_have(&images, 20);
    assert_eq!(images.name(0), "Alphabet_of_the_Magi/character01");
    let ink = Normalization::of(&images).mean[0];
    assert!((0.05..0.12).contains(&ink), "{ink} of the paper is ink");

    let folder = unpacked(&path, |_| true);
    assert!(images == omniglot(&mut Source::open(folder.path()).unwrap(), |_, _| {}).unwrap());

    let [train, test] = images.split([800, 164], &mut stream(0, 0, 0)).unwrap();
    let names: BTreeSet<&str> = (0..800).map(|class| train.name(class)).collect();
    assert!((0..164).all(|class| !names.contains(test.name(class))));
    let protocol = FewShot {
        ways: 20,
        shots: 1,
        query: 15,
        rotations: Rotations::Alike,
        augmentation: Augmentation::NONE,
    };
    let episode: Episode =
        protocol.over(&test, &Normalization::unit(1)).unwrap().episode(&mut stream(0, 1, 0));
    let values = episode.query.x.values();
    assert!(values.iter().all(|value| (0.0..=1.0).contains(value)));
    assert!(values.contains(&0.0) && values.contains(&1.0));
}

#[test]
fn cifar_fs_train_and_val() {
    let Some(path) = real("cifar-fs/cifarfs-train-val.zip") else { return };
    let mut source = Source::open(&path).unwrap();
    let train = cifar_fs(&mut source, Split::Train, |_, _| {}).unwrap();
    let val = cifar_fs(&mut source, Split::Val, |_, _| {}).unwrap();
    assert_eq!((train.classes(), val.classes(), train.shape()), (64, 16, [32, 32, 3]));
    all_have(&train, 300);
    all_have(&val, 300);
    let error = cifar_fs(&mut source, Split::Test, |_, _| {}).unwrap_err().to_string();
    assert!(error.contains("cifarfs-train-val.zip: no split test"), "{error}");

    let folder =
        unpacked(&path, |name| name.ends_with(".txt") || val.name(0) == name.split('/').nth(2).unwrap());
    std::fs::write(folder.path().join("cifar100/splits/bertinetto/val.txt"), val.name(0)).unwrap();
    let part = cifar_fs(&mut Source::open(folder.path()).unwrap(), Split::Val, |_, _| {}).unwrap();
    assert!((0..300).all(|image| part.image(0, image) == val.image(0, image)));

    let normalization = Normalization::of(&train);
    let protocol = FewShot {
        ways: 5,
        shots: 5,
        query: 15,
        rotations: Rotations::Never,
        augmentation: Augmentation::NONE,
    };
    let episode: Episode<f64> = protocol.over(&val, &normalization).unwrap().episode(&mut stream(0, 0, 0));
    let mean = episode.query.x.values().iter().sum::<f64>() / episode.query.x.shape().len() as f64;
    assert!(mean.abs() < 0.5, "{mean}");
}

#[test]
fn mini_imagenet_lists() {
    let Some(folder) = real("mini-imagenet") else { return };
    let mut files = Files::default();
    for (split, classes) in [(Split::Train, 64), (Split::Val, 16), (Split::Test, 20)] {
        let path = folder.join(format!("{split}.csv"));
        let list = ImageList::from_csv(&path, &std::fs::read(&path).unwrap()).unwrap();
        assert_eq!(list.classes().count(), classes);
        let mut csv = String::from("filename,label\n");
        for (label, mut names) in list.classes() {
            let name = names.next().unwrap();
            assert_eq!(1 + names.count(), 600);
            csv += &format!("{name},{label}\n");
            files = files.with(format!("images/{name}"), colour(84, 84, [7; 3], Jpeg));
        }
        files = files.with(format!("{split}.csv"), csv);
    }
    let made = files.folder();
    let mut source = Source::open(made.path()).unwrap();
    let classes = Split::ALL.map(|split| mini_imagenet(&mut source, split, |_, _| {}).unwrap().classes());
    assert_eq!(classes, [64, 16, 20]);
}
