//! The numbers behind the functions, one table for each type.
//!
//! The polynomials are weighted minimax fits of the relative error, made in 80-digit arithmetic; their coefficients
//! were rounded to the type one after the other, lowest power first, the rest refitted each time.

/// Constants and polynomial coefficients (lowest power first) for one type.
pub trait Coefficients: Sized + 'static {
    /// `1 / ln 2`.
    const LOG2_E: Self;
    /// `ln 2` in two parts; the product of the first with an exponent is exact.
    const LN_2: [Self; 2];
    /// Below the first `e^x` rounds to 0, above the second it overflows.
    const EXP_DOMAIN: [Self; 2];
    /// `(e^r - 1 - r) / r^2` for `|r| <= ln 2 / 2`.
    const EXP: &'static [Self];
    /// The same to 2^-28 of `e^r` in `f32`, enough where `e^r` is not the result itself.
    const EXP_SHORT: &'static [Self];
    /// `(e^2r - 1) / r` for `|r| <= ln 2 / 4`.
    const EXP_TWICE: &'static [Self];
    /// From here down `e^x - 1` rounds to -1.
    const EXPM1_LOWEST: Self;
    /// `(ln(1 + f) - f) / f^2` for `f` in `[-1/4, 1/2]`.
    const LN: &'static [Self];
    /// `(tanh x - x) / x^3` in `x^2`, for `|x|` up to [`Coefficients::TANH_SMALL`].
    const TANH: &'static [Self];
    /// Where `tanh` changes from its polynomial to the exponential.
    const TANH_SMALL: Self;
    /// From here up `tanh x` rounds to 1.
    const TANH_HIGHEST: Self;
    /// `(sin r - r) / r^3` in `r^2`, for `|r| <= pi / 4`.
    const SIN: &'static [Self];
    /// `(cos r - 1 + r^2 / 2) / r^4` in `r^2`, for `|r| <= pi / 4`.
    const COS: &'static [Self];
    /// `2 / pi`.
    const FRAC_2_PI: Self;
    /// `pi / 2` in parts as long as the type: each rounds what the ones before it left.
    const HALF_PI: [Self; 3];
    /// `pi / 2` in parts so short that the product of any but the last with eight bits is exact.
    const HALF_PI_SHORT: &'static [Self];
}

impl Coefficients for f32 {
    const LOG2_E: f32 = std::f32::consts::LOG2_E;
    const LN_2: [f32; 2] = [0.69314575, 1.4286068e-6];
    const EXP_DOMAIN: [f32; 2] = [-104.0, 89.0];
    const EXP: &'static [f32] = &[0.5, 0.16666666, 0.041666485, 0.008333575, 0.0013932991, 0.00019736022];
    const EXP_SHORT: &'static [f32] = &[0.49999994, 0.16666521, 0.041668266, 0.008368677, 0.0013820734];
    const EXP_TWICE: &'static [f32] = &[2.0, 1.9999998, 1.3333216, 0.6666916, 0.26780257, 0.08847907];
    const EXPM1_LOWEST: f32 = -18.0;
    const LN: &'static [f32] = &[
        -0.5,
        0.33333454,
        -0.25000113,
        0.19990703,
        -0.1664661,
        0.14479217,
        -0.13168244,
        0.104727946,
        -0.045110337,
    ];
    const TANH: &'static [f32] = &[-0.3333328, 0.13331412, -0.053737435, 0.020632321, -0.00569803];
    const TANH_SMALL: f32 = 0.625;
    const TANH_HIGHEST: f32 = 10.0;
    const SIN: &'static [f32] = &[-0.16666667, 0.008333379, -0.00019853062, 2.8325276e-6];
    const COS: &'static [f32] = &[0.041666646, -0.0013887311, 2.4432622e-5];
    const FRAC_2_PI: f32 = std::f32::consts::FRAC_2_PI;
    const HALF_PI: [f32; 3] = [1.5707964, -4.371139e-8, -1.7151245e-15];
    const HALF_PI_SHORT: &'static [f32] = &[1.5708008, -4.4543995e-6, -5.5644378e-11, 6.123234e-17];
}

impl Coefficients for f64 {
    const LOG2_E: f64 = std::f64::consts::LOG2_E;
    const LN_2: [f64; 2] = [0.6931471805598903, 5.497923018708371e-14];
    const EXP_DOMAIN: [f64; 2] = [-746.0, 710.0];
    const EXP: &'static [f64] = &[
        0.5,
        0.16666666666666677,
        0.04166666666666662,
        0.008333333333321464,
        0.0013888888888915832,
        0.0001984126988647459,
        2.480158725362017e-5,
        2.755724389600932e-6,
        2.755733907986202e-7,
        2.510913673166848e-8,
        2.0893780228230454e-9,
    ];
    const EXP_SHORT: &'static [f64] = Self::EXP;
    const EXP_TWICE: &'static [f64] = &[
        2.0,
        2.0000000000000044,
        1.3333333333333162,
        0.6666666666644288,
        0.26666666667106415,
        0.08888888924433734,
        0.02539682503248114,
        0.006349182033616292,
        0.001410946142389821,
        0.00028293645299379115,
        5.1229179350780396e-5,
    ];
    const EXPM1_LOWEST: f64 = -38.0;
    const LN: &'static [f64] = &[
        -0.49999999999999994,
        0.3333333333333323,
        -0.2500000000000387,
        0.200000000000442,
        -0.16666666665970584,
        0.14285714278680148,
        -0.12500000049959964,
        0.11111111665447948,
        -0.09999998562646119,
        0.09090885271208723,
        -0.08333331054474138,
        0.0769286818457371,
        -0.07143984115156585,
        0.06660310723903723,
        -0.062236265284181747,
        0.05892653421981433,
        -0.05784605390792149,
        0.05666278571868274,
        -0.04717136494296169,
        0.026467325930925725,
        -0.007021742695217695,
    ];
    const TANH: &'static [f64] = &[
        -0.33333333333333315,
        0.13333333333329964,
        -0.053968253966150403,
        0.02186948847070323,
        -0.00886323433850234,
        0.0035921142173724074,
        -0.001455727163788142,
        0.0005894563769433046,
        -0.0002370232104078519,
        9.157679611764096e-5,
        -3.020423464345702e-5,
        6.049393462085706e-6,
    ];
    const TANH_SMALL: f64 = 0.625;
    const TANH_HIGHEST: f64 = 20.0;
    const SIN: &'static [f64] = &[
        -0.1666666666666663,
        0.008333333333321903,
        -0.00019841269829440014,
        2.7557313574592772e-6,
        -2.505074098050432e-8,
        1.5895859611450747e-10,
    ];
    const COS: &'static [f64] = &[
        0.041666666666666595,
        -0.0013888888888873335,
        2.480158728899478e-5,
        -2.755731421410427e-7,
        2.087570490586984e-9,
        -1.1358720644486235e-11,
    ];
    const FRAC_2_PI: f64 = std::f64::consts::FRAC_2_PI;
    const HALF_PI: [f64; 3] = [std::f64::consts::FRAC_PI_2, 6.123233995736766e-17, -1.4973849048591698e-33];
    const HALF_PI_SHORT: &'static [f64] = &[1.5707963267948912, 5.390302858158031e-15, 8.843720566135701e-29];
}
