//! Processes that were started together by `mpirun` or a cluster's scheduler.

use std::sync::{Mutex, MutexGuard};
use std::time::Instant;

use mpi::Count;
use mpi::datatype::{Partition, PartitionMut};
use mpi::environment::{Threading, Universe, initialize_with_threading};
use mpi::topology::SimpleCommunicator;
use mpi::traits::{Communicator, CommunicatorCollectives};

use super::{Crew, Traffic};

/// All processes that were started together, by the Message Passing Interface.
///
/// When it is dropped the ranks take leave of each other, which waits for all of them. A rank that panics instead ends them
/// all.
pub struct Mpi {
    rank: usize,
    size: usize,
    state: Mutex<State>,
}

struct State {
    /// Keeps MPI running.
    _universe: Universe,
    traffic: Traffic,
}

/// MPI cannot be used here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MpiError {
    /// There is one already, or there was one: MPI starts once in a process.
    #[error("MPI has been started in this process before")]
    Started,
    /// The installed library may only be called by the thread that started it.
    #[error("this MPI library does not allow calls from several threads")]
    Threads,
}

impl Mpi {
    /// Starts MPI, and finds the other processes. One that was started without `mpirun` is the only one.
    ///
    /// # Errors
    /// See [`MpiError`].
    pub fn start() -> Result<Self, MpiError> {
        let (universe, support) =
            initialize_with_threading(Threading::Serialized).ok_or(MpiError::Started)?;
        if support < Threading::Serialized {
            return Err(MpiError::Threads);
        }
        let world = universe.world();
        let (rank, size) = (world.rank() as usize, world.size() as usize);
        let state = Mutex::new(State { _universe: universe, traffic: Traffic::default() });
        Ok(Mpi { rank, size, state })
    }

    /// Does `talk`, no other thread meanwhile, and takes the time.
    fn talk(&self, [sent, received]: [u64; 2], talk: impl FnOnce(&SimpleCommunicator)) {
        let begun = Instant::now();
        let mut state = self.state();
        talk(&SimpleCommunicator::world());
        state.traffic.sent += sent;
        state.traffic.received += received;
        state.traffic.exchanges += 1;
        state.traffic.time += begun.elapsed();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("MPI does not panic")
    }

    /// How many bytes go to other ranks, or come from them, where `lengths` lie ready for all.
    fn to_others(&self, lengths: &[usize]) -> u64 {
        (lengths.iter().sum::<usize>() - lengths[self.rank]) as u64
    }
}

impl Crew for Mpi {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.size
    }

    fn gather(&self, mine: &[u8], all: &mut [u8], lengths: &[usize]) {
        let (counts, places) = counts_and_places(lengths);
        let sent = (mine.len() * (self.size - 1)) as u64;
        self.talk([sent, self.to_others(lengths)], |world| {
            let mut nothing = NOTHING;
            world.all_gather_varcount_into(
                somewhere(mine),
                &mut PartitionMut::new(somewhere_mut(all, &mut nothing), counts, places),
            );
        });
    }

    fn exchange(&self, (outgoing, to): (&[u8], &[usize]), (incoming, from): (&mut [u8], &[usize])) {
        let ((to_counts, to_places), (from_counts, from_places)) =
            (counts_and_places(to), counts_and_places(from));
        self.talk([self.to_others(to), self.to_others(from)], |world| {
            let mut nothing = NOTHING;
            let outgoing = Partition::new(somewhere(outgoing), to_counts, to_places);
            let incoming = somewhere_mut(incoming, &mut nothing);
            let mut incoming = PartitionMut::new(incoming, from_counts, from_places);
            world.all_to_all_varcount_into(&outgoing, &mut incoming);
        });
    }

    fn traffic(&self) -> Traffic {
        self.state().traffic
    }
}

impl Drop for Mpi {
    fn drop(&mut self) {
        // Taking leave would wait for ranks that wait for this one.
        if std::thread::panicking() {
            SimpleCommunicator::world().abort(101);
        }
    }
}

impl std::fmt::Debug for Mpi {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "rank {} of {}", self.rank, self.size)
    }
}

/// No bytes have an address in Rust that is 1, which to MPI libraries means that the numbers are in place already.
const NOTHING: [u8; 1] = [0];

fn somewhere(bytes: &[u8]) -> &[u8] {
    if bytes.is_empty() { &NOTHING[..0] } else { bytes }
}

fn somewhere_mut<'a>(bytes: &'a mut [u8], nothing: &'a mut [u8; 1]) -> &'a mut [u8] {
    if bytes.is_empty() { &mut nothing[..0] } else { bytes }
}

/// Lengths as MPI counts them, and where each stretch begins.
fn counts_and_places(lengths: &[usize]) -> (Vec<Count>, Vec<Count>) {
    let total: usize = lengths.iter().sum();
    assert!(Count::try_from(total).is_ok(), "{total} bytes at once are more than MPI counts");
    let counts: Vec<Count> = lengths.iter().map(|length| *length as Count).collect();
    let places = counts.iter().scan(0, |end, count| {
        let place = *end;
        *end += count;
        Some(place)
    });
    let places = places.collect();
    (counts, places)
}
