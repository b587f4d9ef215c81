//! Syncs of small made-up releases into an empty repository.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cevalry_model::data::{Function, Linkage, Upstream};
use cevalry_model::parse;

use super::plan::Plan;
use super::report::{FileReport, Report};
use crate::lifted::{Lifted, LiftedOpcode, Outcome};
use crate::repo::Repo;
use crate::vocabulary::{Mirrored, Tables};
use crate::writer::Change;

const ADD: &str = "let a: object = stack[-1]; let b: object = stack[-2]; \
                   let c: object = PyNumber_Add(b, a); Py_DECREF(a); Py_DECREF(b); \
                   guard c != NULL else error(-2); stack[-2] = c; next(-1);";
const ADD_RENAMED: &str = "let r: object = stack[-1]; let l: object = stack[-2]; \
                   let sum: object = PyNumber_Add(l, r); Py_DECREF(r); Py_DECREF(l); \
                   guard sum != NULL else error(-2); stack[-2] = sum; next(-1);";
const ADD_OTHERWISE: &str = "let a: object = stack[-1]; let b: object = stack[-2]; \
                   let c: object = PyNumber_Add(b, a); Py_DECREF(b); Py_DECREF(a); \
                   guard c != NULL else error(-2); stack[-2] = c; next(-1);";

fn upstream(text: &str) -> Upstream {
    Upstream {
        file: "Python/generated_cases.c.h".to_owned(),
        line: 7,
        hash: crate::ctext::hash(text),
    }
}

fn opcode(number: u8, text: &str, outcome: Outcome) -> LiftedOpcode {
    LiftedOpcode {
        number,
        base: "ADD".to_owned(),
        caches: 0,
        upstream: upstream(text),
        outcome,
    }
}

fn template(body: &str) -> Outcome {
    let text = format!("#[size(1)] #[releases(\"3.0.0\")] opcode ADD {{ {body} }}");
    let mut template = parse::file("test", &text).unwrap().file.templates.remove(0);
    template.releases.clear();
    Outcome::Template(template)
}

/// A release with one opcode.
fn release(number: u8, body: &str) -> Lifted {
    let mut lifted = Lifted::default();
    let add = opcode(number, body, template(body));
    lifted.opcodes.insert("ADD".to_owned(), add);
    let function = Function {
        signature: "fn(object, object) -> object".to_owned(),
        linkage: Linkage::Exported,
    };
    lifted.functions.insert("PyNumber_Add".to_owned(), function);
    lifted
}

fn tables() -> Tables {
    let mut tables = Tables::default();
    tables
        .functions
        .functions
        .insert("PyNumber_Add".to_owned(), Default::default());
    tables
}

struct Scratch {
    folder: tempfile::TempDir,
    repo: Repo,
}

impl Scratch {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repo = Repo::at(folder.path().join("repo"));
        Self { folder, repo }
    }

    fn plan(&self, release: &str, lifted: &Lifted, tables: &Tables) -> Plan {
        let release = release.parse().unwrap();
        Plan::new(&self.repo, release, self.folder.path(), lifted, tables).unwrap()
    }

    /// Syncs, and gives the report.
    fn sync(&self, release: &str, lifted: &Lifted) -> Report {
        let plan = self.plan(release, lifted, &tables());
        let changes = plan.output.commit(self.repo.root()).unwrap();
        let mut report = plan.report;
        report.files = changes
            .into_iter()
            .map(|(path, change)| FileReport { path, change })
            .collect();
        report
    }

    fn texts(&self) -> BTreeMap<PathBuf, String> {
        let mut texts = BTreeMap::new();
        read_all(self.repo.root(), &mut texts);
        texts
    }
}

fn read_all(folder: &Path, into: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, into);
        } else {
            let text = fs::read_to_string(&path).unwrap();
            into.insert(path, text);
        }
    }
}

/// The part of a report that is about opcodes.
fn opcodes(report: &Report) -> String {
    let text = report.text();
    let (_, rest) = text.split_once("\n\n").unwrap();
    rest.split("\nFiles").next().unwrap().to_owned()
}

#[test]
fn a_first_sync_writes_everything() {
    let scratch = Scratch::new();
    let report = scratch.sync("3.13.5", &release(1, ADD));
    assert_eq!(report.exit_code(), 0);
    assert_eq!(
        report.text(),
        "\
CPython 3.13.5: 1 opcodes, the first release

added: 1
  ADD (Python/generated_cases.c.h:7)

Files written: 5
  added   cpython-versions/3.13/functions.toml
  added   cpython-versions/3.13/layouts.toml
  added   cpython-versions/3.13/opcodes.toml
  added   cpython-versions/3.13/sources.toml
  added   templates/ADD.tmpl
"
    );
}

#[test]
fn a_second_sync_changes_nothing() {
    let scratch = Scratch::new();
    scratch.sync("3.13.5", &release(1, ADD));
    let before = scratch.texts();
    let report = scratch.sync("3.13.5", &release(1, ADD));
    assert_eq!(
        opcodes(&report),
        "unchanged: 1\n  ADD\n\nNo file changes.\n"
    );
    assert_eq!(scratch.texts(), before);
}

#[test]
fn spelling_does_not_touch_a_template() {
    let scratch = Scratch::new();
    scratch.sync("3.13.5", &release(1, ADD));
    let report = scratch.sync("3.13.6", &release(1, ADD_RENAMED));
    assert_eq!(
        opcodes(&report),
        "spelling only: 1\n  ADD (Python/generated_cases.c.h:7)\n"
    );
    let text = &scratch.texts()[&scratch.repo.templates().join("ADD.tmpl")];
    assert!(text.starts_with("#[size(1)] #[releases(\"3.13.5\", \"3.13.6\")]\n"));
    assert_eq!(text.matches("opcode ADD").count(), 1);
    assert!(text.contains("let a: object = stack[-1];"));
    let text = text.clone();
    scratch.sync("3.13.5", &release(1, ADD_RENAMED));
    let path = scratch.repo.templates().join("ADD.tmpl");
    assert_eq!(scratch.texts()[&path], text);
}

#[test]
fn another_normal_form_is_shown() {
    let scratch = Scratch::new();
    scratch.sync("3.13.5", &release(1, ADD));
    let report = scratch.sync("3.13.6", &release(2, ADD_OTHERWISE));
    assert_eq!(
        opcodes(&report),
        "\
changed: 1
  ADD (Python/generated_cases.c.h:7), number 1 is now 2
      let b: object = stack[-2];
      let c: object = PyNumber_Add(b, a);
    + Py_DECREF(b);
      Py_DECREF(a);
    - Py_DECREF(b);
      guard c != NULL else error(-2);
      stack[-2] = c;
"
    );
    let text = &scratch.texts()[&scratch.repo.templates().join("ADD.tmpl")];
    assert_eq!(text.matches("opcode ADD").count(), 2);
}

#[test]
fn numbers_and_absence_are_reported() {
    let scratch = Scratch::new();
    scratch.sync("3.13.5", &release(1, ADD));
    let mut lifted = release(2, ADD);
    let report = scratch.sync("3.13.6", &lifted);
    assert_eq!(
        opcodes(&report),
        "renumbered: 1\n  ADD (Python/generated_cases.c.h:7), number 1 is now 2\n"
    );
    lifted.opcodes.clear();
    let report = scratch.sync("3.13.7", &lifted);
    assert_eq!(
        opcodes(&report),
        "removed: 1\n  ADD (Python/generated_cases.c.h:7)\n"
    );
}

#[test]
fn an_opcode_that_is_lost_needs_a_person() {
    let scratch = Scratch::new();
    scratch.sync("3.13.5", &release(1, ADD));
    let mut lifted = release(1, ADD);
    let left = Outcome::Left {
        reason: "a goto out of a loop".to_owned(),
        file: "Python/generated_cases.c.h".to_owned(),
        line: 9,
    };
    lifted
        .opcodes
        .insert("ADD".to_owned(), opcode(1, "x", left));
    let report = scratch.sync("3.13.6", &lifted);
    assert_eq!(report.exit_code(), 3);
    assert_eq!(
        opcodes(&report),
        "\
not derived: 1
  ADD (Python/generated_cases.c.h:9): a goto out of a loop

A person must look at:
  no longer derived ADD: Python/generated_cases.c.h:9: a goto out of a loop; 3.13.5 had a template, now the interpreter runs it
"
    );
}

#[test]
fn what_nobody_has_looked_at_is_listed() {
    let scratch = Scratch::new();
    let mut lifted = release(1, ADD);
    lifted
        .macros
        .insert("Py_DECREF".to_owned(), upstream("other"));
    if let Some(function) = lifted.functions.get_mut("PyNumber_Add") {
        function.linkage = Linkage::Hidden;
    }
    let mut tables = Tables::default();
    let mirrored = Mirrored {
        files: vec!["Objects/longobject.c".to_owned()],
        hashes: ["0".repeat(64)].into(),
    };
    tables
        .mirrored
        .functions
        .insert("long_add".to_owned(), mirrored);
    let objects = scratch.folder.path().join("Objects");
    fs::create_dir(&objects).unwrap();
    fs::write(
        objects.join("longobject.c"),
        "\nstatic int\nlong_add(int a) { return a; }\n",
    )
    .unwrap();
    let report = scratch.plan("3.13.5", &lifted, &tables).report;
    let found: Vec<String> = report
        .attention
        .iter()
        .map(|item| format!("{:?} {}", item.kind, item.name))
        .collect();
    let expected = [
        "Macro Py_DECREF",
        "Mirrored long_add",
        "Hidden PyNumber_Add",
        "Unknown PyNumber_Add",
    ];
    assert_eq!(found, expected);
    assert_eq!(report.exit_code(), 3);
    assert!(
        report.attention[1]
            .text
            .starts_with("Objects/longobject.c:3: its text changed"),
        "{}",
        report.attention[1].text
    );
}

#[test]
fn an_override_stands_in_and_is_checked_against_its_text() {
    let scratch = Scratch::new();
    let overrides = scratch.repo.overrides();
    fs::create_dir_all(&overrides).unwrap();
    let hash = crate::ctext::hash(ADD);
    let text = format!(
        "#[overrides(\"for a test\")]\n#[upstream(\"{hash}\")]\n#[size(1)] #[releases(\"3.13.5\")]\n\
         opcode ADD {{\n    next(-1);\n}}\n"
    );
    fs::write(overrides.join("ADD.tmpl"), text).unwrap();
    let report = scratch.sync("3.13.5", &release(1, ADD));
    assert_eq!(
        opcodes(&report),
        "overridden: 1\n  ADD (Python/generated_cases.c.h:7): for a test\n"
    );
    assert!(!scratch.repo.templates().join("ADD.tmpl").exists());
    let report = scratch.sync("3.13.5", &release(1, ADD_OTHERWISE));
    assert_eq!(report.exit_code(), 3);
    assert_eq!(report.attention[0].name, "ADD");
}

#[test]
fn syncs_in_any_order_give_the_same_files() {
    let releases = [
        ("3.13.5", release(1, ADD)),
        ("3.13.15", release(1, ADD)),
        ("3.14.0", release(2, ADD_OTHERWISE)),
    ];
    let texts = |order: [usize; 3]| {
        let scratch = Scratch::new();
        for index in order {
            let (name, lifted) = &releases[index];
            scratch.sync(name, lifted);
        }
        let root = scratch.repo.root().to_owned();
        let texts = scratch.texts().into_iter();
        texts
            .map(|(path, text)| (path.strip_prefix(&root).unwrap().to_owned(), text))
            .collect::<BTreeMap<_, _>>()
    };
    assert_eq!(texts([0, 1, 2]), texts([2, 1, 0]));
}

#[test]
fn a_check_lists_files_and_writes_none() {
    let scratch = Scratch::new();
    scratch.sync("3.13.5", &release(1, ADD));
    let before = scratch.texts();
    let plan = scratch.plan("3.13.5", &release(1, ADD_OTHERWISE), &tables());
    let mut report = plan.report;
    report.check = true;
    let changes = plan.output.changes(scratch.repo.root()).unwrap();
    report.files = changes
        .into_iter()
        .map(|(path, change)| FileReport { path, change })
        .collect();
    assert_eq!(report.exit_code(), 1);
    let paths: Vec<String> = report
        .files
        .iter()
        .map(|file| file.path.display().to_string())
        .collect();
    let expected = ["cpython-versions/3.13/sources.toml", "templates/ADD.tmpl"];
    assert_eq!(paths, expected);
    assert!(
        report
            .files
            .iter()
            .all(|file| file.change == Change::Changed)
    );
    assert_eq!(scratch.texts(), before);
}
