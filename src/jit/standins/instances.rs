//! Making an instance of a class without a tuple for its arguments, and without leaving compiled
//! code on the way to an `__init__` that has some.
//!
//! What a class does when it is called is decided at each call: nothing is remembered of it.

use std::ffi::c_int;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::StandIn;
use crate::emit::view::Doors;
use crate::entry::{hook, stack};
use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::jit::symbols;
use crate::release::layout::{PyCodeObject, PyFunctionObject};

/// Functions that the interpreter exports and that compiled code calls in another form.
pub const INSTEAD: &[StandIn] = &[("PyObject_Vectorcall", call as *const ())];

unsafe extern "C" {
    fn _PyType_Lookup(class: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
}

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

/// What the interpreter does when a class is called.
struct Machinery {
    /// `slot_tp_init`: the initializer of classes that have an `__init__` written in Python.
    initialize: usize,
    /// The string `__init__`.
    name: usize,
    /// A tuple of no arguments.
    nothing: usize,
    push: Push,
    /// Entry points that functions have: the interpreter's, and ours.
    entries: [usize; 2],
    /// Where calls of compiled code are counted.
    depth: i32,
}

static MACHINERY: OnceLock<Option<Machinery>> = OnceLock::new();

/// The trampoline that runs a frame, compiled if it can be, and clears it.
pub static CALL_FRAME: AtomicUsize = AtomicUsize::new(0);

/// Looks up what instances are made with. Done once, with the GIL held.
pub fn prepare(doors: &Doors) {
    // SAFETY: the GIL is held.
    MACHINERY.get_or_init(|| unsafe { Machinery::find(doors) });
}

impl Machinery {
    /// # Safety
    /// The GIL is held.
    unsafe fn find(doors: &Doors) -> Option<Machinery> {
        // SAFETY: by the caller. An error is cleared, and objects that are found are kept.
        unsafe {
            let class = class_with_init()?;
            let initialize = (*class).tp_init? as usize;
            let name = ffi::PyUnicode_InternFromString(c"__init__".as_ptr());
            let nothing = ffi::PyTuple_New(0);
            if name.is_null() || nothing.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            let init = _PyType_Lookup(class, name);
            if init.is_null() || ffi::Py_IS_TYPE(init, &raw mut ffi::PyFunction_Type) == 0 {
                return None;
            }
            let entry: usize = read(init as usize, PyFunctionObject::vectorcall.offset);
            let push = match symbols::lookup(c"_PyEvalFramePushAndInit") {
                0 => super::find(c"_PyEvalFramePushAndInit")?,
                address => address,
            };
            Some(Machinery {
                initialize,
                name: name as usize,
                nothing: nothing as usize,
                push: std::mem::transmute::<usize, Push>(push),
                entries: [entry, doors.entry],
                depth: facts::C_RECURSION.unwrap_or(facts::RECURSION),
            })
        }
    }

    /// The `__init__` that a call of a class runs, if that is a Python function and all that the
    /// call does besides is to allocate.
    ///
    /// # Safety
    /// A class whose own class is `type`; the GIL is held.
    unsafe fn init_of(&self, class: *mut PyTypeObject) -> Option<*mut PyObject> {
        const REFUSED: std::ffi::c_ulong = ffi::Py_TPFLAGS_IS_ABSTRACT;
        // SAFETY: by the caller.
        unsafe {
            let object_new = ffi::PyBaseObject_Type.tp_new? as usize;
            let plain = (*class).tp_flags & (ffi::Py_TPFLAGS_HEAPTYPE | REFUSED)
                == ffi::Py_TPFLAGS_HEAPTYPE
                && (*class).tp_vectorcall.is_none()
                && (*class).tp_new? as usize == object_new
                && (*class).tp_init? as usize == self.initialize;
            if !plain {
                return None;
            }
            let init = _PyType_Lookup(class, self.name as *mut PyObject);
            (!init.is_null() && self.is_plain(init)).then_some(init)
        }
    }

    /// Whether an object is a Python function that a call runs at once, and by nothing but its
    /// code.
    ///
    /// # Safety
    /// A live object; the GIL is held.
    unsafe fn is_plain(&self, object: *mut PyObject) -> bool {
        const LATER: c_int = ffi::CO_GENERATOR | ffi::CO_COROUTINE | ffi::CO_ASYNC_GENERATOR;
        // SAFETY: by the caller.
        unsafe {
            if ffi::Py_IS_TYPE(object, &raw mut ffi::PyFunction_Type) == 0 {
                return false;
            }
            let code: usize = read(object as usize, PyFunctionObject::func_code.offset);
            let flags: c_int = read(code, PyCodeObject::co_flags.offset);
            let entry: usize = read(object as usize, PyFunctionObject::vectorcall.offset);
            flags & (LATER | ffi::CO_OPTIMIZED) == ffi::CO_OPTIMIZED
                && self.entries.contains(&entry)
        }
    }
}

/// A class of the standard library whose `__init__` is written in Python and which every
/// interpreter has loaded.
///
/// # Safety
/// The GIL is held.
unsafe fn class_with_init() -> Option<*mut PyTypeObject> {
    // SAFETY: by the caller; the module keeps the class.
    unsafe {
        let module = ffi::PyImport_ImportModule(c"codecs".as_ptr());
        if module.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let class = ffi::PyObject_GetAttrString(module, c"IncrementalEncoder".as_ptr());
        ffi::Py_DECREF(module);
        if class.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        (ffi::PyType_Check(class) != 0).then_some(class.cast())
    }
}

/// Stands for `PyObject_Vectorcall`: classes with an `__init__` written in Python are called in the
/// way of `type_call`, `object_new` and `slot_tp_init`.
unsafe extern "C" fn call(
    called: *mut PyObject,
    args: *const *mut PyObject,
    nargsf: usize,
    names: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller, who calls something with arguments that he keeps.
    unsafe {
        if ffi::Py_IS_TYPE(called, &raw mut ffi::PyType_Type) != 0
            && names.is_null()
            && nargsf & ffi::PY_VECTORCALL_ARGUMENTS_OFFSET != 0
            && let Some(Some(machinery)) = MACHINERY.get()
            && hook::alone()
        {
            let class = called.cast::<PyTypeObject>();
            let tstate = ffi::PyThreadState_Get() as usize;
            if read::<c_int>(tstate, machinery.depth) > 0
                && let Some(init) = machinery.init_of(class)
            {
                let count = nargsf & !ffi::PY_VECTORCALL_ARGUMENTS_OFFSET;
                let new = New {
                    machinery,
                    tstate,
                    class,
                    init,
                    args,
                    count,
                };
                return new.make();
            }
        }
        ffi::PyObject_Vectorcall(called, args, nargsf, names)
    }
}

/// A call of a class.
struct New<'a> {
    machinery: &'a Machinery,
    tstate: usize,
    class: *mut PyTypeObject,
    init: *mut PyObject,
    /// The caller's, who lets the slot before them be written meanwhile.
    args: *const *mut PyObject,
    count: usize,
}

impl New<'_> {
    /// # Safety
    /// What is called and its arguments are alive; the GIL is held.
    unsafe fn make(&self) -> *mut PyObject {
        // SAFETY: by the caller.
        unsafe {
            self.count_depth(-1);
            // The interpreter has a tuple of the arguments meanwhile.
            for i in 0..self.count {
                ffi::Py_INCREF(*self.args.add(i));
            }
            let object = match (*self.class).tp_new {
                Some(new) => new(
                    self.class,
                    self.machinery.nothing as *mut PyObject,
                    std::ptr::null_mut(),
                ),
                None => std::ptr::null_mut(),
            };
            let made = match object.is_null() {
                true => object,
                false => self.initialize(object),
            };
            for i in 0..self.count {
                ffi::Py_DECREF(*self.args.add(i));
            }
            self.count_depth(1);
            made
        }
    }

    /// # Safety
    /// As for `make`; the object is an instance that the caller owns.
    unsafe fn initialize(&self, object: *mut PyObject) -> *mut PyObject {
        // SAFETY: by the caller.
        unsafe {
            ffi::Py_INCREF(self.init);
            let result = self.run(object);
            ffi::Py_DECREF(self.init);
            if !result.is_null() {
                let none = ffi::Py_IsNone(result) != 0;
                if !none {
                    ffi::PyErr_Format(
                        ffi::PyExc_TypeError,
                        c"__init__() should return None, not '%.200s'".as_ptr(),
                        (*ffi::Py_TYPE(result)).tp_name,
                    );
                }
                ffi::Py_DECREF(result);
                if none {
                    return object;
                }
            }
            ffi::Py_DECREF(object);
            std::ptr::null_mut()
        }
    }

    /// Calls `__init__` with the object and the arguments.
    ///
    /// # Safety
    /// As for `initialize`.
    unsafe fn run(&self, object: *mut PyObject) -> *mut PyObject {
        let call_frame = CALL_FRAME.load(Ordering::Relaxed);
        // SAFETY: by the caller; the frame takes over the references that are made for it.
        unsafe {
            let first = self.args.sub(1).cast_mut();
            let before = first.replace(object);
            for i in 0..=self.count {
                ffi::Py_INCREF(*first.add(i));
            }
            ffi::Py_INCREF(self.init);
            let none = std::ptr::null_mut();
            let pushed =
                (self.machinery.push)(self.tstate, self.init, none, first, self.count + 1, none);
            first.write(before);
            if pushed == 0 {
                return none;
            }
            let run = std::mem::transmute::<usize, CallFrame>(call_frame);
            run(self.tstate, pushed, stack::limit_of(self.tstate))
        }
    }

    /// # Safety
    /// The thread state is alive.
    unsafe fn count_depth(&self, by: c_int) {
        let depth = self.machinery.depth;
        // SAFETY: by the caller.
        unsafe { write(self.tstate, depth, read::<c_int>(self.tstate, depth) + by) }
    }
}
