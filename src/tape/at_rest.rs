//! From values at rest to variables on a tape, and back.

use super::{Bundle, Extent, Language, Tape, Var, Vars};
use crate::simd::Float;
use crate::tensor::{Batch, Episode, Tensor, Tensors};

/// Values at rest, and what they become on a tape: [`Tensor`] becomes [`Var`], [`Tensors`] become [`Vars`], an
/// [`Episode`] becomes [`EpisodeVars`], a tuple becomes a tuple.
pub trait AtRest<T: Float>: Sync {
    /// The same structure made of variables.
    type On<'t, O: Language + 't>: Bundle<'t, T, O>;

    /// Puts a group side by side on the tape, one member an episode. A group of one is shared by all episodes.
    ///
    /// # Panics
    /// The members differ in shape, or there are none.
    fn put_group<'t, 'a, O: Language>(
        group: impl ExactSizeIterator<Item = &'a Self> + Clone,
        tape: &'t Tape<T, O>,
    ) -> Self::On<'t, O>
    where
        Self: 'a;

    /// Shows each tensor, in the order of the variables.
    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Tensor<T>));

    /// Shows each tensor, in the order of the variables, to be changed.
    fn each_mut(&mut self, visit: &mut dyn FnMut(&mut Tensor<T>));

    /// How many floats there are in all tensors together.
    fn count(&self) -> usize {
        let mut count = 0;
        self.each(&mut |tensor| count += tensor.values().len());
        count
    }

    /// Puts this value on the tape, shared by all episodes.
    fn put<'t, O: Language>(&self, tape: &'t Tape<T, O>) -> Self::On<'t, O> {
        Self::put_group(std::iter::once(self), tape)
    }

    /// Puts the members of a slice side by side on the tape, one an episode.
    fn put_episodes<'t, O: Language>(episodes: &[Self], tape: &'t Tape<T, O>) -> Self::On<'t, O>
    where
        Self: Sized,
    {
        Self::put_group(episodes.iter(), tape)
    }

    /// Copies the floats of variables on a tape into this value.
    ///
    /// # Panics
    /// They differ in structure or shape, or a variable has several episodes.
    #[track_caller]
    fn copy_from_tape<'t, O: Language>(&mut self, variables: &impl Bundle<'t, T, O>) {
        // Two walks cannot go in step; the list between them is kept with the tape, so that nothing is allocated.
        let mut tape = None;
        variables.each(&mut |var| tape = tape.or(Some(var.tape())));
        let Some(tape) = tape else {
            return self.each_mut(&mut |tensor| panic!("copy_from_tape: no variable for {tensor:?}"));
        };
        let mut scratch = tape.take_scratch();
        scratch.list.clear();
        variables.each(&mut |var| scratch.list.push(var.id()));
        let mut variables = scratch.list.iter().map(|&id| Var::at(tape, id));
        let (mut tensors, mut misfit) = (0, None);
        self.each_mut(&mut |tensor| {
            tensors += 1;
            let Some(var) = variables.next() else { return };
            match var.extent() == Extent::shared(tensor.shape()) {
                true => var.read(|values| tensor.values_mut().copy_from_slice(values)),
                false => misfit = misfit.or(Some((var.extent(), tensor.shape()))),
            }
        });
        let count = scratch.list.len();
        assert!(count == tensors, "copy_from_tape: {count} variables into {tensors} tensors");
        if let Some((extent, shape)) = misfit {
            panic!("copy_from_tape: {extent} into a tensor of shape {shape}");
        }
        tape.return_scratch(scratch);
    }
}

/// A batch on a tape; see [`Batch`].
#[derive(Debug)]
pub struct BatchVars<'t, T: Float, O: Language> {
    /// The inputs, one a row.
    pub x: Var<'t, T, O>,
    /// The targets, one a row.
    pub y: Var<'t, T, O>,
}

/// An episode on a tape; see [`Episode`].
#[derive(Debug)]
pub struct EpisodeVars<'t, T: Float, O: Language> {
    /// What the inner steps learn from.
    pub support: BatchVars<'t, T, O>,
    /// What the adapted model is judged on.
    pub query: BatchVars<'t, T, O>,
}

impl<T: Float, O: Language> Clone for BatchVars<'_, T, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Float, O: Language> Copy for BatchVars<'_, T, O> {}

impl<T: Float, O: Language> Clone for EpisodeVars<'_, T, O> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Float, O: Language> Copy for EpisodeVars<'_, T, O> {}

impl<T: Float> AtRest<T> for Tensor<T> {
    type On<'t, O: Language + 't> = Var<'t, T, O>;

    fn put_group<'t, 'a, O: Language>(
        mut group: impl ExactSizeIterator<Item = &'a Self> + Clone,
        tape: &'t Tape<T, O>,
    ) -> Var<'t, T, O> {
        let episodes = group.len();
        let first = group.clone().next().expect("a group of at least one member");
        let len = first.values().len();
        tape.leaf(Extent::new(episodes as u32, first.shape()), |out| {
            for episode in 0..episodes {
                let member = group.next().expect("as many members as the iterator promised");
                assert!(
                    member.shape() == first.shape(),
                    "episodes side by side differ in shape: {} and {}",
                    first.shape(),
                    member.shape()
                );
                out[episode * len..(episode + 1) * len].copy_from_slice(member.values());
            }
        })
    }

    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Tensor<T>)) {
        visit(self);
    }

    fn each_mut(&mut self, visit: &mut dyn FnMut(&mut Tensor<T>)) {
        visit(self);
    }
}

impl<T: Float> AtRest<T> for Tensors<T> {
    type On<'t, O: Language + 't> = Vars<'t, T, O>;

    fn put_group<'t, 'a, O: Language>(
        group: impl ExactSizeIterator<Item = &'a Self> + Clone,
        tape: &'t Tape<T, O>,
    ) -> Vars<'t, T, O> {
        let first = group.clone().next().expect("a group of at least one member");
        Vars::from_fn(tape, first.len(), |i| {
            Tensor::put_group(group.clone().map(|member| &member.tensors()[i]), tape)
        })
    }

    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Tensor<T>)) {
        self.tensors().iter().for_each(visit);
    }

    fn each_mut(&mut self, visit: &mut dyn FnMut(&mut Tensor<T>)) {
        self.tensors_mut().iter_mut().for_each(visit);
    }
}

impl<T: Float> AtRest<T> for Batch<T> {
    type On<'t, O: Language + 't> = BatchVars<'t, T, O>;

    fn put_group<'t, 'a, O: Language>(
        group: impl ExactSizeIterator<Item = &'a Self> + Clone,
        tape: &'t Tape<T, O>,
    ) -> BatchVars<'t, T, O> {
        BatchVars {
            x: Tensor::put_group(group.clone().map(|member| &member.x), tape),
            y: Tensor::put_group(group.map(|member| &member.y), tape),
        }
    }

    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Tensor<T>)) {
        visit(&self.x);
        visit(&self.y);
    }

    fn each_mut(&mut self, visit: &mut dyn FnMut(&mut Tensor<T>)) {
        visit(&mut self.x);
        visit(&mut self.y);
    }
}

impl<T: Float> AtRest<T> for Episode<T> {
    type On<'t, O: Language + 't> = EpisodeVars<'t, T, O>;

    fn put_group<'t, 'a, O: Language>(
        group: impl ExactSizeIterator<Item = &'a Self> + Clone,
        tape: &'t Tape<T, O>,
    ) -> EpisodeVars<'t, T, O> {
        EpisodeVars {
            support: Batch::put_group(group.clone().map(|member| &member.support), tape),
            query: Batch::put_group(group.map(|member| &member.query), tape),
        }
    }

    fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Tensor<T>)) {
        self.support.each(visit);
        self.query.each(visit);
    }

    fn each_mut(&mut self, visit: &mut dyn FnMut(&mut Tensor<T>)) {
        self.support.each_mut(visit);
        self.query.each_mut(visit);
    }
}

macro_rules! at_rest {
    ($type:ty, $($part:tt: $bound:ident),*) => {
        #[allow(unused_variables, clippy::unused_unit, reason = "the empty tuple has nothing to put or to show")]
        impl<T: Float $(, $bound: AtRest<T>)*> AtRest<T> for $type {
            type On<'t, O: Language + 't> = ($($bound::On<'t, O>,)*);

            fn put_group<'t, 'a, O: Language>(
                group: impl ExactSizeIterator<Item = &'a Self> + Clone,
                tape: &'t Tape<T, O>,
            ) -> Self::On<'t, O>
            where
                Self: 'a,
            {
                ($($bound::put_group(group.clone().map(|member| &member.$part), tape),)*)
            }

            fn each<'a>(&'a self, visit: &mut dyn FnMut(&'a Tensor<T>)) {
                $(self.$part.each(visit);)*
            }

            fn each_mut(&mut self, visit: &mut dyn FnMut(&mut Tensor<T>)) {
                $(self.$part.each_mut(visit);)*
            }
        }
    };
}

at_rest!((),);
at_rest!((A,), 0: A);
at_rest!((A, B), 0: A, 1: B);
at_rest!((A, B, C), 0: A, 1: B, 2: C);
