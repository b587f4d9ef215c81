//! Exceptions in functions that a tool has begun to watch, in the instruction that raised.
//!
//! The interpreter can be given a frame that raises, but takes that for a `throw` into it: tools
//! are told that it is entered.

#[cfg(not(Py_3_12))]
pub use before_monitoring::enter_unnoticed;
#[cfg(Py_3_13)]
pub use monitoring::{Event, tell};

#[cfg(not(Py_3_12))]
mod before_monitoring {
    use crate::jit::code::{read, write};
    use crate::release::layout::{_PyCFrame, PyThreadState};

    /// Lets the interpreter go on with a frame that raises, without telling a trace function that
    /// the frame is entered. Being told of the exception lets it be told of everything again.
    ///
    /// # Safety
    /// The running thread's state.
    pub unsafe fn enter_unnoticed(tstate: usize) {
        // SAFETY: by the caller; a thread always has a C frame.
        unsafe {
            if read::<usize>(tstate, PyThreadState::c_tracefunc.offset) != 0 {
                let cframe: usize = read(tstate, PyThreadState::cframe.offset);
                write(cframe, _PyCFrame::use_tracing.offset, 0u8);
            }
        }
    }
}

#[cfg(Py_3_13)]
mod monitoring {
    use std::ffi::{CStr, c_int};

    use pyo3::ffi;

    use crate::jit::code::read;
    use crate::jit::facts;
    use crate::release::layout::PyThreadState;

    /// What tools are told of an exception.
    #[derive(Clone, Copy, Debug)]
    pub enum Event {
        Raise,
        Handled,
        Unwind,
    }

    /// `PyMonitoringState`
    #[repr(C)]
    struct State {
        /// The tools that are told.
        active: u8,
        opaque: u8,
    }

    type Fire = unsafe extern "C" fn(*mut State, *mut ffi::PyObject, i32) -> c_int;

    unsafe extern "C" {
        fn _PyMonitoring_FireRaiseEvent(s: *mut State, code: *mut ffi::PyObject, at: i32) -> c_int;
        fn _PyMonitoring_FireExceptionHandledEvent(
            s: *mut State,
            code: *mut ffi::PyObject,
            at: i32,
        ) -> c_int;
        fn _PyMonitoring_FirePyUnwindEvent(
            s: *mut State,
            code: *mut ffi::PyObject,
            at: i32,
        ) -> c_int;
    }

    impl Event {
        fn parts(self) -> (&'static CStr, Fire) {
            match self {
                Event::Raise => (c"RAISE", _PyMonitoring_FireRaiseEvent),
                Event::Handled => (
                    c"EXCEPTION_HANDLED",
                    _PyMonitoring_FireExceptionHandledEvent,
                ),
                Event::Unwind => (c"PY_UNWIND", _PyMonitoring_FirePyUnwindEvent),
            }
        }
    }

    /// Tells tools of the exception that is set, as at `unit` of the frame. False where one has
    /// raised another, which is set then.
    ///
    /// # Safety
    /// The frame is written and runs on that thread; an exception is set.
    pub unsafe fn tell(tstate: usize, base: usize, event: Event, unit: u32) -> bool {
        // SAFETY: by the caller.
        unsafe {
            if read::<i32>(tstate, PyThreadState::tracing.offset) != 0 {
                return true;
            }
            let (name, fire) = event.parts();
            let mut state = State {
                active: tools(name),
                opaque: 0,
            };
            let code: *mut ffi::PyObject = read(base, facts::FRAME_CODE);
            state.active == 0 || fire(&raw mut state, code, 2 * unit as i32) == 0
        }
    }

    /// The tools that watch an event of all code.
    ///
    /// # Safety
    /// An exception is set, and the GIL is held.
    unsafe fn tools(name: &CStr) -> u8 {
        // SAFETY: by the caller; each object is a reference of ours, or borrowed as long as it is
        // used.
        unsafe {
            let exception = ffi::PyErr_GetRaisedException();
            let mut tools = 0;
            let monitoring = ffi::PySys_GetObject(c"monitoring".as_ptr());
            if !monitoring.is_null() {
                let all = ffi::PyObject_GetAttrString(monitoring, c"_all_events".as_ptr());
                if !all.is_null() {
                    let events = ffi::PyObject_CallNoArgs(all);
                    ffi::Py_DECREF(all);
                    if !events.is_null() {
                        let found = ffi::PyDict_GetItemString(events, name.as_ptr());
                        if !found.is_null() {
                            tools = ffi::PyLong_AsLong(found) as u8;
                        }
                        ffi::Py_DECREF(events);
                    }
                }
            }
            ffi::PyErr_SetRaisedException(exception);
            tools
        }
    }
}
