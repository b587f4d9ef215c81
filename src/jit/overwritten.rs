//! Values that locals had while compiled code called something, and that others have overwritten
//! through the frame's `f_locals` since.
//!
//! Compiled code does not count what it takes from locals. It goes on with the values that were
//! there; they are kept until the frame has been written.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;

struct Overwritten {
    frame: usize,
    local: u16,
    /// The reference that the local had.
    value: usize,
}

static KEPT: Mutex<Vec<Overwritten>> = Mutex::new(Vec::new());
/// How many there are: compiled code looks here where a frame object exists.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Where compiled code reads whether there are any.
pub fn count() -> *const AtomicUsize {
    &raw const COUNT
}

/// Whether there are any.
pub fn any() -> bool {
    COUNT.load(Ordering::Relaxed) != 0
}

fn with<R>(run: impl FnOnce(&mut Vec<Overwritten>) -> R) -> R {
    let mut kept = KEPT.lock().unwrap_or_else(|error| error.into_inner());
    let result = run(&mut kept);
    COUNT.store(kept.len(), Ordering::Relaxed);
    result
}

/// Takes over the reference that a local of a frame had before somebody overwrote it. Gives back
/// what compiled code cannot have taken: the frame has not run since it was overwritten before.
#[must_use]
pub fn keep(frame: usize, local: u16, value: *mut ffi::PyObject) -> Option<*mut ffi::PyObject> {
    with(|kept| {
        if kept.iter().any(|k| k.frame == frame && k.local == local) {
            return Some(value);
        }
        kept.push(Overwritten {
            frame,
            local,
            value: value as usize,
        });
        None
    })
}

/// What a local held when compiled code looked last, borrowed; `None` where it still does.
pub fn before(frame: usize, local: u16) -> Option<*mut ffi::PyObject> {
    if COUNT.load(Ordering::Relaxed) == 0 {
        return None;
    }
    with(|kept| {
        let found = kept.iter().find(|k| k.frame == frame && k.local == local);
        found.map(|k| k.value as *mut ffi::PyObject)
    })
}

/// Lets go of what was kept for a frame. May run Python code.
///
/// # Safety
/// The frame has been written, and the GIL is held.
pub unsafe fn release(frame: usize) {
    while COUNT.load(Ordering::Relaxed) != 0 {
        let found = with(|kept| {
            let at = kept.iter().position(|k| k.frame == frame)?;
            Some(kept.swap_remove(at).value)
        });
        let Some(value) = found else {
            return;
        };
        // SAFETY: the reference was ours.
        unsafe { ffi::Py_DECREF(value as *mut ffi::PyObject) };
    }
}
