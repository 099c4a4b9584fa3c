//! Learning from every step on the way: the losses of an unrolled optimisation, cut into segments.

use super::outer::copy_out;
use super::{Fast, Inner, Loss, Order, Workers};
use crate::calculus::grad;
use crate::ops::{BatchVars, Tape, Var};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Batch, Tensor, Tensors};

/// A problem on its way to being solved: what an optimiser optimises.
#[derive(Clone, Debug, PartialEq)]
pub struct Optimizee<T = f32> {
    /// Its parameters now.
    pub theta: Tensors<T>,
    /// What its loss is about.
    pub data: Batch<T>,
    /// What the optimiser remembers, empty before the first step.
    memory: Tensors<T>,
    /// How many steps are done.
    steps: usize,
}

impl<T: Float> Optimizee<T> {
    /// A problem before the first step.
    pub fn new(theta: Tensors<T>, data: Batch<T>) -> Self {
        Optimizee { theta, data, memory: Tensors::new(), steps: 0 }
    }

    /// How many steps are done.
    pub fn steps(&self) -> usize {
        self.steps
    }
}

/// An optimiser that is judged by the loss after each of its steps (Andrychowicz et al. 2016):
/// `sum over k of loss(theta_k)`, `k` from 1.
///
/// A long way is cut into [segments](Unroll::segment), which is truncated backpropagation: what happened before a segment
/// counts as constant, and the memory is that of one segment, whatever the length of the way.
#[derive(Clone, Copy, Debug)]
pub struct Unroll<L, F> {
    /// The optimiser.
    pub learner: L,
    /// The loss of the problems.
    pub loss: F,
    /// Whether the derivative of the problem's gradient is kept ([`Order::Second`], exact) or dropped.
    pub order: Order,
}

impl<L, F> Unroll<L, F> {
    /// Goes on by `steps` steps with all of `optimizees`, which have done equally many. Returns the mean over them of the sum
    /// of their losses after each of these steps, and writes its gradient with respect to the optimiser's meta-parameters
    /// into `gradient`. Parameters and memory at the start of the segment count as constants.
    ///
    /// # Panics
    /// There are no optimizees or no steps, the optimizees differ in shape or in the steps that are done, or `gradient` has
    /// another length.
    #[track_caller]
    pub fn segment<T: Float>(
        &self,
        workers: &mut Workers<T>,
        meta: &L::Meta,
        optimizees: &mut [Optimizee<T>],
        steps: usize,
        gradient: &mut [T],
    ) -> f64
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        let (count, done) = (meta.count(), steps_done(&optimizees[workers.own(optimizees.len())]));
        assert!(!optimizees.is_empty(), "no optimizees");
        assert!(steps > 0, "a segment of no steps");
        assert!(gradient.len() == count, "a gradient of {} floats for {count}", gradient.len());
        workers.mean_mut(optimizees, gradient, |worker, optimizees, gradient| {
            let tape = worker.fresh_tape();
            let meta = meta.put(tape);
            let (mut fast, data) = put(&self.learner, optimizees, tape);
            let mut loss = self.loss.loss(fast.0, data);
            let mut total = None;
            for step in done..done + steps {
                fast = self.learner.descend(meta, fast, loss, (step, self.order));
                loss = self.loss.loss(fast.0, data);
                total = Some(total.map_or(loss, |total| total + loss));
            }
            let total = total.expect("at least one step").sum_episodes();
            copy_out(&grad(total, &meta), gradient);
            take(fast, optimizees, steps);
            total.item().to_f64()
        })
    }

    /// The loss of each of `optimizees` as they are and after each of `steps` further steps: `steps + 1` numbers each. In
    /// parallel on rayon's current pool, in the memory of one step.
    ///
    /// # Panics
    /// There are no optimizees, or they differ in shape or in the steps that are done.
    #[track_caller]
    pub fn losses<T: Float>(
        &self,
        workers: &Workers<T>,
        meta: &L::Meta,
        optimizees: &[Optimizee<T>],
        steps: usize,
    ) -> Vec<Vec<f64>>
    where
        L: Inner<T>,
        F: Loss<T>,
    {
        assert!(!optimizees.is_empty(), "no optimizees");
        let done = steps_done(&optimizees[workers.own(optimizees.len())]);
        let width = steps + 1;
        let all = workers.each(optimizees, width, |worker, optimizees, all| {
            let mut optimizees = optimizees.to_vec();
            for step in 0..width {
                let tape = worker.fresh_tape();
                let (fast, data) = put(&self.learner, &optimizees, tape);
                let loss = self.loss.loss(fast.0, data);
                loss.read(|now| {
                    let losses = all.chunks_exact_mut(width).map(|losses| &mut losses[step]);
                    losses.zip(now.iter().cycle()).for_each(|(loss, now)| *loss = now.to_f64());
                });
                if step < steps {
                    let fast = self.learner.descend(meta.put(tape), fast, loss, (done + step, Order::First));
                    take(fast, &mut optimizees, 1);
                }
            }
        });
        all.chunks_exact(width).map(<[f64]>::to_vec).collect()
    }
}

/// How many steps all of them have done; 0 where this rank has none of them.
#[track_caller]
fn steps_done<T>(optimizees: &[Optimizee<T>]) -> usize {
    let done = optimizees.first().map_or(0, |first| first.steps);
    assert!(
        optimizees.iter().all(|other| other.steps == done),
        "optimizees after different numbers of steps"
    );
    done
}

/// Puts problems side by side on a tape.
fn put<'t, T: Float, L: Inner<T>>(
    learner: &L,
    optimizees: &[Optimizee<T>],
    tape: &'t Tape<T>,
) -> (Fast<'t, T>, BatchVars<'t, T>) {
    let theta = Tensors::put_group(optimizees.iter().map(|optimizee| &optimizee.theta), tape);
    let memory = match optimizees[0].steps {
        0 => learner.memory(theta),
        _ => Tensors::put_group(optimizees.iter().map(|optimizee| &optimizee.memory), tape),
    };
    ((theta, memory), Batch::put_group(optimizees.iter().map(|optimizee| &optimizee.data), tape))
}

/// Takes what is there after `steps` steps from the tape.
fn take<T: Float>((theta, memory): Fast<'_, T>, optimizees: &mut [Optimizee<T>], steps: usize) {
    for optimizee in optimizees.iter_mut() {
        if optimizee.memory.is_empty() {
            for (i, var) in memory.iter().enumerate() {
                optimizee.memory.push(i.to_string(), Tensor::zeros(var.shape()));
            }
        }
        optimizee.steps += steps;
    }
    for (i, var) in theta.iter().enumerate() {
        deal(var, optimizees.iter_mut().map(|optimizee| &mut optimizee.theta.tensors_mut()[i]));
    }
    for (i, var) in memory.iter().enumerate() {
        deal(var, optimizees.iter_mut().map(|optimizee| &mut optimizee.memory.tensors_mut()[i]));
    }
}

/// Gives each tensor the numbers of its episode.
fn deal<'a, T: Float>(var: Var<'_, T>, tensors: impl Iterator<Item = &'a mut Tensor<T>>) {
    var.read(|values| {
        let episodes = values.chunks_exact(var.shape().len().max(1)).cycle();
        tensors.zip(episodes).for_each(|(tensor, values)| tensor.values_mut().copy_from_slice(values));
    });
}
