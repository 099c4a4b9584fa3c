//! Outer optimisers: they descend a gradient that is given to them, and keep their state as named tensors.

mod adam;
mod rmsprop;
mod sgd;

use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::Tensors;

pub use adam::Adam;
pub use rmsprop::RmsProp;
pub use sgd::Sgd;

/// An optimiser: it changes parameters against a gradient.
pub trait Optimizer<T: Float>: Send {
    /// One step at `rate`. `gradient` holds the floats of all tensors of `parameters`, one tensor after the other.
    fn descend(&mut self, parameters: &mut impl AtRest<T>, gradient: &[T], rate: f64);

    /// What it remembers, to be saved.
    fn state(&self) -> Tensors<T>;

    /// Remembers what [`Optimizer::state`] gave.
    ///
    /// # Panics
    /// `state` is that of another optimiser or of other parameters.
    fn restore(&mut self, state: &Tensors<T>);

    /// One step at `rate` against a gradient of the same structure as `parameters`, as [`mean_grad`](crate::meta::mean_grad)
    /// gives it.
    ///
    /// # Panics
    /// The structures differ.
    #[track_caller]
    fn step<M: AtRest<T>>(&mut self, parameters: &mut M, gradient: &M, rate: f64) {
        let mut flat = Vec::new();
        gradient.each(&mut |tensor| flat.extend_from_slice(tensor.values()));
        self.descend(parameters, &flat, rate);
    }
}

/// Calls `update` with each tensor's values and where they begin among all.
fn each_part<T: Float>(
    parameters: &mut impl AtRest<T>,
    gradient: &[T],
    mut update: impl FnMut(&mut [T], std::ops::Range<usize>),
) {
    let mut at = 0;
    parameters.each_mut(&mut |tensor| {
        let end = at + tensor.values().len();
        update(tensor.values_mut(), at..end);
        at = end;
    });
    assert!(at == gradient.len(), "a gradient of {} floats for {at} parameters", gradient.len());
}

/// A list of tensors that holds one flat list of floats for each name.
fn flat_state<T: Float>(parts: &[(&str, &[T])]) -> Tensors<T> {
    let mut state = Tensors::new();
    for (name, values) in parts {
        state.push(*name, crate::tensor::Tensor::from_vec([values.len()], values.to_vec()));
    }
    state
}

/// The floats of one name in a list that [`flat_state`] made.
fn flat_part<T: Float>(state: &Tensors<T>, name: &str) -> Vec<T> {
    let part = state.get(name).unwrap_or_else(|| panic!("the optimiser's state has no {name}"));
    part.values().to_vec()
}
