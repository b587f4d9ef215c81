//! What is to happen to an exception in a compiled function.

use std::ops::Range;

use pyo3::ffi;

use crate::jit::code::read;
use crate::jit::{facts, reserve};
use crate::release::layout::PyCodeObject;

/// An entry of a code object's exception table.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Handler {
    /// Where it starts.
    pub unit: u32,
    /// Values that stay on the stack below the exception.
    pub depth: u32,
    /// Whether the number of the raising instruction is pushed first.
    pub lasti: bool,
}

/// The handler for an exception raised at `unit`.
///
/// # Safety
/// `code` is a live code object.
pub unsafe fn handler(code: usize, unit: u32) -> Option<Handler> {
    // SAFETY: by the caller.
    find(unsafe { table(code) }, unit)
}

/// The exception table of a code object.
///
/// # Safety
/// `code` is a live code object, and lives on while the table is used.
pub unsafe fn table<'a>(code: usize) -> &'a [u8] {
    // SAFETY: the table is a bytes object.
    unsafe {
        let table: *mut ffi::PyObject = read(code, PyCodeObject::co_exceptiontable.offset);
        let len = ffi::PyBytes_Size(table) as usize;
        std::slice::from_raw_parts(ffi::PyBytes_AsString(table).cast::<u8>(), len)
    }
}

/// Mirrors `get_exception_handler`: entries stand in order of the code that they cover.
fn find(table: &[u8], unit: u32) -> Option<Handler> {
    entries(table)
        .take_while(|(covered, _)| covered.start <= unit)
        .find(|(covered, _)| covered.contains(&unit))
        .map(|(_, handler)| handler)
}

/// Mirrors `parse_varint`: entries are four numbers, six bits a byte, most significant first:
/// start, length, target, and depth with `lasti` in the lowest bit. The first byte of an entry has
/// its top bit set, bytes that are followed by more of the same number the next one.
pub fn entries(table: &[u8]) -> impl Iterator<Item = (Range<u32>, Handler)> {
    let mut bytes = table.iter();
    let mut number = move || {
        let mut value = 0;
        loop {
            let byte = *bytes.next()?;
            value = value << 6 | u32::from(byte & 63);
            if byte & 64 == 0 {
                return Some(value);
            }
        }
    };
    std::iter::from_fn(move || {
        let (start, length, target, depth) = (number()?, number()?, number()?, number()?);
        let handler = Handler {
            unit: target,
            depth: depth >> 1,
            lasti: depth & 1 != 0,
        };
        Some((start..start.saturating_add(length), handler))
    })
}

/// Whether a table is as the interpreter's compiler makes them: entries that follow each other, lead
/// into code of so many units, and have their marks where a search looks for them.
pub fn is_orderly(table: &[u8], units: usize) -> bool {
    let fits = |unit: u32| unit as usize <= units;
    let mut covered = 0;
    let ordered = entries(table).all(|(range, handler)| {
        let follows = covered <= range.start && range.start < range.end && fits(range.end);
        covered = range.end;
        follows && (handler.unit as usize) < units
    });
    let mut numbers = 0;
    let mut first = true;
    let marked = table.iter().all(|byte| {
        let as_it_should = (byte & 128 != 0) == first;
        numbers = (numbers + u32::from(byte & 64 == 0)) % 4;
        first = numbers == 0 && byte & 64 == 0;
        as_it_should
    });
    ordered && marked && first
}

/// Sets an exception where a C function says that it has failed and has set none.
///
/// # Safety
/// The calling thread holds the GIL.
pub unsafe fn see_to_exception() {
    // SAFETY: by the caller.
    unsafe {
        // A local's number for which there was no memory may have taken its place.
        reserve::raised();
        if ffi::PyErr_Occurred().is_null() {
            let message = c"error return without exception set";
            ffi::PyErr_SetString(ffi::PyExc_SystemError, message.as_ptr());
        }
    }
}

/// Adds the running frame to the traceback of the exception that is set, unless the frame has
/// not reached its first traceable instruction.
///
/// # Safety
/// The frame is written and runs on that thread; an exception is set.
pub unsafe fn add_traceback(tstate: usize, base: usize) {
    // SAFETY: by the caller.
    unsafe {
        let code: usize = read(base, facts::FRAME_CODE);
        let at: usize = read(base, facts::FRAME_INSTR);
        let first: i32 = read(code, PyCodeObject::_co_firsttraceable.offset);
        let start = code + PyCodeObject::co_code_adaptive.offset as usize;
        if at < start + 2 * first as usize {
            return;
        }
        let frame = ffi::PyThreadState_GetFrame(tstate as *mut ffi::PyThreadState);
        if frame.is_null() {
            // What the lack of memory for it raised has taken the exception's place, and was cleared.
            ffi::PyErr_NoMemory();
        } else {
            PyTraceBack_Here(frame);
            ffi::Py_DECREF(frame.cast());
        }
    }
}

/// The exception that is set, as the object that handlers find on the stack.
///
/// # Safety
/// An exception is set and the calling thread holds the GIL.
pub unsafe fn take_exception() -> *mut ffi::PyObject {
    #[cfg(Py_3_12)]
    // SAFETY: by the caller.
    unsafe {
        ffi::PyErr_GetRaisedException()
    }
    #[cfg(not(Py_3_12))]
    // SAFETY: by the caller; each pointer is a reference of ours or NULL.
    unsafe {
        let mut ty = std::ptr::null_mut();
        let mut value = std::ptr::null_mut();
        let mut traceback = std::ptr::null_mut();
        ffi::PyErr_Fetch(&mut ty, &mut value, &mut traceback);
        ffi::PyErr_NormalizeException(&mut ty, &mut value, &mut traceback);
        let shown = if traceback.is_null() {
            ffi::Py_None()
        } else {
            traceback
        };
        ffi::PyException_SetTraceback(value, shown);
        ffi::Py_XDECREF(traceback);
        ffi::Py_XDECREF(ty);
        value
    }
}

unsafe extern "C" {
    fn PyTraceBack_Here(frame: *mut ffi::PyFrameObject) -> std::ffi::c_int;
}

#[cfg(test)]
mod tests {
    use super::{Handler, find, is_orderly};

    #[test]
    fn finds_the_entry_that_covers_a_unit() {
        // 3..7 to 20 at depth 1 with lasti; 70..72 to 130 at depth 0.
        let table = [128 | 3, 4, 20, 3, 128 | 64 | 1, 6, 2, 64 | 2, 2, 0];
        let first = Handler {
            unit: 20,
            depth: 1,
            lasti: true,
        };
        let second = Handler {
            unit: 130,
            depth: 0,
            lasti: false,
        };
        let cases = [
            (2, None),
            (3, Some(first)),
            (6, Some(first)),
            (7, None),
            (70, Some(second)),
            (71, Some(second)),
            (72, None),
        ];
        for (unit, expected) in cases {
            assert_eq!(find(&table, unit), expected, "unit {unit}");
        }
    }

    #[test]
    fn knows_orderly_tables() {
        let first = [128 | 3, 4, 20, 3];
        let second = [128 | 64 | 1, 6, 2, 64 | 2, 2, 0];
        let both = [&first[..], &second[..]].concat();
        assert!(is_orderly(&[], 10));
        assert!(is_orderly(&both, 131));
        let unmarked: Vec<u8> = both.iter().map(|byte| byte & 127).collect();
        let reversed = [&second[..], &first[..]].concat();
        let broken = [
            &both[..],
            &unmarked,
            &reversed,
            &[&first[..], &first].concat(),
            &both[..9],
            &[128 | 3, 0, 20, 3],
            &[128 | 3, 128 | 4, 20, 3],
        ];
        for table in broken {
            assert!(!is_orderly(table, 130), "{table:?}");
        }
    }
}
