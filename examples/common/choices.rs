//! Options that several examples offer.

use clap::ValueEnum;
use clap::builder::RangedU64ValueParser;
use metatape::meta::{Order, Road};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Orders {
    First,
    Second,
}

impl From<Orders> for Order {
    fn from(order: Orders) -> Order {
        match order {
            Orders::First => Order::First,
            Orders::Second => Order::Second,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Roads {
    Tape,
    Adjoint,
}

impl From<Roads> for Road {
    fn from(road: Roads) -> Road {
        match road {
            Roads::Tape => Road::Tape,
            Roads::Adjoint => Road::Adjoint,
        }
    }
}

/// From one to as many as make sense.
pub fn count() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=1_000_000_000)
}

/// Points of a task, tasks of a meta-batch, steps of an adaptation: a few.
pub fn few() -> RangedU64ValueParser<usize> {
    RangedU64ValueParser::new().range(1..=10_000)
}

/// Each once, in the order of their first mention.
pub fn once<A: Copy + PartialEq>(all: Vec<A>) -> Vec<A> {
    let mut seen = Vec::new();
    for one in all {
        if !seen.contains(&one) {
            seen.push(one);
        }
    }
    seen
}
