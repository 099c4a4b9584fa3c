//! Second derivatives.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::differences::{derivatives, sides};
use super::localize::first_wrong_op;
use super::subject::{Plan, Subject, along, dot, dot_of_magnitudes, largest, largest_on, read_all, signs};
use super::{Failure, Identity, Report};
use crate::calculus::{jvp, vjp};
use crate::tape::{Differentiable, Var, Vars};
use crate::tensor::Tensors;

/// Checks the second derivatives of `program` at `inputs`, in every composition of the two modes.
///
/// The output is projected on a seeded random cotangent; `H` is the Hessian of that number. Along the same directions `v`
/// as [`gradcheck`](super::gradcheck) takes, and with a random `u`:
/// - `H v` forward over reverse, each number of it, against differences *of the exact gradient*,
/// - `H v` reverse over reverse and reverse over forward, each number of it, against forward over reverse,
/// - `<u, H v>` forward over forward against forward over reverse,
/// - `<u, H v> = <v, H u>`.
///
/// That the gradient itself is right is for [`gradcheck`](super::gradcheck) to say.
///
/// ```
/// use metatape::check::gradgradcheck;
/// use metatape::prelude::*;
///
/// let mut inputs = Tensors::new();
/// inputs.push("x", Tensor::from_vec([3], vec![0.3, -1.2, 0.8]));
/// gradgradcheck(|x: Params<f64>| x.get(0).sin().softmax(), &inputs)?;
///
/// // The value is y^2 / 2, its gradient right, the gradient of that one misses a term.
/// fn frozen<'t>(x: Params<'t, f64>) -> Var<'t, f64> {
///     let y = x.get(0).sin();
///     y * y.detach() - y.detach().square() * 0.5
/// }
/// metatape::check::gradcheck(frozen, &inputs)?;
/// assert_eq!(gradgradcheck(frozen, &inputs).unwrap_err().op.unwrap().name, "detach");
/// # Ok::<(), metatape::check::Failure>(())
/// ```
///
/// # Errors
/// Two runs of the program differ, something is not finite, differences do not settle, or a second derivative is wrong.
pub fn gradgradcheck<O, F>(program: F, inputs: &Tensors<f64>) -> Result<Report, Failure>
where
    O: Differentiable,
    F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
{
    check(&Subject::new(&program, inputs)?, Plan::THOROUGH)
}

/// [`gradgradcheck`] along what the plan says.
pub(super) fn check<O, F>(subject: &Subject<'_, O, F>, plan: Plan) -> Result<Report, Failure>
where
    O: Differentiable,
    F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
{
    compare(subject, plan).map_err(|failure| Failure {
        // The wrong rule may be that of an op which only the gradient uses, so the gradient is on the tape too.
        op: subject.with_program(&subject.x, |x, y| {
            vjp(&y, &x, &subject.put_cotangent(y));
            first_wrong_op(y.tape(), x).map(Box::new)
        }),
        ..failure
    })
}

fn compare<O, F>(subject: &Subject<'_, O, F>, plan: Plan) -> Result<Report, Failure>
where
    O: Differentiable,
    F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
{
    let mut report = Report::default();
    let x = &subject.x;
    let u = signs(x.len(), &mut Xoshiro256PlusPlus::seed_from_u64(2));
    let gradient = largest(&subject.gradient(x)).max(dot_of_magnitudes(&subject.output, &subject.cotangent));
    let hu = Second::along(subject, &u, &u).forward_over_reverse;
    for direction in subject.directions(plan) {
        let v = direction.step;
        let second = Second::along(subject, &v, &u);
        let hv = &second.forward_over_reverse;
        let magnitude = largest(hv).max(gradient);
        // Two exact ways may differ by the rounding of numbers that cancel on the way, and leave nothing behind.
        let passing = magnitude.max(second.largest_on_the_way);
        let moved = |t| subject.gradient(&along(x, t, &v));
        let estimates = derivatives(moved);
        let both_sides = std::cell::OnceCell::new();
        for (i, &estimate) in estimates.iter().enumerate() {
            let place = subject.place(i);
            let what = (Identity::HessianAgainstDifferences, place.clone());
            let sides = || both_sides.get_or_init(|| sides(moved))[i];
            report.against_differences(what, estimate, hv[i], [magnitude, passing], sides)?;
            let pair = [hv[i], second.reverse_over_reverse[i]];
            report.exact(Identity::ReverseOverReverse, place.clone(), pair, [largest(hv), passing])?;
            let pair = [hv[i], second.reverse_over_forward[i]];
            report.exact(Identity::ReverseOverForward, place, pair, [largest(hv), passing])?;
        }
        let uhv = dot(&u, hv);
        let terms = [dot_of_magnitudes(&u, hv) + dot_of_magnitudes(&v, &hu), passing];
        let pair = [uhv, second.forward_over_forward];
        report.exact(Identity::ForwardOverForward, direction.place.clone(), pair, terms)?;
        report.exact(Identity::Symmetry, direction.place, [uhv, dot(&v, &hu)], terms)?;
    }
    Ok(report)
}

/// `H v` in all compositions of the two modes; forward over forward gives only `<u, H v>`.
struct Second {
    forward_over_reverse: Vec<f64>,
    reverse_over_reverse: Vec<f64>,
    reverse_over_forward: Vec<f64>,
    forward_over_forward: f64,
    /// The largest magnitude of all numbers that were computed for it.
    largest_on_the_way: f64,
}

impl Second {
    fn along<O, F>(subject: &Subject<'_, O, F>, v: &[f64], u: &[f64]) -> Second
    where
        O: Differentiable,
        F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
    {
        subject.with_program(&subject.x, |x, y| {
            let tape = y.tape();
            let (u, v) = (subject.put(tape, u), subject.put(tape, v));
            let cotangent = subject.put_cotangent(y);
            let gradient = vjp(&y, &x, &cotangent);
            let tangent = jvp(&y, &x, &v);
            let mut second = Second {
                forward_over_reverse: read_all(jvp(&gradient, &x, &v)),
                reverse_over_reverse: read_all(vjp(&gradient, &x, &v)),
                reverse_over_forward: read_all(vjp(&tangent, &x, &cotangent)),
                forward_over_forward: jvp(&tangent, &x, &u).read(|y| dot(y, &subject.cotangent)),
                largest_on_the_way: 0.0,
            };
            second.largest_on_the_way = largest_on(tape);
            second
        })
    }
}
