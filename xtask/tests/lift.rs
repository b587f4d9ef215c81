//! C in, templates out: `tests/lift/*.c` against the `.tmpl` beside each.
//!
//! A case file begins with comments: `// opcode NAME = NUMBER, base NAME, caches N` for each
//! opcode, and `// equal A B` where two must have one normal form. Functions stand before a line
//! `// body`, the switch's cases behind it. `UPDATE_EXPECT=1` rewrites what is expected.

use std::fs;
use std::path::{Path, PathBuf};

use cevalry_model::{alpha, print};
use xtask::c::lift::{Lifted, Tables, lift_unit};
use xtask::c::parse::Unit;

const HEAD: &str = "PyObject *_PyEval_EvalFrameDefault(PyThreadState *tstate, \
_PyInterpreterFrame *frame, int throwflag)\n{ uint8_t opcode; int oparg; \
_Py_CODEUNIT *next_instr; PyObject **stack_pointer;\nstart_frame: ; resume_frame: ;\n\
{ dispatch_opcode: switch (opcode) {\n";
const TAIL: &str = "} shared: { Py_DECREF(stack_pointer[-1]); stack_pointer += -1; goto error; }\n\
error: ; } }\n";

struct Case {
    tables: Tables,
    equal: Vec<(String, String)>,
    text: String,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/lift")
}

fn case_files() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "c"))
        .collect();
    files.sort();
    assert!(!files.is_empty());
    files
}

fn case(source: &str) -> Case {
    let prelude = fs::read_to_string(folder().join("prelude.h")).unwrap();
    let mut tables = Tables::default();
    let mut equal = Vec::new();
    // Comments become empty lines, so that line numbers stay.
    let mut lines = Vec::new();
    let mut body_from = None;
    for (number, line) in source.lines().enumerate() {
        let Some(comment) = line.strip_prefix("// ") else {
            lines.push(line.to_owned());
            continue;
        };
        lines.push(String::new());
        let words: Vec<&str> = comment
            .split([' ', ','])
            .filter(|word| !word.is_empty())
            .collect();
        match words.as_slice() {
            ["opcode", name, "=", opcode, rest @ ..] => {
                tables
                    .numbers
                    .insert((*name).to_owned(), opcode.parse().unwrap());
                for pair in rest.chunks(2) {
                    match pair {
                        ["base", base] => {
                            tables.bases.insert((*name).to_owned(), (*base).to_owned());
                        }
                        ["caches", count] => {
                            tables
                                .caches
                                .insert((*name).to_owned(), count.parse().unwrap());
                        }
                        other => panic!("{other:?} in `{line}`"),
                    }
                }
            }
            ["equal", a, b] => equal.push(((*a).to_owned(), (*b).to_owned())),
            ["body"] => body_from = Some(number),
            other => panic!("{other:?} in `{line}`"),
        }
    }
    let body = match body_from {
        Some(number) => lines.split_off(number),
        None => std::mem::take(&mut lines),
    };
    let functions = lines.join("\n");
    let text = format!(
        "# 1 \"prelude.h\"\n{prelude}# 1 \"case.c\"\n{functions}\n{}# {} \"case.c\"\n{}\n{TAIL}",
        HEAD,
        lines.len() + 1,
        body.join("\n"),
    );
    Case {
        tables,
        equal,
        text,
    }
}

fn lifted(case: &Case) -> Lifted {
    let unit = Unit::parse(case.text.clone()).unwrap_or_else(|error| panic!("{error}"));
    lift_unit(unit, &case.tables).unwrap_or_else(|error| panic!("{error}"))
}

fn printed(lifted: &Lifted) -> String {
    let mut parts = Vec::new();
    for opcode in &lifted.opcodes {
        parts.push(match (&opcode.result, opcode.outside) {
            (_, Some(why)) => format!("// {}: {why}\n", opcode.name),
            (Ok(template), None) => print::template(template),
            (Err(left), None) => format!("// {}: {} ({})\n", opcode.name, left.reason, left.place),
        });
    }
    parts.join("\n")
}

#[test]
fn bodies_lift_to_what_is_expected() {
    for path in case_files() {
        let case = case(&fs::read_to_string(&path).unwrap());
        let lifted = lifted(&case);
        let found = printed(&lifted);
        let expected = path.with_extension("tmpl");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected, &found).unwrap();
        }
        let wanted = fs::read_to_string(&expected).unwrap_or_default();
        assert!(
            found == wanted,
            "{} does not hold what comes out now; UPDATE_EXPECT=1 rewrites it. Now:\n{found}",
            expected.display()
        );
    }
}

#[test]
fn spelling_makes_no_difference() {
    for path in case_files() {
        let case = case(&fs::read_to_string(&path).unwrap());
        let lifted = lifted(&case);
        let body = |name: &str| {
            let opcode = lifted
                .opcodes
                .iter()
                .find(|opcode| opcode.name == name)
                .unwrap();
            &opcode.result.as_ref().unwrap().body
        };
        for (a, b) in &case.equal {
            assert!(
                alpha::equal(body(a), body(b)),
                "{}: {a} and {b} differ:\n{}",
                path.display(),
                printed(&lifted)
            );
        }
    }
}

/// Text that does not parse is an error; text that does is lifted or left: never a panic.
#[test]
fn mangled_bodies_do_not_panic() {
    let mut random = fastrand::Rng::with_seed(7);
    for path in case_files() {
        let source = fs::read_to_string(&path).unwrap();
        let words: Vec<&str> = source.split_inclusive([' ', '(', ')', ';']).collect();
        for _ in 0..40 {
            let mut mangled = words.clone();
            for _ in 0..random.usize(1..4) {
                let (from, to) = (random.usize(..mangled.len()), random.usize(..mangled.len()));
                if mangled[from].contains("//") || mangled[to].contains("//") {
                    continue;
                }
                if random.bool() {
                    mangled[to] = mangled[from];
                } else if !mangled[to].contains('\n') {
                    mangled[to] = " ";
                }
            }
            let mangled = mangled.concat();
            if mangled
                .lines()
                .any(|line| line.contains("//") && !line.starts_with("//"))
            {
                continue;
            }
            let Ok(case) = std::panic::catch_unwind(|| case(&mangled)) else {
                continue;
            };
            if let Ok(unit) = Unit::parse(case.text) {
                let _ = lift_unit(unit, &case.tables);
            }
        }
    }
}
