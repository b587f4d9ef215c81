//! Arrays of numbers (`array.array`), whose layout no header tells: it is read off a live one.
//!
//! The buffer protocol says where the items are and what they are. Which members of the object
//! hold the address of the items and the item type follows from comparing the object's words with
//! that, and with the words of an empty array of the same type.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::sync::OnceLock;

use pyo3::ffi;

use crate::emit::types::Ty;
use crate::jit::code::read;
use crate::release::layout::PyVarObject;

/// An array: its type, its item type, and where its items are.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Array {
    pub object_type: usize,
    /// What tells arrays of this item type from others: this word, at this offset.
    pub mark: usize,
    pub mark_at: i32,
    /// Where the pointer to the items stands.
    pub items_at: i32,
    pub item: Ty,
}

/// Offsets that all arrays share.
#[derive(Clone, Copy, Debug)]
struct Offsets {
    object_type: usize,
    mark: i32,
    items: i32,
}

static OFFSETS: OnceLock<Offsets> = OnceLock::new();

/// The type that arrays are known to have, once one was seen.
pub fn array_type() -> Option<usize> {
    OFFSETS.get().map(|offsets| offsets.object_type)
}

/// What is to be known of an array, if the live object is one of numbers.
pub fn look(object: usize) -> Option<Array> {
    if !is_array(object) {
        return None;
    }
    let (items, item) = buffer(object)?;
    let offsets = match OFFSETS.get() {
        Some(offsets) => *offsets,
        None => {
            let found = compare(object, items)?;
            *OFFSETS.get_or_init(|| found)
        }
    };
    // SAFETY: a live array.
    let object_type = unsafe { read::<usize>(object, offset_of_type()) };
    (object_type == offsets.object_type).then(|| Array {
        object_type,
        // SAFETY: the offset is inside every array.
        mark: unsafe { read(object, offsets.mark) },
        mark_at: offsets.mark,
        items_at: offsets.items,
        item,
    })
}

fn offset_of_type() -> i32 {
    crate::release::layout::PyObject::ob_type.offset
}

/// Only C code can make a type that does not change.
fn is_array(object: usize) -> bool {
    let object = object as *mut ffi::PyObject;
    // SAFETY: a live object; types have names.
    unsafe {
        let ty = ffi::Py_TYPE(object);
        (*ty).tp_flags & ffi::Py_TPFLAGS_IMMUTABLETYPE != 0
            && CStr::from_ptr((*ty).tp_name) == c"array.array"
    }
}

/// Where the items are, and their type.
fn buffer(object: usize) -> Option<(usize, Ty)> {
    let object = object as *mut ffi::PyObject;
    let mut view = MaybeUninit::<ffi::Py_buffer>::zeroed();
    let flags = ffi::PyBUF_FORMAT | ffi::PyBUF_ND;
    // SAFETY: a live object, and memory for the view; arrays run no Python code here.
    unsafe {
        if ffi::PyObject_GetBuffer(object, view.as_mut_ptr(), flags) != 0 {
            ffi::PyErr_Clear();
            return None;
        }
        let mut view = view.assume_init();
        let format = (!view.format.is_null()).then(|| CStr::from_ptr(view.format).to_bytes());
        let found = (view.buf as usize, item_type(format, view.itemsize));
        let size = object.byte_add(PyVarObject::ob_size.offset as usize);
        let plain = view.ndim == 1 && view.shape.cast() == size;
        ffi::PyBuffer_Release(&mut view);
        match found {
            (items, Some(ty)) if plain => Some((items, ty)),
            _ => None,
        }
    }
}

fn item_type(format: Option<&[u8]>, size: ffi::Py_ssize_t) -> Option<Ty> {
    let [format] = format? else {
        return None;
    };
    match (format, size) {
        (b'd', 8) => Some(Ty::F64),
        (b'b', 1) => Some(Ty::I8),
        (b'B', 1) => Some(Ty::U8),
        (b'h', 2) => Some(Ty::I16),
        (b'H', 2) => Some(Ty::U16),
        (b'i', 4) => Some(Ty::I32),
        (b'I', 4) => Some(Ty::U32),
        (b'l' | b'q', 8) => Some(Ty::I64),
        _ => None,
    }
}

/// Finds the members of an array: the one with the address of its items, and the only one beyond
/// the head that an empty array has as well.
fn compare(object: usize, items: usize) -> Option<Offsets> {
    // SAFETY: a live array. Repeating it runs no Python code with the collector stopped.
    let empty = unsafe {
        let collects = ffi::PyGC_Disable();
        let empty = ffi::PySequence_Repeat(object as *mut ffi::PyObject, 0);
        if collects != 0 {
            ffi::PyGC_Enable();
        }
        if empty.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        empty
    };
    // SAFETY: both are live objects of this type, which says how large they are.
    unsafe {
        let ty = ffi::Py_TYPE(empty);
        let head = size_of::<ffi::PyVarObject>() as i32;
        let words = (head..(*ty).tp_basicsize as i32).step_by(8);
        let same: Vec<i32> = words
            .clone()
            .filter(|&at| {
                let word: usize = read(empty as usize, at);
                word != 0 && word == read::<usize>(object, at)
            })
            .collect();
        let set = words
            .clone()
            .filter(|&at| read::<usize>(empty as usize, at) != 0);
        let set = set.count();
        let pointers: Vec<i32> = words
            .filter(|&at| items != 0 && read::<usize>(object, at) == items)
            .collect();
        let is_same_type = ffi::Py_TYPE(object as *mut ffi::PyObject) == ty;
        ffi::Py_DECREF(empty);
        let (&[mark], &[items], 1, true) = (&same[..], &pointers[..], set, is_same_type) else {
            return None;
        };
        // Compiled code compares with the type's address: it has to stay.
        ffi::Py_INCREF(ty.cast());
        Some(Offsets {
            object_type: ty as usize,
            mark,
            items,
        })
    }
}
