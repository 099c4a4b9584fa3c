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
fn where_both_are_equal_maximum_and_minimum_take_the_other() {
    let tape = Tape::<f64>::new();
    let (x, y) = (tape.scalar(1.0), tape.scalar(1.0));
    for equal in [x.maximum(y), x.minimum(y)] {
        let (dx, dy) = grad(equal, &(x, y));
        assert_eq!((dx.item(), dy.item()), (0.0, 1.0));
    }
}
