//! Dictionaries, lists, slices.

use std::ffi::c_int;
use std::ptr;

use pyo3::ffi::{self, Py_ssize_t, PyObject};

use super::StandIn;

pub const STAND_INS: &[StandIn] = &[
    ("_PyDict_LoadGlobal", load_global as *const ()),
    ("_PyDict_SetItem_Take2", set_item_take2 as *const ()),
    ("_PyDict_FromItems", from_items as *const ()),
    ("_PyList_AppendTakeRefListResize", append_take as *const ()),
    ("_PyBuildSlice_ConsumeRefs", build_slice as *const ()),
];

/// Mirrors `_PyDict_LoadGlobal`: a borrowed value from the first dictionary that has it, or NULL
/// with or without an exception.
unsafe extern "C" fn load_global(
    globals: *mut PyObject,
    builtins: *mut PyObject,
    key: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        let value = ffi::PyDict_GetItemWithError(globals, key);
        if !value.is_null() || !ffi::PyErr_Occurred().is_null() {
            return value;
        }
        ffi::PyDict_GetItemWithError(builtins, key)
    }
}

/// Mirrors `_PyDict_SetItem_Take2`: takes over the references to key and value.
unsafe extern "C" fn set_item_take2(
    dict: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: by the caller.
    unsafe {
        let result = ffi::PyDict_SetItem(dict, key, value);
        ffi::Py_DECREF(key);
        ffi::Py_DECREF(value);
        result
    }
}

/// Mirrors `_PyDict_FromItems`: a dictionary of `length` keys and values that stand at these
/// distances.
unsafe extern "C" fn from_items(
    keys: *const *mut PyObject,
    key_step: Py_ssize_t,
    values: *const *mut PyObject,
    value_step: Py_ssize_t,
    length: Py_ssize_t,
) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        let dict = ffi::PyDict_New();
        if dict.is_null() {
            return dict;
        }
        for i in 0..length {
            let key = *keys.offset(i * key_step);
            let value = *values.offset(i * value_step);
            if ffi::PyDict_SetItem(dict, key, value) < 0 {
                ffi::Py_DECREF(dict);
                return ptr::null_mut();
            }
        }
        dict
    }
}

/// Mirrors `_PyList_AppendTakeRefListResize`: takes over the reference to the item.
unsafe extern "C" fn append_take(list: *mut PyObject, item: *mut PyObject) -> c_int {
    // SAFETY: by the caller.
    unsafe {
        let result = ffi::PyList_Append(list, item);
        ffi::Py_DECREF(item);
        result
    }
}

/// Mirrors `_PyBuildSlice_ConsumeRefs`: takes over both references.
unsafe extern "C" fn build_slice(start: *mut PyObject, stop: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        let slice = ffi::PySlice_New(start, stop, ffi::Py_None());
        ffi::Py_DECREF(start);
        ffi::Py_DECREF(stop);
        slice
    }
}
