//! Every struct offset in the data against a C compiler and an installed interpreter's headers.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use cevalry_model::data::{Struct, of_release};
use xtask::minor::MinorData;
use xtask::release::Release;

/// Internal headers that declare the structs, where a release has them.
const HEADERS: [&str; 24] = [
    "pycore_runtime.h",
    "pycore_interp.h",
    "pycore_pystate.h",
    "pycore_tstate.h",
    "pycore_frame.h",
    "pycore_interpframe.h",
    "pycore_interpframe_structs.h",
    "pycore_code.h",
    "pycore_dict.h",
    "pycore_long.h",
    "pycore_list.h",
    "pycore_tuple.h",
    "pycore_range.h",
    "pycore_function.h",
    "pycore_genobject.h",
    "pycore_gc.h",
    "pycore_ceval.h",
    "pycore_cell.h",
    "pycore_stackref.h",
    "pycore_typeobject.h",
    "pycore_unicodeobject.h",
    "pycore_moduleobject.h",
    "pycore_sliceobject.h",
    "pycore_descrobject.h",
];

/// Members that may differ where the interpreter is of another patch release than the data.
const KNOWN: [(&str, &str); 3] = [
    (
        "PyInterpreterState.threads_preallocated",
        "3.13.1 added it, at the end",
    ),
    (
        "_gc_runtime_state.generations",
        "3.13.18 aligns PyGC_Head to 4 bytes; nothing of ours reads these heads",
    ),
    (
        "_PyRuntimeState._main_interpreter",
        "static strings were added in front of it",
    ),
];

/// Structs that static strings and what lies behind them are members of. Patch releases add
/// strings; the runtime asks the interpreter where they are.
const MOVING: [&str; 2] = ["_Py_global_strings", "_Py_static_objects_singletons"];

#[test]
fn offsets_agree_with_a_c_compiler() {
    let mut compared = Vec::new();
    let mut differences = Vec::new();
    for (release, python) in common::interpreters() {
        let Some(headers) = common::headers(&python) else {
            eprintln!("{release}: its headers are not installed");
            continue;
        };
        let synced = common::closest(&release);
        let count = compare(&release, &synced, headers.path(), &mut differences);
        eprintln!("{release}: {count} members agree with the data of {synced}");
        compared.push(release);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(
        !compared.is_empty(),
        "no interpreter with headers was found"
    );
}

/// Gives the number of members compared.
fn compare(
    release: &Release,
    synced: &Release,
    include: &Path,
    differences: &mut Vec<String>,
) -> usize {
    let known: BTreeMap<&str, &str> = if release == synced {
        BTreeMap::new()
    } else {
        KNOWN.into()
    };
    let data = MinorData::load(&common::repo(), &release.minor()).unwrap();
    let structs = of_release(
        &data.layouts.structs,
        &data.layouts.differs,
        &synced.to_string(),
    );
    let spelled = spellings(&structs, include);
    let members = members(&structs, &spelled, include);
    let answers = run(&program(&structs, &spelled, &members), include);
    let mut count = 0;
    for (name, layout) in &structs {
        let mut expected = Vec::new();
        // Structs grow at their end from one patch release to the next.
        if release == synced {
            expected.push((format!("{name} size"), layout.size.to_string()));
        }
        for (field, place) in &layout.fields {
            let text = match place.bits {
                Some((first, width)) => format!("{} {width}", place.offset * 8 + u64::from(first)),
                None => place.offset.to_string(),
            };
            expected.push((format!("{name}.{field}"), text));
        }
        for (key, text) in expected {
            let answer = match answers.get(&key) {
                Some(answer) if *answer == text => {
                    count += 1;
                    continue;
                }
                Some(answer) => answer.as_str(),
                None if spelled.contains_key(name) => "nothing",
                None => continue,
            };
            let difference = format!(
                "{release}: {key}: {text} in the data of {synced}, {answer} in the headers"
            );
            let moving = release != synced && MOVING.iter().any(|start| key.starts_with(start));
            let moving = moving.then_some("static strings differ between patch releases");
            match known.get(key.as_str()).copied().or(moving) {
                Some(reason) => eprintln!("{difference}: {reason}"),
                None => differences.push(difference),
            }
        }
    }
    for name in structs.keys().filter(|name| !spelled.contains_key(*name)) {
        eprintln!("{release}: {name} is in no installed header");
    }
    count
}

fn prelude() -> String {
    let mut text = "#define Py_BUILD_CORE 1\n#include \"Python.h\"\n#include \"structmember.h\"\n#include <stddef.h>\n".to_owned();
    for header in HEADERS {
        let _ = writeln!(
            text,
            "#if __has_include(\"internal/{header}\")\n#include \"internal/{header}\"\n#endif"
        );
    }
    text
}

/// How C spells each struct: by a typedef, a tag, or the member that it is the type of.
fn spellings(structs: &BTreeMap<String, Struct>, include: &Path) -> BTreeMap<String, String> {
    let mut spelled = BTreeMap::new();
    for kind in ["", "struct ", "union "] {
        let open: Vec<&String> = structs
            .keys()
            .filter(|name| !spelled.contains_key(*name))
            .collect();
        let candidates: Vec<String> = open.iter().map(|name| format!("{kind}{name}")).collect();
        let lines: Vec<String> = candidates
            .iter()
            .enumerate()
            .map(|(index, candidate)| format!("enum {{ probe_{index} = sizeof({candidate}) }};"))
            .collect();
        let good = compiling(&lines, include);
        for index in good {
            spelled.insert(open[index].clone(), candidates[index].clone());
        }
    }
    for (owner, layout) in structs {
        for (field, place) in &layout.fields {
            let Some(name) = place.ty.strip_prefix("struct ") else {
                continue;
            };
            if let Some(owner) = spelled.get(owner).cloned()
                && structs.contains_key(name)
            {
                let spelling = format!("__typeof__((({owner} *)0)->{field})");
                spelled.entry(name.to_owned()).or_insert(spelling);
            }
        }
    }
    spelled
}

/// The lines that compile behind the headers.
fn compiling(lines: &[String], include: &Path) -> BTreeSet<usize> {
    let source = fs::canonicalize(include).unwrap().join("probe.c");
    let mut text = prelude();
    let first = text.lines().count() + 1;
    for line in lines {
        let _ = writeln!(text, "{line}");
    }
    fs::write(&source, text).unwrap();
    let output = common::compiler(include)
        .args([
            "-fsyntax-only",
            "-fmax-errors=0",
            "-fdiagnostics-color=never",
        ])
        .arg(&source)
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    let mut bad = BTreeSet::new();
    for line in errors.lines().filter(|line| line.contains("error:")) {
        let place = line.split("probe.c:").nth(1);
        let place = place.unwrap_or_else(|| panic!("the headers do not compile: {line}"));
        let number: usize = place.split(':').next().unwrap().parse().unwrap();
        assert!(number >= first, "the headers do not compile: {line}");
        bad.insert(number - first);
    }
    (0..lines.len())
        .filter(|index| !bad.contains(index))
        .collect()
}

/// Members that the headers have, as `Struct.field`.
fn members(
    structs: &BTreeMap<String, Struct>,
    spelled: &BTreeMap<String, String>,
    include: &Path,
) -> BTreeSet<String> {
    let mut names = Vec::new();
    let mut lines = Vec::new();
    for (name, spelling) in spelled {
        for field in structs[name].fields.keys() {
            lines.push(format!(
                "void probe_{}({spelling} *x) {{ (void)x->{field}; }}",
                names.len()
            ));
            names.push(format!("{name}.{field}"));
        }
    }
    let good = compiling(&lines, include);
    good.into_iter().map(|index| names[index].clone()).collect()
}

/// Prints a line for each size, offset and bit field.
fn program(
    structs: &BTreeMap<String, Struct>,
    spelled: &BTreeMap<String, String>,
    members: &BTreeSet<String>,
) -> String {
    let mut text = prelude();
    text.push_str("#include <stdio.h>\n#include <string.h>\nint main(void) {\n");
    for (name, spelling) in spelled {
        let _ = writeln!(
            text,
            "printf(\"{name} size\\t%zu\\n\", sizeof({spelling}));"
        );
        for (field, place) in &structs[name].fields {
            if !members.contains(&format!("{name}.{field}")) {
                continue;
            }
            if place.bits.is_none() {
                let _ = writeln!(
                    text,
                    "printf(\"{name}.{field}\\t%zu\\n\", __builtin_offsetof({spelling}, {field}));"
                );
                continue;
            }
            // A bit field has no offset: set it, and see which bits are set.
            let _ = writeln!(
                text,
                "{{ static {spelling} x; memset(&x, 0, sizeof x); x.{field} = -1;\n\
                 unsigned char *p = (void *)&x; long first = -1; int width = 0;\n\
                 for (size_t i = 0; i < sizeof x * 8; i++) if (p[i / 8] >> i % 8 & 1) {{ if (first < 0) first = i; width++; }}\n\
                 printf(\"{name}.{field}\\t%ld %d\\n\", first, width); }}"
            );
        }
    }
    text.push_str("return 0; }\n");
    text
}

fn run(source: &str, include: &Path) -> BTreeMap<String, String> {
    let file = include.join("offsets.c");
    let binary = include.join("offsets");
    fs::write(&file, source).unwrap();
    let status = common::compiler(include)
        .arg(&file)
        .arg("-o")
        .arg(&binary)
        .stdin(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success(), "the program of offsets does not compile");
    let output = Command::new(&binary).output().unwrap();
    String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}
