//! Parallel meta-batches: fixed chunks of episodes, each on a tape of its own, summed in a fixed order.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use rayon::prelude::*;

use super::crew::{Alone, Crew, OrderedSum, complete, share};
use super::recording::Recording;
use crate::calculus::grad;
use crate::kernels::map::{add_assign, scale_assign};
use crate::ops::{Op, Tape, Var};
use crate::simd::Float;
use crate::tape::{Anomaly, AtRest, Bundle, Differentiable};
use crate::tensor::Shape;

/// What one chunk of work needs: a tape, and memory for values at rest.
#[derive(Debug)]
pub(super) struct Worker<T: Float> {
    /// The tape, to be cleared by whoever uses it.
    pub(super) tape: Tape<T>,
    /// The program of the tape road, on a tape of its own.
    pub(super) recording: Recording<T>,
    /// Values at rest.
    pub(super) memory: Vec<T>,
    /// The shapes of what lies there.
    pub(super) shapes: Vec<Shape>,
    /// The meta-gradient of one task.
    pub(super) task_gradient: Vec<T>,
}

/// Tapes for parallel work on meta-batches, kept from one to the next, so that a warm loop allocates nothing.
///
/// A meta-batch is cut into chunks of a fixed number of episodes; the episodes of a chunk lie side by side on one tape,
/// chunks run in parallel on rayon's current pool, and their results are added in order. The number of threads decides
/// nothing: the same seed gives the same bits. Neither does the number of processes where the workers are
/// [among](Workers::among) several.
#[derive(Debug)]
pub struct Workers<T: Float> {
    chunk: usize,
    crew: Arc<dyn Crew>,
    /// Whether tapes look at what is computed on them.
    watched: bool,
    /// Whether programs of the tape road may serve more than once.
    pub(super) replays: bool,
    idle: Mutex<Vec<Worker<T>>>,
    results: Vec<Result<T>>,
    sum: OrderedSum<T>,
}

impl<T: Float> Worker<T> {
    fn new(watched: bool) -> Self {
        let tape = || if watched { Tape::watched() } else { Tape::new() };
        let (recording, task_gradient) = (Recording::on(tape()), Vec::new());
        Worker { tape: tape(), recording, memory: Vec::new(), shapes: Vec::new(), task_gradient }
    }

    /// The tape with nothing on it.
    pub(super) fn fresh_tape(&mut self) -> &Tape<T> {
        self.tape.clear();
        &self.tape
    }
}

#[derive(Debug)]
struct Result<T> {
    loss: f64,
    gradient: Vec<T>,
}

impl<T: Float> Workers<T> {
    /// Workers for chunks of `chunk` episodes. Small models are fastest with as many episodes as leave the tape inside
    /// a core's cache; large ones with one.
    ///
    /// # Panics
    /// `chunk` is 0.
    #[track_caller]
    pub fn new(chunk: usize) -> Self {
        assert!(chunk > 0, "a chunk of no episodes");
        Workers {
            chunk,
            crew: Arc::new(Alone),
            watched: false,
            replays: false,
            idle: Mutex::new(Vec::new()),
            results: Vec::new(),
            sum: OrderedSum::new(),
        }
    }

    /// The same, sharing each meta-batch with the other ranks of `crew`. All of them have to give their workers the same work
    /// in the same order.
    ///
    /// A rank reads only [its own](Workers::own) of the episodes that it is given, so it need not draw the others. What comes
    /// of them reaches all ranks: the mean, or one result for each episode. Only what is changed in the episodes themselves,
    /// as a segment of an [unrolled](super::Unroll) optimisation does, stays where it was done.
    #[must_use]
    pub fn among(self, crew: Arc<dyn Crew>) -> Self {
        Workers { crew, ..self }
    }

    /// Which of `episodes` this rank works on: a stretch of whole chunks. A meta-batch of one chunk is not shared but done by
    /// every rank, which is faster than waiting for the one that does it.
    pub fn own(&self, episodes: usize) -> Range<usize> {
        if episodes <= self.chunk { 0..episodes } else { self.share_of(self.crew.rank(), episodes) }
    }

    fn share_of(&self, rank: usize, episodes: usize) -> Range<usize> {
        let chunks = share(episodes.div_ceil(self.chunk), rank, self.crew.size());
        let begin = |chunk: usize| (chunk * self.chunk).min(episodes);
        begin(chunks.start)..begin(chunks.end)
    }

    /// Fills in what other ranks have: `numbers` are equally many for each of `episodes`, and this rank knows those of
    /// [its own](Workers::own).
    ///
    /// # Panics
    /// The numbers are not equally many for each episode.
    #[track_caller]
    pub fn complete(&self, numbers: &mut [f64], episodes: usize) {
        let each = numbers.len().checked_div(episodes).unwrap_or(0);
        assert!(each * episodes == numbers.len(), "{} numbers for {episodes} episodes", numbers.len());
        if self.crew.size() == 1 || episodes <= self.chunk {
            return;
        }
        complete(&*self.crew, numbers, |rank| {
            let own = self.share_of(rank, episodes);
            own.start * each..own.end * each
        });
    }

    /// Workers whose tapes are [watched](Tape::watched): slower, and [`Workers::anomaly`] tells what they have seen.
    ///
    /// # Panics
    /// As [`Workers::new`].
    #[track_caller]
    pub fn watched(chunk: usize) -> Self {
        Workers { watched: true, ..Workers::new(chunk) }
    }

    /// The first infinity or NaN on a tape of [watched](Workers::watched) workers; where several chunks have met one, that
    /// of one chunk.
    pub fn anomaly(&self) -> Option<Anomaly> {
        let idle = self.idle.lock().expect("no worker panicked");
        idle.iter().find_map(|worker| worker.tape.anomaly().or_else(|| worker.recording.tape.anomaly()))
    }

    /// The most bytes of values that one tape has held.
    pub fn peak_tape_bytes(&self) -> usize {
        let idle = self.idle.lock().expect("no worker panicked");
        let peak = |worker: &Worker<T>| worker.tape.peak_bytes().max(worker.recording.tape.peak_bytes());
        idle.iter().map(peak).max().unwrap_or(0)
    }

    /// Lets no program that was recorded before serve again.
    pub(super) fn forget_recordings(&mut self) {
        let idle = self.idle.get_mut().expect("no worker panicked");
        idle.iter_mut().for_each(|worker| worker.recording.forget());
    }

    /// The mean over `episodes` of the losses and gradients whose sums over a chunk `work` computes.
    ///
    /// `work` gets zeros to add the gradient of its chunk to.
    #[track_caller]
    pub(super) fn mean<E: Sync>(
        &mut self,
        episodes: &[E],
        gradient: &mut [T],
        work: impl Fn(&mut Worker<T>, &[E], &mut [T]) -> f64 + Sync,
    ) -> f64 {
        let count = episodes.len();
        if count <= self.chunk {
            return self.mean_of_one(episodes, count, gradient, work);
        }
        let own = self.own(count);
        self.mean_of_chunks(episodes[own.clone()].par_chunks(self.chunk), (own, count), gradient, work)
    }

    /// [`Workers::mean`] of what `work` changes.
    #[track_caller]
    pub(super) fn mean_mut<E: Send>(
        &mut self,
        episodes: &mut [E],
        gradient: &mut [T],
        work: impl Fn(&mut Worker<T>, &mut [E], &mut [T]) -> f64 + Sync,
    ) -> f64 {
        let count = episodes.len();
        if count <= self.chunk {
            return self.mean_of_one(episodes, count, gradient, work);
        }
        let own = self.own(count);
        self.mean_of_chunks(episodes[own.clone()].par_chunks_mut(self.chunk), (own, count), gradient, work)
    }

    /// The mean where all episodes are one chunk.
    #[track_caller]
    fn mean_of_one<C>(
        &mut self,
        chunk: C,
        count: usize,
        gradient: &mut [T],
        work: impl FnOnce(&mut Worker<T>, C, &mut [T]) -> f64,
    ) -> f64 {
        assert!(count > 0, "the mean over no episodes");
        gradient.fill(T::ZERO);
        let mut loss = 0.0;
        let recorded = self.replays.then_some(count);
        with_worker((&self.idle, self.watched), recorded, |worker| loss = work(worker, chunk, gradient));
        scale_assign(gradient, T::ONE / T::from_usize(count));
        loss / count as f64
    }

    /// The mean over `count` episodes, of which this rank does its own in `chunks`.
    fn mean_of_chunks<C: Send>(
        &mut self,
        chunks: impl IndexedParallelIterator<Item = C>,
        (own, count): (Range<usize>, usize),
        gradient: &mut [T],
        work: impl Fn(&mut Worker<T>, C, &mut [T]) -> f64 + Sync,
    ) -> f64 {
        self.results.resize_with(chunks.len(), || Result { loss: 0.0, gradient: Vec::new() });
        let (size, replays, most) = (gradient.len(), self.replays, self.chunk);
        let idle = (&self.idle, self.watched);
        let parts = self.results.par_iter_mut().zip(chunks).enumerate();
        parts.for_each(|(part, (result, chunk))| {
            result.gradient.clear();
            result.gradient.resize(size, T::ZERO);
            let recorded = replays.then_some(most.min(own.len() - part * most));
            with_worker(idle, recorded, |worker| result.loss = work(worker, chunk, &mut result.gradient));
        });
        let loss = if self.crew.size() == 1 {
            gradient.fill(T::ZERO);
            self.results.iter().for_each(|result| add_assign(gradient, &result.gradient));
            self.results.iter().map(|result| result.loss).sum()
        } else {
            self.sum_of_ranks(count.div_ceil(most), gradient)
        };
        scale_assign(gradient, T::ONE / T::from_usize(count));
        loss / count as f64
    }

    /// The sums over all `parts`, of which this rank has some, to the bits of a single process.
    fn sum_of_ranks(&mut self, parts: usize, gradient: &mut [T]) -> f64 {
        let gradients = self.results.iter().map(|result| result.gradient.as_slice());
        self.sum.sum(&*self.crew, parts, gradients, gradient);
        let of = |rank| share(parts, rank, self.crew.size());
        let mut losses = vec![0.0; parts];
        let mine = losses[of(self.crew.rank())].iter_mut();
        mine.zip(&self.results).for_each(|(loss, result)| *loss = result.loss);
        complete(&*self.crew, &mut losses, of);
        losses.iter().sum()
    }

    /// What `work` writes for each of `episodes`: `width` numbers for one after the other. Each chunk gets the numbers that
    /// belong to its episodes.
    pub(super) fn each<E: Sync>(
        &self,
        episodes: &[E],
        width: usize,
        work: impl Fn(&mut Worker<T>, &[E], &mut [f64]) + Sync,
    ) -> Vec<f64> {
        let mut numbers = vec![0.0; episodes.len() * width];
        let own = self.own(episodes.len());
        let mine = &mut numbers[own.start * width..own.end * width];
        let chunks = episodes[own].par_chunks(self.chunk).zip(mine.par_chunks_mut(self.chunk * width));
        chunks.for_each(|(episodes, numbers)| {
            with_worker((&self.idle, self.watched), None, |worker| work(worker, episodes, numbers));
        });
        self.complete(&mut numbers, episodes.len());
        numbers
    }
}

/// Lends an idle worker, or a new one. A stack rather than one worker a thread: a thread that waits inside one chunk may
/// begin another. Where recorded programs serve again, the worker has one for as many episodes or is new.
fn with_worker<T: Float>(
    (idle, watched): (&Mutex<Vec<Worker<T>>>, bool),
    recorded: Option<usize>,
    work: impl FnOnce(&mut Worker<T>),
) {
    let find = |idle: &mut Vec<Worker<T>>| match recorded {
        None => {
            let mut worker = idle.pop()?;
            worker.recording.forget();
            Some(worker)
        }
        Some(episodes) => {
            let at = |fits: &dyn Fn(&Recording<T>) -> bool| {
                idle.iter().rposition(|worker| fits(&worker.recording))
            };
            let place =
                at(&|recording| recording.serves(episodes)).or_else(|| at(&|other| other.is_free()))?;
            Some(idle.swap_remove(place))
        }
    };
    let idle_worker = find(&mut idle.lock().expect("no worker panicked"));
    let mut worker = idle_worker.unwrap_or_else(|| Worker::new(watched));
    work(&mut worker);
    idle.lock().expect("no worker panicked").push(worker);
}

/// Adds the floats of `bundle`, variable after variable, to `out`; those with several episodes are summed over them.
pub(super) fn copy_out<'t, T: Float, O: Differentiable>(bundle: &impl Bundle<'t, T, O>, out: &mut [T]) {
    let mut at = 0;
    bundle.each(&mut |var| {
        let len = var.shape().len();
        let out = &mut out[at..at + len];
        var.read(|values| values.chunks_exact(len.max(1)).for_each(|episode| add_assign(out, episode)));
        at += len;
    });
}

/// The mean over `episodes` of a loss, and its gradient with respect to `meta`, in parallel on rayon's current pool.
///
/// `loss` is written for one episode: it gets the tape, and `meta` and an episode on it, and returns a scalar. It may take
/// gradients itself; the result is exact through them. Episodes run side by side in chunks of eight.
///
/// ```
/// use metatape::prelude::*;
///
/// // One step of Meta-SGD on y = theta x, exact to second order.
/// let meta = (Tensor::scalar(0.5), Tensor::scalar(0.1));
/// let batch = |x: f64| Batch { x: Tensor::scalar(x), y: Tensor::scalar(3.0 * x) };
/// let episodes = [Episode { support: batch(1.0), query: batch(2.0) }];
/// let (loss, (d_theta, d_alpha)) = mean_grad(&meta, &episodes, |_, (theta, alpha), e| {
///     let g = grad((theta * e.support.x - e.support.y).square(), &theta);
///     let fast = theta - alpha * g;
///     (fast * e.query.x - e.query.y).square()
/// });
/// // g = 2 (0.5 - 3) = -5, fast = 0.5 + 0.5 = 1, loss = (2 - 6)^2 = 16, d loss / d fast = 2 (2 - 6) 2 = -16.
/// assert_eq!(loss, 16.0);
/// assert_eq!(d_alpha.item(), -16.0 * 5.0);
/// assert_eq!(d_theta.item(), -16.0 * (1.0 - 0.1 * 2.0));
/// ```
///
/// # Panics
/// There are no episodes, or the loss is not a scalar.
#[track_caller]
pub fn mean_grad<T, M, E, F>(meta: &M, episodes: &[E], loss: F) -> (T, M)
where
    T: Float,
    M: AtRest<T> + Clone,
    E: AtRest<T>,
    F: for<'t> Fn(&'t Tape<T>, M::On<'t, Op>, E::On<'t, Op>) -> Var<'t, T> + Sync,
{
    let mut flat = vec![T::ZERO; meta.count()];
    let mean = Workers::new(8).mean(episodes, &mut flat, |worker, episodes, gradient| {
        worker.tape.clear();
        let tape = &worker.tape;
        let meta = meta.put(tape);
        let total = loss(tape, meta, E::put_episodes(episodes, tape)).sum_episodes();
        copy_out(&grad(total, &meta), gradient);
        total.item().to_f64()
    });
    (T::from_f64(mean), structured(meta, &flat))
}

/// Floats that lie one behind the other, in the structure of `like`.
pub(super) fn structured<T: Float, M: AtRest<T> + Clone>(like: &M, flat: &[T]) -> M {
    let (mut value, mut at) = (like.clone(), 0);
    value.each_mut(&mut |tensor| {
        let len = tensor.values().len();
        tensor.values_mut().copy_from_slice(&flat[at..at + len]);
        at += len;
    });
    value
}
