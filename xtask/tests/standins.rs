//! Every function that the runtime mirrors is compared with upstream's text at each sync.

use std::collections::BTreeSet;
use std::fs;

use walkdir::WalkDir;
use xtask::repo::Repo;
use xtask::vocabulary::Tables;

#[test]
fn what_is_mirrored_is_compared() {
    let repo = Repo::here().unwrap();
    let tables = Tables::load(&repo).unwrap();
    let mut names = BTreeSet::new();
    for entry in WalkDir::new(repo.root().join("src")).sort_by_file_name() {
        let entry = entry.unwrap();
        if entry
            .path()
            .extension()
            .is_some_and(|ending| ending == "rs")
        {
            let source = fs::read_to_string(entry.path()).unwrap();
            names.extend(stand_ins(&source));
            names.extend(said_to_be_mirrored(&source));
        }
    }
    assert!(!names.is_empty(), "nothing in src/ mirrors anything");
    names.retain(|name| !tables.mirrored.functions.contains_key(name));
    assert!(
        names.is_empty(),
        "add these, their upstream files and hashes to templates/vocabulary/mirrored.toml: {names:?}"
    );
}

/// Names in the constants called `STAND_INS`.
fn stand_ins(source: &str) -> Vec<String> {
    let file = syn::parse_file(source).unwrap();
    let tables = file.items.iter().filter_map(|item| match item {
        syn::Item::Const(item) if item.ident == "STAND_INS" => Some(&item.expr),
        _ => None,
    });
    tables.flat_map(|table| strings(table)).collect()
}

/// Names in a comment's sentence that starts with `Mirrors`.
fn said_to_be_mirrored(source: &str) -> Vec<String> {
    let comments: Vec<&str> = source
        .lines()
        .map(|line| line.trim_start().trim_start_matches(['/', '!']).trim())
        .collect();
    let text = comments.join(" ");
    text.split("Mirrors `")
        .skip(1)
        .flat_map(|rest| {
            let sentence = rest.split(['.', ':', ';']).next().unwrap_or("");
            let names = sentence.split('`').step_by(2);
            names.map(str::to_owned).collect::<Vec<_>>()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

/// The string literals in a table of tuples.
fn strings(table: &syn::Expr) -> Vec<String> {
    match table {
        syn::Expr::Reference(inner) => strings(&inner.expr),
        syn::Expr::Array(array) => array.elems.iter().flat_map(strings).collect(),
        syn::Expr::Tuple(tuple) => tuple.elems.iter().flat_map(strings).collect(),
        syn::Expr::Lit(literal) => match &literal.lit {
            syn::Lit::Str(text) => vec![text.value()],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}
