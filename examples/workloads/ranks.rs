//! What it costs ranks to talk, and two ways to a sum over all of them: `mpirun -n 2 workloads ranks`.

use metatape::kernels::map::add_assign;
use metatape::meta::Crew;
use serde::Serialize;

use super::common::crew::crew;
use super::measure::{Bench, timed};

/// How many bytes a rank tells the others, from what is all latency to what is all bandwidth.
const BYTES: [usize; 5] = [8, 4 << 10, 64 << 10, 1 << 20, 16 << 20];

/// The parameters of conv4, and how many of their gradients a rank has.
const FLOATS: usize = 112_005;
const VECTORS: [usize; 3] = [1, 2, 12];

#[derive(Serialize)]
struct Talk {
    mode: &'static str,
    bytes: usize,
}

#[derive(Serialize)]
struct Sum {
    mode: &'static str,
    floats: usize,
    vectors: usize,
}

#[derive(Serialize)]
struct Check {
    check_sum: f32,
}

pub fn run(bench: &Bench) {
    let crew = &*crew();
    for bytes in BYTES {
        talk(bench, crew, bytes);
    }
    for vectors in VECTORS {
        for (mode, sum) in [("whole", whole as fn(&dyn Crew, &[f32], usize) -> Vec<f32>), ("pieces", pieces)]
        {
            // Whole numbers, so that any order gives the same sum.
            let own: Vec<f32> = (0..vectors * FLOATS).map(|i| (i % 7 + crew.rank()) as f32).collect();
            let (total, first_call) = timed(|| sum(crew, &own, vectors));
            let rates = bench.measure(1.0, 0.25, || drop(sum(crew, &own, vectors)));
            let what = Sum { mode, floats: FLOATS, vectors };
            bench.tell(("ranks", "sums/s"), what, rates, first_call, Check { check_sum: total.iter().sum() });
        }
    }
}

fn talk(bench: &Bench, crew: &dyn Crew, bytes: usize) {
    let size = crew.size();
    let (mine, each) = (vec![1; bytes], vec![bytes; size]);
    let mut all = vec![0; size * bytes];
    let (_, first_call) = timed(|| crew.gather(&mine, &mut all, &each));
    let check_sum = all.iter().map(|byte| f32::from(*byte)).sum();
    let rates = bench.measure(1.0, 0.25, || crew.gather(&mine, &mut all, &each));
    bench.tell(
        ("ranks", "gathers/s"),
        Talk { mode: "gather", bytes },
        rates,
        first_call,
        Check { check_sum },
    );
}

/// Everybody gets every vector, and adds them.
fn whole(crew: &dyn Crew, own: &[f32], vectors: usize) -> Vec<f32> {
    let size = crew.size();
    let mut all = vec![0.0; size * own.len()];
    let each = vec![size_of_val(own); size];
    crew.gather(bytemuck::cast_slice(own), bytemuck::cast_slice_mut(&mut all), &each);
    added(&all, size * vectors)
}

/// Everybody gets a piece of every vector, adds these, and tells the others, as the library does.
fn pieces(crew: &dyn Crew, own: &[f32], vectors: usize) -> Vec<f32> {
    let size = crew.size();
    let len = own.len() / vectors;
    let piece = |rank: usize| rank * len / size..(rank + 1) * len / size;
    let mine = piece(crew.rank()).len();
    let mut outgoing = Vec::with_capacity(own.len());
    for rank in 0..size {
        own.chunks_exact(len).for_each(|vector| outgoing.extend_from_slice(&vector[piece(rank)]));
    }
    let mut incoming = vec![0.0; size * vectors * mine];
    let to: Vec<usize> = (0..size).map(|rank| vectors * size_of::<f32>() * piece(rank).len()).collect();
    let from = vec![vectors * size_of::<f32>() * mine; size];
    let (outgoing, incoming_bytes) =
        (bytemuck::cast_slice(&outgoing), bytemuck::cast_slice_mut(&mut incoming));
    crew.exchange((outgoing, &to), (incoming_bytes, &from));
    let sum = added(&incoming, size * vectors);
    let mut total = vec![0.0; len];
    let lengths: Vec<usize> = (0..size).map(|rank| size_of::<f32>() * piece(rank).len()).collect();
    crew.gather(bytemuck::cast_slice(&sum), bytemuck::cast_slice_mut(&mut total), &lengths);
    total
}

/// The sum of `vectors` that lie one behind the other.
fn added(all: &[f32], vectors: usize) -> Vec<f32> {
    let mut sum = vec![0.0; all.len() / vectors];
    all.chunks_exact(sum.len()).for_each(|vector| add_assign(&mut sum, vector));
    sum
}
