//! The machine code of one opcode by itself, for people.

use std::collections::BTreeMap;
use std::fmt::Write;

use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};

use crate::emit::Emit;
use crate::emit::edge::{BlockCode, EdgeKind, Instr, Step};
use crate::emit::view::{CodeView, Unit};
use crate::jit::api::Reason;
use crate::jit::context::{Context, Slot};
use crate::jit::starts::Starts;
use crate::jit::state::Jit;
use crate::release::{OPCODES, ROLES, SYMBOLS};

/// Locals and stack slots of the plain context: all in memory, nothing known.
const SLOTS: usize = 16;
/// Code units around the instruction, more than any instruction looks at.
const UNITS: usize = 64;
/// What inline caches hold, in every unit.
const CACHED: u16 = 0x0101;

/// The listing of an opcode with an argument, in a plain context.
pub fn opcode(jit: &Jit, name: &str, oparg: u8) -> Result<String, Reason> {
    let number = OPCODES.iter().position(|opcode| opcode.name == name);
    let number = number.ok_or_else(|| Reason(format!("{name}: no such opcode")))?;
    let opcode = &OPCODES[number];
    let variant = jit
        .variant(opcode)
        .ok_or_else(|| Reason(format!("{name}: {}", opcode.left)))?;
    let cached = [CACHED; UNITS];
    let mut units = [Unit {
        opcode: ROLES.resume,
        arg: 1,
    }; UNITS];
    units[0] = Unit {
        opcode: opcode.base,
        arg: oparg,
    };
    let view = CodeView {
        object: 0,
        stack: usize::MAX,
        first_unit: cached.as_ptr() as usize,
        units: units.into(),
        symbols: jit.symbols,
        doors: jit.doors,
        shared: *jit.trampolines,
        extra_index: jit.extra_index,
        suspends: false,
    };
    let context = Context {
        locals: vec![Slot::MEMORY; SLOTS].into(),
        stack: vec![Slot::MEMORY; SLOTS].into(),
        keywords: None,
    };
    let starts = Starts::default();
    let instr = Instr::new(0, oparg.into(), 1 + u32::from(opcode.caches));
    let mut e = Emit::new(&view, &starts, &context, 0);
    match e.step(instr, variant.emitter) {
        Step::Continue(next) => e.leave(EdgeKind::Go, next),
        Step::Ended => {}
        Step::Unsupported(why) => return Err(Reason(format!("{name}: {why}"))),
    }
    Ok(listing(&e.finish().0, jit.symbols))
}

/// Offsets and instructions, and behind those that leave, where to.
fn listing(block: &BlockCode, symbols: &[usize]) -> String {
    let mut notes: BTreeMap<u32, String> = BTreeMap::new();
    for edge in &block.edges {
        notes.insert(edge.site, format!("{:?} at unit {}", edge.kind, edge.unit));
    }
    for call in &block.calls {
        let name = symbols.iter().position(|address| *address == call.target);
        let name = name.map_or("the runtime".into(), |index| {
            SYMBOLS[index].to_string_lossy()
        });
        notes.insert(call.site, name.into_owned());
    }
    let mut text = String::new();
    let mut formatter = IntelFormatter::new();
    for instruction in Decoder::with_ip(64, &block.code, 0, DecoderOptions::NONE) {
        let mut line = String::new();
        formatter.format(&instruction, &mut line);
        let end = instruction.next_ip() as u32;
        let note = notes.range(instruction.ip() as u32..end).next();
        let _ = match note {
            Some((_, note)) => writeln!(text, "{:4x}  {line:<40} ; {note}", instruction.ip()),
            None => writeln!(text, "{:4x}  {line}", instruction.ip()),
        };
    }
    text
}
