//! Numbers and strings.

use pyo3::ffi::{self, PyObject};

use super::StandIn;
use super::operators::{Binary, GENERAL, NUMBERS, OPERATE};
use crate::mechanisms::Mechanism;

pub const STAND_INS: &[StandIn] = &[
    ("_PyFloat_ExactDealloc", dealloc as *const ()),
    ("_PyUnicode_ExactDealloc", dealloc as *const ()),
];

/// The table that the interpreter hides, on releases where it does.
pub fn tables() -> &'static [StandIn] {
    const DIRECT: &[StandIn] = &[("binary_ops", (&raw const NUMBER_FUNCTIONS).cast())];
    const GENERAL: &[StandIn] = &[("binary_ops", (&raw const GENERAL_FUNCTIONS).cast())];
    match Mechanism::OperatorStandIns.is_on() {
        true => DIRECT,
        false => GENERAL,
    }
}

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

/// The functions that operate in place, in the order of the operators' numbers.
const IN_PLACE: [Binary; NUMBERS.len()] = [
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

/// Mirrors `binary_ops`, in the order of the operators' numbers.
static NUMBER_FUNCTIONS: [Binary; 2 * NUMBERS.len()] = functions(&OPERATE);

/// The same with the interpreter's own functions.
static GENERAL_FUNCTIONS: [Binary; 2 * NUMBERS.len()] = functions(&GENERAL);

const fn functions(operate: &[Binary; OPERATE.len()]) -> [Binary; 2 * NUMBERS.len()] {
    let mut functions = [power as Binary; 2 * NUMBERS.len()];
    let mut number = 0;
    while number < NUMBERS.len() {
        if let Some(at) = NUMBERS[number] {
            functions[number] = operate[at as usize];
        }
        functions[NUMBERS.len() + number] = IN_PLACE[number];
        number += 1;
    }
    functions
}

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
