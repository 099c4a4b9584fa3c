//! Tangents up the tape.

use super::on_episodes;
use crate::simd::Float;
use crate::tape::{Bundle, Call, Differentiable, MAX_INPUTS, Node, Scratch, Tape, Var};

/// The Jacobian-vector product `(d outputs / d inputs) . tangents`, in the structure of `outputs`.
///
/// Each tangent has the shape of its input. It may have E episodes where the input is shared; a shared tangent of an input
/// with E episodes is the same for each. The outputs have been recorded before; only what lies between inputs and outputs
/// is walked. An output that depends on no input gets zeros.
///
/// # Panics
/// A tangent has another shape than its input.
#[track_caller]
pub fn jvp<'t, T, O, Outputs, Inputs>(outputs: &Outputs, inputs: &Inputs, tangents: &Inputs) -> Outputs
where
    T: Float,
    O: Differentiable,
    Outputs: Bundle<'t, T, O>,
    Inputs: Bundle<'t, T, O>,
{
    let mut tape = None;
    inputs.each(&mut |x| tape = Some(x.tape()));
    let Some(tape) = tape else { return outputs.rebuild(&mut |y| y.tape().fill(y.extent(), T::ZERO)) };
    let mut scratch = tape.take_scratch();
    let mut walk = Walk::new(tape, &mut scratch, outputs, inputs);
    walk.seed(inputs, tangents);
    walk.up();
    let found = outputs.rebuild(&mut |y| walk.tangent_or_zeros(y));
    tape.return_scratch(scratch);
    found
}

/// A walk from the first input up to the last output; marks and links are counted from `first`.
struct Walk<'t, 's, T: Float, O> {
    tape: &'t Tape<T, O>,
    scratch: &'s mut Scratch,
    first: u32,
}

impl<'t, 's, T: Float, O: Differentiable> Walk<'t, 's, T, O> {
    /// Marks all that an output depends on.
    fn new(
        tape: &'t Tape<T, O>,
        scratch: &'s mut Scratch,
        outputs: &impl Bundle<'t, T, O>,
        inputs: &impl Bundle<'t, T, O>,
    ) -> Self {
        let (mut first, mut last) = (u32::MAX, 0);
        inputs.each(&mut |x| {
            first = first.min(x.id());
            last = last.max(x.id());
        });
        outputs.each(&mut |y| last = last.max(y.id()));
        let count = (last + 1 - first) as usize;
        let Scratch { marks, links, .. } = &mut *scratch;
        marks.clear();
        marks.resize(count, 0);
        links.clear();
        links.resize(count, NONE);
        outputs.each(&mut |y| {
            if y.id() >= first {
                marks[(y.id() - first) as usize] = 1;
            }
        });
        tape.read_program(|nodes| {
            for (at, node) in nodes[first as usize..][..count].iter().enumerate().rev() {
                if marks[at] == 1 {
                    for &id in &node.inputs[..usize::from(node.arity)] {
                        if id >= first {
                            marks[(id - first) as usize] = 1;
                        }
                    }
                }
            }
        });
        Walk { tape, scratch, first }
    }

    #[track_caller]
    fn seed<B: Bundle<'t, T, O>>(&mut self, inputs: &B, tangents: &B) {
        let Scratch { links, list, .. } = &mut *self.scratch;
        list.clear();
        tangents.each(&mut |tangent| list.push(tangent.id()));
        let count = list.len();
        inputs.each(&mut |x| list.push(x.id()));
        let (tangents, inputs) = list.split_at(count);
        assert!(
            tangents.len() == inputs.len(),
            "jvp: {} tangents for {} inputs",
            tangents.len(),
            inputs.len()
        );
        // A loop rather than a closure: a closure would name this line in place of the caller's.
        for (&tangent, &input) in tangents.iter().zip(inputs) {
            let (tangent, x) = (Var::at(self.tape, tangent), Var::at(self.tape, input));
            assert!(
                tangent.shape() == x.shape(),
                "jvp: a tangent of shape {} for an input of shape {}",
                tangent.shape(),
                x.shape()
            );
            let link = &mut links[(input - self.first) as usize];
            assert!(*link == NONE, "jvp: one variable is named twice among the inputs");
            *link = on_episodes(tangent, x.episodes()).id();
        }
    }

    fn up(&mut self) {
        for at in 0..self.scratch.links.len() {
            let id = self.first + at as u32;
            if self.scratch.marks[at] == 0 {
                continue;
            }
            let node = self.tape.node(id);
            self.tape.differentiate(Some(id));
            let Some(tangent) = self.through(id, node) else { continue };
            // A computed variable may itself be an input: its own tangent comes on top.
            let link = &mut self.scratch.links[at];
            *link = match *link {
                NONE => tangent.id(),
                own => O::add(Var::at(self.tape, own), tangent).id(),
            };
        }
        self.tape.differentiate(None);
    }

    /// The tangent of one node, from those of what it read.
    fn through(&self, id: u32, node: Node<O>) -> Option<Var<'t, T, O>> {
        let op = node.op?;
        let arity = usize::from(node.arity);
        let mut tangents = [None; MAX_INPUTS];
        for (tangent, &input) in tangents[..arity].iter_mut().zip(&node.inputs) {
            if input >= self.first {
                let link = self.scratch.links[(input - self.first) as usize];
                *tangent = (link != NONE).then(|| Var::at(self.tape, link));
            }
        }
        if tangents.iter().all(Option::is_none) {
            return None;
        }
        let inputs = node.inputs.map(|input| Var::at(self.tape, input));
        let call = Call { inputs: &inputs[..arity], output: Var::at(self.tape, id) };
        let tangent = op.jvp(call, &tangents[..arity]);
        debug_assert!(
            tangent
                .is_none_or(|tangent| tangent.shape() == node.extent.shape
                    && tangent.episodes() >= node.extent.episodes),
            "{}: tangent of another extent",
            op.name()
        );
        tangent
    }

    fn tangent_or_zeros(&self, y: Var<'t, T, O>) -> Var<'t, T, O> {
        let link = y.id().checked_sub(self.first).and_then(|at| self.scratch.links.get(at as usize));
        match link {
            Some(&link) if link != NONE => Var::at(self.tape, link),
            _ => self.tape.fill(y.extent(), T::ZERO),
        }
    }
}

const NONE: u32 = u32::MAX;
