//! All that a user of the crate can name, one thing a line.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::quote;
use syn::{Attribute, Fields, ImplItem, Item, ItemImpl, ItemMacro, TraitItem, Type};

use crate::source::{Definition, Source, attributes, is_public, join, named, uses};
use crate::text::line;

/// The public modules, items, fields, variants, methods and implementations of a crate, sorted.
///
/// A macro is not expanded: what it declares is listed as it is written there, and so is each use of it.
pub(crate) fn listing(source: &Source) -> Vec<String> {
    let exported = exported(source);
    let mut lines = BTreeSet::new();
    for ((path, name), places) in &exported {
        let written =
            source.modules[path].items.iter().any(|item| named(item).is_some_and(|(own, _)| own == name));
        let (first, others) = places.split_first().expect("a place for what is exported");
        if !written {
            lines.insert(format!("{first}: {name}, made by a macro"));
        }
        lines.extend(others.iter().map(|place| format!("{place}: use {}", join(first, name))));
    }
    for (path, module) in &source.modules {
        if module.public && !path.is_empty() {
            lines.insert(format!("{path}: mod"));
        }
        for item in &module.items {
            if let Some((name, _)) = named(item)
                && let Some(places) = exported.get(&(path.clone(), name.to_string()))
            {
                lines.extend(declared(item).into_iter().map(|line| format!("{}: {line}", places[0])));
            }
            if module.public && matches!(item, Item::Use(item) if is_public(&item.vis)) {
                let outside =
                    uses(item).into_iter().filter(|(from, ..)| source.module_of(path, from).is_none());
                lines.extend(
                    outside.map(|(from, name, _)| format!("{path}: use {}::{name}", from.join("::"))),
                );
            }
            match item {
                Item::Impl(item) => lines.extend(implemented(source, &exported, path, item)),
                Item::Macro(item) => lines.extend(made_by_macro(source, item)),
                _ => {}
            }
        }
    }
    lines.into_iter().collect()
}

/// Where users find each definition: the place closest to it first.
fn exported(source: &Source) -> BTreeMap<Definition, Vec<String>> {
    let mut places: BTreeMap<Definition, BTreeSet<(bool, String)>> = BTreeMap::new();
    for (path, module) in source.modules.iter().filter(|(_, module)| module.public) {
        for item in &module.items {
            if let Some((name, visibility)) = named(item)
                && is_public(visibility)
            {
                places.entry((path.clone(), name.to_string())).or_default().insert((false, path.clone()));
            }
            if !matches!(item, Item::Use(item) if is_public(&item.vis)) {
                continue;
            }
            for (from, name, as_name) in uses(item) {
                let Some(from) = source.module_of(path, &from) else { continue };
                assert!(name != "*" && name == as_name, "{path}: name what is exported, as it is");
                let definition = source.find(&from, &name).unwrap_or_else(|| (from.clone(), name));
                let further = source.modules[&from].public;
                places.entry(definition).or_default().insert((further, path.clone()));
            }
        }
    }
    let in_order = |places: BTreeSet<(bool, String)>| places.into_iter().map(|(_, place)| place).collect();
    places.into_iter().map(|(definition, places)| (definition, in_order(places))).collect()
}

/// The lines of an item: its head, and what of its inside is public.
fn declared(item: &Item) -> Vec<String> {
    let mut lines = match item {
        Item::Const(item) => vec![format!("const {}: {}", item.ident, line(&item.ty))],
        Item::Static(item) => vec![format!("static {}: {}", item.ident, line(&item.ty))],
        Item::Fn(item) => vec![line(&item.sig)],
        Item::Type(item) => vec![head("type", &item.ident, &item.generics) + " = " + &line(&item.ty)],
        Item::Struct(item) => {
            let head = head("struct", &item.ident, &item.generics);
            let all = item.fields.iter().all(|field| is_public(&field.vis));
            let within = fields(&item.ident, &item.fields);
            [if all { head } else { head + " { .. }" }].into_iter().chain(within).collect()
        }
        Item::Union(item) => vec![head("union", &item.ident, &item.generics)],
        Item::Enum(item) => {
            let variants = item.variants.iter().map(|variant| {
                let mut variant = variant.clone();
                variant.attrs.clear();
                variant.fields.iter_mut().for_each(|field| field.attrs.clear());
                format!("{}: {}", item.ident, line(variant))
            });
            [head("enum", &item.ident, &item.generics)].into_iter().chain(variants).collect()
        }
        Item::Trait(item) => {
            let bounds = line(&item.supertraits);
            let keyword = if item.unsafety.is_some() { "unsafe trait" } else { "trait" };
            let head = head(keyword, &item.ident, &item.generics);
            let head = if bounds.is_empty() { head } else { format!("{head}: {bounds}") };
            let within = item.items.iter().map(|within| format!("{}: {}", item.ident, asked(within)));
            [head].into_iter().chain(within).collect()
        }
        _ => Vec::new(),
    };
    let name = named(item).expect("an item with a name").0;
    for attribute in attributes(item).iter().filter(|attribute| counts(attribute)) {
        lines.push(format!("{name}: {}", line(&attribute.meta)));
    }
    lines
}

/// Attributes that users see the effect of.
fn counts(attribute: &Attribute) -> bool {
    ["derive", "non_exhaustive", "must_use", "deprecated", "repr", "cfg"]
        .iter()
        .any(|name| attribute.path().is_ident(name))
}

fn head(keyword: &str, name: &syn::Ident, generics: &syn::Generics) -> String {
    let bounds = &generics.where_clause;
    format!("{keyword} {}", line(quote!(#name #generics #bounds)))
}

fn fields(name: &syn::Ident, fields: &Fields) -> Vec<String> {
    let public = fields.iter().enumerate().filter(|(_, field)| is_public(&field.vis));
    public
        .map(|(at, field)| {
            let field_name = field.ident.as_ref().map_or(at.to_string(), ToString::to_string);
            format!("{name}: {field_name}: {}", line(&field.ty))
        })
        .collect()
}

/// What a trait asks for. What it has already is marked by `..`.
fn asked(item: &TraitItem) -> String {
    match item {
        TraitItem::Const(item) => {
            let given = if item.default.is_some() { " = .." } else { "" };
            format!("const {}: {}{given}", item.ident, line(&item.ty))
        }
        TraitItem::Fn(item) => line(&item.sig) + if item.default.is_some() { " { .. }" } else { "" },
        TraitItem::Type(item) => {
            let (generics, bounds) = (&item.generics, &item.bounds);
            let colon = item.colon_token;
            head("type", &item.ident, &syn::Generics::default()) + &line(quote!(#generics #colon #bounds))
        }
        other => line(other),
    }
}

/// The public part of an `impl`: of an inherent one its public members, of a trait's one that it is there, with the types
/// and constants that it chooses. Nothing where users cannot name the type or the trait.
fn implemented(
    source: &Source,
    exported: &BTreeMap<Definition, Vec<String>>,
    path: &str,
    item: &ItemImpl,
) -> Vec<String> {
    // Where a type or a trait is found, empty for other crates'; none if it is kept inside.
    let place = |name: &str| match source.find(path, name) {
        None => Some(String::new()),
        Some(definition) => exported.get(&definition).map(|places| places[0].clone()),
    };
    let own = last_word(&item.self_ty);
    let Some(type_place) = own.as_deref().map_or(Some(String::new()), place) else { return Vec::new() };
    let (generics, self_ty) = (&item.generics, &item.self_ty);
    let bounds = &item.generics.where_clause;
    let Some((name, _)) = &item.trait_ else {
        let head = line(quote!(impl #generics #self_ty #bounds));
        let public = item.items.iter().filter_map(|member| match member {
            ImplItem::Fn(member) if is_public(&member.vis) => Some(line(&member.sig)),
            ImplItem::Const(member) if is_public(&member.vis) => {
                Some(format!("const {}: {}", member.ident, line(&member.ty)))
            }
            _ => None,
        });
        return public.map(|member| format!("{type_place}: {head}: {member}")).collect();
    };
    let last = name.segments.last().expect("a trait has a name").ident.to_string();
    let trait_place = match source.module_of(path, &words_before_last(name)) {
        Some(module) if name.segments.len() > 1 => {
            source.find(&module, &last).and_then(|found| exported.get(&found)).map(|places| places[0].clone())
        }
        None if name.segments.len() > 1 => Some(String::new()),
        _ => place(&last),
    };
    let Some(trait_place) = trait_place else { return Vec::new() };
    let place = if type_place.is_empty() { trait_place } else { type_place };
    let chosen = item.items.iter().filter_map(|member| match member {
        ImplItem::Type(member) => {
            let (name, generics, ty) = (&member.ident, &member.generics, &member.ty);
            Some(line(quote!(type #name #generics = #ty)))
        }
        _ => None,
    });
    let head = line(quote!(impl #generics #name for #self_ty #bounds));
    let whole: Vec<String> = [head].into_iter().chain(chosen).collect();
    vec![format!("{place}: {}", whole.join("; "))]
}

fn words_before_last(path: &syn::Path) -> Vec<String> {
    let count = path.segments.len() - 1;
    path.segments.iter().take(count).map(|segment| segment.ident.to_string()).collect()
}

/// The name of a type, or of what it refers to.
fn last_word(of: &Type) -> Option<String> {
    match of {
        Type::Path(path) => path.path.segments.last().map(|segment| segment.ident.to_string()),
        Type::Reference(reference) => last_word(&reference.elem),
        _ => None,
    }
}

/// Of a `macro_rules!` the heads of what it declares that is public, and each use of one that declares such things.
fn made_by_macro(source: &Source, item: &ItemMacro) -> Vec<String> {
    if let Some(name) = &item.ident {
        let mut heads = Vec::new();
        public_heads(item.mac.tokens.clone(), &mut heads);
        return heads.into_iter().map(|head| format!("macro {name}!: {head}")).collect();
    }
    let name = &item.mac.path.segments.last().expect("a macro has a name").ident;
    let definitions =
        source.modules.values().flat_map(|module| &module.items).filter_map(|item| match item {
            Item::Macro(item) if item.ident.as_ref() == Some(name) => Some(item.mac.tokens.clone()),
            _ => None,
        });
    let mut heads = Vec::new();
    definitions.for_each(|tokens| public_heads(tokens, &mut heads));
    if heads.is_empty() {
        return Vec::new();
    }
    vec![format!("macro {name}!({})", line(without_attributes(item.mac.tokens.clone())))]
}

/// Each `pub` or `impl` in `tokens`, up to its body or value.
fn public_heads(tokens: TokenStream, heads: &mut Vec<String>) {
    let all: Vec<TokenTree> = tokens.into_iter().collect();
    for (at, token) in all.iter().enumerate() {
        match token {
            TokenTree::Group(group) => public_heads(group.stream(), heads),
            TokenTree::Ident(word) if word == "pub" || word == "impl" && begins_item(&all[..at]) => {
                // `pub(super)` is not public, and what names a type after `->` is no item.
                if matches!(all.get(at + 1), Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Parenthesis)
                {
                    continue;
                }
                let end = all[at..].iter().position(|token| match token {
                    TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                    TokenTree::Punct(punct) => [';', '='].contains(&punct.as_char()),
                    _ => false,
                });
                let head = &all[at..at + end.unwrap_or(all.len() - at)];
                heads.push(line(head.iter().cloned().collect::<TokenStream>()));
            }
            _ => {}
        }
    }
}

/// Whether an item can begin behind these tokens.
fn begins_item(before: &[TokenTree]) -> bool {
    match before.last() {
        None => true,
        Some(TokenTree::Group(group)) => group.delimiter() != Delimiter::Parenthesis,
        Some(TokenTree::Punct(punct)) => punct.as_char() == ';',
        Some(_) => false,
    }
}

fn without_attributes(tokens: TokenStream) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut kept = Vec::new();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Punct(punct)
                if punct.as_char() == '#' && matches!(tokens.peek(), Some(TokenTree::Group(_))) =>
            {
                tokens.next();
            }
            token => kept.push(token),
        }
    }
    kept.into_iter().collect()
}
