//! The processes that share a meta-batch: one, or many on many machines.
//!
//! All of them, the *ranks*, run the same program with the same options, hold the same parameters and draw the same
//! random numbers. Only what [`Workers`](super::Workers) do is divided: each rank works on a stretch of the chunks of a
//! meta-batch, and what comes of them is added in the order of the chunks. Neither the number of ranks nor that of
//! threads decides a bit.

mod alone;
#[cfg(feature = "mpi")]
mod mpi;
mod ordered_sum;

use std::fmt;
use std::ops::Range;
use std::time::Duration;

pub use alone::Alone;
#[cfg(feature = "mpi")]
pub use mpi::{Mpi, MpiError};
pub(super) use ordered_sum::OrderedSum;

/// How ranks talk with each other. Every method but [`Crew::rank`], [`Crew::size`] and [`Crew::traffic`] is for all ranks
/// at once: each has to call it, in the same order as the others, and waits for them.
///
/// A rank that is gone, or that does not call, is not noticed here: whoever started the ranks has to end them all then, as
/// `mpirun` does.
pub trait Crew: fmt::Debug + Send + Sync {
    /// The number of this rank, from 0.
    fn rank(&self) -> usize;

    /// How many ranks there are.
    fn size(&self) -> usize;

    /// Gives every rank what each has: `mine` of every rank, in their order, fills `all`. `lengths` tells for each rank how
    /// many bytes it gives.
    fn gather(&self, mine: &[u8], all: &mut [u8], lengths: &[usize]);

    /// Gives every rank what each has for it: what lies in `outgoing` for one rank after another, of the given lengths,
    /// arrives in the `incoming` of each, from one rank after another.
    fn exchange(&self, outgoing: (&[u8], &[usize]), incoming: (&mut [u8], &[usize]));

    /// What this rank has sent and received so far.
    fn traffic(&self) -> Traffic;

    /// Whether this is the rank that speaks for all: number 0, which alone writes files and shows progress.
    fn leads(&self) -> bool {
        self.rank() == 0
    }

    /// Every rank's bytes, in the order of the ranks, where nobody knows how many the others have.
    fn gather_all(&self, mine: &[u8]) -> Vec<Vec<u8>> {
        let mut lengths = vec![0_u64; self.size()];
        let one_each = vec![size_of::<u64>(); self.size()];
        let own = [mine.len() as u64];
        self.gather(bytemuck::bytes_of(&own), bytemuck::cast_slice_mut(&mut lengths), &one_each);
        let lengths: Vec<usize> = lengths.into_iter().map(|length| length as usize).collect();
        let mut all = vec![0; lengths.iter().sum()];
        self.gather(mine, &mut all, &lengths);
        let mut rest = all.as_slice();
        lengths.iter().map(|length| rest.split_off(..*length).expect("as long as told").to_vec()).collect()
    }
}

/// What communication has cost one rank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// The time in it, waiting for slower ranks included.
    pub time: Duration,
    /// The bytes that were sent to other ranks.
    pub sent: u64,
    /// The bytes that other ranks sent.
    pub received: u64,
    /// How many exchanges there were.
    pub exchanges: u64,
}

/// Fills in what other ranks have of `numbers`; `of` tells which stretch a rank has.
pub(super) fn complete(crew: &dyn Crew, numbers: &mut [f64], of: impl Fn(usize) -> Range<usize>) {
    let mine = numbers[of(crew.rank())].to_vec();
    let lengths: Vec<usize> = (0..crew.size()).map(|rank| of(rank).len() * size_of::<f64>()).collect();
    crew.gather(bytemuck::cast_slice(&mine), bytemuck::cast_slice_mut(numbers), &lengths);
}

/// The stretch of `parts` that belongs to `rank`: as long as the others' or one longer.
pub(super) fn share(parts: usize, rank: usize, size: usize) -> Range<usize> {
    let begin = |rank: usize| rank * parts / size;
    begin(rank)..begin(rank + 1)
}

#[cfg(test)]
mod tests {
    use super::share;

    #[test]
    fn shares_are_even_and_cover_everything() {
        for parts in 0..20 {
            for size in 1..8 {
                let shares: Vec<_> = (0..size).map(|rank| share(parts, rank, size)).collect();
                let covered: Vec<usize> = shares.iter().cloned().flatten().collect();
                assert_eq!(covered, (0..parts).collect::<Vec<_>>());
                let lengths = shares.iter().map(ExactSizeIterator::len);
                assert!(lengths.clone().max().unwrap() - lengths.min().unwrap() <= 1);
            }
        }
    }
}
