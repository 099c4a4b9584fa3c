//! Owned values with a shape.

use std::fmt;

use super::Shape;
use crate::simd::Float;

/// Owned values in row-major order, with a [`Shape`], on no tape.
///
/// ```
/// use metatape::tensor::Tensor;
///
/// let x = Tensor::from_fn([3, 1], |i| i as f32);
/// assert_eq!(x.values(), [0.0, 1.0, 2.0]);
/// assert_eq!(Tensor::scalar(2.5_f64).item(), 2.5);
/// ```
#[derive(Clone, PartialEq)]
pub struct Tensor<T = f32> {
    shape: Shape,
    values: Vec<T>,
}

impl<T: Float> Tensor<T> {
    /// The tensor of this shape with these values, in row-major order.
    ///
    /// # Panics
    /// If the number of values is not the length of the shape.
    #[track_caller]
    pub fn from_vec(shape: impl Into<Shape>, values: Vec<T>) -> Self {
        let shape = shape.into();
        assert!(
            shape.len() == values.len(),
            "from_vec: shape {shape} holds {} values, {} were given",
            shape.len(),
            values.len()
        );
        Tensor { shape, values }
    }

    /// The tensor whose value at row-major place `i` is `value(i)`.
    #[track_caller]
    pub fn from_fn(shape: impl Into<Shape>, value: impl FnMut(usize) -> T) -> Self {
        let shape = shape.into();
        Tensor { shape, values: (0..shape.len()).map(value).collect() }
    }

    /// All values alike.
    #[track_caller]
    pub fn full(shape: impl Into<Shape>, value: T) -> Self {
        let shape = shape.into();
        Tensor { shape, values: vec![value; shape.len()] }
    }

    /// All values 0.
    #[track_caller]
    pub fn zeros(shape: impl Into<Shape>) -> Self {
        Tensor::full(shape, T::ZERO)
    }

    /// A single number, of rank 0.
    pub fn scalar(value: T) -> Self {
        Tensor { shape: Shape::SCALAR, values: vec![value] }
    }

    /// The only value of a tensor that holds one, whatever its rank.
    ///
    /// # Panics
    /// If it holds another number of values.
    #[track_caller]
    pub fn item(&self) -> T {
        assert!(self.values.len() == 1, "item: shape {} holds {} values", self.shape, self.values.len());
        self.values[0]
    }

    /// The lengths along the axes.
    #[inline]
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The values in row-major order.
    #[inline]
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// The values in row-major order, to be changed.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }
}

impl<T: fmt::Debug> fmt::Debug for Tensor<T> {
    /// The shape and the first values: a tensor of a million values prints on one line too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 6;
        write!(f, "Tensor{} [", self.shape)?;
        for (i, value) in self.values.iter().take(SHOWN).enumerate() {
            write!(f, "{}{value:?}", if i == 0 { "" } else { ", " })?;
        }
        f.write_str(if self.values.len() > SHOWN { ", ...]" } else { "]" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_is_short() {
        assert_eq!(format!("{:?}", Tensor::<f32>::zeros([2])), "Tensor[2] [0.0, 0.0]");
        let long = Tensor::from_fn([100, 10], |i| i as f64);
        assert_eq!(format!("{long:?}"), "Tensor[100, 10] [0.0, 1.0, 2.0, 3.0, 4.0, 5.0, ...]");
    }

    #[test]
    #[should_panic(expected = "from_vec: shape [2, 3] holds 6 values, 5 were given")]
    fn a_wrong_number_of_values_is_refused() {
        let _ = Tensor::from_vec([2, 3], vec![0.0_f32; 5]);
    }

    #[test]
    #[should_panic(expected = "item: shape [2] holds 2 values")]
    fn item_wants_one_value() {
        let _ = Tensor::<f32>::zeros([2]).item();
    }

    #[test]
    fn tensors_of_other_shapes_differ() {
        assert_ne!(Tensor::<f32>::zeros([2, 1]), Tensor::zeros([1, 2]));
        assert_eq!(Tensor::<f32>::full([1, 1], 3.0).item(), 3.0);
    }
}
