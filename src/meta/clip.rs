//! Bounds on a gradient.

use crate::kernels::map::scale_assign;
use crate::kernels::reduce::squared_norm;
use crate::simd::Float;

/// What is done to a gradient before it is descended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Clip {
    /// Nothing.
    None,
    /// Each entry is cut to this magnitude.
    Elementwise(f64),
    /// The whole is scaled down to this Euclidean norm where it is longer.
    Norm(f64),
}

impl Clip {
    /// Bounds `gradient` in place.
    ///
    /// ```
    /// use metatape::meta::Clip;
    ///
    /// let mut gradient = [3.0_f64, -4.0];
    /// Clip::Norm(2.5).apply(&mut gradient);
    /// assert_eq!(gradient, [1.5, -2.0]);
    /// Clip::Elementwise(1.75).apply(&mut gradient);
    /// assert_eq!(gradient, [1.5, -1.75]);
    /// ```
    pub fn apply<T: Float>(self, gradient: &mut [T]) {
        match self {
            Clip::None => {}
            Clip::Elementwise(bound) => {
                let bound = T::from_f64(bound);
                for g in gradient {
                    if g.abs() > bound {
                        *g = if *g > T::ZERO { bound } else { -bound };
                    }
                }
            }
            Clip::Norm(bound) => {
                let norm = squared_norm(gradient).to_f64().sqrt();
                if norm > bound {
                    let factor = T::from_f64(bound / norm);
                    scale_assign(gradient, factor);
                }
            }
        }
    }
}
