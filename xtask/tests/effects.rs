//! Every template's stack effect, for arguments from 0 to 7, against what CPython says of itself:
//! `_PyOpcode_num_popped` and `_PyOpcode_num_pushed` from 3.13 on, `dis.stack_effect` before.

mod common;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::fs;
use std::path::Path;
use std::process::Command;

use cevalry_model::check::{self, Depths};
use cevalry_model::release;
use cevalry_model::version::Version;
use xtask::minor::MinorData;
use xtask::release::Release;
use xtask::templates::Templates;

const OPARGS: u8 = 8;

/// Opcodes whose effect is not comparable, by minor release, with the reason.
const KNOWN: [(&str, &str, &str); 5] = [
    ("3.11", "CALL", ARGUMENTS),
    ("3.11", "PRECALL", ARGUMENTS),
    ("3.13", "CALL_LIST_APPEND", SWALLOWS),
    ("3.14", "CALL_LIST_APPEND", SWALLOWS),
    ("3.15", "ENTER_EXECUTOR", NOT_BUILT),
];
const ARGUMENTS: &str = "`dis` lets PRECALL take the arguments, the loop lets CALL take them";
const SWALLOWS: &str = "it carries out the POP_TOP behind it, which CPython does not count";
const NOT_BUILT: &str = "its body is only there when CPython has its own compiler";
/// Opcodes whose argument is below a limit in all code, and that count wrong above.
const LIMITS: [(&str, u8); 1] = [("CALL_FUNCTION_EX", 2)];
/// From 3.13 on CPython tells the effect of falling through only; these jump with another.
const OTHER_WHEN_JUMPING: [&str; 2] = ["FOR_ITER", "SEND"];

/// Opcode, argument, effect where it falls through and where it jumps.
const ASK_DIS: &str = r"
import dis
for name, op in sorted(dis.opmap.items()):
    for oparg in range(8):
        arg = oparg if op >= dis.HAVE_ARGUMENT else None
        if arg is None and oparg:
            arg = None
        try:
            next = dis.stack_effect(op, arg, jump=False)
            jump = dis.stack_effect(op, arg, jump=True)
        except ValueError:
            continue
        print(name, oparg, next, jump)
";

/// What CPython says of one opcode with one argument.
#[derive(Clone, Copy, Debug)]
struct Effect {
    next: i128,
    jump: i128,
}

#[test]
fn stack_effects_agree_with_cpython() {
    let mut differences = Vec::new();
    let mut compared = 0;
    for (release, python) in common::interpreters() {
        let synced = common::closest(&release);
        let effects = if release.minor < 13 {
            parse(&common::ask(&python, ASK_DIS, &[]).unwrap())
        } else {
            let Some(headers) = common::headers(&python) else {
                eprintln!("{release}: its headers are not installed");
                continue;
            };
            metadata(headers.path(), &synced)
        };
        compare(&release, &synced, &effects, &mut differences);
        compared += 1;
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(compared > 0, "no interpreter was found");
}

fn compare(
    release: &Release,
    synced: &Release,
    effects: &BTreeMap<(String, u8), Effect>,
    differences: &mut Vec<String>,
) {
    let repo = common::repo();
    let minor = u8::try_from(release.minor).unwrap();
    let version = Version::parse(&synced.to_string()).unwrap();
    let data = release::Release::load(repo.root(), minor).unwrap();
    let data = data.iter().find(|data| data.version == version).unwrap();
    let templates = Templates::load(&repo).unwrap();
    let mut agreeing = BTreeSet::new();
    let mut differing = BTreeSet::new();
    for (name, template) in templates.of_release(&synced.to_string()) {
        let known = KNOWN
            .iter()
            .find(|(minor, opcode, _)| *minor == release.minor() && *opcode == name);
        if let Some((_, _, reason)) = known {
            eprintln!("{release}: {name} is not compared: {reason}");
            continue;
        }
        let limit = LIMITS.iter().find(|(opcode, _)| *opcode == name);
        let limit = limit.map_or(OPARGS, |(_, limit)| *limit);
        for oparg in 0..limit {
            let Some(effect) = effects.get(&(name.to_owned(), oparg)) else {
                continue;
            };
            let depths = check::depths(data, template, oparg).unwrap();
            let family = template.family.as_deref().unwrap_or(name);
            let jumps = release.minor < 13 || !OTHER_WHEN_JUMPING.contains(&family);
            if agrees(&depths, *effect, jumps) {
                agreeing.insert(name);
                continue;
            }
            if differing.insert(name) {
                differences.push(format!(
                    "{synced}: {name} {oparg}: the template goes on with {depths:?}, CPython {release} says {effect:?}"
                ));
            }
        }
    }
    let count = agreeing.difference(&differing).count();
    eprintln!("{release}: {count} opcodes of {synced} agree");
}

fn agrees(depths: &Depths, effect: Effect, jumps: bool) -> bool {
    let next = depths.next.iter().all(|depth| *depth == effect.next);
    // The result of an entered frame counts for `dis`, and does not for the metadata.
    let mut entered = depths.enter_frame.iter();
    let entered = entered.all(|depth| (depth..=&(depth + 1)).contains(&&effect.next));
    let jump = depths.jump.iter().all(|depth| *depth == effect.jump);
    next && entered && (jump || !jumps)
}

fn parse(text: &[u8]) -> BTreeMap<(String, u8), Effect> {
    let text = String::from_utf8_lossy(text);
    let mut effects = BTreeMap::new();
    for line in text.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let [name, oparg, next, jump] = words[..] else {
            panic!("an answer of another shape: {line}");
        };
        let effect = Effect {
            next: next.parse().unwrap(),
            jump: jump.parse().unwrap(),
        };
        effects.insert((name.to_owned(), oparg.parse().unwrap()), effect);
    }
    effects
}

/// Compiles a program around the interpreter's own header.
fn metadata(headers: &Path, synced: &Release) -> BTreeMap<(String, u8), Effect> {
    let data = MinorData::load(&common::repo(), &synced.minor()).unwrap();
    let mut text = "#define Py_BUILD_CORE 1\n#define NEED_OPCODE_METADATA 1\n\
                    #include \"Python.h\"\n#include <stdio.h>\n\
                    #include \"internal/pycore_opcode_metadata.h\"\nint main(void) {\n\
                    for (int oparg = 0; oparg < 8; oparg++) {\nint effect;\n"
        .to_owned();
    for (name, opcode) in &data.opcodes.opcodes {
        if opcode.outside.is_none() {
            let _ = writeln!(
                text,
                "#ifdef {name}\neffect = _PyOpcode_num_pushed({name}, oparg) - _PyOpcode_num_popped({name}, oparg);\n\
                 printf(\"{name} %d %d %d\\n\", oparg, effect, effect);\n#endif"
            );
        }
    }
    text.push_str("}\nreturn 0; }\n");
    let source = headers.join("effects.c");
    let binary = headers.join("effects");
    fs::write(&source, text).unwrap();
    let status = common::compiler(headers)
        .arg(&source)
        .arg("-o")
        .arg(&binary)
        .status()
        .unwrap();
    assert!(status.success(), "the program of effects does not compile");
    parse(&Command::new(&binary).output().unwrap().stdout)
}
