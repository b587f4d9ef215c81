//! Making an instance of a class without a tuple for its arguments, and without leaving compiled
//! code on the way to an `__init__` that has some.

use std::ffi::c_int;
use std::sync::OnceLock;

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::StandIn;
use super::attributes;
use super::python::{self, Methods};
use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::jit::methods::{self, Method};
use crate::release::layout::{_gc_runtime_state, PyInterpreterState, PyThreadState, gc_generation};

/// Functions that the interpreter exports and that compiled code calls in another form.
pub const INSTEAD: &[StandIn] = &[("PyObject_Vectorcall", call as *const ())];

/// Where `__init__` is among the names of methods.
const INIT: usize = 0;

/// Where nested calls of C functions are counted.
const DEPTH: i32 = match facts::C_RECURSION {
    Some(depth) => depth,
    None => facts::RECURSION,
};

/// Stands for `PyObject_Vectorcall`: classes with an `__init__` written in Python are called in the
/// way of `_PyObject_MakeTpCall`, `type_call`, `object_new` and `slot_tp_init`.
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
            && let Some((methods, tstate)) = python::methods()
        {
            let class = called.cast::<PyTypeObject>();
            if read::<c_int>(tstate, DEPTH) > 0
                && only_allocates(methods, class)
                && let Some(init) = methods.of(class, INIT)
            {
                let new = New {
                    methods,
                    tstate,
                    class,
                    init,
                    args,
                    count: nargsf & !ffi::PY_VECTORCALL_ARGUMENTS_OFFSET,
                };
                return new.make();
            }
        }
        ffi::PyObject_Vectorcall(called, args, nargsf, names)
    }
}

/// What calling a class comes to while it has its present version.
#[derive(Clone, Copy, Debug)]
pub struct Making {
    /// Its `__init__`.
    pub init: Method,
    /// `tp_new`
    pub allocate: usize,
}

impl Making {
    /// That of a live class, where it allocates and calls an `__init__` written in Python.
    pub fn look(class: usize) -> Option<Making> {
        let object = class as *mut PyObject;
        let class_type = class as *mut PyTypeObject;
        // SAFETY: a live class, and the GIL is held while something is compiled.
        unsafe {
            if ffi::Py_IS_TYPE(object, &raw mut ffi::PyType_Type) == 0 {
                return None;
            }
            let (methods, _) = python::methods()?;
            if !only_allocates(methods, class_type) {
                return None;
            }
            let found = methods.of(class_type, INIT)?;
            let init = methods::look(class, c"__init__")?;
            let allocate = (*class_type).tp_new? as usize;
            (init.function == found as usize).then_some(Making { init, allocate })
        }
    }
}

/// A new object without its `__init__`, whose function and code the caller has counted: they are let
/// go of where there is none.
///
/// # Safety
/// A class that was looked at as in [`Making::look`], and two objects.
pub unsafe extern "C" fn allocate_counted(
    class: *mut PyTypeObject,
    init: *mut PyObject,
    code: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        let object = match (*class).tp_new {
            Some(new) => new(class, nothing(), std::ptr::null_mut()),
            None => std::ptr::null_mut(),
        };
        if object.is_null() {
            ffi::Py_DECREF(init);
            ffi::Py_DECREF(code);
        }
        object
    }
}

/// Slots for values that an instance has at most beside its dict: `SHARED_KEYS_MAX_SIZE`.
pub const MOST_VALUES: i32 = 30;

/// Whether instances of a class have values of their own, which are NULL at first, and nothing else.
///
/// # Safety
/// A live class that was looked at as in [`Making::look`].
pub unsafe fn has_only_values(class: *mut PyTypeObject) -> bool {
    let generic = ffi::PyType_GenericAlloc as *const () as usize;
    // SAFETY: by the caller.
    unsafe {
        (*class).tp_alloc.map(|alloc| alloc as usize) == Some(generic)
            && (*class).tp_itemsize == 0
            && attributes::has_values(class)
    }
}

/// A new object without its `__init__`, made without running code: NULL, and no exception, where the
/// collector would run or there is no memory.
///
/// # Safety
/// A class that [`has_only_values`], and the running thread's state.
pub unsafe extern "C" fn allocate_quietly(
    class: *mut PyTypeObject,
    tstate: usize,
) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        if facts::ALLOCATING_RUNS_CODE && is_collector_due(tstate) {
            return std::ptr::null_mut();
        }
        let Some(new) = (*class).tp_new else {
            return std::ptr::null_mut();
        };
        let object = new(class, nothing(), std::ptr::null_mut());
        if object.is_null() {
            ffi::PyErr_Clear();
        } else if !attributes::has_own_values(object, class) {
            ffi::Py_DECREF(object);
            return std::ptr::null_mut();
        }
        object
    }
}

/// Whether the collector runs when one more object is allocated, as `_PyObject_GC_Link` decides it.
///
/// # Safety
/// The running thread's state.
unsafe fn is_collector_due(tstate: usize) -> bool {
    const YOUNGEST: i32 = PyInterpreterState::gc.offset + _gc_runtime_state::generations.offset;
    // SAFETY: by the caller.
    unsafe {
        let interp: usize = read(tstate, PyThreadState::interp.offset);
        let count: c_int = read(interp, YOUNGEST + gc_generation::count.offset);
        let threshold: c_int = read(interp, YOUNGEST + gc_generation::threshold.offset);
        threshold != 0 && count >= threshold
    }
}

/// What comes of an `__init__`: the new object, unless it has raised or returned something.
///
/// # Safety
/// Both references are the caller's to give; the result may be NULL, with an exception set.
pub unsafe extern "C" fn initialised(
    object: *mut PyObject,
    result: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
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

/// Whether all that a call of the class does besides its `__init__` is to allocate.
///
/// # Safety
/// A class whose own class is `type`; the GIL is held.
unsafe fn only_allocates(methods: &Methods, class: *mut PyTypeObject) -> bool {
    const FLAGS: std::ffi::c_ulong = ffi::Py_TPFLAGS_HEAPTYPE | ffi::Py_TPFLAGS_IS_ABSTRACT;
    let address = |new: Option<ffi::newfunc>| new.map(|f| f as usize);
    let initializer = |init: Option<ffi::initproc>| init.map(|f| f as usize);
    // SAFETY: by the caller.
    unsafe {
        (*class).tp_flags & FLAGS == ffi::Py_TPFLAGS_HEAPTYPE
            && (*class).tp_vectorcall.is_none()
            && address((*class).tp_new) == address(ffi::PyBaseObject_Type.tp_new)
            && initializer((*class).tp_init) == initializer((*methods.class()).tp_init)
    }
}

/// The tuple of no arguments.
pub fn nothing() -> *mut PyObject {
    static NOTHING: OnceLock<usize> = OnceLock::new();
    // SAFETY: the GIL is held during a call. The empty tuple is there already.
    *NOTHING.get_or_init(|| unsafe { ffi::PyTuple_New(0) } as usize) as *mut PyObject
}

/// A call of a class.
struct New<'a> {
    methods: &'a Methods,
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
                Some(new) => new(self.class, nothing(), std::ptr::null_mut()),
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
            let Some(init) = self.present_init() else {
                return self.initialize_anyhow(object);
            };
            let first = self.args.sub(1).cast_mut();
            let before = first.replace(object);
            let result = self.methods.call(self.tstate, init, first, self.count + 1);
            first.write(before);
            initialised(object, result)
        }
    }

    /// The `__init__` that the class has now, if that is still one written in Python: a finalizer may
    /// have given it another one while the object was allocated, and nobody else may have the old one.
    ///
    /// # Safety
    /// As for `make`.
    unsafe fn present_init(&self) -> Option<*mut PyObject> {
        if !facts::ALLOCATING_RUNS_CODE {
            return Some(self.init);
        }
        // SAFETY: by the caller.
        unsafe {
            match only_allocates(self.methods, self.class) {
                true => self.methods.of(self.class, INIT),
                false => None,
            }
        }
    }

    /// Initializes the object by whatever its class has for that.
    ///
    /// # Safety
    /// As for `initialize`.
    #[cold]
    unsafe fn initialize_anyhow(&self, object: *mut PyObject) -> *mut PyObject {
        // SAFETY: by the caller; the tuple gets a reference to each argument.
        unsafe {
            let Some(init) = (*self.class).tp_init else {
                return object;
            };
            let tuple = ffi::PyTuple_New(self.count as isize);
            let mut done = -1;
            if !tuple.is_null() {
                for i in 0..self.count {
                    let argument = ffi::Py_NewRef(*self.args.add(i));
                    ffi::PyTuple_SET_ITEM(tuple, i as isize, argument);
                }
                done = init(object, tuple, std::ptr::null_mut());
                ffi::Py_DECREF(tuple);
            }
            if done < 0 {
                ffi::Py_DECREF(object);
                return std::ptr::null_mut();
            }
            object
        }
    }

    /// # Safety
    /// The thread state is alive.
    unsafe fn count_depth(&self, by: c_int) {
        // SAFETY: by the caller.
        unsafe { write(self.tstate, DEPTH, read::<c_int>(self.tstate, DEPTH) + by) }
    }
}
