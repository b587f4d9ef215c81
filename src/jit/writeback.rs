//! Writing a frame so that the interpreter can go on with it.

use pyo3::ffi;

use crate::jit::code::{read, write};
use crate::jit::context::{Behind, Context, Held, Slot};
use crate::jit::facts;
use crate::jit::live::Registers;
#[cfg(Py_3_13)]
use crate::jit::overwritten;
use crate::jit::reserve;
use crate::release::layout::{_PyInterpreterFrame as frame, PyCodeObject};

/// Writes locals and stack as `context` describes them, so that memory is the truth and owns
/// everything. Runs no Python code. False when there was no memory for a number: an exception is
/// set, and one that was kept stands in its place, or `None`.
///
/// # Safety
/// The registers are those of compiled code at a point where `context` holds, and the calling
/// thread holds the GIL.
unsafe fn write_frame(registers: &Registers, context: &Context) -> bool {
    let base = registers.frame();
    let mut complete = true;
    // Stack slots may refer to what locals hold in memory: those first. None refers to the memory
    // of another stack slot.
    for (i, slot) in context.stack.iter().enumerate() {
        let index = context.locals.len() + i;
        // SAFETY: by the caller; the frame has room for its code's deepest stack.
        unsafe {
            let value = object(registers, slot, index, &mut complete);
            write(base, local(index), value);
        }
    }
    // SAFETY: by the caller.
    complete &= unsafe { write_locals(registers, context) };
    let top = (context.locals.len() + context.stack.len()) as i32;
    // SAFETY: the frame is alive.
    unsafe { write(base, frame::stacktop.offset, top) };
    complete
}

/// The same, and lets go of values that were only kept for it. May run Python code.
///
/// # Safety
/// As for [`write_frame`].
pub unsafe fn settle_frame(registers: &Registers, context: &Context) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let complete = write_frame(registers, context);
        #[cfg(Py_3_13)]
        overwritten::release(registers.frame());
        complete
    }
}

/// Writes the locals that `context` holds outside memory, and leaves the stack as it is. False as
/// for [`write_frame`].
///
/// # Safety
/// As for [`write_frame`].
unsafe fn write_locals(registers: &Registers, context: &Context) -> bool {
    let base = registers.frame();
    let mut complete = true;
    for (i, slot) in context.locals.iter().enumerate() {
        if slot.behind == Behind::Same || slot.held == Held::Memory {
            continue;
        }
        // SAFETY: by the caller; what is dropped is NULL or an exact float or int.
        unsafe {
            let value = object(registers, slot, i, &mut complete);
            let old: *mut ffi::PyObject = read(base, local(i));
            write(base, local(i), value);
            ffi::Py_XDECREF(old);
        }
    }
    complete
}

/// What compiled code has taken from a local without counting it: the local may have been written
/// since.
///
/// # Safety
/// The frame is alive.
unsafe fn taken(base: usize, n: u16) -> u64 {
    #[cfg(Py_3_13)]
    if let Some(before) = overwritten::before(base, n) {
        return before as u64;
    }
    // SAFETY: by the caller.
    unsafe { read(base, local(n.into())) }
}

fn local(index: usize) -> i32 {
    facts::LOCALS + 8 * index as i32
}

/// The object of a slot, with a reference for its new owner.
///
/// # Safety
/// As for `write_frame`.
unsafe fn object(
    registers: &Registers,
    slot: &Slot,
    index: usize,
    complete: &mut bool,
) -> *mut ffi::PyObject {
    // SAFETY: the context says what each place holds.
    unsafe {
        let borrowed = |address: u64| {
            let object = address as *mut ffi::PyObject;
            ffi::Py_XINCREF(object);
            object
        };
        let made = match slot.held {
            Held::Memory => return read(registers.frame(), local(index)),
            Held::Object { at, owned: true } => return registers.get(at) as *mut ffi::PyObject,
            Held::Object { at, owned: false } => return borrowed(registers.get(at)),
            Held::Local(n) => return borrowed(taken(registers.frame(), n)),
            Held::Constant(address) => return borrowed(address as u64),
            Held::Bool(at) => ffi::PyBool_FromLong(i64::from(registers.get(at) as u32 != 0)),
            Held::Float(at) => ffi::PyFloat_FromDouble(f64::from_bits(registers.get(at))),
            Held::FloatConstant(bits) => ffi::PyFloat_FromDouble(f64::from_bits(bits)),
            Held::Long(at) => ffi::PyLong_FromLongLong(registers.get(at) as i64),
            Held::LongConstant(value) => ffi::PyLong_FromLongLong(value),
        };
        if made.is_null() {
            *complete = false;
            let kept = match slot.held {
                Held::Float(at) => reserve::float(f64::from_bits(registers.get(at))),
                Held::FloatConstant(bits) => reserve::float(f64::from_bits(bits)),
                Held::Long(at) => reserve::long(registers.get(at) as i64),
                Held::LongConstant(value) => reserve::long(value),
                _ => None,
            };
            return kept.unwrap_or_else(|| ffi::Py_NewRef(ffi::Py_None()));
        }
        made
    }
}

/// Lets the frame's instruction pointer say that `unit` is being executed.
///
/// # Safety
/// The frame is alive and `unit` is inside its code.
pub unsafe fn set_instruction(base: usize, unit: u32) {
    // SAFETY: by the caller.
    unsafe {
        let code: usize = read(base, facts::FRAME_CODE);
        let at = code + PyCodeObject::co_code_adaptive.offset as usize + 2 * unit as usize;
        write(base, facts::FRAME_INSTR, at);
    }
}

/// The unit that the frame's instruction pointer says is being executed.
///
/// # Safety
/// The frame is alive.
pub unsafe fn instruction(base: usize) -> i32 {
    // SAFETY: by the caller.
    unsafe {
        let code: usize = read(base, facts::FRAME_CODE);
        let at: usize = read(base, facts::FRAME_INSTR);
        let first = code + PyCodeObject::co_code_adaptive.offset as usize;
        (at.wrapping_sub(first) as isize / 2) as i32
    }
}

/// Lets the frame go on at `unit` when the interpreter takes it over.
///
/// # Safety
/// As for `set_instruction`.
pub unsafe fn set_resume(base: usize, unit: u32) {
    // SAFETY: by the caller.
    unsafe {
        set_instruction(base, unit);
        let at: usize = read(base, facts::FRAME_INSTR);
        let at = at.wrapping_add_signed(2 * facts::RESUME_BIAS as isize);
        write(base, facts::FRAME_INSTR, at);
        #[cfg(Py_3_12)]
        write(base, frame::return_offset.offset, 0u16);
    }
}

/// Takes the frame off the thread, as it was before the frame was entered.
///
/// # Safety
/// The frame runs on that thread.
pub unsafe fn unlink(tstate: usize, base: usize) {
    // SAFETY: by the caller.
    unsafe {
        let holder = match facts::CURRENT_VIA {
            Some(via) => read(tstate, via),
            None => tstate,
        };
        let previous: usize = read(base, facts::FRAME_PREVIOUS);
        write(holder, facts::CURRENT, previous);
        let left: i32 = read(tstate, facts::RECURSION);
        write(tstate, facts::RECURSION, left + 1);
    }
}
