//! Random programs, from bytes.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::subject::{Plan, Subject};
use super::{Failure, Report, gradient, second};
use crate::ops::kind::Laws;
use crate::ops::sample::{Domain, Pick};
use crate::ops::{BroadcastTo, Op, Pad, Var, Vars};
use crate::simd::{Float, Single};
use crate::tape::{self, Differentiable, Extent};
use crate::tensor::{Shape, Tensor, Tensors};

/// A random smooth program of 3 to 30 ops drawn from the list of all ops, of 1 to 3 inputs, giving one number.
///
/// Any bytes make a program, similar bytes similar ones: a source of test cases and of fuzzing. What an op reads is an
/// earlier result, brought to the shape that the op asks for, bounded by tanh, and moved to where the op is smooth. What
/// an op is not differentiable in (selectors, labels, row numbers) is constant. Half of the programs have 3 episodes:
/// inputs are shared, constants are not, and the result is either the sum over the episodes or one number for each.
/// Inputs and constants are numbers that single precision holds as well, so that it runs the same program.
///
/// ```
/// use metatape::check::RandomProgram;
///
/// let program = RandomProgram::from_bytes(b"any bytes will do");
/// let report = program.check().expect("all derivatives are right");
/// println!("{report}");
/// ```
#[derive(Clone, Debug)]
pub struct RandomProgram {
    inputs: Tensors<f64>,
    episodes: u32,
    /// For each input, whether it is spread over the episodes before anything else.
    spread: Vec<bool>,
    steps: Vec<Step>,
    summed: bool,
}

#[derive(Clone, Debug)]
struct Step {
    op: Op,
    operands: Vec<Operand>,
}

#[derive(Clone, Debug)]
enum Operand {
    /// The inputs come first, then the results of the steps.
    Earlier {
        value: usize,
        shape: Shape,
        domain: Domain,
        sign: f64,
    },
    Constant {
        extent: Extent,
        values: Vec<f64>,
    },
}

impl RandomProgram {
    /// The program that these bytes make. Where they end, zeros follow.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mut bytes = bytes.iter();
        let mut choose = |below: usize| usize::from(*bytes.next().unwrap_or(&0)) % below;
        RandomProgram::draw(&mut Pick(&mut choose))
    }

    fn draw(pick: &mut Pick<'_>) -> Self {
        let rng = &mut Xoshiro256PlusPlus::seed_from_u64((256 * pick.below(256) + pick.below(256)) as u64);
        let (episodes, summed) = [(1, true), (1, true), (3, true), (3, false)][pick.below(4)];
        let mut inputs = Tensors::new();
        let mut spread = Vec::new();
        for i in 0..1 + pick.below(3) {
            let shape = pick.shape();
            inputs.push(format!("x{i}"), Tensor::from_fn(shape, |_| single(rng.random_range(-1.5..1.5))));
            spread.push(pick.below(4) == 0);
        }
        let mut steps: Vec<Step> = Vec::new();
        for number in 0..3 + pick.below(28) {
            let (_, sample) = Op::ALL[pick.below(Op::ALL.len())];
            let sample = sample(pick);
            let laws = sample.op.laws();
            let earlier = inputs.len() + number;
            let operands = sample.inputs.into_iter().enumerate().map(|(slot, (shape, domain))| {
                let constant = matches!(domain, Domain::Index(_))
                    || matches!(laws, Laws::Multilinear(slots) if !slots.contains(&slot));
                if constant || pick.below(8) == 0 {
                    let extent = Extent::new(if pick.below(2) == 0 { 1 } else { episodes }, shape);
                    let values = (0..extent.len()).map(|_| single(domain.value(rng.random()))).collect();
                    return Operand::Constant { extent, values };
                }
                // Often the latest value: so programs grow deep as well as wide.
                let value = if pick.below(2) == 0 { earlier - 1 } else { pick.below(earlier) };
                Operand::Earlier { value, shape, domain, sign: pick.one_of(&[1.0, -1.0]) }
            });
            steps.push(Step { op: sample.op, operands: operands.collect() });
        }
        RandomProgram { inputs, episodes, spread, steps, summed }
    }

    /// The values at which the program is to be differentiated.
    pub fn inputs(&self) -> &Tensors<f64> {
        &self.inputs
    }

    /// How many episodes the program has: 1 or 3.
    pub fn episodes(&self) -> u32 {
        self.episodes
    }

    /// Whether the result, or something on the way to it, is a sum over the episodes.
    pub fn folds(&self) -> bool {
        self.episodes > 1 && (self.summed || self.steps.iter().any(|step| step.op.folds()))
    }

    /// The program of one episode alone.
    ///
    /// # Panics
    /// There is no such episode, or the program sums over them.
    #[track_caller]
    pub fn alone(&self, episode: u32) -> Self {
        assert!(episode < self.episodes, "episode {episode} of {}", self.episodes);
        assert!(!self.folds(), "an episode is not alone in a program that sums over them");
        let mut program = RandomProgram { episodes: 1, ..self.clone() };
        for operand in program.steps.iter_mut().flat_map(|step| &mut step.operands) {
            if let Operand::Constant { extent, values } = operand {
                let own = episode as usize * extent.episode_stride();
                *values = values[own..own + extent.shape.len()].to_vec();
                extent.episodes = 1;
            }
        }
        program
    }

    /// Records the program, in either precision: one number, or one for each episode.
    ///
    /// # Panics
    /// `inputs` are others than [`RandomProgram::inputs`] in number or shape.
    pub fn record<'t, T: Float>(&self, inputs: Vars<'t, T>) -> Var<'t, T> {
        let tape = inputs.tape();
        let mut values: Vec<Var<'t, T>> = Vec::with_capacity(inputs.len() + self.steps.len());
        for (x, &spread) in inputs.iter().zip(&self.spread) {
            let to = Extent { episodes: self.episodes, ..x.extent() };
            values.push(if spread { tape.record(BroadcastTo { to }.into(), &[x]) } else { x });
        }
        let mut used = vec![false; inputs.len() + self.steps.len()];
        for step in &self.steps {
            let operands: Vec<Var<'t, T>> = step
                .operands
                .iter()
                .map(|operand| match operand {
                    Operand::Constant { extent, values } => tape.leaf(*extent, |out| {
                        out.iter_mut().zip(values).for_each(|(out, value)| *out = T::from_f64(*value));
                    }),
                    Operand::Earlier { value, shape, domain, sign } => {
                        used[*value] = true;
                        bounded(with_shape(values[*value], *shape), *domain, *sign)
                    }
                })
                .collect();
            values.push(tape.record(step.op, &operands));
        }
        let ends = values.iter().zip(used).filter(|(_, used)| !used).map(|(value, _)| value.sin().mean());
        let sum = ends.reduce(|sum, end| sum + end).expect("the last value is used by none");
        if self.summed { sum.sum_episodes() } else { sum }
    }

    /// Holds the gradient, both modes of Hessian-vector product and differences against each other, along one random
    /// direction: what [`gradcheck`](super::gradcheck) and [`gradgradcheck`](super::gradgradcheck) compare.
    ///
    /// # Errors
    /// A derivative is wrong.
    pub fn check(&self) -> Result<Report, Failure> {
        quick(|inputs| self.record(inputs), &self.inputs)
    }
}

fn quick<O, F>(program: F, inputs: &Tensors<f64>) -> Result<Report, Failure>
where
    O: Differentiable,
    F: for<'t> Fn(tape::Vars<'t, f64, O>) -> tape::Var<'t, f64, O>,
{
    let subject = Subject::new(&program, inputs)?;
    Ok(gradient::check(&subject, Plan::QUICK)?.and(second::check(&subject, Plan::QUICK)?))
}

/// The nearest number of single precision.
fn single(x: f64) -> f64 {
    Single::from_f64(x).to_f64()
}

/// The first elements of `x`, zeros behind them where there are too few, in another shape.
fn with_shape<'t, T: Float>(x: Var<'t, T>, shape: Shape) -> Var<'t, T> {
    let (have, want) = (x.shape().len(), shape.len());
    if x.shape() == shape {
        return x;
    }
    let flat = x.reshape([have]);
    let flat = match have.cmp(&want) {
        std::cmp::Ordering::Less => {
            flat.tape().record(Pad { axis: 0, start: 0, len: want as u32 }.into(), &[flat])
        }
        std::cmp::Ordering::Equal => flat,
        std::cmp::Ordering::Greater => flat.slice(0, 0..want),
    };
    flat.reshape(shape)
}

/// `x` brought into a domain, smoothly and with a slope of at most 1.
fn bounded<'t, T: Float>(x: Var<'t, T>, domain: Domain, sign: f64) -> Var<'t, T> {
    let affine = |scale, offset| x.tanh().affine(T::from_f64(scale), T::from_f64(offset));
    match domain {
        Domain::Real => x.tanh(),
        Domain::Positive => affine(0.5, 1.0),
        Domain::NonZero => affine(0.5 * sign, sign),
        Domain::Index(_) => unreachable!("numbers of rows and classes are constant"),
    }
}
