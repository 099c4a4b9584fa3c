//! Cross-entropy from logits and class numbers.

use super::kind::{Fused, Multilinear, OpCall, OpWanted};
use super::sample::{Domain, Pick};
use super::{Op, Var, check_numbers, join_episodes, settle};
use crate::kernels::index::index;
use crate::kernels::softmax::log_sum_exp;
use crate::simd::Float;
use crate::tape::{Extent, Mismatch, Value};
use crate::tensor::Shape;

/// `ln sum_j e^{x_j} - x_label` for each row of logits: the loss of each example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CrossEntropy;

/// A row of zeros with a one at the label's place, for each label: constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OneHot {
    /// How many columns.
    pub classes: u32,
}

impl Multilinear for OneHot {
    const NAME: &'static str = "one_hot";
    const SLOTS: &'static [usize] = &[];
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        match inputs[0].shape.rank() {
            1 => Ok(Extent { shape: [inputs[0].shape.len(), self.classes as usize].into(), ..*inputs[0] }),
            _ => Err(Mismatch("wants a list of class numbers")),
        }
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], _: &Extent, out: &mut [T]) {
        let classes = self.classes as usize;
        out.fill(T::ZERO);
        for (row, &label) in inputs[0].values.iter().enumerate() {
            out[row * classes + index(label, classes)] = T::ONE;
        }
    }
    fn transpose<'t, T: Float>(
        self,
        slot: usize,
        _: &[Var<'t, T>],
        _: Var<'t, T>,
        _: OpWanted<'t, T>,
    ) -> Var<'t, T> {
        unreachable!("one_hot is linear in no slot, {slot} neither")
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let classes = pick.length();
        let labels = Shape::from([pick.length()]);
        (OneHot { classes: classes as u32 }, vec![(labels, Domain::Index(classes))])
    }
}

impl Fused for CrossEntropy {
    const NAME: &'static str = "cross_entropy";
    fn extent(self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        let (logits, labels) = (inputs[0].shape, inputs[1].shape);
        if logits.rank() != 2 || logits.dim(1) == 0 || labels.rank() != 1 || labels.dim(0) != logits.dim(0) {
            return Err(Mismatch("wants logits [n, classes] and class numbers [n]"));
        }
        Ok(Extent { episodes: join_episodes(inputs[0], inputs[1])?, shape: labels })
    }
    fn evaluate<T: Float>(self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        let [logits, labels] = [inputs[0], inputs[1]];
        let classes = logits.extent.shape.dim(1);
        let rows = extent.shape.len();
        if rows == 0 {
            return;
        }
        for (e, out) in out.chunks_exact_mut(rows).enumerate() {
            let logits = &logits.values[e * logits.extent.episode_stride()..][..rows * classes];
            let labels = &labels.values[e * labels.extent.episode_stride()..][..rows];
            log_sum_exp(logits, out);
            for ((loss, logits), &label) in out.iter_mut().zip(logits.chunks_exact(classes)).zip(labels) {
                *loss -= logits[index(label, classes)];
            }
        }
    }
    fn jvp<'t, T: Float>(
        self,
        call: OpCall<'_, 't, T>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        tangents[0].map(|tangent| (slope(call) * tangent).sum_axis(1))
    }
    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: OpCall<'_, 't, T>,
        cotangent: Var<'t, T>,
        wanted: OpWanted<'t, T>,
    ) -> Option<Var<'t, T>> {
        let rows = call.output.shape().len();
        (slot == 0).then(|| settle(slope(call) * cotangent.reshape([rows, 1]), wanted))
    }
    fn twin<'t, T: Float>(self, inputs: &[Var<'t, T>]) -> Var<'t, T> {
        let [logits, labels] = [inputs[0], inputs[1]];
        -(one_hot(labels, logits.shape().dim(1)) * logits.log_softmax()).sum_axis(1)
    }
    fn sample(pick: &mut Pick<'_>) -> (Self, Vec<(Shape, Domain)>) {
        let [rows, classes] = [pick.length(), pick.length()];
        let labels = (Shape::from([rows]), Domain::Index(classes));
        (CrossEntropy, vec![(Shape::from([rows, classes]), Domain::Real), labels])
    }
}

/// The derivative by the logits: `softmax(logits) - one_hot(labels)`.
fn slope<'t, T: Float>(call: OpCall<'_, 't, T>) -> Var<'t, T> {
    let [logits, labels] = [call.inputs[0], call.inputs[1]];
    logits.softmax() - one_hot(labels, logits.shape().dim(1))
}

#[track_caller]
fn one_hot<T: Float>(labels: Var<'_, T>, classes: usize) -> Var<'_, T> {
    labels.tape().record(Op::OneHot(OneHot { classes: classes as u32 }), &[labels])
}

impl<T: Float> Var<'_, T> {
    /// The cross-entropy of each row of logits `[n, classes]` against class numbers `[n]`:
    /// `ln sum_j e^{x_j} - x_label`, without overflow; `[n]`. No derivative flows into the labels.
    ///
    /// # Panics
    /// The shapes are others, or a label is no whole number below `classes`.
    #[track_caller]
    pub fn cross_entropy(self, labels: Self) -> Self {
        if self.shape().rank() == 2 {
            check_numbers(CrossEntropy::NAME, labels, self.shape().dim(1));
        }
        self.tape().record(Op::CrossEntropy(CrossEntropy), &[self, labels])
    }

    /// For each class number of a list, a row of zeros with a one at its place: `[n]` to `[n, classes]`.
    ///
    /// # Panics
    /// It is no list of whole numbers below `classes`.
    #[track_caller]
    pub fn one_hot(self, classes: usize) -> Self {
        check_numbers(OneHot::NAME, self, classes);
        one_hot(self, classes)
    }
}
