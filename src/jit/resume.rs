//! What entering compiled code from C asks often: where a frame starts or goes on.

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use pyo3::ffi;

use crate::jit::code::read;
use crate::jit::exit::{code_is_watched, watched};
use crate::jit::facts;
use crate::jit::record::Record;
use crate::jit::state::{Jit, with};
use crate::release::layout::{_PyInterpreterFrame as frame, PyCodeObject};

unsafe extern "C" {
    fn _PyGen_SetStopIterationValue(value: *mut ffi::PyObject) -> c_int;
}

/// What never changes once the compiler is in place.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    extra_index: usize,
    /// The start of code memory.
    memory: usize,
}

static FIXED: OnceLock<Fixed> = OnceLock::new();

/// Notes where things are.
pub fn settle(jit: &Jit) {
    let fixed = Fixed {
        extra_index: jit.extra_index as usize,
        memory: jit.arena.address(crate::jit::arena::Offset(0)),
    };
    FIXED.get_or_init(|| fixed);
}

/// The record of a code object, without asking the interpreter for it.
///
/// # Safety
/// A live code object, and the GIL is held.
#[inline]
pub unsafe fn record(code: usize) -> Option<*mut Record> {
    let fixed = FIXED.get()?;
    // SAFETY: by the caller. `co_extra` is NULL or starts with the number of its entries.
    unsafe {
        let extra: usize = read(code, PyCodeObject::co_extra.offset);
        if extra == 0 || read::<usize>(extra, 0) <= fixed.extra_index {
            return None;
        }
        let record: *mut Record = read(extra, 8 + 8 * fixed.extra_index as i32);
        (!record.is_null()).then_some(record)
    }
}

/// Whether the frame is one that makes a generator, whose body is compiled.
///
/// # Safety
/// A live frame of a Python function, and the GIL is held.
#[inline]
pub unsafe fn makes_generator(base: usize) -> bool {
    // SAFETY: by the caller; a record lives as long as its code object.
    unsafe { record(read(base, facts::FRAME_CODE)).is_some_and(|r| (*r).view.suspends) }
}

/// The machine code of a code object that may be entered at once by this thread.
///
/// # Safety
/// A live code object, the running thread's state, and the GIL is held.
#[inline]
pub unsafe fn entry(tstate: usize, code: usize) -> Option<usize> {
    // SAFETY: by the caller; a record lives as long as its code object.
    unsafe {
        let known = &*record(code)?;
        let version = facts::WATCHED.map_or(0, |watch| read(code, watch.version));
        let ready = known.entry != 0 && version == known.version;
        (ready && !code_is_watched(tstate, code)).then_some(known.entry)
    }
}

/// The machine code at which a suspended frame goes on, if there is any to run it by, with so
/// many values still to be put on its stack.
///
/// # Safety
/// The frame is suspended and the GIL is held.
#[inline]
pub unsafe fn place(tstate: usize, base: usize, coming: i32) -> Option<usize> {
    // SAFETY: by the caller.
    unsafe {
        let code: usize = read(base, facts::FRAME_CODE);
        let record = record(code)?;
        if watched(tstate, base) {
            return None;
        }
        let first = code + PyCodeObject::co_code_adaptive.offset as usize;
        let next: usize = read(base, facts::FRAME_INSTR);
        let unit = (next.wrapping_sub(first) as isize / 2) as i32 - facts::RESUME_BIAS;
        let known = &*record;
        let at = *known.resumptions.get(unit as usize)?;
        let version = facts::WATCHED.map_or(0, |watch| read(code, watch.version));
        if at != 0 && version == known.version {
            return Some(FIXED.get()?.memory + at as usize);
        }
        let locals: i32 = read(code, PyCodeObject::co_nlocalsplus.offset);
        let top: i32 = read(base, frame::stacktop.offset);
        first_time(record, unit as u32, top - locals + coming)
    }
}

/// Says that a generator has returned, as its `tp_iternext` does.
///
/// # Safety
/// A live object, whose reference is taken over, and the GIL is held.
pub unsafe fn stop(result: *mut ffi::PyObject) {
    // SAFETY: by the caller.
    unsafe {
        if result != ffi::Py_None() {
            _PyGen_SetStopIterationValue(result);
        }
        ffi::Py_DECREF(result);
    }
}

/// # Safety
/// As for `place`; the record is that of the frame's code.
#[cold]
unsafe fn first_time(record: *mut Record, unit: u32, depth: i32) -> Option<usize> {
    // A panic must not reach the interpreter, which does without compiled code.
    let found = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: by the caller.
        unsafe { with(|jit| jit.resumption(record, unit, depth as usize)) }
    }));
    found.ok().flatten().flatten()
}
