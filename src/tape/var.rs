//! A variable: one line of a tape's program.

use super::{Extent, Language, Tape};
use crate::simd::Float;
use crate::tensor::{Shape, Tensor};

/// A value on a tape: a copy of its place, not of its floats.
pub struct Var<'t, T: Float, O> {
    tape: &'t Tape<T, O>,
    id: u32,
}

impl<T: Float, O> Clone for Var<'_, T, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Float, O> Copy for Var<'_, T, O> {}

impl<'t, T: Float, O> Var<'t, T, O> {
    #[inline]
    pub(super) fn new(tape: &'t Tape<T, O>, id: u32) -> Self {
        Var { tape, id }
    }

    /// The tape that it lies on.
    #[inline]
    pub fn tape(self) -> &'t Tape<T, O> {
        self.tape
    }

    /// Its line in the tape's program.
    #[inline]
    pub fn id(self) -> u32 {
        self.id
    }
}

impl<'t, T: Float, O: Language> Var<'t, T, O> {
    /// The variable at line `id` of `tape`.
    #[inline]
    pub fn at(tape: &'t Tape<T, O>, id: u32) -> Self {
        debug_assert!((id as usize) < tape.len());
        Var { tape, id }
    }

    /// Its shape within one episode.
    #[inline]
    pub fn shape(self) -> Shape {
        self.extent().shape
    }

    /// How many episodes it differs in: 1 where all share it.
    #[inline]
    pub fn episodes(self) -> u32 {
        self.extent().episodes
    }

    /// Its shape and its episodes.
    #[inline]
    pub fn extent(self) -> Extent {
        self.tape.extent(self.id)
    }

    /// Reads its floats: episode after episode, each in row-major order. Nothing can be recorded meanwhile.
    pub fn read<R>(self, look: impl FnOnce(&[T]) -> R) -> R {
        self.tape.read(self.id, look)
    }

    /// Its only float.
    ///
    /// # Panics
    /// It has another number of floats than one.
    #[track_caller]
    pub fn item(self) -> T {
        let extent = self.extent();
        assert!(extent.len() == 1, "item of {extent}: it has {} floats, not one", extent.len());
        self.read(|values| values[0])
    }

    /// A copy at rest. Where it has several episodes, they become the leading axis.
    pub fn to_tensor(self) -> Tensor<T> {
        let extent = self.extent();
        let mut dims = Vec::new();
        if extent.episodes > 1 {
            dims.push(extent.episodes as usize);
        }
        dims.extend((0..extent.shape.rank()).map(|axis| extent.shape.dim(axis)));
        self.read(|values| Tensor::from_vec(Shape::new(&dims), values.to_vec()))
    }
}

impl<T: Float, O: Language> std::fmt::Debug for Var<'_, T, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let head = self.read(|values| values.iter().take(8).map(T::to_string).collect::<Vec<_>>().join(", "));
        let more = if self.extent().len() > 8 { ", ..." } else { "" };
        write!(f, "Var #{} {}: {head}{more}", self.id, self.extent())
    }
}
