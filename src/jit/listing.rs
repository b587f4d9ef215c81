//! Compiled code for people: what became of each instruction, and the machine code of blocks.

use std::collections::BTreeMap;
use std::fmt::Write;

use iced_x86::{Decoder, DecoderOptions, Formatter, Instruction, IntelFormatter};
use pyo3::ffi;

use crate::emit::edge::Mark;
use crate::jit::api::Explained;
use crate::jit::code::decode;
use crate::jit::notes::Notes;
use crate::jit::record::{Block, Record};
use crate::jit::state::Jit;
use crate::release::OPCODES;

/// A block and its pieces, in order.
#[derive(Debug)]
pub struct Listed {
    /// Where it starts in the bytecode, in bytes.
    pub offset: u32,
    pub address: usize,
    pub len: u32,
    pub pieces: Vec<Piece>,
}

/// The machine code of one instruction, or what stands before the first.
#[derive(Debug)]
pub struct Piece {
    /// In bytes, as `dis` shows it.
    pub offset: Option<u32>,
    /// The member that the instruction is compiled as, or why it is not.
    pub outcome: String,
    /// Whether it runs rarely.
    pub cold: bool,
    pub lines: Vec<Line>,
}

/// One machine instruction.
#[derive(Debug)]
pub struct Line {
    pub address: usize,
    pub text: String,
    /// What its operands are.
    pub note: String,
    /// Where it jumps, 0 if it does not.
    pub target: usize,
}

/// One entry for each instruction of a code object.
///
/// # Safety
/// `code` is a live code object and `record` its record.
pub unsafe fn explain(code: *mut ffi::PyCodeObject, record: Option<*mut Record>) -> Vec<Explained> {
    // SAFETY: by the caller.
    let units = unsafe { crate::jit::code::units(code as usize) };
    // SAFETY: by the caller.
    let record = record.map(|record| unsafe { &*record });
    let outcomes = record.map(outcomes).unwrap_or_default();
    let mut list = Vec::new();
    let mut unit = 0;
    while let Some(decoded) = decode(&units, unit) {
        let opcode = &OPCODES[usize::from(decoded.opcode)];
        let outcome = match outcomes.get(&unit) {
            Some(outcomes) => outcomes.join(", "),
            None if opcode.left.is_empty() => "not reached".to_owned(),
            None => opcode.left.to_owned(),
        };
        // SAFETY: by the caller.
        let line = unsafe { ffi::PyCode_Addr2Line(code, 2 * decoded.instr.unit as i32) };
        list.push(Explained {
            offset: 2 * decoded.instr.unit,
            line: u32::try_from(line).ok(),
            opcode: opcode.name,
            outcome,
        });
        unit = decoded.next();
    }
    list
}

/// What became of the instruction at each unit, in all versions.
fn outcomes(record: &Record) -> BTreeMap<u32, Vec<String>> {
    let mut outcomes: BTreeMap<u32, Vec<String>> = BTreeMap::new();
    let mut add = |unit, outcome| {
        let list = outcomes.entry(unit).or_default();
        if !list.contains(&outcome) {
            list.push(outcome);
        }
    };
    for block in &record.blocks {
        for mark in &block.marks {
            add(mark.unit, outcome(record, mark));
        }
        let rare = block.marks.partition_point(|mark| mark.at < block.cold);
        for pair in block.marks[..rare].windows(2) {
            if let Some(unit) = taken_along(record, &pair[0], &pair[1]) {
                add(unit, format!("part of {}", outcome(record, &pair[0])));
            }
        }
    }
    outcomes
}

/// The instruction between two others that the member of the first one does as well.
fn taken_along(record: &Record, mark: &Mark, next: &Mark) -> Option<u32> {
    let units = &record.view.units;
    let first = decode(units, mark.unit)?;
    let second = decode(units, first.next())?;
    let member = mark.opcode != first.opcode;
    (member && second.next() == next.unit).then_some(first.next())
}

fn outcome(record: &Record, mark: &Mark) -> String {
    if mark.left {
        let why = record.left.get(&mark.unit).copied().unwrap_or_default();
        return format!("left to the interpreter: {why}");
    }
    OPCODES[usize::from(mark.opcode)].name.to_owned()
}

/// Blocks in order of their place in the bytecode.
pub fn disassemble(jit: &Jit, record: &Record, names: &[String]) -> Vec<Listed> {
    let notes = Notes::new(jit, record, names);
    let mut blocks: Vec<_> = record.blocks.iter().collect();
    blocks.sort_by_key(|block| (block.unit, block.at.0));
    let listed = blocks.into_iter().map(|block| Listed {
        offset: 2 * block.unit,
        address: jit.arena.address(block.at),
        len: block.len,
        pieces: pieces(jit, record, block, &notes),
    });
    listed.collect()
}

fn pieces(jit: &Jit, record: &Record, block: &Block, notes: &Notes<'_>) -> Vec<Piece> {
    let mut pieces = vec![Piece {
        offset: None,
        outcome: String::new(),
        cold: false,
        lines: Vec::new(),
    }];
    let mut marks = block.marks.iter().peekable();
    let start = jit.arena.address(block.at);
    for (instruction, text) in instructions(jit, block) {
        let at = (instruction.ip() as usize - start) as u32;
        while let Some(mark) = marks.next_if(|mark| mark.at <= at) {
            pieces.push(Piece {
                offset: Some(
                    2 * decode(&record.view.units, mark.unit).map_or(mark.unit, |d| d.instr.unit),
                ),
                outcome: outcome(record, mark),
                cold: mark.at >= block.cold,
                lines: Vec::new(),
            });
        }
        let Some(piece) = pieces.last_mut() else {
            continue;
        };
        let (note, target) = notes.of(&instruction);
        piece.lines.push(Line {
            address: instruction.ip() as usize,
            text,
            note,
            target,
        });
    }
    pieces.retain(|piece| piece.offset.is_some() || !piece.lines.is_empty());
    pieces
}

fn instructions(jit: &Jit, block: &Block) -> Vec<(Instruction, String)> {
    let address = jit.arena.address(block.at);
    let bytes = jit.arena.bytes(block.at, block.len as usize);
    let mut formatter = IntelFormatter::new();
    let options = formatter.options_mut();
    options.set_hex_prefix("0x");
    options.set_hex_suffix("");
    options.set_uppercase_hex(false);
    options.set_branch_leading_zeros(false);
    let decoder = Decoder::with_ip(64, bytes, address as u64, DecoderOptions::NONE);
    let formatted = decoder.into_iter().map(|instruction| {
        let mut text = String::new();
        formatter.format(&instruction, &mut text);
        (instruction, text)
    });
    formatted.collect()
}

/// One block as it was just made, before its jumps lead anywhere.
pub fn raw(jit: &Jit, block: &Block) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "block at {} ({} bytes)", 2 * block.unit, block.len);
    let start = jit.arena.address(block.at);
    let mut marks = block.marks.iter().peekable();
    for (instruction, line) in instructions(jit, block) {
        let at = (instruction.ip() as usize - start) as u32;
        while let Some(mark) = marks.next_if(|mark| mark.at <= at) {
            let name = OPCODES[usize::from(mark.opcode)].name;
            let _ = writeln!(text, "  ; {:4} {name}", 2 * mark.unit);
        }
        let _ = writeln!(text, "    {:x}  {line}", instruction.ip());
    }
    text
}
