//! The eleven functions, each with all that is needed to judge it.

use metatape::kernels::map::Unary;
use metatape::ops::Var;
use metatape::simd::{Float, Lanes, math};
use rand::{Rng, RngExt};

use super::reference::{self, Judged, Truth};

/// What is judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Of {
    /// The function.
    Value,
    /// What `grad` makes of its derivative rule.
    Derivative,
}

/// A function of the crate beside what it should be.
pub trait Function: Copy + Default + Send + Sync + Unary<f32> + Unary<f64> {
    const NAME: &'static str;
    /// The first and the last number where the truth is known as a number. Zeros are told apart, since they have signs.
    const DOMAIN: [f64; 2];
    /// Where half of the seeded points lie evenly.
    const WIDE: [f64; 2];
    /// Whether the domain is that of sine and cosine in vectors, beyond which these are the standard library's.
    const PERIODIC: bool = false;
    /// The exponent of the largest derivative, where the rule subtracts numbers that are nearly equal: what is lost then is
    /// judged in units of that derivative, not of the small one that is left.
    const LARGEST_SLOPE: Option<i32> = None;
    /// Arguments at which something happens: edges of overflow and underflow, changes from one formula to another,
    /// arguments whose correctly rounded results are the hardest to find (from CORE-MATH). Their neighbours count too.
    const EDGES: &'static [f64];
    fn value<L: Lanes<f64>, T: Judged>(self, x: L) -> Truth<L>;
    fn derivative<L: Lanes<f64>, T: Judged>(self, x: L) -> Truth<L>;
    /// The function of the standard library, for what lies outside the domain.
    fn standard(self, x: f64) -> f64;
    fn on_tape<T: Float>(self, x: Var<'_, T>) -> Var<'_, T>;
    /// One of many arguments where the reduction changes, or near which the result is small.
    fn turn(self, rng: &mut impl Rng) -> f64;
}

/// Work to be done for each function.
pub trait Visit {
    fn visit<F: Function>(&mut self, function: F);
}

macro_rules! functions {
    ($($(#[$doc:meta])* $type:ident = $name:ident {
        lanes: $lanes:expr,
        derivative: $derivative:ident,
        standard: $standard:expr,
        domain: $domain:expr,
        wide: $wide:expr,
        $(largest_slope: $largest_slope:expr,)?
        $(periodic: $periodic:expr,)?
        turn: $turn:expr,
        edges: $edges:expr,
    })+) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Default)]
            pub struct $type;

            impl<T: Float> Unary<T> for $type {
                #[inline(always)]
                fn apply<L: Lanes<T>>(self, x: L) -> L {
                    $lanes(x)
                }
            }

            impl Function for $type {
                const NAME: &'static str = stringify!($name);
                const DOMAIN: [f64; 2] = $domain;
                const WIDE: [f64; 2] = $wide;
                $(const LARGEST_SLOPE: Option<i32> = Some($largest_slope);)?
                $(const PERIODIC: bool = $periodic;)?
                const EDGES: &'static [f64] = $edges;
                #[inline(always)]
                fn value<L: Lanes<f64>, T: Judged>(self, x: L) -> Truth<L> {
                    reference::$name::<L, T>(x)
                }
                #[inline(always)]
                fn derivative<L: Lanes<f64>, T: Judged>(self, x: L) -> Truth<L> {
                    reference::$derivative::<L, T>(x)
                }
                fn standard(self, x: f64) -> f64 {
                    $standard(x)
                }
                fn on_tape<T: Float>(self, x: Var<'_, T>) -> Var<'_, T> {
                    x.$name()
                }
                fn turn(self, rng: &mut impl Rng) -> f64 {
                    $turn(rng)
                }
            }
        )+

        /// The names of all functions.
        pub const NAMES: [&str; 11] = [$($type::NAME),+];

        /// Visits all functions, in the order of [`NAMES`].
        pub fn visit_all(visitor: &mut impl Visit) {
            $(visitor.visit($type);)+
        }
    };
}

const FINITE: [f64; 2] = [f64::MIN, f64::MAX];
const POSITIVE: [f64; 2] = [SMALLEST, f64::MAX];
/// As far as sines are computed in vectors.
const TURNS: [f64; 2] = [-1e5, 1e5];
const SMALLEST: f64 = f64::from_bits(1);

/// The last exponent, upwards and downwards, with which `e^x` is a number.
const OVERFLOW: f64 = 709.782_712_893_384;
const UNDERFLOW: f64 = -745.133_219_101_941_1;
/// From here down `e^x` is subnormal.
const SUBNORMAL: f64 = -708.396_418_532_264_1;

functions! {
    /// `e^x`.
    Exp = exp {
        lanes: math::exp,
        derivative: exp,
        standard: f64::exp,
        domain: FINITE,
        wide: [-746.0, 710.0],
        turn: between_powers_of_e,
        edges: &[
            OVERFLOW, UNDERFLOW, SUBNORMAL, 2.2204460492503128e-16, 4.613042960553475, 470.2797657541442,
            -8.542005785074093e-05, -0.5681328666204585, -204.0420507571266,
        ],
    }
    /// `e^x - 1`.
    Expm1 = expm1 {
        lanes: math::expm1,
        derivative: exp,
        standard: f64::exp_m1,
        domain: FINITE,
        wide: [-40.0, 710.0],
        largest_slope: 0,
        turn: between_powers_of_e,
        edges: &[
            OVERFLOW, f64::EPSILON / 4.0, 0.34657359027997264, -18.0, -38.0, 0.11941886519949067, 0.5006933289508785,
            535.5022871124662, -0.10437659580587229, -0.5681328666204585, -1.8912684161004483,
        ],
    }
    /// The natural logarithm.
    Ln = ln {
        lanes: math::ln,
        derivative: recip,
        standard: f64::ln,
        domain: POSITIVE,
        wide: [SMALLEST, 4.0],
        turn: switch_of_mantissas,
        edges: &[1.0, 0.75, 1.5, f64::MIN_POSITIVE, SMALLEST, f64::MAX, 1.7374296064433466e204],
    }
    /// `ln(1 + x)`.
    Ln1p = ln1p {
        lanes: math::ln1p,
        derivative: inverse_of_one_plus,
        standard: f64::ln_1p,
        domain: [-1.0 + f64::EPSILON / 2.0, f64::MAX],
        wide: [-1.0, 9.0],
        turn: |rng: &mut _| switch_of_mantissas(rng) - 1.0,
        edges: &[-1.0, -0.25, 0.5, f64::EPSILON, SMALLEST, f64::MAX],
    }
    /// The hyperbolic tangent.
    Tanh = tanh {
        lanes: math::tanh,
        derivative: tanh_derivative,
        standard: f64::tanh,
        domain: FINITE,
        wide: [-22.0, 22.0],
        largest_slope: 0,
        turn: |rng: &mut _| 0.03 * between_powers_of_e(rng),
        edges: &[
            0.625, 10.0, 20.0, 19.06154746539849, 9.010913, 0.2090839974007307, 0.25045124584266104, 0.503783454716579,
            0.6444266668744435,
        ],
    }
    /// The logistic function.
    Sigmoid = sigmoid {
        lanes: math::sigmoid,
        derivative: sigmoid_derivative,
        standard: |x: f64| 1.0 / (1.0 + (-x).exp()),
        domain: FINITE,
        wide: [-746.0, 710.0],
        largest_slope: -2,
        turn: between_powers_of_e,
        edges: &[UNDERFLOW, SUBNORMAL, OVERFLOW, 64.0, 36.7368005696771, 17.32868, SMALLEST],
    }
    /// `ln(1 + e^x)`.
    Softplus = softplus {
        lanes: math::softplus,
        derivative: sigmoid,
        standard: |x: f64| if x.is_nan() { x } else { x.max(0.0) + (-x.abs()).exp().ln_1p() },
        domain: FINITE,
        wide: [-746.0, 50.0],
        turn: between_powers_of_e,
        edges: &[UNDERFLOW, SUBNORMAL, std::f64::consts::LN_2, 36.7368005696771, 17.32868, SMALLEST],
    }
    /// The sine.
    Sin = sin {
        lanes: math::sin,
        derivative: cos,
        standard: f64::sin,
        domain: TURNS,
        wide: TURNS,
        periodic: true,
        turn: eighth_of_a_circle,
        edges: &[1e5, 1.788139343261814e-6, SMALLEST],
    }
    /// The cosine.
    Cos = cos {
        lanes: math::cos,
        derivative: negative_sin,
        standard: f64::cos,
        domain: TURNS,
        wide: TURNS,
        periodic: true,
        turn: eighth_of_a_circle,
        edges: &[1e5, 1.788139343261721e-7, 1.430511474609497e-6, SMALLEST],
    }
    /// The square root.
    Sqrt = sqrt {
        lanes: square_root,
        derivative: sqrt_derivative,
        standard: f64::sqrt,
        domain: POSITIVE,
        wide: [SMALLEST, 4.0],
        turn: switch_of_mantissas,
        edges: &[1.0, f64::MIN_POSITIVE, SMALLEST, f64::MAX],
    }
    /// `1 / x`.
    Recip = recip {
        lanes: math::recip,
        derivative: recip_derivative,
        standard: f64::recip,
        domain: FINITE,
        wide: [-4.0, 4.0],
        turn: switch_of_mantissas,
        edges: &[1.0, f64::MIN_POSITIVE, SMALLEST, f64::MAX, 5.562684646268003e-309, 4.49423283715579e307],
    }
}

#[inline(always)]
fn square_root<T: Float, L: Lanes<T>>(x: L) -> L {
    x.sqrt()
}

/// Where `e^x` changes from one power of two to the next in its reduction, for any `x` in its domain.
fn between_powers_of_e(rng: &mut impl Rng) -> f64 {
    (f64::from(rng.random_range(-1076..1026)) + 0.5) * std::f64::consts::LN_2
}

/// Where a logarithm changes from one exponent to the next, or is zero.
fn switch_of_mantissas(rng: &mut impl Rng) -> f64 {
    let mantissa = [0.75, 1.0][rng.random_range(0..2)];
    let exponent = if rng.random() { 0 } else { rng.random_range(-1022..1024) };
    mantissa * 2.0_f64.powi(exponent)
}

/// A multiple of `pi / 4`: odd ones are where sine and cosine change their roles, at even ones one of them is zero.
fn eighth_of_a_circle(rng: &mut impl Rng) -> f64 {
    f64::from(rng.random_range(-127_000..=127_000)) * std::f64::consts::FRAC_PI_4
}
