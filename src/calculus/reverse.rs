//! Cotangents down the tape.

use crate::simd::Float;
use crate::tape::{
    Bundle, Call, Differentiable, Extent, MAX_INPUTS, Node, Scratch, Tape, Var, Waiting, Wanted,
};

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

/// `inputs + factor * (d loss / d inputs)`, in the structure of `inputs`: a step of gradient descent where the factor is
/// negative. Where the loss has E episodes, so has the result.
///
/// The walk begins with the factor and adds to the inputs as it goes, so neither the gradient nor its product with the
/// factor is ever written: of five inner steps of MAML on the sinusoid network that spares a tenth. With a gradient that
/// `is_constant` no derivative of the result flows through it: the result's derivative by the inputs is the identity.
///
/// # Panics
/// The loss is not a scalar.
#[track_caller]
pub fn descend<'t, T: Float, O: Differentiable, B: Bundle<'t, T, O>>(
    loss: Var<'t, T, O>,
    inputs: &B,
    factor: T,
    is_constant: bool,
) -> B {
    let extent = loss.extent();
    assert!(extent.shape.len() == 1, "descend: {} is no scalar, as a loss is", extent.shape);
    let tape = loss.tape();
    let mut scratch = tape.take_scratch();
    let mut walk = Walk::new(tape, &mut scratch, &loss, inputs, extent.episodes);
    walk.is_constant = is_constant;
    inputs.each(&mut |x| walk.start_at(x));
    walk.seed(&loss, &tape.fill(extent, factor));
    walk.down();
    let found = inputs.rebuild(&mut |x| walk.with_cotangent(x));
    tape.return_scratch(scratch);
    found
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
    let mut scratch = tape.take_scratch();
    let mut walk = Walk::new(tape, &mut scratch, outputs, inputs, episodes);
    walk.seed(outputs, cotangents);
    walk.down();
    let found = inputs.rebuild(&mut |x| walk.cotangent_or_zeros(x));
    tape.return_scratch(scratch);
    found
}

/// A walk from the last output down to the first input; marks and links are counted from `first`.
struct Walk<'t, 's, T: Float, O> {
    tape: &'t Tape<T, O>,
    scratch: &'s mut Scratch,
    first: u32,
    episodes: u32,
    /// Whether no derivative flows through what the walk writes, but for what it adds to.
    is_constant: bool,
    held: Option<Held<'t, T, O>>,
}

/// A cotangent that [waits](Differentiable::waits).
struct Held<'t, T: Float, O> {
    /// The line of the op, and how many inputs it has.
    id: u32,
    arity: usize,
    op: O,
    inputs: [Var<'t, T, O>; MAX_INPUTS],
    output: Var<'t, T, O>,
    cotangent: Var<'t, T, O>,
    /// The input that it is for, and the line of that.
    slot: usize,
    input: u32,
}

impl<'t, T: Float, O: Differentiable> Held<'t, T, O> {
    fn call(&self) -> Call<'_, 't, T, O> {
        Call { inputs: &self.inputs[..self.arity], output: self.output }
    }

    fn waiting(&self) -> Waiting<'_, 't, T, O> {
        Waiting { op: self.op, call: self.call(), cotangent: self.cotangent }
    }
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
        tape.read_program(|nodes| {
            for (at, node) in nodes[nodes.len().min(first as usize)..].iter().take(count).enumerate() {
                let Some(op) = node.op else { continue };
                let reads = node.inputs[..usize::from(node.arity)].iter().enumerate();
                let mut marked = reads.filter(|&(_, &id)| id >= first && marks[(id - first) as usize] == 1);
                if marked.any(|(slot, _)| op.passes(slot)) {
                    marks[at] = 1;
                }
            }
        });
        Walk { tape, scratch, first, episodes, is_constant: false, held: None }
    }

    #[track_caller]
    fn seed<B: Bundle<'t, T, O>>(&mut self, outputs: &B, cotangents: &B) {
        let list = &mut self.scratch.list;
        list.clear();
        cotangents.each(&mut |cotangent| list.push(cotangent.id()));
        let count = list.len();
        outputs.each(&mut |y| list.push(y.id()));
        assert!(2 * count == list.len(), "vjp: {count} cotangents for {} outputs", list.len() - count);
        // A loop rather than a closure: a closure would name this line in place of the caller's.
        for at in 0..count {
            let cotangent = Var::at(self.tape, self.scratch.list[at]);
            let y = Var::at(self.tape, self.scratch.list[count + at]);
            assert!(
                cotangent.shape() == y.shape(),
                "vjp: a cotangent of shape {} for an output of shape {}",
                cotangent.shape(),
                y.shape()
            );
            if y.id() >= self.first && self.marked(y.id()) {
                let link = &mut self.scratch.links[(y.id() - self.first) as usize];
                *link = match *link {
                    NONE => cotangent.id(),
                    before => O::add(Var::at(self.tape, before), cotangent).id(),
                };
            }
        }
    }

    fn down(&mut self) {
        for at in (0..self.scratch.links.len()).rev() {
            let id = self.first + at as u32;
            if let Some(held) = self.held_for(id) {
                self.let_go(&held);
            }
            let link = self.scratch.links[at];
            if link == NONE {
                continue;
            }
            let node = self.tape.node(id);
            if let Some(op) = node.op {
                self.tape.differentiate(Some(id));
                self.through(id, &node, op, Var::at(self.tape, link));
            }
        }
        self.tape.differentiate(None);
    }

    /// Hands the cotangent of one node on to what it read.
    fn through(&mut self, id: u32, node: &Node<O>, op: O, cotangent: Var<'t, T, O>) {
        let arity = usize::from(node.arity);
        let mut inputs = node.inputs.map(|input| Var::at(self.tape, input));
        let mut output = Var::at(self.tape, id);
        if self.is_constant {
            inputs[..arity].iter_mut().for_each(|input| *input = O::constant(*input));
            output = O::constant(output);
        }
        let call = Call { inputs: &inputs[..arity], output };
        let mut entered = None;
        for (slot, &input) in node.inputs[..arity].iter().enumerate() {
            if input < self.first || !self.marked(input) || !op.passes(slot) {
                continue;
            }
            let cotangent =
                *entered.get_or_insert_with(|| op.enter(call, self.whole(cotangent, node.extent)));
            let mut wanted = self.wanted(input);
            if let Some(held) = self.held_for(input) {
                if let found @ Some(_) = op.vjp_with(slot, call, cotangent, held.waiting(), wanted) {
                    self.hand_on(op, input, found);
                    continue;
                }
                self.let_go(&held);
                self.tape.differentiate(Some(id));
                wanted = self.wanted(input);
            }
            if op.waits(slot) && self.held.is_none() && wanted.onto.is_none() {
                self.held = Some(Held { id, arity, op, inputs, output, cotangent, slot, input });
                continue;
            }
            self.hand_on(op, input, op.vjp(slot, call, cotangent, wanted));
        }
    }

    /// What is held for the input in this line; from now on it is held no more.
    #[inline]
    fn held_for(&mut self, input: u32) -> Option<Held<'t, T, O>> {
        self.held.take_if(|held| held.input == input)
    }

    /// Hands on what was held and found none to go with.
    fn let_go(&mut self, held: &Held<'t, T, O>) {
        self.tape.differentiate(Some(held.id));
        let found = held.op.vjp(held.slot, held.call(), held.cotangent, self.wanted(held.input));
        self.hand_on(held.op, held.input, found);
    }

    /// What is asked of an op for the input in this line.
    fn wanted(&self, input: u32) -> Wanted<'t, T, O> {
        Wanted { extent: self.cotangent_extent(input), onto: self.link(Var::at(self.tape, input)) }
    }

    fn hand_on(&mut self, op: O, input: u32, found: Option<Var<'t, T, O>>) {
        let Some(found) = found else { return };
        debug_assert!(
            found.extent().broadcasts_to(self.cotangent_extent(input)),
            "{}: cotangent of another extent",
            op.name()
        );
        self.scratch.links[(input - self.first) as usize] = found.id();
    }

    /// A cotangent that may be short along axes where it is the same everywhere, in full.
    fn whole(&self, cotangent: Var<'t, T, O>, of: Extent) -> Var<'t, T, O> {
        let extent = self.at_least_asked(of);
        if cotangent.extent() == extent { cotangent } else { O::broadcast(cotangent, extent) }
    }

    fn marked(&self, id: u32) -> bool {
        self.scratch.marks[(id - self.first) as usize] == 1
    }

    /// Whether an input is computed from none of the others. Only then what comes down to it goes no further, and it can
    /// be added to what it starts with.
    fn is_free(&self, x: Var<'t, T, O>) -> bool {
        let node = self.tape.node(x.id());
        let Some(op) = node.op else { return true };
        let mut reads = node.inputs[..usize::from(node.arity)].iter().enumerate();
        !reads.any(|(slot, &id)| id >= self.first && self.marked(id) && op.passes(slot))
    }

    /// Lets what comes down to an input be added to the input itself.
    fn start_at(&mut self, x: Var<'t, T, O>) {
        let at = (x.id() - self.first) as usize;
        if at < self.scratch.links.len() && self.is_free(x) {
            self.scratch.links[at] = x.id();
        }
    }

    /// An input, and what has come down to it.
    fn with_cotangent(&self, x: Var<'t, T, O>) -> Var<'t, T, O> {
        match self.link(x) {
            None => self.whole(x, x.extent()),
            Some(sum) if self.is_free(x) => self.whole(sum, x.extent()),
            Some(cotangent) => O::add(x, self.whole(cotangent, x.extent())),
        }
    }

    /// What has come down to `x`, if anything has.
    fn link(&self, x: Var<'t, T, O>) -> Option<Var<'t, T, O>> {
        let link = *self.scratch.links.get((x.id() - self.first) as usize)?;
        (link != NONE).then(|| Var::at(self.tape, link))
    }

    fn cotangent_extent(&self, id: u32) -> Extent {
        self.at_least_asked(Var::at(self.tape, id).extent())
    }

    fn at_least_asked(&self, extent: Extent) -> Extent {
        Extent { episodes: extent.episodes.max(self.episodes), ..extent }
    }

    fn cotangent_or_zeros(&self, x: Var<'t, T, O>) -> Var<'t, T, O> {
        match self.link(x) {
            Some(cotangent) => self.whole(cotangent, x.extent()),
            None => self.tape.fill(self.cotangent_extent(x.id()), T::ZERO),
        }
    }
}

const NONE: u32 = u32::MAX;
