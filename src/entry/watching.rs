//! Tools that begin to watch a function while compiled code runs it.
//!
//! Compiled code looks whether anybody watches where it has looked at the eval breaker, and behind
//! whatever may have run Python code while a frame object exists. A tool may also be set for one
//! code object, which the eval breaker does not tell, or by an instruction that does not look at
//! it. So frames that compiled code is running get their objects when tools are set.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::{Bound, PyAny, PyAnyMethods, PyResult, Python};

use super::shown::show_frames;

/// The interpreter's own functions.
static SET_EVENTS: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static SET_LOCAL_EVENTS: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

/// A bit for each tool that has set events for all code.
static TOOLS: AtomicU32 = AtomicU32::new(0);

/// Whether a tool has set events for all code.
pub fn any() -> bool {
    TOOLS.load(Ordering::Relaxed) != 0
}

fn note(tool: usize, watches: bool) {
    let bit = 1 << tool;
    if watches {
        TOOLS.fetch_or(bit, Ordering::Relaxed);
    } else {
        TOOLS.fetch_and(!bit, Ordering::Relaxed);
    }
}

/// Begin to look. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    if !SET_EVENTS.load(Ordering::Relaxed).is_null() {
        return Ok(());
    }
    let monitoring = py.import("sys")?.getattr("monitoring")?;
    let all = monitoring.getattr("set_events")?;
    let local = monitoring.getattr("set_local_events")?;
    // Tools that are there already.
    for tool in 0..super::monitoring::TOOLS {
        if monitoring.call_method1("get_tool", (tool,))?.is_none() {
            continue;
        }
        let events: u32 = monitoring.call_method1("get_events", (tool,))?.extract()?;
        note(tool, events != 0);
    }
    lead(&all, &SET_EVENTS, events_set)?;
    lead(&local, &SET_LOCAL_EVENTS, local_events_set)
}

/// Let a builtin function lead through one of ours: its object stays the one that it was.
pub fn lead(
    function: &Bound<'_, PyAny>,
    original: &AtomicPtr<()>,
    ours: ffi::PyCFunctionFast,
) -> PyResult<()> {
    let object = function.as_ptr();
    // SAFETY: a live object; a builtin function points at its definition, which is a variable.
    unsafe {
        if ffi::Py_TYPE(object) != &raw mut ffi::PyCFunction_Type
            || ffi::PyCFunction_GetFlags(object) != ffi::METH_FASTCALL
        {
            return Err(PyRuntimeError::new_err(
                "a function of sys.monitoring is not the interpreter's own",
            ));
        }
        let definition = (*object.cast::<ffi::PyCFunctionObject>()).m_ml;
        let before = (*definition).ml_meth.PyCFunctionFast;
        original.store(before as *mut (), Ordering::Relaxed);
        (*definition).ml_meth.PyCFunctionFast = ours;
    }
    Ok(())
}

/// Call what [`lead`] has found.
///
/// # Safety
/// As for the function, which has been found.
pub unsafe fn call_original(
    original: &AtomicPtr<()>,
    module: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    let original = original.load(Ordering::Relaxed);
    // SAFETY: `lead` stored that function there before ours was to be found.
    let original = unsafe { std::mem::transmute::<*mut (), ffi::PyCFunctionFast>(original) };
    // SAFETY: by the caller.
    unsafe { original(module, args, count) }
}

/// Stands before `sys.monitoring.set_events`.
unsafe extern "C" fn events_set(
    module: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { call_original(&SET_EVENTS, module, args, count) };
    if !result.is_null() && count == 2 {
        // SAFETY: the call has succeeded with two arguments, which are small ints.
        let (tool, events) =
            unsafe { (ffi::PyLong_AsLong(*args), ffi::PyLong_AsLong(*args.add(1))) };
        note(tool as usize, events != 0);
        show_frames(None);
    }
    result
}

/// Stands before `sys.monitoring.set_local_events`.
unsafe extern "C" fn local_events_set(
    module: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { call_original(&SET_LOCAL_EVENTS, module, args, count) };
    if !result.is_null() && count == 3 {
        // SAFETY: the call has succeeded with three arguments, the second of which is a code
        // object.
        show_frames(Some(unsafe { *args.add(1) }.cast()));
    }
    result
}
