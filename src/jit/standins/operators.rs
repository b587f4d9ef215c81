//! Subscripts and binary operators of classes whose methods for them are written in Python.
//!
//! Each mirrors what stands between the operation and the method: the abstract function, and the
//! slot that the interpreter gives such classes (`slot_mp_subscript`, `slot_nb_add` and so on).

use std::ffi::{CStr, c_int};

use pyo3::ffi::{self, PyMappingMethods, PyNumberMethods, PyObject, PyTypeObject};

use super::StandIn;
use super::python::{self, Methods};
use crate::jit::methods::{self, Method};

/// Functions that the interpreter exports and that compiled code calls in another form.
pub const INSTEAD: &[StandIn] = &[
    ("PyObject_GetItem", get_item as *const ()),
    ("PyObject_SetItem", set_item as *const ()),
];

// Where methods are among those of `python::NAMES`.
const GET_ITEM: usize = 1;
const SET_ITEM: usize = 2;
const FIRST_OPERATOR: usize = 3;

pub(super) type Binary = unsafe extern "C" fn(*mut PyObject, *mut PyObject) -> *mut PyObject;

/// A binary operator.
struct Operator {
    /// The function that does it for all objects.
    general: Binary,
    slot: fn(&PyNumberMethods) -> Option<ffi::binaryfunc>,
    /// How errors name it.
    symbol: &'static CStr,
}

const OPERATORS: [Operator; 12] = [
    Operator {
        general: ffi::PyNumber_Add,
        slot: |number| number.nb_add,
        symbol: c"+",
    },
    Operator {
        general: ffi::PyNumber_Subtract,
        slot: |number| number.nb_subtract,
        symbol: c"-",
    },
    Operator {
        general: ffi::PyNumber_Multiply,
        slot: |number| number.nb_multiply,
        symbol: c"*",
    },
    Operator {
        general: ffi::PyNumber_TrueDivide,
        slot: |number| number.nb_true_divide,
        symbol: c"/",
    },
    Operator {
        general: ffi::PyNumber_FloorDivide,
        slot: |number| number.nb_floor_divide,
        symbol: c"//",
    },
    Operator {
        general: ffi::PyNumber_Remainder,
        slot: |number| number.nb_remainder,
        symbol: c"%",
    },
    Operator {
        general: ffi::PyNumber_MatrixMultiply,
        slot: |number| number.nb_matrix_multiply,
        symbol: c"@",
    },
    Operator {
        general: ffi::PyNumber_And,
        slot: |number| number.nb_and,
        symbol: c"&",
    },
    Operator {
        general: ffi::PyNumber_Or,
        slot: |number| number.nb_or,
        symbol: c"|",
    },
    Operator {
        general: ffi::PyNumber_Xor,
        slot: |number| number.nb_xor,
        symbol: c"^",
    },
    Operator {
        general: ffi::PyNumber_Lshift,
        slot: |number| number.nb_lshift,
        symbol: c"<<",
    },
    Operator {
        general: ffi::PyNumber_Rshift,
        slot: |number| number.nb_rshift,
        symbol: c">>",
    },
];

/// Which of [`OPERATORS`] the instruction means by each number. Operating in place is none, nor are
/// powers.
pub(super) const NUMBERS: [Option<u8>; 13] = [
    Some(0),
    Some(7),
    Some(4),
    Some(10),
    Some(6),
    Some(2),
    Some(5),
    Some(8),
    None,
    Some(11),
    Some(1),
    Some(3),
    Some(9),
];

/// The interpreter's functions.
pub(super) const GENERAL: [Binary; OPERATORS.len()] = {
    let mut functions = [ffi::PyNumber_Add as Binary; OPERATORS.len()];
    let mut at = 0;
    while at < OPERATORS.len() {
        functions[at] = OPERATORS[at].general;
        at += 1;
    }
    functions
};

/// The functions that stand for the interpreter's.
pub(super) const OPERATE: [Binary; OPERATORS.len()] = [
    operate::<0>,
    operate::<1>,
    operate::<2>,
    operate::<3>,
    operate::<4>,
    operate::<5>,
    operate::<6>,
    operate::<7>,
    operate::<8>,
    operate::<9>,
    operate::<10>,
    operate::<11>,
];

/// The functions that go on where the left operand's method has given up.
const GO_ON: [Binary; OPERATORS.len()] = [
    go_on::<0>,
    go_on::<1>,
    go_on::<2>,
    go_on::<3>,
    go_on::<4>,
    go_on::<5>,
    go_on::<6>,
    go_on::<7>,
    go_on::<8>,
    go_on::<9>,
    go_on::<10>,
    go_on::<11>,
];

/// The operator that an instruction means by a number.
pub fn number(number: u8) -> Option<usize> {
    let at = NUMBERS.get(usize::from(number)).copied().flatten()?;
    Some(usize::from(at))
}

/// What a binary operator comes to for two operands, as long as they are of these classes and the
/// left one's has its present version.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    pub classes: [usize; 2],
    pub method: Method,
    /// What the method returns where it gives up, and the function that goes on then.
    pub refusal: usize,
    pub go_on: usize,
}

impl Operation {
    /// That of operands of two live classes, where the left one's method is tried first.
    pub fn look(at: usize, left: usize, right: usize) -> Option<Operation> {
        let operator = OPERATORS.get(at)?;
        let [class, other] = [left, right].map(|class| class as *mut PyTypeObject);
        // SAFETY: live classes, and the GIL is held while something is compiled.
        unsafe {
            if !is_heap(class) {
                return None;
            }
            let (methods, _) = python::methods()?;
            let name = FIRST_OPERATOR + at;
            let found = operator.method(methods, class, other, name)?;
            let method = methods::look(left, python::NAMES[name])?;
            (method.function == found as usize).then(|| Operation {
                classes: [left, right],
                method,
                refusal: ffi::Py_NotImplemented() as usize,
                go_on: GO_ON[at] as *const () as usize,
            })
        }
    }
}

/// What comes of an operator whose left operand's method has given up, which has made a reference to
/// say so.
unsafe extern "C" fn go_on<const AT: usize>(
    left: *mut PyObject,
    right: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller, who has two objects for which `Operation::look` gave something.
    unsafe {
        ffi::Py_DECREF(ffi::Py_NotImplemented());
        OPERATORS[AT].try_right(left, right)
    }
}

/// Whether a class was made by Python code, or as if by it.
///
/// # Safety
/// A live class.
unsafe fn is_heap(class: *mut PyTypeObject) -> bool {
    // SAFETY: by the caller.
    unsafe { (*class).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE != 0 }
}

/// The method that the subscripts of a class lead to: `slot` says to which function they lead first.
///
/// # Safety
/// A live class; the GIL is held.
unsafe fn subscripting(
    class: *mut PyTypeObject,
    slot: fn(&PyMappingMethods) -> Option<usize>,
    name: usize,
) -> Option<(&'static Methods, usize, *mut PyObject)> {
    let leads_to = |class: *mut PyTypeObject| {
        // SAFETY: a live class.
        slot(unsafe { (*class).tp_as_mapping.as_ref()? })
    };
    // SAFETY: by the caller.
    unsafe {
        if !is_heap(class) {
            return None;
        }
        let (methods, tstate) = python::methods()?;
        let first = leads_to(class)?;
        let method = (leads_to(methods.class()) == Some(first)).then(|| methods.of(class, name));
        Some((methods, tstate, method??))
    }
}

/// Stands for `PyObject_GetItem`.
unsafe extern "C" fn get_item(object: *mut PyObject, key: *mut PyObject) -> *mut PyObject {
    let slot = |mapping: &PyMappingMethods| mapping.mp_subscript.map(|f| f as usize);
    // SAFETY: by the caller, who has two objects.
    unsafe {
        match subscripting(ffi::Py_TYPE(object), slot, GET_ITEM) {
            Some((methods, tstate, method)) => methods.call_with(tstate, method, &[object, key]),
            None => ffi::PyObject_GetItem(object, key),
        }
    }
}

/// Stands for `PyObject_SetItem`.
unsafe extern "C" fn set_item(
    object: *mut PyObject,
    key: *mut PyObject,
    value: *mut PyObject,
) -> c_int {
    let slot = |mapping: &PyMappingMethods| mapping.mp_ass_subscript.map(|f| f as usize);
    // SAFETY: by the caller, who has three objects.
    unsafe {
        let found = subscripting(ffi::Py_TYPE(object), slot, SET_ITEM);
        let Some((methods, tstate, method)) = found else {
            return ffi::PyObject_SetItem(object, key, value);
        };
        let result = methods.call_with(tstate, method, &[object, key, value]);
        if result.is_null() {
            return -1;
        }
        ffi::Py_DECREF(result);
        0
    }
}

/// Stands for the function of a binary operator, counted as in [`OPERATORS`].
///
/// # Safety
/// As for `PyNumber_Add`.
unsafe extern "C" fn operate<const AT: usize>(
    left: *mut PyObject,
    right: *mut PyObject,
) -> *mut PyObject {
    let operator = &OPERATORS[AT];
    // SAFETY: by the caller, who has two objects.
    unsafe {
        let class = ffi::Py_TYPE(left);
        if is_heap(class)
            && let Some((methods, tstate)) = python::methods()
            && let Some(method) =
                operator.method(methods, class, ffi::Py_TYPE(right), FIRST_OPERATOR + AT)
        {
            let result = methods.call_with(tstate, method, &[left, right]);
            return match result == ffi::Py_NotImplemented() {
                true => {
                    ffi::Py_DECREF(result);
                    operator.try_right(left, right)
                }
                false => result,
            };
        }
        (operator.general)(left, right)
    }
}

impl Operator {
    fn slot_of(&self, class: *mut PyTypeObject) -> Option<ffi::binaryfunc> {
        // SAFETY: a live class.
        unsafe { (self.slot)((*class).tp_as_number.as_ref()?) }
    }

    /// The method of the left operand, where that is tried first and the right one's has no part in
    /// it but when it gives up: the right one is of the same class, or a number.
    ///
    /// # Safety
    /// Two live classes; the GIL is held.
    unsafe fn method(
        &self,
        methods: &Methods,
        class: *mut PyTypeObject,
        other: *mut PyTypeObject,
        name: usize,
    ) -> Option<*mut PyObject> {
        let address = |class| self.slot_of(class).map(|f| f as usize);
        // SAFETY: by the caller.
        unsafe {
            let simple = other == class
                || other == &raw mut ffi::PyFloat_Type
                || other == &raw mut ffi::PyLong_Type;
            let ours = address(methods.class());
            // What is a sequence as well may be concatenated or repeated.
            let sequence = (*class)
                .tp_as_sequence
                .as_ref()
                .is_some_and(|s| s.sq_concat.is_some() || s.sq_repeat.is_some());
            if !simple || sequence || ours.is_none() || address(class) != ours {
                return None;
            }
            methods.of(class, name)
        }
    }

    /// What is left to do when the left operand's method has given up.
    ///
    /// # Safety
    /// Two live objects for which `method` gave one; the GIL is held.
    unsafe fn try_right(&self, left: *mut PyObject, right: *mut PyObject) -> *mut PyObject {
        // SAFETY: by the caller.
        unsafe {
            let (class, other) = (ffi::Py_TYPE(left), ffi::Py_TYPE(right));
            if other != class
                && let Some(slot) = self.slot_of(other)
            {
                let result = slot(left, right);
                if result != ffi::Py_NotImplemented() {
                    return result;
                }
                ffi::Py_DECREF(result);
            }
            ffi::PyErr_Format(
                ffi::PyExc_TypeError,
                c"unsupported operand type(s) for %.100s: '%.100s' and '%.100s'".as_ptr(),
                self.symbol.as_ptr(),
                (*class).tp_name,
                (*other).tp_name,
            )
        }
    }
}
