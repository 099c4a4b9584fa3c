//! What is differentiated: a policy after its adaptation.

use super::Experience;
use crate::calculus::{grad, jvp, vjp};
use crate::meta::outer::{Worker, copy_out};
use crate::meta::{Fast, Inner, MetaVars, Order, Workers};
use crate::nn::{Gaussian, Params};
use crate::ops::{Tape, Var};
use crate::simd::Float;
use crate::tape::AtRest;
use crate::tensor::{Tensor, Tensors};

/// A stochastic policy: what it does where it sees `observations`, `[n, ..]`. Any function of that signature is one.
pub trait Policy<T: Float>: Sync {
    /// The distribution of its actions for each observation.
    fn distribution<'t>(&self, theta: Params<'t, T>, observations: Var<'t, T>) -> Gaussian<'t, T>;
}

impl<T: Float, F> Policy<T> for F
where
    F: for<'t> Fn(Params<'t, T>, Var<'t, T>) -> Gaussian<'t, T> + Sync,
{
    fn distribution<'t>(&self, theta: Params<'t, T>, observations: Var<'t, T>) -> Gaussian<'t, T> {
        self(theta, observations)
    }
}

/// A meta-learning problem of policies. The inner steps of `learner` descend `-mean(ln pi(a | s) A)` on the experience of the
/// policy before the step; the adapted policy is judged by the surrogate `-mean(pi(a | s) / pi_old(a | s) A)` on experience of
/// its own, where `pi_old` is the policy that made it (Finn et al. 2017).
///
/// Everything is differentiated by the initial parameters and by those of the learner through the inner steps, on the experience
/// that there is; that other parameters would have made other experience is left out, as in the published algorithm.
#[derive(Clone, Copy, Debug)]
pub struct PolicyProblem<L, P> {
    /// The inner learner.
    pub learner: L,
    /// The policy.
    pub policy: P,
    /// Whether derivatives flow through the inner gradients.
    pub order: Order,
}

/// One task: the experience of each inner step, and that of the adapted policy.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTask<T = f32> {
    /// What each inner step learns from.
    pub support: Vec<Experience<T>>,
    /// What the adapted policy is judged on.
    pub query: Experience<T>,
    /// Mean and logarithm of the deviation of the policy that made `query`, for each of its observations.
    pub old: [Tensor<T>; 2],
}

impl<T: Float> PolicyTask<T> {
    /// Stands for a task that [another rank](Workers::own) works on.
    pub fn elsewhere() -> Self {
        let nothing = || Tensor::zeros([0]);
        let query = Experience { observations: nothing(), actions: nothing(), advantages: nothing() };
        PolicyTask { support: Vec::new(), query, old: [nothing(), nothing()] }
    }
}

/// Experience on a tape.
#[derive(Clone, Copy)]
struct OnTape<'t, T: Float> {
    observations: Var<'t, T>,
    actions: Var<'t, T>,
    advantages: Var<'t, T>,
}

impl<T: Float> Experience<T> {
    fn put<'t>(&self, tape: &'t Tape<T>) -> OnTape<'t, T> {
        OnTape {
            observations: tape.tensor(&self.observations),
            actions: tape.tensor(&self.actions),
            advantages: tape.tensor(&self.advantages),
        }
    }
}

impl<L, P> PolicyProblem<L, P> {
    /// Parameters and memory after inner step number `step` on `experience`.
    pub(super) fn descend<'t, T: Float>(
        &self,
        meta: MetaVars<'t, T, L::Meta>,
        fast: Fast<'t, T>,
        experience: &Experience<T>,
        step: usize,
    ) -> Fast<'t, T>
    where
        L: Inner<T>,
        P: Policy<T>,
    {
        let OnTape { observations, actions, advantages } = experience.put(fast.0.tape());
        let chosen = self.policy.distribution(fast.0, observations).log_density(actions);
        let loss = -(chosen * advantages).mean();
        self.learner.descend(meta, fast, loss, (step, self.order))
    }

    /// What the adapted policy does where the query's experience was made.
    fn adapted<'t, T: Float>(
        &self,
        (theta, meta): (Params<'t, T>, MetaVars<'t, T, L::Meta>),
        task: &PolicyTask<T>,
    ) -> Gaussian<'t, T>
    where
        L: Inner<T>,
        P: Policy<T>,
    {
        let tape = theta.tape();
        let mut fast = (theta, self.learner.memory(theta));
        for (step, experience) in task.support.iter().enumerate() {
            fast = self.descend(meta, fast, experience, step);
        }
        self.policy.distribution(fast.0, tape.tensor(&task.query.observations))
    }

    /// The surrogate, and the mean divergence of the adapted policy from the one that made the query's experience.
    fn judged<'t, T: Float>(policy: Gaussian<'t, T>, task: &PolicyTask<T>) -> [Var<'t, T>; 2] {
        let tape = policy.mean.tape();
        let OnTape { actions, advantages, .. } = task.query.put(tape);
        let [mean, log_deviation] = task.old.each_ref().map(|old| tape.tensor(old));
        let old = Gaussian { mean, log_deviation };
        let ratio = (policy.log_density(actions) - old.log_density(actions)).exp();
        [-(ratio * advantages).mean(), old.divergence(policy).mean()]
    }

    /// The mean over `tasks` of the surrogate, and its gradient with respect to the initial parameters and those of the learner,
    /// written into `gradient`.
    ///
    /// # Panics
    /// There are no tasks, or shapes do not fit.
    #[track_caller]
    pub fn mean_gradient<T: Float>(
        &self,
        workers: &mut Workers<T>,
        at: (&Tensors<T>, &L::Meta),
        tasks: &[PolicyTask<T>],
        gradient: &mut [T],
    ) -> f64
    where
        L: Inner<T>,
        P: Policy<T>,
    {
        workers.mean(tasks, gradient, |worker, tasks, gradient| {
            let of_task = |task| {
                let tape = worker.fresh_tape();
                let inputs = (at.0.put(tape), at.1.put(tape));
                let [loss, _] = Self::judged(self.adapted(inputs, task), task);
                copy_out(&grad(loss, &inputs), gradient);
                loss.item().to_f64()
            };
            tasks.iter().map(of_task).sum()
        })
    }

    /// The mean over `tasks` of the surrogate, and of the divergence KL(old || new) of the adapted policies.
    ///
    /// # Panics
    /// There are no tasks, or shapes do not fit.
    #[track_caller]
    pub fn judge<T: Float>(
        &self,
        workers: &Workers<T>,
        at: (&Tensors<T>, &L::Meta),
        tasks: &[PolicyTask<T>],
    ) -> [f64; 2]
    where
        L: Inner<T>,
        P: Policy<T>,
    {
        assert!(!tasks.is_empty(), "the mean over no tasks");
        let found = workers.each(tasks, 2, |worker, tasks, found| {
            for (task, found) in tasks.iter().zip(found.chunks_exact_mut(2)) {
                let tape = worker.fresh_tape();
                let policy = self.adapted((at.0.put(tape), at.1.put(tape)), task);
                found.copy_from_slice(&Self::judged(policy, task).map(|mean| mean.item().to_f64()));
            }
        });
        [0, 1].map(|which| found.iter().skip(which).step_by(2).sum::<f64>() / tasks.len() as f64)
    }

    /// The mean over `tasks` of `J^T F J v`, written into `out`: the Hessian of the mean divergence of the adapted policies, at
    /// the parameters that made the experience, times `v`.
    ///
    /// `J` is the derivative of what the adapted policy says by all that is learned, `F` the Fisher information of what it says:
    /// `1 / sigma^2` for a mean, 2 for the logarithm of a deviation. The divergence has no slope there, so third derivatives
    /// drop out: one tangent goes up through the inner steps and one cotangent comes down, each an exact product with the Hessians
    /// of the inner losses.
    ///
    /// # Panics
    /// There are no tasks, or shapes do not fit.
    #[track_caller]
    pub fn fisher_product<T: Float>(
        &self,
        workers: &mut Workers<T>,
        at: (&Tensors<T>, &L::Meta),
        tasks: &[PolicyTask<T>],
        v: (&Tensors<T>, &L::Meta),
        out: &mut [T],
    ) where
        L: Inner<T>,
        P: Policy<T>,
    {
        let work = |worker: &mut Worker<T>, tasks: &[PolicyTask<T>], out: &mut [T]| {
            for task in tasks {
                let tape = worker.fresh_tape();
                let inputs = (at.0.put(tape), at.1.put(tape));
                let Gaussian { mean, log_deviation } = self.adapted(inputs, task);
                let says = [mean, log_deviation];
                let [of_mean, of_deviation] = jvp(&says, &inputs, &(v.0.put(tape), v.1.put(tape)));
                // The mean over rows of the informations of all that is said in a row.
                let [numbers, deviations] = says.map(|var| T::from_usize(var.shape().len()));
                let rows = T::from_usize(mean.shape().dim(0));
                let precision = log_deviation.scale(T::from_f64(-2.0)).exp();
                let cotangents = [
                    (of_mean * precision).scale(T::ONE / rows),
                    of_deviation.scale(T::from_f64(2.0) * numbers / (rows * deviations)),
                ];
                copy_out(&vjp(&says, &inputs, &cotangents), out);
            }
            0.0
        };
        workers.mean(tasks, out, work);
    }
}
