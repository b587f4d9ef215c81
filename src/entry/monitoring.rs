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
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, PyResult, Python};

use super::watching::{call_original, lead};
use super::{functions, hook, policy};

/// Tools that there may be.
pub const TOOLS: usize = 6;

/// The interpreter's own function.
static ORIGINAL: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
/// The events, as masks: the end of a C function, by a return or by an exception.
static EVENTS: [AtomicUsize; 2] = [AtomicUsize::new(0), AtomicUsize::new(0)];
/// A bit for each of them and each tool that has a callback for it.
static CALLBACKS: AtomicU32 = AtomicU32::new(0);

/// Whether our ways into compiled code are closed.
pub fn closed() -> bool {
    CALLBACKS.load(Ordering::Relaxed) != 0
}

/// Begin to look. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    if !ORIGINAL.load(Ordering::Relaxed).is_null() {
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
    lead(&register, &ORIGINAL, registered)
}

/// Stands before `sys.monitoring.register_callback`.
unsafe extern "C" fn registered(
    module: *mut ffi::PyObject,
    args: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: the arguments are the interpreter's own.
    let result = unsafe { call_original(&ORIGINAL, module, args, count) };
    if result.is_null() || count != 3 {
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
                    let was = closed();
                    note(tool, at, callback);
                    change(was);
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

/// Close or open our ways where that has changed.
///
/// # Safety
/// The GIL is held.
unsafe fn change(was: bool) {
    match (was, closed()) {
        (false, true) => {
            hook::close();
            functions::uninstall_all();
        }
        (true, false) => {
            hook::open();
            if policy::is_enabled() && policy::threshold() > 0 {
                // SAFETY: by the caller.
                let py = unsafe { Python::assume_attached() };
                if let Err(error) = functions::scan(py) {
                    // Functions go on without entry points of ours: slower, and not wrong.
                    error.write_unraisable(py, None);
                }
            }
        }
        _ => {}
    }
}
