//! Subscripting with bounds that no slice object was made of.
//!
//! What lists, tuples, strings and bytes do with a slice is done here with its bounds, where they
//! are ints that fit a word, or `None`. For all else the object is made after all.

use std::ffi::c_int;
use std::ptr;

use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::emit::helpers::without_memory;
use crate::jit::code::read;
use crate::jit::{facts, reserve};

/// A bound is the number itself: one bit for each of start, stop and step.
pub const UNBOXED: u32 = 1;
/// The slice's reference to a bound has been counted: likewise.
pub const COUNTED: u32 = 8;
/// Whoever assigns drops its only reference to the value next.
pub const LAST_USE: u32 = 64;
/// A bound is `None` or NULL: one bit for each, as above.
pub const ABSENT: u32 = 128;

/// Lengths of values that are copied without asking for memory.
const SHORT: usize = 32;

/// Start, stop and step; `None` for `None`.
type Bounds = [Option<Py_ssize_t>; 3];

/// What a slice is of a sequence of some length.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Part {
    start: Py_ssize_t,
    step: Py_ssize_t,
    count: Py_ssize_t,
}

/// Makes a slice of bounds, whose references it takes over. NULL is `None`. Runs no Python code:
/// where making an object may start the collector, that waits.
///
/// # Safety
/// The GIL is held.
pub unsafe extern "C" fn make(
    start: *mut PyObject,
    stop: *mut PyObject,
    step: *mut PyObject,
) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        let collects = !cfg!(Py_3_12) && ffi::PyGC_Disable() != 0;
        let mut slice = ffi::PySlice_New(start, stop, step);
        if collects {
            ffi::PyGC_Enable();
        }
        if slice.is_null() {
            let bounds = [start, stop, step].map(|bound| match bound.is_null() {
                true => ffi::Py_None(),
                false => bound,
            });
            slice = without_memory(reserve::slice(bounds));
        }
        for bound in [start, stop, step] {
            ffi::Py_XDECREF(bound);
        }
        slice
    }
}

/// `container[start:stop:step]`; NULL with an exception.
///
/// # Safety
/// The GIL is held; the operands are what `shape` says, and live.
pub unsafe extern "C" fn get(
    container: *mut PyObject,
    start: usize,
    stop: usize,
    step: usize,
    shape: u32,
) -> *mut PyObject {
    let words = [start, stop, step];
    // SAFETY: by the caller.
    unsafe {
        if let Some(bounds) = bounds(words, shape)
            && let Some(part) = get_part(container, bounds)
        {
            return part;
        }
        with_object(words, shape, ptr::null_mut(), |slice| {
            ffi::PyObject_GetItem(container, slice)
        })
    }
}

/// `container[start:stop:step] = value`, or `del` of that where the value is NULL; not 0 with an
/// exception.
///
/// # Safety
/// As for [`get`].
pub unsafe extern "C" fn set(
    container: *mut PyObject,
    start: usize,
    stop: usize,
    step: usize,
    value: *mut PyObject,
    shape: u32,
) -> c_int {
    let words = [start, stop, step];
    // SAFETY: by the caller.
    unsafe {
        // What else may be assigned, and what is said of what may not, differs between releases.
        let plain = value.is_null()
            || is_exactly(value, &raw mut ffi::PyList_Type)
            || is_exactly(value, &raw mut ffi::PyTuple_Type);
        if plain
            && is_exactly(container, &raw mut ffi::PyList_Type)
            && let Some(bounds @ [_, _, None | Some(1)]) = bounds(words, shape)
        {
            let part = part(bounds, size(container));
            return set_part(container, part, value, shape & LAST_USE != 0);
        }
        with_object(words, shape, -1, |slice| match value.is_null() {
            true => ffi::PyObject_DelItem(container, slice),
            false => ffi::PyObject_SetItem(container, slice, value),
        })
    }
}

/// Does something with the object after all, which has the bounds' references meanwhile.
///
/// # Safety
/// As for [`get`].
unsafe fn with_object<T>(
    words: [usize; 3],
    shape: u32,
    failed: T,
    act: impl FnOnce(*mut PyObject) -> T,
) -> T {
    // SAFETY: by the caller. The slice has references of its own.
    unsafe {
        let mut objects = [ptr::null_mut(); 3];
        let mut new = [false; 3];
        let mut complete = true;
        for (i, &word) in words.iter().enumerate() {
            new[i] = shape & UNBOXED << i != 0;
            objects[i] = match new[i] {
                true => ffi::PyLong_FromLongLong(word as i64),
                false => word as *mut PyObject,
            };
            complete &= !(new[i] && objects[i].is_null());
        }
        let slice = match complete {
            true => ffi::PySlice_New(objects[0], objects[1], objects[2]),
            false => ptr::null_mut(),
        };
        for (i, &object) in objects.iter().enumerate() {
            if new[i] || (shape & COUNTED << i != 0 && !slice.is_null()) {
                ffi::Py_XDECREF(object);
            }
        }
        if slice.is_null() {
            return failed;
        }
        let result = act(slice);
        for (i, &object) in objects.iter().enumerate() {
            if shape & COUNTED << i != 0 {
                ffi::Py_INCREF(object);
            }
        }
        ffi::Py_DECREF(slice);
        result
    }
}

/// The bounds, if they are all ints that fit or `None`.
///
/// # Safety
/// As for [`get`].
#[inline(always)]
unsafe fn bounds(words: [usize; 3], shape: u32) -> Option<Bounds> {
    let mut bounds = [None; 3];
    for (i, &word) in words.iter().enumerate() {
        if shape & ABSENT << i != 0 {
            continue;
        }
        bounds[i] = match shape & UNBOXED << i != 0 {
            true => Some(word as Py_ssize_t),
            // SAFETY: by the caller.
            false => unsafe { bound(word as *mut PyObject)? },
        };
    }
    // Whoever counts with a step would have to look out for these.
    match bounds[2] {
        Some(0 | Py_ssize_t::MIN) => None,
        _ => Some(bounds),
    }
}

/// # Safety
/// The object is live, or NULL.
#[inline(always)]
unsafe fn bound(object: *mut PyObject) -> Option<Option<Py_ssize_t>> {
    // SAFETY: by the caller.
    unsafe {
        if object.is_null() || object == ffi::Py_None() {
            return Some(None);
        }
        if !is_exactly(object, &raw mut ffi::PyLong_Type) {
            return None;
        }
        let digit = i64::from(read::<u32>(object as usize, facts::FIRST_DIGIT)) as Py_ssize_t;
        match facts::long_size(object as usize) {
            (0, _) => Some(Some(0)),
            (1, true) => Some(Some(-digit)),
            (1, false) => Some(Some(digit)),
            _ => None,
        }
    }
}

/// What bounds are of a sequence of some length.
#[inline(always)]
fn part(bounds: Bounds, len: Py_ssize_t) -> Part {
    match bounds[2] {
        None | Some(1) => {
            let start = place(bounds[0], 0, (0, len), len);
            let stop = place(bounds[1], len, (0, len), len);
            Part {
                start,
                step: 1,
                count: (stop - start).max(0),
            }
        }
        Some(-1) => {
            let start = place(bounds[0], len - 1, (-1, len - 1), len);
            let stop = place(bounds[1], -1, (-1, len - 1), len);
            Part {
                start,
                step: -1,
                count: (start - stop).max(0),
            }
        }
        Some(step) => in_steps(bounds, step, len),
    }
}

/// The same for a step of more than one.
#[inline(never)]
fn in_steps(bounds: Bounds, step: Py_ssize_t, len: Py_ssize_t) -> Part {
    // Where counting may begin, and where it ends at the latest.
    let ends = match step > 0 {
        true => (0, len),
        false => (-1, len - 1),
    };
    let (first, last) = match step > 0 {
        true => ends,
        false => (ends.1, ends.0),
    };
    let start = place(bounds[0], first, ends, len);
    let stop = place(bounds[1], last, ends, len);
    let count = match step {
        1.. if start < stop => (stop - start - 1) / step + 1,
        ..=-1 if stop < start => (start - stop - 1) / -step + 1,
        _ => 0,
    };
    Part { start, step, count }
}

/// Where a bound is, which may count from the end, between the ends that there are.
#[inline(always)]
fn place(
    bound: Option<Py_ssize_t>,
    none: Py_ssize_t,
    (lowest, highest): (Py_ssize_t, Py_ssize_t),
    len: Py_ssize_t,
) -> Py_ssize_t {
    match bound {
        None => none,
        Some(bound) if bound < 0 => (bound + len).max(lowest),
        Some(bound) => bound.min(highest),
    }
}

/// What bounds are of a built-in sequence, unless that is for its type to say.
///
/// # Safety
/// The GIL is held, and the object is live.
unsafe fn get_part(container: *mut PyObject, bounds: Bounds) -> Option<*mut PyObject> {
    // SAFETY: by the caller. What is read is inside the sequence, whose type is known.
    unsafe {
        let object_type = ffi::Py_TYPE(container);
        if object_type == &raw mut ffi::PyList_Type {
            let part = part(bounds, size(container));
            let result = ffi::PyList_New(part.count);
            if part.count > 0 && !result.is_null() {
                let items = (*container.cast::<ffi::PyListObject>()).ob_item;
                copy(items, part, (*result.cast::<ffi::PyListObject>()).ob_item);
            }
            return Some(result);
        }
        if object_type == &raw mut ffi::PyTuple_Type {
            let len = size(container);
            let part = part(bounds, len);
            if part.step == 1 {
                let stop = part.start + part.count;
                return Some(ffi::PyTuple_GetSlice(container, part.start, stop));
            }
            let result = ffi::PyTuple_New(part.count);
            if part.count > 0 && !result.is_null() {
                copy(items_of_tuple(container), part, items_of_tuple(result));
            }
            return Some(result);
        }
        if bounds[2].is_some_and(|step| step != 1) {
            return None;
        }
        if object_type == &raw mut ffi::PyUnicode_Type {
            let len = ffi::PyUnicode_GetLength(container);
            let part = part(bounds, len);
            let stop = part.start + part.count;
            return (len >= 0).then(|| ffi::PyUnicode_Substring(container, part.start, stop));
        }
        if object_type == &raw mut ffi::PyBytes_Type {
            let part = part(bounds, size(container));
            if part.count == size(container) {
                ffi::Py_INCREF(container);
                return Some(container);
            }
            let from = ffi::PyBytes_AsString(container).offset(part.start);
            return Some(ffi::PyBytes_FromStringAndSize(from, part.count));
        }
        None
    }
}

/// Fills an array with items of a sequence.
///
/// # Safety
/// The part is one of that sequence, and the array has room for it and owns nothing yet.
unsafe fn copy(items: *mut *mut PyObject, part: Part, to: *mut *mut PyObject) {
    // SAFETY: by the caller.
    unsafe {
        let mut from = items.offset(part.start);
        for i in 0..part.count {
            let item = *from;
            ffi::Py_INCREF(item);
            *to.offset(i) = item;
            from = from.wrapping_offset(part.step);
        }
    }
}

/// Puts a value's items into the place of a part of a list that is without gaps.
///
/// # Safety
/// As for [`get`]; `list` is exactly a list.
unsafe fn set_part(list: *mut PyObject, part: Part, value: *mut PyObject, last_use: bool) -> c_int {
    // SAFETY: by the caller. Items are only let go of when the list is as it will be.
    unsafe {
        let same_length = part.count > 0
            && value != list
            && is_exactly(value, &raw mut ffi::PyList_Type)
            && size(value) == part.count;
        if !same_length {
            return ffi::PyList_SetSlice(list, part.start, part.start + part.count, value);
        }
        let count = part.count as usize;
        let items = (*list.cast::<ffi::PyListObject>())
            .ob_item
            .offset(part.start);
        let new = (*value.cast::<ffi::PyListObject>()).ob_item;
        if last_use && ffi::Py_REFCNT(value) == 1 {
            // The value goes next, and drops whatever it holds in the same order.
            for i in 0..count {
                ptr::swap(items.add(i), new.add(i));
            }
            return 0;
        }
        let mut old = [ptr::null_mut(); SHORT];
        let Some(old) = old.get_mut(..count) else {
            return ffi::PyList_SetSlice(list, part.start, part.start + part.count, value);
        };
        for (i, old) in old.iter_mut().enumerate() {
            let item = *new.add(i);
            ffi::Py_INCREF(item);
            *old = std::mem::replace(&mut *items.add(i), item);
        }
        for &object in old.iter().rev() {
            ffi::Py_DECREF(object);
        }
        0
    }
}

/// # Safety
/// The object is live, or NULL.
unsafe fn is_exactly(object: *mut PyObject, object_type: *mut ffi::PyTypeObject) -> bool {
    // SAFETY: by the caller.
    !object.is_null() && unsafe { ffi::Py_IS_TYPE(object, object_type) } != 0
}

/// # Safety
/// The object is of a type that has a size.
unsafe fn size(object: *mut PyObject) -> Py_ssize_t {
    // SAFETY: by the caller.
    unsafe { (*object.cast::<ffi::PyVarObject>()).ob_size }
}

/// # Safety
/// The object is a tuple.
unsafe fn items_of_tuple(object: *mut PyObject) -> *mut *mut PyObject {
    // SAFETY: by the caller.
    unsafe { (&raw mut (*object.cast::<ffi::PyTupleObject>()).ob_item).cast() }
}

#[cfg(test)]
mod tests {
    use super::part;

    /// Every slice with small bounds, against the indices of a list that is counted through.
    #[test]
    fn parts_of_short_sequences() {
        let bounds = |&bound: &Option<isize>| bound;
        let choices: Vec<Option<isize>> = (-6..=6)
            .chain([isize::MIN, isize::MAX])
            .map(Some)
            .chain([None])
            .collect();
        for len in 0..5 {
            for start in choices.iter().map(bounds) {
                for stop in choices.iter().map(bounds) {
                    for step in [None, Some(1), Some(-1), Some(2), Some(-3), Some(isize::MAX)] {
                        let found = part([start, stop, step], len);
                        let found: Vec<isize> = (0..found.count)
                            .map(|i| found.start + i * found.step)
                            .collect();
                        let expected = counted(start, stop, step.unwrap_or(1), len);
                        assert_eq!(found, expected, "{start:?}:{stop:?}:{step:?} of {len}");
                    }
                }
            }
        }
    }

    fn counted(start: Option<isize>, stop: Option<isize>, step: isize, len: isize) -> Vec<isize> {
        let place = |bound: isize| if bound < 0 { bound + len } else { bound };
        let mut found: Vec<isize> = (0..len).collect();
        if step < 0 {
            found.reverse();
            found.retain(|&i| start.is_none_or(|start| i <= place(start)));
            found.retain(|&i| stop.is_none_or(|stop| i > place(stop)));
        } else {
            found.retain(|&i| start.is_none_or(|start| i >= place(start)));
            found.retain(|&i| stop.is_none_or(|stop| i < place(stop)));
        }
        found.into_iter().step_by(step.unsigned_abs()).collect()
    }
}
