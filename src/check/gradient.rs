//! First derivatives.

use super::differences::{derivative, sides};
use super::localize::first_wrong_op;
use super::subject::{Plan, Subject, along, dot, dot_of_magnitudes, largest, largest_on, read_all};
use super::{Failure, Identity, Report};
use crate::calculus::vjp;
use crate::tape::{Differentiable, Var, Vars};
use crate::tensor::Tensors;

/// Checks the first derivatives of `program` at `inputs`, in both modes.
///
/// The output `y`, of any shape, is projected on a seeded random cotangent `ybar`. Then
/// - reverse mode: `xbar = vjp(y, x, ybar)` against differences of `<y, ybar>`,
/// - forward mode: `<jvp(y, x, dx), ybar>` against the same differences,
/// - `<dy, ybar> = <dx, xbar>`,
///
/// along each number of the inputs where they are at most 32, else along 8 of them; and along 4 random directions. The
/// inputs are put on the tape as values that all episodes share; the program may bring data with several.
///
/// ```
/// use metatape::check::gradcheck;
/// use metatape::prelude::*;
///
/// let mut inputs = Tensors::new();
/// inputs.push("x", Tensor::from_vec([2, 2], vec![0.3, -1.2, 0.8, 2.0]));
/// let report = gradcheck(|x: Params<f64>| x.get(0).matmul(x.get(0)).sin(), &inputs)?;
/// assert_eq!(report.comparisons, 3 * (4 + 4));
///
/// // A detached factor: the gradient is not that of the value, and the check names the op.
/// let failure = gradcheck(|x: Params<f64>| x.get(0) * x.get(0).detach(), &inputs).unwrap_err();
/// assert_eq!(failure.op.unwrap().name, "detach");
/// # Ok::<(), metatape::check::Failure>(())
/// ```
///
/// # Errors
/// Two runs of the program differ, something is not finite, differences do not settle, or a derivative is wrong.
pub fn gradcheck<O, F>(program: F, inputs: &Tensors<f64>) -> Result<Report, Failure>
where
    O: Differentiable,
    F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
{
    check(&Subject::new(&program, inputs)?, Plan::THOROUGH)
}

/// [`gradcheck`] along what the plan says.
pub(super) fn check<O, F>(subject: &Subject<'_, O, F>, plan: Plan) -> Result<Report, Failure>
where
    O: Differentiable,
    F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
{
    compare(subject, plan).map_err(|failure| Failure {
        op: subject.with_program(&subject.x, |x, y| first_wrong_op(y.tape(), x)).map(Box::new),
        ..failure
    })
}

fn compare<O, F>(subject: &Subject<'_, O, F>, plan: Plan) -> Result<Report, Failure>
where
    O: Differentiable,
    F: for<'t> Fn(Vars<'t, f64, O>) -> Var<'t, f64, O>,
{
    let mut report = Report::default();
    let Subject { x, output, cotangent, .. } = subject;
    let (xbar, passing) = subject.with_program(x, |x, y| {
        let xbar = read_all(vjp(&y, &x, &subject.put_cotangent(y)));
        (xbar, largest_on(y.tape()))
    });
    let magnitude = largest(&xbar).max(dot_of_magnitudes(output, cotangent));
    for direction in subject.directions(plan) {
        let (place, dx) = (direction.place, direction.step);
        let moved = |t| subject.projected(&along(x, t, &dx));
        let estimate = derivative(moved);
        let sides = || sides(|t| vec![moved(t)])[0];
        let dy = subject.tangent(&dx);
        let (reverse, forward) = (dot(&dx, &xbar), dot(&dy, cotangent));
        let modes =
            [(Identity::ReverseAgainstDifferences, reverse), (Identity::ForwardAgainstDifferences, forward)];
        for (identity, got) in modes {
            report.against_differences(
                (identity, place.clone()),
                estimate,
                got,
                [magnitude, passing],
                sides,
            )?;
        }
        let terms = dot_of_magnitudes(&dx, &xbar) + dot_of_magnitudes(&dy, cotangent);
        report.exact(Identity::InnerProduct, place, [reverse, forward], [terms, magnitude.max(passing)])?;
    }
    Ok(report)
}
