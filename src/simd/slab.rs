//! Storage for values: one growing buffer, every block of it aligned to a cache line.

use super::Float;

/// A growing buffer of floats, aligned to 64 bytes, that never gives memory back and never clears it.
///
/// What a fresh block holds is unspecified (values of an earlier use, or zeros): whoever takes it writes all of it.
#[derive(Debug)]
pub struct Slab<T: Float> {
    lines: Vec<T::Line>,
}

impl<T: Float> Slab<T> {
    /// How many floats a line of 64 bytes holds.
    pub const LINE: usize = 64 / size_of::<T>();

    /// An empty buffer.
    pub const fn new() -> Self {
        Slab { lines: Vec::new() }
    }

    /// `count` floats, rounded up to whole lines.
    #[inline]
    pub fn whole_lines(count: usize) -> usize {
        count.next_multiple_of(Self::LINE)
    }

    /// Makes room for at least `count` floats; the capacity doubles, so that this is amortised constant time.
    #[inline]
    pub fn reserve(&mut self, count: usize) {
        if count > self.lines.len() * Self::LINE {
            self.grow(count);
        }
    }

    #[cold]
    fn grow(&mut self, count: usize) {
        let lines = count.div_ceil(Self::LINE).max(2 * self.lines.len()).max(64);
        self.lines.resize(lines, bytemuck::Zeroable::zeroed());
    }

    /// All the floats there is room for.
    #[inline]
    pub fn values(&self) -> &[T] {
        bytemuck::cast_slice(&self.lines)
    }

    /// All the floats there is room for, to be written.
    #[inline]
    pub fn values_mut(&mut self) -> &mut [T] {
        bytemuck::cast_slice_mut(&mut self.lines)
    }
}

impl<T: Float> Default for Slab<T> {
    fn default() -> Self {
        Slab::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_and_survive_growth() {
        let mut slab = Slab::<f32>::new();
        slab.reserve(3);
        slab.values_mut()[..3].copy_from_slice(&[1.0, 2.0, 3.0]);
        slab.reserve(100_000);
        assert_eq!(slab.values()[..3], [1.0, 2.0, 3.0]);
        assert!(slab.values().len() >= 100_000);
        assert_eq!(slab.values().as_ptr().align_offset(64), 0);
    }
}
