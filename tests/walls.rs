//! The walls between the rooms of the house, read off the source: who may import whom, and what lives in one room only.

#[path = "support/sources.rs"]
mod sources;

use std::fmt::Write as _;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use sources::each_source;

/// Each room and the rooms that it may import, from the ground up: all of them stand above it in this list, so there is
/// no circle.
const ROOMS: &[(&str, &[&str])] = &[
    ("simd", &[]),
    ("kernels", &["simd"]),
    ("tensor", &["simd"]),
    ("tape", &["simd", "tensor"]),
    ("ops", &["simd", "kernels", "tensor", "tape"]),
    ("calculus", &["simd", "tensor", "tape"]),
    ("nn", &["simd", "kernels", "tensor", "tape", "ops"]),
    ("tasks", &["simd", "tensor"]),
    ("check", &["simd", "tensor", "tape", "ops", "calculus", "nn"]),
    ("meta", &["simd", "kernels", "tensor", "tape", "ops", "calculus", "nn"]),
];

/// Words that stand for something that only some places may touch. A path is written without spaces.
const KEPT_IN: &[(&str, &[&str])] = &[
    ("unsafe", &["simd/"]),
    ("core::arch", &["simd/"]),
    ("std::arch", &["simd/"]),
    ("wide::", &["simd/"]),
    ("use wide", &["simd/"]),
    ("rayon", &["kernels/gemm", "kernels/conv", "meta/outer"]),
    ("mpi::", &["meta/crew/"]),
    ("csv::", &["tasks/datasets/"]),
    ("image::", &["tasks/datasets/"]),
    ("zip::", &["tasks/datasets/"]),
    ("std::thread::spawn", &[]),
    // Randomness is passed in: nothing makes a generator from the machine's.
    ("thread_rng", &[]),
    ("ThreadRng", &[]),
    ("SysRng", &[]),
    ("OsRng", &[]),
    ("rand::rng(", &[]),
    ("rand::random", &[]),
    ("make_rng", &[]),
    ("try_from_rng", &[]),
];

/// Everything wrong with the file at `path`, counted from `src/`. Comments are not source; tests and macros are.
fn breaches(path: &str, source: &str) -> Vec<String> {
    let tokens: TokenStream = source.parse().unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut code = String::new();
    write_code(tokens, &mut code);
    let room = path.split(['/', '.']).next().expect("a path has a first part");
    let mut breaches = Vec::new();
    if let Some((_, allowed)) = ROOMS.iter().find(|(name, _)| *name == room) {
        for other in imports(path, &code) {
            if other != room && !allowed.contains(&other.as_str()) {
                breaches.push(format!("{path}: {room} imports {other}"));
            }
        }
    } else if !["lib", "prelude"].contains(&room) {
        breaches.push(format!("{path}: {room} is no room of the house"));
    }
    for (words, places) in KEPT_IN {
        if contains(&code, words) && !places.iter().any(|place| path.starts_with(place)) {
            breaches.push(format!("{path}: {words} outside {places:?}"));
        }
    }
    breaches
}

/// The source in one line: without comments, a space between two words and nowhere else.
fn write_code(tokens: TokenStream, code: &mut String) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    proc_macro2::Delimiter::Parenthesis => ("(", ")"),
                    proc_macro2::Delimiter::Brace => ("{", "}"),
                    proc_macro2::Delimiter::Bracket => ("[", "]"),
                    proc_macro2::Delimiter::None => ("", ""),
                };
                code.push_str(open);
                write_code(group.stream(), code);
                code.push_str(close);
            }
            TokenTree::Literal(literal) if literal.to_string().starts_with(['"', 'r']) => {
                code.push_str("\"\"")
            }
            token => {
                if code.ends_with(|last: char| last.is_alphanumeric() || last == '_')
                    && matches!(token, TokenTree::Ident(_) | TokenTree::Literal(_))
                {
                    code.push(' ');
                }
                write!(code, "{token}").expect("writing to a string");
            }
        }
    }
}

/// Whether `words` occur in `code` as words of their own.
fn contains(code: &str, words: &str) -> bool {
    let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let ends_in_word = inside(words.chars().last());
    code.match_indices(words).any(|(at, _)| {
        let (before, behind) = (code[..at].chars().last(), code[at + words.len()..].chars().next());
        !(inside(before) || ends_in_word && inside(behind))
    })
}

/// The first part of every path from the crate's root: `crate::room`, `crate::{room, ..}` and as many `super::` as lead
/// there.
fn imports(path: &str, code: &str) -> Vec<String> {
    let path = path.trim_end_matches(".rs").trim_end_matches("/mod");
    let to_root = "super::".repeat(path.split('/').count());
    let mut found = Vec::new();
    for root in ["crate::", &to_root] {
        for (at, _) in code.match_indices(root) {
            let rest = &code[at + root.len()..];
            match rest.strip_prefix('{') {
                None => found.push(first_word(rest)),
                Some(list) => found.extend(top_level(list).into_iter().map(first_word)),
            }
        }
    }
    found
}

fn first_word(path: &str) -> String {
    path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

/// The parts of a list in braces that has lost its opening one, separated by the commas of its own level.
fn top_level(list: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0, 0);
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => {
                parts.push(&list[start..at]);
                break;
            }
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&list[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts
}

#[test]
fn every_wall_of_the_house_stands() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut files, mut found) = (0, Vec::new());
    each_source(&root, &mut |path, source| {
        files += 1;
        let path = path.strip_prefix(&root).expect("below src").to_string_lossy().replace('\\', "/");
        found.extend(breaches(&path, source));
    });
    assert!(files > 50, "only {files} files were read");
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_table_has_no_circle() {
    for (at, (room, allowed)) in ROOMS.iter().enumerate() {
        for other in *allowed {
            assert!(ROOMS[..at].iter().any(|(below, _)| below == other), "{room} over {other}");
        }
    }
    let allows = |room, other| ROOMS.iter().any(|(name, allowed)| *name == room && allowed.contains(&other));
    assert!(!allows("ops", "calculus") && !allows("calculus", "ops"));
    assert!(!allows("meta", "tasks") && !allows("tasks", "meta"));
}

/// The checker itself: it must see each kind of breach, and nothing where there is none.
#[test]
fn a_broken_wall_is_reported() {
    let cases: &[(&str, &str, &[&str])] = &[
        ("kernels/map.rs", "use crate::tensor::Shape;", &["kernels/map.rs: kernels imports tensor"]),
        (
            "calculus/a.rs",
            "use crate::{tape::{Var, Op}, ops::Add};",
            &["calculus/a.rs: calculus imports ops"],
        ),
        (
            "ops/a.rs",
            "#[cfg(test)] mod tests { use crate::calculus::grad; }",
            &["ops/a.rs: ops imports calculus"],
        ),
        ("ops/a.rs", "fn f() { crate :: nn :: dense() }", &["ops/a.rs: ops imports nn"]),
        ("tape/mod.rs", "use super::ops::Op;", &["tape/mod.rs: tape imports ops"]),
        ("tape/a.rs", "use super::super::meta;", &["tape/a.rs: tape imports meta"]),
        ("ops/a.rs", "macro_rules! m { () => { $crate::meta::f() } }", &["ops/a.rs: ops imports meta"]),
        ("meta/a.rs", "use crate::tasks::Sinusoid;", &["meta/a.rs: meta imports tasks"]),
        ("attic/a.rs", "", &["attic/a.rs: attic is no room of the house"]),
        ("tape/a.rs", "fn f() { unsafe { g() } }", &[r#"tape/a.rs: unsafe outside ["simd/"]"#]),
        ("kernels/a.rs", "use core::arch::x86_64::*;", &[r#"kernels/a.rs: core::arch outside ["simd/"]"#]),
        ("kernels/a.rs", "fn f(x: wide::f32x8) {}", &[r#"kernels/a.rs: wide:: outside ["simd/"]"#]),
        (
            "meta/training.rs",
            "use rayon::prelude::*;",
            &[r#"meta/training.rs: rayon outside ["kernels/gemm", "kernels/conv", "meta/outer"]"#],
        ),
        ("tasks/a.rs", "fn f() { let r = rand::rng(); }", &["tasks/a.rs: rand::rng( outside []"]),
        ("meta/training.rs", "use mpi::traits::*;", &[r#"meta/training.rs: mpi:: outside ["meta/crew/"]"#]),
        ("nn/a.rs", "use image::DynamicImage;", &[r#"nn/a.rs: image:: outside ["tasks/datasets/"]"#]),
        // And these are allowed.
        ("ops/a.rs", "use crate::{kernels::map, tape::Extent}; use super::Var;", &[]),
        ("simd/a.rs", "use wide::f32x8; fn f() { unsafe { core::arch::x() } }", &[]),
        ("meta/outer.rs", "use rayon::prelude::*;", &[]),
        (
            "kernels/a.rs",
            "//! Knows no `crate::tensor`, and nothing `unsafe`.\nconst A: &str = \"unsafe\";",
            &[],
        ),
        ("kernels/a.rs", "fn f() { let wide = widen(x); let unsafely = 1; }", &[]),
        ("tasks/datasets/a.rs", "use zip::ZipArchive;", &[]),
        ("lib.rs", "pub use crate::meta::Problem;", &[]),
    ];
    for (path, source, expected) in cases {
        assert_eq!(breaches(path, source), *expected, "{source}");
    }
}
