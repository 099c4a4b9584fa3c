//! Linear systems of which only products are known.

/// Solves `A x = b` for a symmetric positive definite `A` by the method of conjugate gradients (Hestenes and Stiefel 1952),
/// from `x = 0`, in at most `iterations` products. It stops earlier where the square of the residual's norm is below
/// `tolerance`, or where a direction shows that `A` is not positive definite.
///
/// `product(p, out)` writes `A p` into `out`.
///
/// ```
/// use metatape::meta::policy::conjugate_gradient;
///
/// let product = |p: &[f64], out: &mut [f64]| {
///     out.copy_from_slice(&[4.0 * p[0] + p[1], p[0] + 3.0 * p[1]]);
/// };
/// let x = conjugate_gradient(product, &[1.0, 2.0], 10, 1e-20);
/// assert!((x[0] - 1.0 / 11.0).abs() < 1e-12 && (x[1] - 7.0 / 11.0).abs() < 1e-12);
/// ```
pub fn conjugate_gradient(
    mut product: impl FnMut(&[f64], &mut [f64]),
    b: &[f64],
    iterations: usize,
    tolerance: f64,
) -> Vec<f64> {
    let mut x = vec![0.0; b.len()];
    let (mut residual, mut direction) = (b.to_vec(), b.to_vec());
    let mut image = vec![0.0; b.len()];
    let mut size = dot(&residual, &residual);
    for _ in 0..iterations {
        if size < tolerance {
            break;
        }
        product(&direction, &mut image);
        let curvature = dot(&direction, &image);
        if curvature <= 0.0 || !curvature.is_finite() {
            break;
        }
        let step = size / curvature;
        add_scaled(&mut x, step, &direction);
        add_scaled(&mut residual, -step, &image);
        let before = std::mem::replace(&mut size, dot(&residual, &residual));
        for (direction, residual) in direction.iter_mut().zip(&residual) {
            *direction = residual + size / before * *direction;
        }
    }
    x
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

fn add_scaled(x: &mut [f64], factor: f64, direction: &[f64]) {
    x.iter_mut().zip(direction).for_each(|(x, d)| *x += factor * d);
}
