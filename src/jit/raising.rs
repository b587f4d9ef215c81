//! Raising in a frame that is written: the traceback gets its entry, the stack is emptied, and the
//! handler finds the exception there, or the function is left.

use pyo3::ffi;

use crate::emit::edge::EdgeKind;
use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::jit::outlive::leave_frame;
use crate::jit::unwind::{Handler, add_traceback, see_to_exception, take_exception};
use crate::jit::writeback::{instruction, set_instruction};
use crate::release::layout::_PyInterpreterFrame as frame;

/// An instruction that raises, in a frame that is written.
#[derive(Clone, Copy, Debug)]
pub struct Raised {
    pub kind: EdgeKind,
    pub unit: u32,
    /// Values of the frame, locals and stack.
    pub top: u32,
    /// Values that stay.
    pub level: u32,
    /// Whether the number of the instruction is pushed before the exception.
    pub lasti: bool,
}

/// Bits of what [`Raised::how`] says.
const NEW: u32 = 1;
const PLACED: u32 = 2;
const LASTI: u32 = 4;

impl Raised {
    /// An exception at an exit of such a kind, with so many locals and values on the stack.
    pub fn new(
        kind: EdgeKind,
        unit: u32,
        locals: usize,
        depth: usize,
        handler: Option<Handler>,
    ) -> Raised {
        Raised {
            kind,
            unit,
            top: (locals + depth) as u32,
            level: locals as u32 + handler.map_or(0, |handler| handler.depth),
            lasti: handler.is_some_and(|handler| handler.lasti),
        }
    }

    /// How many values there are where the handler is entered.
    pub fn landed(&self) -> u32 {
        self.level + u32::from(self.lasti) + 1
    }

    /// What machine code hands on besides numbers of units and values.
    pub fn how(&self) -> u32 {
        let kind = match self.kind {
            EdgeKind::Error => NEW,
            EdgeKind::Reraise { placed: true } => PLACED,
            _ => 0,
        };
        kind | if self.lasti { LASTI } else { 0 }
    }
}

/// Enters the frame into the traceback of an exception that is raised here, and drops values of the
/// stack, the topmost first.
///
/// # Safety
/// The frame is written, with so many values, and runs on that thread; an exception is set, unless
/// [`NEW`] says that one should be.
unsafe fn leave_instruction(tstate: usize, base: usize, raised: (u32, u32), from: u32, to: u32) {
    let (unit, how) = raised;
    // SAFETY: by the caller.
    unsafe {
        write(base, frame::stacktop.offset, from as i32);
        place_raise(base, unit, how);
        if how & NEW != 0 {
            add_traceback(tstate, base);
        }
        drop_values(base, from, to);
    }
}

/// Lets the frame say where the exception was raised, and sees to it that there is one.
///
/// # Safety
/// As for [`leave_instruction`].
pub unsafe fn place_raise(base: usize, unit: u32, how: u32) {
    // SAFETY: by the caller.
    unsafe {
        // Otherwise the frame says by itself where it is.
        if how & PLACED == 0 {
            set_instruction(base, unit);
        }
        if how & NEW != 0 {
            see_to_exception();
        }
    }
}

/// Drops values of a frame from the topmost of `from` down to `to` that stay.
///
/// # Safety
/// The frame has so many values in its memory.
pub unsafe fn drop_values(base: usize, from: u32, to: u32) {
    for at in (to..from).rev() {
        // SAFETY: by the caller; the frame does not own the value any more.
        unsafe {
            write(base, frame::stacktop.offset, at as i32);
            ffi::Py_XDECREF(read(base, facts::LOCALS + 8 * at as i32));
        }
    }
}

/// Pushes the number of the instruction on an emptied stack if the handler wants it; gives how many
/// values there are.
///
/// # Safety
/// The frame has room and says where the exception was raised.
pub unsafe fn push_lasti(base: usize, level: u32, how: u32) -> u32 {
    if how & LASTI == 0 {
        return level;
    }
    // SAFETY: by the caller.
    unsafe {
        push(base, level, ffi::PyLong_FromLong(instruction(base).into()));
    }
    level + 1
}

/// Puts a value that the frame is to own above so many others.
///
/// # Safety
/// The frame has room.
pub unsafe fn push(base: usize, count: u32, object: *mut ffi::PyObject) {
    // SAFETY: by the caller.
    unsafe {
        write(base, facts::LOCALS + 8 * count as i32, object);
        write(base, frame::stacktop.offset, count as i32 + 1);
    }
}

/// Called by machine code that goes on to a handler: see [`Raised`].
///
/// # Safety
/// As for [`leave_instruction`].
pub unsafe extern "C" fn raise_in(
    tstate: usize,
    base: usize,
    unit: u32,
    how: u32,
    top: u32,
    level: u32,
) {
    // SAFETY: by the caller.
    unsafe {
        leave_instruction(tstate, base, (unit, how), top, level);
        let count = push_lasti(base, level, how);
        push(base, count, take_exception());
        write(base, frame::stacktop.offset, facts::RUNNING);
    }
}

/// Called by machine code that leaves the function: see [`Raised`].
///
/// # Safety
/// As for [`leave_instruction`].
pub unsafe extern "C" fn raise_out(
    tstate: usize,
    base: usize,
    unit: u32,
    how: u32,
    top: u32,
    level: u32,
) {
    // SAFETY: by the caller.
    unsafe {
        leave_instruction(tstate, base, (unit, how), top, level);
        leave_frame(tstate, base);
    }
}
