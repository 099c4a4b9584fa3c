//! Loss, gradient and Hessian-vector products of a classifier with layers 784-256-128-64-64-5 on 80 examples.
//!
//! Parameters, direction and examples lie on the tape, as they lie in the other engines' memory; a call records all the
//! rest anew and forgets it again.

use std::hint::black_box;

use metatape::prelude::*;
use serde::Serialize;

use super::data::{mlp_init, normal, tensor, uniform};
use super::measure::{Bench, digits, timed};

const EXAMPLES: usize = 80;
const LAYERS: [usize; 6] = [784, 256, 128, 64, 64, 5];
/// How many calls are timed together.
const CALLS: usize = 20;

#[derive(Serialize)]
struct What {
    what: &'static str,
    mode: &'static str,
    /// Microseconds for one call.
    #[serde(serialize_with = "digits")]
    us: f64,
}

#[derive(Serialize)]
struct Check {
    /// The loss, or the sum of the magnitudes of all entries.
    check_last: f64,
    #[serde(serialize_with = "digits")]
    ratio_to_loss: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio_to_grad: Option<f64>,
}

/// A function of the loss at `theta`, in a direction: something on the tape that is worth the call.
type Quantity = for<'t> fn(Var<'t>, Params<'t>, Params<'t>) -> f64;

pub fn run(bench: &Bench) {
    let theta = mlp_init(&LAYERS, 2.0_f64.sqrt());
    let mut direction = Tensors::new();
    for (i, (name, like)) in theta.iter().enumerate() {
        direction.push(name, tensor(like.shape(), normal(200 + i as u64, like.values().len())));
    }
    let batch = Batch {
        x: tensor([EXAMPLES, LAYERS[0]], uniform(300, EXAMPLES * LAYERS[0])),
        y: Tensor::from_fn([EXAMPLES], |i| (i % LAYERS[5]) as f32),
    };

    let tape = Tape::new();
    let (theta, direction, batch) = (theta.put(&tape), direction.put(&tape), batch.put(&tape));
    let call = |quantity: Quantity| {
        tape.forgetting(|| {
            let logits = mlp(theta, batch.x, Activation::Relu);
            quantity(cross_entropy(logits, batch.y), theta, direction)
        })
    };
    let (mut loss_us, mut grad_us) = (None, None);
    for (name, quantity, check) in QUANTITIES {
        let (_, first_call) = timed(|| call(quantity));
        let rates = bench.measure(CALLS as f64, 0.25, || {
            for _ in 0..CALLS {
                black_box(call(quantity));
            }
        });
        let us = 1e6 / rates.value;
        let loss_us = *loss_us.get_or_insert(us);
        if name == "grad" {
            grad_us = Some(us);
        }
        let check = Check {
            check_last: call(check),
            ratio_to_loss: us / loss_us,
            ratio_to_grad: grad_us.map(|grad_us| us / grad_us),
        };
        bench.tell(("hvp", "calls/s"), What { what: name, mode: "call", us }, rates, first_call, check);
    }
}

/// What is measured, and the same with its check value in place of one of its entries.
const QUANTITIES: [(&str, Quantity, Quantity); 6] = [
    ("loss", |loss, _, _| first(loss), |loss, _, _| first(loss)),
    (
        "grad",
        |loss, theta, _| first(grad(loss, &theta).get(0)),
        |loss, theta, _| magnitude(grad(loss, &theta)),
    ),
    (
        "hvp_fwd_over_rev",
        |loss, theta, v| first(hvp_forward(loss, &theta, &v).get(0)),
        |loss, theta, v| magnitude(hvp_forward(loss, &theta, &v)),
    ),
    (
        "hvp_rev_over_fwd",
        |loss, theta, v| first(grad(jvp(&loss, &theta, &v), &theta).get(0)),
        |loss, theta, v| magnitude(grad(jvp(&loss, &theta, &v), &theta)),
    ),
    (
        "hvp_rev_over_rev",
        |loss, theta, v| first(hvp_reverse(loss, &theta, &v).get(0)),
        |loss, theta, v| magnitude(hvp_reverse(loss, &theta, &v)),
    ),
    (
        "grad_and_hvp",
        |loss, theta, v| {
            let gradient = grad(loss, &theta);
            first(gradient.get(0)) + first(jvp(&gradient, &theta, &v).get(0))
        },
        |loss, theta, v| {
            let gradient = grad(loss, &theta);
            magnitude(gradient) + magnitude(jvp(&gradient, &theta, &v))
        },
    ),
];

fn first(var: Var<'_>) -> f64 {
    var.read(|values| f64::from(values[0]))
}

fn magnitude(params: Params<'_>) -> f64 {
    params.iter().map(|var| var.read(|values| values.iter().map(|x| f64::from(x.abs())).sum::<f64>())).sum()
}
