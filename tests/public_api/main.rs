//! The public API, as `listing.txt` has it: a change of what users can name is made there too, and so on purpose.

mod listing;
mod source;
mod text;

use std::path::Path;

use listing::listing;
use source::Source;

#[test]
fn the_public_api_is_the_one_listed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("tests/public_api/listing.txt");
    let found = listing(&Source::read(&root.join("src/lib.rs"))).join("\n") + "\n";
    if std::env::var_os("METATAPE_LIST_API").is_some() {
        std::fs::write(&file, &found).expect("a file that can be written");
    }
    let listed = std::fs::read_to_string(&file).expect("the list");
    let only_in = |one: &str, other: &str, sign: char| -> Vec<String> {
        let other: Vec<&str> = other.lines().collect();
        one.lines().filter(|line| !other.contains(line)).map(|line| format!("{sign} {line}")).collect()
    };
    let changes = [only_in(&listed, &found, '-'), only_in(&found, &listed, '+')].concat();
    assert!(
        listed == found,
        "the public API is not as listed; METATAPE_LIST_API=1 writes the list anew:\n{}",
        changes.join("\n")
    );
}

const CRATE: &str = r#"
    mod inner {
        /// Hidden, but for what is taken out of it.
        #[derive(Clone, Debug)]
        pub struct Disc<T: Copy> { pub radius: T, area: f64 }
        impl<T: Copy> Disc<T> {
            pub fn grown(self, by: T) -> Self where T: Into<f64> { self }
            fn secret(&self) {}
            pub(crate) const SEVEN: u8 = 7;
        }
        impl<T: Copy> Iterator for Disc<T> { type Item = T; fn next(&mut self) -> Option<T> { None } }
        pub struct Kept;
        impl Kept { pub fn unseen() {} }
        impl Clone for Kept { fn clone(&self) -> Self { Kept } }
        pub fn area<'a>(of: &'a [f64], scale: impl Fn(f64) -> f64) -> (f64, &'a [f64]) { (scale(of[0]), of) }
    }
    pub mod outer {
        pub use super::inner::{Disc, area};
        pub trait Round: Sized { const SIDES: usize = 0; type Of<'a>: Clone; fn turn(&self, by: f64) {} fn flip(&self); }
        #[non_exhaustive] pub enum Colour { Red, Mixed { red: u8, green: u8 }, Named(String) }
        pub type Pair<T> = (T, T);
        pub const TURN: f64 = 6.28;
        pub(crate) fn unseen() {}
        impl Round for f64 { type Of<'a> = f64; }
        macro_rules! methods { ($($name:ident)+) => { impl Colour { $(pub fn $name(self) -> u8 { 0 })+ } } }
        methods! { red green }
    }
    pub mod prelude { pub use crate::outer::{Colour, Disc}; }
    #[cfg(test)] mod tests { pub fn unseen() {} }
"#;

const LISTED: &str = "\
macro methods!(red green)
macro methods!: impl Colour
macro methods!: pub fn $name(self) -> u8
outer: Colour: Mixed { red: u8, green: u8 }
outer: Colour: Named(String)
outer: Colour: Red
outer: Colour: non_exhaustive
outer: Disc: derive(Clone, Debug)
outer: Disc: radius: T
outer: Round: const SIDES: usize = ..
outer: Round: fn flip(&self)
outer: Round: fn turn(&self, by: f64) { .. }
outer: Round: type Of<'a>: Clone
outer: const TURN: f64
outer: enum Colour
outer: fn area<'a>(of: &'a [f64], scale: impl Fn(f64) -> f64) -> (f64, &'a [f64])
outer: impl Round for f64; type Of<'a> = f64
outer: impl<T: Copy> Disc<T>: fn grown(self, by: T) -> Self where T: Into<f64>
outer: impl<T: Copy> Iterator for Disc<T>; type Item = T
outer: mod
outer: struct Disc<T: Copy> { .. }
outer: trait Round: Sized
outer: type Pair<T> = (T, T)
prelude: mod
prelude: use outer::Colour
prelude: use outer::Disc";

#[test]
fn what_users_can_name_is_listed_and_nothing_else() {
    assert_eq!(listing(&Source::of(CRATE)).join("\n"), LISTED);
}

/// Each change of the API is seen, and none of what is behind it.
#[test]
fn a_change_of_the_api_changes_the_list() {
    let seen = [
        ("pub radius: T", "pub radius: f64"),
        ("by: T) -> Self", "by: &T) -> Self"),
        ("where T: Into<f64>", ""),
        ("type Item = T", "type Item = f64"),
        ("derive(Clone, Debug)", "derive(Clone)"),
        ("pub use super::inner::{Disc, area}", "pub use super::inner::{Disc}"),
        ("fn flip(&self);", "fn flip(&self) {}"),
        ("Red,", ""),
        ("green: u8", "green: u16"),
        ("#[non_exhaustive]", ""),
        ("pub const TURN: f64", "pub const TURN: f32"),
        ("pub(crate) fn unseen", "pub fn unseen"),
        ("red green }", "red }"),
        ("pub fn $name(self) -> u8", "pub fn $name(self) -> u16"),
        ("crate::outer::{Colour, Disc}", "crate::outer::{Colour}"),
    ];
    for (from, to) in seen {
        let changed = CRATE.replacen(from, to, 1);
        assert_ne!(changed, CRATE, "{from} does not occur");
        assert_ne!(listing(&Source::of(&changed)).join("\n"), LISTED, "{from} changed to {to:?} unseen");
    }
    let unseen = [
        ("area: f64", "area: f32"),
        ("fn secret(&self)", "fn secret(self)"),
        ("pub fn unseen() {} }\n        impl Clone", "}\n        impl Clone"),
        ("6.28", "6.283"),
        ("{ self }", "{ self.clone() }"),
    ];
    for (from, to) in unseen {
        let changed = CRATE.replacen(from, to, 1);
        assert_ne!(changed, CRATE, "{from} does not occur");
        assert_eq!(listing(&Source::of(&changed)).join("\n"), LISTED, "{from}");
    }
}
