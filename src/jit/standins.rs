//! Functions that the interpreter's binary hides, written anew.
//!
//! Each names the upstream function whose behaviour it mirrors.

use std::ffi::{CStr, c_char, c_int};

use pyo3::ffi;
use pyo3::ffi::PyObject;

use crate::jit::code;
use crate::jit::symbols::lookup;

/// The stand-in for a hidden function.
pub fn find(name: &CStr) -> Option<usize> {
    let name = name.to_str().ok()?;
    let function = STAND_INS.iter().find(|stand_in| stand_in.0 == name);
    match function {
        Some(stand_in) => Some(stand_in.1 as usize),
        None if name == "binary_ops" => Some(&raw const BINARY_OPS as usize),
        // These are only ever compared or called to free an object of the type.
        None if name == "_PyFloat_ExactDealloc" || name == "_PyUnicode_ExactDealloc" => {
            Some(lookup(c"_Py_Dealloc"))
        }
        None => None,
    }
}

const STAND_INS: &[(&str, *const ())] = &[
    ("_PyCode_Quicken", quicken as *const ()),
    ("_PyDict_LoadGlobal", load_global as *const ()),
    ("_PyDict_SetItem_Take2", set_item_take2 as *const ()),
    (
        "_PyList_AppendTakeRefListResize",
        append_take_ref as *const (),
    ),
    ("call_exc_trace", call_exc_trace as *const ()),
    ("format_exc_check_arg", format_exc_check_arg as *const ()),
    (
        "_PyEval_FormatExcCheckArg",
        format_exc_check_arg as *const (),
    ),
];

/// `_PyCode_Quicken`: leaves the work to the interpreter, which does it the next time that it
/// runs the code.
unsafe extern "C" fn quicken(object: usize) {
    #[cfg(not(Py_3_12))]
    // SAFETY: a live code object.
    unsafe {
        code::write::<i16>(
            object,
            crate::release::layout::PyCodeObject::co_warmup.offset,
            -1,
        );
    }
    #[cfg(Py_3_12)]
    let _ = (object, code::read::<i16> as unsafe fn(usize, i32) -> i16);
}

/// `_PyDict_LoadGlobal`: a borrowed reference, or NULL with or without an exception.
unsafe extern "C" fn load_global(
    globals: *mut PyObject,
    builtins: *mut PyObject,
    key: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: two dictionaries and a name; the GIL is held.
    unsafe {
        let value = ffi::PyDict_GetItemWithError(globals, key);
        if !value.is_null() || !ffi::PyErr_Occurred().is_null() {
            return value;
        }
        ffi::PyDict_GetItemWithError(builtins, key)
    }
}

/// `_PyDict_SetItem_Take2`: takes over the references to key and value.
unsafe extern "C" fn set_item_take2(
    dict: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    // SAFETY: a dictionary and two objects whose references are given away.
    unsafe {
        let result = ffi::PyDict_SetItem(dict, key, value);
        ffi::Py_DECREF(key);
        ffi::Py_DECREF(value);
        result
    }
}

/// `_PyList_AppendTakeRefListResize`: takes over the reference to the item.
unsafe extern "C" fn append_take_ref(list: *mut PyObject, item: *mut PyObject) -> c_int {
    // SAFETY: a list and an object whose reference is given away.
    unsafe {
        let result = ffi::PyList_Append(list, item);
        ffi::Py_DECREF(item);
        result
    }
}

/// `call_exc_trace`: compiled code does not run while a thread is traced.
unsafe extern "C" fn call_exc_trace() {}

/// `format_exc_check_arg`: sets an exception that names a variable.
unsafe extern "C" fn format_exc_check_arg(
    _tstate: *mut ffi::PyThreadState,
    exception: *mut PyObject,
    format: *const c_char,
    name: *mut PyObject,
) {
    // SAFETY: an exception type, a format with one `%s`, and a string or NULL.
    unsafe {
        if name.is_null() {
            return;
        }
        let text = ffi::PyUnicode_AsUTF8(name);
        if text.is_null() {
            return;
        }
        ffi::PyErr_Format(exception, format, text);
        if exception != ffi::PyExc_NameError {
            return;
        }
        let (mut kind, mut value, mut traceback) = (
            std::ptr::null_mut(),
            std::ptr::null_mut(),
            std::ptr::null_mut(),
        );
        #[allow(deprecated, reason = "the releases served have no other way in common")]
        {
            ffi::PyErr_Fetch(&mut kind, &mut value, &mut traceback);
            ffi::PyErr_NormalizeException(&mut kind, &mut value, &mut traceback);
            if ffi::PyErr_GivenExceptionMatches(value, ffi::PyExc_NameError) != 0 {
                // The interpreter does not mind either if this fails.
                ffi::PyObject_SetAttrString(value, c"name".as_ptr(), name);
            }
            ffi::PyErr_Restore(kind, value, traceback);
        }
    }
}

/// `_PyNumber_PowerNoMod`
unsafe extern "C" fn power(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: two objects.
    unsafe { ffi::PyNumber_Power(left, right, ffi::Py_None()) }
}

/// `_PyNumber_InPlacePowerNoMod`
unsafe extern "C" fn power_in_place(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: two objects.
    unsafe { ffi::PyNumber_InPlacePower(left, right, ffi::Py_None()) }
}

type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

/// `binary_ops`: the function of each binary operator.
static BINARY_OPS: [Binary; 26] = [
    ffi::PyNumber_Add,
    ffi::PyNumber_And,
    ffi::PyNumber_FloorDivide,
    ffi::PyNumber_Lshift,
    ffi::PyNumber_MatrixMultiply,
    ffi::PyNumber_Multiply,
    ffi::PyNumber_Remainder,
    ffi::PyNumber_Or,
    power,
    ffi::PyNumber_Rshift,
    ffi::PyNumber_Subtract,
    ffi::PyNumber_TrueDivide,
    ffi::PyNumber_Xor,
    ffi::PyNumber_InPlaceAdd,
    ffi::PyNumber_InPlaceAnd,
    ffi::PyNumber_InPlaceFloorDivide,
    ffi::PyNumber_InPlaceLshift,
    ffi::PyNumber_InPlaceMatrixMultiply,
    ffi::PyNumber_InPlaceMultiply,
    ffi::PyNumber_InPlaceRemainder,
    ffi::PyNumber_InPlaceOr,
    power_in_place,
    ffi::PyNumber_InPlaceRshift,
    ffi::PyNumber_InPlaceSubtract,
    ffi::PyNumber_InPlaceTrueDivide,
    ffi::PyNumber_InPlaceXor,
];
