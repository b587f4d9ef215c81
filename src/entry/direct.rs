//! Telling calls that the interpreter makes from those that are made on the way to them.
//!
//! Where a call hands its arguments over in something else than a tuple, the interpreter makes a
//! tuple of it, which it keeps on the native stack only. An entry point that is given the items of
//! a tuple may have been called for that call, or by what is iterated over for the tuple. The
//! evaluation of a frame has a mark on the native stack, and what the interpreter calls itself
//! stands always as far below it; that is learned once, from a call where there is no doubt.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi;
use pyo3::prelude::{PyResult, Python};
use pyo3::types::{PyDict, PyDictMethods};

use super::functions;
use super::interp::{Frame, Thread};

/// How far below its evaluation's mark an entry point stands that is called with the items of a
/// tuple; 0 before it is known.
static DISTANCE: AtomicUsize = AtomicUsize::new(0);

/// The function whose call tells the distance, while that is made.
static PROBE: AtomicUsize = AtomicUsize::new(0);

/// How many frames are looked through for the mark.
const MOST_FRAMES: usize = 64;

/// Learn the distance.
pub fn learn(py: Python<'_>) -> PyResult<()> {
    let probe = py.eval(c"lambda *_: None", None, None)?;
    functions::lead_in(probe.as_ptr().cast());
    let locals = PyDict::new(py);
    locals.set_item("probe", &probe)?;
    PROBE.store(probe.as_ptr() as usize, Ordering::Relaxed);
    let outcome = py.eval(c"probe(*tuple([None]))", None, Some(&locals));
    PROBE.store(0, Ordering::Relaxed);
    outcome.map(drop)
}

/// Whether this is the call that tells the distance. `here` is the address of a variable of the
/// entry point.
#[inline]
pub fn tells(thread: Thread, callable: *mut ffi::PyObject, here: usize) -> bool {
    if callable as usize != PROBE.load(Ordering::Relaxed) {
        return false;
    }
    if let Some(distance) = thread.frame().and_then(|caller| below_mark(caller, here)) {
        DISTANCE.store(distance, Ordering::Relaxed);
    }
    true
}

/// Whether the interpreter, which runs the caller, has called the entry point for the call with a
/// tuple that the caller is at.
pub fn is_direct(caller: Frame, here: usize) -> bool {
    let distance = DISTANCE.load(Ordering::Relaxed);
    distance != 0 && below_mark(caller, here) == Some(distance)
}

/// How far an address is below the mark of the evaluation that runs the frame.
fn below_mark(frame: Frame, here: usize) -> Option<usize> {
    let frames = std::iter::successors(Some(frame), |frame| frame.previous());
    let mark = frames.take(MOST_FRAMES).find(|frame| frame.is_mark())?;
    (mark.slot(0) as usize).checked_sub(here)
}
