//! Writing locals through `f_locals`, while compiled code runs the frame.
//!
//! What a local held is dropped at once when it is written. Compiled code may have it still, and
//! has not counted it: that is made good here, so that it need not be counted anywhere.

use std::ffi::{CStr, c_int, c_void};
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;

use super::interp::{Frame, Thread};
use crate::jit::code::read;
use crate::jit::overwritten;
use crate::release::layout::{PyCodeObject, PyFrameObject};

type SetItem =
    unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject, *mut ffi::PyObject) -> c_int;
type Binary = unsafe extern "C" fn(*mut ffi::PyObject, *mut ffi::PyObject) -> *mut ffi::PyObject;

/// Where a proxy has its frame object: the first member of `PyFrameLocalsProxyObject`.
const PROXY_FRAME: i32 = size_of::<ffi::PyObject>() as i32;

/// What the interpreter had in the places that are ours now.
static SET_ITEM: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static INPLACE_OR: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());
static UPDATE: AtomicPtr<c_void> = AtomicPtr::new(std::ptr::null_mut());

/// Puts our functions in front of those that write. They stay: frames that compiled code runs
/// outlive its being switched off.
pub(crate) fn require() {
    if !SET_ITEM.load(Ordering::Relaxed).is_null() {
        return;
    }
    // SAFETY: the type and its structs of functions are static and can be written, and the GIL is
    // held.
    unsafe {
        let ty = &raw mut ffi::PyFrameLocalsProxy_Type;
        let dict = ffi::PyType_GetDict(ty);
        let mapping = (*ty).tp_as_mapping;
        let number = (*ty).tp_as_number;
        let method = |name: &CStr| ffi::PyDict_GetItemString(dict, name.as_ptr());
        let update = method(c"update").cast::<ffi::PyMethodDescrObject>();
        if let (Some(set_item), Some(inplace_or), false) = (
            (*mapping).mp_ass_subscript,
            (*number).nb_inplace_or,
            update.is_null(),
        ) {
            let update = &raw mut (*(*update).d_method).ml_meth;
            SET_ITEM.store(set_item as *mut c_void, Ordering::Relaxed);
            INPLACE_OR.store(inplace_or as *mut c_void, Ordering::Relaxed);
            UPDATE.store((*update).PyCFunction as *mut c_void, Ordering::Relaxed);
            (*mapping).mp_ass_subscript = Some(guarded_set_item);
            (*number).nb_inplace_or = Some(guarded_inplace_or);
            (*update).PyCFunction = guarded_update;
            wrap(method(c"__setitem__"), guarded_set_item as *mut c_void);
            wrap(method(c"__ior__"), guarded_inplace_or as *mut c_void);
        }
        ffi::Py_XDECREF(dict);
    }
}

/// The method that stands for a slot has the slot's function.
///
/// # Safety
/// NULL, or the wrapper of a slot of the same type as `function`.
unsafe fn wrap(wrapper: *mut ffi::PyObject, function: *mut c_void) {
    let wrapper = wrapper.cast::<ffi::PyWrapperDescrObject>();
    if !wrapper.is_null() {
        // SAFETY: by the caller.
        unsafe { (*wrapper).d_wrapped = function };
    }
}

/// `mp_ass_subscript`
unsafe extern "C" fn guarded_set_item(
    proxy: *mut ffi::PyObject,
    key: *mut ffi::PyObject,
    value: *mut ffi::PyObject,
) -> c_int {
    // SAFETY: set before this function is called; the rest by the caller.
    unsafe {
        let own = std::mem::transmute::<*mut c_void, SetItem>(SET_ITEM.load(Ordering::Relaxed));
        guarded(proxy, || own(proxy, key, value))
    }
}

/// `nb_inplace_or`
unsafe extern "C" fn guarded_inplace_or(
    proxy: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as above.
    unsafe {
        let own = std::mem::transmute::<*mut c_void, Binary>(INPLACE_OR.load(Ordering::Relaxed));
        guarded(proxy, || own(proxy, other))
    }
}

/// `update`
unsafe extern "C" fn guarded_update(
    proxy: *mut ffi::PyObject,
    other: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: as above.
    unsafe {
        let own = std::mem::transmute::<*mut c_void, Binary>(UPDATE.load(Ordering::Relaxed));
        guarded(proxy, || own(proxy, other))
    }
}

/// Writes, and keeps what locals held before where compiled code may use it.
///
/// # Safety
/// A live proxy, and the GIL is held.
unsafe fn guarded<R>(proxy: *mut ffi::PyObject, write: impl FnOnce() -> R) -> R {
    // SAFETY: a proxy has a frame object, and that a frame which is live while it is on a thread.
    unsafe {
        let object: usize = read(proxy as usize, PROXY_FRAME);
        let frame = || read::<*mut c_void>(object, PyFrameObject::f_frame.offset);
        let before = frame();
        let Some(running) = Frame::new(before).filter(|&frame| runs_compiled(frame)) else {
            return write();
        };
        let code = running.code() as usize;
        let locals: c_int = read(code, PyCodeObject::co_nlocalsplus.offset);
        let held: Vec<*mut ffi::PyObject> = (0..locals as usize)
            .map(|i| *running.slot(i))
            .inspect(|&value| ffi::Py_XINCREF(value))
            .collect();
        let result = write();
        // What the keys do when they are compared may have ended the call.
        let on = frame() == before && runs_compiled(running);
        let mut dropped = Vec::new();
        for (i, value) in held.into_iter().enumerate() {
            if value.is_null() {
                continue;
            }
            match on && *running.slot(i) != value {
                true => dropped.extend(overwritten::keep(before as usize, i as u16, value)),
                false => dropped.push(value),
            }
        }
        for value in dropped {
            ffi::Py_DECREF(value);
        }
        result
    }
}

/// Whether the frame is on a thread, and compiled code runs it.
fn runs_compiled(frame: Frame) -> bool {
    // SAFETY: callers hold the GIL.
    let mut thread = unsafe {
        let interp = ffi::PyInterpreterState_Get();
        Thread::new(ffi::PyInterpreterState_ThreadHead(interp))
    };
    while let Some(running) = thread {
        if let Some(compiled) = on_thread(running, frame) {
            return compiled;
        }
        thread = running.next();
    }
    false
}

/// The same for one thread; `None` where the frame is not on it.
fn on_thread(thread: Thread, frame: Frame) -> Option<bool> {
    let mut at = thread.frame();
    // The evaluator that runs a frame runs those too that stand right below: where it is called
    // from C, it puts a frame of its own in between.
    let mut inside = false;
    while let Some(running) = at {
        let interpreted = !running.is_mark() && (inside || running.is_interpreted());
        if running == frame {
            return Some(!interpreted);
        }
        inside = interpreted;
        at = running.previous();
    }
    None
}
