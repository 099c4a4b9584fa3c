//! Ranks that are threads of one process, each with a pool of its own.

use std::sync::{Arc, Barrier, Mutex};

use metatape::meta::{Crew, Traffic};

/// One of several threads that talk through shared memory.
#[derive(Debug)]
pub(crate) struct Thread {
    rank: usize,
    board: Arc<Board>,
}

/// Where each rank lays out what it has for each other.
#[derive(Debug)]
struct Board {
    barrier: Barrier,
    laid_out: Vec<Mutex<Vec<Vec<u8>>>>,
}

impl Thread {
    /// Every rank gives `mine`, one stretch for each rank, and takes what all have for it.
    fn trade(&self, mine: Vec<Vec<u8>>, incoming: &mut [u8], lengths: &[usize]) {
        *self.board.laid_out[self.rank].lock().unwrap() = mine;
        self.board.barrier.wait();
        let mut rest = incoming;
        for (other, length) in lengths.iter().enumerate() {
            let stretch = &self.board.laid_out[other].lock().unwrap()[self.rank];
            assert_eq!(stretch.len(), *length, "rank {other} has another idea of its share");
            rest.split_off_mut(..*length).expect("room for all").copy_from_slice(stretch);
        }
        assert!(rest.is_empty());
        self.board.barrier.wait();
    }
}

impl Crew for Thread {
    fn rank(&self) -> usize {
        self.rank
    }

    fn size(&self) -> usize {
        self.board.laid_out.len()
    }

    fn gather(&self, mine: &[u8], all: &mut [u8], lengths: &[usize]) {
        self.trade(vec![mine.to_vec(); self.size()], all, lengths);
    }

    fn exchange(&self, (outgoing, to): (&[u8], &[usize]), (incoming, from): (&mut [u8], &[usize])) {
        let mut rest = outgoing;
        let mine = to.iter().map(|length| rest.split_off(..*length).expect("as long as told").to_vec());
        self.trade(mine.collect(), incoming, from);
        assert!(rest.is_empty());
    }

    fn traffic(&self) -> Traffic {
        Traffic::default()
    }
}

/// What `work` returns on each of `size` ranks of `threads` threads.
pub(crate) fn on_ranks<R: Send>(
    size: usize,
    threads: usize,
    work: impl Fn(Arc<dyn Crew>) -> R + Sync,
) -> Vec<R> {
    let laid_out = (0..size).map(|_| Mutex::new(Vec::new())).collect();
    let board = Arc::new(Board { barrier: Barrier::new(size), laid_out });
    std::thread::scope(|scope| {
        let rank = |rank| {
            let (board, work) = (board.clone(), &work);
            scope.spawn(move || {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
                pool.install(|| work(Arc::new(Thread { rank, board })))
            })
        };
        let ranks: Vec<_> = (0..size).map(rank).collect();
        ranks.into_iter().map(|rank| rank.join().expect("no rank panics")).collect()
    })
}
