//! Random uses of ops, in any language.

use metatape::ops::Op;
use metatape::ops::sample::{Domain, Pick};
use metatape::simd::Float;
use metatape::tape::{Extent, Language, Tape, Var, Vars};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

/// How many random uses of each op a law sees.
const CASES: u32 = 200;

/// An op and what it reads.
#[derive(Clone, Debug)]
pub struct Case<O> {
    pub op: O,
    pub operands: Vec<Operand>,
    /// Where further random numbers come from.
    pub seed: u64,
}

#[derive(Clone, Debug)]
pub struct Operand {
    pub extent: Extent,
    pub values: Vec<f64>,
    /// Whether a derivative by it makes sense: not for row numbers and classes.
    pub moves: bool,
}

/// Holds a law for random uses of each op in the list.
pub fn for_each_op(law: impl Fn(&Case<Op>) -> Result<(), String>) {
    for &(name, sample) in Op::ALL {
        runner(CASES)
            .run(&(vec(any::<u8>(), 0..40), any::<u64>()), |(bytes, seed)| {
                let mut bytes = bytes.into_iter();
                let mut choose = |below: usize| usize::from(bytes.next().unwrap_or(0)) % below;
                let mut pick = Pick(&mut choose);
                let sample = sample(&mut pick);
                let case = Case::draw(sample.op, &sample.inputs, &mut pick, seed);
                law(&case).map_err(TestCaseError::fail)
            })
            .unwrap_or_else(|failure| panic!("{name}: {failure}"));
    }
}

/// Proptest with a fixed seed.
pub fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

impl Case<Op> {
    fn draw(op: Op, inputs: &[(metatape::tensor::Shape, Domain)], pick: &mut Pick<'_>, seed: u64) -> Self {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64(seed);
        let operands = inputs
            .iter()
            .map(|&(shape, domain)| {
                let extent = Extent::new(pick.one_of(&[1, 3]), shape);
                let values = (0..extent.len()).map(|_| domain.value(rng.random())).collect();
                Operand { extent, values, moves: !matches!(domain, Domain::Index(_)) }
            })
            .collect();
        Case { op, operands, seed }
    }
}

impl<O: Language> Case<O> {
    /// A use of `op` on lists of these numbers, for languages that have no random uses of their own.
    pub fn of(op: O, operands: &[&[f64]]) -> Self {
        let operand = |values: &&[f64]| Operand {
            extent: Extent::shared([values.len()]),
            values: values.to_vec(),
            moves: true,
        };
        Case { op, operands: operands.iter().map(operand).collect(), seed: 7 }
    }

    /// The operands on a tape.
    pub fn put<'t, T: Float>(&self, tape: &'t Tape<T, O>) -> Vars<'t, T, O> {
        Vars::from_fn(tape, self.operands.len(), |slot| {
            let Operand { extent, values, .. } = &self.operands[slot];
            leaf(tape, *extent, values)
        })
    }

    /// The op of operands that are on a tape.
    pub fn record<'t, T: Float>(&self, operands: Vars<'t, T, O>) -> Var<'t, T, O> {
        let all: Vec<_> = operands.iter().collect();
        operands.tape().record(self.op, &all)
    }

    /// The slots by which derivatives make sense.
    pub fn moving(&self) -> Vec<usize> {
        (0..self.operands.len()).filter(|&slot| self.operands[slot].moves).collect()
    }

    /// The numbers of random directions.
    pub fn rng(&self) -> Xoshiro256PlusPlus {
        Xoshiro256PlusPlus::seed_from_u64(self.seed ^ 1)
    }
}

/// Numbers on a tape.
pub fn leaf<'t, T: Float, O: Language>(
    tape: &'t Tape<T, O>,
    extent: Extent,
    values: &[f64],
) -> Var<'t, T, O> {
    tape.leaf(extent, |out| {
        for (out, value) in out.iter_mut().zip(values) {
            *out = T::from_f64(*value);
        }
    })
}

/// Random numbers on a tape, like those of `var` in number.
pub fn random_like<'t, O: Language>(var: Var<'t, f64, O>, rng: &mut Xoshiro256PlusPlus) -> Var<'t, f64, O> {
    var.tape().leaf(var.extent(), |out| out.fill_with(|| rng.random_range(-1.0..1.0)))
}

/// The floats of a variable.
pub fn read<O: Language>(var: Var<'_, f64, O>) -> Vec<f64> {
    var.read(<[f64]>::to_vec)
}

/// Two lists of numbers that should be equal, relative to the larger of 1 and the largest of them.
pub fn close(what: &str, got: &[f64], expected: &[f64], tolerance: f64) -> Result<(), String> {
    if got.len() != expected.len() {
        return Err(format!("{what}: {} numbers for {}", got.len(), expected.len()));
    }
    let scale = got.iter().chain(expected).fold(1.0, |most: f64, x| most.max(x.abs()));
    for (i, (got, expected)) in got.iter().zip(expected).enumerate() {
        let apart = (got - expected).abs();
        if apart.is_nan() || apart > tolerance * scale {
            return Err(format!("{what}[{i}]: {got:?} for {expected:?}, apart {apart:.1e}"));
        }
    }
    Ok(())
}

/// Two inner products, each over several pairs of variables, that should be equal, relative to the sum of magnitudes.
pub fn same_inner_product<O: Language>(
    what: &str,
    left: [Vars<'_, f64, O>; 2],
    right: [Vars<'_, f64, O>; 2],
    tolerance: f64,
) -> Result<(), String> {
    let (left, left_scale) = inner_product(what, left)?;
    let (right, right_scale) = inner_product(what, right)?;
    let apart = (left - right).abs();
    match apart <= tolerance * (left_scale + right_scale) {
        true => Ok(()),
        false => Err(format!("{what}: {left:?} and {right:?}, apart {apart:.1e}")),
    }
}

fn inner_product<O: Language>(what: &str, [x, y]: [Vars<'_, f64, O>; 2]) -> Result<(f64, f64), String> {
    let (mut sum, mut scale) = (0.0, 0.0);
    for (x, y) in x.iter().zip(y.iter()) {
        if x.extent() != y.extent() {
            return Err(format!("{what}: {} against {}", x.extent(), y.extent()));
        }
        for (x, y) in read(x).into_iter().zip(read(y)) {
            sum += x * y;
            scale += (x * y).abs();
        }
    }
    Ok((sum, scale))
}
