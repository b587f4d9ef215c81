//! The frame evaluator (PEP 523): it sees every frame that the interpreter evaluates.
//!
//! While it is installed, calls between functions that are not compiled are slower, so it is
//! there only where nothing else reaches the code: see [`Need`].

use std::ffi::c_int;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

use pyo3::ffi;

use super::interp::{Frame, Thread};
use super::{arguments, generators, policy, stack};
use crate::jit;
use crate::jit::code::read;
use crate::release::layout::{PyInterpreterState, PyThreadState};

type Evaluator = ffi::_PyFrameEvalFunction;

unsafe extern "C" {
    /// The interpreter's own evaluator.
    fn _PyEval_EvalFrameDefault(
        tstate: *mut ffi::PyThreadState,
        frame: *mut ffi::_PyInterpreterFrame,
        throwflag: c_int,
    ) -> *mut ffi::PyObject;
}

/// What wants to see frames.
#[derive(Clone, Copy, Debug)]
pub enum Need {
    /// Every frame that is entered.
    Always = 1,
    /// Frames of one code object or one module, about to be run: see [`Awaited`].
    Once = 2,
}

/// The evaluator's address.
pub fn address() -> usize {
    evaluate as *const () as usize
}

/// The next frame to run compiled whatever its use.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Awaited {
    /// The first frame of this code object.
    Code(*mut ffi::PyCodeObject),
    /// The first frame with this dict of globals.
    Globals(*mut ffi::PyObject),
}

/// Bits of [`Need`].
static NEEDS: AtomicUsize = AtomicUsize::new(0);
/// Whether the interpreter calls us, perhaps through another evaluator that was set after us.
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// The evaluator that was there before us.
static BEFORE: Mutex<Option<Evaluator>> = Mutex::new(None);
/// The same for the evaluator itself, which must not wait; null for the interpreter's own.
static FORWARD: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());

static AWAITED_CODE: AtomicPtr<ffi::PyCodeObject> = AtomicPtr::new(std::ptr::null_mut());
static AWAITED_GLOBALS: AtomicPtr<ffi::PyObject> = AtomicPtr::new(std::ptr::null_mut());

/// See to it that frames come through here, as long as the need stands.
pub fn require(need: Need) {
    let before = NEEDS.fetch_or(need as usize, Ordering::Relaxed);
    if before == 0 {
        install();
    }
}

/// The need is gone; the evaluator goes with the last one.
pub fn release(need: Need) {
    let before = NEEDS.fetch_and(!(need as usize), Ordering::Relaxed);
    if before != 0 && before & !(need as usize) == 0 {
        remove();
    }
}

/// Nothing comes through here until [`open`] is called, whatever the needs.
#[cfg(Py_3_12)]
pub fn close() {
    remove();
}

/// Ends what [`close`] began.
#[cfg(Py_3_12)]
pub fn open() {
    if NEEDS.load(Ordering::Relaxed) != 0 {
        install();
    }
}

/// Run the next frame that fits compiled, until the guard is dropped.
pub fn await_frame(awaited: Awaited) -> AwaitGuard {
    match awaited {
        Awaited::Code(code) => AWAITED_CODE.store(code, Ordering::Relaxed),
        Awaited::Globals(globals) => AWAITED_GLOBALS.store(globals, Ordering::Relaxed),
    }
    require(Need::Once);
    AwaitGuard(())
}

/// Ends the waiting that [`await_frame`] began.
pub struct AwaitGuard(());

impl Drop for AwaitGuard {
    fn drop(&mut self) {
        stop_waiting();
    }
}

/// While this lives, the interpreter calls its own evaluator: calls between Python functions need
/// no native stack, and are specialised.
struct Aside(());

fn step_aside() -> Option<Aside> {
    // SAFETY: evaluators are called with the GIL held.
    unsafe {
        let interp = ffi::PyInterpreterState_Get();
        let current = ffi::_PyInterpreterState_GetEvalFrameFunc(interp);
        if current as usize != evaluate as *const () as usize {
            return None;
        }
        ffi::_PyInterpreterState_SetEvalFrameFunc(interp, Some(_PyEval_EvalFrameDefault));
    }
    Some(Aside(()))
}

impl Drop for Aside {
    fn drop(&mut self) {
        if !INSTALLED.load(Ordering::Relaxed) {
            return;
        }
        // SAFETY: evaluators are called with the GIL held.
        unsafe {
            let interp = ffi::PyInterpreterState_Get();
            ffi::_PyInterpreterState_SetEvalFrameFunc(interp, Some(evaluate));
        }
    }
}

/// Whether tools are told of what this thread does, so that nothing that it calls would run
/// compiled. They notice an evaluator: with one, the interpreter calls bodies that can be suspended
/// from C, and exceptions come out of that.
///
/// # Safety
/// The running thread's state.
#[cfg(Py_3_12)]
unsafe fn traced(tstate: *mut ffi::PyThreadState) -> bool {
    // SAFETY: by the caller.
    super::watching::any() || unsafe { Thread::new(tstate) }.is_some_and(Thread::is_traced)
}
#[cfg(not(Py_3_12))]
unsafe fn traced(_tstate: *mut ffi::PyThreadState) -> bool {
    false
}

fn stop_waiting() {
    AWAITED_CODE.store(std::ptr::null_mut(), Ordering::Relaxed);
    AWAITED_GLOBALS.store(std::ptr::null_mut(), Ordering::Relaxed);
    release(Need::Once);
}

/// Whether the evaluator behind ours is the interpreter's own.
pub fn alone() -> bool {
    FORWARD.load(Ordering::Relaxed).is_null()
}

/// Where the evaluator stands that is behind ours.
pub fn forward_place() -> usize {
    FORWARD.as_ptr() as usize
}

/// Whether nobody but us evaluates frames: the interpreter's evaluator is its own, or ours with the
/// interpreter's own behind it. Somebody who came after us wants to see every frame.
///
/// # Safety
/// A live thread state, and the GIL is held.
#[inline]
pub unsafe fn undisputed(tstate: usize) -> bool {
    // SAFETY: by the caller.
    let now: usize = unsafe {
        let interp: usize = read(tstate, PyThreadState::interp.offset);
        read(interp, PyInterpreterState::eval_frame.offset)
    };
    alone()
        && (now == 0 || now == address() || now == _PyEval_EvalFrameDefault as *const () as usize)
}

fn install() {
    #[cfg(Py_3_12)]
    if super::closing::closed() {
        return;
    }
    if INSTALLED.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: the GIL is held wherever needs change; the interpreter is the main one.
    unsafe {
        let interp = ffi::PyInterpreterState_Get();
        let before = ffi::_PyInterpreterState_GetEvalFrameFunc(interp);
        let own = before as usize == _PyEval_EvalFrameDefault as *const () as usize;
        FORWARD.store(
            if own {
                std::ptr::null_mut()
            } else {
                before as *mut ()
            },
            Ordering::Relaxed,
        );
        *BEFORE.lock().unwrap_or_else(|lock| lock.into_inner()) = Some(before);
        ffi::_PyInterpreterState_SetEvalFrameFunc(interp, Some(evaluate));
    }
    INSTALLED.store(true, Ordering::Relaxed);
}

fn remove() {
    if !INSTALLED.load(Ordering::Relaxed) {
        return;
    }
    // SAFETY: as in `install`.
    unsafe {
        let interp = ffi::PyInterpreterState_Get();
        let current = ffi::_PyInterpreterState_GetEvalFrameFunc(interp);
        if current as usize == _PyEval_EvalFrameDefault as *const () as usize {
            // Stepped aside: nothing to take away.
            INSTALLED.store(false, Ordering::Relaxed);
            return;
        }
        if current as usize != evaluate as *const () as usize {
            // Somebody came after us and may call us: stay, and only pass frames on.
            return;
        }
        let before = BEFORE
            .lock()
            .unwrap_or_else(|lock| lock.into_inner())
            .take();
        if let Some(before) = before {
            ffi::_PyInterpreterState_SetEvalFrameFunc(interp, Some(before));
        }
    }
    INSTALLED.store(false, Ordering::Relaxed);
}

unsafe extern "C" fn evaluate(
    tstate: *mut ffi::PyThreadState,
    frame: *mut ffi::_PyInterpreterFrame,
    throwflag: c_int,
) -> *mut ffi::PyObject {
    if throwflag == 0 {
        // SAFETY: the interpreter gives a live thread state and a live frame.
        if unsafe { generators::owned(frame.cast()) } {
            // SAFETY: the arguments are the interpreter's own.
            return unsafe { resume(tstate, frame) };
        }
        // SAFETY: the interpreter gives a live thread state and a live frame.
        if let Some((thread, callee)) = unsafe { pair(tstate, frame) } {
            if thread.frame().is_some_and(Frame::is_interpreted) {
                let variable = 0_u8;
                let here = &raw const variable as usize;
                // A panic must not reach the interpreter; what it asks for can be done without
                // this.
                let _ = catch_unwind(AssertUnwindSafe(|| {
                    #[cfg(Py_3_13)]
                    super::direct::tells_frame(thread, callee, here);
                    // SAFETY: as above; the frame was just made.
                    unsafe { arguments::leave_to(thread, callee, here) }
                }));
            }
            if let Some(place) = at_once(thread, callee) {
                // SAFETY: the frame stands at the start of code with this place.
                return unsafe { jit::go_on(place, tstate, frame.cast()) };
            }
            if is_left(callee) {
                // SAFETY: the arguments are the interpreter's own.
                return unsafe { forward(tstate, frame, throwflag) };
            }
        }
    }
    // SAFETY: the arguments are the interpreter's own.
    unsafe { run(tstate, frame, throwflag) }
}

unsafe fn pair(
    tstate: *mut ffi::PyThreadState,
    frame: *mut ffi::_PyInterpreterFrame,
) -> Option<(Thread, Frame)> {
    // SAFETY: the caller has both from the interpreter.
    unsafe { Some((Thread::new(tstate)?, Frame::new(frame.cast())?)) }
}

/// Where to run a frame by machine code that is there, and about which there is nothing to decide.
fn at_once(thread: Thread, frame: Frame) -> Option<jit::Place> {
    if NEEDS.load(Ordering::Relaxed) != Need::Always as usize || !alone() {
        return None;
    }
    let code = frame.code();
    // SAFETY: the thread is the running one, and the frame holds a reference to its code object.
    unsafe {
        let place = jit::ready(thread.as_ptr(), code)?;
        let low = stack::is_low_in(thread.as_ptr() as usize);
        (frame.at_start(code) && !low).then_some(place)
    }
}

/// Whether the interpreter runs a frame, and nothing is to be decided about that.
fn is_left(frame: Frame) -> bool {
    AWAITED_CODE.load(Ordering::Relaxed).is_null()
        && AWAITED_GLOBALS.load(Ordering::Relaxed).is_null()
        && policy::is_left(frame.code())
}

/// Run a suspended frame on by machine code if there is any for it, else by the interpreter.
///
/// # Safety
/// As for the interpreter's own evaluator; a generator owns the frame.
pub unsafe fn resume(
    tstate: *mut ffi::PyThreadState,
    frame: *mut ffi::_PyInterpreterFrame,
) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe {
        match generators::resume(tstate, frame.cast()) {
            Some(result) => result,
            None => forward(tstate, frame, 0),
        }
    }
}

/// Run a frame by machine code if there is any for it, else by the interpreter.
unsafe fn run(
    tstate: *mut ffi::PyThreadState,
    frame: *mut ffi::_PyInterpreterFrame,
    throwflag: c_int,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter gives a live frame.
    if throwflag == 0 && unsafe { !jit::makes_generator(frame.cast()) } {
        let choice = catch_unwind(AssertUnwindSafe(|| {
            // SAFETY: the interpreter gives a live thread state and a live frame.
            unsafe { pair(tstate, frame) }.and_then(|(thread, frame)| choose(thread, frame))
        }));
        if let Ok(Some(entry)) = choice {
            // SAFETY: `choose` has found the frame at the start of code with this entry.
            return unsafe { jit::run(entry, tstate, frame.cast()) };
        }
    }
    // SAFETY: the arguments are the interpreter's own.
    unsafe { forward(tstate, frame, throwflag) }
}

/// Run a frame that compiled code has pushed and that has no machine code of its own.
///
/// # Safety
/// As for the interpreter's own evaluator; the frame stands at its start.
pub unsafe fn called(
    tstate: *mut ffi::PyThreadState,
    frame: *mut ffi::_PyInterpreterFrame,
) -> *mut ffi::PyObject {
    #[cfg(Py_3_12)]
    let _spared = stack::is_low().then(|| {
        // SAFETY: a live frame has its function.
        let function: *mut ffi::PyFunctionObject =
            unsafe { jit::code::read(frame as usize, jit::facts::FRAME_FUNCTION) };
        super::functions::suspend(function)
    });
    // SAFETY: by the caller.
    unsafe { run(tstate, frame, 0) }
}

/// Let the evaluator run that would without us.
unsafe fn forward(
    tstate: *mut ffi::PyThreadState,
    frame: *mut ffi::_PyInterpreterFrame,
    throwflag: c_int,
) -> *mut ffi::PyObject {
    let before = FORWARD.load(Ordering::Relaxed);
    if before.is_null() {
        // SAFETY: the interpreter gives a live thread state.
        let aside = unsafe { stack::is_low_in(tstate as usize) || traced(tstate) };
        let _aside = aside.then(step_aside);
        #[cfg(Py_3_12)]
        // SAFETY: the interpreter gives a live thread state.
        let _credit = unsafe { Thread::new(tstate) }.map(super::interp::credit_native_call);
        // SAFETY: the arguments are the interpreter's own.
        unsafe { _PyEval_EvalFrameDefault(tstate, frame, throwflag) }
    } else {
        // SAFETY: the pointer was an evaluator when it was stored.
        let before = unsafe { std::mem::transmute::<*mut (), Evaluator>(before) };
        // SAFETY: the arguments are the interpreter's own.
        unsafe { before(tstate, frame, throwflag) }
    }
}

/// The machine code to run the frame by, if it is to be run by any.
fn choose(thread: Thread, frame: Frame) -> Option<jit::EntryPtr> {
    let (_, code) = frame.runs()?;
    if NEEDS.load(Ordering::Relaxed) == 0
        || stack::is_low()
        || !frame.at_start(code)
        || !thread.unwatched(code)
        || !alone()
    {
        return None;
    }
    let awaited = code == AWAITED_CODE.load(Ordering::Relaxed)
        || frame.globals() == AWAITED_GLOBALS.load(Ordering::Relaxed);
    if awaited {
        stop_waiting();
    }
    policy::entry_for_frame(code, awaited)
}
