//! Bad templates in, errors out: each `tests/templates/fail/*.tmpl` beside its error.

mod common;

use cevalry_model::build::Source;
use cevalry_model::{check, parse};
use common::{expect_file, releases, templates};

#[test]
fn bad_templates_are_refused() {
    let releases = [releases(11), releases(13)].concat();
    for (path, name, text) in templates("templates/fail") {
        let found = match parse::file(&name, &text) {
            Err(error) => vec![error],
            Ok(parsed) => {
                let source = Source { name, text, parsed };
                check::source(&releases, &source)
            }
        };
        assert!(!found.is_empty(), "{} is accepted", path.display());
        let lines: Vec<String> = found.iter().map(|error| format!("{error}\n")).collect();
        expect_file(&path.with_extension("err"), &lines.concat());
    }
}

#[test]
fn good_templates_are_accepted() {
    let releases = [releases(11), releases(13)].concat();
    for (_, name, text) in templates("templates/pass") {
        let parsed = parse::file(&name, &text).unwrap_or_else(|error| panic!("{error}"));
        let source = Source { name, text, parsed };
        assert_eq!(check::source(&releases, &source), []);
    }
}
