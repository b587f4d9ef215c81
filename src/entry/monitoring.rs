//! Tools that watch what calls of C functions end with.
//!
//! From a watched call, the interpreter reports the end of every function that it does not run by
//! itself. A Python function that it calls through an entry point or an evaluator of ours would be
//! among those. So while a tool has a callback for such events, our ways into compiled code are
//! closed, and the interpreter makes all calls as without us.
//!
//! Callbacks come and go through one function of `sys.monitoring`, whose definition is made to
//! lead through here: its object stays the one that it was.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, PyResult, Python};

use super::closing::{self, Reason};
use super::leading::{Function, Original, in_main};

/// Tools that there may be.
pub const TOOLS: usize = 6;

/// The interpreter's own function.
static ORIGINAL: Original = Original::new();
/// The events, as masks: the end of a C function, by a return or by an exception.
static EVENTS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
/// A bit for each of them and each tool that has a callback for it.
static CALLBACKS: AtomicU32 = AtomicU32::new(0);

/// Begin to look. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    if ORIGINAL.is_known() {
        return Ok(());
    }
    let monitoring = py.import("sys")?.getattr("monitoring")?;
    let events = monitoring.getattr("events")?;
    for (at, name) in ["C_RETURN", "C_RAISE"].iter().enumerate() {
        EVENTS[at].store(events.getattr(*name)?.extract()?, Ordering::Relaxed);
    }
    let register = monitoring.getattr("register_callback")?;
    // Callbacks that are there already.
    for tool in 0..TOOLS {
        if monitoring.call_method1("get_tool", (tool,))?.is_none() {
            continue;
        }
        for (at, event) in EVENTS.iter().enumerate() {
            let event = event.load(Ordering::Relaxed);
            let old = register.call1((tool, event, py.None()))?;
            register.call1((tool, event, &old))?;
            note(tool, at, !old.is_none());
        }
    }
    settle(py);
    ORIGINAL.lead(&register, ffi::METH_FASTCALL, Function::Fast(registered))
}

/// Stands before `sys.monitoring.register_callback`.
unsafe extern "C" fn registered(
    module: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { ORIGINAL.call_fast(module, args, count) };
    // SAFETY: the GIL is held.
    if result.is_null() || count != 3 || unsafe { !in_main() } {
        return result;
    }
    // A panic must not reach the interpreter, which could do nothing about it.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the call has succeeded with three arguments, the first two of which are small
        // ints; the GIL is held.
        unsafe {
            let tool = ffi::PyLong_AsSize_t(*args);
            let event = ffi::PyLong_AsSize_t(*args.add(1));
            let callback = *args.add(2) != ffi::Py_None();
            for (at, known) in EVENTS.iter().enumerate() {
                if known.load(Ordering::Relaxed) == event {
                    note(tool, at, callback);
                    settle(Python::assume_attached());
                }
            }
        }
    }));
    result
}

fn note(tool: usize, event: usize, callback: bool) {
    let bit = 1 << (tool * EVENTS.len() + event);
    if callback {
        CALLBACKS.fetch_or(bit, Ordering::Relaxed);
    } else {
        CALLBACKS.fetch_and(!bit, Ordering::Relaxed);
    }
}

/// Close or open our ways.
fn settle(py: Python<'_>) {
    if CALLBACKS.load(Ordering::Relaxed) != 0 {
        closing::close(Reason::Endings);
    } else {
        closing::open(py, Reason::Endings);
    }
}
