//! How many values are on the stack before each instruction of a code object.
//!
//! The interpreter trusts code objects that every way to an instruction leads there with the same
//! depth, and never looks. Code that somebody has made by other means than the interpreter's compiler
//! may be otherwise.

use std::ffi::c_int;

use crate::emit::view::Unit;
use crate::jit::code::{Decoded, Shape, decode};
use crate::jit::unwind;
use crate::release::table::Opcode;
use crate::release::{OPCODES, ROLES};

unsafe extern "C" {
    fn PyCompile_OpcodeStackEffectWithJump(opcode: c_int, oparg: c_int, jump: c_int) -> c_int;
}

/// By code unit; `None` within instructions and where control never arrives.
#[derive(Debug)]
pub struct Depths {
    before: Vec<Option<u32>>,
    /// The depth that the stack may reach.
    most: usize,
}

impl Depths {
    /// Follows the stack through a code object. `None` where the code is not as the interpreter's
    /// compiler makes it: ways that meet with different depths, a stack that is too small, jumps that
    /// lead nowhere, an end without a return.
    pub fn follow(shape: &Shape, units: &[Unit], table: &[u8]) -> Option<Depths> {
        if !unwind::is_orderly(table, units.len()) {
            return None;
        }
        let mut depths = Depths {
            before: vec![None; units.len()],
            most: shape.stack,
        };
        let mut met = vec![false; units.len()];
        for (_, handler) in unwind::entries(table) {
            let depth = i64::from(handler.depth) + i64::from(handler.lasti) + 1;
            depths.arrive(i64::from(handler.unit), depth)?;
        }
        let (mut unit, mut depth) = (0, Some(0));
        while let Some(decoded) = decode(units, unit) {
            met[unit as usize] = true;
            if let Some(depth) = depth {
                depths.arrive(unit.into(), depth)?;
            }
            let opcode = opcode(&decoded);
            depth = match depths.before[unit as usize] {
                Some(before) => {
                    let before = i64::from(before);
                    let next = i64::from(decoded.next());
                    let oparg = i64::from(decoded.instr.oparg);
                    if opcode.jumps_forwards {
                        depths.arrive(next + oparg, before + effect(&decoded, true))?;
                    }
                    if ROLES.backward_jumps.contains(&decoded.opcode) {
                        depths.arrive(next - oparg, before + effect(&decoded, true))?;
                    }
                    let after = before + effect(&decoded, false);
                    if after < 0 {
                        return None;
                    }
                    opcode.falls_through.then_some(after)
                }
                None => None,
            };
            unit = decoded.next();
        }
        let ended = depth.is_none() && unit as usize == units.len();
        let mut arrivals = depths.before.iter().zip(&met);
        (ended && arrivals.all(|(depth, met)| depth.is_none() || *met)).then_some(depths)
    }

    /// Control comes to `unit` with so many values.
    fn arrive(&mut self, unit: i64, depth: i64) -> Option<()> {
        let known = self.before.get_mut(usize::try_from(unit).ok()?)?;
        let depth = u32::try_from(depth).ok()?;
        let fits = depth as usize <= self.most;
        (fits && *known.get_or_insert(depth) == depth).then_some(())
    }

    /// How many values there are in front of an instruction, if control arrives there.
    pub fn before(&self, decoded: &Decoded) -> Option<u32> {
        *self.before.get(decoded.instr.start as usize)?
    }

    /// How many values there are behind an instruction, if control goes on there.
    pub fn after(&self, decoded: &Decoded) -> Option<u32> {
        let before = self.before(decoded)?;
        u32::try_from(i64::from(before) + effect(decoded, false)).ok()
    }
}

fn opcode(decoded: &Decoded) -> &'static Opcode {
    &OPCODES[usize::from(decoded.opcode)]
}

/// What an instruction adds to the depth.
fn effect(decoded: &Decoded, jumps: bool) -> i64 {
    let oparg = decoded.instr.oparg as c_int;
    // SAFETY: takes any numbers.
    let effect =
        unsafe { PyCompile_OpcodeStackEffectWithJump(decoded.opcode.into(), oparg, jumps.into()) };
    // A generator goes on with a value that 3.11 does not count.
    let sent = decoded.opcode == ROLES.return_generator && effect == 0;
    i64::from(effect) + i64::from(sent)
}
