//! Places inside C variables: static strings, small ints, the empty tuple.
//!
//! Their distances are those of the synced release. Patch releases put more or less before the
//! static objects, so where those are is asked of the running interpreter. A string is believed only
//! when it holds the text that it should; else the interpreter is asked for that one too.

use pyo3::ffi;

use super::table::Place;
use super::{PLACES, SMALL_INTS};
use crate::jit::symbols::lookup;

/// The first of the small ints that the interpreter keeps.
const FIRST_SMALL_INT: std::ffi::c_long = -5;
/// Bytes that patch releases may put before a static object, or take away.
const NEAR: usize = 4096;

/// Turns the address of each such symbol's variable into that of the place; 0 where the place is
/// not what it should be.
pub fn settle(addresses: &mut [usize]) {
    let moved = moved();
    for place in PLACES {
        let address = &mut addresses[usize::from(place.symbol.0)];
        *address = match (*address, place.moves, moved) {
            (0, ..) | (_, true, None) => 0,
            (variable, true, Some(moved)) => variable
                .wrapping_add(place.offset)
                .wrapping_add_signed(moved),
            (variable, false, _) => variable + place.offset,
        };
        if *address != 0 && !holds(place, *address) {
            *address = found(place, *address).unwrap_or(0);
        }
    }
}

/// How much further from their variable's start the static objects are here.
fn moved() -> Option<isize> {
    let (variable, offset) = SMALL_INTS?;
    let variable = lookup(variable);
    if variable == 0 {
        return None;
    }
    // SAFETY: the interpreter runs and this thread holds its lock; small ints are immortal.
    let first = unsafe {
        let first = ffi::PyLong_FromLong(FIRST_SMALL_INT);
        ffi::Py_XDECREF(first);
        first as usize
    };
    let moved = first.wrapping_sub(variable.wrapping_add(offset)) as isize;
    // Anything else than a few members more or less means that the ints are somewhere else.
    (moved.unsigned_abs() < NEAR && moved % 8 == 0).then_some(moved)
}

/// Where the string of a place is in this patch release: the interpreter has one of each text, and
/// it is believed when it stands near the place.
fn found(place: &Place, address: usize) -> Option<usize> {
    let text = place.text?;
    // SAFETY: the thread holds the lock; a string inside a variable lives forever.
    let string = unsafe {
        let length = text.len() as ffi::Py_ssize_t;
        let mut string = ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), length);
        ffi::PyUnicode_InternInPlace(&raw mut string);
        ffi::Py_XDECREF(string);
        string as usize
    };
    (string.abs_diff(address) < NEAR).then_some(string)
}

fn holds(place: &Place, address: usize) -> bool {
    let Some(text) = place.text else {
        return true;
    };
    let object = address as *mut ffi::PyObject;
    // SAFETY: the address is inside a variable of the interpreter, so it can be read; only what
    // says that it is a string is taken for one.
    unsafe {
        if (*object).ob_type != &raw mut ffi::PyUnicode_Type {
            return false;
        }
        let mut length = 0;
        let found = ffi::PyUnicode_AsUTF8AndSize(object, &raw mut length);
        if found.is_null() {
            ffi::PyErr_Clear();
            return false;
        }
        std::slice::from_raw_parts(found.cast::<u8>(), length as usize) == text.as_bytes()
    }
}
