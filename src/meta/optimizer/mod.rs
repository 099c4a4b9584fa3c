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
    ///
    /// # Panics
    /// There are more or fewer floats in `gradient` than in `parameters`.
    #[track_caller]
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
        let (mut flat, mut shapes, mut own) = (Vec::new(), Vec::new(), Vec::new());
        gradient.each(&mut |tensor| {
            flat.extend_from_slice(tensor.values());
            shapes.push(tensor.shape());
        });
        parameters.each(&mut |tensor| own.push(tensor.shape()));
        assert!(shapes == own, "step: gradients of shapes {shapes:?} for parameters of shapes {own:?}");
        self.descend(parameters, &flat, rate);
    }
}

/// Memory for one running mean, zero where it is new.
#[track_caller]
fn prepare<T: Float>(memory: &mut Vec<T>, parameters: &impl AtRest<T>, gradient: &[T]) {
    let count = parameters.count();
    assert!(gradient.len() == count, "a gradient of {} floats for {count} parameters", gradient.len());
    if memory.is_empty() {
        memory.resize(count, T::ZERO);
    }
    assert!(memory.len() == count, "an optimiser's state of {} floats for {count} parameters", memory.len());
}

/// Calls `update` with each tensor's values and where they begin among all.
pub(super) fn each_part<T: Float>(
    parameters: &mut impl AtRest<T>,
    mut update: impl FnMut(&mut [T], std::ops::Range<usize>),
) {
    let mut at = 0;
    parameters.each_mut(&mut |tensor| {
        let end = at + tensor.values().len();
        update(tensor.values_mut(), at..end);
        at = end;
    });
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
