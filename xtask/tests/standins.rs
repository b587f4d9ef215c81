//! Every function that the runtime stands in for is compared with upstream's at each sync.

use std::fs;

use xtask::repo::Repo;
use xtask::vocabulary::Tables;

/// Where the runtime has its stand-ins: constants called `STAND_INS`.
const FOLDER: &str = "src/jit/standins";

#[test]
fn stand_ins_name_what_they_mirror() {
    let repo = Repo::here().unwrap();
    let tables = Tables::load(&repo).unwrap();
    let mut names = Vec::new();
    for entry in fs::read_dir(repo.root().join(FOLDER)).unwrap() {
        let source = fs::read_to_string(entry.unwrap().path()).unwrap();
        let file = syn::parse_file(&source).unwrap();
        let tables = file.items.iter().filter_map(|item| match item {
            syn::Item::Const(item) if item.ident == "STAND_INS" => Some(&item.expr),
            _ => None,
        });
        names.extend(tables.flat_map(|table| strings(table)));
    }
    assert!(!names.is_empty(), "{FOLDER} has no STAND_INS");
    names.sort();
    names.retain(|name| !tables.mirrored.functions.contains_key(name));
    assert!(
        names.is_empty(),
        "add these, their upstream files and hashes to templates/vocabulary/mirrored.toml: {names:?}"
    );
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
