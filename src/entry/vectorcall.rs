//! The entry point of functions that are compiled: pushes the frame and runs the machine code.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use pyo3::ffi;

use super::arguments::{self, Arrival, Kept};
#[cfg(Py_3_13)]
use super::direct;
use super::interp::{self, Frame, Thread};
use super::{functions, hook, policy, stack};
use crate::jit;

/// `_PyEvalFramePushAndInit`: takes over the references to the function, the locals and the
/// arguments.
type PushFrame = unsafe extern "C" fn(
    *mut ffi::PyThreadState,
    *mut ffi::PyFunctionObject,
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    usize,
    *mut ffi::PyObject,
) -> *mut c_void;

/// How a call may enter machine code.
enum Entry {
    /// There is some, and nothing is to be decided.
    AtOnce,
    Of(jit::EntryPtr),
    None,
}

/// What to do with a call.
enum Choice {
    GoOn {
        place: jit::Place,
        frame: *mut c_void,
    },
    Run {
        entry: jit::EntryPtr,
        frame: *mut c_void,
    },
    /// The arguments do not fit; an exception is set.
    Failed,
    /// The interpreter runs the function in a frame that has its arguments.
    Evaluate { frame: *mut c_void },
    /// The interpreter runs the function.
    Interpret,
    /// The interpreter runs the function and what it calls, to spare the native stack.
    Spare,
}

/// The function that pushes frames, where the interpreter exports it in the known shape.
fn push_frame() -> Option<PushFrame> {
    static FOUND: OnceLock<Option<PushFrame>> = OnceLock::new();
    *FOUND.get_or_init(|| {
        if cfg!(not(all(Py_3_13, not(Py_3_14)))) {
            return None;
        }
        // SAFETY: the name is a C string, and a function of that name has this type.
        unsafe {
            let found = libc::dlsym(libc::RTLD_DEFAULT, c"_PyEvalFramePushAndInit".as_ptr());
            std::mem::transmute::<*mut c_void, Option<PushFrame>>(found)
        }
    })
}

/// The entry point of functions in the list of [`functions`].
pub(crate) unsafe extern "C" fn enter(
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargsf: usize,
    kwnames: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let function = callable.cast::<ffi::PyFunctionObject>();
    // SAFETY: the interpreter calls this with the GIL held.
    let thread = unsafe { Thread::current() };
    // SAFETY: the arguments are the interpreter's own.
    if let Some((place, frame)) = unsafe { at_once(thread, function, args, nargsf, kwnames) } {
        // SAFETY: the frame was made for this call, and starts there.
        return unsafe { jit::go_on(place, thread.as_ptr(), frame) };
    }
    let variable = 0_u8;
    let here = &raw const variable as usize;
    // SAFETY: the arguments are the interpreter's own.
    unsafe { consider(thread, callable, args, nargsf, kwnames, here) }
}

/// What is to be decided about a call. `here` is the address of a variable of the entry point.
///
/// # Safety
/// The arguments are those that the entry point was given, and the GIL is held.
#[inline(never)]
unsafe fn consider(
    thread: Thread,
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargsf: usize,
    kwnames: *mut ffi::PyObject,
    here: usize,
) -> *mut ffi::PyObject {
    let function = callable.cast::<ffi::PyFunctionObject>();
    #[cfg(Py_3_13)]
    if direct::tells(thread, callable, here) {
        // SAFETY: `None` is always there.
        return unsafe { ffi::Py_NewRef(ffi::Py_None()) };
    }
    let choice = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the arguments are the interpreter's own.
        unsafe { choose(thread, function, args, nargsf, kwnames, here) }
    }))
    .unwrap_or(Choice::Interpret);
    match choice {
        // SAFETY: the frame was made for this call, and starts there.
        Choice::GoOn { place, frame } => unsafe { jit::go_on(place, thread.as_ptr(), frame) },
        // SAFETY: the frame was made for this call of code with this entry.
        Choice::Run { entry, frame } => unsafe { jit::run(entry, thread.as_ptr(), frame) },
        // SAFETY: the frame was made for this call.
        Choice::Evaluate { frame } => unsafe { jit::interpret(thread.as_ptr(), frame) },
        Choice::Failed => std::ptr::null_mut(),
        // SAFETY: the arguments are the interpreter's own.
        Choice::Interpret => unsafe { interpret(thread, callable, args, nargsf, kwnames) },
        Choice::Spare => {
            let _suspended = functions::suspend(function);
            // SAFETY: the arguments are the interpreter's own.
            unsafe { interpret(thread, callable, args, nargsf, kwnames) }
        }
    }
}

/// The frame for a call about which there is nothing to decide, with the machine code that it starts in:
/// no stack of the interpreter's keeps the arguments, which have no keywords.
///
/// # Safety
/// The arguments are those that the entry point was given, and the GIL is held.
#[inline(always)]
unsafe fn at_once(
    thread: Thread,
    function: *mut ffi::PyFunctionObject,
    args: *const *mut ffi::PyObject,
    nargsf: usize,
    kwnames: *mut ffi::PyObject,
) -> Option<(jit::Place, *mut c_void)> {
    if !kwnames.is_null() || thread.frame().is_none_or(Frame::is_interpreted) {
        return None;
    }
    // SAFETY: by the caller; the running thread's state, and a live function's code.
    unsafe {
        let tstate = thread.as_ptr();
        let code = (*function).func_code.cast::<ffi::PyCodeObject>();
        let place = jit::ready(tstate, code)?;
        let count = ffi::PyVectorcall_NARGS(nargsf) as usize;
        if stack::is_low_in(tstate as usize)
            || !hook::undisputed(tstate as usize)
            || !thread.may_recurse()
            || jit::push::positional(code as usize)? != count
        {
            return None;
        }
        let called = function.cast::<ffi::PyObject>();
        let frame =
            jit::push::push_positional(tstate as usize, called, code as usize, args, count)?;
        ffi::Py_INCREF(called);
        for at in 0..count {
            ffi::Py_INCREF(*args.add(at));
        }
        Some((place, frame as *mut c_void))
    }
}

/// Call the function as if it had its own entry point.
unsafe fn interpret(
    thread: Thread,
    callable: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargsf: usize,
    kwnames: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    let Some(default) = functions::default_vectorcall() else {
        return std::ptr::null_mut();
    };
    // The interpreter would not have used native stack for this call, and has a check of its own.
    let _credit = interp::credit_native_call(thread);
    // SAFETY: the arguments are the interpreter's own.
    unsafe { default(callable, args, nargsf, kwnames) }
}

unsafe fn choose(
    thread: Thread,
    function: *mut ffi::PyFunctionObject,
    args: *const *mut ffi::PyObject,
    nargsf: usize,
    kwnames: *mut ffi::PyObject,
    here: usize,
) -> Choice {
    // SAFETY: the running thread's state.
    if unsafe { stack::is_low_in(thread.as_ptr() as usize) } {
        return Choice::Spare;
    }
    // SAFETY: the interpreter holds a reference to the function that it calls.
    let code = unsafe { (*function).func_code }.cast::<ffi::PyCodeObject>();
    // SAFETY: a live code object.
    let flags = unsafe { jit::code::Shape::of(code as usize) }.flags;
    if flags & ffi::CO_OPTIMIZED == 0 {
        // Its locals are a dict.
        return Choice::Interpret;
    }
    // SAFETY: the running thread's state, and the code object is live.
    let ready = || unsafe { jit::ready(thread.as_ptr(), code) };
    let entry = match ready() {
        Some(_) => Entry::AtOnce,
        None => policy::entry_for_call(code).map_or(Entry::None, Entry::Of),
    };
    let Some(push) = push_frame() else {
        return Choice::Interpret;
    };
    let unwatched = matches!(entry, Entry::AtOnce) || thread.unwatched(code);
    // SAFETY: the running thread's state.
    let undisputed = unsafe { hook::undisputed(thread.as_ptr() as usize) };
    if !unwatched || !undisputed || !thread.may_recurse() {
        return Choice::Interpret;
    }
    // SAFETY: the arguments of a vectorcall are this many positional ones, then one for each
    // keyword; each is alive.
    let frame = unsafe {
        let positional = ffi::PyVectorcall_NARGS(nargsf) as usize;
        let keywords = if kwnames.is_null() {
            0
        } else {
            ffi::PyTuple_GET_SIZE(kwnames) as usize
        };
        let count = positional + keywords;
        let arrival = Arrival {
            function: function.cast(),
            args,
            count,
            keywords: keywords != 0,
            on_stack: nargsf & ffi::PY_VECTORCALL_ARGUMENTS_OFFSET != 0,
            here,
        };
        let kept = arguments::of_entry(thread, arrival);
        if kept.is_none() && matches!(entry, Entry::None) {
            return Choice::Interpret;
        }
        if !kept.is_some_and(Kept::moves) {
            for at in 0..count {
                ffi::Py_INCREF(*args.add(at));
            }
        }
        ffi::Py_INCREF(function.cast());
        let frame = push(
            thread.as_ptr(),
            function,
            std::ptr::null_mut(),
            args,
            positional,
            kwnames,
        );
        if let Some(kept) = kept {
            kept.settle(!frame.is_null());
        }
        frame
    };
    if frame.is_null() {
        return Choice::Failed;
    }
    match entry {
        // Looked up again: comparing names of keywords may run anything.
        Entry::AtOnce => match ready() {
            Some(place) => Choice::GoOn { place, frame },
            None => Choice::Evaluate { frame },
        },
        Entry::Of(entry) => Choice::Run { entry, frame },
        Entry::None => Choice::Evaluate { frame },
    }
}
