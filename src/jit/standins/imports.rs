//! Imports.

use pyo3::ffi::{self, PyObject};

use super::StandIn;
use crate::jit::code::read;
use crate::release::layout::_PyInterpreterFrame as frame;

pub const STAND_INS: &[StandIn] = &[("import_name", import_name as *const ())];

/// Mirrors `import_name`: calls what stands for `__import__`.
unsafe extern "C" fn import_name(
    _tstate: usize,
    base: usize,
    name: *mut PyObject,
    wanted: *mut PyObject,
    level: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller, whose frame is alive.
    unsafe {
        let key = ffi::PyUnicode_InternFromString(c"__import__".as_ptr());
        if key.is_null() {
            return key;
        }
        let builtins: *mut PyObject = read(base, frame::f_builtins.offset);
        let import = find(builtins, key);
        ffi::Py_DECREF(key);
        if import.is_null() {
            if ffi::PyErr_Occurred().is_null() {
                let text = c"__import__ not found".as_ptr();
                ffi::PyErr_SetString(ffi::PyExc_ImportError, text);
            }
            return import;
        }
        let locals: *mut PyObject = read(base, frame::f_locals.offset);
        let locals = if locals.is_null() {
            ffi::Py_None()
        } else {
            locals
        };
        let globals: *mut PyObject = read(base, frame::f_globals.offset);
        let args = [name, globals, locals, wanted, level];
        let result =
            ffi::PyObject_Vectorcall(import, args.as_ptr(), args.len(), std::ptr::null_mut());
        ffi::Py_DECREF(import);
        result
    }
}

/// A new reference to what the builtins have by that name; NULL with or without an exception.
unsafe fn find(builtins: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        if ffi::PyDict_CheckExact(builtins) != 0 || !cfg!(Py_3_12) {
            let found = ffi::PyDict_GetItemWithError(builtins, key);
            ffi::Py_XINCREF(found);
            return found;
        }
        let found = ffi::PyObject_GetItem(builtins, key);
        if found.is_null() && ffi::PyErr_ExceptionMatches(ffi::PyExc_KeyError) != 0 {
            ffi::PyErr_Clear();
        }
        found
    }
}
