//! A profile function that is set while compiled code runs.
//!
//! It is told when frames end that began before it was set, so these get their objects.

use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, PyResult, Python};

use super::leading::{Function, Original};
use super::shown::show_frames;

/// The interpreter's own `sys.setprofile`.
static SET: Original = Original::new();
/// The one that sets it for all threads.
#[cfg(Py_3_12)]
static SET_FOR_ALL: Original = Original::new();

/// Begin to look. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    if SET.is_known() {
        return Ok(());
    }
    let sys = py.import("sys")?;
    #[cfg(Py_3_12)]
    {
        let for_all = sys.getattr("_setprofileallthreads")?;
        SET_FOR_ALL.lead(&for_all, ffi::METH_O, Function::Plain(set_for_all))?;
    }
    SET.lead(
        &sys.getattr("setprofile")?,
        ffi::METH_O,
        Function::Plain(set),
    )
}

/// Stands before `sys.setprofile`.
unsafe extern "C" fn set(
    module: *mut ffi::PyObject,
    function: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { SET.call(module, function) };
    show(result, function);
    result
}

/// Stands before `sys._setprofileallthreads`.
#[cfg(Py_3_12)]
unsafe extern "C" fn set_for_all(
    module: *mut ffi::PyObject,
    function: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { SET_FOR_ALL.call(module, function) };
    show(result, function);
    result
}

/// Make the objects if a function was set.
fn show(result: *mut ffi::PyObject, function: *mut ffi::PyObject) {
    // SAFETY: a static object.
    if !result.is_null() && function != unsafe { ffi::Py_None() } {
        show_frames(None);
    }
}
