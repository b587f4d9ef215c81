//! What code objects keep for others: their extra slots.

use std::ffi::{c_int, c_void};

use pyo3::ffi;

type Free = unsafe extern "C" fn(*mut c_void);

unsafe extern "C" {
    #[cfg_attr(not(Py_3_12), link_name = "_PyEval_RequestCodeExtraIndex")]
    fn PyUnstable_Eval_RequestCodeExtraIndex(free: Free) -> ffi::Py_ssize_t;
    #[cfg_attr(not(Py_3_12), link_name = "_PyCode_GetExtra")]
    fn PyUnstable_Code_GetExtra(
        code: *mut ffi::PyObject,
        index: ffi::Py_ssize_t,
        extra: *mut *mut c_void,
    ) -> c_int;
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

/// What a code object has in a slot.
///
/// # Safety
/// `code` is a live code object, and the GIL is held.
pub unsafe fn get(index: isize, code: usize) -> Option<*mut c_void> {
    let mut extra = std::ptr::null_mut();
    // SAFETY: by the caller.
    let found = unsafe { PyUnstable_Code_GetExtra(code as *mut ffi::PyObject, index, &mut extra) };
    (found == 0 && !extra.is_null()).then_some(extra)
}

/// Puts something into an empty slot; false when there is no memory.
///
/// # Safety
/// As for [`get`].
pub unsafe fn set(index: isize, code: usize, extra: *mut c_void) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let done = PyUnstable_Code_SetExtra(code as *mut ffi::PyObject, index, extra) == 0;
        if !done {
            ffi::PyErr_Clear();
        }
        done
    }
}
