//! Sums of two doubles, a vector of them at a time: arithmetic to about 104 bits (Dekker 1971; Joldes, Muller, Popescu 2017).

use metatape::simd::{Lanes, Level};

/// `high + low`, where `high` is the sum rounded to a double.
#[derive(Clone, Copy)]
pub struct DoubleDouble<L> {
    pub high: L,
    pub low: L,
}

impl<L: Lanes<f64>> DoubleDouble<L> {
    #[inline(always)]
    pub fn from(high: L) -> Self {
        DoubleDouble { high, low: L::splat(0.0) }
    }

    #[inline(always)]
    pub fn splat([high, low]: [f64; 2]) -> Self {
        DoubleDouble { high: L::splat(high), low: L::splat(low) }
    }

    /// `a + b`, exactly.
    #[inline(always)]
    pub fn sum(a: L, b: L) -> Self {
        let high = a.add(b);
        let from_b = high.sub(a);
        DoubleDouble { high, low: a.sub(high.sub(from_b)).add(b.sub(from_b)) }
    }

    /// `a + b`, exactly, where `a` is the larger in size.
    #[inline(always)]
    fn sum_in_order(a: L, b: L) -> Self {
        let high = a.add(b);
        DoubleDouble { high, low: b.sub(high.sub(a)) }
    }

    /// `a b`, exactly; without a fused multiply-add for factors below 2^996.
    #[inline(always)]
    pub fn product(a: L, b: L) -> Self {
        let high = a.mul(b);
        let low = if L::LEVEL == Level::Portable {
            let (a, b) = (halves(a), halves(b));
            let cross = a[0].mul(b[0]).sub(high).add(a[0].mul(b[1])).add(a[1].mul(b[0]));
            cross.add(a[1].mul(b[1]))
        } else {
            a.mul_add(b, high.neg())
        };
        DoubleDouble { high, low }
    }

    #[inline(always)]
    pub fn neg(self) -> Self {
        DoubleDouble { high: self.high.neg(), low: self.low.neg() }
    }

    #[inline(always)]
    pub fn add(self, other: Self) -> Self {
        let (high, low) = (Self::sum(self.high, other.high), Self::sum(self.low, other.low));
        let sum = Self::sum_in_order(high.high, high.low.add(low.high));
        Self::sum_in_order(sum.high, sum.low.add(low.low))
    }

    /// `self + other`, in fewer steps, where `other` is several times smaller.
    #[inline(always)]
    pub fn add_smaller(self, other: Self) -> Self {
        let high = Self::sum_in_order(self.high, other.high);
        Self::sum_in_order(high.high, high.low.add(self.low.add(other.low)))
    }

    #[inline(always)]
    pub fn sub(self, other: Self) -> Self {
        self.add(other.neg())
    }

    #[inline(always)]
    pub fn mul(self, other: Self) -> Self {
        let product = Self::product(self.high, other.high);
        let cross = self.low.mul_add(other.high, self.high.mul(other.low));
        Self::sum_in_order(product.high, product.low.add(cross))
    }

    /// `self / other`: a quotient, and the quotient of what it leaves.
    #[inline(always)]
    pub fn div(self, other: Self) -> Self {
        let quotient = self.high.div(other.high);
        let left = self.sub(other.mul(Self::from(quotient)));
        Self::sum_in_order(quotient, left.high.div(other.high))
    }

    /// The square root of a positive number: a root, and what Newton's method adds to it.
    #[inline(always)]
    pub fn sqrt(x: L) -> Self {
        let root = x.sqrt();
        let left = Self::from(x).sub(Self::product(root, root));
        Self::sum_in_order(root, left.high.div(root.add(root)))
    }

    /// Times a power of two, exactly.
    #[inline(always)]
    pub fn times_power(self, power: L) -> Self {
        DoubleDouble { high: self.high.mul(power), low: self.low.mul(power) }
    }

    #[inline(always)]
    pub fn select(mask: L::Mask, yes: Self, no: Self) -> Self {
        DoubleDouble { high: L::select(mask, yes.high, no.high), low: L::select(mask, yes.low, no.low) }
    }
}

/// `x` as the sum of two numbers of 26 bits (Veltkamp).
#[inline(always)]
fn halves<L: Lanes<f64>>(x: L) -> [L; 2] {
    let spread = x.mul(L::splat(134_217_729.0));
    let high = spread.sub(spread.sub(x));
    [high, x.sub(high)]
}
