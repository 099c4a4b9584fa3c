//! Anything made of variables.

use super::{BatchVars, EpisodeVars, Language, Var, Vars};
use crate::simd::Float;

/// A value made of variables in a fixed order: one, a list, a tuple or an array of bundles.
///
/// Derivatives take bundles and give bundles of the same structure, so `grad(loss, &(theta, alpha))` is a pair.
pub trait Bundle<'t, T: Float, O: Language>: Copy {
    /// Shows each variable, in order.
    fn each(&self, visit: &mut dyn FnMut(Var<'t, T, O>));

    /// The same structure of `change(x)`, made in the order of [`Bundle::each`].
    fn rebuild(&self, change: &mut dyn FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self;
}

impl<'t, T: Float, O: Language> Bundle<'t, T, O> for Var<'t, T, O> {
    fn each(&self, visit: &mut dyn FnMut(Var<'t, T, O>)) {
        visit(*self);
    }
    fn rebuild(&self, change: &mut dyn FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self {
        change(*self)
    }
}

impl<'t, T: Float, O: Language> Bundle<'t, T, O> for Vars<'t, T, O> {
    fn each(&self, visit: &mut dyn FnMut(Var<'t, T, O>)) {
        self.iter().for_each(visit);
    }
    fn rebuild(&self, change: &mut dyn FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self {
        self.map(change)
    }
}

impl<'t, T: Float, O: Language, B: Bundle<'t, T, O>, const N: usize> Bundle<'t, T, O> for [B; N] {
    fn each(&self, visit: &mut dyn FnMut(Var<'t, T, O>)) {
        self.iter().for_each(|part| part.each(visit));
    }
    fn rebuild(&self, change: &mut dyn FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self {
        self.map(|part| part.rebuild(change))
    }
}

macro_rules! bundle {
    ($type:ty, $($part:tt: $bound:ident),*) => {
        impl<'t, T: Float, O: Language $(, $bound: Bundle<'t, T, O>)*> Bundle<'t, T, O> for $type {
            #[allow(unused_variables, reason = "the empty tuple has nothing to show")]
            fn each(&self, visit: &mut dyn FnMut(Var<'t, T, O>)) {
                $(self.$part.each(visit);)*
            }
            #[allow(unused_variables, clippy::unused_unit, reason = "the empty tuple has nothing to change")]
            fn rebuild(&self, change: &mut dyn FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self {
                ($(self.$part.rebuild(change),)*)
            }
        }
    };
}

bundle!((),);
bundle!((A,), 0: A);
bundle!((A, B), 0: A, 1: B);
bundle!((A, B, C), 0: A, 1: B, 2: C);
bundle!((A, B, C, D), 0: A, 1: B, 2: C, 3: D);

impl<'t, T: Float, O: Language> Bundle<'t, T, O> for BatchVars<'t, T, O> {
    fn each(&self, visit: &mut dyn FnMut(Var<'t, T, O>)) {
        [self.x, self.y].each(visit);
    }
    fn rebuild(&self, change: &mut dyn FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self {
        BatchVars { x: change(self.x), y: change(self.y) }
    }
}

impl<'t, T: Float, O: Language> Bundle<'t, T, O> for EpisodeVars<'t, T, O> {
    fn each(&self, visit: &mut dyn FnMut(Var<'t, T, O>)) {
        [self.support, self.query].each(visit);
    }
    fn rebuild(&self, change: &mut dyn FnMut(Var<'t, T, O>) -> Var<'t, T, O>) -> Self {
        EpisodeVars { support: self.support.rebuild(change), query: self.query.rebuild(change) }
    }
}
