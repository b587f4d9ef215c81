//! A profile function that is set while compiled code runs.
//!
//! It is told when frames end that began before it was set, so these get their objects.

use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, PyResult, Python};

use super::leading::{Function, Original};
use super::shown::show_frames;

/// The interpreter's own `sys.setprofile`.
static ORIGINAL: Original = Original::new();

/// Begin to look. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    if ORIGINAL.is_known() {
        return Ok(());
    }
    let function = py.import("sys")?.getattr("setprofile")?;
    ORIGINAL.lead(&function, ffi::METH_O, Function::Plain(set))
}

/// Stands before it.
unsafe extern "C" fn set(
    module: *mut ffi::PyObject,
    function: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { ORIGINAL.call(module, function) };
    // SAFETY: a static object.
    if !result.is_null() && function != unsafe { ffi::Py_None() } {
        show_frames(None);
    }
    result
}
