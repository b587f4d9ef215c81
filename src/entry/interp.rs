//! The interpreter's own structures, as far as entering compiled code reads or writes them.

use std::ffi::c_void;
use std::ptr::{self, NonNull};

use pyo3::ffi;

use crate::jit::facts;
#[cfg(Py_3_12)]
use crate::jit::frame;
use crate::release::layout;

/// Read the member at `offset` from `base`.
///
/// # Safety
/// `base` points at a live struct that has a `T` at `offset`.
unsafe fn read<T: Copy>(base: *const c_void, offset: i32) -> T {
    // SAFETY: the caller vouches for base, offset and type.
    unsafe { base.cast::<u8>().offset(offset as isize).cast::<T>().read() }
}

/// Write the member at `offset` from `base`.
///
/// # Safety
/// As for [`read`], and the interpreter lets the member be changed.
unsafe fn write<T: Copy>(base: *mut c_void, offset: i32, value: T) {
    // SAFETY: the caller vouches for base, offset and type.
    unsafe {
        base.cast::<u8>()
            .offset(offset as isize)
            .cast::<T>()
            .write(value)
    }
}

/// A live thread state, used while its thread or another one holds the GIL.
#[derive(Clone, Copy)]
pub struct Thread(NonNull<ffi::PyThreadState>);

impl Thread {
    /// # Safety
    /// `tstate` is a live thread state and the GIL is held.
    pub unsafe fn new(tstate: *mut ffi::PyThreadState) -> Option<Thread> {
        NonNull::new(tstate).map(Thread)
    }

    /// The thread state of the calling thread.
    ///
    /// # Safety
    /// The calling thread holds the GIL.
    pub unsafe fn current() -> Thread {
        // SAFETY: with the GIL held there is a current thread state.
        Thread(unsafe { NonNull::new_unchecked(ffi::PyThreadState_Get()) })
    }

    pub fn as_ptr(self) -> *mut ffi::PyThreadState {
        self.0.as_ptr()
    }

    /// Where the pointer to the running frame is kept.
    fn frame_holder(self) -> (*mut c_void, i32) {
        let tstate = self.0.as_ptr().cast::<c_void>();
        match facts::CURRENT_VIA {
            // SAFETY: the thread state is live, and this member is never NULL.
            Some(via) => (unsafe { read::<*mut c_void>(tstate, via) }, facts::CURRENT),
            None => (tstate, facts::CURRENT),
        }
    }

    /// The frame that runs, or is suspended by a call into C.
    pub fn frame(self) -> Option<Frame> {
        let (base, offset) = self.frame_holder();
        // SAFETY: the holder is live, and holds a frame or NULL.
        NonNull::new(unsafe { read::<*mut c_void>(base, offset) }).map(Frame)
    }

    /// Make `frame` the running frame.
    ///
    /// # Safety
    /// `frame` is a live frame of this thread, or nothing to hide all of them, and what was
    /// running before is put back before the interpreter could return into it.
    pub unsafe fn set_frame(self, frame: Option<Frame>) {
        let (base, offset) = self.frame_holder();
        // SAFETY: the holder is live; the caller vouches for the value.
        unsafe {
            write(
                base,
                offset,
                frame.map_or(ptr::null_mut(), |frame| frame.0.as_ptr()),
            )
        }
    }

    /// How deep calls are nested, as the recursion limit counts them.
    pub fn depth(self) -> i32 {
        // SAFETY: the GIL is held, and the thread state is live.
        unsafe {
            ffi::Py_GetRecursionLimit() - read::<i32>(self.0.as_ptr().cast(), facts::RECURSION)
        }
    }

    /// Lets calls nest deeper than the recursion limit by so many.
    pub fn lend_depth(self, depth: i32) {
        let tstate = self.0.as_ptr().cast();
        // SAFETY: the thread state is live.
        unsafe {
            let left: i32 = read(tstate, facts::RECURSION);
            write(tstate, facts::RECURSION, left + depth);
        }
    }

    /// Whether there is a trace or a profile function.
    #[cfg(Py_3_12)]
    pub fn is_traced(self) -> bool {
        let tstate = self.0.as_ptr().cast::<c_void>();
        let there = |offset| {
            // SAFETY: the thread state is live.
            unsafe { read::<usize>(tstate, offset) != 0 }
        };
        there(layout::PyThreadState::c_tracefunc.offset)
            || there(layout::PyThreadState::c_profilefunc.offset)
    }

    /// Whether nothing watches code that runs in this thread. `code` may be watched alone.
    pub fn unwatched(self, code: *mut ffi::PyCodeObject) -> bool {
        #[cfg(not(Py_3_13))]
        {
            let _ = code;
            let tstate = self.0.as_ptr().cast::<c_void>();
            // SAFETY: the thread state is live, and always has a C frame.
            unsafe {
                let cframe = read::<*mut c_void>(tstate, layout::PyThreadState::cframe.offset);
                read::<u8>(cframe, layout::_PyCFrame::use_tracing.offset) == 0
            }
        }
        #[cfg(Py_3_13)]
        {
            /// The lower bits of `eval_breaker` are events, the upper ones the version of monitoring.
            const EVENT_BITS: usize = 0xff;
            let tstate = self.0.as_ptr().cast::<c_void>();
            let code = code.cast::<c_void>();
            // SAFETY: thread state and code object are live; a code object's tools are
            // described by a struct that starts with one byte for each local event.
            unsafe {
                let current =
                    read::<usize>(tstate, layout::PyThreadState::eval_breaker.offset) & !EVENT_BITS;
                if current
                    != read::<usize>(
                        code,
                        layout::PyCodeObject::_co_instrumentation_version.offset,
                    )
                {
                    return false;
                }
                // Events of one code object do not change the version.
                let monitoring =
                    read::<*const c_void>(code, layout::PyCodeObject::_co_monitoring.offset);
                monitoring.is_null() || watchers(monitoring).iter().all(|&tools| tools == 0)
            }
        }
    }
}

/// The tools that watch each event of a code object.
///
/// # Safety
/// `monitoring` is a live `_PyCoMonitoringData`.
#[cfg(Py_3_13)]
unsafe fn watchers<'a>(monitoring: *const c_void) -> &'a [u8] {
    /// `_PY_MONITORING_LOCAL_EVENTS`; the struct holds first the local and then the active ones.
    const LOCAL_EVENTS: usize = 10;
    // SAFETY: both arrays of bytes stand at the start of the struct.
    unsafe { std::slice::from_raw_parts(monitoring.cast::<u8>(), 2 * LOCAL_EVENTS) }
}

/// A live frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Frame(NonNull<c_void>);

impl Frame {
    /// # Safety
    /// `frame` is a live `_PyInterpreterFrame`.
    pub unsafe fn new(frame: *mut c_void) -> Option<Frame> {
        NonNull::new(frame).map(Frame)
    }

    pub fn as_ptr(self) -> *mut c_void {
        self.0.as_ptr()
    }

    /// The function that was called and the code that it runs. None for frames of the
    /// interpreter's own: those that mark calls from C, and those whose code is not a function's,
    /// which may stand in memory that cannot be written.
    pub fn runs(self) -> Option<(*mut ffi::PyFunctionObject, *mut ffi::PyCodeObject)> {
        let member = |offset| {
            // SAFETY: the frame is live.
            unsafe { read::<*mut ffi::PyObject>(self.0.as_ptr(), offset) }
        };
        // SAFETY: the member that holds the code is always NULL or an object; the one that holds
        // the function is not set in frames without code.
        unsafe {
            let code = member(facts::FRAME_CODE);
            if code.is_null() || ffi::PyCode_Check(code) == 0 {
                return None;
            }
            let function = member(facts::FRAME_FUNCTION);
            if function.is_null() || ffi::PyFunction_Check(function) == 0 {
                return None;
            }
            Some((function.cast(), code.cast()))
        }
    }

    /// The code that the frame runs.
    pub fn code(self) -> *mut ffi::PyCodeObject {
        // SAFETY: the frame is live.
        unsafe { read(self.0.as_ptr(), facts::FRAME_CODE) }
    }

    pub fn globals(self) -> *mut ffi::PyObject {
        // SAFETY: the frame is live.
        unsafe {
            read(
                self.0.as_ptr(),
                layout::_PyInterpreterFrame::f_globals.offset,
            )
        }
    }

    /// The frame that called this one.
    pub fn previous(self) -> Option<Frame> {
        // SAFETY: the frame is live; this member is NULL or a live frame.
        NonNull::new(unsafe {
            read::<*mut c_void>(
                self.0.as_ptr(),
                layout::_PyInterpreterFrame::previous.offset,
            )
        })
        .map(Frame)
    }

    /// Whether the interpreter is running the frame, or a call that it made from it. It keeps the
    /// depth of the stack to itself meanwhile.
    pub fn is_interpreted(self) -> bool {
        // SAFETY: the frame is live.
        unsafe {
            read::<i32>(
                self.0.as_ptr(),
                layout::_PyInterpreterFrame::stacktop.offset,
            ) == facts::INTERPRETED
        }
    }

    /// Whether compiled code is running the frame, or a call that it made from it.
    pub fn is_compiled(self) -> bool {
        // SAFETY: the frame is live.
        unsafe {
            read::<i32>(
                self.0.as_ptr(),
                layout::_PyInterpreterFrame::stacktop.offset,
            ) == facts::RUNNING
        }
    }

    /// Whether the frame has an object.
    pub fn is_shown(self) -> bool {
        // SAFETY: the frame is live.
        unsafe {
            read::<usize>(
                self.0.as_ptr(),
                layout::_PyInterpreterFrame::frame_obj.offset,
            ) != 0
        }
    }

    /// Whether the frame only marks that the evaluator was called from C.
    #[cfg(Py_3_13)]
    pub fn is_mark(self) -> bool {
        /// `FRAME_OWNED_BY_CSTACK`
        const OWNED_BY_C: i8 = 3;
        // SAFETY: the frame is live.
        unsafe {
            read::<i8>(self.0.as_ptr(), layout::_PyInterpreterFrame::owner.offset) == OWNED_BY_C
        }
    }

    /// Where a local or, behind all locals, a stack slot is.
    pub fn slot(self, index: usize) -> *mut *mut ffi::PyObject {
        let at = facts::LOCALS as usize + index * size_of::<usize>();
        self.0.as_ptr().cast::<u8>().wrapping_add(at).cast()
    }

    /// The code unit that is being executed.
    pub fn unit(self, code: *mut ffi::PyCodeObject) -> u32 {
        // SAFETY: the frame is live.
        let at = unsafe { read::<usize>(self.0.as_ptr(), facts::FRAME_INSTR) };
        let first = code as usize + layout::PyCodeObject::co_code_adaptive.offset as usize;
        (at.wrapping_sub(first) / size_of::<u16>()) as u32
    }

    /// Whether no instruction of the frame has run.
    pub fn at_start(self, code: *mut ffi::PyCodeObject) -> bool {
        // SAFETY: the frame is live.
        let at = unsafe { read::<usize>(self.0.as_ptr(), facts::FRAME_INSTR) };
        let first = code as usize + layout::PyCodeObject::co_code_adaptive.offset as usize;
        at == first.wrapping_add_signed(facts::RESUME_BIAS as isize * size_of::<u16>() as isize)
    }
}

/// Let the interpreter look at its pending calls soon. Newer releases do so by themselves.
///
/// # Safety
/// `interp` is the live main interpreter. Any thread may call this.
#[cfg(not(Py_3_13))]
pub unsafe fn request_attention(interp: *mut ffi::PyInterpreterState) {
    use std::sync::atomic::{AtomicI32, Ordering};
    let offset =
        layout::PyInterpreterState::ceval.offset + layout::_ceval_state::eval_breaker.offset;
    // SAFETY: the member is an int that the interpreter itself accesses atomically.
    let breaker =
        unsafe { AtomicI32::from_ptr(interp.cast::<u8>().offset(offset as isize).cast::<i32>()) };
    breaker.store(1, Ordering::Relaxed);
}

/// Let new functions of this code be made without a version.
///
/// # Safety
/// `code` is a live code object and the GIL is held.
#[cfg(Py_3_12)]
pub unsafe fn forget_version(code: *mut ffi::PyCodeObject) {
    // SAFETY: by the caller; 0 stands for no version.
    unsafe { write(code.cast(), layout::PyCodeObject::co_version.offset, 0u32) }
}

/// Lends the thread the depth of C calls that one run of the evaluator takes.
#[cfg(Py_3_12)]
pub struct Credit(Thread);

/// The evaluator is about to be run where the interpreter would have used no native stack.
#[cfg(Py_3_12)]
pub fn credit_native_call(thread: Thread) -> Credit {
    thread.lend(facts::EVALUATOR_DEPTH);
    Credit(thread)
}

#[cfg(Py_3_12)]
impl Drop for Credit {
    fn drop(&mut self) {
        self.0.lend(-facts::EVALUATOR_DEPTH);
    }
}

#[cfg(Py_3_12)]
impl Thread {
    fn lend(self, depth: i32) {
        // SAFETY: the thread state is live.
        unsafe { frame::lend(self.0.as_ptr() as usize, depth) }
    }

    /// Whether another Python call would not raise `RecursionError`.
    pub fn may_recurse(self) -> bool {
        // SAFETY: the thread state is live.
        unsafe { read::<i32>(self.0.as_ptr().cast(), facts::RECURSION) > 1 }
    }
}

impl Thread {
    /// The next one in the list of the interpreter's threads.
    pub fn next(self) -> Option<Thread> {
        // SAFETY: the list holds live thread states, and the GIL is held.
        unsafe { Thread::new(ffi::PyThreadState_Next(self.0.as_ptr())) }
    }
}
