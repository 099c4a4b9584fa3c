//! Tangents and cotangents that differ in episodes from what they belong to.

use metatape::calculus::{hvp, jvp, vjp};
use metatape::ops::{Tape, Var, concat};
use metatape::tape::Extent;

fn leaf<'t>(tape: &'t Tape<f64>, extent: Extent, values: &[f64]) -> Var<'t, f64> {
    tape.leaf(extent, |out| out.copy_from_slice(values))
}

fn values(var: Var<'_, f64>) -> Vec<f64> {
    var.read(<[f64]>::to_vec)
}

/// An operand that all episodes share, beside one that differs and does not move: the result moves in every episode.
#[test]
fn a_shared_tangent_counts_once_for_each_episode() {
    let tape = Tape::<f64>::new();
    let w = leaf(&tape, Extent::shared([1]), &[0.5]);
    let x = leaf(&tape, Extent::new(3, [1]), &[1.0, 2.0, 4.0]);
    let one = tape.fill(w.extent(), 1.0);
    let cases = [
        (w + x, 3.0),
        (x + w, 3.0),
        (w - x, 3.0),
        (x - w, -3.0),
        (concat(w, x, 0), 3.0),
        (concat(x, w, 0), 3.0),
        (w / x, 1.75),
        (w * x, 7.0),
    ];
    for (y, expected) in cases {
        assert_eq!(jvp(&y, &w, &one).extent(), y.extent());
        let sum = y.sum().sum_episodes();
        assert_eq!(jvp(&sum, &w, &one).item(), expected);
        assert_eq!(vjp(&sum, &w, &tape.scalar(1.0)).item(), expected);
    }
}

#[test]
fn a_tangent_for_each_episode_of_a_shared_input_is_not_summed_over_them() {
    let tape = Tape::<f64>::new();
    let w = leaf(&tape, Extent::shared([2]), &[0.5, -1.0]);
    let v = leaf(&tape, Extent::new(3, [2]), &[1.0, 0.0, 0.0, 1.0, 2.0, 3.0]);
    assert_eq!(values(jvp(&w.sum(), &w, &v)), [1.0, 1.0, 5.0]);
    assert_eq!(values(jvp(&w.square().mean(), &w, &v)), [0.5, -1.0, -2.0]);
    let x = leaf(&tape, Extent::new(3, [2]), &[1.0, 1.0, 2.0, 2.0, 3.0, 3.0]);
    let losses = (w * x).square().sum() + w.square().sum();
    assert_eq!(values(hvp(losses, &w, &v)), [4.0, 0.0, 0.0, 10.0, 40.0, 60.0]);
}

#[test]
fn a_shared_seed_is_the_same_for_each_episode() {
    let tape = Tape::<f64>::new();
    let x = leaf(&tape, Extent::new(3, []), &[1.0, 2.0, 4.0]);
    let w = tape.scalar(0.5);
    let one = tape.scalar(1.0);
    assert_eq!(jvp(&x.square().sum_episodes(), &x, &one).item(), 14.0);
    assert_eq!(values(vjp(&(x + w), &(x, w), &one).0), [1.0, 1.0, 1.0]);
    assert_eq!(values(vjp(&(x + w), &(x, w), &one).1), [3.0]);
}
