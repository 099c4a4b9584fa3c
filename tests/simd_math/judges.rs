//! Who judges the judges: the reference against numbers from another library, and the measure of errors against errors that
//! are put in.

use metatape::kernels::map::map;
use metatape::simd::{Kernel, Lanes, run_at};

use super::error::{SIDE_BY_SIDE, judge};
use super::reference::{Judged, Truth};
use super::*;

/// Function, argument, value and derivative as sums of two doubles: by mpmath 1.3.0 with 300 bits.
#[rustfmt::skip]
#[allow(clippy::approx_constant, reason = "numbers as the reference printed them")]
const KNOWN: &[(&str, f64, [f64; 2], [f64; 2])] = &[
    ("exp", 0.3, [1.3498588075760032, -9.447314673432387e-17], [1.3498588075760032, -9.447314673432387e-17]),
    ("exp", -1e-09, [0.999999999, -2.778193152587354e-17], [0.999999999, -2.778193152587354e-17]),
    ("exp", 123.456, [4.132944352778106e+53, 6.70292574976418e+36], [4.132944352778106e+53, 6.70292574976418e+36]),
    ("exp", -600.25, [2.0641309109295095e-261, -2.1403995749322006e-280], [2.0641309109295095e-261, -2.1403995749322006e-280]),
    ("exp", -0.5681328666204585, [0.5665823365006493, -5.5511151231257815e-17], [0.5665823365006493, -5.5511151231257815e-17]),
    ("expm1", 1e-12, [1.0000000000005e-12, -2.421793960301238e-29], [1.000000000001, -8.890058184103173e-17]),
    ("expm1", -0.2, [-0.18126924692201815, 8.381141526439973e-19], [0.8187307530779818, 2.859368976827291e-17]),
    ("expm1", 0.35, [0.41906754859325723, -1.6297529353529618e-17], [1.4190675485932571, 9.472477310898604e-17]),
    ("expm1", -30.5, [-0.9999999999999433, 2.4455767981725405e-17], [5.675685232632723e-14, -2.744021414416088e-30]),
    ("expm1", 300.25, [2.4941248615349213e+130, -6.154945403062824e+113], [2.4941248615349213e+130, -6.154945403062824e+113]),
    ("expm1", -0.5681328666204585, [-0.4334176634993508, 1.1485477944790346e-32], [0.5665823365006493, -5.5511151231257815e-17]),
    ("ln", 0.999999999, [-9.999999722180686e-10, 1.0255423852562585e-25], [1.000000001, -1.1002230251807951e-16]),
    ("ln", 1.0000001, [9.999999505838704e-08, 1.5249709528441489e-24], [0.9999999000000099, 7.991790051032925e-18]),
    ("ln", 1e-300, [-690.7755278982137, -2.3670096176709832e-14], [9.999999999999999e+299, 7.113783875736513e+283]),
    ("ln", 1.4999, [0.40539843921917673, -1.5792044448305987e-18], [0.6667111140742716, -2.4762417784357064e-17]),
    ("ln", 1.7374296064433466e+204, [470.2797657541442, 1.3876260127541973e-33], [5.755628868596741e-205, -2.2166333484878467e-221]),
    ("ln1p", 1e-12, [9.999999999995e-13, 2.4217940103012377e-29], [0.999999999999, -2.2121719121483926e-17]),
    ("ln1p", -0.999, [-6.907755278982136, -2.369515526854508e-16], [999.9999999999991, 2.1316282072803794e-14]),
    ("ln1p", 0.3, [0.26236426446749106, -1.6067257209028454e-17], [0.7692307692307693, -3.613151855288971e-17]),
    ("ln1p", 1e+200, [460.51701859880916, -2.2129109272629473e-14], [1e-200, 4.816661538840688e-217]),
    ("ln1p", -1e-200, [-1e-200, 0.0], [1.0, 0.0]),
    ("tanh", 1e-07, [9.999999999999966e-08, -2.4610883121208847e-24], [0.99999999999999, -7.992778373523564e-18]),
    ("tanh", 0.3, [0.2913126124515909, -6.4602656586469586e-18], [0.9151369618266292, 2.850713922057346e-17]),
    ("tanh", -0.625, [-0.5545997223493823, -3.145617845100655e-17], [0.692419147969988, 2.269957540636561e-17]),
    ("tanh", 5.5, [0.9999665971563038, 4.933089545428797e-17], [6.680457164241374e-05, -5.009076029050896e-21]),
    ("tanh", -18.5, [-0.9999999999999998, -5.1383652410150004e-17], [3.413219050297626e-16, -9.24241724325572e-33]),
    ("tanh", 0.6444266668744435, [0.5679060815628252, -5.576106676662248e-32], [0.6774826825239577, 3.819107358322514e-17]),
    ("sigmoid", 0.1, [0.52497918747894, -2.5084310194303448e-17], [0.24937604019289197, -5.682536550698835e-18]),
    ("sigmoid", -3.7, [0.024127021417669196, 7.631545555901705e-19], [0.02354490825518053, -3.493474613192547e-19]),
    ("sigmoid", 40.25, [1.0, -3.3086216207858244e-18], [3.3086216207858244e-18, 1.141252152668452e-34]),
    ("sigmoid", -600.5, [1.6075467697937942e-261, 3.537726127764541e-279], [1.6075467697937942e-261, 3.537726127764541e-279]),
    ("softplus", 0.1, [0.7443966600735709, 3.832711658753494e-17], [0.52497918747894, -2.5084310194303448e-17]),
    ("softplus", -0.7, [0.4031860488854579, 1.5149899944160434e-17], [0.3318122278318339, 8.62848841342679e-18]),
    ("softplus", -20.5, [1.2501528656053015e-09, 1.0662593542147611e-26], [1.2501528648238605e-09, -4.2505891149696525e-26]),
    ("softplus", -600.5, [1.6075467697937942e-261, 3.537726127764541e-279], [1.6075467697937942e-261, 3.537726127764541e-279]),
    ("softplus", 300.25, [300.25, 0.0], [1.0, 0.0]),
    ("sin", 0.5, [0.479425538604203, -5.103969860556013e-18], [0.8775825618903728, -4.2623149864279997e-17]),
    ("sin", 3.14159, [2.65358979335273e-06, 1.2360375240852754e-22], [-0.9999999999964793, 3.0140007793845264e-17]),
    ("sin", 22.0, [-0.008851309290403876, 2.8485303089220057e-19], [-0.9999608263946371, -8.51603380017413e-19]),
    ("sin", -99999.5, [-0.5104916150747798, -1.0492647623186778e-17], [-0.8598827309222711, 2.479742432899302e-18]),
    ("sin", 1.788139343261814e-06, [1.7881393432608611e-06, 2.0876201503470484e-44], [0.9999999999984013, 2.555909332916487e-25]),
    ("cos", 0.5, [0.8775825618903728, -4.2623149864279997e-17], [-0.479425538604203, 5.103969860556013e-18]),
    ("cos", 1.5707963267948966, [6.123233995736766e-17, -1.4973849048591698e-33], [-1.0, 1.874699728327322e-33]),
    ("cos", 11.0, [0.004425697988050785, 3.2449142686784373e-19], [0.9999902065507035, -1.8356150460298835e-17]),
    ("cos", -99999.5, [-0.8598827309222711, 2.479742432899302e-18], [0.5104916150747798, 1.0492647623186778e-17]),
    ("cos", 1.430511474609497e-06, [0.9999999999989768, 4.016884601950731e-38], [-1.430511474609009e-06, 7.488015623776752e-32]),
    ("sqrt", 2.0, [1.4142135623730951, -9.667293313452913e-17], [0.3535533905932738, -2.4168233283632284e-17]),
    ("sqrt", 0.7, [0.8366600265340756, -4.12265279558505e-17], [0.5976143046671969, -5.497539789636644e-17]),
    ("sqrt", 1e-300, [1e-150, 6.234187685431415e-168], [5e+149, 3.317428954979123e+132]),
    ("sqrt", 3e+150, [1.7320508075688774e+75, -7.395193256249504e+58], [2.886751345948129e-76, -2.3102007398210223e-92]),
    ("recip", 3.0, [0.3333333333333333, 1.850371707708594e-17], [-0.1111111111111111, -6.1679056923619804e-18]),
    ("recip", -0.7, [-1.4285714285714286, -5.890979314337566e-17], [-2.0408163265306123, -2.136289201902634e-16]),
    ("recip", 1e-140, [1e+140, -4.253430526267795e+123], [-1e+280, -7.167459734117445e+261]),
    ("recip", 3e+130, [3.3333333333333335e-131, -4.563635358643191e-148], [-1.1111111111111112e-261, 8.309802136349172e-278]),
];

/// The reference's value and derivative, each as high part, low part and exponent.
struct At<F>(F, f64);

impl<F: Function> At<F> {
    #[inline(always)]
    fn truths<L: Lanes<f64>, T: Judged>(&self) -> [[f64; 3]; 2] {
        let x = L::splat(self.1);
        [self.0.value::<L, T>(x), self.0.derivative::<L, T>(x)]
            .map(|Truth { value, exponent }| [value.high, value.low, exponent].map(|part| part.largest()))
    }
}

/// In the precision that `f64` is judged with, then in that for `f32`.
impl<F: Function> Kernel<f64> for At<F> {
    type Output = [[[f64; 3]; 2]; 2];
    #[inline(always)]
    fn run<L: Lanes<f64>>(self) -> Self::Output {
        [self.truths::<L, Double>(), self.truths::<L, Single>()]
    }
}

/// How far `high + low` times `2^exponent` is from a known number, relative to that.
fn distance([high, low, exponent]: [f64; 3], known: [f64; 2]) -> f64 {
    let power = 2.0_f64.powi(exponent as i32);
    (((high * power - known[0]) + (low * power - known[1])) / known[0]).abs()
}

struct Known;

impl Visit for Known {
    fn visit<F: Function>(&mut self, function: F) {
        let of_this: Vec<_> = KNOWN.iter().filter(|known| known.0 == F::NAME).collect();
        assert!(of_this.len() >= 4, "{}", F::NAME);
        for (name, x, value, derivative) in of_this {
            // On the portable level products are exact in another way.
            for level in [Level::Portable, Level::best()] {
                let truths = run_at(level, At(function, *x));
                for (truth, allowed) in truths.into_iter().zip([2.0_f64.powi(-97), 2.0_f64.powi(-48)]) {
                    for (truth, known) in truth.into_iter().zip([*value, *derivative]) {
                        let distance = distance(truth, known);
                        assert!(
                            distance < allowed,
                            "{name}({x:e}) at {level}: {truth:?}, not {known:?}: {distance:e}"
                        );
                        let wrong = super::judges::distance(truth, [known[0].next_up(), known[1]]);
                        assert!(wrong > 2.0_f64.powi(-54), "a wrong number is told from a right one");
                    }
                }
            }
        }
    }
}

#[test]
fn the_reference_is_right_to_97_bits() {
    visit_all(&mut Known);
}

/// The error of `exp(x)` in `T` if it were what `change` makes of it.
fn error_of_exp<T: Judged>(x: f64, change: impl Fn(f64) -> f64) -> f64
where
    Exp: metatape::kernels::map::Unary<T>,
{
    let mut y = [T::ZERO; SIDE_BY_SIDE];
    map(&[T::from_f64(x); SIDE_BY_SIDE], &mut y, Exp);
    let (y, mut errors) = ([change(y[0].to_f64()); SIDE_BY_SIDE], [0.0; SIDE_BY_SIDE]);
    judge::<T, Exp>(Exp, Of::Value, &[T::from_f64(x).to_f64(); SIDE_BY_SIDE], &y, &mut errors);
    assert!(errors.iter().all(|error| error.to_bits() == errors[0].to_bits()), "{errors:?}");
    errors[0]
}

#[test]
fn an_error_that_is_put_in_is_measured() {
    // Ordinary results, subnormal ones, and the last before overflow.
    for x in [0.3, -17.25, 123.456, -740.3, 709.78] {
        let [right, up, down] =
            [|y: f64| y, f64::next_up, f64::next_down].map(|change| error_of_exp::<f64>(x, change));
        assert!(right < 1.0, "{right}");
        // One of the two is a unit further off.
        assert!((up.max(down) - right - 1.0).abs() < 1e-9, "{x}: {right}, {up}, {down}");
    }
    for x in [0.3, -17.25, -103.0, 88.7] {
        let next = |y: f64| f64::from((y as f32).next_up());
        let previous = |y: f64| f64::from((y as f32).next_down());
        let [right, up, down] =
            [error_of_exp::<f32>(x, |y| y), error_of_exp::<f32>(x, next), error_of_exp::<f32>(x, previous)];
        assert!(right < 1.0, "{right}");
        assert!((up.max(down) - right - 1.0).abs() < 1e-6, "{x}: {right}, {up}, {down}");
    }
    assert!(error_of_exp::<f64>(0.3, |_| f64::NAN).is_nan());
    assert!(error_of_exp::<f64>(0.3, |_| f64::INFINITY) > 1e9);
    assert!(error_of_exp::<f64>(0.3, |y| -y) > 1e9);
    // Infinity stands for the number behind the largest: it is right above the edge, and a unit off just below.
    assert_eq!(error_of_exp::<f64>(710.0, |y| y), 0.0);
    assert!((0.5..1.5).contains(&error_of_exp::<f64>(710.0, |_| f64::MAX)));
    assert!(error_of_exp::<f64>(709.0, |_| f64::INFINITY) > 1e9);
    assert_eq!(error_of_exp::<f32>(89.0, |y| y), 0.0);
}
