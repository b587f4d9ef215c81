//! Numbers and strings.

use pyo3::ffi::{self, PyObject};

use super::StandIn;
use super::operators::operate;

pub const STAND_INS: &[StandIn] = &[
    ("_PyFloat_ExactDealloc", dealloc as *const ()),
    ("_PyUnicode_ExactDealloc", dealloc as *const ()),
    ("binary_ops", (&raw const NUMBER_FUNCTIONS).cast()),
];

/// Tables that the interpreter exports and that compiled code reads in another form.
pub const INSTEAD: &[StandIn] = &[
    #[cfg(not(Py_3_14))]
    ("_PyEval_BinaryOps", (&raw const NUMBER_FUNCTIONS).cast()),
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
    operate::<0>,
    operate::<7>,
    operate::<4>,
    operate::<10>,
    operate::<6>,
    operate::<2>,
    operate::<5>,
    operate::<8>,
    power,
    operate::<11>,
    operate::<1>,
    operate::<3>,
    operate::<9>,
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
