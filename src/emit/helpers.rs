//! What machine code calls where its own way ends.

use pyo3::ffi;

use crate::jit::{facts, reserve};
use crate::mechanisms::Mechanism;

/// What stands in for an object that there is no memory for. Without it the process ends: no exception
/// can be raised here.
///
/// # Safety
/// The calling thread holds the GIL.
#[cold]
pub(crate) unsafe fn without_memory(kept: Option<*mut ffi::PyObject>) -> *mut ffi::PyObject {
    let Some(object) = kept else {
        eprintln!("cevalry: out of memory");
        std::process::abort()
    };
    // SAFETY: by the caller.
    unsafe { reserve::raise_later() };
    object
}

/// Replaces what was taken while there was no memory, since there is some now.
fn refilled(object: *mut ffi::PyObject) -> *mut ffi::PyObject {
    if reserve::is_short() {
        // SAFETY: whoever has made the object holds the GIL.
        unsafe { reserve::refill() };
    }
    object
}

unsafe extern "C" {
    /// Frees an object whose count is 0.
    pub(crate) fn _Py_Dealloc(object: *mut ffi::PyObject);
    /// What the interpreter computes powers with.
    pub(crate) fn pow(base: f64, exponent: f64) -> f64;
}

/// A new `float`.
pub unsafe extern "C" fn box_float(value: f64) -> *mut ffi::PyObject {
    // SAFETY: the GIL is held.
    unsafe {
        let object = ffi::PyFloat_FromDouble(value);
        if object.is_null() {
            return without_memory(reserve::float(value));
        }
        refilled(object)
    }
}

/// An `int`.
pub unsafe extern "C" fn box_long(value: i64) -> *mut ffi::PyObject {
    // SAFETY: the GIL is held.
    unsafe {
        let object = ffi::PyLong_FromLongLong(value);
        if object.is_null() {
            return without_memory(reserve::long(value));
        }
        refilled(object)
    }
}

/// Writes an unboxed `float` to a local whose memory holds NULL or an exact `float` or `int`.
unsafe extern "C" fn write_float(slot: *mut *mut ffi::PyObject, value: f64) {
    // SAFETY: the slot is a local of a live frame, and owns what it holds.
    unsafe {
        let old = *slot;
        if !old.is_null()
            && ffi::Py_IS_TYPE(old, &raw mut ffi::PyFloat_Type) != 0
            && ffi::Py_REFCNT(old) == 1
        {
            (*old.cast::<ffi::PyFloatObject>()).ob_fval = value;
            return;
        }
        *slot = box_float(value);
        ffi::Py_XDECREF(old);
    }
}

/// The same for an unboxed `int`.
pub unsafe extern "C" fn write_long(slot: *mut *mut ffi::PyObject, value: i64) {
    // SAFETY: as for `write_float`. Nobody else has an object that is counted once.
    unsafe {
        let old = *slot;
        if !old.is_null()
            && ffi::Py_IS_TYPE(old, &raw mut ffi::PyLong_Type) != 0
            && ffi::Py_REFCNT(old) == 1
            && in_place(old as usize, value)
        {
            return;
        }
        *slot = box_long(value);
        ffi::Py_XDECREF(old);
    }
}

/// What writes an unboxed `float` to a local.
pub(crate) fn float_writer() -> usize {
    match Mechanism::Overwriting.is_on() {
        true => write_float as *const () as usize,
        false => replace_float as *const () as usize,
    }
}

/// The same for an `int`.
pub(crate) fn long_writer() -> usize {
    match Mechanism::Overwriting.is_on() {
        true => write_long as *const () as usize,
        false => replace_long as *const () as usize,
    }
}

/// `write_float` with a new object each time.
unsafe extern "C" fn replace_float(slot: *mut *mut ffi::PyObject, value: f64) {
    // SAFETY: as for `write_float`.
    unsafe { write_object(slot, box_float(value)) }
}

/// `write_long` with a new object each time.
unsafe extern "C" fn replace_long(slot: *mut *mut ffi::PyObject, value: i64) {
    // SAFETY: as for `write_float`.
    unsafe { write_object(slot, box_long(value)) }
}

/// The least and the greatest `int` that exist once for everybody.
pub(crate) const LEAST_SHARED: i64 = -5;
pub(crate) const GREATEST_SHARED: i64 = if cfg!(Py_3_15) { 1024 } else { 256 };

/// Makes an `int` of one digit another one, if that has one digit as well and is not shared.
///
/// # Safety
/// A live `int` that nobody else looks at.
unsafe fn in_place(object: usize, value: i64) -> bool {
    let digit = value.unsigned_abs();
    let fits =
        !(LEAST_SHARED..=GREATEST_SHARED).contains(&value) && digit >> facts::DIGIT_BITS == 0;
    // SAFETY: by the caller.
    unsafe {
        if !fits || facts::long_size(object).0 != 1 {
            return false;
        }
        facts::set_long(object, value);
    }
    true
}

/// The same for an object, whose reference the slot takes over.
pub unsafe extern "C" fn write_object(slot: *mut *mut ffi::PyObject, object: *mut ffi::PyObject) {
    // SAFETY: as for `write_float`.
    unsafe {
        let old = *slot;
        *slot = object;
        ffi::Py_XDECREF(old);
    }
}

/// The same for an object that is borrowed.
pub unsafe extern "C" fn write_borrowed(slot: *mut *mut ffi::PyObject, object: *mut ffi::PyObject) {
    // SAFETY: as for `write_float`; the object is live.
    unsafe {
        ffi::Py_XINCREF(object);
        write_object(slot, object);
    }
}

/// The same for an unboxed `bool`.
pub unsafe extern "C" fn write_bool(slot: *mut *mut ffi::PyObject, value: i64) {
    // SAFETY: as for `write_float`; the singletons live forever.
    unsafe {
        write_borrowed(
            slot,
            if value & 0xff != 0 {
                ffi::Py_True()
            } else {
                ffi::Py_False()
            },
        );
    }
}
