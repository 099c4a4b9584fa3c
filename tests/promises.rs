//! The page of promises names tests that exist.

use std::path::Path;

/// Where tests, commands and fuzz targets lie.
const KEEPERS: [&str; 3] = ["tests/", ".ci/", "fuzz/"];

/// What of the tests that a page names is not there.
fn missing(page: &str, read: impl Fn(&str) -> Option<String>) -> Vec<String> {
    let named = page
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| KEEPERS.iter().any(|folder| name.starts_with(folder)));
    named
        .filter(|name| match name.split_once("::") {
            Some((file, test)) => {
                let source = read(file).unwrap_or_default();
                let function = format!("fn {test}()");
                let before = source.split(&function).next().filter(|before| before.len() < source.len());
                let attributes = before.and_then(|before| before.rsplit("\n\n").next());
                !attributes.is_some_and(|attributes| attributes.contains("#[test]"))
            }
            None => read(name).is_none(),
        })
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_promise_has_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |file: &str| std::fs::read_to_string(root.join(file)).ok();
    let page = read("src/promises.md").expect("the page can be read");
    assert_eq!(missing(&page, read), Vec::<String>::new());
    let promises = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let is_kept = |line: &str| KEEPERS.iter().any(|folder| line.contains(&format!("`{folder}")));
    promises.for_each(|line| assert!(is_kept(line), "nothing keeps: {line}"));
}

#[test]
fn a_test_that_is_gone_is_noticed() {
    let page = "a `b` `tests/a.rs::kept` c `tests/a.rs::helper` `tests/a.rs::gone` `tests/b.rs`";
    let source = "#[test]\nfn kept() {}\n\nfn helper() {}\n";
    let read = |file: &str| (file == "tests/a.rs").then(|| source.to_owned());
    assert_eq!(missing(page, read), ["tests/a.rs::helper", "tests/a.rs::gone", "tests/b.rs"]);
}
