//! Unpacking of iterables (3.11).

use std::ffi::c_int;
use std::ptr;

use pyo3::ffi::{self, Py_ssize_t, PyObject};

use super::StandIn;

pub const STAND_INS: &[StandIn] = &[("unpack_iterable", unpack as *const ())];

/// Mirrors `unpack_iterable`: items go below `end`, the first one highest. With `after` not
/// negative, a list of what is between stands before the last ones.
unsafe extern "C" fn unpack(
    _tstate: usize,
    iterable: *mut PyObject,
    before: c_int,
    after: c_int,
    end: *mut *mut PyObject,
) -> c_int {
    // SAFETY: by the caller, who has room for as many items as there are targets.
    unsafe {
        if let Some(items) = exact_items(iterable, before, after) {
            for i in 0..before as usize {
                *end.sub(i + 1) = ffi::Py_NewRef(*items.add(i));
            }
            return 1;
        }
        let iterator = ffi::PyObject_GetIter(iterable);
        if iterator.is_null() {
            explain_iterable(iterable);
            return 0;
        }
        let mut target = Target { end, filled: 0 };
        let done = fill(&mut target, iterator, before, after);
        if !done {
            target.drop_all();
        }
        ffi::Py_DECREF(iterator);
        c_int::from(done)
    }
}

/// The items of a tuple or list that has exactly as many as there are targets: nobody can see
/// how they are fetched.
unsafe fn exact_items(
    iterable: *mut PyObject,
    before: c_int,
    after: c_int,
) -> Option<*const *mut PyObject> {
    // SAFETY: by the caller, who has an object.
    unsafe {
        let fits = |length: Py_ssize_t| after < 0 && length == before as Py_ssize_t;
        if ffi::PyTuple_CheckExact(iterable) != 0 && fits(ffi::PyTuple_GET_SIZE(iterable)) {
            let tuple = iterable.cast::<ffi::PyTupleObject>();
            return Some((*tuple).ob_item.as_ptr());
        }
        if ffi::PyList_CheckExact(iterable) != 0 && fits(ffi::PyList_GET_SIZE(iterable)) {
            let list = iterable.cast::<ffi::PyListObject>();
            return Some((*list).ob_item.cast_const());
        }
    }
    None
}

/// The items that were written so far.
struct Target {
    end: *mut *mut PyObject,
    filled: usize,
}

impl Target {
    /// # Safety
    /// There is room for one more; the reference is given away.
    unsafe fn push(&mut self, item: *mut PyObject) {
        self.filled += 1;
        // SAFETY: by the caller.
        unsafe { *self.end.sub(self.filled) = item }
    }

    /// # Safety
    /// The items are alive.
    unsafe fn drop_all(&mut self) {
        for i in (1..=self.filled).rev() {
            // SAFETY: by the caller.
            unsafe { ffi::Py_DECREF(*self.end.sub(i)) }
        }
    }
}

unsafe fn fill(target: &mut Target, iterator: *mut PyObject, before: c_int, after: c_int) -> bool {
    // SAFETY: by the caller, as for `unpack`.
    unsafe {
        for got in 0..before {
            let item = ffi::PyIter_Next(iterator);
            if item.is_null() {
                if ffi::PyErr_Occurred().is_null() {
                    too_few(before, after, got as Py_ssize_t);
                }
                return false;
            }
            target.push(item);
        }
        if after < 0 {
            let more = ffi::PyIter_Next(iterator);
            if more.is_null() {
                return ffi::PyErr_Occurred().is_null();
            }
            ffi::Py_DECREF(more);
            ffi::PyErr_Format(
                ffi::PyExc_ValueError,
                c"too many values to unpack (expected %d)".as_ptr(),
                before,
            );
            return false;
        }
        let list = ffi::PySequence_List(iterator);
        if list.is_null() {
            return false;
        }
        target.push(list);
        let length = ffi::PyList_GET_SIZE(list);
        let after = after as Py_ssize_t;
        if length < after {
            too_few(before, after as c_int, before as Py_ssize_t + length);
            return false;
        }
        for i in length - after..length {
            target.push(ffi::Py_NewRef(ffi::PyList_GET_ITEM(list, i)));
        }
        ffi::PyList_SetSlice(list, length - after, length, ptr::null_mut()) == 0
    }
}

unsafe fn too_few(before: c_int, after: c_int, got: Py_ssize_t) {
    let (format, wanted) = if after < 0 {
        (
            c"not enough values to unpack (expected %d, got %zd)",
            before,
        )
    } else {
        (
            c"not enough values to unpack (expected at least %d, got %zd)",
            before + after,
        )
    };
    // SAFETY: the format has these two arguments.
    unsafe { ffi::PyErr_Format(ffi::PyExc_ValueError, format.as_ptr(), wanted, got) };
}

unsafe fn explain_iterable(iterable: *mut PyObject) {
    // SAFETY: by the caller, who has an object; an exception is set.
    unsafe {
        let ty = ffi::Py_TYPE(iterable);
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_TypeError) != 0
            && (*ty).tp_iter.is_none()
            && ffi::PySequence_Check(iterable) == 0
        {
            ffi::PyErr_Format(
                ffi::PyExc_TypeError,
                c"cannot unpack non-iterable %.200s object".as_ptr(),
                (*ty).tp_name,
            );
        }
    }
}
