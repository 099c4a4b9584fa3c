//! A list of variables, itself kept on the tape.

use super::{Language, MAX_INPUTS, Tape, Var};
use crate::simd::Float;

/// A list of variables, for instance all parameters of a model: a copy of its place, like [`Var`].
pub struct Vars<'t, T: Float, O> {
    tape: &'t Tape<T, O>,
    start: u32,
    len: u32,
}

impl<T: Float, O> Clone for Vars<'_, T, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Float, O> Copy for Vars<'_, T, O> {}

impl<'t, T: Float, O: Language> Vars<'t, T, O> {
    pub(super) fn new(tape: &'t Tape<T, O>, start: u32, len: u32) -> Self {
        Vars { tape, start, len }
    }

    /// A list of `len` variables, made one after the other by `make`.
    pub fn from_fn(tape: &'t Tape<T, O>, len: usize, mut make: impl FnMut(usize) -> Var<'t, T, O>) -> Self {
        let list = tape.new_list(len);
        for i in 0..len {
            let var = make(i);
            tape.set_in_list(list.start as usize + i, var.id());
        }
        list
    }

    /// The list of none.
    pub fn empty(tape: &'t Tape<T, O>) -> Self {
        Vars { tape, start: 0, len: 0 }
    }

    /// The variables of several lists as one.
    pub fn join(tape: &'t Tape<T, O>, lists: &[Self]) -> Self {
        let mut all = lists.iter().flat_map(|list| list.iter());
        let len = lists.iter().map(|list| list.len()).sum();
        Vars::from_fn(tape, len, |_| all.next().expect("as many as were counted"))
    }

    /// The tape that the list and its variables lie on.
    pub fn tape(self) -> &'t Tape<T, O> {
        self.tape
    }

    /// How many variables.
    pub fn len(self) -> usize {
        self.len as usize
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// Variable `i`.
    ///
    /// # Panics
    /// There are fewer.
    #[track_caller]
    pub fn get(self, i: usize) -> Var<'t, T, O> {
        assert!(i < self.len(), "variable {i} of a list of {}", self.len);
        Var::at(self.tape, self.tape.in_list(self.start as usize + i))
    }

    /// All of them, as an array.
    ///
    /// # Panics
    /// There are not exactly `N`.
    #[track_caller]
    pub fn all<const N: usize>(self) -> [Var<'t, T, O>; N] {
        assert!(N == self.len(), "{N} variables asked of a list of {}", self.len);
        std::array::from_fn(|i| self.get(i))
    }

    /// One after the other.
    pub fn iter(self) -> impl ExactSizeIterator<Item = Var<'t, T, O>> {
        (0..self.len()).map(move |i| self.get(i))
    }

    /// The list of `change(x)`.
    pub fn map(self, mut change: impl FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self {
        Vars::from_fn(self.tape, self.len(), |i| change(self.get(i)))
    }

    /// The list of `join(x, y)`.
    ///
    /// # Panics
    /// The lists differ in length.
    #[track_caller]
    pub fn zip(
        self,
        other: Self,
        mut join: impl FnMut(Var<'t, T, O>, Var<'t, T, O>) -> Var<'t, T, O>,
    ) -> Self {
        assert!(self.len == other.len, "lists of {} and of {} variables do not match", self.len, other.len);
        Vars::from_fn(self.tape, self.len(), |i| join(self.get(i), other.get(i)))
    }

    /// The list of `op(x, y)`, or of an op of more operands, one list for each: unlike [`Vars::zip`] it refuses operands at
    /// the caller's line, which a closure cannot.
    ///
    /// # Panics
    /// The lists differ in length, or operands do not fit.
    #[track_caller]
    pub fn record<const N: usize>(self, op: O, others: [Self; N]) -> Self {
        const { assert!(N < MAX_INPUTS, "no op has as many operands") };
        for other in others {
            assert!(
                self.len == other.len,
                "{} of lists of {} and {} variables",
                op.name(),
                self.len,
                other.len
            );
        }
        let list = self.tape.new_list(self.len());
        for i in 0..self.len() {
            let mut operands = [self.get(i); MAX_INPUTS];
            for (operand, other) in operands[1..].iter_mut().zip(others) {
                *operand = other.get(i);
            }
            let var = self.tape.record(op, &operands[..=N]);
            self.tape.set_in_list(list.start as usize + i, var.id());
        }
        list
    }

    /// Variables `start .. start + len` as a list of their own.
    #[track_caller]
    pub fn part(self, start: usize, len: usize) -> Self {
        assert!(start + len <= self.len(), "variables {start}..{} of a list of {}", start + len, self.len);
        Vars { start: self.start + start as u32, len: len as u32, ..self }
    }
}

impl<T: Float, O: Language> std::fmt::Debug for Vars<'_, T, O> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
