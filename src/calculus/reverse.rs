//! Cotangents down the tape.

use super::on_episodes;
use crate::simd::Float;
use crate::tape::{Bundle, Differentiable, Extent, MAX_INPUTS, Node, Scratch, Tape, Var};

/// The gradient of a scalar: `d loss / d inputs`, in the structure of `inputs`.
///
/// Each part has the shape of its input. Where the loss has E episodes, so has the gradient: one gradient of one
/// loss for each (see the [room's page](super)). An input that the loss does not depend on gets zeros.
///
/// # Panics
/// The loss is not a scalar.
#[track_caller]
pub fn grad<'t, T: Float, O: Differentiable, B: Bundle<'t, T, O>>(loss: Var<'t, T, O>, inputs: &B) -> B {
    let extent = loss.extent();
    assert!(extent.shape.len() == 1, "grad of {}: a loss is a scalar", extent.shape);
    pull(&loss, inputs, &loss.tape().fill(extent, T::ONE), extent.episodes)
}

/// The vector-Jacobian product `cotangents . (d outputs / d inputs)`, in the structure of `inputs`.
///
/// Each cotangent has the shape of its output; a shared cotangent of an output with E episodes is the same for each. Each
/// result has the extent of its input: that of an input which all episodes share is summed over the episodes, so this is
/// the exact transpose of [`jvp`](super::jvp).
///
/// # Panics
/// A cotangent has another shape than its output.
#[track_caller]
pub fn vjp<'t, T, O, Outputs, Inputs>(outputs: &Outputs, inputs: &Inputs, cotangents: &Outputs) -> Inputs
where
    T: Float,
    O: Differentiable,
    Outputs: Bundle<'t, T, O>,
    Inputs: Bundle<'t, T, O>,
{
    pull(outputs, inputs, cotangents, 1)
}

/// The vector-Jacobian product in which each cotangent has at least `episodes` episodes.
#[track_caller]
pub(super) fn pull<'t, T, O, Outputs, Inputs>(
    outputs: &Outputs,
    inputs: &Inputs,
    cotangents: &Outputs,
    episodes: u32,
) -> Inputs
where
    T: Float,
    O: Differentiable,
    Outputs: Bundle<'t, T, O>,
    Inputs: Bundle<'t, T, O>,
{
    let mut tape = None;
    outputs.each(&mut |y| tape = Some(y.tape()));
    let Some(tape) = tape else { return inputs.rebuild(&mut |x| x.tape().fill(x.extent(), T::ZERO)) };
    tape.with_scratch(|scratch| {
        let mut walk = Walk::new(tape, scratch, outputs, inputs, episodes);
        walk.seed(outputs, cotangents);
        walk.down();
        inputs.rebuild(&mut |x| walk.cotangent_or_zeros(x))
    })
}

/// A walk from the last output down to the first input; marks and links are counted from `first`.
struct Walk<'t, 's, T: Float, O> {
    tape: &'t Tape<T, O>,
    scratch: &'s mut Scratch,
    first: u32,
    episodes: u32,
}

impl<'t, 's, T: Float, O: Differentiable> Walk<'t, 's, T, O> {
    /// Marks all that depends on an input.
    fn new(
        tape: &'t Tape<T, O>,
        scratch: &'s mut Scratch,
        outputs: &impl Bundle<'t, T, O>,
        inputs: &impl Bundle<'t, T, O>,
        episodes: u32,
    ) -> Self {
        let (mut first, mut last) = (u32::MAX, 0);
        inputs.each(&mut |x| first = first.min(x.id()));
        outputs.each(&mut |y| last = last.max(y.id()));
        let count = (last + 1).saturating_sub(first) as usize;
        let Scratch { marks, links, .. } = &mut *scratch;
        marks.clear();
        marks.resize(count, 0);
        links.clear();
        links.resize(count, NONE);
        inputs.each(&mut |x| {
            if let Some(mark) = marks.get_mut((x.id() - first) as usize) {
                *mark = 1;
            }
        });
        for at in 0..count {
            let node = tape.node(first + at as u32);
            let reads = &node.inputs[..usize::from(node.arity)];
            if reads.iter().any(|&id| id >= first && marks[(id - first) as usize] == 1) {
                marks[at] = 1;
            }
        }
        Walk { tape, scratch, first, episodes }
    }

    #[track_caller]
    fn seed<B: Bundle<'t, T, O>>(&mut self, outputs: &B, cotangents: &B) {
        self.scratch.list.clear();
        cotangents.each(&mut |cotangent| self.scratch.list.push(cotangent.id()));
        assert!(self.scratch.list.len() == count(outputs), "vjp: outputs and cotangents differ in number");
        let mut at = 0;
        outputs.each(&mut |y| {
            let cotangent = Var::at(self.tape, self.scratch.list[at]);
            at += 1;
            assert!(
                cotangent.shape() == y.shape(),
                "vjp: a cotangent of shape {} for an output of shape {}",
                cotangent.shape(),
                y.shape()
            );
            if y.id() >= self.first && self.marked(y.id()) {
                self.accumulate(y.id(), on_episodes(cotangent, y.episodes()));
            }
        });
    }

    fn down(&mut self) {
        for at in (0..self.scratch.links.len()).rev() {
            let link = self.scratch.links[at];
            if link == NONE {
                continue;
            }
            let id = self.first + at as u32;
            let node = self.tape.node(id);
            if node.op.is_some() {
                self.through(id, node, Var::at(self.tape, link));
            }
        }
    }

    /// Hands the cotangent of one node on to what it read.
    fn through(&mut self, id: u32, node: Node<O>, cotangent: Var<'t, T, O>) {
        let arity = usize::from(node.arity);
        let mut wanted = [None; MAX_INPUTS];
        for (want, &input) in wanted[..arity].iter_mut().zip(&node.inputs) {
            if input >= self.first && self.marked(input) {
                *want = Some(self.cotangent_extent(input));
            }
        }
        if wanted.iter().all(Option::is_none) {
            return;
        }
        let inputs = node.inputs.map(|input| Var::at(self.tape, input));
        let call = crate::tape::Call { inputs: &inputs[..arity], output: Var::at(self.tape, id) };
        let op = node.op.expect("leaves are not walked through");
        let found = op.vjp(call, cotangent, &wanted[..arity]);
        for ((cotangent, want), &input) in found.into_iter().zip(wanted).zip(&node.inputs) {
            if let (Some(cotangent), Some(want)) = (cotangent, want) {
                debug_assert_eq!(cotangent.extent(), want, "{}: cotangent of another extent", op.name());
                self.accumulate(input, cotangent);
            }
        }
    }

    fn accumulate(&mut self, id: u32, cotangent: Var<'t, T, O>) {
        let link = &mut self.scratch.links[(id - self.first) as usize];
        *link = match *link {
            NONE => cotangent.id(),
            before => O::add(Var::at(self.tape, before), cotangent).id(),
        };
    }

    fn marked(&self, id: u32) -> bool {
        self.scratch.marks[(id - self.first) as usize] == 1
    }

    fn cotangent_extent(&self, id: u32) -> Extent {
        let extent = self.tape.node(id).extent;
        Extent { episodes: extent.episodes.max(self.episodes), ..extent }
    }

    fn cotangent_or_zeros(&self, x: Var<'t, T, O>) -> Var<'t, T, O> {
        match self.scratch.links.get((x.id() - self.first) as usize) {
            Some(&link) if link != NONE => Var::at(self.tape, link),
            _ => self.tape.fill(self.cotangent_extent(x.id()), T::ZERO),
        }
    }
}

const NONE: u32 = u32::MAX;

fn count<'t, T: Float, O: Differentiable>(bundle: &impl Bundle<'t, T, O>) -> usize {
    let mut count = 0;
    bundle.each(&mut |_| count += 1);
    count
}
