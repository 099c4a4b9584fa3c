//! Parts of an axis: cut out, put between zeros, put side by side.

use super::kind::Linear;
use super::sample::Pick;
use super::sum::whole;
use super::{Op, Var, join_episodes};
use crate::kernels::layout::copy_columns;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// Elements `start .. start + len` of an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice {
    /// The axis.
    pub axis: u32,
    /// The first element.
    pub start: u32,
    /// How many.
    pub len: u32,
}

/// `x` as elements `start ..` of an axis of length `len`, zeros elsewhere.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pad {
    /// The axis.
    pub axis: u32,
    /// Where `x` begins.
    pub start: u32,
    /// How long the axis is in the result.
    pub len: u32,
}

/// `x0` and then `x1` along an axis.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Concat {
    /// The axis.
    pub axis: u32,
}

/// How many floats lie in one step over everything from `axis` on.
fn pitch(shape: Shape, axis: u32) -> usize {
    shape.dims()[axis as usize..].iter().map(|&dim| dim as usize).product()
}

impl Linear for Slice {
    const NAME: &'static str = "slice";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let shape = inputs[0].shape;
        if self.axis as usize >= shape.rank() {
            return Err(Mismatch("there is no such axis"));
        }
        if u64::from(self.start) + u64::from(self.len) > shape.dim(self.axis as usize) as u64 {
            return Err(Mismatch("the part ends behind the axis"));
        }
        Ok(Extent { shape: shape.with_dim(self.axis as usize, self.len as usize), ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let x = inputs[0];
        let (from, to) = (pitch(x.extent.shape, self.axis), pitch(extent.shape, self.axis));
        let start = if self.len == 0 { 0 } else { self.start as usize * (to / self.len as usize) };
        copy_columns((x.values, start, from), (out, 0, to), to);
    }
    fn transpose<'t, T: Float>(self, _: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        let len = inputs[0].shape.dims()[self.axis as usize];
        let pad = Pad { axis: self.axis, start: self.start, len };
        cotangent.tape().record(Op::Pad(pad), &[cotangent])
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let shape = pick.shape_with_axes();
        let axis = pick.below(shape.rank());
        let start = pick.below(shape.dim(axis));
        let len = 1 + pick.below(shape.dim(axis) - start);
        (Slice { axis: axis as u32, start: start as u32, len: len as u32 }, vec![shape])
    }
}

impl Linear for Pad {
    const NAME: &'static str = "pad";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let shape = inputs[0].shape;
        if self.axis as usize >= shape.rank() {
            return Err(Mismatch("there is no such axis"));
        }
        if u64::from(self.start) + shape.dim(self.axis as usize) as u64 > u64::from(self.len) {
            return Err(Mismatch("the operand ends behind the axis"));
        }
        Ok(Extent { shape: shape.with_dim(self.axis as usize, self.len as usize), ..*inputs[0] })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let x = inputs[0];
        out.fill(T::ZERO);
        let (from, to) = (pitch(x.extent.shape, self.axis), pitch(extent.shape, self.axis));
        let start = if self.len == 0 { 0 } else { self.start as usize * (to / self.len as usize) };
        copy_columns((x.values, 0, from), (out, start, to), from);
    }
    fn transpose<'t, T: Float>(self, _: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        let len = inputs[0].shape.dims()[self.axis as usize];
        let slice = Slice { axis: self.axis, start: self.start, len };
        cotangent.tape().record(Op::Slice(slice), &[cotangent])
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let shape = pick.shape_with_axes();
        let axis = pick.below(shape.rank());
        let start = pick.below(3);
        let len = start + shape.dim(axis) + pick.below(3);
        (Pad { axis: axis as u32, start: start as u32, len: len as u32 }, vec![shape])
    }
}

impl Linear for Concat {
    const NAME: &'static str = "concat";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let (left, right) = (inputs[0].shape, inputs[1].shape);
        let axis = self.axis as usize;
        if axis >= left.rank() || left.rank() != right.rank() {
            return Err(Mismatch("both operands need the axis, and the same number of axes"));
        }
        if (0..left.rank()).any(|other| other != axis && left.dim(other) != right.dim(other)) {
            return Err(Mismatch("the other axes differ in length"));
        }
        let len = left.dim(axis) + right.dim(axis);
        let episodes = join_episodes(inputs[0], inputs[1])?;
        Ok(Extent { episodes, shape: left.with_dim(axis, len) })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let to = pitch(extent.shape, self.axis);
        let episode = extent.shape.len();
        if episode == 0 {
            return;
        }
        let mut start = 0;
        for x in inputs {
            let from = pitch(x.extent.shape, self.axis);
            let stride = x.extent.episode_stride();
            for (e, out) in out.chunks_exact_mut(episode).enumerate() {
                let values = &x.values[e * stride..][..x.extent.shape.len()];
                copy_columns((values, 0, from), (out, start, to), from);
            }
            start += from;
        }
    }
    fn transpose<'t, T: Float>(self, slot: usize, inputs: &[Extent], cotangent: Var<'t, T>) -> Var<'t, T> {
        let len = inputs[slot].shape.dims()[self.axis as usize];
        let start = if slot == 0 { 0 } else { inputs[0].shape.dims()[self.axis as usize] };
        cotangent.tape().record(Op::Slice(Slice { axis: self.axis, start, len }), &[cotangent])
    }
    fn partial<'t, T: Float>(
        self,
        slot: usize,
        inputs: &[Extent],
        tangent: Var<'t, T>,
        output: Extent,
    ) -> Var<'t, T> {
        let start = if slot == 0 { 0 } else { inputs[0].shape.dims()[self.axis as usize] };
        let len = output.shape.dims()[self.axis as usize];
        whole(tangent.tape().record(Op::Pad(Pad { axis: self.axis, start, len }), &[tangent]), output)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<Shape>) {
        let left = pick.shape_with_axes();
        let axis = pick.below(left.rank());
        let right = left.with_dim(axis, pick.length());
        (Concat { axis: axis as u32 }, vec![left, right])
    }
}

/// `left` and then `right` along an axis: `[2, 3]` and `[2, 4]` along axis 1 are `[2, 7]`.
///
/// # Panics
/// There is no such axis, or the other axes differ in length.
#[track_caller]
pub fn concat<'t, T: Float>(left: Var<'t, T>, right: Var<'t, T>, axis: usize) -> Var<'t, T> {
    left.tape().record(Op::Concat(Concat { axis: axis as u32 }), &[left, right])
}

impl<T: Float> Var<'_, T> {
    /// Elements `range` of an axis: `x.slice(0, 2..5)` are rows 2, 3 and 4.
    ///
    /// # Panics
    /// There is no such axis, or the range ends behind it.
    #[track_caller]
    pub fn slice(self, axis: usize, range: std::ops::Range<usize>) -> Self {
        assert!(range.start <= range.end, "slice {range:?}: it ends before it begins");
        let slice =
            Slice { axis: axis as u32, start: range.start as u32, len: (range.end - range.start) as u32 };
        self.tape().record(Op::Slice(slice), &[self])
    }
}
