//! The trampolines that the interpreter makes for `perf`.
//!
//! It runs every function through one of its own, by an evaluator that it sets only where there is
//! no other (PEP 523). So while they are wanted, our ways into compiled code are closed.
//!
//! They come and go through two functions of `sys`, whose definitions are made to lead through here.

use pyo3::ffi;
use pyo3::prelude::{Bound, PyAnyMethods, PyModule, PyResult, Python};

use super::closing::{self, Reason};
use super::leading::{Function, Original, in_main};

/// The interpreter's own functions.
static ACTIVATE: Original = Original::new();
static DEACTIVATE: Original = Original::new();

/// Begin to look. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    if ACTIVATE.is_known() {
        return Ok(());
    }
    let sys = py.import("sys")?;
    if active(&sys)? {
        closing::close(Reason::Trampolines);
    }
    let activate = sys.getattr("activate_stack_trampoline")?;
    ACTIVATE.lead(&activate, ffi::METH_O, Function::Plain(activated))?;
    let deactivate = sys.getattr("deactivate_stack_trampoline")?;
    let ours = Function::Plain(deactivated);
    DEACTIVATE.lead(&deactivate, ffi::METH_NOARGS, ours)
}

fn active(sys: &Bound<'_, PyModule>) -> PyResult<bool> {
    sys.call_method0("is_stack_trampoline_active")?.extract()
}

/// Stands before `sys.activate_stack_trampoline`.
unsafe extern "C" fn activated(
    module: *mut ffi::PyObject,
    backend: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the GIL is held.
    if unsafe { in_main() } {
        closing::close(Reason::Trampolines);
    }
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { ACTIVATE.call(module, backend) };
    if result.is_null() {
        // SAFETY: the GIL is held, and an exception is set.
        unsafe { settle() };
    }
    result
}

/// Stands before `sys.deactivate_stack_trampoline`.
unsafe extern "C" fn deactivated(
    module: *mut ffi::PyObject,
    nothing: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { DEACTIVATE.call(module, nothing) };
    // SAFETY: the GIL is held.
    unsafe { settle() };
    result
}

/// Open our ways if the interpreter uses no trampolines.
///
/// # Safety
/// The GIL is held. An exception may be set.
unsafe fn settle() {
    // SAFETY: by the caller.
    unsafe {
        if !in_main() {
            return;
        }
        let py = Python::assume_attached();
        let exception = ffi::PyErr_GetRaisedException();
        match py.import("sys").and_then(|sys| active(&sys)) {
            Ok(false) => closing::open(py, Reason::Trampolines),
            Ok(true) => {}
            // They stay closed: slower, and not wrong.
            Err(error) => error.write_unraisable(py, None),
        }
        ffi::PyErr_SetRaisedException(exception);
    }
}
