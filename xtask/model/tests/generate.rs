//! Templates in, Rust out: each `tests/templates/pass/*.tmpl` beside the code it gives.

mod common;

use cevalry_model::emit::{self, Member};
use cevalry_model::parse;
use common::{expect_file, releases, templates, tests};

#[test]
fn emitters_are_as_expected() {
    let releases = releases(13);
    for (path, name, text) in templates("templates/pass") {
        let parsed = parse::file(&name, &text).unwrap_or_else(|error| panic!("{error}"));
        let mut found = String::new();
        for template in &parsed.file.templates {
            let listing = emit::listing(&releases[1], template);
            found.push_str(&listing.unwrap_or_else(|error| panic!("{name}: {error}")));
        }
        expect_file(&path.with_extension("rs.txt"), &found);
    }
}

#[test]
fn the_module_is_as_expected() {
    let releases = releases(13);
    let text = r#"
        #[family(BINARY_OP)] #[size(2)] #[releases("3.13.5")]
        opcode BINARY_OP_ADD_FLOAT { guard cache_u16(1) == 3 else deopt; next(-1); }
        #[family(BINARY_OP)] #[size(2)] #[releases("3.13.15", "3.14.5")]
        opcode BINARY_OP_ADD_FLOAT { let a: object = PyNumber_Add(stack[0], stack[1]); next(-1); }
        #[size(1)] #[releases("3.13.5")]
        opcode LOAD_FAST { next(1); }
        #[size(1)] #[releases("3.13.5", "3.13.15")]
        opcode BUILD_TUPLE { stack[-1].PyListObject.ob_item = NULL; next(0); }
    "#;
    let parsed = parse::file("x.tmpl", text).unwrap_or_else(|error| panic!("{error}"));
    let templates = parsed.file.templates.iter().enumerate();
    let members: Vec<Member<'_>> = templates
        .map(|(origin, template)| Member { template, origin })
        .collect();
    let code = emit::module(&releases, &members).unwrap_or_else(|(_, error)| panic!("{error}"));
    let file = syn::parse2(code).unwrap();
    let found = prettyplease::unparse(&file);
    expect_file(&tests().join("templates/module.rs.txt"), &found);
}
