//! Exits that control takes again and again: exceptions, and returns from frames that somebody holds
//! an object of.
//!
//! Most such exits are taken once or never, and what they have to do is read off the exit. One that is
//! taken often gets code.

use std::rc::Rc;

use crate::emit::edge::EdgeKind;
use crate::jit::arena::{Full, Offset};
use crate::jit::code::decode;
use crate::jit::compile::Start;
use crate::jit::exit::watched;
#[cfg(Py_3_13)]
use crate::jit::facts;
use crate::jit::live::Registers;
#[cfg(Py_3_13)]
use crate::jit::overwritten;
use crate::jit::raising::Raised;
use crate::jit::record::Avoid;
use crate::jit::state::Jit;
use crate::jit::stubs::Taken;
use crate::jit::unwind::handler;

/// How often an exit is taken before it gets code: that takes as long as going without it a dozen times.
const OFTEN: u32 = 8;

impl Jit {
    /// Compiles what an exit does that is taken often, and lets its stub lead there; `None` where that
    /// is not to be, or not possible now.
    pub fn settle(&mut self, stub: Offset, exit: &Taken, registers: &Registers) -> Option<usize> {
        if !matches!(
            exit.kind,
            EdgeKind::Error | EdgeKind::Reraise { .. } | EdgeKind::Return { .. }
        ) {
            return None;
        }
        exit.times.set(exit.times.get().saturating_add(1));
        if exit.times.get() < OFTEN || observed(registers) {
            return None;
        }
        let number = self.stubs.at(stub)?;
        self.compile_settled(number, exit).ok()?
    }

    fn compile_settled(&mut self, number: u32, exit: &Taken) -> Result<Option<usize>, Full> {
        // SAFETY: a record lives as long as its code object, which the frame holds.
        let record = unsafe { &mut *exit.record };
        let depth = exit.context.stack.len();
        let written = record.shape.anything(depth);
        let unit = decode(&record.view.units, exit.unit).map_or(exit.unit, |d| d.instr.unit);
        let start = Start {
            unit: exit.unit,
            context: Rc::clone(&exit.context),
            avoid: Avoid::default(),
        };
        let kind = Some(exit.kind);
        let at = if let EdgeKind::Return { .. } = exit.kind {
            self.piece(record, &start, |e| {
                e.leave_if_observed(kind, exit.unit);
                e.return_written(unit, &written);
            })?
        } else {
            // SAFETY: the code object is alive.
            let handler = unsafe { handler(record.view.object, unit) };
            if handler.is_some_and(|handler| !record.shape.has_room(&handler, &exit.context)) {
                return Ok(None);
            }
            let raised = Raised::new(exit.kind, unit, record.shape.locals, depth, handler);
            let depth = raised.landed() as usize - record.shape.locals;
            let landing = record.shape.anything(depth);
            self.piece(record, &start, |e| {
                e.leave_if_observed(kind, exit.unit);
                let landing = handler.map(|handler| (handler.unit, &landing));
                e.raise_written(&raised, &written, landing);
            })?
        };
        self.stubs.forward(&mut self.arena, number, at);
        Ok(Some(self.arena.address(at)))
    }
}

/// Whether what an exit does depends on who looks at the frame.
fn observed(registers: &Registers) -> bool {
    // SAFETY: the registers are those of compiled code, whose frame runs.
    unsafe {
        #[cfg(Py_3_13)]
        if overwritten::any() || i32::try_from(facts::version(registers.tstate())).is_err() {
            return true;
        }
        watched(registers.tstate(), registers.frame())
    }
}
