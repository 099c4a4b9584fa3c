//! A factor and a term for each column.

use crate::simd::{Float, Kernel, Lanes, run};

/// `out[i, j] = a[j] x[i, j] + b[j]`, with `a` and `b` one behind the other in `ab`, and `y[i, j]` added where there is one;
/// then, where `relu`, `max(out, 0)` (NaN stays NaN).
///
/// # Panics
/// The lengths do not fit.
#[track_caller]
pub fn scale_shift<T: Float>(x: &[T], ab: &[T], y: Option<&[T]>, relu: bool, out: &mut [T]) {
    let columns = ab.len() / 2;
    assert!(
        ab.len() == 2 * columns && x.len() == out.len() && y.is_none_or(|y| y.len() == x.len()),
        "scale_shift: {} numbers by {} into {}",
        x.len(),
        ab.len(),
        out.len()
    );
    if columns > 0 {
        let ab = ab.split_at(columns);
        if relu {
            run(ScaleShift::<T, true> { x, ab, y, out })
        } else {
            run(ScaleShift::<T, false> { x, ab, y, out })
        }
    }
}

struct ScaleShift<'a, T, const RELU: bool> {
    x: &'a [T],
    ab: (&'a [T], &'a [T]),
    y: Option<&'a [T]>,
    out: &'a mut [T],
}

impl<T: Float, const RELU: bool> Kernel<T> for ScaleShift<'_, T, RELU> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let ScaleShift { x, ab, y, out } = self;
        let columns = ab.0.len();
        match y {
            None => {
                for (x, out) in x.chunks_exact(columns).zip(out.chunks_exact_mut(columns)) {
                    write_row::<T, L, false, RELU>(x, ab, x, out);
                }
            }
            Some(y) => {
                let rows = x.chunks_exact(columns).zip(y.chunks_exact(columns));
                for ((x, y), out) in rows.zip(out.chunks_exact_mut(columns)) {
                    write_row::<T, L, true, RELU>(x, ab, y, out);
                }
            }
        }
    }
}

/// The last vector of a row ends where the row ends: some numbers are written twice, the same each time.
#[inline(always)]
pub(super) fn write_row<T: Float, L: Lanes<T>, const ADD: bool, const RELU: bool>(
    x: &[T],
    (a, b): (&[T], &[T]),
    y: &[T],
    out: &mut [T],
) {
    let Some(last) = out.len().checked_sub(L::N) else {
        let sum = L::load_partial(x).mul_add(L::load_partial(a), L::load_partial(b));
        let sum = if ADD { L::load_partial(y).add(sum) } else { sum };
        return end::<T, L, RELU>(sum).store_partial(out);
    };
    let mut j = 0;
    loop {
        let sum = L::load(&x[j..]).mul_add(L::load(&a[j..]), L::load(&b[j..]));
        let sum = if ADD { L::load(&y[j..]).add(sum) } else { sum };
        end::<T, L, RELU>(sum).store(&mut out[j..]);
        if j == last {
            return;
        }
        j = (j + L::N).min(last);
    }
}

#[inline(always)]
fn end<T: Float, L: Lanes<T>, const RELU: bool>(sum: L) -> L {
    let zero = L::splat(T::ZERO);
    if RELU { L::select(sum.le(zero), zero, sum) } else { sum }
}
