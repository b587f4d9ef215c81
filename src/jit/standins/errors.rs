//! Exceptions that opcodes raise.

use std::ffi::{c_char, c_int};
use std::ptr;

use pyo3::ffi::{self, PyObject};

use super::StandIn;
use crate::jit::code::read;
use crate::jit::unwind::take_exception;
use crate::release::layout::PyCodeObject;

pub const STAND_INS: &[StandIn] = &[
    ("do_raise", raise as *const ()),
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

/// Mirrors `do_raise`: 1 where what is being handled is raised again, else 0 with an exception set.
/// Takes over the references to the exception and its cause.
unsafe extern "C" fn raise(
    _tstate: usize,
    exception: *mut PyObject,
    cause: *mut PyObject,
) -> c_int {
    // SAFETY: by the caller, who has objects or NULL.
    unsafe {
        if exception.is_null() {
            let handled = ffi::PyErr_GetHandledException();
            if handled.is_null() {
                let message = c"No active exception to reraise";
                ffi::PyErr_SetString(ffi::PyExc_RuntimeError, message.as_ptr());
                return 0;
            }
            set_raised(0, handled);
            return 1;
        }
        let (ty, value) = instance(exception);
        if value.is_null() {
            ffi::Py_XDECREF(cause);
        } else if cause.is_null() || set_cause(value, cause) {
            ffi::PyErr_SetObject(ty, value);
        }
        ffi::Py_XDECREF(value);
        ffi::Py_XDECREF(ty);
    }
    0
}

/// The class and the exception that `raise` means by an object, both owned; without the latter, an
/// exception is set. Takes over the reference.
unsafe fn instance(object: *mut PyObject) -> (*mut PyObject, *mut PyObject) {
    // SAFETY: by the caller, who has an object.
    unsafe {
        if is_exception_class(object) {
            return (object, instantiate(object));
        }
        let ty = ffi::Py_TYPE(object).cast::<PyObject>();
        if is_exception_class(ty) {
            return (ffi::Py_NewRef(ty), object);
        }
        ffi::Py_DECREF(object);
        let message = c"exceptions must derive from BaseException";
        ffi::PyErr_SetString(ffi::PyExc_TypeError, message.as_ptr());
        (ptr::null_mut(), ptr::null_mut())
    }
}

/// Calls an exception class; NULL with an exception set where no exception comes of it.
unsafe fn instantiate(class: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller, who has a class.
    unsafe {
        let made = ffi::PyObject_CallNoArgs(class);
        if made.is_null() || is_exception_class(ffi::Py_TYPE(made).cast()) {
            return made;
        }
        let format = c"calling %R should have returned an instance of BaseException, not %R";
        let ty = ffi::Py_TYPE(made);
        ffi::PyErr_Format(ffi::PyExc_TypeError, format.as_ptr(), class, ty);
        ffi::Py_DECREF(made);
        ptr::null_mut()
    }
}

/// Gives an exception its cause, whose reference is taken over. False with an exception set.
unsafe fn set_cause(exception: *mut PyObject, cause: *mut PyObject) -> bool {
    // SAFETY: by the caller, who has objects.
    unsafe {
        let fixed = if is_exception_class(cause) {
            // Before 3.12 whatever comes of the call is the cause.
            let made = match cfg!(Py_3_12) {
                true => instantiate(cause),
                false => ffi::PyObject_CallNoArgs(cause),
            };
            ffi::Py_DECREF(cause);
            if made.is_null() {
                return false;
            }
            made
        } else if is_exception_class(ffi::Py_TYPE(cause).cast()) {
            cause
        } else if cause == ffi::Py_None() {
            ffi::Py_DECREF(cause);
            ptr::null_mut()
        } else {
            ffi::Py_DECREF(cause);
            let message = c"exception causes must derive from BaseException";
            ffi::PyErr_SetString(ffi::PyExc_TypeError, message.as_ptr());
            return false;
        };
        ffi::PyException_SetCause(exception, fixed);
        true
    }
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
