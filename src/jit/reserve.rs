//! Numbers that are kept for when there is no memory for one.
//!
//! Compiled code makes objects of numbers later than the interpreter, in places where nothing can be
//! raised: before a call that looks at a local, for one. Where there is no memory for such an object,
//! one of these becomes it, so that no value is lost, and the thread is asked to raise `MemoryError`
//! where it next looks whether something has happened. There are as many as the largest frame that
//! is compiled has locals and stack slots, and some more. They are replaced as soon as there is
//! memory again.

use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::ffi::{self, PyObject};

use crate::jit::facts;

/// How many numbers of each kind there are beyond those that a frame may need.
const SPARE: usize = 64;

/// Locals and stack slots that are provided for from the start. Few frames have more, so that a program
/// that counts blocks of memory does not see more of them when something is compiled.
const USUAL: usize = 128;

/// How many slices there are.
const SLICES: usize = 4;

/// Objects that nobody else has.
struct Kept {
    floats: Vec<usize>,
    /// Each with room for 64 bits.
    longs: Vec<usize>,
    slices: Vec<usize>,
    /// How many numbers of each kind there should be.
    wanted: usize,
}

static KEPT: Mutex<Kept> = Mutex::new(Kept {
    floats: Vec::new(),
    longs: Vec::new(),
    slices: Vec::new(),
    wanted: 0,
});

/// Whether something was taken and is not replaced yet.
static SHORT: AtomicBool = AtomicBool::new(false);

/// Whether a thread was asked to raise `MemoryError` and may not have done so yet.
static ASKED: AtomicBool = AtomicBool::new(false);

fn kept() -> MutexGuard<'static, Kept> {
    KEPT.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Provides for frames with so many locals and stack slots.
///
/// # Safety
/// The calling thread holds the GIL.
pub unsafe fn provide(slots: usize) {
    let wanted = slots.max(USUAL) + SPARE;
    {
        let mut kept = kept();
        if wanted <= kept.wanted {
            return;
        }
        kept.wanted = wanted;
        // Whatever is given back later finds room.
        let Kept { floats, longs, .. } = &mut *kept;
        floats.reserve(wanted - floats.len());
        longs.reserve(wanted - longs.len());
        kept.slices.reserve(SLICES);
    }
    // SAFETY: by the caller.
    unsafe { refill() };
}

/// Whether something is missing that was taken.
pub fn is_short() -> bool {
    SHORT.load(Relaxed)
}

/// Replaces what is missing, as far as there is memory. Runs no Python code.
///
/// # Safety
/// The calling thread holds the GIL.
#[cold]
pub unsafe fn refill() {
    // SAFETY: by the caller. The lock is not held while objects are made.
    unsafe {
        if !ffi::PyErr_Occurred().is_null() {
            SHORT.store(true, Relaxed);
            return;
        }
        let collects = !cfg!(Py_3_12) && ffi::PyGC_Disable() != 0;
        let full = loop {
            let (floats, longs, slices, wanted) = {
                let kept = kept();
                let lens = (kept.floats.len(), kept.longs.len(), kept.slices.len());
                (lens.0, lens.1, lens.2, kept.wanted)
            };
            let (list, object): (fn(&mut Kept) -> &mut Vec<usize>, _) = if floats < wanted {
                (|kept| &mut kept.floats, ffi::PyFloat_FromDouble(0.0))
            } else if longs < wanted {
                (|kept| &mut kept.longs, ffi::PyLong_FromLongLong(i64::MIN))
            } else if slices < SLICES {
                let none = ffi::Py_None();
                (|kept| &mut kept.slices, ffi::PySlice_New(none, none, none))
            } else {
                break true;
            };
            if object.is_null() {
                ffi::PyErr_Clear();
                break false;
            }
            list(&mut kept()).push(object as usize);
        };
        SHORT.store(!full, Relaxed);
        if collects {
            ffi::PyGC_Enable();
        }
    }
}

/// A `float`, for one that there was no memory for.
///
/// # Safety
/// The calling thread holds the GIL.
pub unsafe fn float(value: f64) -> Option<*mut PyObject> {
    let object = kept().floats.pop()? as *mut PyObject;
    SHORT.store(true, Relaxed);
    // SAFETY: nobody else has it.
    unsafe { (*object.cast::<ffi::PyFloatObject>()).ob_fval = value };
    Some(object)
}

/// The same for an `int`.
///
/// # Safety
/// As for [`float`].
pub unsafe fn long(value: i64) -> Option<*mut PyObject> {
    let object = kept().longs.pop()?;
    SHORT.store(true, Relaxed);
    // SAFETY: nobody else has it, and it was made with three digits.
    unsafe { facts::set_long(object, value) };
    Some(object as *mut PyObject)
}

/// The same for a slice, with references of its own to the bounds.
///
/// # Safety
/// As for [`float`]; the bounds are live.
pub unsafe fn slice(bounds: [*mut PyObject; 3]) -> Option<*mut PyObject> {
    let object = kept().slices.pop()? as *mut PyObject;
    SHORT.store(true, Relaxed);
    // SAFETY: nobody else has it; its bounds are `None`, which stays alive.
    unsafe {
        let slice = &mut *object.cast::<ffi::PySliceObject>();
        for (place, bound) in [&mut slice.start, &mut slice.stop, &mut slice.step]
            .into_iter()
            .zip(bounds)
        {
            ffi::Py_INCREF(bound);
            ffi::Py_DECREF(std::mem::replace(place, bound));
        }
    }
    Some(object)
}

/// Takes back the exception that says that there was no memory, and has the thread raise it where it
/// next looks whether something has happened.
///
/// # Safety
/// As for [`float`].
pub unsafe fn raise_later() {
    // SAFETY: by the caller. Nothing is allocated here.
    unsafe {
        ffi::PyErr_Clear();
        ask(ffi::PyExc_MemoryError);
    }
    ASKED.store(true, Relaxed);
}

/// Where an exception is raised: what was to be raised later is not, if that is the same or has cleared
/// it.
///
/// # Safety
/// As for [`float`].
pub unsafe fn raised() {
    if !ASKED.load(Relaxed) {
        return;
    }
    // SAFETY: by the caller.
    unsafe {
        if ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_NoMemory();
        }
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_MemoryError) != 0 {
            ask(std::ptr::null_mut());
            ASKED.store(false, Relaxed);
        }
    }
}

/// Has this thread raise an exception later, or none.
///
/// # Safety
/// As for [`float`].
unsafe fn ask(exception: *mut PyObject) {
    // SAFETY: by the caller.
    unsafe {
        let thread = ffi::PyThread_get_thread_ident();
        ffi::PyThreadState_SetAsyncExc(thread as _, exception);
    }
}
