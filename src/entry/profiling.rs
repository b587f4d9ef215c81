//! A profile function that is set while compiled code runs.
//!
//! It is told when frames end that began before it was set, so these get their objects.

use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, PyResult, Python};

use super::shown::show_frames;

/// The interpreter's own `sys.setprofile`.
static ORIGINAL: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// Begin to look. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    if !ORIGINAL.load(Ordering::Relaxed).is_null() {
        return Ok(());
    }
    let function = py.import("sys")?.getattr("setprofile")?;
    let object = function.as_ptr();
    // SAFETY: a live object; a builtin function points at its definition, which is a variable.
    unsafe {
        if ffi::Py_TYPE(object) != &raw mut ffi::PyCFunction_Type
            || ffi::PyCFunction_GetFlags(object) != ffi::METH_O
        {
            return Err(PyRuntimeError::new_err(
                "sys.setprofile is not the interpreter's own",
            ));
        }
        let definition = (*object.cast::<ffi::PyCFunctionObject>()).m_ml;
        let before = (*definition).ml_meth.PyCFunction;
        ORIGINAL.store(before as *mut (), Ordering::Relaxed);
        (*definition).ml_meth.PyCFunction = set;
    }
    Ok(())
}

/// Stands before it.
unsafe extern "C" fn set(
    module: *mut ffi::PyObject,
    function: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let original = ORIGINAL.load(Ordering::Relaxed);
    // SAFETY: `prepare` stored that function there before ours was to be found; the arguments
    // are the interpreter's own.
    let result = unsafe {
        let original = std::mem::transmute::<*mut (), ffi::PyCFunction>(original);
        original(module, function)
    };
    // SAFETY: a static object.
    if !result.is_null() && function != unsafe { ffi::Py_None() } {
        show_frames(None);
    }
    result
}
