//! Calling methods written in Python where the interpreter would go through a slot of their class:
//! the frame is pushed and run at once, compiled if it can be.
//!
//! Which method a class has is looked up at each call, as the interpreter does: nothing is
//! remembered of a class.

use std::ffi::{CStr, c_int};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::attributes::_PyType_Lookup;
use crate::emit::view::Doors;
use crate::entry::{hook, stack};
use crate::jit::code::read;
use crate::jit::symbols;
use crate::release::layout::{PyCodeObject, PyFunctionObject};

/// `_PyEvalFramePushAndInit`: takes over the references to the function, the locals and the
/// arguments.
type Push = unsafe extern "C" fn(
    usize,
    *mut PyObject,
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> usize;

type CallFrame = unsafe extern "C" fn(usize, usize, usize) -> *mut PyObject;

/// The trampoline that runs a frame, compiled if it can be, and clears it.
pub static FRAME_RUNNER: AtomicUsize = AtomicUsize::new(0);

static METHODS: OnceLock<Option<Methods>> = OnceLock::new();

/// How methods written in Python are called.
pub struct Methods {
    /// A class that has a method of each name of [`NAMES`], and these names as objects.
    class: usize,
    names: [usize; NAMES.len()],
    push: Push,
    /// Entry points that functions have: the interpreter's, and ours.
    entries: [usize; 2],
}

/// The names of methods that are called in this way.
pub const NAMES: [&CStr; 15] = [
    c"__init__",
    c"__getitem__",
    c"__setitem__",
    c"__add__",
    c"__sub__",
    c"__mul__",
    c"__truediv__",
    c"__floordiv__",
    c"__mod__",
    c"__matmul__",
    c"__and__",
    c"__or__",
    c"__xor__",
    c"__lshift__",
    c"__rshift__",
];

/// The entry point of ours that functions may have.
static ENTRY: AtomicUsize = AtomicUsize::new(0);

/// Notes which entry point functions may have from us.
pub fn know(doors: &Doors) {
    ENTRY.store(doors.entry, Ordering::Relaxed);
}

/// Looks up what methods are called with, which takes a class of its own. Done once, with the GIL
/// held, before anything is compiled.
pub fn prepare() {
    // SAFETY: the GIL is held.
    METHODS.get_or_init(|| unsafe {
        let methods = Methods::find();
        if methods.is_none() {
            ffi::PyErr_Clear();
        }
        methods
    });
}

/// A class written in Python, kept for good, once there is one.
pub fn probed() -> Option<*mut PyTypeObject> {
    Some(METHODS.get()?.as_ref()?.class())
}

/// How methods are called, and the thread that calls them, unless another evaluator wants to see
/// each call.
///
/// # Safety
/// The GIL is held.
pub unsafe fn methods() -> Option<(&'static Methods, usize)> {
    let methods = METHODS.get()?.as_ref()?;
    // SAFETY: by the caller.
    let tstate = unsafe { ffi::PyThreadState_Get() } as usize;
    // SAFETY: as above.
    unsafe { hook::undisputed(tstate) }.then_some((methods, tstate))
}

impl Methods {
    /// An exception may be set where there are none.
    ///
    /// # Safety
    /// The GIL is held.
    unsafe fn find() -> Option<Methods> {
        // SAFETY: by the caller. The class and the names are kept for good.
        unsafe {
            let class = probe()?;
            let mut names = [0; NAMES.len()];
            for (name, text) in names.iter_mut().zip(NAMES) {
                *name = ffi::PyUnicode_InternFromString(text.as_ptr()) as usize;
                if *name == 0 {
                    return None;
                }
            }
            let init = _PyType_Lookup(class, names[0] as *mut PyObject);
            let entry: usize = read(init as usize, PyFunctionObject::vectorcall.offset);
            let push = match symbols::lookup(c"_PyEvalFramePushAndInit") {
                0 => super::find(c"_PyEvalFramePushAndInit")?,
                address => address,
            };
            Some(Methods {
                class: class as usize,
                names,
                push: std::mem::transmute::<usize, Push>(push),
                entries: [entry, ENTRY.load(Ordering::Relaxed)],
            })
        }
    }

    /// A class whose slots are those that the interpreter gives classes with such methods.
    pub fn class(&self) -> *mut PyTypeObject {
        self.class as *mut PyTypeObject
    }

    /// The method of that name among [`NAMES`] which a class has, if that is a Python function which
    /// runs at once, and by nothing but its code.
    ///
    /// # Safety
    /// A live class; the GIL is held.
    pub unsafe fn of(&self, class: *mut PyTypeObject, name: usize) -> Option<*mut PyObject> {
        const LATER: c_int = ffi::CO_GENERATOR | ffi::CO_COROUTINE | ffi::CO_ASYNC_GENERATOR;
        // SAFETY: by the caller.
        unsafe {
            let found = _PyType_Lookup(class, self.names[name] as *mut PyObject);
            if found.is_null() || ffi::Py_IS_TYPE(found, &raw mut ffi::PyFunction_Type) == 0 {
                return None;
            }
            let code: usize = read(found as usize, PyFunctionObject::func_code.offset);
            let flags: c_int = read(code, PyCodeObject::co_flags.offset);
            let entry: usize = read(found as usize, PyFunctionObject::vectorcall.offset);
            let plain = flags & (LATER | ffi::CO_OPTIMIZED) == ffi::CO_OPTIMIZED
                && self.entries.contains(&entry);
            plain.then_some(found)
        }
    }

    /// As [`Methods::call`].
    ///
    /// # Safety
    /// As for [`Methods::call`].
    pub unsafe fn call_with<const N: usize>(
        &self,
        tstate: usize,
        method: *mut PyObject,
        args: &[*mut PyObject; N],
    ) -> *mut PyObject {
        // SAFETY: by the caller.
        unsafe { self.call(tstate, method, args.as_ptr(), N) }
    }

    /// Calls a method that [`Methods::of`] has found with these arguments, which stay the caller's.
    ///
    /// # Safety
    /// The method and the arguments are alive; the GIL is held.
    pub unsafe fn call(
        &self,
        tstate: usize,
        method: *mut PyObject,
        args: *const *mut PyObject,
        count: usize,
    ) -> *mut PyObject {
        let runner = FRAME_RUNNER.load(Ordering::Relaxed);
        let none = std::ptr::null_mut();
        // SAFETY: by the caller; the frame takes over the references that are made for it, and the
        // trampoline was there before this was prepared.
        unsafe {
            // One for the frame, and one for the call.
            ffi::Py_INCREF(method);
            ffi::Py_INCREF(method);
            for i in 0..count {
                ffi::Py_INCREF(*args.add(i));
            }
            let pushed = (self.push)(tstate, method, none, args, count, none);
            let result = match pushed {
                0 => none,
                _ => {
                    let run = std::mem::transmute::<usize, CallFrame>(runner);
                    run(tstate, pushed, stack::limit_of(tstate))
                }
            };
            ffi::Py_DECREF(method);
            result
        }
    }
}

/// Makes a class that has all the methods.
///
/// # Safety
/// The GIL is held.
unsafe fn probe() -> Option<*mut PyTypeObject> {
    let methods: String = NAMES
        .iter()
        .map(|name| format!("    def {}(*_): pass\n", name.to_string_lossy()))
        .collect();
    let source = format!("class Probe:\n{methods}\0");
    let source = CStr::from_bytes_with_nul(source.as_bytes()).ok()?;
    // SAFETY: by the caller; what is made here is let go of, but for the class.
    unsafe {
        let globals = ffi::PyDict_New();
        if globals.is_null() {
            return None;
        }
        ffi::PyDict_SetItemString(globals, c"__builtins__".as_ptr(), ffi::PyEval_GetBuiltins());
        let ran = ffi::PyRun_StringFlags(
            source.as_ptr(),
            ffi::Py_file_input,
            globals,
            globals,
            std::ptr::null_mut(),
        );
        let class = ffi::PyDict_GetItemString(globals, c"Probe".as_ptr());
        let made = !ran.is_null() && !class.is_null();
        if made {
            ffi::Py_INCREF(class);
        }
        ffi::Py_XDECREF(ran);
        ffi::Py_DECREF(globals);
        made.then_some(class.cast())
    }
}
