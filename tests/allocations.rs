//! A warm training loop allocates nothing.
//!
//! The count is that of the process, so this is a program without the test harness, which has a thread of its own and
//! allocates when it pleases.

mod support;

use std::alloc::System;
use std::sync::atomic::{AtomicUsize, Ordering};

use metatape::prelude::*;
use metatape::tasks::{Augmentation, FewShot, Glyphs, Normalization, Rotations, Sinusoid, stream};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use support::{parameters, relu_loss};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const EPISODES: u64 = 6;

/// The loss of the relu network. Its first calls wait for each other, `together` of them, so that in the first iteration
/// as many chunks are at work at once as there are threads: only then is every tape warm after it.
struct Meeting {
    together: usize,
    arrived: AtomicUsize,
}

impl Loss<f32> for Meeting {
    fn loss<'t>(&self, theta: Params<'t>, batch: BatchVars<'t>) -> Var<'t> {
        if self.arrived.fetch_add(1, Ordering::SeqCst) < self.together {
            while self.arrived.load(Ordering::SeqCst) < self.together {
                std::thread::yield_now();
            }
        }
        relu_loss(theta, batch)
    }
}

/// How often memory is asked for from the second iteration on, with `threads` threads at work.
fn allocations<L: Inner<f32>>(
    learner: L,
    meta: L::Meta,
    (steps, road, chunk, recorded): (usize, Road, usize, bool),
    threads: usize,
) -> usize {
    let tasks = Sinusoid::meta_sgd();
    let mut episodes: Vec<Episode> =
        (0..EPISODES).map(|task| tasks.episode(5, 5, &mut stream(0, 0, task))).collect();
    let loss = Meeting { together: threads, arrived: AtomicUsize::new(0) };
    let problem = Problem { road, ..Problem::new(learner, loss, steps) };
    let learned = (parameters(&[1, 40, 40, 1], 1), meta);
    let mut training =
        Training::new(problem, learned, Adam::new(), Schedule::cosine(1e-3, 100), Workers::new(chunk));
    training.clip = Clip::Norm(10.0);
    type Step<'a> = Box<dyn FnMut(&[Episode]) -> bool + 'a>;
    let mut step: Step<'_> = if recorded {
        let mut training = training.recorded();
        Box::new(move |episodes| training.step(episodes).is_ok())
    } else {
        Box::new(|episodes| training.step(episodes).is_ok())
    };
    let mut iterate = |iteration| {
        for (task, episode) in (0..).zip(&mut episodes) {
            tasks.episode_into(episode, &mut stream(0, iteration, task));
        }
        assert!(step(&episodes), "finite meta-gradients");
    };
    iterate(0);
    let region = Region::new(ALLOCATOR);
    (1..=50).for_each(&mut iterate);
    let stats = region.change();
    stats.allocations + stats.reallocations
}

/// How often memory is asked for while few-shot episodes are drawn into one.
fn allocations_of_episodes() -> usize {
    let images = Glyphs::new().draw(20, 20, &mut stream(0, 0, 0));
    let protocol = FewShot {
        ways: 5,
        shots: 1,
        query: 15,
        rotations: Rotations::Alike,
        augmentation: Augmentation::NONE,
    };
    let tasks = protocol.over(&images, &Normalization::of(&images)).expect("enough images");
    let mut episode: Episode = tasks.episode(&mut stream(0, 0, 0));
    let region = Region::new(ALLOCATOR);
    (1..=50).for_each(|task| tasks.episode_into(&mut episode, &mut stream(0, 0, task)));
    region.change().allocations
}

fn main() {
    let seen = Region::new(ALLOCATOR);
    drop(std::hint::black_box(vec![1; 100]));
    assert_eq!(seen.change().allocations, 1, "the counter counts");

    assert_eq!(allocations_of_episodes(), 0, "few-shot episodes");

    let maml = Maml { rate: 0.01 };
    let published = MetaSgd::published();
    let bounded = MetaSgd { gradient_bound: Some(1.0), ..published };
    let alpha = published.rates_like(&parameters(&[1, 40, 40, 1], 1), 0.01);
    let cases = [
        (1, Road::Tape, false),
        (3, Road::Tape, false),
        (1, Road::Tape, true),
        (3, Road::Tape, true),
        (1, Road::Adjoint, false),
        (3, Road::Adjoint, false),
    ];
    // All episodes in one chunk, on a thread of no pool.
    for (steps, road, recorded) in cases {
        let case = (steps, road, EPISODES as usize, recorded);
        assert_eq!(allocations(maml, (), case, 1), 0, "MAML, {case:?}");
        assert_eq!(allocations(published, alpha.clone(), case, 1), 0, "Meta-SGD, {case:?}");
        assert_eq!(allocations(bounded, alpha.clone(), case, 1), 0, "bounded Meta-SGD, {case:?}");
    }
    // Several chunks on the two threads of a pool. It is made only now, because threads allocate while they start; and the
    // loop runs inside it, because rayon queues what comes from outside in blocks of 63 jobs, which it allocates.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("a pool");
    for ((steps, road, recorded), chunk) in cases.into_iter().flat_map(|case| [(case, 1), (case, 3)]) {
        let case = (steps, road, chunk, recorded);
        assert_eq!(pool.install(|| allocations(maml, (), case, 2)), 0, "MAML, {case:?}");
        let found = pool.install(|| allocations(published, alpha.clone(), case, 2));
        assert_eq!(found, 0, "Meta-SGD, {case:?}");
    }
    println!("a warm loop allocates nothing");
}
