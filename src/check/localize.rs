//! Which op is to blame.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;

use super::differences::derivative;
use super::subject::{along, dot, signs};
use super::{SAFETY, USEFUL, WrongOp};
use crate::calculus::{jvp, vjp};
use crate::tape::{Differentiable, Extent, Tape, Vars};

/// How far a single op's derivative may be off: the differences of one op at one place are good to about 1e-12, and a
/// rule that is wrong by less than this cannot be told from one that is right.
const TOLERANCE: f64 = 1e-7;

/// The first op on the tape between `inputs` and its end whose own rules disagree with differences of its own values.
///
/// Each op is computed anew at the values that it read, alone on a tape; only operands that depend on `inputs` are moved.
pub(super) fn first_wrong_op<O: Differentiable>(
    tape: &Tape<f64, O>,
    inputs: Vars<'_, f64, O>,
) -> Option<WrongOp> {
    let mut depends = vec![false; tape.len()];
    inputs.iter().for_each(|input| depends[input.id() as usize] = true);
    for id in 0..tape.len() as u32 {
        let node = tape.node(id);
        let Some(op) = node.op else { continue };
        let reads = &node.inputs[..usize::from(node.arity)];
        let moving: Vec<usize> = (0..reads.len()).filter(|&slot| depends[reads[slot] as usize]).collect();
        if moving.is_empty() {
            continue;
        }
        depends[id as usize] = true;
        let operands = reads.iter().map(|&input| Operand::read(tape, input)).collect();
        let alone = Alone { op, operands };
        if let Some(wrong) = moving.into_iter().find_map(|slot| alone.wrong(slot, id)) {
            return Some(wrong);
        }
    }
    None
}

struct Operand {
    extent: Extent,
    values: Vec<f64>,
}

impl Operand {
    fn read<O: Differentiable>(tape: &Tape<f64, O>, id: u32) -> Self {
        let var = crate::tape::Var::at(tape, id);
        Operand { extent: var.extent(), values: var.read(<[f64]>::to_vec) }
    }
}

/// One op on operands of its own.
struct Alone<O> {
    op: O,
    operands: Vec<Operand>,
}

impl<O: Differentiable> Alone<O> {
    /// Whether a rule is wrong by operand `slot`.
    fn wrong(&self, slot: usize, node: u32) -> Option<WrongOp> {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(3);
        let direction = signs(self.operands[slot].values.len(), rng);
        let cotangent = signs(self.value(slot, 0.0, &direction).len(), rng);
        let estimate = derivative(|t| dot(&self.value(slot, t, &direction), &cotangent));
        let expected = estimate.value;
        for (rule, got) in ["jvp", "vjp"].into_iter().zip(self.rules(slot, &direction, &cotangent)) {
            let own = expected.abs().max(got.abs());
            let settled = SAFETY * estimate.error <= USEFUL * own.max(1.0);
            let allowed = (SAFETY * estimate.error).max(TOLERANCE * own);
            if settled && (expected - got).abs() > allowed {
                return Some(WrongOp { name: self.op.name(), node, input: slot, rule, expected, got });
            }
        }
        None
    }

    /// The op's value with operand `slot` moved by `t` along `direction`.
    fn value(&self, slot: usize, t: f64, direction: &[f64]) -> Vec<f64> {
        let tape = Tape::new();
        let operands =
            self.put(
                &tape,
                |other, values| {
                    if other == slot { along(values, t, direction) } else { values.to_vec() }
                },
            );
        self.record(operands).read(<[f64]>::to_vec)
    }

    /// `<cotangent, J direction>` by the jvp and by the vjp.
    fn rules(&self, slot: usize, direction: &[f64], cotangent: &[f64]) -> [f64; 2] {
        let tape = Tape::new();
        let operands = self.put(&tape, |_, values| values.to_vec());
        let output = self.record(operands);
        let x = operands.get(slot);
        let dx = tape.leaf(x.extent(), |out| out.copy_from_slice(direction));
        let ybar = tape.leaf(output.extent(), |out| out.copy_from_slice(cotangent));
        let dy = jvp(&output, &x, &dx);
        let xbar = vjp(&output, &x, &ybar);
        [dy.read(|dy| dot(dy, cotangent)), xbar.read(|xbar| dot(xbar, direction))]
    }

    fn put<'t>(
        &self,
        tape: &'t Tape<f64, O>,
        values: impl Fn(usize, &[f64]) -> Vec<f64>,
    ) -> Vars<'t, f64, O> {
        Vars::from_fn(tape, self.operands.len(), |slot| {
            let operand = &self.operands[slot];
            tape.leaf(operand.extent, |out| out.copy_from_slice(&values(slot, &operand.values)))
        })
    }

    fn record<'t>(&self, operands: Vars<'t, f64, O>) -> crate::tape::Var<'t, f64, O> {
        let all: Vec<_> = operands.iter().collect();
        operands.tape().record(self.op, &all)
    }
}
