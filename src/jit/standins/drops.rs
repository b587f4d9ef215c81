//! Freeing instances of classes written in Python whose last reference compiled code lets go of.
//!
//! Mirrors `subtype_dealloc` for what has nothing but attributes: no finalizer, no slots, no weak
//! references, no dict. All that is asked before anything is touched, so that whatever else there is
//! goes to the interpreter's function as it was.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::attributes::{DICT, MANAGED_DICT, WITH_VALUES};
use super::{python, trashcan};
use crate::emit::helpers::_Py_Dealloc;
use crate::jit::code::{read, write};
use crate::jit::{facts, floats, tracer};
use crate::release::layout::{PyGC_Head, PyObject as object_layout};

/// `subtype_dealloc`, once it is known.
static OF_INSTANCES: AtomicUsize = AtomicUsize::new(0);

/// Learns what frees instances of classes written in Python, off such a class. Before that, the
/// interpreter frees everything.
pub fn prepare() {
    let Some(class) = python::probed() else {
        return;
    };
    // SAFETY: the class is kept for good.
    let dealloc = unsafe { (*class).tp_dealloc };
    OF_INSTANCES.store(address(dealloc), Ordering::Relaxed);
}

/// Frees an object whose count is 0. Stands for `_Py_Dealloc`. Most are no instances: they pass through
/// without a frame of this function.
///
/// # Safety
/// As for that, with the state of the running thread.
#[inline]
pub unsafe extern "C" fn free(object: *mut PyObject, tstate: usize) {
    // SAFETY: by the caller; every class has a function that frees.
    unsafe {
        let class = ffi::Py_TYPE(object);
        let dealloc = (*class).tp_dealloc.unwrap_unchecked();
        if dealloc as usize == OF_INSTANCES.load(Ordering::Relaxed) {
            return free_instance(object, tstate, class, dealloc as usize);
        }
        #[cfg(not(Py_3_12))]
        // That is all that `_Py_Dealloc` does.
        dealloc(object);
        #[cfg(Py_3_12)]
        _Py_Dealloc(object);
    }
}

/// Frees an object of a class that `subtype_dealloc`, which is `of_instances`, would free.
///
/// # Safety
/// As for `free`.
#[inline(never)]
unsafe extern "C" fn free_instance(
    object: *mut PyObject,
    tstate: usize,
    class: *mut PyTypeObject,
    of_instances: usize,
) {
    // SAFETY: by the caller; every class has a function that gives memory back.
    unsafe {
        if tracer::is_set() || !is_plain(object, class, of_instances) || !trashcan::begin(tstate) {
            return _Py_Dealloc(object);
        }
        untrack(object);
        values::drop_all(object, class, tstate);
        (*class).tp_free.unwrap_unchecked()(object.cast());
        // The class has a reference from each instance, and may go with the last one.
        release(class.cast(), tstate);
        trashcan::end(tstate);
    }
}

/// Whether all that goes with the object is its values, its memory and a reference to its class.
///
/// # Safety
/// An object of that class, which `subtype_dealloc` would free.
#[inline]
unsafe fn is_plain(object: *mut PyObject, class: *mut PyTypeObject, of_instances: usize) -> bool {
    const FLAGS: std::ffi::c_ulong =
        ffi::Py_TPFLAGS_HEAPTYPE | ffi::Py_TPFLAGS_HAVE_GC | MANAGED_DICT | WITH_VALUES;
    // SAFETY: by the caller; bases of live classes are alive, and `object` is below all of them.
    unsafe {
        if (*class).tp_flags & FLAGS != FLAGS {
            return false;
        }
        let finalizers = address((*class).tp_finalize) | address((*class).tp_del);
        if finalizers | read::<usize>(object as usize, DICT) != 0 {
            return false;
        }
        let weak = (*class).tp_weaklistoffset;
        if weak != 0 && read::<usize>(object as usize, weak as i32) != 0 {
            return false;
        }
        // Each class has the slots that it declares itself.
        let mut base = class;
        loop {
            if (*base).ob_base.ob_size != 0 {
                return false;
            }
            base = (*base).tp_base;
            if base == &raw mut ffi::PyBaseObject_Type {
                return true;
            }
            if address((*base).tp_dealloc) != of_instances {
                return false;
            }
        }
    }
}

fn address(function: Option<ffi::destructor>) -> usize {
    function.map_or(0, |f| f as usize)
}

/// Takes an object out of the list of those that the collector looks at.
///
/// # Safety
/// An object that has a header for the collector.
#[inline]
unsafe fn untrack(object: *mut PyObject) {
    /// The object has had its finalizer run.
    const FINALIZED: usize = 1;
    /// The bits that hold no address.
    const MARKS: usize = 3;
    const NEXT: i32 = PyGC_Head::_gc_next.offset;
    const PREVIOUS: i32 = PyGC_Head::_gc_prev.offset;
    const HEAD_BYTES: usize = PREVIOUS as usize + size_of::<usize>();
    // SAFETY: by the caller; a list leads from and to each of its members.
    unsafe {
        let head = object as usize - HEAD_BYTES;
        let next: usize = read(head, NEXT);
        if next == 0 {
            return;
        }
        let previous: usize = read(head, PREVIOUS);
        write(previous & !MARKS, NEXT, next);
        let marks = read::<usize>(next, PREVIOUS) & MARKS;
        write(next, PREVIOUS, marks | previous & !MARKS);
        write(head, NEXT, 0usize);
        write(head, PREVIOUS, previous & FINALIZED);
    }
}

/// Drops a reference that the caller has.
///
/// # Safety
/// The reference is the caller's to drop, with the state of the running thread.
#[inline]
unsafe fn release(object: *mut PyObject, tstate: usize) {
    const COUNT: i32 = object_layout::ob_refcnt.offset;
    // SAFETY: by the caller.
    unsafe {
        if facts::IMMORTALS && read::<i32>(object as usize, COUNT) < 0 {
            return;
        }
        let left = read::<isize>(object as usize, COUNT) - 1;
        write(object as usize, COUNT, left);
        if left == 0 {
            let float = ffi::Py_TYPE(object) as usize == facts::float_type();
            if !float || !floats::keep_one(object, tstate) {
                free(object, tstate);
            }
        }
    }
}

/// The attributes of an instance, behind a pointer in front of it. Mirrors
/// `_PyObject_FreeInstanceAttributes` and `free_values`.
#[cfg(not(Py_3_12))]
mod values {
    use super::*;
    use crate::jit::standins::attributes::VALUES;
    use crate::release::layout::{PyDictKeysObject, PyHeapTypeObject};

    /// Where values say how much of their memory is in front of them.
    const PREFIX: i32 = -1;

    /// # Safety
    /// As for `free`: nobody has the object any more.
    #[inline]
    pub unsafe fn drop_all(object: *mut PyObject, class: *mut PyTypeObject, tstate: usize) {
        // SAFETY: by the caller; there is a value or NULL for each key of the class.
        unsafe {
            let values: usize = read(object as usize, VALUES);
            if values == 0 {
                return;
            }
            write(object as usize, VALUES, 0usize);
            let keys: usize = read(class as usize, PyHeapTypeObject::ht_cached_keys.offset);
            // What goes may give the class more keys: this instance has nothing under those.
            let count: i64 = read(keys, PyDictKeysObject::dk_nentries.offset);
            for i in 0..count as usize {
                let value = *(values as *const *mut PyObject).add(i);
                if !value.is_null() {
                    release(value, tstate);
                }
            }
            let start = values - usize::from(read::<u8>(values, PREFIX));
            ffi::PyMem_Free(start as *mut _);
        }
    }
}

/// The attributes of an instance, behind its members. Mirrors `PyObject_ClearManagedDict`,
/// `_PyObject_SetManagedDict` and `set_dict_inline_values`.
#[cfg(Py_3_12)]
mod values {
    use super::*;
    use crate::release::layout::PyDictValues;

    /// # Safety
    /// As for `free`: nobody has the object any more.
    #[inline]
    pub unsafe fn drop_all(object: *mut PyObject, class: *mut PyTypeObject, tstate: usize) {
        // SAFETY: by the caller; the memory of an instance ends with its values.
        unsafe {
            let values = object as usize + (*class).tp_basicsize as usize;
            if read::<u8>(values, PyDictValues::valid.offset) == 0 {
                return;
            }
            write(values, PyDictValues::valid.offset, 0u8);
            let first = values + PyDictValues::values.offset as usize;
            for i in 0..usize::from(read::<u8>(values, PyDictValues::capacity.offset)) {
                let at = (first as *mut *mut PyObject).add(i);
                let value = at.replace(std::ptr::null_mut());
                if !value.is_null() {
                    release(value, tstate);
                }
            }
        }
    }
}
