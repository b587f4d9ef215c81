//! Pushing the frame of a call whose arguments are given one after the other, as many as the function
//! has parameters.

use std::ffi::c_int;

use pyo3::ffi::{self, PyObject};

use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::release::layout::{
    _PyInterpreterFrame as frame, PyCodeObject as code, PyFunctionObject as function,
    PyThreadState as thread,
};

const GATHERS: c_int = ffi::CO_VARARGS | ffi::CO_VARKEYWORDS;

/// How many parameters code has, if all are given one after the other, and its locals are slots.
///
/// # Safety
/// A live code object.
#[inline]
pub unsafe fn positional(object: usize) -> Option<usize> {
    // SAFETY: by the caller.
    unsafe {
        let flags = read::<c_int>(object, code::co_flags.offset);
        let named: c_int = read(object, code::co_kwonlyargcount.offset);
        let count: c_int = read(object, code::co_argcount.offset);
        let plain = flags & (GATHERS | ffi::CO_OPTIMIZED) == ffi::CO_OPTIMIZED;
        (plain && named == 0).then_some(count as usize)
    }
}

/// A frame for a call of a function, with the references to it and to the arguments, which are as many
/// as it has parameters; `None`, with nothing done, where there is no room for it.
///
/// # Safety
/// A live function with this code object, the running thread's state, and the GIL is held.
#[inline]
pub unsafe fn push_positional(
    tstate: usize,
    called: *mut PyObject,
    object: usize,
    args: *const *mut PyObject,
    count: usize,
) -> Option<usize> {
    // SAFETY: by the caller.
    unsafe {
        let (base, slots) = push(tstate, called, object)?;
        let first = (base + facts::LOCALS as usize) as *mut *mut PyObject;
        for i in 0..count {
            *first.add(i) = *args.add(i);
        }
        for i in count..slots {
            *first.add(i) = std::ptr::null_mut();
        }
        Some(base)
    }
}

/// A frame whose locals are still to be written, and how many those are; `None` where there is no
/// room for it.
///
/// # Safety
/// As for [`push_positional`].
#[inline]
pub unsafe fn push(tstate: usize, called: *mut PyObject, object: usize) -> Option<(usize, usize)> {
    // SAFETY: by the caller.
    unsafe {
        let int = |offset: i32| read::<c_int>(object, offset);
        let slots = int(code::co_nlocalsplus.offset) as usize;
        let words = facts::LOCALS as usize / 8 + slots + int(code::co_stacksize.offset) as usize;
        let base: usize = read(tstate, thread::datastack_top.offset);
        let limit: usize = read(tstate, thread::datastack_limit.offset);
        if base == 0 || limit - base <= 8 * words {
            return None;
        }
        write(tstate, thread::datastack_top.offset, base + 8 * words);
        write(base, facts::FRAME_FUNCTION, called);
        write(base, facts::FRAME_CODE, object);
        ffi::Py_INCREF(object as *mut PyObject);
        let globals: usize = read(called as usize, function::func_globals.offset);
        let builtins: usize = read(called as usize, function::func_builtins.offset);
        write(base, frame::f_globals.offset, globals);
        write(base, frame::f_builtins.offset, builtins);
        write(base, frame::f_locals.offset, 0usize);
        write(base, frame::frame_obj.offset, 0usize);
        write(base, frame::stacktop.offset, slots as c_int);
        write(base, frame::owner.offset, 0u8);
        let first = object + code::co_code_adaptive.offset as usize;
        let start = first.wrapping_add_signed(2 * facts::RESUME_BIAS as isize);
        write(base, facts::FRAME_INSTR, start);
        #[cfg(Py_3_13)]
        write(base, frame::return_offset.offset, 0u16);
        #[cfg(not(Py_3_13))]
        write(base, frame::is_entry.offset, 0u8);
        Some((base, slots))
    }
}
