//! Named tensors in order: a model's parameters at rest.

use super::Tensor;
use crate::simd::Float;

/// Named tensors in the order in which they were pushed: what a model's parameters, its gradients and an
/// optimiser's moments are at rest.
///
/// ```
/// use metatape::tensor::{Tensor, Tensors};
///
/// let mut theta = Tensors::new();
/// theta.push("w", Tensor::full([2, 2], 1.0_f32));
/// theta.push("b", Tensor::zeros([2]));
///
/// let mut gradient = theta.zeros_like();
/// gradient.for_each_mut(|g| *g = 0.5);
/// theta.zip_mut(&gradient, |value, g| *value -= 0.1 * g);
/// assert_eq!(theta.get("b").unwrap().values(), [-0.05, -0.05]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Tensors<T = f32> {
    names: Vec<String>,
    tensors: Vec<Tensor<T>>,
}

impl<T: Float> Tensors<T> {
    /// An empty list.
    pub fn new() -> Self {
        Tensors { names: Vec::new(), tensors: Vec::new() }
    }

    /// Appends a tensor.
    ///
    /// # Panics
    /// If there is a tensor of that name already.
    #[track_caller]
    pub fn push(&mut self, name: impl Into<String>, tensor: Tensor<T>) {
        let name = name.into();
        assert!(self.get(&name).is_none(), "push: there is a tensor named {name} already");
        self.names.push(name);
        self.tensors.push(tensor);
    }

    /// The number of tensors.
    pub fn len(&self) -> usize {
        self.tensors.len()
    }

    /// Whether the list holds no tensor.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The number of scalars in all tensors together.
    pub fn count(&self) -> usize {
        self.tensors.iter().map(|tensor| tensor.values().len()).sum()
    }

    /// The tensor of that name.
    pub fn get(&self, name: &str) -> Option<&Tensor<T>> {
        let place = self.names.iter().position(|held| held == name)?;
        Some(&self.tensors[place])
    }

    /// The names and tensors, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Tensor<T>)> + Clone {
        self.names.iter().map(String::as_str).zip(&self.tensors)
    }

    /// The tensors alone, in order.
    pub fn tensors(&self) -> &[Tensor<T>] {
        &self.tensors
    }

    /// The tensors alone, in order, to be changed.
    pub fn tensors_mut(&mut self) -> &mut [Tensor<T>] {
        &mut self.tensors
    }

    /// All scalars, tensor after tensor.
    pub fn values(&self) -> impl Iterator<Item = T> {
        self.tensors.iter().flat_map(|tensor| tensor.values().iter().copied())
    }

    /// The same names and shapes, all values 0.
    pub fn zeros_like(&self) -> Self {
        self.map(|_| T::ZERO)
    }

    /// The same names and shapes, every value `x` become `value(x)`.
    pub fn map(&self, value: impl FnMut(T) -> T) -> Self {
        let mut result = self.clone();
        let mut value = value;
        result.for_each_mut(|x| *x = value(*x));
        result
    }

    /// Changes every value.
    pub fn for_each_mut(&mut self, mut change: impl FnMut(&mut T)) {
        for tensor in &mut self.tensors {
            tensor.values_mut().iter_mut().for_each(&mut change);
        }
    }

    /// Changes every value, seeing the one at the same place in `other`.
    ///
    /// # Panics
    /// Where the two lists differ in names or shapes.
    #[track_caller]
    pub fn zip_mut(&mut self, other: &Tensors<T>, mut change: impl FnMut(&mut T, T)) {
        self.assert_like(other, "zip_mut");
        for (tensor, other) in self.tensors.iter_mut().zip(&other.tensors) {
            for (value, &other) in tensor.values_mut().iter_mut().zip(other.values()) {
                change(value, other);
            }
        }
    }

    /// Takes over all values of `other`.
    ///
    /// # Panics
    /// Where the two lists differ in names or shapes.
    #[track_caller]
    pub fn copy_from(&mut self, other: &Tensors<T>) {
        self.assert_like(other, "copy_from");
        for (tensor, other) in self.tensors.iter_mut().zip(&other.tensors) {
            tensor.values_mut().copy_from_slice(other.values());
        }
    }

    /// `self += other`, elementwise.
    ///
    /// # Panics
    /// Where the two lists differ in names or shapes.
    #[track_caller]
    pub fn add_assign(&mut self, other: &Tensors<T>) {
        self.assert_like(other, "add_assign");
        self.zip_mut(other, |value, other| *value += other);
    }

    /// `self *= factor`.
    pub fn scale(&mut self, factor: T) {
        self.for_each_mut(|value| *value *= factor);
    }

    /// Checks that `other` has the same names and shapes in the same order; `operation` is named where it has not.
    ///
    /// # Panics
    /// At the first difference.
    #[track_caller]
    pub fn assert_like(&self, other: &Tensors<T>, operation: &str) {
        assert!(
            self.len() == other.len(),
            "{operation}: {} tensors {:?} against {} tensors {:?}",
            self.len(),
            self.names,
            other.len(),
            other.names
        );
        for ((name, tensor), (other_name, other)) in self.iter().zip(other.iter()) {
            assert!(
                name == other_name && tensor.shape() == other.shape(),
                "{operation}: {name} {} against {other_name} {}",
                tensor.shape(),
                other.shape()
            );
        }
    }
}

impl<T: Float> Default for Tensors<T> {
    fn default() -> Self {
        Tensors::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Tensors<f64> {
        let mut tensors = Tensors::new();
        tensors.push("w", Tensor::from_fn([2, 3], |i| i as f64));
        tensors.push("b", Tensor::full([3], 10.0));
        tensors
    }

    #[test]
    fn order_and_counts_are_those_of_pushing() {
        let tensors = two();
        assert_eq!(tensors.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["w", "b"]);
        assert_eq!((tensors.len(), tensors.count()), (2, 9));
        assert_eq!(tensors.values().sum::<f64>(), 45.0);
        assert!(tensors.get("c").is_none());
    }

    #[test]
    fn elementwise_helpers_reach_every_value() {
        let mut sum = two();
        sum.add_assign(&two());
        sum.scale(0.5);
        assert_eq!(sum, two());
        let mut copy = two().zeros_like();
        assert_eq!(copy.values().sum::<f64>(), 0.0);
        copy.copy_from(&sum);
        assert_eq!(copy, sum);
        assert_eq!(two().map(|x| -x).values().sum::<f64>(), -45.0);
    }

    #[test]
    #[should_panic(expected = "add_assign: b [3] against b [4]")]
    fn another_shape_is_named() {
        let mut other = Tensors::new();
        other.push("w", Tensor::zeros([2, 3]));
        other.push("b", Tensor::zeros([4]));
        two().add_assign(&other);
    }

    #[test]
    #[should_panic(expected = r#"copy_from: 2 tensors ["w", "b"] against 0 tensors []"#)]
    fn another_number_of_tensors_is_named() {
        two().copy_from(&Tensors::new());
    }

    #[test]
    #[should_panic(expected = "push: there is a tensor named w already")]
    fn names_are_unique() {
        two().push("w", Tensor::scalar(0.0));
    }
}
