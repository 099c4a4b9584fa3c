//! How much the checks see: each line of each derivative rule is changed, and the checks that users have must notice.
//!
//! A change that leaves the first and second derivatives of all random uses of an op as they are is none, and is not
//! counted. Whether it leaves them is asked of the sound rules; the checks see only the changed ones.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};

use metatape::calculus::{jvp, vjp};
use metatape::check::{gradcheck, gradgradcheck};
use metatape::ops::kind::Laws;
use metatape::ops::{self, Dot, Op};
use metatape::tape::{Language, Tape, Var, Vars};
use metatape::tensor::{Shape, Tensor, Tensors};
use rayon::prelude::*;

use crate::case::{Case, for_each_op, leaf, random_like, read};
use crate::mutant::{Flaw, Mutant};
use crate::transpose::{first_order, second_order};

/// Of how many random uses of an op flaws are gathered, and looked for.
const USES: usize = 60;
/// After how many uses whose derivatives a flaw changes, and in which no check noticed, it has survived.
const CHANCES: usize = 6;
/// Two derivatives that are closer than this, relative to the largest, are the same to rounding.
const SAME: f64 = 1e-9;
/// The table in the documentation.
const TABLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/check/mutations.md");

/// A random use of an op amid other ops, by inputs that all episodes share.
struct Use {
    case: Case<Op>,
    slots: Vec<usize>,
    inputs: Tensors<f64>,
}

impl Use {
    fn new(case: &Case<Op>) -> Option<Self> {
        let slots: Vec<usize> = match case.op.laws() {
            Laws::Multilinear(slots) => slots.to_vec(),
            _ => case.moving(),
        };
        let mut inputs = Tensors::new();
        for &slot in &slots {
            let operand = &case.operands[slot];
            let first = operand.values[..operand.extent.shape.len()].to_vec();
            inputs.push(format!("x{slot}"), Tensor::from_vec(operand.extent.shape, first));
        }
        (!slots.is_empty()).then(|| Use { case: case.clone(), slots, inputs })
    }

    /// `<c, op(x)> + sum <x, x>`: something comes down to the operands by another way, and before the op's own.
    fn program<'t>(&self, flaw: Option<Flaw>, x: Vars<'t, f64, Mutant>) -> Var<'t, f64, Mutant> {
        let tape = x.tape();
        let sound = |op: Op, operands: &[_]| tape.record(Mutant::sound(op), operands);
        let operands: Vec<_> = (0..self.case.operands.len())
            .map(|slot| {
                let operand = &self.case.operands[slot];
                let Some(moving) = self.slots.iter().position(|&moving| moving == slot) else {
                    return leaf(tape, operand.extent, &operand.values);
                };
                if operand.extent.episodes == 1 {
                    return x.get(moving);
                }
                let first = self.inputs.tensors()[moving].values();
                let apart = operand.values.iter().zip(first.iter().cycle()).map(|(x, first)| x - first);
                let apart = leaf(tape, operand.extent, &apart.collect::<Vec<f64>>());
                sound(ops::Add.into(), &[x.get(moving), apart])
            })
            .collect();
        let y = tape.record(Mutant { op: self.case.op, flaw }, &operands);
        let c = random_like(y, &mut self.case.rng());
        let dot: Op = Dot { to: Shape::SCALAR, over_episodes: false, factor: 1.0 }.into();
        let own = self.slots.iter().map(|&slot| sound(dot, &[operands[slot], operands[slot]]));
        own.fold(sound(dot, &[y, c]), |sum, own| sound(ops::Add.into(), &[sum, own]))
    }

    /// First and second derivatives in both modes, block by block.
    fn derivatives(&self, flaw: Option<Flaw>) -> Vec<Vec<f64>> {
        let tape = Tape::<f64, Mutant>::new();
        let mut next = self.inputs.tensors().iter();
        let x = Vars::from_fn(&tape, self.inputs.len(), |_| tape.tensor(next.next().expect("an input")));
        let y = self.program(flaw, x);
        let mut rng = self.case.rng();
        let v = x.map(|x| random_like(x, &mut rng));
        let ybar = random_like(y, &mut rng);
        let (xbar, dy) = (vjp(&y, &x, &ybar), jvp(&y, &x, &v));
        let second = [jvp(&xbar, &x, &v), vjp(&xbar, &x, &v), vjp(&dy, &x, &ybar)];
        let flat = |list: Vars<'_, f64, Mutant>| list.iter().flat_map(read).collect();
        [read(dy), flat(xbar)].into_iter().chain(second.map(flat)).collect()
    }

    /// Whether a flaw makes a difference here.
    fn differs(&self, flaw: Flaw) -> bool {
        self.derivatives(None).iter().zip(self.derivatives(Some(flaw))).any(|(right, got)| {
            let largest = right.iter().chain(&got).fold(0.0, |most: f64, x| most.max(x.abs()));
            right.iter().zip(&got).any(|(x, y)| (x - y).abs() > SAME * largest)
        })
    }

    /// Which check notices.
    fn caught(&self, flaw: Option<Flaw>) -> Option<Catch> {
        if gradcheck(|x| self.program(flaw, x), &self.inputs).is_err() {
            return Some(Catch::First);
        }
        if gradgradcheck(|x| self.program(flaw, x), &self.inputs).is_err() {
            return Some(Catch::Second);
        }
        let Case { op, operands, seed } = self.case.clone();
        let case = Case { op: Mutant { op, flaw }, operands, seed };
        let laws = first_order(&case, &self.slots).and_then(|()| second_order(&case, &self.slots));
        laws.is_err().then_some(Catch::Laws)
    }
}

/// By what a flaw was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Catch {
    First,
    Second,
    Laws,
    /// The flawed rule asks an op for what it refuses.
    Panic,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Caught(Catch),
    /// No derivative is another.
    Same,
    Survived,
}

fn uses() -> BTreeMap<&'static str, Vec<Use>> {
    let all = RefCell::new(BTreeMap::<_, Vec<Use>>::new());
    for_each_op(|case| {
        let mut all = all.borrow_mut();
        let known = all.entry(case.op.name()).or_default();
        if known.len() < USES {
            known.extend(Use::new(case));
        }
        Ok(())
    });
    all.into_inner()
}

fn flaws(uses: &[Use]) -> BTreeSet<Flaw> {
    let mut all = BTreeSet::new();
    for one in uses {
        let tape = ops::Tape::<f64>::new();
        let operands: Vec<_> = one.case.put(&tape).iter().collect();
        Mutant::sound(one.case.op).flaws(&operands, &one.slots, &mut |flaw| {
            all.insert(flaw);
        });
    }
    all
}

fn fate(flaw: Flaw, uses: &[Use]) -> Fate {
    let judge = || {
        let mut differing = uses.iter().filter(|one| one.differs(flaw)).take(CHANCES).peekable();
        if differing.peek().is_none() {
            return Fate::Same;
        }
        differing.find_map(|one| one.caught(Some(flaw))).map_or(Fate::Survived, Fate::Caught)
    };
    catch_unwind(AssertUnwindSafe(judge)).unwrap_or(Fate::Caught(Catch::Panic))
}

/// The fates of every `stride`-th flaw.
fn survey(stride: usize) -> Vec<(Flaw, Fate)> {
    let uses = uses();
    let all = uses.values().flat_map(|uses| flaws(uses).into_iter().map(move |flaw| (flaw, uses)));
    let some: Vec<_> = all.step_by(stride).collect();
    some.into_par_iter().map(|(flaw, uses)| (flaw, fate(flaw, uses))).collect()
}

fn assert_none_survived(fates: &[(Flaw, Fate)]) {
    let survivors: Vec<&Flaw> =
        fates.iter().filter(|(_, fate)| *fate == Fate::Survived).map(|(flaw, _)| flaw).collect();
    let counted = fates.iter().filter(|(_, fate)| *fate != Fate::Same).count();
    assert!(survivors.is_empty(), "{} of {counted} survived: {survivors:#?}", survivors.len());
}

fn row(name: &str, fates: &[Fate]) -> String {
    let count = |fate: Fate| fates.iter().filter(|&&other| other == fate).count();
    let by = [Catch::First, Catch::Second, Catch::Laws, Catch::Panic].map(|by| count(Fate::Caught(by)));
    let caught: usize = by.iter().sum();
    let mutants = caught + count(Fate::Survived);
    let [first, second, laws, panic] = by;
    format!("| {name} | {mutants} | {caught} | {first} | {second} | {laws} | {panic} |\n")
}

fn table(fates: &[(Flaw, Fate)]) -> String {
    let by = |key: fn(&Flaw) -> &'static str| {
        let mut groups = BTreeMap::<&str, Vec<Fate>>::new();
        fates.iter().for_each(|(flaw, fate)| groups.entry(key(flaw)).or_default().push(*fate));
        groups
    };
    let head =
        "mutants | caught | by `gradcheck` | by `gradgradcheck` only | by the laws only | by a panic |";
    let mut text = String::new();
    for (what, key) in [("change", (|flaw| flaw.change.kind()) as fn(&Flaw) -> _), ("op", |flaw| flaw.op)] {
        write!(text, "| {what} | {head}\n|---|---:|---:|---:|---:|---:|---:|\n").expect("a string takes all");
        by(key).iter().for_each(|(name, fates)| text += &row(name, fates));
        let all: Vec<Fate> = fates.iter().map(|(_, fate)| *fate).collect();
        text += &row("**all**", &all);
        text += "\n";
    }
    text.truncate(text.trim_end().len());
    text + "\n"
}

#[test]
fn every_fortieth_flaw_is_caught() {
    let fates = survey(40);
    assert_none_survived(&fates);
    let seen = |fate| fates.iter().any(|(_, other)| *other == fate);
    assert!(seen(Fate::Caught(Catch::First)) && seen(Fate::Caught(Catch::Second)), "{fates:?}");
}

#[test]
#[ignore = "minutes: run it to see every flaw caught; METATAPE_WRITE=1 writes the table in the documentation anew"]
fn every_flaw_is_caught_and_the_table_says_so() {
    let fates = survey(1);
    assert_none_survived(&fates);
    let table = table(&fates);
    if std::env::var_os("METATAPE_WRITE").is_some() {
        std::fs::write(TABLE, &table).expect("the table can be written");
    }
    let written = std::fs::read_to_string(TABLE).expect("the table can be read");
    assert_eq!(written, table, "the table in the documentation is another");
}

#[test]
fn negative_control() {
    for (name, uses) in uses() {
        for one in uses.iter().take(2) {
            assert_eq!(one.caught(None), None, "{name}: its rules are right");
        }
    }
    // The derivative of the sine with its operand frozen: right, until it is differentiated once more.
    let uses = &uses()["sin"];
    let frozen =
        flaws(uses).into_iter().find(|flaw| flaw.change.kind() == "frozen operand" && flaw.on == "cos");
    let frozen = frozen.expect("the rule of the sine takes the cosine of its input");
    assert_eq!(fate(frozen, uses), Fate::Caught(Catch::Second), "{frozen:?}");
}
