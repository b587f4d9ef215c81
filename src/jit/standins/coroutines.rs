//! What `await` asks of its operand, and what asynchronous generators yield (3.11).

use std::ffi::{c_char, c_int};
use std::ptr;

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::StandIn;
use crate::jit::code::read;
use crate::jit::facts;
use crate::release::layout::{PyCodeObject, PyGenObject};

pub const STAND_INS: &[StandIn] = &[
    ("_PyAsyncGenValueWrapperNew", wrap as *const ()),
    ("_PyCoro_GetAwaitableIter", awaitable as *const ()),
    ("_PyGen_yf", awaited_by as *const ()),
    ("format_awaitable_error", format_error as *const ()),
];

/// `_PyAsyncGenWrappedValue`, which no header has.
#[repr(C)]
struct WrappedValue {
    base: PyObject,
    value: *mut PyObject,
}

unsafe extern "C" {
    static _PyAsyncGenWrappedValue_Type: PyTypeObject;
}

/// Mirrors `_PyAsyncGenValueWrapperNew`, except that memory comes from the allocator alone and not
/// from those that the interpreter keeps.
unsafe extern "C" fn wrap(value: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller, who has an object; the new one has its value before anybody sees it.
    unsafe {
        let ty = (&raw const _PyAsyncGenWrappedValue_Type).cast_mut();
        let wrapped = ffi::PyObject_GC_New::<WrappedValue>(ty);
        if !wrapped.is_null() {
            (*wrapped).value = ffi::Py_NewRef(value);
            ffi::PyObject_GC_Track(wrapped.cast());
        }
        wrapped.cast()
    }
}

/// Whether the object is a coroutine, or a generator that was declared to be one. Mirrors
/// `gen_is_coroutine`.
unsafe fn is_coroutine(object: *mut PyObject) -> bool {
    // SAFETY: by the caller, who has an object.
    unsafe {
        if ffi::PyCoro_CheckExact(object) != 0 {
            return true;
        }
        if ffi::PyGen_CheckExact(object) == 0 {
            return false;
        }
        let code: usize = read(object as usize, PyGenObject::gi_code.offset);
        let flags: c_int = read(code, PyCodeObject::co_flags.offset);
        flags & ffi::CO_ITERABLE_COROUTINE != 0
    }
}

unsafe fn awaiter(ty: *mut PyTypeObject) -> Option<ffi::unaryfunc> {
    // SAFETY: by the caller, who has a type.
    unsafe { (*ty).tp_as_async.as_ref() }.and_then(|methods| methods.am_await)
}

/// Mirrors `_PyCoro_GetAwaitableIter`: the iterator that `await` goes through.
unsafe extern "C" fn awaitable(object: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller, who has an object.
    unsafe {
        if is_coroutine(object) {
            return ffi::Py_NewRef(object);
        }
        let ty = ffi::Py_TYPE(object);
        let Some(awaiter) = awaiter(ty) else {
            let text = c"object %.100s can't be used in 'await' expression";
            ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), (*ty).tp_name);
            return ptr::null_mut();
        };
        let iterator = awaiter(object);
        if iterator.is_null() {
            return iterator;
        }
        if is_coroutine(iterator) {
            let text = c"__await__() returned a coroutine";
            ffi::PyErr_SetString(ffi::PyExc_TypeError, text.as_ptr());
        } else if ffi::PyIter_Check(iterator) == 0 {
            let text = c"__await__() returned non-iterator of type '%.100s'";
            let name = (*ffi::Py_TYPE(iterator)).tp_name;
            ffi::PyErr_Format(ffi::PyExc_TypeError, text.as_ptr(), name);
        } else {
            return iterator;
        }
        ffi::Py_DECREF(iterator);
        ptr::null_mut()
    }
}

/// Mirrors `_PyGen_yf`, by the attribute that shows it: what a coroutine awaits, or NULL.
unsafe extern "C" fn awaited_by(coroutine: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller, who has a coroutine; reading the attribute runs no Python code.
    unsafe {
        let state: i8 = read(coroutine as usize, PyGenObject::gi_frame_state.offset);
        if state == facts::CREATED {
            return ptr::null_mut();
        }
        let awaited = ffi::PyObject_GetAttrString(coroutine, c"cr_await".as_ptr());
        if awaited == ffi::Py_None() {
            ffi::Py_DECREF(awaited);
            return ptr::null_mut();
        }
        if awaited.is_null() {
            ffi::PyErr_Clear();
        }
        awaited
    }
}

/// Mirrors `format_awaitable_error`: says which method's result cannot be awaited.
unsafe extern "C" fn format_error(_tstate: usize, ty: *mut PyTypeObject, of: c_int) {
    // SAFETY: by the caller, who has a type.
    unsafe {
        let text: *const c_char = match of {
            _ if awaiter(ty).is_some() => return,
            1 => c"'async with' received an object from __aenter__ that does not implement __await__: %.100s",
            2 => c"'async with' received an object from __aexit__ that does not implement __await__: %.100s",
            _ => return,
        }
        .as_ptr();
        ffi::PyErr_Format(ffi::PyExc_TypeError, text, (*ty).tp_name);
    }
}
