//! Every function that the runtime stands in for is compared with upstream's at each sync.

use std::fs;

use xtask::repo::Repo;
use xtask::vocabulary::Tables;

#[test]
fn stand_ins_name_what_they_mirror() {
    let repo = Repo::here().unwrap();
    let tables = Tables::load(&repo).unwrap();
    let source = fs::read_to_string(repo.root().join("src/jit/standins.rs")).unwrap();
    let file = syn::parse_file(&source).unwrap();
    let names: Vec<String> = file
        .items
        .iter()
        .filter_map(|item| match item {
            syn::Item::Const(item) if item.ident == "STAND_INS" => Some(&item.expr),
            _ => None,
        })
        .flat_map(|table| strings(table))
        .collect();
    assert!(!names.is_empty(), "src/jit/standins.rs has no STAND_INS");
    for name in names {
        assert!(
            tables.mirrored.functions.contains_key(&name),
            "{name}: add it, its upstream file and hash to templates/vocabulary/mirrored.toml"
        );
    }
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
