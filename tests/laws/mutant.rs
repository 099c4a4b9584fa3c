//! The engine's own language with one derivative rule changed.
//!
//! A derivative rule writes a program, so a mutant of the rule is that program with one line changed. Each rule is asked on
//! a tape of its own, and what it wrote is recorded anew, line by line, with the flaw in its place: wherever the op occurs,
//! at any order.

use metatape::ops::{self, Detach, Op, Permute, Scale};
use metatape::simd::Float;
use metatape::tape::{self, Call, Differentiable, Extent, Language, MAX_INPUTS, Mismatch, Value, Wanted};

type Var<'t, T> = tape::Var<'t, T, Mutant>;

/// An op of the engine's language, and what is wrong with the derivatives of one of them.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    pub op: Op,
    pub flaw: Option<Flaw>,
}

/// A change of one line of one rule of one op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Flaw {
    /// The op whose rule it is.
    pub op: &'static str,
    pub rule: Rule,
    /// Which line of what the rule wrote, from 0, and the op on it; past the last line, what the rule gave back as it is.
    pub line: usize,
    pub on: &'static str,
    pub change: Change,
}

/// A derivative rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Jvp,
    Enter,
    /// By one slot.
    Vjp(usize),
}

/// How a line is changed. Slots are those of the line's op.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// `-y` for `y`.
    Sign,
    /// `y` a millionth too large.
    Factor,
    /// 0 for `y`.
    Missing,
    /// 0 for an operand.
    MissingOperand(usize),
    /// An operand as a constant: the value is right, and what is differentiated once more misses a term.
    Frozen(usize),
    /// Two operands of one extent, in each other's place.
    Swapped(usize, usize),
    /// An operand of square matrices transposed.
    Transposed(usize),
    /// No derivative flows into the slot of the vjp.
    Closed,
}

impl Change {
    /// All changes of a line with operands of these extents.
    fn all(operands: &[Extent]) -> Vec<Change> {
        let mut changes = vec![Change::Sign, Change::Factor, Change::Missing];
        for (slot, extent) in operands.iter().enumerate() {
            changes.extend([Change::MissingOperand(slot), Change::Frozen(slot)]);
            changes.extend(
                (0..slot)
                    .filter(|&other| operands[other] == *extent)
                    .map(|other| Change::Swapped(other, slot)),
            );
            if transposed(*extent).is_some() {
                changes.push(Change::Transposed(slot));
            }
        }
        changes
    }

    /// Its kind, as the table calls it.
    pub fn kind(self) -> &'static str {
        match self {
            Change::Sign => "sign",
            Change::Factor => "factor",
            Change::Missing | Change::MissingOperand(_) | Change::Closed => "missing term",
            Change::Frozen(_) => "frozen operand",
            Change::Swapped(..) | Change::Transposed(_) => "turned operand",
        }
    }
}

/// The op that transposes square matrices on the last two axes.
fn transposed(extent: Extent) -> Option<Op> {
    let shape = extent.shape;
    let rank = shape.rank();
    let is_square = rank >= 2 && shape.dim(rank - 1) == shape.dim(rank - 2) && shape.dim(rank - 1) > 1;
    let mut order: Vec<usize> = (0..rank).collect();
    is_square.then(|| {
        order.swap(rank - 1, rank - 2);
        Permute::new(&order).into()
    })
}

/// A variable without a flaw of its own: what calculus itself adds up.
fn sound<'t, T: Float>(op: impl Into<Op>, inputs: &[Var<'t, T>]) -> Var<'t, T> {
    inputs[0].tape().record(Mutant { op: op.into(), flaw: None }, inputs)
}

fn scaled<T: Float>(x: Var<'_, T>, factor: f64) -> Var<'_, T> {
    sound(Scale { factor }, &[x])
}

impl Flaw {
    /// `y`, which is what the flawed line should give.
    fn after<'t, T: Float>(self, y: Var<'t, T>) -> Var<'t, T> {
        match self.change {
            Change::Sign => scaled(y, -1.0),
            Change::Factor => scaled(y, 1.0 + 1e-6),
            Change::Missing => y.tape().fill(y.extent(), T::ZERO),
            Change::MissingOperand(_)
            | Change::Frozen(_)
            | Change::Swapped(..)
            | Change::Transposed(_)
            | Change::Closed => y,
        }
    }

    /// The line's operands, which another use of the op may give another number and other extents.
    fn before<T: Float>(self, operands: &mut [Var<'_, T>]) {
        match self.change {
            Change::MissingOperand(slot) => {
                if let Some(x) = operands.get_mut(slot) {
                    *x = x.tape().fill(x.extent(), T::ZERO);
                }
            }
            Change::Frozen(slot) => {
                if let Some(x) = operands.get_mut(slot) {
                    *x = sound(Detach, &[*x]);
                }
            }
            Change::Swapped(one, other) => {
                let extent = |slot: usize| operands.get(slot).map(|x| x.extent());
                if extent(other).is_some() && extent(one) == extent(other) {
                    operands.swap(one, other);
                }
            }
            Change::Transposed(slot) => {
                if let Some(x) = operands.get_mut(slot)
                    && let Some(transpose) = transposed(x.extent())
                {
                    *x = sound(transpose, &[*x]);
                }
            }
            Change::Sign | Change::Factor | Change::Missing | Change::Closed => {}
        }
    }
}

/// What a rule was asked about, without repetitions: the variables of the mutant tape, and their copies on a sound one.
struct Asked<'m, 's, T: Float> {
    here: Vec<Var<'m, T>>,
    there: Vec<ops::Var<'s, T>>,
}

impl<'m, 's, T: Float> Asked<'m, 's, T> {
    fn copy(&mut self, x: Var<'m, T>, tape: &'s ops::Tape<T>) -> ops::Var<'s, T> {
        if let Some(at) = self.here.iter().position(|known| known.id() == x.id()) {
            return self.there[at];
        }
        let copy = x.read(|values| tape.leaf(x.extent(), |out| out.copy_from_slice(values)));
        self.here.push(x);
        self.there.push(copy);
        copy
    }
}

/// Shows every flaw that a rule's program can have.
pub type Visit<'a> = &'a mut dyn FnMut(Flaw);

impl Mutant {
    pub fn sound(op: Op) -> Self {
        Mutant { op, flaw: None }
    }

    /// Asks a rule, and records what it wrote.
    fn ask<'m, T: Float>(
        self,
        rule: Rule,
        call: Call<'_, 'm, T, Self>,
        others: &[Option<Var<'m, T>>],
        answer: impl for<'s> FnOnce(Call<'_, 's, T, Op>, &[Option<ops::Var<'s, T>>]) -> Option<ops::Var<'s, T>>,
    ) -> Option<Var<'m, T>> {
        let flaw = self.flaw.filter(|flaw| flaw.op == self.op.name() && flaw.rule == rule);
        if flaw.is_some_and(|flaw| flaw.change == Change::Closed) {
            return None;
        }
        let tape = ops::Tape::<T>::new();
        let mut asked = Asked { here: Vec::new(), there: Vec::new() };
        let inputs: Vec<_> = call.inputs.iter().map(|&x| asked.copy(x, &tape)).collect();
        let output = asked.copy(call.output, &tape);
        let others: Vec<_> = others.iter().map(|x| x.map(|x| asked.copy(x, &tape))).collect();
        let first = tape.len();
        let result = answer(Call { inputs: &inputs, output }, &others)?;

        let mut written: Vec<Var<'m, T>> = asked.here;
        let target = call.output.tape();
        for id in first..tape.len() {
            let node = tape.node(id as u32);
            let Some(op) = node.op else {
                let values = ops::Var::at(&tape, id as u32).to_tensor();
                written.push(target.leaf(node.extent, |out| out.copy_from_slice(values.values())));
                continue;
            };
            let mut operands = [call.output; MAX_INPUTS];
            let arity = usize::from(node.arity);
            for (operand, &input) in operands.iter_mut().zip(&node.inputs[..arity]) {
                *operand = written[input as usize];
            }
            let here = flaw.filter(|flaw| flaw.line == id - first && flaw.on == op.name());
            here.inspect(|flaw| flaw.before(&mut operands[..arity]));
            let y = target.record(Mutant { op, ..self }, &operands[..arity]);
            written.push(here.map_or(y, |flaw| flaw.after(y)));
        }
        let y = written[result.id() as usize];
        let untouched = flaw.filter(|flaw| (result.id() as usize) < first && flaw.on == GIVEN_BACK);
        Some(untouched.map_or(y, |flaw| flaw.after(y)))
    }

    /// The flaws that the rules of this op can have, where it is used like this.
    pub fn flaws(self, inputs: &[ops::Var<'_, f64>], slots: &[usize], visit: Visit<'_>) {
        let output = inputs[0].tape().record(self.op, inputs);
        let call = Call { inputs, output };
        let tangents: Vec<_> =
            (0..inputs.len()).map(|slot| slots.contains(&slot).then_some(inputs[slot])).collect();
        let tape = output.tape();
        let mut asked = |rule, answer: &dyn Fn() -> Option<u32>| {
            let first = tape.len();
            let Some(result) = answer() else { return };
            let mut show = |line, on, operands: &[Extent]| {
                let changes = Change::all(operands).into_iter();
                changes.for_each(|change| visit(Flaw { op: self.op.name(), rule, line, on, change }));
            };
            for id in first..tape.len() {
                let node = tape.node(id as u32);
                let Some(op) = node.op else { continue };
                let operands = node.inputs[..usize::from(node.arity)].iter();
                let extents: Vec<Extent> = operands.map(|&input| tape.node(input).extent).collect();
                show(id - first, op.name(), &extents);
            }
            if (result as usize) < first {
                show(0, GIVEN_BACK, &[]);
            }
            if matches!(rule, Rule::Vjp(_)) {
                visit(Flaw { op: self.op.name(), rule, line: 0, on: GIVEN_BACK, change: Change::Closed });
            }
        };
        asked(Rule::Jvp, &|| Some(self.op.jvp(call, &tangents)?.id()));
        asked(Rule::Enter, &|| {
            let entered = self.op.enter(call, output);
            (entered.id() != output.id()).then(|| entered.id())
        });
        let entered = self.op.enter(call, output);
        for &slot in slots {
            // What comes down to an input lies there already, so that a rule can lose it.
            let onto = Some(inputs[slot]);
            let wanted = Wanted { extent: inputs[slot].extent(), onto };
            asked(Rule::Vjp(slot), &|| Some(self.op.vjp(slot, call, entered, wanted)?.id()));
        }
    }
}

/// Stands for the line of a rule that gives back what it was given.
const GIVEN_BACK: &str = "what it was given";

impl Language for Mutant {
    fn name(&self) -> &'static str {
        self.op.name()
    }
    fn extent(&self, inputs: &[&Extent]) -> Result<Extent, Mismatch> {
        self.op.extent(inputs)
    }
    fn evaluate<T: Float>(&self, inputs: &[Value<'_, T>], extent: &Extent, out: &mut [T]) {
        self.op.evaluate(inputs, extent, out);
    }
    fn is_view(&self) -> bool {
        self.op.is_view()
    }
}

impl Differentiable for Mutant {
    fn jvp<'t, T: Float>(
        self,
        call: Call<'_, 't, T, Self>,
        tangents: &[Option<Var<'t, T>>],
    ) -> Option<Var<'t, T>> {
        self.ask(Rule::Jvp, call, tangents, |call, tangents| self.op.jvp(call, tangents))
    }

    fn enter<'t, T: Float>(self, call: Call<'_, 't, T, Self>, cotangent: Var<'t, T>) -> Var<'t, T> {
        let entered = self.ask(Rule::Enter, call, &[Some(cotangent)], |call, others| {
            Some(self.op.enter(call, others[0].expect("a cotangent")))
        });
        entered.expect("every op can be entered")
    }

    fn vjp<'t, T: Float>(
        self,
        slot: usize,
        call: Call<'_, 't, T, Self>,
        cotangent: Var<'t, T>,
        wanted: Wanted<'t, T, Self>,
    ) -> Option<Var<'t, T>> {
        self.ask(Rule::Vjp(slot), call, &[Some(cotangent), wanted.onto], |call, others| {
            let wanted = Wanted { extent: wanted.extent, onto: others[1] };
            self.op.vjp(slot, call, others[0].expect("a cotangent"), wanted)
        })
    }

    fn passes(&self, slot: usize) -> bool {
        self.op.passes(slot)
    }

    fn add<'t, T: Float>(left: Var<'t, T>, right: Var<'t, T>) -> Var<'t, T> {
        sound(ops::Add, &[left, right])
    }

    fn constant<'t, T: Float>(x: Var<'t, T>) -> Var<'t, T> {
        sound(Detach, &[x])
    }

    fn broadcast<'t, T: Float>(x: Var<'t, T>, extent: Extent) -> Var<'t, T> {
        sound(ops::BroadcastTo { to: extent }, &[x])
    }
}
