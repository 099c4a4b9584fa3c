use std::collections::BTreeSet;

use super::*;
use crate::tasks::{Glyphs, stream};

const PROTOCOL: FewShot =
    FewShot { ways: 5, shots: 2, query: 3, rotations: Rotations::Never, augmentation: Augmentation::NONE };

/// Images that say who they are: class, image, and the place of each pixel.
fn labelled(classes: u8, images: u8) -> Images {
    let mut data = Images::new([3, 3, 2]);
    for class in 0..classes {
        let image = |image| (0..9).flat_map(move |place| [class * 10 + image, place]);
        data.push_class(format!("class {class}"), (0..images).flat_map(image).collect());
    }
    data
}

fn bytes(values: &[f64]) -> Vec<u8> {
    values.iter().map(|value| (value * 255.0).round() as u8).collect()
}

fn over(protocol: FewShot, images: &Images) -> Result<FewShotTasks<'_>, DatasetError> {
    protocol.over(images, &Normalization::unit(images.shape()[2]))
}

#[test]
fn shapes_and_labels_are_by_class() {
    let images = labelled(7, 6);
    let episode: Episode<f64> = over(PROTOCOL, &images).unwrap().episode(&mut stream(0, 0, 0));
    assert_eq!(episode.support.x.shape().dims(), [10, 3, 3, 2]);
    assert_eq!(episode.support.y.values(), [0.0, 0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 4.0]);
    assert_eq!(episode.query.x.shape().dims(), [15, 3, 3, 2]);
    assert_eq!(episode.query.y.shape().dims(), [15]);
    assert_eq!(episode.query.y.values()[12..], [4.0, 4.0, 4.0]);
}

#[test]
fn classes_and_images_are_distinct() {
    let images = labelled(7, 6);
    let tasks = over(PROTOCOL, &images).unwrap();
    for task in 0..200 {
        let episode: Episode<f64> = tasks.episode(&mut stream(0, 0, task));
        let who = |batch: &Batch<f64>| -> Vec<u8> {
            batch.x.values().chunks(18).map(|image| bytes(image)[0]).collect()
        };
        let (support, query) = (who(&episode.support), who(&episode.query));
        let all: BTreeSet<u8> = support.iter().chain(&query).copied().collect();
        assert_eq!(all.len(), 25, "no image twice, not even in support and query");
        for (support, query) in support.chunks(2).zip(query.chunks(3)) {
            assert!(
                support.iter().chain(query).all(|image| image / 10 == support[0] / 10),
                "one class a label"
            );
        }
        let classes: BTreeSet<u8> = all.iter().map(|image| image / 10).collect();
        assert_eq!(classes.len(), 5);
    }
}

/// Turns an image counterclockwise, as a picture: the last column becomes the first row.
fn turned(image: &[u8]) -> Vec<u8> {
    (0..3)
        .rev()
        .flat_map(|column| (0..3).map(move |row| row * 3 + column))
        .flat_map(|at| [image[2 * at], image[2 * at + 1]])
        .collect()
}

/// How often classes are turned by so many quarters in 100 tasks of 5 ways; all images of a class must be turned alike.
fn quarters(rotations: Rotations) -> [usize; 4] {
    let images = labelled(7, 6);
    let tasks = over(FewShot { rotations, ..PROTOCOL }, &images).unwrap();
    let mut seen = [0; 4];
    for task in 0..100 {
        let episode: Episode<f64> = tasks.episode(&mut stream(1, 0, task));
        let rows = |batch: &Batch<f64>| -> Vec<Vec<u8>> { batch.x.values().chunks(18).map(bytes).collect() };
        let (support, query) = (rows(&episode.support), rows(&episode.query));
        for (support, query) in support.chunks(2).zip(query.chunks(3)) {
            let rotations: Vec<usize> = support
                .iter()
                .chain(query)
                .map(|row| {
                    let mut image = images.image(usize::from(row[0] / 10), usize::from(row[0] % 10)).to_vec();
                    (0..4)
                        .find(|_| {
                            image == *row || {
                                image = turned(&image);
                                false
                            }
                        })
                        .expect("a rotation")
                })
                .collect();
            assert!(rotations.iter().all(|&rotation| rotation == rotations[0]), "{rotations:?}");
            seen[rotations[0]] += 1;
        }
    }
    seen
}

#[test]
fn each_class_has_one_of_four_rotations() {
    let seen = quarters(Rotations::Alike);
    assert!(seen.iter().all(|&count| count > 75), "{seen:?} of 500");
}

#[test]
fn a_share_of_the_classes_is_turned() {
    let seen = quarters(Rotations::Share(0.3));
    // 350 and 50 of 500 are expected; each lies five deviations from its bounds.
    assert!(
        seen[0].abs_diff(350) < 51 && seen[1..].iter().all(|turned| turned.abs_diff(50) < 34),
        "{seen:?}"
    );
    assert_eq!(quarters(Rotations::Share(0.0)), [500, 0, 0, 0]);
    assert_eq!(quarters(Rotations::Share(1.0))[0], 0);
    let images = labelled(7, 6);
    for share in [-0.1, 1.1, f64::NAN] {
        let refused = over(FewShot { rotations: Rotations::Share(share), ..PROTOCOL }, &images);
        assert!(matches!(refused, Err(DatasetError::EpisodeSize { .. })), "{share} was taken");
    }
}

#[test]
fn each_image_is_mirrored_and_moved_by_itself() {
    let images = labelled(7, 6);
    let augmentation = Augmentation { mirror: true, shift: 1, ..Augmentation::NONE };
    let tasks = over(FewShot { augmentation, ..PROTOCOL }, &images).unwrap();
    // Every view of an image of 3 x 3 places, by hand: the places that are seen.
    let views: Vec<Vec<u8>> = [false, true]
        .into_iter()
        .flat_map(|mirrored| (0..9).map(move |shift| (mirrored, shift / 3 - 1, shift % 3 - 1)))
        .map(|(mirrored, down, right): (bool, i8, i8)| {
            let source = |at: i8, by: i8| (at - by).clamp(0, 2);
            let seen = |at: i8| {
                let column = source(at % 3, right);
                source(at / 3, down) * 3 + if mirrored { 2 - column } else { column }
            };
            (0..9).map(|at| seen(at) as u8).collect()
        })
        .collect();
    let mut seen = vec![0; views.len()];
    for task in 0..100 {
        let episode: Episode<f64> = tasks.episode(&mut stream(5, 0, task));
        for image in episode.support.x.values().chunks(18).chain(episode.query.x.values().chunks(18)) {
            let places: Vec<u8> = bytes(image).chunks(2).map(|pixel| pixel[1]).collect();
            seen[views.iter().position(|view| *view == places).expect("a view")] += 1;
        }
    }
    let chi_square: f64 =
        seen.iter().map(|&n| (f64::from(n) - 2500.0 / 18.0).powi(2) / (2500.0 / 18.0)).sum();
    // 17 degrees of freedom: 1 in 10,000 lies above this.
    assert!(chi_square < 45.0, "{chi_square}: {seen:?}");
}

#[test]
fn both_sides_of_a_support_image_stand_beside_each_other() {
    let images = labelled(7, 6);
    for (mirror, shift) in [(false, 0), (true, 0), (true, 1)] {
        let augmentation = Augmentation { mirror, shift, both_sides: true, ..Augmentation::NONE };
        let protocol = FewShot { augmentation, ..PROTOCOL };
        assert_eq!(protocol.shown(), 4);
        let mut episode: Episode<f64> = over(protocol, &images).unwrap().episode(&mut stream(6, 0, 0));
        over(protocol, &images).unwrap().episode_into(&mut episode, &mut stream(6, 0, 1));
        let Episode { support, query } = &episode;
        assert_eq!(support.x.shape().dims(), [20, 3, 3, 2]);
        assert_eq!(query.x.shape().dims(), [15, 3, 3, 2]);
        assert!(support.y.values().iter().enumerate().all(|(row, y)| *y == (row / 4) as f64));
        for (pair, sides) in support.x.values().chunks(36).enumerate() {
            // The pixel in the middle of the left column is in the middle of the right one from the other side.
            let [one, other] = [0, 1].map(|side| bytes(&sides[18 * side..18 * (side + 1)]));
            assert_eq!(one[0], other[0], "pair {pair} is of one image");
            if shift == 0 {
                let mirrored: Vec<u8> =
                    (0..9).flat_map(|at| other[2 * (at / 3 * 3 + 2 - at % 3)..][..2].to_vec()).collect();
                assert_eq!(one, mirrored, "pair {pair}");
                assert!(one[1] < one[5], "pair {pair}: first as it is");
            }
        }
    }
}

#[test]
fn a_support_image_is_shown_from_each_corner() {
    let images = labelled(7, 6);
    for both_sides in [false, true] {
        let augmentation = Augmentation { both_sides, corners: 1, ..Augmentation::NONE };
        let protocol = FewShot { augmentation, ..PROTOCOL };
        let sides = if both_sides { 2 } else { 1 };
        assert_eq!(protocol.shown(), 2 * 5 * sides);
        let episode: Episode<f64> = over(protocol, &images).unwrap().episode(&mut stream(6, 0, 0));
        // The places of 3 x 3 that are seen, by hand: as they are, then down and right by -1 or 1.
        let corners = ["012345678", "455788788", "334667667", "122122455", "001001334"];
        for shown in episode.support.x.values().chunks(18 * 5 * sides) {
            for (copy, image) in shown.chunks(18).enumerate() {
                let image = bytes(image);
                assert_eq!(image[0], bytes(shown)[0], "copy {copy} is of another image");
                let places: Vec<u8> = image.chunks(2).map(|pixel| pixel[1]).collect();
                let mut expected: Vec<u8> = corners[copy / sides].bytes().map(|place| place - b'0').collect();
                if both_sides && copy % 2 == 1 {
                    expected.iter_mut().for_each(|place| *place = *place / 3 * 3 + 2 - *place % 3);
                }
                assert_eq!(places, expected, "copy {copy}");
            }
        }
    }
}

#[test]
fn query_images_have_the_views_of_support_images_where_that_is_asked_for() {
    let images = labelled(7, 6);
    let episode = |query_views| -> Episode<f64> {
        let augmentation = Augmentation { both_sides: true, corners: 1, query_views, ..Augmentation::NONE };
        over(FewShot { augmentation, ..PROTOCOL }, &images).unwrap().episode(&mut stream(6, 0, 0))
    };
    let (one, all) = (episode(false), episode(true));
    assert_eq!(all.support, one.support);
    assert_eq!(all.query.x.shape().dims(), [150, 3, 3, 2]);
    assert!(all.query.y.values().iter().enumerate().all(|(row, y)| *y == (row / 30) as f64));
    // A view's places in an image do not depend on the image.
    let places = |image: &[f64]| bytes(image).chunks(2).map(|pixel| pixel[1]).collect::<Vec<_>>();
    let of_support: Vec<_> = one.support.x.values()[..180].chunks(18).map(places).collect();
    for (views, image) in all.query.x.values().chunks(180).zip(one.query.x.values().chunks(18)) {
        assert_eq!(&views[..18], image);
        assert!(views.chunks(18).all(|view| bytes(view)[0] == bytes(image)[0]), "a view of another image");
        assert_eq!(views.chunks(18).map(places).collect::<Vec<_>>(), of_support);
    }
}

#[test]
fn draws_are_uniform() {
    let mut rng = stream(2, 0, 0);
    let mut counts = [0; 60];
    for _ in 0..60_000 {
        let mut chosen = [0; 3];
        draw_distinct(5, &mut chosen, &mut rng);
        assert!(chosen[0] != chosen[1] && chosen[0] != chosen[2] && chosen[1] != chosen[2]);
        // The number of this ordered choice among all 5 * 4 * 3.
        let [a, b, c] = chosen;
        let b_left = b - usize::from(b > a);
        let c_left = c - usize::from(c > a) - usize::from(c > b);
        counts[(a * 4 + b_left) * 3 + c_left] += 1;
    }
    let chi_square: f64 = counts.iter().map(|&n| f64::from(n - 1000).powi(2) / 1000.0).sum();
    // 59 degrees of freedom: 1 in 10,000 lies above this.
    assert!(chi_square < 107.0, "{chi_square}");
}

#[test]
fn the_stream_decides_and_memory_is_used_again() {
    let images = Glyphs::new().draw(10, 5, &mut stream(0, 0, 0));
    let tasks = over(FewShot { rotations: Rotations::Alike, ..PROTOCOL }, &images).unwrap();
    let draw = |task| -> Episode { tasks.episode(&mut stream(3, 0, task)) };
    assert_eq!(draw(1), draw(1));
    assert_ne!(draw(1), draw(2));
    let mut reused = draw(2);
    tasks.episode_into(&mut reused, &mut stream(3, 0, 1));
    assert_eq!(reused, draw(1));
    let values = || reused.support.x.values().iter().chain(reused.query.x.values());
    assert!(values().all(|value| (0.0..=1.0).contains(value)));
    assert!(values().any(|&value| value == 0.0) && values().any(|&value| value == 1.0));
}

#[test]
fn pixels_are_normalized_by_channel() {
    let images = labelled(5, 5);
    let normalization = Normalization { mean: vec![0.0, 4.0 / 255.0], deviation: vec![1.0, 2.0 / 255.0] };
    let tasks = PROTOCOL.over(&images, &normalization).unwrap();
    let episode: Episode<f64> = tasks.episode(&mut stream(4, 0, 0));
    for (place, pixel) in episode.support.x.values().chunks(2).take(9).enumerate() {
        assert!((pixel[1] - (place as f64 - 4.0) / 2.0).abs() < 1e-12);
    }
}

#[test]
fn impossible_sizes_are_refused() {
    let images = labelled(7, 6);
    let refused = |protocol: FewShot| over(protocol, &images).unwrap_err().to_string();
    assert_eq!(refused(FewShot { ways: 8, ..PROTOCOL }), "8 classes are wanted, there are 7");
    assert_eq!(
        refused(FewShot { query: 5, ..PROTOCOL }),
        "class class 0 has 6 images, an episode takes 2 to adapt to and 5 to be judged on"
    );
    assert_eq!(
        refused(FewShot { shots: 0, ..PROTOCOL }),
        "episodes of 5 ways, 0 shots and 3 query images are not possible: none of the three may be 0"
    );
    for protocol in [FewShot { shots: usize::MAX, ..PROTOCOL }, FewShot { ways: 1025, ..PROTOCOL }] {
        assert!(refused(protocol).ends_with("at most 1024 ways and images of a class"));
    }
    let mut wide = Images::new([1, 2, 1]);
    wide.push_class("wide", vec![0; 20]);
    let one = FewShot {
        ways: 1,
        shots: 1,
        query: 1,
        rotations: Rotations::Alike,
        augmentation: Augmentation::NONE,
    };
    let error = over(one, &wide).unwrap_err();
    assert_eq!(error.to_string(), "images of 1 x 2 pixels cannot be rotated: they are not square");
    assert!(one.over(&wide, &Normalization::unit(3)).is_err());
}

#[test]
#[should_panic(
    expected = "episode_into: shapes [[15, 3, 3, 2], [15]] where tasks have [[10, 3, 3, 2], [10]]"
)]
fn an_episode_of_another_size_is_refused() {
    let images = labelled(7, 6);
    let mut episode: Episode = over(PROTOCOL, &images).unwrap().episode(&mut stream(0, 0, 0));
    std::mem::swap(&mut episode.support, &mut episode.query);
    over(PROTOCOL, &images).unwrap().episode_into(&mut episode, &mut stream(0, 0, 0));
}
