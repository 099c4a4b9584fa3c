//! A sum whose order does not depend on who has the parts.

use super::{Crew, share};
use crate::kernels::map::add_assign;
use crate::simd::Float;

/// Sums vectors of which each rank has a stretch, in the order of the vectors, and gives the sum to all ranks.
///
/// Each rank gets one piece of every vector, adds these in order, and tells the others its piece of the sum. Where a rank has
/// `k` of the vectors it sends `k + 1` pieces to each other rank. If every rank got every vector and added them itself, it would
/// send `k` whole vectors to each.
#[derive(Debug)]
pub(in crate::meta) struct OrderedSum<T> {
    outgoing: Vec<T>,
    incoming: Vec<T>,
    lengths: [Vec<usize>; 2],
}

impl<T: Float> OrderedSum<T> {
    pub(in crate::meta) const fn new() -> Self {
        OrderedSum { outgoing: Vec::new(), incoming: Vec::new(), lengths: [Vec::new(), Vec::new()] }
    }

    /// Writes the sum of all `parts` vectors into `total`; `own` are those of this rank's [`share`].
    pub(in crate::meta) fn sum<'a>(
        &mut self,
        crew: &dyn Crew,
        parts: usize,
        own: impl ExactSizeIterator<Item = &'a [T]> + Clone,
        total: &mut [T],
    ) {
        let (rank, size, len) = (crew.rank(), crew.size(), total.len());
        let piece = |rank| share(len, rank, size);
        let bytes = |floats: usize| floats * size_of::<T>();
        let OrderedSum { outgoing, incoming, lengths: [to, from] } = self;
        outgoing.clear();
        for other in 0..size {
            own.clone().for_each(|vector| outgoing.extend_from_slice(&vector[piece(other)]));
        }
        let mine = piece(rank);
        to.clear();
        to.extend((0..size).map(|other| bytes(own.len() * piece(other).len())));
        from.clear();
        from.extend((0..size).map(|other| bytes(share(parts, other, size).len() * mine.len())));
        incoming.resize(parts * mine.len(), T::ZERO);
        crew.exchange((bytemuck::cast_slice(outgoing), to), (bytemuck::cast_slice_mut(incoming), from));

        outgoing.clear();
        outgoing.resize(mine.len(), T::ZERO);
        incoming.chunks_exact(mine.len().max(1)).for_each(|vector| add_assign(outgoing, vector));
        to.clear();
        to.extend((0..size).map(|other| bytes(piece(other).len())));
        crew.gather(bytemuck::cast_slice(outgoing), bytemuck::cast_slice_mut(total), to);
    }
}
