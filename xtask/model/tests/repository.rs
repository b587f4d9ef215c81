//! What stands in the repository is accepted for every minor release, and gives Rust that parses.

use std::path::Path;

use cevalry_model::build;

fn generated(minor: u8) -> syn::File {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let code = build::generate(&root, minor).unwrap_or_else(|error| panic!("{error}"));
    syn::parse2(code).unwrap_or_else(|error| panic!("3.{minor}: {error}"))
}

#[test]
fn every_minor_release_gives_a_module() {
    for minor in [11, 13, 14, 15] {
        let functions = generated(minor)
            .items
            .iter()
            .filter(|item| matches!(item, syn::Item::Fn(_)))
            .count();
        assert!(functions > 150, "3.{minor} has {functions} functions only");
    }
}

#[test]
fn a_release_without_data_is_one_sentence() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let error = build::generate(&root, 10).unwrap_err().to_string();
    assert_eq!(
        error,
        "Cevalry has no data for Python 3.10: cpython-versions/ has 3.11, 3.13, 3.14, 3.15; \
         `cargo xtask sync-cpython` adds a release"
    );
}
