//! Frame objects for frames that compiled code is running: behind whatever may have run Python code,
//! it looks whether anybody watches where there is one.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::ffi;

use super::interp::{Frame, Thread};

/// Makes frame objects for frames that compiled code is running, of that code or of all.
pub fn show_frames(code: Option<*mut ffi::PyCodeObject>) {
    // A panic must not reach the interpreter, which could do nothing about it.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let fits = |frame: &Frame| {
            frame.is_compiled() && !frame.is_shown() && code.is_none_or(|code| frame.code() == code)
        };
        // SAFETY: the GIL is held, so that threads and their frames stay.
        unsafe {
            let interp = ffi::PyInterpreterState_Get();
            let mut next = Thread::new(ffi::PyInterpreterState_ThreadHead(interp));
            while let Some(thread) = next {
                let frames = std::iter::successors(thread.frame(), |frame| frame.previous());
                if let Some(outermost) = frames.filter(fits).last() {
                    show(thread, outermost);
                }
                next = thread.next();
            }
        }
    }));
}

/// Makes the frame objects of a thread, up to that of `outermost`.
///
/// # Safety
/// A frame of that thread, and the GIL is held.
unsafe fn show(thread: Thread, outermost: Frame) {
    // SAFETY: by the caller; each object is a reference of ours.
    unsafe {
        let mut object = ffi::PyThreadState_GetFrame(thread.as_ptr());
        while !object.is_null() && !outermost.is_shown() {
            let back = ffi::PyFrame_GetBack(object);
            ffi::Py_DECREF(object.cast());
            object = back;
        }
        ffi::Py_XDECREF(object.cast());
    }
}
