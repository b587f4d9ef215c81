//! Clearing frames, and running them without compiled code.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;

use crate::entry::{hook, stack};
use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::jit::record::Record;
use crate::jit::resume;
use crate::jit::standins;
use crate::jit::state::with;
use crate::jit::symbols;
use crate::release::layout::_PyInterpreterFrame as layout;

type Evaluator = unsafe extern "C" fn(usize, usize, i32) -> *mut ffi::PyObject;
type Pending = unsafe extern "C" fn(usize) -> i32;
type Clear = unsafe extern "C" fn(usize, usize);

/// Functions of the interpreter that the runtime itself needs.
#[derive(Clone, Copy, Debug)]
pub struct Private {
    pub evaluator: Evaluator,
    pub clear_and_pop: Clear,
    /// `_Py_HandlePending`
    pub handle_pending: Option<Pending>,
    /// `_Py_Dealloc`
    pub dealloc: usize,
}

static PRIVATE: OnceLock<Private> = OnceLock::new();

/// Looks the functions up.
pub fn resolve() -> Option<Private> {
    if let Some(private) = PRIVATE.get() {
        return Some(*private);
    }
    if symbols::lookup(c"_PyEval_EvalFrameDefault") == 0 {
        return None;
    }
    let clear: Clear = match symbols::lookup(c"_PyEval_FrameClearAndPop") {
        0 => crate::jit::clear::clear_and_pop,
        // SAFETY: the function has that type wherever it is exported.
        address => unsafe { std::mem::transmute::<usize, Clear>(address) },
    };
    let private = Private {
        evaluator: interpret,
        clear_and_pop: clear,
        handle_pending: match symbols::lookup(c"_Py_HandlePending") {
            0 => None,
            // SAFETY: as above.
            address => Some(unsafe { std::mem::transmute::<usize, Pending>(address) }),
        },
        dealloc: symbols::lookup(c"_Py_Dealloc"),
    };
    Some(*PRIVATE.get_or_init(|| private))
}

unsafe extern "C" {
    fn _PyEval_EvalFrameDefault(
        tstate: *mut ffi::PyThreadState,
        frame: *mut ffi::_PyInterpreterFrame,
        throw: i32,
    ) -> *mut ffi::PyObject;
}

/// Runs a frame by the interpreter. Where the depth of C calls is limited by a count, it is lent
/// what one run of the evaluator takes of it: the interpreter would have used no native stack,
/// and compiled code has a check of its own.
///
/// # Safety
/// As for `_PyEval_EvalFrameDefault`.
unsafe extern "C" fn interpret(tstate: usize, base: usize, throw: i32) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe {
        lend(tstate, facts::EVALUATOR_DEPTH);
        let result = _PyEval_EvalFrameDefault(tstate as *mut _, base as *mut _, throw);
        lend(tstate, -facts::EVALUATOR_DEPTH);
        result
    }
}

/// Adds to the depth of C calls that the thread may still reach.
///
/// # Safety
/// `tstate` is a live thread state.
pub unsafe fn lend(tstate: usize, depth: i32) {
    if let Some(remaining) = facts::C_RECURSION {
        // SAFETY: by the caller.
        unsafe { write(tstate, remaining, read::<i32>(tstate, remaining) + depth) }
    }
}

/// The functions, once the compiler is in place.
pub fn private() -> Private {
    *PRIVATE.get().expect("the compiler is in place")
}

/// Runs a frame that compiled code calls and that the trampoline did not enter: its code has no
/// entry, is watched, or the native stack or the recursion limit is near.
///
/// # Safety
/// As for `_PyEval_EvalFrameDefault(tstate, frame, 0)`.
pub unsafe extern "C" fn uncompiled(tstate: usize, base: usize) -> *mut ffi::PyObject {
    if let Some(result) = standins::finished_result(base) {
        return result;
    }
    // SAFETY: by the caller.
    if hook::alone() && unsafe { resume::makes_generator(base) } {
        // SAFETY: by the caller.
        return unsafe { (private().evaluator)(tstate, base, 0) };
    }
    // SAFETY: by the caller.
    unsafe { hook::called(tstate as *mut ffi::PyThreadState, base as *mut _) }
}

/// Runs a suspended frame on that compiled code resumes and that the trampoline did not enter.
///
/// # Safety
/// As for `_PyEval_EvalFrameDefault(tstate, frame, 0)`.
pub unsafe extern "C" fn resume_uncompiled(tstate: usize, base: usize) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe { hook::resume(tstate as *mut ffi::PyThreadState, base as *mut _) }
}

/// The trampoline that runs a linked frame in compiled code.
pub static ENTER: AtomicUsize = AtomicUsize::new(0);

type Enter = unsafe extern "C" fn(usize, usize, usize, usize) -> *mut ffi::PyObject;

/// Runs a frame that stands at its start in the code of its record.
///
/// # Safety
/// As for `_PyEval_EvalFrameDefault(tstate, frame, 0)`; the record is that of the frame's code.
pub unsafe fn run(record: *mut Record, tstate: usize, base: usize) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe {
        match with(|jit| jit.current_entry(record)).flatten() {
            Some(entry) => run_at(entry, tstate, base),
            None => (private().evaluator)(tstate, base, 0),
        }
    }
}

/// Runs a frame that stands where the machine code at `block` goes on.
///
/// # Safety
/// As for `_PyEval_EvalFrameDefault(tstate, frame, 0)`.
#[inline]
pub unsafe fn run_at(block: usize, tstate: usize, base: usize) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe {
        let left: i32 = read(tstate, facts::RECURSION);
        let enter = ENTER.load(Ordering::Relaxed);
        if left <= 0 || enter == 0 {
            return (private().evaluator)(tstate, base, 0);
        }
        write(tstate, facts::RECURSION, left - 1);
        let holder = match facts::CURRENT_VIA {
            Some(via) => read(tstate, via),
            None => tstate,
        };
        let previous: usize = read(holder, facts::CURRENT);
        write(base, facts::FRAME_PREVIOUS, previous);
        write(holder, facts::CURRENT, base);
        // The collector looks into frames of generators as far as this says.
        write(base, layout::stacktop.offset, facts::RUNNING);
        let enter = std::mem::transmute::<usize, Enter>(enter);
        enter(tstate, base, stack::limit_of(tstate), block)
    }
}
