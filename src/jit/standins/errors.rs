//! Exceptions that opcodes raise.

use std::ffi::{c_char, c_int};
use std::ptr;

use pyo3::ffi::{self, PyObject};

use super::StandIn;
use crate::jit::code::read;
use crate::jit::unwind::take_exception;
use crate::release::layout::PyCodeObject;

pub const STAND_INS: &[StandIn] = &[
    ("check_except_type_valid", check_except_type as *const ()),
    ("format_exc_check_arg", format_name_error as *const ()),
    ("format_exc_unbound", format_unbound as *const ()),
    ("_PyErr_SetRaisedException", set_raised as *const ()),
    ("_Py_Instrument", instrument as *const ()),
    ("monitor_reraise", monitor_reraise as *const ()),
    ("call_exc_trace", call_exc_trace as *const ()),
];

const CANNOT_CATCH: &std::ffi::CStr =
    c"catching classes that do not inherit from BaseException is not allowed";

unsafe fn is_exception_class(object: *mut PyObject) -> bool {
    // SAFETY: by the caller, who has an object.
    unsafe { ffi::PyExceptionClass_Check(object) != 0 }
}

/// Mirrors `check_except_type_valid`: whether `except` may name this.
unsafe extern "C" fn check_except_type(_tstate: usize, right: *mut PyObject) -> c_int {
    // SAFETY: by the caller, who has an object.
    unsafe {
        let valid = if ffi::PyTuple_Check(right) != 0 {
            (0..ffi::PyTuple_GET_SIZE(right))
                .all(|i| is_exception_class(ffi::PyTuple_GET_ITEM(right, i)))
        } else {
            is_exception_class(right)
        };
        if valid {
            return 0;
        }
        ffi::PyErr_SetString(ffi::PyExc_TypeError, CANNOT_CATCH.as_ptr());
        -1
    }
}

/// Mirrors `format_exc_check_arg`: raises with a name, which a `NameError` keeps.
unsafe extern "C" fn format_name_error(
    _tstate: usize,
    exception: *mut PyObject,
    format: *const c_char,
    name: *mut PyObject,
) {
    if name.is_null() {
        return;
    }
    // SAFETY: by the caller.
    unsafe {
        let text = ffi::PyUnicode_AsUTF8AndSize(name, ptr::null_mut());
        if text.is_null() {
            return;
        }
        ffi::PyErr_Format(exception, format, text);
        if exception != ffi::PyExc_NameError {
            return;
        }
        let value = take_exception();
        if ffi::PyErr_GivenExceptionMatches(value, ffi::PyExc_NameError) != 0
            && ffi::PyObject_SetAttrString(value, c"name".as_ptr(), name) < 0
        {
            ffi::PyErr_Clear();
        }
        set_raised(0, value);
    }
}

/// Mirrors `format_exc_unbound`: raises for an empty cell, by whether the variable is the
/// function's own.
unsafe extern "C" fn format_unbound(tstate: usize, code: *mut PyObject, index: c_int) {
    // SAFETY: by the caller; the names are a tuple with one for each local.
    unsafe {
        if !ffi::PyErr_Occurred().is_null() {
            return;
        }
        let object = code as usize;
        let names: *mut PyObject = read(object, PyCodeObject::co_localsplusnames.offset);
        let name = ffi::PyTuple_GET_ITEM(names, index as ffi::Py_ssize_t);
        let all: c_int = read(object, PyCodeObject::co_nlocalsplus.offset);
        let free: c_int = read(object, PyCodeObject::co_nfreevars.offset);
        let (exception, format) = if index < all - free {
            (
                ffi::PyExc_UnboundLocalError,
                c"cannot access local variable '%s' where it is not associated with a value",
            )
        } else {
            (
                ffi::PyExc_NameError,
                c"cannot access free variable '%s' where it is not associated with a value in enclosing scope",
            )
        };
        format_name_error(tstate, exception, format.as_ptr(), name);
    }
}

/// Mirrors `_PyErr_SetRaisedException`.
unsafe extern "C" fn set_raised(_tstate: usize, exception: *mut PyObject) {
    #[cfg(Py_3_12)]
    // SAFETY: by the caller, who gives the reference away.
    unsafe {
        ffi::PyErr_SetRaisedException(exception);
    }
    #[cfg(not(Py_3_12))]
    // SAFETY: as above.
    unsafe {
        let ty = ffi::Py_TYPE(exception).cast::<PyObject>();
        let traceback = ffi::PyException_GetTraceback(exception);
        ffi::PyErr_Restore(ffi::Py_NewRef(ty), exception, traceback);
    }
}

/// Stands for `monitor_reraise`: compiled code is left before a tool watches.
unsafe extern "C" fn monitor_reraise(_tstate: usize, _frame: usize, _instruction: usize) {}

/// Stands for `_Py_Instrument`: code whose instrumentation is out of date is not entered.
unsafe extern "C" fn instrument(_code: *mut PyObject, _interp: usize) -> c_int {
    0
}

/// Stands for `call_exc_trace`: compiled code is left before a function traces.
unsafe extern "C" fn call_exc_trace(
    _function: usize,
    _object: *mut PyObject,
    _tstate: usize,
    _frame: usize,
) {
}
