//! The axes of a loop in which operands may stand still, and the walk over them.

/// The axes of a loop: episodes and up to four of a shape.
pub const AXES: usize = 5;

/// The lengths along all axes, episodes first, a shape's axes at the right and lengths of 1 in between.
pub type Counts = [usize; AXES];

/// Visits the axes of what dense `operands` broadcast to, from the innermost to the outermost: how many steps, and how far
/// each operand moves for one, 0 where its length is 1. An axis along which the same operands move as along the last
/// joins that one, so that a bias is added in one loop over rows and a sum of everything is one sum.
#[inline(always)]
fn each_axis<const N: usize>(operands: &[Counts; N], mut visit: impl FnMut(usize, [usize; N], bool)) {
    let mut sizes = [1; N];
    // A bit for each operand that moves.
    let mut last_moves = u8::MAX;
    for axis in (0..AXES).rev() {
        // Read one by one: a vector of lengths just written one by one is slow to read.
        let mut count = 1;
        for operand in operands {
            if count == 1 {
                count = operand[axis];
            }
        }
        if count == 1 {
            continue;
        }
        let (mut moves, mut steps) = (0, [0; N]);
        for n in 0..N {
            let own = operands[n][axis];
            moves |= u8::from(own == count) << n;
            steps[n] = if own == count { sizes[n] } else { 0 };
            sizes[n] *= own;
        }
        visit(count, steps, moves == last_moves);
        last_moves = moves;
    }
}

/// Axes from the innermost to the outermost, and how far each of `N` operands moves for a step along them: 0 where it
/// stands still. Those behind the last have one step.
#[derive(Clone, Copy)]
pub(super) struct Loops<const N: usize> {
    pub counts: [usize; AXES],
    pub strides: [[usize; N]; AXES],
    len: usize,
}

impl<const N: usize> Loops<N> {
    /// No axis yet. [`Loops::set`] follows: a value returned by a function would be copied, by wide instructions that
    /// are slow to read what was just written in small pieces.
    pub(super) const NONE: Self = Loops { counts: [1; AXES], strides: [[0; N]; AXES], len: 0 };

    /// Takes the axes of what the operands broadcast to.
    #[inline(always)]
    pub(super) fn set(&mut self, operands: &[Counts; N]) {
        each_axis(operands, |count, steps, joins| self.add(count, steps, joins));
    }

    #[inline(always)]
    fn add(&mut self, count: usize, steps: [usize; N], joins: bool) {
        if joins {
            self.counts[self.len - 1] *= count;
        } else {
            self.counts[self.len] = count;
            self.strides[self.len] = steps;
            self.len += 1;
        }
    }

    /// Whether there is at most one axis.
    #[inline(always)]
    pub(super) fn is_one(&self) -> bool {
        self.len <= 1
    }

    /// Whether operand `n` moves along the innermost axis; where there is no axis, a lone number may pass for a row.
    #[inline(always)]
    pub(super) fn moves(&self, n: usize) -> bool {
        self.len == 0 || self.strides[0][n] != 0
    }

    /// The operands' offsets at each step of all axes but the `inner` innermost, in order, beginning at `from`.
    #[inline(always)]
    pub(super) fn outer(&self, inner: usize, from: [usize; N]) -> Offsets<'_, N> {
        let left = self.counts[inner..].iter().product();
        Offsets { loops: self, inner, index: [0; AXES], at: from, left }
    }
}

/// The axes of a loop on two sides: those along which the last operand moves, and those along which it stands still.
pub(super) struct Split<const N: usize> {
    pub moving: Loops<N>,
    pub still: Loops<N>,
    /// How far each operand moves along the innermost axis of all.
    innermost: [usize; N],
}

impl<const N: usize> Split<N> {
    /// As [`Loops::NONE`]. Where there is no axis, a lone number may pass for a row.
    pub(super) const NONE: Self = Split { moving: Loops::NONE, still: Loops::NONE, innermost: [1; N] };

    /// Takes the axes of what the operands broadcast to.
    #[inline(always)]
    pub(super) fn set(&mut self, operands: &[Counts; N]) {
        each_axis(operands, |count, steps, joins| {
            if self.moving.len + self.still.len == 0 {
                self.innermost = steps;
            }
            let side = if steps[N - 1] == 0 { &mut self.still } else { &mut self.moving };
            side.add(count, steps, joins);
        });
    }

    /// As [`Loops::moves`], of the innermost axis of all.
    #[inline(always)]
    pub(super) fn moves(&self, n: usize) -> bool {
        self.innermost[n] != 0
    }
}

/// A walk over outer axes. An iterator rather than a function of a closure: closures are not always inlined, and a
/// kernel's body must be.
pub(super) struct Offsets<'a, const N: usize> {
    loops: &'a Loops<N>,
    inner: usize,
    index: [usize; AXES],
    at: [usize; N],
    left: usize,
}

impl<const N: usize> Iterator for Offsets<'_, N> {
    type Item = [usize; N];

    #[inline(always)]
    fn next(&mut self) -> Option<[usize; N]> {
        self.left = self.left.checked_sub(1)?;
        let at = self.at;
        if self.left > 0 {
            let Loops { counts, strides, .. } = self.loops;
            for axis in self.inner..AXES {
                self.index[axis] += 1;
                advance(&mut self.at, strides[axis]);
                if self.index[axis] < counts[axis] {
                    break;
                }
                for (at, stride) in self.at.iter_mut().zip(strides[axis]) {
                    *at -= stride * counts[axis];
                }
                self.index[axis] = 0;
            }
        }
        Some(at)
    }
}

/// A step of all operands.
#[inline(always)]
pub(super) fn advance<const N: usize>(at: &mut [usize; N], steps: [usize; N]) {
    for n in 0..N {
        at[n] += steps[n];
    }
}
