//! The lengths of a tensor along its axes.

use std::fmt;

/// The lengths of a tensor along its axes: at most four of them, row-major.
///
/// A shape is copied into every node of a tape, so it is small and plain. Axes beyond the rank count as 1.
///
/// ```
/// use metatape::tensor::Shape;
///
/// let shape = Shape::from([10, 40]);
/// assert_eq!((shape.rank(), shape.len(), shape.dim(1)), (2, 400, 40));
/// assert_eq!(Shape::broadcast(shape, Shape::from([40])), Some(shape));
/// assert_eq!(shape.to_string(), "[10, 40]");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shape {
    dims: [u32; Shape::MAX_RANK],
    rank: u32,
}

impl Shape {
    /// The largest rank.
    pub const MAX_RANK: usize = 4;

    /// The shape of a single number: rank 0, length 1.
    pub const SCALAR: Shape = Shape { dims: [1; Shape::MAX_RANK], rank: 0 };

    /// The shape with these lengths.
    ///
    /// # Panics
    /// Where [`Shape::checked`] is `None`.
    #[track_caller]
    #[inline]
    pub fn new(dims: &[usize]) -> Shape {
        match Shape::checked(dims) {
            Some(shape) => shape,
            None => refuse(dims),
        }
    }

    /// The shape with these lengths, or `None` where there are more than four of them, where one does not fit
    /// 32 bits, or where their product does not fit the address space.
    #[inline]
    pub fn checked(dims: &[usize]) -> Option<Shape> {
        if dims.len() > Shape::MAX_RANK {
            return None;
        }
        let mut shape = Shape { rank: dims.len() as u32, ..Shape::SCALAR };
        let mut len = 1_usize;
        for (slot, &dim) in shape.dims.iter_mut().zip(dims) {
            *slot = u32::try_from(dim).ok()?;
            len = len.checked_mul(dim)?;
        }
        (len <= isize::MAX as usize).then_some(shape)
    }

    /// The number of axes.
    #[inline]
    pub fn rank(self) -> usize {
        self.rank as usize
    }

    /// The lengths along the axes.
    #[inline]
    pub fn dims(&self) -> &[u32] {
        &self.dims[..self.rank()]
    }

    /// The length along one axis.
    ///
    /// # Panics
    /// If there is no such axis.
    #[track_caller]
    #[inline]
    pub fn dim(self, axis: usize) -> usize {
        assert!(axis < self.rank(), "shape {self} has no axis {axis}");
        self.dims[axis] as usize
    }

    /// The number of values: the product of all lengths, 1 for a scalar.
    #[inline]
    pub fn len(self) -> usize {
        self.dims.iter().map(|&dim| dim as usize).product()
    }

    /// Whether a tensor of this shape holds no value, because a length is 0.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// The same shape with another length along one axis.
    ///
    /// # Panics
    /// If there is no such axis, or the shape is too large.
    #[track_caller]
    pub fn with_dim(self, axis: usize, length: usize) -> Shape {
        assert!(axis < self.rank(), "shape {self} has no axis {axis}");
        let mut dims = self.dims.map(|dim| dim as usize);
        dims[axis] = length;
        Shape::new(&dims[..self.rank()])
    }

    /// How far apart, in values, two neighbours along each axis lie in row-major order.
    ///
    /// Entries beyond the rank are 1.
    #[inline]
    pub fn strides(self) -> [usize; Shape::MAX_RANK] {
        let mut strides = [1; Shape::MAX_RANK];
        for axis in (1..self.rank()).rev() {
            strides[axis - 1] = strides[axis] * self.dims[axis] as usize;
        }
        strides
    }

    /// The shape that an elementwise operation on `a` and `b` has by NumPy's rule, or `None` where they do not go
    /// together: axes are matched from the last, and a length of 1 (or a missing axis) is repeated.
    #[inline]
    pub fn broadcast(a: Shape, b: Shape) -> Option<Shape> {
        if a == b {
            return Some(a);
        }
        let (long, short) = if a.rank >= b.rank { (a, b) } else { (b, a) };
        let mut result = long;
        let ahead = long.rank() - short.rank();
        for (slot, &dim) in result.dims[ahead..long.rank()].iter_mut().zip(short.dims()) {
            *slot = match (*slot, dim) {
                (same, other) if same == other => same,
                (1, other) | (other, 1) => other,
                _ => return None,
            };
        }
        Some(result)
    }
}

#[cold]
#[track_caller]
fn refuse(dims: &[usize]) -> ! {
    if dims.len() > Shape::MAX_RANK {
        panic!("shape {dims:?} has {} axes, the most is {}", dims.len(), Shape::MAX_RANK);
    }
    panic!("shape {dims:?} is too large");
}

impl<const N: usize> From<[usize; N]> for Shape {
    #[track_caller]
    #[inline]
    fn from(dims: [usize; N]) -> Shape {
        const { assert!(N <= Shape::MAX_RANK, "a shape has at most four axes") };
        Shape::new(&dims)
    }
}

impl From<&[usize]> for Shape {
    #[track_caller]
    #[inline]
    fn from(dims: &[usize]) -> Shape {
        Shape::new(dims)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

impl fmt::Debug for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.dims())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_strides_are_row_major() {
        let shape = Shape::from([2, 3, 4, 5]);
        assert_eq!((shape.len(), shape.strides()), (120, [60, 20, 5, 1]));
        let shape = Shape::from([7, 2]);
        assert_eq!((shape.len(), shape.strides()), (14, [2, 1, 1, 1]));
        assert_eq!((Shape::SCALAR.len(), Shape::SCALAR.rank()), (1, 0));
        assert!(Shape::from([3, 0]).is_empty());
    }

    #[test]
    fn shapes_are_equal_only_with_equal_ranks() {
        assert_eq!(Shape::from([]), Shape::SCALAR);
        assert_ne!(Shape::from([1]), Shape::SCALAR);
        assert_ne!(Shape::from([3]), Shape::from([3, 1]));
        assert_eq!(Shape::new(&[3, 1]), Shape::from([3, 1]));
    }

    #[test]
    fn broadcasting_is_numpys() {
        type Dims = &'static [usize];
        let cases: [(Dims, Dims, Option<Dims>); 9] = [
            (&[2, 3], &[2, 3], Some(&[2, 3])),
            (&[2, 3], &[3], Some(&[2, 3])),
            (&[2, 3], &[2], None),
            (&[2, 1], &[1, 3], Some(&[2, 3])),
            (&[], &[4, 5], Some(&[4, 5])),
            (&[1, 1, 1, 1], &[], Some(&[1, 1, 1, 1])),
            (&[5, 1, 4], &[3, 1], Some(&[5, 3, 4])),
            (&[0, 3], &[1, 3], Some(&[0, 3])),
            (&[0], &[2], None),
        ];
        for (a, b, expected) in cases {
            let (a, b, expected) = (Shape::new(a), Shape::new(b), expected.map(Shape::new));
            assert_eq!(Shape::broadcast(a, b), expected, "{a} with {b}");
            assert_eq!(Shape::broadcast(b, a), expected, "{b} with {a}");
        }
    }

    #[test]
    #[should_panic(expected = "shape [1, 2, 3, 4, 5] has 5 axes, the most is 4")]
    fn five_axes_are_refused() {
        let _ = Shape::new(&[1, 2, 3, 4, 5]);
    }

    #[test]
    fn lengths_that_cannot_be_held_are_refused() {
        let most = u32::MAX as usize;
        assert_eq!(Shape::checked(&[most, most, most, 0]), None);
        assert_eq!(Shape::checked(&[usize::MAX]), None);
        assert_eq!(Shape::checked(&[0, most]).map(Shape::len), Some(0));
    }
}
