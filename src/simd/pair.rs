//! Two vectors as one.

use super::{Float, Lanes, Level};

/// Two vectors that go through a function side by side, each instruction of the one next to that of the other: a chain of
/// instructions that wait for each other then leaves half as much of the processor idle.
#[derive(Clone, Copy, Debug)]
pub struct Pair<L>(L, L);

macro_rules! each {
    ($($name:ident($($argument:ident),*);)+) => { $(
        #[inline(always)]
        fn $name(self, $($argument: Self),*) -> Self {
            Pair(self.0.$name($($argument.0),*), self.1.$name($($argument.1),*))
        }
    )+ };
}

macro_rules! comparisons {
    ($($name:ident)+) => { $(
        #[inline(always)]
        fn $name(self, other: Self) -> Self::Mask {
            (self.0.$name(other.0), self.1.$name(other.1))
        }
    )+ };
}

impl<T: Float, L: Lanes<T>> Lanes<T> for Pair<L> {
    const N: usize = 2 * L::N;
    const LEVEL: Level = L::LEVEL;
    type Mask = (L::Mask, L::Mask);

    each! {
        add(other);
        sub(other);
        mul(other);
        div(other);
        mul_add(factor, term);
        recip_estimate();
        sqrt();
        min(other);
        max(other);
        round();
        neg();
        abs();
        copysign(sign);
        scale(n);
    }
    comparisons! { lt le eq }

    #[inline(always)]
    fn splat(x: T) -> Self {
        Pair(L::splat(x), L::splat(x))
    }
    #[inline(always)]
    fn load(from: &[T]) -> Self {
        let (first, second) = from[..2 * L::N].split_at(L::N);
        Pair(L::load(first), L::load(second))
    }
    #[inline(always)]
    fn load_partial(from: &[T]) -> Self {
        Self::load_or(from, Self::splat(T::ZERO))
    }
    #[inline(always)]
    fn load_or(from: &[T], rest: Self) -> Self {
        let (first, second) = from.split_at(from.len().min(L::N));
        Pair(L::load_or(first, rest.0), L::load_or(second, rest.1))
    }
    #[inline(always)]
    fn store(self, to: &mut [T]) {
        let (first, second) = to[..2 * L::N].split_at_mut(L::N);
        self.0.store(first);
        self.1.store(second);
    }
    #[inline(always)]
    fn store_partial(self, to: &mut [T]) {
        let (first, second) = to.split_at_mut(to.len().min(L::N));
        self.0.store_partial(first);
        self.1.store_partial(second);
    }
    #[inline(always)]
    unsafe fn store_past_caches(self, to: &mut [T]) {
        let (first, second) = to[..2 * L::N].split_at_mut(L::N);
        // SAFETY: the caller's, whose fence is that of both.
        unsafe {
            self.0.store_past_caches(first);
            self.1.store_past_caches(second);
        }
    }
    #[inline(always)]
    fn fence() {
        L::fence();
    }
    #[inline(always)]
    fn select(mask: Self::Mask, yes: Self, no: Self) -> Self {
        Pair(L::select(mask.0, yes.0, no.0), L::select(mask.1, yes.1, no.1))
    }
    #[inline(always)]
    fn any(mask: Self::Mask) -> bool {
        L::any(mask.0) || L::any(mask.1)
    }
    #[inline(always)]
    fn split(self) -> (Self, Self) {
        let (first, second) = (self.0.split(), self.1.split());
        (Pair(first.0, second.0), Pair(first.1, second.1))
    }
    #[inline(always)]
    fn interleave(self, other: Self) -> (Self, Self) {
        let (first, second) = (self.0.interleave(other.0), self.1.interleave(other.1));
        (Pair(first.0, first.1), Pair(second.0, second.1))
    }
    #[inline(always)]
    fn interleave_parts(self, other: Self) -> (Self, Self) {
        let (first, second) = (self.0.interleave_parts(other.0), self.1.interleave_parts(other.1));
        (Pair(first.0, second.0), Pair(first.1, second.1))
    }
    #[inline(always)]
    fn deal_parts(self, other: Self) -> (Self, Self) {
        let (own, others) = (self.0.deal_parts(self.1), other.0.deal_parts(other.1));
        (Pair(own.0, others.0), Pair(own.1, others.1))
    }
    #[inline(always)]
    fn join_halves(self, other: Self) -> Self {
        Pair(self.0, other.0)
    }
    #[inline(always)]
    fn second_half(self) -> Self {
        Pair(self.1, self.1)
    }
    #[inline(always)]
    fn sum(self) -> T {
        self.0.add(self.1).sum()
    }
    #[inline(always)]
    fn largest(self) -> T {
        self.0.max(self.1).largest()
    }
}
