//! What the operands of machine instructions are, in words.

use std::collections::HashMap;
use std::ffi::CStr;

use iced_x86::{Instruction, Mnemonic, OpKind, Register};

use crate::emit::edge::EdgeKind;
use crate::jit::arena::Offset;
use crate::jit::facts;
use crate::jit::record::Record;
use crate::jit::state::Jit;
use crate::release::SYMBOLS;

/// Addresses below this are not those of anything.
const LOWEST: usize = 1 << 16;

/// What is known of addresses while the code of one record is listed.
pub struct Notes<'a> {
    jit: &'a Jit,
    record: &'a Record,
    /// Names of locals.
    names: &'a [String],
    symbols: HashMap<usize, &'static CStr>,
    /// Where blocks start, and which unit they are for.
    blocks: HashMap<usize, u32>,
}

impl<'a> Notes<'a> {
    pub fn new(jit: &'a Jit, record: &'a Record, names: &'a [String]) -> Notes<'a> {
        let symbols = jit.symbols.iter().copied().zip(SYMBOLS.iter().copied());
        let blocks = record.blocks.iter();
        Notes {
            jit,
            record,
            names,
            symbols: symbols.filter(|(address, _)| *address != 0).collect(),
            blocks: blocks
                .map(|block| (jit.arena.address(block.at), block.unit))
                .collect(),
        }
    }

    /// What an instruction refers to, and the address to which it jumps (0 if it does not).
    pub fn of(&self, instruction: &Instruction) -> (String, usize) {
        let target = self.forwarded(instruction.near_branch_target() as usize);
        if target != 0 {
            let jump = if instruction.mnemonic() == Mnemonic::Call {
                0
            } else {
                target
            };
            return (self.place(target), jump);
        }
        let operands = (0..instruction.op_count()).filter_map(|i| match instruction.op_kind(i) {
            OpKind::Memory => self.memory(instruction),
            OpKind::Immediate64 => self.symbol(instruction.immediate64() as usize),
            OpKind::Immediate32 | OpKind::Immediate32to64 => {
                self.symbol(instruction.immediate(i) as usize)
            }
            _ => None,
        });
        (operands.collect::<Vec<_>>().join(", "), 0)
    }

    /// Where control arrives in the end: a stub may have become a jump.
    fn forwarded(&self, target: usize) -> usize {
        let arena = &self.jit.arena;
        let Some(at) = arena.offset(target) else {
            return target;
        };
        let stubs = &self.jit.stubs;
        if stubs
            .at(at)
            .is_none_or(|number| stubs.get(number).is_some())
        {
            return target;
        }
        let distance = arena.bytes(Offset(at.0 + 1), 4);
        let distance = distance
            .iter()
            .rev()
            .fold(0, |n: u32, &byte| n << 8 | u32::from(byte));
        target.wrapping_add_signed(5 + distance.cast_signed() as isize)
    }

    fn place(&self, target: usize) -> String {
        if let Some(unit) = self.blocks.get(&target) {
            return format!("block {:x} at {}", target, 2 * unit);
        }
        let shared = self.jit.trampolines;
        let names = [
            (shared.call_frame, "call a frame"),
            (shared.enter, "enter a frame"),
            (shared.call_cleared, "call a frame and clear it"),
            (shared.call_known, "call a frame of known code and clear it"),
            (shared.write_long, "write an int"),
            (shared.box_long, "make an int"),
            (shared.box_float, "make a float"),
            (shared.suspend, "suspend"),
            (shared.leave, "return"),
            (shared.finish, "clear the frame and return"),
            (shared.interpret, "go on in the interpreter"),
        ];
        if let Some((_, name)) = names.iter().find(|(address, _)| *address == target) {
            return (*name).to_owned();
        }
        if let Some(at) = self.jit.arena.offset(target) {
            if let Some(function) = self.jit.arena.beyond(at) {
                return self.function(function);
            }
            let exit = self.jit.stubs.at(at).and_then(|n| self.jit.stubs.get(n));
            return exit.map_or_else(String::new, |exit| leaving(exit.kind, 2 * exit.unit));
        }
        self.function(target)
    }

    fn function(&self, address: usize) -> String {
        self.symbol(address)
            .unwrap_or_else(|| "a function of the runtime".to_owned())
    }

    /// The symbol that stands at this very address.
    fn symbol(&self, address: usize) -> Option<String> {
        if let Some(name) = self.symbols.get(&address) {
            return Some(name.to_string_lossy().into_owned());
        }
        if address < LOWEST {
            return None;
        }
        // SAFETY: all of it may be 0.
        let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
        // SAFETY: the address is only compared with those of what is loaded.
        let found = unsafe { libc::dladdr(address as *const _, &mut info) } != 0;
        if !found || info.dli_sname.is_null() || info.dli_saddr as usize != address {
            return None;
        }
        // SAFETY: a name of what is loaded.
        Some(
            unsafe { CStr::from_ptr(info.dli_sname) }
                .to_string_lossy()
                .into_owned(),
        )
    }

    /// A local or a stack slot in the frame.
    fn memory(&self, instruction: &Instruction) -> Option<String> {
        if instruction.is_ip_rel_memory_operand() {
            return self.symbol(instruction.ip_rel_memory_address() as usize);
        }
        if instruction.memory_base() != Register::R13
            || instruction.memory_index() != Register::None
        {
            return None;
        }
        let offset = instruction.memory_displacement64() as i64 - i64::from(facts::LOCALS);
        let slot = usize::try_from(offset).ok()? / 8;
        let locals = self.record.shape.locals;
        if slot >= locals {
            return Some(format!("stack[{}]", slot - locals));
        }
        self.names.get(slot).cloned()
    }
}

fn leaving(kind: EdgeKind, offset: u32) -> String {
    match kind {
        EdgeKind::Go => format!("not compiled yet: {offset}"),
        EdgeKind::NeedsFrame => format!("{offset}, with a frame"),
        EdgeKind::Deopt | EdgeKind::Refuted => format!("another version of {offset}"),
        EdgeKind::Forget => format!("{offset}, with nothing known of locals"),
        EdgeKind::Return { .. } => format!("the return at {offset}, of a frame that is kept"),
        EdgeKind::Interpret(why) => format!("the interpreter at {offset}: {why}"),
        EdgeKind::Error | EdgeKind::Interrupted { .. } | EdgeKind::Reraise { .. } => {
            format!("an exception at {offset}")
        }
    }
}
