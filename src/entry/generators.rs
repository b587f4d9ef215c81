//! How suspended frames of generators and coroutines get into compiled code.
//!
//! C code resumes generators through two slots of their types, which are replaced. The evaluator
//! sees those frames that are resumed in other ways, while it is installed.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::ffi;

use super::{hook, policy, stack};
use crate::jit;
use crate::jit::code::read;
use crate::jit::facts;
use crate::release::layout::_PyInterpreterFrame;

/// A frame that is part of a generator.
const OWNED_BY_GENERATOR: u8 = 1;

/// Whether the frame is a generator's or a coroutine's, so that it was suspended.
///
/// # Safety
/// A live frame.
pub(crate) unsafe fn owned(frame: *mut c_void) -> bool {
    // SAFETY: by the caller.
    unsafe { read::<u8>(frame as usize, _PyInterpreterFrame::owner.offset) == OWNED_BY_GENERATOR }
}

/// Run a suspended frame on that is given to the evaluator, if its code is compiled for where it
/// stands.
///
/// # Safety
/// As for the interpreter's evaluator, without an exception to throw.
pub(crate) unsafe fn resume(
    tstate: *mut ffi::PyThreadState,
    frame: *mut c_void,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: the running thread's state.
    if unsafe { stack::is_low_in(tstate as usize) } || !hook::alone() {
        return None;
    }
    if policy::compiles_everything() {
        // SAFETY: the frame is live.
        let code = unsafe { read(frame as usize, facts::FRAME_CODE) };
        // A panic must not reach the interpreter, which does without compiled code.
        let _ = catch_unwind(AssertUnwindSafe(|| policy::consider_suspended(code)));
    }
    // SAFETY: by the caller.
    unsafe {
        let place = jit::resumption(tstate, frame, 0)?;
        Some(jit::go_on(place, tstate, frame))
    }
}
