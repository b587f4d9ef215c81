//! Any text is a template or an error that says where: reading and checking never panic.

use std::fs;
use std::path::Path;

use cevalry_model::build::Source;
use cevalry_model::release::Release;
use cevalry_model::{check, emit, parse, print};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, RngSeed, TestRunner};

/// Words of the language, and some that are not.
const WORDS: [&str; 44] = [
    "#[size(1)]",
    "#[releases(\"3.13.5\")]",
    "#[family(A)]",
    "#",
    "[",
    "]",
    "opcode",
    "A",
    "{",
    "}",
    "(",
    ")",
    "let",
    "var",
    "cell",
    "x",
    "x",
    ":",
    "i32",
    "object",
    "*u8",
    "f64",
    "=",
    "==",
    ";",
    ",",
    "stack",
    "[-1]",
    "local",
    "oparg",
    "guard",
    "else",
    "deopt",
    "error(0)",
    "if",
    "while",
    "loop",
    "break",
    "next(0)",
    "return_(x)",
    "indirect::<fn(i32) -> ptr>",
    "\"é",
    "18446744073709551616",
    "-",
];

fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config {
        cases,
        rng_seed: RngSeed::Fixed(20),
        failure_persistence: None,
        ..Config::default()
    })
}

/// The releases of the made-up data.
fn releases() -> Vec<Release> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    Release::load(&data, 13).unwrap_or_else(|error| panic!("{error}"))
}

/// Reads, and does with what could be read all that the build does.
fn read(releases: &[Release], text: String) {
    let parsed = match parse::file("fuzzed.tmpl", &text) {
        Ok(parsed) => parsed,
        Err(error) => {
            assert!(error.to_string().starts_with("fuzzed.tmpl:"), "{error}");
            return;
        }
    };
    let printed = print::file(&parsed.file);
    assert!(parse::file("printed.tmpl", &printed).is_ok(), "{printed}");
    let source = Source {
        name: "fuzzed.tmpl".to_owned(),
        text,
        parsed,
    };
    if check::source(releases, &source).is_empty() {
        for template in &source.parsed.file.templates {
            // What is sound may still have no emitter, and then there is a reason.
            drop(emit::listing(&releases[0], template));
        }
    }
}

#[test]
fn any_text() {
    let releases = releases();
    let text = vec(any::<char>(), 0..80).prop_map(String::from_iter);
    runner(300)
        .run(&text, |text| {
            read(&releases, text);
            Ok(())
        })
        .unwrap();
}

#[test]
fn any_words() {
    let releases = releases();
    let text = vec(select(&WORDS[..]), 0..50).prop_map(|words| words.join(" "));
    runner(600)
        .run(&text, |text| {
            read(&releases, text);
            Ok(())
        })
        .unwrap();
}

/// Real templates in which words were swapped, left out or written twice.
#[test]
fn mangled_templates() {
    let releases = releases();
    let templates = real_templates();
    let change = (any::<u8>(), any::<Index>(), any::<Index>());
    let input = (any::<Index>(), vec(change, 1..4));
    runner(600)
        .run(&input, |(which, changes)| {
            let mut words: Vec<&str> = which
                .get(&templates)
                .split_inclusive([' ', '(', '.', ';'])
                .collect();
            for (kind, from, to) in changes {
                let (from, to) = (from.index(words.len()), to.index(words.len()));
                match kind % 4 {
                    0 => words.swap(from, to),
                    1 => words[to] = words[from],
                    2 => words.insert(to, words[from]),
                    _ => words[to] = " ",
                }
            }
            read(&releases, words.concat());
            Ok(())
        })
        .unwrap();
}

/// The derived templates of the repository, one by one.
fn real_templates() -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "tmpl")
        {
            let text = fs::read_to_string(path).unwrap();
            found.extend(text.split("\n\n").map(str::to_owned));
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}
