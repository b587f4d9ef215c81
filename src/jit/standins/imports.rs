//! Imports.

use std::ffi::{CStr, c_int};
use std::sync::atomic::{AtomicPtr, AtomicUsize, Ordering};

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
        let key = name_of_import();
        if key.is_null() {
            return key;
        }
        let builtins: *mut PyObject = read(base, frame::f_builtins.offset);
        let import = find(builtins, key);
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
        if is_own(import) {
            ffi::Py_DECREF(import);
            let level = ffi::PyLong_AsLong(level) as c_int;
            if level == -1 && !ffi::PyErr_Occurred().is_null() {
                return std::ptr::null_mut();
            }
            return ffi::PyImport_ImportModuleLevelObject(name, globals, locals, wanted, level);
        }
        let args = [name, globals, locals, wanted, level];
        let result =
            ffi::PyObject_Vectorcall(import, args.as_ptr(), args.len(), std::ptr::null_mut());
        ffi::Py_DECREF(import);
        result
    }
}

/// `__import__` as a string, borrowed.
///
/// # Safety
/// The GIL is held.
unsafe fn name_of_import() -> *mut PyObject {
    static NAME: AtomicPtr<PyObject> = AtomicPtr::new(std::ptr::null_mut());
    let known = NAME.load(Ordering::Relaxed);
    if !known.is_null() {
        return known;
    }
    // SAFETY: by the caller. The reference is kept.
    let name = unsafe { ffi::PyUnicode_InternFromString(c"__import__".as_ptr()) };
    NAME.store(name, Ordering::Relaxed);
    name
}

/// Whether a function is the interpreter's own `__import__`, which the interpreter does not call either.
///
/// # Safety
/// A live object, and the GIL is held.
unsafe fn is_own(import: *mut PyObject) -> bool {
    static KNOWN: AtomicUsize = AtomicUsize::new(0);
    // SAFETY: by the caller; a function in C has a name, and is a module's where that is its `self`.
    unsafe {
        if ffi::PyCFunction_CheckExact(import) == 0 {
            return false;
        }
        let method = (*import.cast::<ffi::PyCFunctionObject>()).m_ml;
        if method as usize == KNOWN.load(Ordering::Relaxed) {
            return true;
        }
        let module = ffi::PyCFunction_GetSelf(import);
        let own = !module.is_null()
            && ffi::PyModule_CheckExact(module) != 0
            && ffi::PyModule_GetDef(module)
                .as_ref()
                .is_some_and(|def| CStr::from_ptr(def.m_name) == c"builtins")
            && CStr::from_ptr((*method).ml_name) == c"__import__";
        if own {
            KNOWN.store(method as usize, Ordering::Relaxed);
        }
        own
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
