//! Compiled code as text.

use std::collections::BTreeMap;
use std::fmt::Write;

use pyo3::ffi;

use crate::jit::api::Explained;
use crate::jit::code::decode;
use crate::jit::record::{Block, Record};
use crate::jit::state::Jit;
use crate::release::OPCODES;

/// One entry for each instruction of a code object.
///
/// # Safety
/// `code` is a live code object and `record` its record.
pub unsafe fn explain(code: *mut ffi::PyCodeObject, record: Option<*mut Record>) -> Vec<Explained> {
    // SAFETY: by the caller.
    let units = unsafe { crate::jit::code::units(code as usize) };
    // SAFETY: by the caller.
    let record = record.map(|record| unsafe { &*record });
    let mut list = Vec::new();
    let mut unit = 0;
    while let Some(decoded) = decode(&units, unit) {
        let opcode = &OPCODES[usize::from(decoded.opcode)];
        let outcome = record
            .and_then(|record| record.outcomes.get(&unit))
            .map_or_else(
                || match opcode.left {
                    "" => "not reached".to_owned(),
                    left => left.to_owned(),
                },
                |outcomes| outcomes.join(", "),
            );
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

/// Blocks in order of their place in the bytecode, with comments and machine code.
pub fn disassemble(jit: &Jit, record: &Record) -> String {
    let mut blocks: BTreeMap<(u32, u32), _> = BTreeMap::new();
    for block in &record.blocks {
        blocks.insert((block.unit, block.at.0), block);
    }
    blocks
        .values()
        .map(|block| block_text(jit, block))
        .collect()
}

/// One block with its comments and machine code.
pub fn block_text(jit: &Jit, block: &Block) -> String {
    let mut text = String::new();
    let address = jit.arena.address(block.at);
    let bytes = jit.arena.bytes(block.at, block.len as usize);
    let _ = writeln!(text, "block at {} ({} bytes)", 2 * block.unit, block.len);
    let mut comments = block.comments.iter().peekable();
    let options = iced_x86::DecoderOptions::NONE;
    let decoder = iced_x86::Decoder::with_ip(64, bytes, address as u64, options);
    let mut formatter = iced_x86::IntelFormatter::new();
    for instruction in decoder {
        let at = (instruction.ip() - address as u64) as u32;
        while let Some((_, comment)) = comments.next_if(|(offset, _)| *offset <= at) {
            let _ = writeln!(text, "  ; {comment}");
        }
        let mut line = String::new();
        iced_x86::Formatter::format(&mut formatter, &instruction, &mut line);
        let _ = writeln!(text, "    {:x}  {line}", instruction.ip());
    }
    text
}
