//! A factor and a term for each column.

use crate::simd::{Float, Kernel, Lanes, run};

/// `out[i, j] = a[j] x[i, j] + b[j]`, with `a` and `b` one behind the other in `ab`, and `y[i, j]` added where there is one.
///
/// # Panics
/// The lengths do not fit.
#[track_caller]
pub fn scale_shift<T: Float>(x: &[T], ab: &[T], y: Option<&[T]>, out: &mut [T]) {
    let columns = ab.len() / 2;
    assert!(
        ab.len() == 2 * columns && x.len() == out.len() && y.is_none_or(|y| y.len() == x.len()),
        "scale_shift: {} numbers by {} into {}",
        x.len(),
        ab.len(),
        out.len()
    );
    if columns > 0 {
        run(ScaleShift { x, ab: ab.split_at(columns), y, out });
    }
}

struct ScaleShift<'a, T> {
    x: &'a [T],
    ab: (&'a [T], &'a [T]),
    y: Option<&'a [T]>,
    out: &'a mut [T],
}

impl<T: Float> Kernel<T> for ScaleShift<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<T>>(self) {
        let ScaleShift { x, ab, y, out } = self;
        let columns = ab.0.len();
        match y {
            None => {
                for (x, out) in x.chunks_exact(columns).zip(out.chunks_exact_mut(columns)) {
                    write_row::<T, L, false>(x, ab, x, out);
                }
            }
            Some(y) => {
                let rows = x.chunks_exact(columns).zip(y.chunks_exact(columns));
                for ((x, y), out) in rows.zip(out.chunks_exact_mut(columns)) {
                    write_row::<T, L, true>(x, ab, y, out);
                }
            }
        }
    }
}

/// The last vector of a row ends where the row ends: some numbers are written twice, the same each time.
#[inline(always)]
fn write_row<T: Float, L: Lanes<T>, const ADD: bool>(x: &[T], (a, b): (&[T], &[T]), y: &[T], out: &mut [T]) {
    let Some(last) = out.len().checked_sub(L::N) else {
        let sum = L::load_partial(x).mul_add(L::load_partial(a), L::load_partial(b));
        let sum = if ADD { L::load_partial(y).add(sum) } else { sum };
        return sum.store_partial(out);
    };
    let mut j = 0;
    loop {
        let sum = L::load(&x[j..]).mul_add(L::load(&a[j..]), L::load(&b[j..]));
        let sum = if ADD { L::load(&y[j..]).add(sum) } else { sum };
        sum.store(&mut out[j..]);
        if j == last {
            return;
        }
        j = (j + L::N).min(last);
    }
}
