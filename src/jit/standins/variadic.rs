//! Calls whose arguments come from a tuple and a dictionary.

use std::ffi::c_int;

use pyo3::ffi::{self, PyObject};

use super::StandIn;

pub const STAND_INS: &[StandIn] = &[
    ("check_args_iterable", check_args as *const ()),
    #[cfg(not(Py_3_12))]
    ("do_call_core", call as *const ()),
    #[cfg(not(Py_3_12))]
    ("format_kwargs_error", format_keywords as *const ()),
    #[cfg(all(Py_3_13, not(Py_3_14)))]
    (
        "_PyEvalFramePushAndInit_Ex",
        push::push_and_init as *const (),
    ),
];

unsafe extern "C" {
    fn _PyObject_FunctionStr(function: *mut PyObject) -> *mut PyObject;
}

/// Mirrors `check_args_iterable`.
unsafe extern "C" fn check_args(
    _tstate: usize,
    function: *mut PyObject,
    args: *mut PyObject,
) -> c_int {
    // SAFETY: by the caller, who has two objects.
    unsafe {
        let ty = ffi::Py_TYPE(args);
        if (*ty).tp_iter.is_some() || ffi::PySequence_Check(args) != 0 {
            return 0;
        }
        ffi::PyErr_Clear();
        let name = _PyObject_FunctionStr(function);
        if !name.is_null() {
            ffi::PyErr_Format(
                ffi::PyExc_TypeError,
                c"%U argument after * must be an iterable, not %.200s".as_ptr(),
                name,
                (*ty).tp_name,
            );
            ffi::Py_DECREF(name);
        }
        -1
    }
}

/// Mirrors `do_call_core`: compiled code is left before a function traces.
#[cfg(not(Py_3_12))]
unsafe extern "C" fn call(
    _tstate: usize,
    function: *mut PyObject,
    args: *mut PyObject,
    keywords: *mut PyObject,
    _use_tracing: c_int,
) -> *mut PyObject {
    // SAFETY: by the caller: a tuple, and a dictionary or NULL.
    unsafe { ffi::PyObject_Call(function, args, keywords) }
}

/// Mirrors `format_kwargs_error`: tells what was wrong with keyword arguments that could not be
/// merged.
#[cfg(not(Py_3_12))]
unsafe extern "C" fn format_keywords(
    _tstate: usize,
    function: *mut PyObject,
    keywords: *mut PyObject,
) {
    use std::ptr;
    // SAFETY: by the caller; an exception is set.
    unsafe {
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) != 0 {
            ffi::PyErr_Clear();
            let name = _PyObject_FunctionStr(function);
            if !name.is_null() {
                ffi::PyErr_Format(
                    ffi::PyExc_TypeError,
                    c"%U argument after ** must be a mapping, not %.200s".as_ptr(),
                    name,
                    (*ffi::Py_TYPE(keywords)).tp_name,
                );
                ffi::Py_DECREF(name);
            }
            return;
        }
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_KeyError) == 0 {
            return;
        }
        let (mut ty, mut value, mut traceback) =
            (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
        ffi::PyErr_Fetch(&mut ty, &mut value, &mut traceback);
        // An exception that is raised by its type has its argument for a value.
        let twice =
            !value.is_null() && ffi::PyTuple_Check(value) != 0 && ffi::PyTuple_GET_SIZE(value) == 1;
        if !twice {
            ffi::PyErr_Restore(ty, value, traceback);
            return;
        }
        let name = _PyObject_FunctionStr(function);
        if !name.is_null() {
            ffi::PyErr_Format(
                ffi::PyExc_TypeError,
                c"%U got multiple values for keyword argument '%S'".as_ptr(),
                name,
                ffi::PyTuple_GET_ITEM(value, 0),
            );
            ffi::Py_DECREF(name);
        }
        ffi::Py_XDECREF(ty);
        ffi::Py_XDECREF(value);
        ffi::Py_XDECREF(traceback);
    }
}

#[cfg(all(Py_3_13, not(Py_3_14)))]
mod push {
    use std::ptr;

    use pyo3::ffi::{self, Py_ssize_t, PyObject};
    use smallvec::SmallVec;

    use crate::release::layout::PyTupleObject;

    type Arguments = SmallVec<[*mut PyObject; 8]>;

    unsafe extern "C" {
        /// Takes over the references to the function, the locals and the arguments.
        fn _PyEvalFramePushAndInit(
            tstate: usize,
            function: *mut PyObject,
            locals: *mut PyObject,
            args: *const *mut PyObject,
            count: usize,
            names: *mut PyObject,
        ) -> usize;
    }

    /// Mirrors `_PyEvalFramePushAndInit_Ex`: takes over all references.
    pub unsafe extern "C" fn push_and_init(
        tstate: usize,
        function: *mut PyObject,
        locals: *mut PyObject,
        count: Py_ssize_t,
        args: *mut PyObject,
        keywords: *mut PyObject,
    ) -> usize {
        // SAFETY: by the caller: a tuple of that length, and a dictionary or NULL.
        unsafe {
            let items = args
                .cast::<u8>()
                .offset(PyTupleObject::ob_item.offset as isize);
            let items = std::slice::from_raw_parts(items.cast(), count as usize);
            let named = !keywords.is_null() && ffi::PyDict_Size(keywords) > 0;
            let base = match named {
                true => match unpack(items, keywords) {
                    Some((all, names)) => {
                        let base = push(tstate, (function, locals), &all, count, names);
                        ffi::Py_DECREF(names);
                        base
                    }
                    None => {
                        ffi::Py_DECREF(function);
                        0
                    }
                },
                false => push(tstate, (function, locals), items, count, ptr::null_mut()),
            };
            ffi::Py_DECREF(args);
            ffi::Py_XDECREF(keywords);
            base
        }
    }

    /// The frame of a call; so many of the arguments are positional, the others have names. Takes over
    /// the function and its locals.
    ///
    /// # Safety
    /// As for `_PyEvalFramePushAndInit`.
    unsafe fn push(
        tstate: usize,
        (function, locals): (*mut PyObject, *mut PyObject),
        items: &[*mut PyObject],
        count: Py_ssize_t,
        names: *mut PyObject,
    ) -> usize {
        let (first, count) = (items.as_ptr(), count as usize);
        // SAFETY: by the caller.
        unsafe {
            for &item in items {
                ffi::Py_INCREF(item);
            }
            _PyEvalFramePushAndInit(tstate, function, locals, first, count, names)
        }
    }

    /// The arguments with the dictionary's values behind them, borrowed, and a tuple of its keys.
    unsafe fn unpack(
        items: &[*mut PyObject],
        keywords: *mut PyObject,
    ) -> Option<(Arguments, *mut PyObject)> {
        let mut items = Arguments::from_slice(items);
        // SAFETY: by the caller, who has a dictionary that nobody changes meanwhile.
        unsafe {
            let names = ffi::PyTuple_New(ffi::PyDict_Size(keywords));
            if names.is_null() {
                return None;
            }
            let (mut at, mut i) = (0, 0);
            let (mut key, mut value) = (ptr::null_mut(), ptr::null_mut());
            let mut strings = true;
            while ffi::PyDict_Next(keywords, &mut at, &mut key, &mut value) != 0 {
                strings &= ffi::PyUnicode_Check(key) != 0;
                ffi::PyTuple_SET_ITEM(names, i, ffi::Py_NewRef(key));
                items.push(value);
                i += 1;
            }
            if !strings {
                let text = c"keywords must be strings".as_ptr();
                ffi::PyErr_SetString(ffi::PyExc_TypeError, text);
                ffi::Py_DECREF(names);
                return None;
            }
            Some((items, names))
        }
    }
}
