//! What an experiment needs, in one `use`.

pub use crate::calculus::{descend, grad, hessian, hvp, hvp_forward, hvp_reverse, jacobian, jvp, vjp};
pub use crate::meta::optimizer::{Adam, Optimizer, RmsProp, Sgd};
pub use crate::meta::{
    Adaptation, Clip, Descent, Fast, Inner, LearnedOptimizer, Loss, Maml, MetaLstm, MetaSgd, Optimizee,
    Order, Problem, Rates, Recorded, Road, Rule, Schedule, Slope, Training, Unroll, Workers, adapt,
    mean_grad,
};
pub use crate::nn::{Activation, Initializer, Params, cross_entropy, dense, mlp, mlp_parameters, mse};
pub use crate::ops::{BatchVars, EpisodeVars, Tape, Var, concat};
pub use crate::simd::Float;
pub use crate::tape::{AtRest, Bundle, Extent};
pub use crate::tensor::{Batch, Episode, Shape, Tensor, Tensors};
