//! Every use of `unsafe`, counted: one more is a change of this table, and so made on purpose.
//!
//! That `unsafe` stays in `src/simd` is for `tests/walls.rs` to see, and that each block has its argument for clippy.

#[path = "support/sources.rs"]
mod sources;

use std::path::Path;

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use sources::each_source;

/// What `unsafe` stands before.
#[derive(Debug, Default, PartialEq)]
struct Uses {
    blocks: usize,
    functions: usize,
    implementations: usize,
}

/// The files below `src/simd` that have any.
const ALL: &[(&str, Uses)] = &[
    ("avx2.rs", Uses { blocks: 5, functions: 1, implementations: 0 }),
    ("avx512.rs", Uses { blocks: 5, functions: 2, implementations: 0 }),
    ("door.rs", Uses { blocks: 6, functions: 1, implementations: 0 }),
    ("float.rs", Uses { blocks: 0, functions: 4, implementations: 0 }),
    ("lanes.rs", Uses { blocks: 0, functions: 1, implementations: 0 }),
    ("pair.rs", Uses { blocks: 1, functions: 1, implementations: 0 }),
    ("past_caches.rs", Uses { blocks: 1, functions: 0, implementations: 0 }),
    ("portable.rs", Uses { blocks: 0, functions: 1, implementations: 0 }),
    ("prefetch.rs", Uses { blocks: 1, functions: 0, implementations: 0 }),
];

/// Counts the uses in `tokens`, in macros too. A trait is counted with implementations, being what they answer for.
fn count(tokens: TokenStream, uses: &mut Uses) {
    let mut before = false;
    for token in tokens {
        let after_unsafe = std::mem::replace(&mut before, false);
        match token {
            TokenTree::Group(group) => {
                uses.blocks += usize::from(after_unsafe && group.delimiter() == Delimiter::Brace);
                count(group.stream(), uses);
            }
            TokenTree::Ident(word) if word == "unsafe" => before = true,
            TokenTree::Ident(word) if after_unsafe && (word == "fn" || word == "extern") => {
                uses.functions += 1
            }
            TokenTree::Ident(word) if after_unsafe && (word == "impl" || word == "trait") => {
                uses.implementations += 1;
            }
            _ => {}
        }
    }
}

fn uses_in(source: &str) -> Uses {
    let mut uses = Uses::default();
    count(source.parse().expect("a source file"), &mut uses);
    uses
}

#[test]
fn every_use_of_unsafe_is_counted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/simd");
    let mut found = Vec::new();
    each_source(&folder, &mut |path, source| {
        let uses = uses_in(source);
        if uses != Uses::default() {
            let path = path.strip_prefix(&folder).expect("below the folder");
            found.push((path.to_string_lossy().replace('\\', "/"), uses));
        }
    });
    let listed: Vec<_> = ALL.iter().map(|(path, uses)| ((*path).to_owned(), uses)).collect();
    let found: Vec<_> = found.iter().map(|(path, uses)| (path.clone(), uses)).collect();
    assert_eq!(found, listed);
}

#[test]
fn each_kind_of_use_is_seen_and_nothing_else() {
    let uses = |blocks, functions, implementations| Uses { blocks, functions, implementations };
    let cases = [
        ("fn f() { unsafe { g() } }", uses(1, 0, 0)),
        ("fn f() { a(unsafe { g() }, [unsafe { unsafe { g() } }]) }", uses(3, 0, 0)),
        ("macro_rules! m { ($e:expr) => { unsafe { $e } } }", uses(1, 0, 0)),
        ("pub(super) unsafe fn f() {} unsafe extern \"C\" fn g() {}", uses(0, 2, 0)),
        ("unsafe impl Send for A {} unsafe trait B {}", uses(0, 0, 2)),
        (
            "//! unsafe { }\n#![allow(unsafe_code)] const A: &str = \"unsafe { }\"; fn unsafely() {}",
            uses(0, 0, 0),
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(uses_in(source), expected, "{source}");
    }
}
