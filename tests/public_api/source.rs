//! The crate's modules, and which item a name in one of them stands for.

use std::collections::BTreeMap;
use std::path::Path;

use syn::{Attribute, Item, ItemMod, UseTree, Visibility};

/// A module by its path from the root, in words joined by `::`; the root's is empty.
pub(crate) struct Module {
    /// Whether every module on the way to it is public.
    pub(crate) public: bool,
    pub(crate) items: Vec<Item>,
}

pub(crate) struct Source {
    pub(crate) modules: BTreeMap<String, Module>,
}

/// Where an item is defined: its module and its name.
pub(crate) type Definition = (String, String);

impl Source {
    /// Reads the crate whose root is the file at `root`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut source = Source { modules: BTreeMap::new() };
        source.add("", true, parse(root).items, root.parent());
        source
    }

    /// A crate of one file.
    pub(crate) fn of(root: &str) -> Self {
        let mut source = Source { modules: BTreeMap::new() };
        source.add("", true, syn::parse_file(root).expect("a source file").items, None);
        source
    }

    /// Adds a module and those within it. Its own that are not written out are files below `folder`.
    fn add(&mut self, path: &str, public: bool, mut items: Vec<Item>, folder: Option<&Path>) {
        items.retain(|item| !is_test(attributes(item)));
        for item in &mut items {
            let Item::Mod(ItemMod { ident, vis, content, .. }) = item else { continue };
            let name = ident.to_string();
            let below = folder.map(|folder| folder.join(&name));
            let items = match (content.take(), &below) {
                (Some((_, items)), _) => items,
                (None, Some(below)) => {
                    let file = below.with_extension("rs");
                    parse(&if file.exists() { file } else { below.join("mod.rs") }).items
                }
                (None, None) => panic!("{path}: no file for {name}"),
            };
            self.add(&join(path, &name), public && is_public(vis), items, below.as_deref());
        }
        self.modules.insert(path.to_owned(), Module { public, items });
    }

    /// What `name` stands for in the module at `path`: defined there, or brought there by a `use`. None for what comes
    /// from other crates.
    pub(crate) fn find(&self, path: &str, name: &str) -> Option<Definition> {
        self.find_unseen(path, name, &mut Vec::new())
    }

    /// As `find`, in none of the modules that were `seen` on the way: they may bring in each other.
    fn find_unseen(&self, path: &str, name: &str, seen: &mut Vec<String>) -> Option<Definition> {
        if seen.iter().any(|seen| seen == path) {
            return None;
        }
        seen.push(path.to_owned());
        let module = self.modules.get(path)?;
        if module.items.iter().any(|item| own_name(item).is_some_and(|own| own == name)) {
            return Some((path.to_owned(), name.to_owned()));
        }
        let mut globs = Vec::new();
        for (from, own, as_name) in module.items.iter().flat_map(uses) {
            if own == "*" {
                globs.extend(self.module_of(path, &from));
            } else if as_name == name {
                let from = self.module_of(path, &from)?;
                // What is not found there is made there by a macro.
                return self.find_unseen(&from, &own, seen).or(Some((from, own)));
            }
        }
        globs.into_iter().find_map(|glob| self.find_unseen(&glob, name, seen))
    }

    /// The module that the words of a path lead to from the module at `path`; none in other crates.
    pub(crate) fn module_of(&self, path: &str, words: &[String]) -> Option<String> {
        let mut at = path.to_owned();
        for (i, word) in words.iter().enumerate() {
            at = match word.as_str() {
                "crate" => String::new(),
                "self" => at,
                "super" => at.rsplit_once("::").map_or(String::new(), |(above, _)| above.to_owned()),
                // A path may begin with a module that another `use` has brought here.
                word if i == 0 && !self.modules.contains_key(&join(&at, word)) => {
                    let brought = self.modules.get(&at)?.items.iter().flat_map(uses);
                    let (from, own, _) = brought.into_iter().find(|(from, own, as_name)| {
                        as_name == word && (from.is_empty() || own != word || from[0] != word)
                    })?;
                    join(&self.module_of(&at, &from)?, &own)
                }
                word => join(&at, word),
            };
        }
        self.modules.contains_key(&at).then_some(at)
    }
}

fn parse(file: &Path) -> syn::File {
    let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", file.display()))
}

pub(crate) fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}::{name}") }
}

pub(crate) fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let path = attribute.path();
        path.is_ident("test")
            || path.is_ident("cfg") && attribute.parse_args::<syn::Ident>().is_ok_and(|ident| ident == "test")
    })
}

pub(crate) fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}

/// The name and the visibility of what a path can lead to, modules aside.
pub(crate) fn named(item: &Item) -> Option<(&syn::Ident, &Visibility)> {
    match item {
        Item::Const(item) => Some((&item.ident, &item.vis)),
        Item::Enum(item) => Some((&item.ident, &item.vis)),
        Item::Fn(item) => Some((&item.sig.ident, &item.vis)),
        Item::Static(item) => Some((&item.ident, &item.vis)),
        Item::Struct(item) => Some((&item.ident, &item.vis)),
        Item::Trait(item) => Some((&item.ident, &item.vis)),
        Item::Type(item) => Some((&item.ident, &item.vis)),
        Item::Union(item) => Some((&item.ident, &item.vis)),
        _ => None,
    }
}

fn own_name(item: &Item) -> Option<&syn::Ident> {
    named(item).map(|(name, _)| name)
}

/// What a `use` brings: the words before the last one, the last one, and the name that it gets.
pub(crate) fn uses(item: &Item) -> Vec<(Vec<String>, String, String)> {
    let mut found = Vec::new();
    if let Item::Use(item) = item {
        flatten(&item.tree, &mut Vec::new(), &mut found);
    }
    found
}

fn flatten(tree: &UseTree, words: &mut Vec<String>, found: &mut Vec<(Vec<String>, String, String)>) {
    match tree {
        UseTree::Path(path) => {
            words.push(path.ident.to_string());
            flatten(&path.tree, words, found);
            words.pop();
        }
        UseTree::Name(name) if name.ident == "self" => {
            let (last, before) = words.split_last().expect("`self` stands for what is before it");
            found.push((before.to_vec(), last.clone(), last.clone()));
        }
        UseTree::Name(name) => found.push((words.clone(), name.ident.to_string(), name.ident.to_string())),
        UseTree::Rename(name) => {
            found.push((words.clone(), name.ident.to_string(), name.rename.to_string()));
        }
        UseTree::Glob(_) => found.push((words.clone(), "*".to_owned(), "*".to_owned())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, words, found)),
    }
}
