//! Episodes side by side on one tape are what each is alone: derivatives of E losses are E derivatives.

use metatape::calculus::{grad, hvp, hvp_forward, hvp_reverse, jvp};
use metatape::check::RandomProgram;
use metatape::ops::{Op, Tape, Var, Vars};
use metatape::tape::Extent;

use crate::case::{Case, Operand, close, for_each_op, leaf, random_like, read, runner};
use crate::tolerance::EPISODES;

/// The losses of all episodes, or that of one.
type LossOfEpisode<'a> = dyn for<'t> Fn(Vars<'t, f64>, Option<u32>) -> Var<'t, f64> + 'a;

/// A loss for each episode, of operands each of which is shared or has a value for each episode.
struct Side<'a> {
    episodes: u32,
    operands: &'a [Operand],
    /// The loss of all episodes, or of one alone, as a function of the operands.
    loss: &'a LossOfEpisode<'a>,
}

/// `grad`, `hvp` in both modes along a direction of each episode's own, and `jvp` along the same.
fn derivatives<'t>(loss: Var<'t, f64>, x: Vars<'t, f64>, v: Vars<'t, f64>) -> [Vars<'t, f64>; 5] {
    let tangent = Vars::from_fn(x.tape(), 1, |_| jvp(&loss, &x, &v));
    [grad(loss, &x), hvp(loss, &x, &v), hvp_forward(loss, &x, &v), hvp_reverse(loss, &x, &v), tangent]
}

const NAMES: [&str; 5] = ["grad", "hvp", "hvp_forward", "hvp_reverse", "jvp"];

fn put<'t>(tape: &'t Tape<f64>, operands: &[Operand], episode: Option<u32>) -> Vars<'t, f64> {
    Vars::from_fn(tape, operands.len(), |i| {
        let Operand { extent, values, .. } = &operands[i];
        match episode {
            None => leaf(tape, *extent, values),
            Some(episode) => leaf(tape, Extent::shared(extent.shape), part(values, *extent, episode)),
        }
    })
}

fn part(values: &[f64], extent: Extent, episode: u32) -> &[f64] {
    let start = if extent.episodes == 1 { 0 } else { episode as usize * extent.shape.len() };
    &values[start..start + extent.shape.len()]
}

/// Each episode's derivatives, side by side, are those of `alone(episode)`.
fn law(side: &Side<'_>, seed: &Case<Op>, alone: impl Fn(u32) -> u32) -> Result<(), String> {
    let tape = Tape::<f64>::new();
    let mut rng = seed.rng();
    let x = put(&tape, side.operands, None);
    let loss = (side.loss)(x, None);
    let v = x.map(|x| {
        let own = Extent { episodes: loss.episodes().max(x.episodes()), ..x.extent() };
        random_like(tape.fill(own, 0.0), &mut rng)
    });
    let together = derivatives(loss, x, v);
    for episode in 0..side.episodes {
        let tape = Tape::<f64>::new();
        let episode_alone = alone(episode);
        let x = put(&tape, side.operands, Some(episode_alone));
        let v = Vars::from_fn(&tape, v.len(), |i| {
            let direction = v.get(i);
            let own = part(&read(direction), direction.extent(), episode).to_vec();
            leaf(&tape, Extent::shared(direction.shape()), &own)
        });
        let each = derivatives((side.loss)(x, Some(episode_alone)), x, v);
        for ((name, together), alone) in NAMES.iter().zip(together).zip(each) {
            for (together, alone) in together.iter().zip(alone.iter()) {
                let own = part(&read(together), together.extent(), episode).to_vec();
                close(&format!("{name} of episode {episode}"), &own, &read(alone), EPISODES)?;
            }
        }
    }
    Ok(())
}

/// `<c, op(x)>` with the same numbers `c` in all episodes.
fn op_loss<'t>(case: &Case<Op>, x: Vars<'t, f64>) -> Var<'t, f64> {
    let mut next = x.iter();
    let operands: Vec<_> = case
        .operands
        .iter()
        .map(|operand| match operand.moves {
            true => next.next().expect("as many inputs as operands that move"),
            false => leaf(x.tape(), operand.extent, &operand.values),
        })
        .collect();
    let y = x.tape().record(case.op, &operands);
    let c = random_like(x.tape().fill(Extent::shared(y.shape()), 0.0), &mut case.rng());
    y.dot(c)
}

fn op_law(case: &Case<Op>, alone: impl Fn(u32) -> u32) -> Result<(), String> {
    if case.op.folds() {
        return Ok(());
    }
    // Row numbers and classes are the same in all episodes, so that one case serves each of them alone.
    let mut case = case.clone();
    for operand in case.operands.iter_mut().filter(|operand| !operand.moves) {
        operand.values.truncate(operand.extent.shape.len());
        operand.extent.episodes = 1;
    }
    let moving: Vec<Operand> = case.operands.iter().filter(|operand| operand.moves).cloned().collect();
    if moving.is_empty() {
        return Ok(());
    }
    let episodes = 3;
    let loss: &LossOfEpisode<'_> = &|x, _| op_loss(&case, x);
    law(&Side { episodes, operands: &moving, loss }, &case, alone)
}

#[test]
fn of_every_op() {
    for_each_op(|case| op_law(case, |episode| episode));
}

fn program_law(program: &RandomProgram, seed: u64, alone: impl Fn(u32) -> u32) -> Result<(), String> {
    let parts: Vec<RandomProgram> = (0..program.episodes()).map(|episode| program.alone(episode)).collect();
    let operands: Vec<Operand> = program
        .inputs()
        .tensors()
        .iter()
        .map(|x| Operand { extent: Extent::shared(x.shape()), values: x.values().to_vec(), moves: true })
        .collect();
    let loss: &LossOfEpisode<'_> = &|x, episode| match episode {
        None => program.record(x),
        Some(episode) => parts[episode as usize].record(x),
    };
    let case = Case { op: metatape::ops::Exp.into(), operands: Vec::new(), seed };
    law(&Side { episodes: program.episodes(), operands: &operands, loss }, &case, alone)
}

#[test]
fn of_random_programs() {
    use proptest::prelude::*;
    let strategy = (proptest::collection::vec(any::<u8>(), 40..300), any::<u64>());
    let several = std::cell::Cell::new(0);
    runner(2000)
        .run(&strategy, |(bytes, seed)| {
            let program = RandomProgram::from_bytes(&bytes);
            if program.folds() || program.episodes() == 1 {
                return Ok(());
            }
            several.set(several.get() + 1);
            program_law(&program, seed, |episode| episode).map_err(TestCaseError::fail)
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
    assert!(several.get() > 100, "only {} programs had several episodes", several.get());
}

#[test]
fn negative_control() {
    let extent = Extent::new(3, [2]);
    let operand = Operand { extent, values: vec![0.3, -0.2, 0.7, 1.1, -0.4, 0.9], moves: true };
    let case = Case { op: metatape::ops::Sin.into(), operands: vec![operand], seed: 7 };
    op_law(&case, |episode| episode).expect("each episode is itself");
    op_law(&case, |episode| (episode + 1) % 3).expect_err("each episode is another");
}

#[test]
fn the_gradient_of_the_sum_over_episodes_is_the_sum_of_the_gradients() {
    let tape = Tape::<f64>::new();
    let w = tape.scalar(0.5);
    let x = tape.leaf(Extent::new(3, []), |out| out.copy_from_slice(&[1.0, 2.0, 3.0]));
    let loss = (w * x).sin() + w.square();
    let each = read(grad(loss, &w));
    let sum = grad(loss.sum_episodes(), &w);
    assert_eq!(each.len(), 3);
    assert!((sum.item() - each.iter().sum::<f64>()).abs() < 1e-15);
}
