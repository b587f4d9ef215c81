//! Slots of the generator types, through which C code resumes generators and coroutines.
//!
//! What is in the slots is machine code that resumes those which run compiled at once
//! (`src/jit/sending.rs`); the functions here do what it does not.

use std::ffi::{c_int, c_void};
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::ffi;

use super::{hook, stack};
use crate::emit::view::Slots;
use crate::jit;
use crate::jit::code::{read, write};
use crate::jit::facts::{self, CREATED, EXECUTING};
use crate::mechanisms::Mechanism;
use crate::release::layout::{_PyErr_StackItem, _PyInterpreterFrame, PyGenObject, PyThreadState};

type Next = unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject;

/// There is compiled code to be reached.
static WANTED: AtomicBool = AtomicBool::new(false);
static INSTALLED: AtomicBool = AtomicBool::new(false);
/// What the interpreter had in the slots.
static NEXT: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static SEND: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Our functions in the slots.
static OUR_SEND: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// The interpreter whose generators run compiled.
static MAIN: AtomicPtr<ffi::PyInterpreterState> = AtomicPtr::new(std::ptr::null_mut());

/// Put our functions into the slots.
pub(crate) fn require() {
    WANTED.store(true, Ordering::Relaxed);
    if INSTALLED.load(Ordering::Relaxed) || !Mechanism::Generators.is_on() {
        return;
    }
    // SAFETY: the types and their structs of functions are static, and the GIL is held.
    unsafe {
        MAIN.store(ffi::PyInterpreterState_Main(), Ordering::Relaxed);
        let generator = &raw mut ffi::PyGen_Type;
        let (Some(next), Some(send), Some((our_next, our_send))) = (
            (*generator).tp_iternext,
            (*(*generator).tp_as_async).am_send,
            jit::slot_functions(),
        ) else {
            return;
        };
        NEXT.store(next as *mut c_void, Ordering::Relaxed);
        SEND.store(send as *mut c_void, Ordering::Relaxed);
        OUR_SEND.store(our_send as *mut c_void, Ordering::Relaxed);
        (*generator).tp_iternext = Some(std::mem::transmute::<usize, Next>(our_next));
        replace_send(&SEND, &OUR_SEND);
    }
    INSTALLED.store(true, Ordering::Relaxed);
}

/// Put them there again after [`remove`].
pub(crate) fn restore() {
    if WANTED.load(Ordering::Relaxed) {
        require();
    }
}

/// Give the types their own functions back.
pub(crate) fn remove() {
    if !INSTALLED.swap(false, Ordering::Relaxed) {
        return;
    }
    // SAFETY: as in `require`; the pointers were in these slots.
    unsafe {
        ffi::PyGen_Type.tp_iternext = Some(own_next());
        replace_send(&OUR_SEND, &SEND);
    }
}

/// What the machine code in the slots asks, and what it leaves to.
pub(crate) fn asked() -> Slots {
    let (last_thread, last_limit) = stack::noted();
    Slots {
        next: iternext as *const () as usize,
        send: am_send as *const () as usize,
        main: &raw const MAIN as usize,
        last_thread,
        last_limit,
    }
}

/// # Safety
/// The GIL is held, and both are functions for that slot.
unsafe fn replace_send(old: &AtomicPtr<c_void>, new: &AtomicPtr<c_void>) {
    let old = old.load(Ordering::Relaxed);
    for ty in [&raw mut ffi::PyGen_Type, &raw mut ffi::PyCoro_Type] {
        // SAFETY: as in `require`.
        unsafe {
            let slot = &raw mut (*(*ty).tp_as_async).am_send;
            if (*slot).is_some_and(|now| now as *mut c_void == old) {
                *slot = Some(function(new));
            }
        }
    }
}

fn own_next() -> Next {
    // SAFETY: set before our functions are in the slots.
    unsafe { std::mem::transmute::<*mut c_void, Next>(NEXT.load(Ordering::Relaxed)) }
}

/// # Safety
/// A function for the slot `am_send`.
unsafe fn function(place: &AtomicPtr<c_void>) -> ffi::sendfunc {
    // SAFETY: by the caller.
    unsafe { std::mem::transmute::<*mut c_void, ffi::sendfunc>(place.load(Ordering::Relaxed)) }
}

/// `tp_iternext`
unsafe extern "C" fn iternext(generator: *mut ffi::PyObject) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe {
        match resume(generator, ffi::Py_None()) {
            None => own_next()(generator),
            Some(result) if result.is_null() || state(generator) < EXECUTING => result,
            Some(result) => {
                jit::resume::stop(result);
                std::ptr::null_mut()
            }
        }
    }
}

/// `am_send`
unsafe extern "C" fn am_send(
    generator: *mut ffi::PyObject,
    sent: *mut ffi::PyObject,
    result: *mut *mut ffi::PyObject,
) -> ffi::PySendResult {
    // SAFETY: by the caller.
    unsafe {
        let Some(given) = resume(generator, sent) else {
            return function(&SEND)(generator, sent, result);
        };
        *result = given;
        if given.is_null() {
            ffi::PySendResult::PYGEN_ERROR
        } else if state(generator) < EXECUTING {
            ffi::PySendResult::PYGEN_NEXT
        } else {
            ffi::PySendResult::PYGEN_RETURN
        }
    }
}

/// # Safety
/// A live generator or coroutine.
unsafe fn state(generator: *mut ffi::PyObject) -> i8 {
    // SAFETY: by the caller.
    unsafe { read(generator as usize, PyGenObject::gi_frame_state.offset) }
}

/// Runs a suspended generator on in compiled code, with what is sent; `None`, with nothing done,
/// where the interpreter has to do it. Mirrors `gen_send_ex2`; from 3.12 on the body
/// itself takes its exceptions off the thread when it is left.
///
/// # Safety
/// A live generator or coroutine, a live object, and the GIL is held.
#[inline(always)]
unsafe fn resume(
    generator: *mut ffi::PyObject,
    sent: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    // SAFETY: by the caller.
    unsafe {
        let now = state(generator);
        if now >= EXECUTING || (now == CREATED && sent != ffi::Py_None()) {
            return None;
        }
        let tstate = ffi::PyThreadState_Get();
        if !hook::undisputed(tstate as usize) {
            return None;
        }
        // Other interpreters have the types in common with the main one, and nothing else of ours.
        let interp: *mut ffi::PyInterpreterState =
            read(tstate as usize, PyThreadState::interp.offset);
        if interp != MAIN.load(Ordering::Relaxed) || stack::is_low_in(tstate as usize) {
            return None;
        }
        let object = generator as usize;
        let base = object + PyGenObject::gi_iframe.offset as usize;
        let place = jit::resumption(tstate, base as *mut c_void, 1)?;
        let top: c_int = read(base, _PyInterpreterFrame::stacktop.offset);
        write(base, facts::LOCALS + 8 * top, ffi::Py_NewRef(sent));
        write(base, _PyInterpreterFrame::stacktop.offset, top + 1);
        let thread = tstate as usize;
        let handled: usize = read(thread, PyThreadState::exc_info.offset);
        let own = PyGenObject::gi_exc_state.offset;
        write(
            object,
            own + _PyErr_StackItem::previous_item.offset,
            handled,
        );
        write(
            thread,
            PyThreadState::exc_info.offset,
            object + own as usize,
        );
        write(object, PyGenObject::gi_frame_state.offset, EXECUTING);
        let result = jit::go_on(place, tstate, base as *mut c_void);
        #[cfg(not(Py_3_12))]
        jit::finish::left(thread, generator, base, result);
        Some(result)
    }
}
