//! All parameters of a model as one value.

use std::ops::{Add, Mul, Neg, Sub};

use crate::ops::{self, Op, Vars};
use crate::simd::Float;
use crate::tape;
use crate::tensor::Shape;

/// All parameters of a model, or anything shaped like them (a gradient, rates): one value with `+`, `-` and `*`,
/// elementwise and broadcast, tensor by tensor.
///
/// The inner step of Meta-SGD is what it is on paper: `theta - alpha * g`.
pub type Params<'t, T = f32> = Vars<'t, T>;

impl<T: Float> Add for tape::Vars<'_, T, Op> {
    type Output = Self;
    #[track_caller]
    fn add(self, other: Self) -> Self {
        self.record(ops::Add.into(), [other])
    }
}

impl<T: Float> Sub for tape::Vars<'_, T, Op> {
    type Output = Self;
    #[track_caller]
    fn sub(self, other: Self) -> Self {
        self.record(ops::Sub.into(), [other])
    }
}

impl<T: Float> Mul for tape::Vars<'_, T, Op> {
    type Output = Self;
    #[track_caller]
    fn mul(self, other: Self) -> Self {
        self.record(ops::Mul::PLAIN.into(), [other])
    }
}

impl<T: Float> Mul<T> for tape::Vars<'_, T, Op> {
    type Output = Self;
    fn mul(self, factor: T) -> Self {
        self.map(|x| x.scale(factor))
    }
}

impl<'t, T: Float> Mul<tape::Var<'t, T, Op>> for tape::Vars<'t, T, Op> {
    type Output = Self;
    #[track_caller]
    fn mul(self, factor: tape::Var<'t, T, Op>) -> Self {
        let repeated = tape::Vars::from_fn(self.tape(), self.len(), |_| factor);
        self.record(ops::Mul::PLAIN.into(), [repeated])
    }
}

impl<T: Float> Neg for tape::Vars<'_, T, Op> {
    type Output = Self;
    #[track_caller]
    fn neg(self) -> Self {
        self.record(ops::Neg.into(), [])
    }
}

impl<'t, T: Float> tape::Vars<'t, T, Op> {
    /// The same floats as constants: no derivative of any order flows through.
    pub fn detach(self) -> Self {
        self.map(|x| x.detach())
    }

    /// `self + factor direction`, in one pass: a step of gradient descent.
    ///
    /// # Panics
    /// The lists do not match, or two operands do not fit.
    #[track_caller]
    pub fn add_scaled(self, factor: T, direction: Self) -> Self {
        self.record(ops::AddScaled { factor: factor.to_f64() }.into(), [direction])
    }

    /// `self + factor rates direction`, in one pass: a step of gradient descent with a rate for each parameter.
    ///
    /// # Panics
    /// The lists do not match, or operands do not fit.
    #[track_caller]
    pub fn add_product(self, factor: T, rates: Self, direction: Self) -> Self {
        self.record(ops::AddProduct { factor: factor.to_f64() }.into(), [rates, direction])
    }

    /// `sum of x y` over all elements of all tensors, for each episode.
    ///
    /// # Panics
    /// The lists or shapes do not match, or the lists are empty.
    #[track_caller]
    pub fn dot(self, other: Self) -> tape::Var<'t, T, Op> {
        let dot = ops::Dot { to: Shape::SCALAR, over_episodes: false, factor: 1.0 };
        let sums = self.record(dot.into(), [other]);
        sums.iter().reduce(|total, sum| total + sum).expect("dot of no tensors")
    }

    /// The sum of the squares of all elements of all tensors, for each episode.
    ///
    /// # Panics
    /// The list is empty.
    #[track_caller]
    pub fn squared_norm(self) -> tape::Var<'t, T, Op> {
        let squares = self.iter().map(|x| x.sum_squares(T::ONE));
        squares.reduce(|sum, square| sum + square).expect("the norm of no tensors")
    }
}
