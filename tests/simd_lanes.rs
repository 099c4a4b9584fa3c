//! Every method of the vectors against scalar Rust, at the level in use.

use metatape::simd::{Float, Kernel, Lanes, Level, Pair, Slab, Vectors, level, run, write_past_caches};
use std::ops::RangeInclusive;

/// What the scalar side of these tests needs beyond [`Float`].
trait Scalar: Float {
    const SPECIALS: &'static [Self];
    /// Exponents that `scale` promises to handle, and those of normal numbers.
    const SCALES: RangeInclusive<i32>;
    fn bits(self) -> u64;
    fn from_random(bits: u64) -> Self;
    fn round_ties_even(self) -> Self;
    fn copysign(self, sign: Self) -> Self;
    /// `self * 2^n` rounded once, by exact steps in a wider or scaled format.
    fn times_power(self, n: i32) -> Self;
    fn fused(self, factor: Self, term: Self) -> Self;
}

macro_rules! scalar {
    ($float:ident, $scales:expr, $times_power:expr) => {
        impl Scalar for $float {
            const SPECIALS: &'static [$float] = &[
                0.0,
                -0.0,
                1.0,
                -1.0,
                0.5,
                1.5,
                2.5,
                -2.5,
                -0.49999997,
                $float::MIN_POSITIVE,
                -$float::MIN_POSITIVE,
                $float::from_bits(1),
                $float::from_bits(12345),
                $float::MAX,
                $float::MIN,
                $float::INFINITY,
                $float::NEG_INFINITY,
                $float::NAN,
                8388607.5,
                8388608.0,
                -4503599627370495.5,
                1e30,
            ];
            const SCALES: RangeInclusive<i32> = $scales;
            fn bits(self) -> u64 {
                // All NaN are one.
                if self.is_nan() { u64::MAX } else { u64::from(self.to_bits()) }
            }
            fn from_random(bits: u64) -> $float {
                $float::from_bits((bits >> (64 - size_of::<$float>() * 8)) as _)
            }
            fn round_ties_even(self) -> $float {
                self.round_ties_even()
            }
            fn copysign(self, sign: $float) -> $float {
                self.copysign(sign)
            }
            fn times_power(self, n: i32) -> $float {
                let times_power: fn($float, i32) -> $float = $times_power;
                times_power(self, n)
            }
            fn fused(self, factor: $float, term: $float) -> $float {
                if level() == Level::Portable { self * factor + term } else { self.mul_add(factor, term) }
            }
        }
    };
}

scalar!(f32, -252..=254, |x, n| (f64::from(x) * 2.0_f64.powi(n)) as f32);
scalar!(f64, -2044..=2046, |x, n| {
    // Factors of at most 2^900: for |x| near one only the last product can round.
    let (mut x, mut n) = (x, n);
    while n.abs() > 900 {
        let step = n.signum() * 900;
        x *= 2.0_f64.powi(step);
        n -= step;
    }
    x * 2.0_f64.powi(n.max(-900))
});

/// The next of a fixed sequence of well-mixed 64-bit numbers (splitmix64).
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// All specials and some random bit patterns, then numbers of ordinary size.
fn numbers<T: Scalar>(seed: u64) -> Vec<T> {
    let mut state = seed;
    let mut numbers = T::SPECIALS.to_vec();
    numbers.extend((0..200).map(|_| T::from_random(next(&mut state))));
    numbers.extend((0..200).map(|_| T::from_f64(next(&mut state) as f64 / 2.0_f64.powi(60) - 8.0)));
    numbers
}

fn same<T: Scalar>(name: &str, arguments: &[T], got: T, wanted: T) {
    assert!(got.bits() == wanted.bits(), "{} {name}{arguments:?} = {got:?}, not {wanted:?}", T::NAME);
}

/// The lanes of `x`.
#[inline(always)]
fn lanes<T: Float, L: Lanes<T>>(x: L) -> Vec<T> {
    let mut all = vec![T::ZERO; L::N];
    x.store(&mut all);
    all
}

/// Runs `kernel` with the level's vectors, and with four of them as one.
fn run_wide_too<T: Float, K: Kernel<T> + Copy>(kernel: K) {
    run(kernel);
    run(InPairs(kernel));
}

struct InPairs<K>(K);

impl<T: Float, K: Kernel<T>> Kernel<T> for InPairs<K> {
    type Output = K::Output;
    #[inline(always)]
    fn run<L: Lanes<T>>(self) -> K::Output {
        self.0.run::<Pair<Pair<L>>>()
    }
}

/// A method's name, its result, and the same on scalars.
type Case<T, L> = (&'static str, L, fn(T, T, T) -> T);

#[derive(Clone, Copy)]
struct Arithmetic;

impl<T: Scalar> Kernel<T> for Arithmetic {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let numbers = numbers::<T>(1);
        // Every number meets every number: lane i of the second operand is rotated one further each time.
        for shift in 0..numbers.len() {
            let mut others = numbers.clone();
            others.rotate_left(shift);
            for (x, y) in numbers.chunks_exact(L::N).zip(others.chunks_exact(L::N)) {
                let (a, b) = (L::load(x), L::load(y));
                let c = L::splat(y[0]);
                let results: [Case<T, L>; 14] = [
                    ("add", a.add(b), |x, y, _| x + y),
                    ("sub", a.sub(b), |x, y, _| x - y),
                    ("mul", a.mul(b), |x, y, _| x * y),
                    ("div", a.div(b), |x, y, _| x / y),
                    ("mul_add", a.mul_add(b, c), |x, y, z| x.fused(y, z)),
                    ("sqrt", a.sqrt(), |x, _, _| x.sqrt()),
                    ("min", a.min(b), |x, y, _| if x < y { x } else { y }),
                    ("max", a.max(b), |x, y, _| if x > y { x } else { y }),
                    ("round", a.round(), |x, _, _| x.round_ties_even()),
                    ("neg", a.neg(), |x, _, _| -x),
                    ("abs", a.abs(), |x, _, _| x.abs()),
                    ("copysign", a.copysign(b), |x, y, _| x.copysign(y)),
                    ("select lt", L::select(a.lt(b), a, c), |x, y, z| if x < y { x } else { z }),
                    ("select le", L::select(a.le(b), a, c), |x, y, z| if x <= y { x } else { z }),
                ];
                for (name, got, wanted) in results {
                    for (i, got) in lanes(got).into_iter().enumerate() {
                        same(name, &[x[i], y[i], y[0]], got, wanted(x[i], y[i], y[0]));
                    }
                }
                for (i, got) in lanes(L::select(a.eq(b), a, c)).into_iter().enumerate() {
                    same("select eq", &[x[i], y[i], y[0]], got, if x[i] == y[i] { x[i] } else { y[0] });
                }
                assert_eq!(L::any(a.lt(b)), x.iter().zip(y).any(|(x, y)| x < y));
                assert_eq!(L::any(a.eq(b)), x.iter().zip(y).any(|(x, y)| x == y));
            }
        }
    }
}

#[test]
fn arithmetic_comparison_and_selection_are_those_of_scalars() {
    run_wide_too::<f32, _>(Arithmetic);
    run_wide_too::<f64, _>(Arithmetic);
}

#[derive(Clone, Copy)]
struct Estimate;

impl<T: Scalar> Kernel<T> for Estimate {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        // What one step of Newton's method, which squares the error, needs in each type.
        let nearness = 2f64.powi(if size_of::<T>() == 4 { -14 } else { -50 });
        for exponent in -100..=100 {
            let x: Vec<T> = (0..L::N)
                .map(|i| T::from_f64(2f64.powi(exponent) * (1.0 + i as f64 / L::N as f64)))
                .collect();
            for (x, estimate) in x.iter().zip(lanes(L::load(&x).recip_estimate())) {
                let error = (x.to_f64() * estimate.to_f64() - 1.0).abs();
                assert!(error <= nearness, "{}: 1 / {x} estimated as {estimate}", T::NAME);
            }
        }
    }
}

#[test]
fn an_estimated_reciprocal_is_near() {
    run_wide_too::<f32, _>(Estimate);
    run_wide_too::<f64, _>(Estimate);
}

#[derive(Clone, Copy)]
struct Memory;

impl<T: Scalar> Kernel<T> for Memory {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let from: Vec<T> = (1..=3 * L::N).map(T::from_usize).collect();
        let untouched = T::from_f64(-7.0);
        let rest = L::splat(T::from_f64(-3.0));
        for length in 0..=2 * L::N {
            for start in 0..L::N {
                let from = &from[start..start + length];
                for (i, (zeros, rests)) in
                    lanes(L::load_partial(from)).into_iter().zip(lanes(L::load_or(from, rest))).enumerate()
                {
                    let inside = from.get(i).copied();
                    same("load_partial", from, zeros, inside.unwrap_or(T::ZERO));
                    same("load_or", from, rests, inside.unwrap_or(T::from_f64(-3.0)));
                }
                let mut to = vec![untouched; 4 * L::N];
                rest.store_partial(&mut to[start..start + length]);
                for (i, got) in to.iter().enumerate() {
                    let written = (start..start + length.min(L::N)).contains(&i);
                    same("store_partial", from, *got, if written { T::from_f64(-3.0) } else { untouched });
                }
                if length >= L::N {
                    assert_eq!(lanes(L::load(from)), from[..L::N]);
                    let mut to = vec![untouched; length + 1];
                    L::load(from).store(&mut to);
                    assert_eq!(to[..L::N], from[..L::N]);
                    assert!(to[L::N..].iter().all(|x| *x == untouched));
                }
            }
        }
    }
}

/// 1, 2, 3 and so on.
struct Numbered;

impl<T: Scalar> Vectors<T> for Numbered {
    #[inline(always)]
    fn vector<L: Lanes<T>>(&self, j: usize) -> L {
        L::load(&(j + 1..=j + L::N).map(T::from_usize).collect::<Vec<T>>())
    }
}

#[derive(Clone, Copy)]
struct PastCaches;

impl<T: Scalar> Kernel<T> for PastCaches {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let mut slab = Slab::new();
        slab.reserve(4 * L::N);
        let written = write_past_caches::<T, L>(Numbered, &mut slab.values_mut()[L::N..4 * L::N - 1]);
        assert_eq!(written, 2 * L::N);
        let to = &slab.values()[..4 * L::N];
        assert_eq!(to[L::N..3 * L::N], (1..=2 * L::N).map(T::from_usize).collect::<Vec<T>>());
        assert!(to[..L::N].iter().chain(&to[3 * L::N..]).all(|x| *x == T::ZERO));
    }
}

#[test]
fn a_store_past_the_caches_is_a_store() {
    run_wide_too::<f32, _>(PastCaches);
    run_wide_too::<f64, _>(PastCaches);
}

struct Unaligned;

impl Kernel<f32> for Unaligned {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<f32>>(self) {
        let mut slab = Slab::new();
        slab.reserve(2 * L::N);
        write_past_caches::<f32, L>(Numbered, &mut slab.values_mut()[1..]);
        // The portable level has no such instruction, and stores anywhere.
        assert!(L::LEVEL != Level::Portable, "is aligned");
    }
}

#[test]
#[should_panic(expected = "is aligned")]
fn a_store_past_the_caches_to_an_unaligned_place_panics() {
    run(Unaligned);
}

#[test]
fn whole_and_partial_loads_and_stores_touch_what_they_should() {
    run_wide_too::<f32, _>(Memory);
    run_wide_too::<f64, _>(Memory);
}

struct TooShort {
    store: bool,
}

impl Kernel<f32> for TooShort {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<f32>>(self) {
        let mut short = vec![0.0; L::N - 1];
        if self.store { L::splat(0.0).store(&mut short) } else { L::load(&short).store(&mut [0.0; 16]) }
    }
}

#[test]
#[should_panic(expected = "range end index")]
fn a_whole_load_from_a_short_slice_panics() {
    run(TooShort { store: false });
}

#[test]
#[should_panic(expected = "range end index")]
fn a_whole_store_to_a_short_slice_panics() {
    run(TooShort { store: true });
}

#[derive(Clone, Copy)]
struct Scaling;

impl<T: Scalar> Kernel<T> for Scaling {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let mut state = 2;
        let (least, range) = (*T::SCALES.start(), T::SCALES.count() as u64);
        for _ in 0..20_000 {
            let n: Vec<i32> = (0..L::N).map(|_| least + (next(&mut state) % range) as i32).collect();
            let x: Vec<T> = (0..L::N)
                .map(|_| {
                    let mantissa = 1.0 + next(&mut state) as f64 / 2.0_f64.powi(65);
                    let sign = if next(&mut state).is_multiple_of(2) { 1.0 } else { -1.0 };
                    T::from_f64(sign * mantissa * 2.0_f64.powi((next(&mut state) % 48) as i32 - 24))
                })
                .collect();
            let floats: Vec<T> = n.iter().map(|n| T::from_f64(f64::from(*n))).collect();
            for (i, got) in lanes(L::load(&x).scale(L::load(&floats))).into_iter().enumerate() {
                same("scale", &[x[i], floats[i]], got, x[i].times_power(n[i]));
            }
        }
        let specials = [T::ZERO, -T::ZERO, T::INFINITY, -T::INFINITY, T::from_f64(f64::NAN)];
        for x in specials {
            for n in [-20.0, 0.0, 20.0] {
                same("scale", &[x], lanes(L::splat(x).scale(L::splat(T::from_f64(n))))[0], x);
            }
        }
    }
}

#[test]
fn scale_rounds_once_over_its_whole_range() {
    run_wide_too::<f32, _>(Scaling);
    run_wide_too::<f64, _>(Scaling);
}

#[derive(Clone, Copy)]
struct Splitting;

impl<T: Scalar> Kernel<T> for Splitting {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let mut state = 3;
        let mut numbers: Vec<T> = (0..200_000).map(|_| T::from_random(next(&mut state)).abs()).collect();
        numbers.extend(T::SPECIALS.iter().map(|x| x.abs()));
        for near in [0.75, 1.0, 1.5, 3.0, 6.0] {
            numbers.extend([1.0 - 1e-7, 1.0, 1.0 + 1e-7].map(|by| T::from_f64(near * by)));
        }
        numbers.retain(|x| *x > T::ZERO && x.is_finite());
        for x in numbers.chunks_exact(L::N) {
            let (mantissas, exponents) = L::load(x).split();
            for (x, (m, e)) in x.iter().zip(lanes(mantissas).into_iter().zip(lanes(exponents))) {
                assert!((0.75..1.5).contains(&m.to_f64()), "{x:?} has mantissa {m:?}");
                same("split", &[m, e], m.times_power(e.to_f64() as i32), *x);
            }
        }
    }
}

#[test]
fn split_is_exact_for_normal_and_subnormal_numbers() {
    run_wide_too::<f32, _>(Splitting);
    run_wide_too::<f64, _>(Splitting);
}

#[derive(Clone, Copy)]
struct Horizontal;

impl<T: Scalar> Kernel<T> for Horizontal {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let mut state = 4;
        for _ in 0..1000 {
            let x: Vec<T> = (0..L::N)
                .map(|_| T::from_f64(next(&mut state) as f64 * 2.0_f64.powi((next(&mut state) % 20) as i32)))
                .collect();
            let mut halves = x.clone();
            while halves.len() > 1 {
                let upper = halves.split_off(halves.len() / 2);
                for (low, high) in halves.iter_mut().zip(upper) {
                    *low += high;
                }
            }
            same("sum", &x, L::load(&x).sum(), halves[0]);
            let largest = x.iter().copied().reduce(|a, b| if a > b { a } else { b });
            assert_eq!(Some(L::load(&x).largest()), largest);
        }
    }
}

#[test]
fn lanes_are_summed_by_folding_halves() {
    run_wide_too::<f32, _>(Horizontal);
    run_wide_too::<f64, _>(Horizontal);
}

struct Shuffles;

impl<T: Scalar> Kernel<T> for Shuffles {
    type Output = ();
    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let numbered = |from: usize| -> Vec<T> { (from..from + L::N).map(T::from_usize).collect() };
        let (a, b) = (numbered(0), numbered(L::N));
        let (x, y) = (L::load(&a), L::load(&b));

        let in_turn: Vec<T> = a.iter().zip(&b).flat_map(|(a, b)| [*a, *b]).collect();
        let (first, second) = x.interleave(y);
        assert_eq!([lanes(first), lanes(second)].concat(), in_turn);

        let parts: Vec<(Vec<T>, Vec<T>)> = in_turn
            .chunks(2 * L::PART)
            .map(|part| (part[..L::PART].to_vec(), part[L::PART..].to_vec()))
            .collect();
        let (first, second) = x.interleave_parts(y);
        let expected: (Vec<Vec<T>>, Vec<Vec<T>>) = parts.into_iter().unzip();
        assert_eq!((lanes(first), lanes(second)), (expected.0.concat(), expected.1.concat()));

        let both = [a, b].concat();
        let (even, odd): (Vec<_>, Vec<_>) = both.chunks(L::PART).enumerate().partition(|(i, _)| i % 2 == 0);
        let joined = |parts: Vec<(usize, &[T])>| -> Vec<T> {
            parts.into_iter().flat_map(|(_, part)| part.to_vec()).collect()
        };
        let (first, second) = x.deal_parts(y);
        assert_eq!((lanes(first), lanes(second)), (joined(even), joined(odd)));

        let half = L::N / 2;
        assert_eq!(lanes(x.join_halves(y)), [&both[..half], &both[L::N..][..half]].concat());
        assert_eq!(lanes(x.second_half()), [&both[half..L::N], &both[half..L::N]].concat());
    }
}

#[test]
fn lanes_and_parts_change_places_as_promised() {
    run::<f32, _>(Shuffles);
    run::<f64, _>(Shuffles);
}
