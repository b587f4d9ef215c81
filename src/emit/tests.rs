//! Bytecode in, machine code out: `tests/machine/*.txt` holds instructions, and beside it a file
//! for each release what becomes of them.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use iced_x86::{Decoder, Formatter, IntelFormatter, SymbolResolver, SymbolResult};

use super::Emit;
use super::edge::{BlockCode, EdgeKind, Instr, Step};
use super::view::{CodeView, Doors};
use crate::jit::context::{Context, Known, Slot};
use crate::jit::starts::Starts;
use crate::jit::{facts, symbols};
use crate::release::{MINOR, OPCODES, SYMBOLS};

/// Where the code that does not exist would stand.
const FIRST_UNIT: usize = 0x1000_0000;

struct Names(Vec<(u64, String)>);

impl SymbolResolver for Names {
    fn symbol(
        &mut self,
        _: &iced_x86::Instruction,
        _: u32,
        _: Option<u32>,
        address: u64,
        _: u32,
    ) -> Option<SymbolResult<'_>> {
        let (_, name) = self.0.iter().find(|(a, _)| *a == address)?;
        Some(SymbolResult::with_str(address, name))
    }
}

#[test]
fn machine_code_is_as_written_down() {
    // Where strings of the interpreter stand is asked of it.
    pyo3::Python::initialize();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/machine");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the cases are in the repository")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|e| e == "txt"))
        .collect();
    files.sort();
    let mut wrong = String::new();
    for file in files {
        let source = fs::read_to_string(&file).expect("a readable case");
        let expected_in = file.with_extension(format!("3.{MINOR}.asm"));
        // A case names opcodes of the releases for which its code is written down.
        let Ok(expected) = fs::read_to_string(&expected_in) else {
            continue;
        };
        let found = pyo3::Python::attach(|_| listing(&source));
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(&expected_in, &found).expect("a writable folder");
        } else if found != expected {
            let _ = write!(wrong, "{}:\n{found}\n", expected_in.display());
        }
    }
    assert!(
        wrong.is_empty(),
        "UPDATE_EXPECT=1 writes what was found:\n{wrong}"
    );
}

/// The machine code of a case.
fn listing(source: &str) -> String {
    let mut locals = Vec::new();
    let mut code = Vec::new();
    for line in source.lines().filter(|line| !line.starts_with('#')) {
        if let Some(known) = line.strip_prefix("locals:") {
            locals.extend(known.split_whitespace().map(local));
        } else if let Some((name, oparg)) = line.split_once(' ') {
            code.push((name, oparg.parse().expect("an argument")));
        }
    }
    let symbols = symbols::resolve(&Doors::default());
    let view = CodeView {
        object: 0,
        stack: usize::MAX,
        first_unit: FIRST_UNIT,
        units: vec![Default::default(); 64].into(),
        symbols,
        doors: Doors::default(),
        shared: Default::default(),
        extra_index: 0,
        suspends: false,
    };
    let context = Context {
        locals: locals.into(),
        stack: Box::new([]),
        keywords: None,
    };
    let starts = Starts::default();
    let mut e = Emit::new(&view, &starts, &context, 0);
    let mut unit = 0;
    let mut comments = Vec::new();
    for (name, oparg) in code {
        let opcode = OPCODES.iter().find(|opcode| opcode.name == name);
        let opcode = opcode.unwrap_or_else(|| panic!("no opcode {name}"));
        e.mark(unit, 0, false);
        comments.push((unit, format!("{name} {oparg}")));
        let instr = Instr::new(unit, oparg, 1 + u32::from(opcode.caches));
        match e.step(instr, opcode.variants[0].emitter) {
            Step::Continue(next) => unit = next,
            Step::Ended => break,
            Step::Unsupported(why) => {
                comments.push((unit, format!("unsupported: {why}")));
            }
        }
    }
    e.leave(EdgeKind::Go, unit);
    let mut names: Vec<(u64, String)> = symbols
        .iter()
        .zip(SYMBOLS)
        .filter(|(address, _)| **address != 0)
        .map(|(address, name)| (*address as u64, name.to_string_lossy().into_owned()))
        .collect();
    names.push((facts::float_type() as u64, "PyFloat_Type".to_owned()));
    names.push((facts::long_type() as u64, "PyLong_Type".to_owned()));
    for (truth, name) in [(true, "_Py_TrueStruct"), (false, "_Py_FalseStruct")] {
        names.push((super::boxes::singleton(truth) as u64, name.to_owned()));
    }
    print(&e.finish().0, &comments, names)
}

fn local(known: &str) -> Slot {
    let known = match known {
        "bound" => Known::Bound,
        "unbound" => Known::Unbound,
        "float" => Known::Type(facts::float_type()),
        "int" => Known::Type(facts::long_type()),
        other => panic!("no such local: {other}"),
    };
    Slot {
        known,
        ..Slot::MEMORY
    }
}

fn print(block: &BlockCode, comments: &[(u32, String)], names: Vec<(u64, String)>) -> String {
    let mut out = String::new();
    let mut formatter = IntelFormatter::with_options(Some(Box::new(Names(names))), None);
    let mut marks = block.marks.iter().peekable();
    for instruction in &mut Decoder::with_ip(64, &block.code, 0, 0) {
        while let Some(mark) = marks.next_if(|mark| u64::from(mark.at) <= instruction.ip()) {
            for (_, text) in comments.iter().filter(|(unit, _)| *unit == mark.unit) {
                let rare = if mark.at < block.cold {
                    ""
                } else {
                    " (rarely)"
                };
                let _ = writeln!(out, "; {text}{rare}");
            }
        }
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        let site = (instruction.next_ip() as u32).wrapping_sub(4);
        let edge = block.edges.iter().find(|edge| edge.site == site);
        let mnemonic = text.split(' ').next().unwrap_or_default().to_owned();
        if let Some(edge) = edge {
            let _ = writeln!(out, "  {mnemonic} {:?} at {}", edge.kind, edge.unit);
        } else if block.calls.iter().any(|call| call.site == site) {
            let _ = writeln!(out, "  call a function");
        } else {
            let _ = writeln!(out, "  {text}");
        }
    }
    out
}
