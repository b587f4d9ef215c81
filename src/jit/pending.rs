//! What the eval breaker asks for.

use std::ffi::c_int;

/// The eval breaker's work is done.
pub const DONE: c_int = 0;
/// An exception is set.
pub const RAISED: c_int = -1;
/// The interpreter has to do it.
pub const LEFT: c_int = 1;

/// Handles signals and pending calls, and lets other threads run.
///
/// # Safety
/// `tstate` is the running thread's, which holds the GIL.
#[cfg(Py_3_13)]
pub unsafe extern "C" fn handle(tstate: usize) -> c_int {
    match crate::jit::frame::private().handle_pending {
        Some(handle) => {
            // SAFETY: by the caller.
            let result = unsafe { handle(tstate) };
            if result == 0 { DONE } else { RAISED }
        }
        None => LEFT,
    }
}

/// Mirrors `eval_frame_handle_pending`.
///
/// # Safety
/// `tstate` is the running thread's, which holds the GIL.
#[cfg(not(Py_3_13))]
pub unsafe extern "C" fn handle(tstate: usize) -> c_int {
    use crate::jit::code::read;
    use crate::release::layout::{_ceval_state, PyInterpreterState, PyThreadState};
    use pyo3::ffi;

    // SAFETY: by the caller.
    unsafe {
        if ffi::Py_MakePendingCalls() != 0 {
            return RAISED;
        }
        let interp: usize = read(tstate, PyThreadState::interp.offset);
        let ceval = PyInterpreterState::ceval.offset;
        let drop: i32 = read(interp, ceval + _ceval_state::gil_drop_request.offset);
        if drop != 0 {
            // Another thread may run now.
            let saved = ffi::PyEval_SaveThread();
            ffi::PyEval_RestoreThread(saved);
        }
        if read::<usize>(tstate, PyThreadState::async_exc.offset) != 0 {
            return LEFT;
        }
    }
    DONE
}
