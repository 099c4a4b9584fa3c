//! What the crate depends on is what `deny.toml` allows: licences, sources, and versions of one crate beside each other.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use spdx::{Expression, ParseMode};

const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A dependency, as `cargo metadata` tells of it.
struct Package {
    name: String,
    version: String,
    licence: Option<String>,
    source: Option<String>,
    /// The oldest compiler that it promises to work with: major, minor.
    needs_rust: Option<[u32; 2]>,
}

/// All dependencies, also those of tests, examples, other platforms and features that are off; without a network, only what
/// was ever fetched of them.
fn packages() -> Vec<Package> {
    let platform = current_platform();
    let here = ["--filter-platform", platform.trim()];
    let metadata = metadata(&["--all-features"])
        .or_else(|| {
            println!("dependencies for other platforms were not fetched: only those of this one are checked");
            metadata(&[here.as_slice(), &["--all-features"]].concat())
        })
        .or_else(|| {
            println!("nor those of features that are off");
            metadata(&here)
        });
    let packages = &metadata.expect("cargo knows the dependencies it has built")["packages"];
    let text = |package: &Value, key: &str| package[key].as_str().map(str::to_owned);
    let all = packages.as_array().expect("a list").iter().map(|package| Package {
        name: text(package, "name").expect("a name"),
        version: text(package, "version").expect("a version"),
        licence: text(package, "license"),
        source: text(package, "source"),
        needs_rust: text(package, "rust_version").map(|version| major_and_minor(&version)),
    });
    all.filter(|package| package.name != env!("CARGO_PKG_NAME")).collect()
}

fn metadata(arguments: &[&str]) -> Option<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--offline"])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo runs");
    output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("JSON"))
}

fn current_platform() -> String {
    let output = Command::new("rustc").args(["--print", "host-tuple"]).output().expect("rustc runs");
    String::from_utf8(output.stdout).expect("text")
}

fn major_and_minor(version: &str) -> [u32; 2] {
    let mut parts = version.split('.').map(|part| part.parse().expect("a number"));
    [(); 2].map(|()| parts.next().expect("major and minor"))
}

fn read(name: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).expect(name)
}

/// The strings of the list `key` in `deny.toml`.
fn list(deny: &str, key: &str) -> Vec<String> {
    let (_, from) = deny.split_once(&format!("\n{key} = [")).expect(key);
    let (list, _) = from.split_once(']').expect("an end of the list");
    let code = list.lines().map(|line| line.split('#').next().unwrap_or_default());
    code.flat_map(|line| line.split('"').skip(1).step_by(2).map(str::to_owned)).collect()
}

/// What is wrong with `packages`, by the lists of `deny`.
fn wrong(packages: &[Package], deny: &str) -> Vec<String> {
    let (allowed, skipped) = (list(deny, "allow"), list(deny, "skip"));
    let mut wrong = Vec::new();
    let mut versions = BTreeMap::<&str, Vec<&Package>>::new();
    for package in packages {
        let Package { name, version, licence, source, .. } = package;
        versions.entry(name).or_default().push(package);
        let may = |licence: &str| {
            let expression = Expression::parse_mode(licence, ParseMode::LAX).expect("an SPDX expression");
            expression.evaluate(|asked| {
                asked.addition.is_none()
                    && asked.license.id().is_some_and(|id| allowed.iter().any(|allowed| allowed == id.name))
            })
        };
        if !licence.as_deref().is_some_and(may) {
            wrong.push(format!("{name} {version}: licence {licence:?}"));
        }
        if source.as_deref() != Some(REGISTRY) {
            wrong.push(format!("{name} {version}: from {source:?}"));
        }
    }
    for (name, versions) in versions {
        let is_skipped = |package: &&&Package| {
            skipped.iter().any(|skip| {
                skip.split_once('@').is_some_and(|(skip, from)| {
                    skip == name && format!("{}.", package.version).starts_with(&format!("{from}."))
                })
            })
        };
        let skips = versions.iter().filter(is_skipped).count();
        if versions.len() - skips > 1 {
            wrong.push(format!("{name}: {} versions", versions.len()));
        }
        if skips > 0 && versions.len() == 1 {
            wrong.push(format!("{name}: one version, and still skipped"));
        }
    }
    wrong
}

#[test]
fn all_dependencies_are_allowed() {
    let packages = packages();
    assert!(packages.len() > 50, "only {} dependencies were found", packages.len());
    assert_eq!(wrong(&packages, &read("deny.toml")), [""; 0]);
}

#[test]
fn what_is_not_allowed_is_reported() {
    let deny = "\nallow = [\"MIT\", \"Zlib\"] # \"GPL-3.0-only\"\nskip = [\n\"syn@2\", # \"rand@1\"\n]";
    let package = |name: &str, version: &str, licence: Option<&str>, source: &str| Package {
        name: name.to_owned(),
        version: version.to_owned(),
        licence: licence.map(str::to_owned),
        source: Some(source.to_owned()),
        needs_rust: None,
    };
    let of = |packages: &[Package]| wrong(packages, deny);
    let mit = |name, version| package(name, version, Some("MIT"), REGISTRY);
    assert_eq!(of(&[mit("a", "1.0.0"), mit("syn", "2.1.0"), mit("syn", "3.0.0")]), [""; 0]);
    assert_eq!(of(&[package("a", "1.0.0", Some("GPL-3.0-only OR (Zlib AND MIT)"), REGISTRY)]), [""; 0]);
    for licence in ["GPL-3.0-only", "MIT AND GPL-3.0-only", "MIT WITH Classpath-exception-2.0"] {
        let expected = format!("a 1.0.0: licence Some(\"{licence}\")");
        assert_eq!(of(&[package("a", "1.0.0", Some(licence), REGISTRY)]), [expected]);
    }
    assert_eq!(of(&[package("a", "1.0.0", None, REGISTRY)]), ["a 1.0.0: licence None"]);
    let git = "git+https://example.org/a";
    assert_eq!(of(&[package("a", "1.0.0", Some("MIT"), git)]), [format!("a 1.0.0: from Some(\"{git}\")")]);
    assert_eq!(of(&[mit("rand", "1.0.0"), mit("rand", "2.0.0")]), ["rand: 2 versions"]);
    assert_eq!(of(&[mit("syn", "1.0.0"), mit("syn", "2.0.0"), mit("syn", "3.0.0")]), ["syn: 3 versions"]);
    assert_eq!(of(&[mit("syn", "2.0.0")]), ["syn: one version, and still skipped"]);
}

#[test]
fn the_oldest_compiler_is_stated_alike_and_old_enough_for_no_dependency() {
    let stated = env!("CARGO_PKG_RUST_VERSION");
    assert!(read("README.md").contains(&format!("Rust {stated} and nothing else")));
    for package in packages() {
        assert!(
            package.needs_rust.is_none_or(|needed| needed <= major_and_minor(stated)),
            "{} {} needs Rust {:?}",
            package.name,
            package.version,
            package.needs_rust
        );
    }
}
