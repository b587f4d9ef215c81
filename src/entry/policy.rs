//! What is compiled, and when.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use pyo3::ffi;

use super::hook::{self, Need};
use crate::jit;

/// Samples that a function must be met in before it is compiled, unless the user says otherwise.
pub const DEFAULT_THRESHOLD: u32 = 2;

static ENABLED: AtomicBool = AtomicBool::new(false);
static THRESHOLD: AtomicU32 = AtomicU32::new(DEFAULT_THRESHOLD);

/// Find and compile hot code from now on.
pub fn enable(threshold: u32) {
    THRESHOLD.store(threshold, Ordering::Relaxed);
    ENABLED.store(true, Ordering::Relaxed);
    if threshold == 0 {
        hook::require(Need::Always);
    } else {
        hook::release(Need::Always);
    }
}

/// Run everything through the interpreter again. What has been compiled is kept.
pub fn disable() {
    ENABLED.store(false, Ordering::Relaxed);
    hook::release(Need::Always);
}

pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

/// Compile this code object at its next use.
pub fn compile(code: *mut ffi::PyCodeObject) -> Result<jit::EntryPtr, jit::Reason> {
    // SAFETY: callers hold the GIL and a reference to the code object.
    let entry = unsafe { jit::compile_entry(code) }?;
    if cfg!(not(Py_3_12)) {
        hook::require(Need::Always);
    }
    Ok(entry)
}

/// Let callers of this function reach its compiled code.
pub fn install(function: *mut ffi::PyFunctionObject) {
    let _ = function;
}

/// The entry for a frame that the evaluator was given.
pub fn entry_for_frame(code: *mut ffi::PyCodeObject, wanted: bool) -> Option<jit::EntryPtr> {
    // SAFETY: the frame holds a reference to its code object, and the GIL is held.
    if let Some(entry) = unsafe { jit::entry_of(code) } {
        return Some(entry);
    }
    if wanted || (is_enabled() && THRESHOLD.load(Ordering::Relaxed) == 0) {
        return compile(code).ok();
    }
    None
}
