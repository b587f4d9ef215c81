//! Frames that somebody holds an object of: locals are read and written behind our back, and the
//! object gets them when the call ends.

use std::rc::Rc;

use pyo3::ffi;

use crate::emit::Emit;
use crate::emit::edge::EdgeKind;
use crate::jit::code::{decode, read, write};
use crate::jit::compile::Start;
use crate::jit::context::Context;
use crate::jit::exit::{RAX, hand_over, watched};
use crate::jit::facts;
use crate::jit::frame::private;
use crate::jit::live::Registers;
use crate::jit::record::{Avoid, Exit, Record, Site};
use crate::jit::state::{Jit, full};
use crate::jit::stubs::Taken;
use crate::jit::trampoline::Trampolines;
use crate::jit::writeback::{set_instruction, settle_frame, unlink};
use crate::release::layout::_PyInterpreterFrame as frame;

impl Jit {
    /// Goes on without knowing anything of locals, unless the function is being watched.
    pub fn forget_locals(
        &mut self,
        record: &mut Record,
        number: u32,
        exit: Exit,
    ) -> Result<usize, &'static str> {
        let site = exit.site;
        let start = Start {
            unit: exit.unit,
            context: exit.context,
            avoid: Avoid::default(),
        };
        let target = Start {
            context: Rc::new(Context {
                locals: record.shape.anything(0).locals,
                stack: start.context.stack.clone(),
                keywords: start.context.keywords,
            }),
            ..start.clone()
        };
        let at = self.version(record, &target, None).map_err(full)?;
        let look = |e: &mut Emit<'_>| e.leave_if_observed(None, start.unit);
        let at = self
            .bridge(record, &start, &target.context, at, look)
            .map_err(full)?;
        if let Site::Jump(site) = site {
            self.unlink_stub(record, number);
            self.arena.link(site, at);
        }
        Ok(self.arena.address(at))
    }
}

/// Returns from such a frame: writes it, gives it to its object, and leaves the function.
///
/// # Safety
/// The registers are those of compiled code at the return, where the exit's context holds.
pub unsafe fn return_outlived(
    registers: &mut Registers,
    trampolines: &Trampolines,
    exit: &Taken,
) -> usize {
    let (tstate, base) = (registers.tstate(), registers.frame());
    // The instruction would push the result by itself.
    let pushed = exit.kind == (EdgeKind::Return { pushed: true });
    // SAFETY: the frame runs; a record lives as long as its code object, which the frame
    // holds. The result is the top of the stack, which owns it.
    unsafe {
        let record = &mut *exit.record;
        let complete = settle_frame(registers, &exit.context);
        let top = read::<i32>(base, frame::stacktop.offset) - 1;
        let result: *mut ffi::PyObject = read(base, facts::LOCALS + 8 * top);
        if !complete || watched(tstate, base) {
            if pushed {
                write(base, frame::stacktop.offset, top);
                ffi::Py_DECREF(result);
            }
            return hand_over(registers, trampolines, exit.unit, !complete);
        }
        let unit = decode(&record.view.units, exit.unit).map_or(exit.unit, |d| d.instr.unit);
        let result = return_written(tstate, base, unit, top as u32 + 1);
        registers.gpr[RAX] = result as u64;
        trampolines.leave
    }
}

/// Returns the topmost of so many values from such a frame, which is written. Called by machine code
/// as well.
///
/// # Safety
/// The frame runs on that thread, and the topmost value owns the result.
pub unsafe extern "C" fn return_written(
    tstate: usize,
    base: usize,
    unit: u32,
    count: u32,
) -> *mut ffi::PyObject {
    let top = count as i32 - 1;
    // SAFETY: by the caller.
    unsafe {
        let result: *mut ffi::PyObject = read(base, facts::LOCALS + 8 * top);
        write(base, frame::stacktop.offset, top);
        set_instruction(base, unit);
        leave_frame(tstate, base);
        result
    }
}

/// Takes a frame whose stack is empty off the thread, and clears it where that is not left to the caller.
///
/// # Safety
/// The frame is written and runs on that thread.
pub unsafe fn leave_frame(tstate: usize, base: usize) {
    // SAFETY: by the caller.
    unsafe {
        unlink(tstate, base);
        if !facts::CALLER_CLEARS {
            (private().clear_and_pop)(tstate, base);
        }
    }
}
