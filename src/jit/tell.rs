//! Functions that a tool has begun to watch in the middle of an instruction.
//!
//! The interpreter can be given a frame that raises, but takes that for a `throw` into it: tools
//! are told that it is entered. And where it goes on, it takes the instruction there for the one that
//! ran before, and tells nobody that a line begins.

#[cfg(not(Py_3_12))]
pub use before_monitoring::enter_unnoticed;
#[cfg(Py_3_13)]
pub use monitoring::{Event, raised_here, tell, tell_line};

#[cfg(not(Py_3_12))]
mod before_monitoring {
    use std::ffi::c_int;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use pyo3::ffi;

    use crate::jit::code::{read, write};
    use crate::release::layout::{_PyCFrame, PyThreadState};

    /// The profile function that [`entered`] stands for.
    static PROFILE: AtomicUsize = AtomicUsize::new(0);

    /// Lets the interpreter go on with a frame that raises, without telling a trace or profile
    /// function that the frame is entered. Being told of the exception lets a trace function be
    /// told of everything again.
    ///
    /// # Safety
    /// The running thread's state, which the interpreter is given at once.
    pub unsafe fn enter_unnoticed(tstate: usize) {
        // SAFETY: by the caller; a thread always has a C frame.
        unsafe {
            if read::<usize>(tstate, PyThreadState::c_tracefunc.offset) != 0 {
                let cframe: usize = read(tstate, PyThreadState::cframe.offset);
                write(cframe, _PyCFrame::use_tracing.offset, 0u8);
                return;
            }
            let profile: usize = read(tstate, PyThreadState::c_profilefunc.offset);
            if profile != 0 {
                PROFILE.store(profile, Ordering::Relaxed);
                let ours = entered as *const () as usize;
                write(tstate, PyThreadState::c_profilefunc.offset, ours);
            }
        }
    }

    /// Stands for a profile function until it has been called once: when the frame is entered.
    unsafe extern "C" fn entered(
        object: *mut ffi::PyObject,
        frame: *mut ffi::PyFrameObject,
        what: c_int,
        argument: *mut ffi::PyObject,
    ) -> c_int {
        let profile = PROFILE.load(Ordering::Relaxed);
        // SAFETY: the interpreter calls this in place of the function that was stored, before
        // anything else of the thread runs.
        unsafe {
            let tstate = ffi::PyThreadState_Get() as usize;
            write(tstate, PyThreadState::c_profilefunc.offset, profile);
            if what == ffi::PyTrace_CALL {
                return 0;
            }
            let profile = std::mem::transmute::<usize, ffi::Py_tracefunc>(profile);
            profile(object, frame, what, argument)
        }
    }
}

#[cfg(Py_3_13)]
mod monitoring {
    use std::ffi::{CStr, c_int};

    use pyo3::ffi;

    use crate::jit::code::read;
    use crate::jit::facts;
    use crate::jit::writeback::instruction;
    use crate::release::layout::{_PyCoMonitoringData, PyCodeObject, PyThreadState};

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

    unsafe extern "C" {
        fn _PyMonitoring_FireLineEvent(
            s: *mut State,
            code: *mut ffi::PyObject,
            at: i32,
            line: c_int,
        ) -> c_int;
        fn PyCode_Addr2Line(code: *mut ffi::PyObject, at: c_int) -> c_int;
    }

    /// The number of the event that a line begins, which is that of its tools among those of a
    /// code object.
    const LINE: i32 = 5;

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

    /// Whether no frame has let the exception that is set pass yet.
    ///
    /// # Safety
    /// An exception is set, and the GIL is held.
    pub unsafe fn raised_here() -> bool {
        // SAFETY: by the caller; the exception is set again.
        unsafe {
            let exception = ffi::PyErr_GetRaisedException();
            let traceback = ffi::PyException_GetTraceback(exception);
            ffi::Py_XDECREF(traceback);
            ffi::PyErr_SetRaisedException(exception);
            traceback.is_null()
        }
    }

    /// Tells tools that a line begins at `unit`, if it does, where the interpreter is to go on. False
    /// where one has raised an exception, which is set then.
    ///
    /// # Safety
    /// The frame is written, runs on that thread, and says what has run last.
    pub unsafe fn tell_line(tstate: usize, base: usize, unit: u32) -> bool {
        // SAFETY: by the caller; the code object is alive, and its tools are described by bytes.
        unsafe {
            let code: *mut ffi::PyObject = read(base, facts::FRAME_CODE);
            let data: usize = read(code as usize, PyCodeObject::_co_monitoring.offset);
            if data == 0 || read::<i32>(tstate, PyThreadState::tracing.offset) != 0 {
                return true;
            }
            let single: usize = read(data, _PyCoMonitoringData::line_tools.offset);
            let active: u8 = match single {
                0 => read(data, _PyCoMonitoringData::active_monitors.offset + LINE),
                single => read(single, unit as i32),
            };
            let last = instruction(base);
            let at = 2 * unit as i32;
            let line = PyCode_Addr2Line(code, at);
            if active == 0 || line < 0 || last < 0 || PyCode_Addr2Line(code, 2 * last) == line {
                return true;
            }
            let mut state = State { active, opaque: 0 };
            _PyMonitoring_FireLineEvent(&raw mut state, code, at, line) == 0
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
