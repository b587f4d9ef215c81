//! Calls of Python functions, and what the interpreter does when one starts (3.11).

use std::cell::Cell;
use std::ffi::c_int;

use pyo3::ffi::{self, Py_ssize_t, PyObject};

use super::StandIn;
use super::binding::{Binding, Given, order_of_unfit};
use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::jit::push::{positional, push, push_positional};
use crate::release::layout::{
    _PyInterpreterFrame as frame, PyCodeObject as code, PyFunctionObject as function,
    PyThreadState as thread,
};

pub const STAND_INS: &[StandIn] = &[
    ("_PyEvalFramePushAndInit", push_and_init as *const ()),
    ("trace_call_function", trace_call as *const ()),
    ("_PyCode_Quicken", quicken as *const ()),
];

/// A frame that stands for a call which is over already: its result waits to be fetched.
#[repr(align(16))]
struct Finished {
    words: [Cell<usize>; 32],
    result: Cell<*mut PyObject>,
}

// SAFETY: only touched with the GIL held, from the end of a call to the fetching of its result,
// between which no other thread runs.
unsafe impl Sync for Finished {}

static FINISHED: Finished = Finished {
    words: [const { Cell::new(0) }; 32],
    result: Cell::new(std::ptr::null_mut()),
};

fn finished() -> usize {
    FINISHED.words.as_ptr() as usize
}

/// The result, if the frame is the one that stands for a finished call.
pub fn finished_result(base: usize) -> Option<*mut PyObject> {
    (base == finished()).then(|| FINISHED.result.take())
}

/// Whether the frame is the one that stands for a finished call: there is nothing to clear.
pub fn discard_finished(base: usize) -> bool {
    base == finished()
}

/// Mirrors `_PyEvalFramePushAndInit`: takes over the references to the function, the locals and
/// the arguments.
unsafe extern "C" fn push_and_init(
    tstate: usize,
    called: *mut PyObject,
    locals: *mut PyObject,
    args: *const *mut PyObject,
    count: usize,
    names: *mut PyObject,
) -> usize {
    // SAFETY: by the caller, who gives a function and as many arguments as it says.
    unsafe {
        let object: usize = read(called as usize, function::func_code.offset);
        if names.is_null()
            && locals.is_null()
            && positional(object) == Some(count)
            && let Some(base) = push_positional(tstate, called, object, args, count)
        {
            return base;
        }
        let given = Given {
            called,
            args,
            count,
            names,
        };
        push_other(tstate, object, locals, &given)
    }
}

/// The same where not every parameter is given one after the other: the frequent call is not to
/// save registers for this.
///
/// # Safety
/// As for `push_and_init`.
#[cold]
#[inline(never)]
unsafe fn push_other(tstate: usize, object: usize, locals: *mut PyObject, given: &Given) -> usize {
    // SAFETY: by the caller.
    unsafe {
        if !locals.is_null() {
            return call_at_once(given);
        }
        let Given {
            called,
            args,
            count,
            names,
        } = *given;
        let wanted = read::<c_int>(object, code::co_argcount.offset) as usize;
        let defaults: *mut PyObject = read(called as usize, function::func_defaults.offset);
        let defaulted = match defaults.is_null() {
            true => 0,
            false => ffi::PyTuple_GET_SIZE(defaults) as usize,
        };
        let plain = names.is_null()
            && positional(object).is_some()
            && count <= wanted
            && wanted - count <= defaulted;
        if !plain {
            return push_bound(tstate, object, given);
        }
        let Some((base, slots)) = push(tstate, called, object) else {
            return call_at_once(given);
        };
        let first = (base + facts::LOCALS as usize) as *mut *mut PyObject;
        for i in 0..count {
            *first.add(i) = *args.add(i);
        }
        for i in count..wanted {
            let at = defaulted - (wanted - i);
            *first.add(i) = ffi::Py_NewRef(ffi::PyTuple_GET_ITEM(defaults, at as Py_ssize_t));
        }
        for i in wanted..slots {
            *first.add(i) = std::ptr::null_mut();
        }
        base
    }
}

/// The same for arguments that are not just given one after the other. Calls whose arguments do
/// not fit, or are gathered in a dict, run to their end at once.
///
/// # Safety
/// As for `push_and_init`.
#[inline(never)]
unsafe fn push_bound(tstate: usize, object: usize, given: &Given) -> usize {
    // SAFETY: by the caller.
    unsafe {
        let Some(mut binding) = Binding::of(object, given) else {
            return match Binding::has_room(object, given) {
                true => call_at_once(given),
                false => call_unfit(object, given),
            };
        };
        let Some((base, _)) = push(tstate, given.called, object) else {
            return call_at_once(given);
        };
        if !binding.bind(given, (base + facts::LOCALS as usize) as *mut *mut PyObject) {
            write(tstate, thread::datastack_top.offset, base);
            ffi::Py_DECREF(object as *mut PyObject);
            return call_unfit(object, given);
        }
        base
    }
}

/// Runs a call to its end, and gives the frame that stands for it.
///
/// # Safety
/// As for `push_and_init`.
unsafe fn call_at_once(given: &Given) -> usize {
    // SAFETY: by the caller.
    unsafe { call_and_drop(given, 0..given.count + given.keywords()) }
}

/// The same for a call whose arguments do not fit, as far as can be seen.
///
/// # Safety
/// As for `push_and_init`.
#[cold]
unsafe fn call_unfit(object: usize, given: &Given) -> usize {
    // SAFETY: by the caller.
    unsafe { call_and_drop(given, order_of_unfit(object, given).into_iter()) }
}

/// Runs a call to its end, drops the arguments in this order and then the function, and gives the
/// frame that stands for the call.
///
/// # Safety
/// As for `push_and_init`.
unsafe fn call_and_drop(given: &Given, order: impl Iterator<Item = usize>) -> usize {
    let Given {
        called,
        args,
        count,
        names,
    } = *given;
    // SAFETY: by the caller.
    unsafe {
        let result = ffi::PyObject_Vectorcall(called, args, count, names);
        for i in order {
            ffi::Py_DECREF(*args.add(i));
        }
        ffi::Py_DECREF(called);
        if result.is_null() {
            return 0;
        }
        FINISHED.result.set(result);
        // Members that send the trampolines to where the frame is recognised.
        let any = ffi::Py_None() as usize;
        let word = |offset: i32| &FINISHED.words[offset as usize / 8];
        word(facts::FRAME_CODE).set(NOT_CODE.as_ptr() as usize);
        word(frame::frame_obj.offset).set(any);
        finished()
    }
}

/// Read where a code object would be: it has no extra data.
static NOT_CODE: [usize; 64] = [0; 64];

/// Stands for `trace_call_function`: compiled code is left before a function traces.
unsafe extern "C" fn trace_call(
    _tstate: usize,
    called: *mut PyObject,
    args: *const *mut PyObject,
    count: Py_ssize_t,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe { ffi::PyObject_Vectorcall(called, args, count as usize, names) }
}

/// Stands for `_PyCode_Quicken`: the next time that the interpreter runs the code, it does it.
unsafe extern "C" fn quicken(object: usize) {
    // SAFETY: by the caller, who has a code object.
    unsafe { write(object, code::co_warmup.offset, -1i16) }
}
