//! Numbers and strings.

use pyo3::ffi::{self, PyObject};

use super::StandIn;

pub const STAND_INS: &[StandIn] = &[
    ("_PyFloat_ExactDealloc", dealloc as *const ()),
    ("_PyUnicode_ExactDealloc", dealloc as *const ()),
    ("binary_ops", (&raw const NUMBER_FUNCTIONS).cast()),
];

/// Mirrors `_PyFloat_ExactDealloc` and `_PyUnicode_ExactDealloc`: frees an object by its type.
unsafe extern "C" fn dealloc(object: *mut PyObject) {
    // SAFETY: the caller holds the last reference.
    unsafe {
        if let Some(dealloc) = (*ffi::Py_TYPE(object)).tp_dealloc {
            dealloc(object);
        }
    }
}

type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

/// Mirrors `binary_ops`, in the order of the operators' numbers.
static NUMBER_FUNCTIONS: [Binary; 26] = [
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
    in_place_power,
    ffi::PyNumber_InPlaceRshift,
    ffi::PyNumber_InPlaceSubtract,
    ffi::PyNumber_InPlaceTrueDivide,
    ffi::PyNumber_InPlaceXor,
];

/// Mirrors `_PyNumber_PowerNoMod`.
unsafe extern "C" fn power(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe { ffi::PyNumber_Power(left, right, ffi::Py_None()) }
}

/// Mirrors `_PyNumber_InPlacePowerNoMod`.
unsafe extern "C" fn in_place_power(left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe { ffi::PyNumber_InPlacePower(left, right, ffi::Py_None()) }
}
