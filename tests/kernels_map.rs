//! Elementwise kernels against scalar loops, at awkward lengths, with canaries behind the outputs.

use metatape::kernels::map::{Binary, Ternary, Unary, add_assign, map, scale_assign, zip, zip3};
use metatape::simd::{Float, Lanes};

const LENGTHS: [usize; 13] = [0, 1, 3, 4, 5, 15, 16, 17, 31, 33, 100, 128, 1000];

#[derive(Clone, Copy)]
struct Square;
impl<T: Float> Unary<T> for Square {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L) -> L {
        x.mul(x)
    }
}

#[derive(Clone, Copy)]
struct Difference;
impl<T: Float> Binary<T> for Difference {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L) -> L {
        x.sub(y)
    }
}

/// `x - y z`.
#[derive(Clone, Copy)]
struct Step;
impl<T: Float> Ternary<T> for Step {
    #[inline(always)]
    fn apply<L: Lanes<T>>(self, x: L, y: L, z: L) -> L {
        y.neg().mul_add(z, x)
    }
}

/// Small integers, so that every result is exact.
fn integers<T: Float>(length: usize, step: usize) -> Vec<T> {
    (0..length).map(|i| T::from_f64(((i * step) % 41) as f64 - 20.0)).collect()
}

/// Runs `kernel` on an output with room behind it, and gives the output if the room was left alone.
fn written<T: Float>(length: usize, kernel: impl FnOnce(&mut [T])) -> Vec<T> {
    let canary = T::from_f64(-12345.0);
    let mut out = vec![canary; length + 40];
    kernel(&mut out[..length]);
    assert!(out[length..].iter().all(|x| *x == canary), "{} length {length} overran", T::NAME);
    out.truncate(length);
    out
}

fn elementwise<T: Float>() {
    for length in LENGTHS {
        let (x, y, z) = (integers::<T>(length, 7), integers::<T>(length, 11), integers::<T>(length, 13));
        let each = |f: &dyn Fn(usize) -> T| (0..length).map(f).collect::<Vec<T>>();
        assert_eq!(written(length, |out| map(&x, out, Square)), each(&|i| x[i] * x[i]));
        assert_eq!(written(length, |out| zip(&x, &y, out, Difference)), each(&|i| x[i] - y[i]));
        let out = written(length, |out| zip3(&x, &y, &z, out, Step));
        assert_eq!(out, each(&|i| x[i] - y[i] * z[i]));
        let mut sum = y.clone();
        add_assign(&mut sum, &x);
        assert_eq!(sum, each(&|i| y[i] + x[i]));
        scale_assign(&mut sum, T::from_f64(3.0));
        assert_eq!(sum, each(&|i| (y[i] + x[i]) * T::from_f64(3.0)));
    }
}

#[test]
fn elementwise_kernels_are_scalar_loops() {
    elementwise::<f32>();
    elementwise::<f64>();
}

fn larger_than_caches<T: Float>() {
    // From 16 MiB on outputs are written by other instructions, which want aligned places.
    let length = (16 << 20) / size_of::<T>() + 77;
    let (x, y) = (integers::<T>(length, 7), integers::<T>(length, 11));
    for start in [0, 3] {
        let mut out = vec![T::ONE; start + length + 1];
        zip(&x, &y, &mut out[start..start + length], Difference);
        assert!(out[..start].iter().all(|x| *x == T::ONE) && out[start + length] == T::ONE);
        assert!((0..length).all(|i| out[start + i] == x[i] - y[i]), "{} from {start}", T::NAME);
    }
}

#[test]
fn an_output_larger_than_the_caches_is_a_scalar_loop_too() {
    larger_than_caches::<f32>();
    larger_than_caches::<f64>();
}

#[test]
#[should_panic(expected = "zip: 3 numbers beside 4")]
fn lengths_that_differ_are_named() {
    zip(&[1.0_f32; 3], &[1.0; 4], &mut [0.0; 3], Difference);
}
