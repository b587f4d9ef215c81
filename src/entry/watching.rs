//! Tools that begin to watch a function while compiled code runs it.
//!
//! Compiled code looks whether anybody watches where it has looked at the eval breaker, and behind
//! whatever may have run Python code while a frame object exists. A tool may also be set for one
//! code object, which the eval breaker does not tell, or by an instruction that does not look at
//! it. So frames that compiled code is running get their objects when tools are set.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, PyResult, Python};

use super::leading::{Function, Original, in_main};
use super::shown::show_frames;

/// The interpreter's own functions.
static SET_EVENTS: Original = Original::new();
static SET_LOCAL_EVENTS: Original = Original::new();

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
    if SET_EVENTS.is_known() {
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
    SET_EVENTS.lead(&all, ffi::METH_FASTCALL, Function::Fast(events_set))?;
    let ours = Function::Fast(local_events_set);
    SET_LOCAL_EVENTS.lead(&local, ffi::METH_FASTCALL, ours)
}

/// Stands before `sys.monitoring.set_events`.
unsafe extern "C" fn events_set(
    module: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { SET_EVENTS.call_fast(module, args, count) };
    // SAFETY: the GIL is held.
    if !result.is_null() && count == 2 && unsafe { in_main() } {
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
    let result = unsafe { SET_LOCAL_EVENTS.call_fast(module, args, count) };
    // SAFETY: the GIL is held.
    if !result.is_null() && count == 3 && unsafe { in_main() } {
        // SAFETY: the call has succeeded with three arguments, the second of which is a code
        // object.
        show_frames(Some(unsafe { *args.add(1) }.cast()));
    }
    result
}
