//! What is chosen where a derivative does not exist.

use metatape::calculus::{grad, hvp, jvp};
use metatape::ops::Tape;
use metatape::tape::Extent;

#[test]
fn at_zero_relu_and_abs_have_the_derivative_zero() {
    let tape = Tape::<f64>::new();
    let x = tape.leaf(Extent::shared([3]), |out| out.copy_from_slice(&[-1.0, 0.0, 2.0]));
    assert_eq!(grad(x.relu().sum(), &x).to_tensor().values(), [0.0, 0.0, 1.0]);
    assert_eq!(grad(x.abs().sum(), &x).to_tensor().values(), [-1.0, 0.0, 1.0]);
    let ones = tape.fill(x.extent(), 1.0);
    assert_eq!(jvp(&x.relu(), &x, &ones).to_tensor().values(), [0.0, 0.0, 1.0]);
    assert_eq!(jvp(&x.abs(), &x, &ones).to_tensor().values(), [-1.0, 0.0, 1.0]);
    let half_square = x.relu().square().sum() * 0.5;
    assert_eq!(hvp(half_square, &x, &ones).to_tensor().values(), [0.0, 0.0, 1.0]);
    // Negative zero is a zero.
    let zero = tape.scalar(-0.0);
    assert_eq!(grad(zero.relu(), &zero).item(), 0.0);
    assert_eq!(grad(zero.abs(), &zero).item(), 0.0);
}

#[test]
fn of_several_largest_the_first_gets_the_derivative() {
    let tape = Tape::<f64>::new();
    let x = tape.leaf(Extent::shared([2, 3]), |out| out.copy_from_slice(&[1.0, 5.0, 5.0, 4.0, 4.0, 4.0]));
    let first = [0.0, 1.0, 0.0, 1.0, 0.0, 0.0];
    assert_eq!(grad(x.max_axis(1).sum(), &x).to_tensor().values(), first);
    assert_eq!(grad(x.max(), &x).to_tensor().values(), [0.0, 1.0, 0.0, 0.0, 0.0, 0.0]);
}

#[test]
fn of_several_largest_in_a_window_the_first_gets_the_derivative_and_a_nan_comes_before_all() {
    let tape = Tape::<f64>::new();
    let nan = f64::NAN;
    let x = tape.leaf(Extent::shared([1, 2, 5, 1]), |out| {
        out.copy_from_slice(&[5.0, 5.0, 1.0, nan, 9.0, 5.0, 4.0, f64::INFINITY, 2.0, 9.0]);
    });
    let pooled = x.max_pool([2, 2], [2, 2]);
    assert_eq!(pooled.to_tensor().values()[0], 5.0);
    assert!(pooled.to_tensor().values()[1].is_nan());
    let first = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    assert_eq!(grad(pooled.sum(), &x).to_tensor().values(), first);

    let ab = tape.leaf(Extent::shared([2, 1]), |out| out.copy_from_slice(&[1.0, 0.0]));
    let pooled = x.relu_pool(ab, [2, 2], [2, 2]);
    assert!(pooled.to_tensor().values()[1].is_nan());
    assert_eq!(grad(pooled.sum(), &x).to_tensor().values(), first);
    // At 0 a relu has the derivative 0, and of all below 0 none is chosen.
    for b in [-5.0, -6.0] {
        let ab = tape.leaf(Extent::shared([2, 1]), |out| out.copy_from_slice(&[1.0, b]));
        let first = x.slice(2, 0..2).relu_pool(ab, [2, 2], [2, 2]);
        let (dx, dab) = grad(first.sum(), &(x, ab));
        assert_eq!((first.sum().item(), dx.to_tensor().values()), (0.0, &[0.0; 10][..]));
        assert_eq!(dab.to_tensor().values(), [0.0, 0.0]);
    }
    let equal = tape.fill(Extent::shared([1, 2, 2, 1]), f64::NEG_INFINITY);
    let first = grad(equal.max_pool([2, 2], [2, 2]).sum(), &equal);
    assert_eq!(first.to_tensor().values(), [1.0, 0.0, 0.0, 0.0]);
}

#[test]
fn where_both_are_equal_maximum_and_minimum_take_the_other() {
    let tape = Tape::<f64>::new();
    let (x, y) = (tape.scalar(1.0), tape.scalar(1.0));
    for equal in [x.maximum(y), x.minimum(y)] {
        let (dx, dy) = grad(equal, &(x, y));
        assert_eq!((dx.item(), dy.item()), (0.0, 1.0));
    }
}
