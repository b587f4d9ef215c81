//! Special methods that classes write in Python.

use std::ffi::CStr;

use pyo3::ffi::{self, PyObject};

use crate::jit::code::read;
use crate::release::layout::PyTypeObject;

/// A function that a class has under a name, as long as the class has this version.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Method {
    pub function: usize,
    pub version: u32,
}

/// What a live class finds under a name, if that is a Python function. Runs no Python code.
pub fn look(class: usize, name: &CStr) -> Option<Method> {
    let ty = class as *mut ffi::PyTypeObject;
    // SAFETY: a live type, whose order of resolution is a tuple of types.
    unsafe {
        if (*ty).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 || (*ty).tp_mro.is_null() {
            return None;
        }
        let version: u32 = read(class, PyTypeObject::tp_version_tag.offset);
        if version == 0 {
            return None;
        }
        let key = ffi::PyUnicode_InternFromString(name.as_ptr());
        if key.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let found = find((*ty).tp_mro, key);
        ffi::Py_DECREF(key);
        let found = found?;
        let is_function = ffi::Py_IS_TYPE(found, &raw mut ffi::PyFunction_Type) != 0;
        is_function.then_some(Method {
            function: found as usize,
            version,
        })
    }
}

/// The first class that has the name has the last word; one that hides its names has it too.
unsafe fn find(mro: *mut PyObject, key: *mut PyObject) -> Option<*mut PyObject> {
    // SAFETY: by the caller: a live tuple of types, and a string.
    unsafe {
        for i in 0..ffi::PyTuple_GET_SIZE(mro) {
            let base = ffi::PyTuple_GET_ITEM(mro, i).cast::<ffi::PyTypeObject>();
            let names = (*base).tp_dict;
            if names.is_null() {
                return None;
            }
            let found = ffi::PyDict_GetItemWithError(names, key);
            if !found.is_null() {
                return Some(found);
            }
            if !ffi::PyErr_Occurred().is_null() {
                ffi::PyErr_Clear();
                return None;
            }
        }
        None
    }
}
