//! What 3.11 does with a generator whose frame was left: later releases do it in the body itself.

use std::ffi::CStr;

use pyo3::ffi;

use crate::jit::clear::clear;
use crate::jit::code::{read, write};
use crate::jit::facts::{self, EXECUTING};
use crate::jit::resume::stop;
use crate::jit::unwind::take_exception;
use crate::release::layout::{_PyErr_StackItem, PyGenObject, PyThreadState};

/// States of a generator: see `_framestate`.
const SUSPENDED: i8 = -1;
const COMPLETED: i8 = 1;
const CLEARED: i8 = 4;

/// Takes the generator's exceptions off the thread, and clears it if it has not yielded: the end
/// of what resuming it is.
///
/// # Safety
/// The frame at `base` is the generator's and was just left with `result`; the GIL is held.
#[inline]
pub unsafe fn left(
    thread: usize,
    generator: *mut ffi::PyObject,
    base: usize,
    result: *mut ffi::PyObject,
) {
    let object = generator as usize;
    let state = PyGenObject::gi_frame_state.offset;
    let own = PyGenObject::gi_exc_state.offset;
    let previous = own + _PyErr_StackItem::previous_item.offset;
    // SAFETY: by the caller.
    unsafe {
        let outer: usize = read(object, previous);
        write(thread, PyThreadState::exc_info.offset, outer);
        write(object, previous, 0usize);
        write(base, facts::FRAME_PREVIOUS, 0usize);
        if !result.is_null() && read::<i8>(object, state) == SUSPENDED {
            return;
        }
        clear_generator(thread, generator, base, result);
    }
}

/// A generator's body is over, with its exceptions off the thread: what sending to it gives.
///
/// # Safety
/// The generator was just left, by other ways than a yield, with `result`, and `to` is writable; the
/// GIL is held.
pub unsafe extern "C" fn sent(
    generator: *mut ffi::PyObject,
    result: *mut ffi::PyObject,
    to: *mut *mut ffi::PyObject,
) -> ffi::PySendResult {
    // SAFETY: by the caller.
    unsafe {
        clear_left(generator, result);
        *to = result;
    }
    match result.is_null() {
        true => ffi::PySendResult::PYGEN_ERROR,
        false => ffi::PySendResult::PYGEN_RETURN,
    }
}

/// The same for what its `tp_iternext` gives.
///
/// # Safety
/// As for [`sent`].
pub unsafe extern "C" fn exhausted(
    generator: *mut ffi::PyObject,
    result: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: by the caller; the result is a reference of ours.
    unsafe {
        clear_left(generator, result);
        if !result.is_null() {
            stop(result);
        }
    }
    std::ptr::null_mut()
}

/// # Safety
/// As for [`sent`].
unsafe fn clear_left(generator: *mut ffi::PyObject, result: *mut ffi::PyObject) {
    let base = generator as usize + PyGenObject::gi_iframe.offset as usize;
    // SAFETY: by the caller.
    unsafe {
        let thread = ffi::PyThreadState_Get() as usize;
        clear_generator(thread, generator, base, result);
    }
}

/// Clears a generator whose body is over. Mirrors the end of `gen_send_ex2`, for generators and
/// coroutines.
///
/// # Safety
/// As for [`left`].
#[cold]
unsafe fn clear_generator(
    thread: usize,
    generator: *mut ffi::PyObject,
    base: usize,
    result: *mut ffi::PyObject,
) {
    let object = generator as usize;
    let state = PyGenObject::gi_frame_state.offset;
    // SAFETY: by the caller.
    unsafe {
        if read::<i8>(object, state) == EXECUTING {
            write(object, state, COMPLETED);
        }
        if result.is_null() && ffi::PyErr_ExceptionMatches(ffi::PyExc_StopIteration) != 0 {
            raise_from(if ffi::Py_TYPE(generator) == &raw mut ffi::PyCoro_Type {
                c"coroutine raised StopIteration"
            } else {
                c"generator raised StopIteration"
            });
        }
        let handled = PyGenObject::gi_exc_state.offset + _PyErr_StackItem::exc_value.offset;
        let value: *mut ffi::PyObject = read(object, handled);
        write(object, handled, 0usize);
        ffi::Py_XDECREF(value);
        write(object, state, CLEARED);
        clear(thread, base);
    }
}

/// Raises a `RuntimeError` in place of the exception that is set, which becomes its cause. Mirrors
/// `_PyErr_FormatVFromCause`.
///
/// # Safety
/// An exception is set and the GIL is held.
unsafe fn raise_from(message: &CStr) {
    // SAFETY: by the caller; both exceptions are references of ours.
    unsafe {
        let cause = take_exception();
        ffi::PyErr_SetString(ffi::PyExc_RuntimeError, message.as_ptr());
        let (mut ty, mut value, mut traceback) = (
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        );
        ffi::PyErr_Fetch(&mut ty, &mut value, &mut traceback);
        ffi::PyErr_NormalizeException(&mut ty, &mut value, &mut traceback);
        ffi::PyException_SetCause(value, ffi::Py_NewRef(cause));
        ffi::PyException_SetContext(value, cause);
        ffi::PyErr_Restore(ty, value, traceback);
    }
}
