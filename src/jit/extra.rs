//! What code objects keep for others: their extra slots.

use std::ffi::{c_int, c_void};

use pyo3::ffi;

use crate::jit::code::read;
use crate::release::layout::PyCodeObject;

type Free = unsafe extern "C" fn(*mut c_void);

unsafe extern "C" {
    #[cfg_attr(not(Py_3_12), link_name = "_PyEval_RequestCodeExtraIndex")]
    fn PyUnstable_Eval_RequestCodeExtraIndex(free: Free) -> ffi::Py_ssize_t;
    #[cfg_attr(not(Py_3_12), link_name = "_PyCode_SetExtra")]
    fn PyUnstable_Code_SetExtra(
        code: *mut ffi::PyObject,
        index: ffi::Py_ssize_t,
        extra: *mut c_void,
    ) -> c_int;
}

/// A slot of all code objects; negative when there is none left. `free` is called with what a
/// code object has in it when the code object dies.
pub fn request(free: Free) -> isize {
    // SAFETY: called from Python, with the GIL held.
    unsafe { PyUnstable_Eval_RequestCodeExtraIndex(free) }
}

/// What a code object has in a slot, without asking the interpreter for it.
///
/// # Safety
/// `code` is a live code object, and the GIL is held.
#[inline]
pub unsafe fn get(index: isize, code: usize) -> Option<*mut c_void> {
    // SAFETY: by the caller.
    let slots = unsafe { slots(code)? };
    // SAFETY: so many slots follow their number.
    unsafe {
        if index < 0 || index >= *slots {
            return None;
        }
        let extra: *mut c_void = slots.add(1 + index as usize).cast::<*mut c_void>().read();
        (!extra.is_null()).then_some(extra)
    }
}

/// How many slots a code object has.
///
/// # Safety
/// As for [`get`].
unsafe fn slots(code: usize) -> Option<*mut ffi::Py_ssize_t> {
    // SAFETY: by the caller. The member is NULL or points at the number of slots, which they follow.
    let slots: *mut ffi::Py_ssize_t = unsafe { read(code, PyCodeObject::co_extra.offset) };
    (!slots.is_null()).then_some(slots)
}

/// Puts something into a slot; false when there is no memory. What was in it goes to `free`.
///
/// The interpreter makes slots for everybody who asked for one until now, and calls the `free` of each
/// when the code object dies, with NULL too. Somebody whose code is gone by then would be
/// called for code objects that he never touched, so slots behind ours are taken back: the
/// interpreter makes them again, empty, when they are needed.
///
/// # Safety
/// As for [`get`].
pub unsafe fn set(index: isize, code: usize, extra: *mut c_void) -> bool {
    // SAFETY: by the caller. The interpreter trusts the number of slots, and makes missing ones.
    unsafe {
        let before = slots(code).map_or(0, |slots| *slots);
        let done = PyUnstable_Code_SetExtra(code as *mut ffi::PyObject, index, extra) == 0;
        if !done {
            ffi::PyErr_Clear();
        } else if let Some(slots) = slots(code) {
            *slots = before.max(index + 1).min(*slots);
        }
        done
    }
}
