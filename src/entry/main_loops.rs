//! Which code has a loop that the program itself may stay in from its first call on.
//!
//! Asked for every function that is made. What was found out is kept beside the code objects, not
//! in them: code that nobody has compiled looks untouched, since the interpreter hands only such
//! code to other interpreters.

#[cfg(Py_3_12)]
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::ffi;

use crate::release::{OPCODES, ROLES, layout};

/// How much is kept.
#[cfg(Py_3_12)]
const ENTRIES: usize = 1024;

/// Each holds what tells a code object from others, but for the lowest bit, which is the answer.
#[cfg(Py_3_12)]
static KNOWN: [AtomicU64; ENTRIES] = [const { AtomicU64::new(0) }; ENTRIES];

/// Whether there is a jump backwards in this code, and it is the main module's.
///
/// An answer may be that for other code of the same size and file that was there before: it is
/// used for a guess only.
#[cfg(Py_3_12)]
pub fn has(code: *mut ffi::PyCodeObject) -> bool {
    let key = key(code);
    let entry = &KNOWN[(key >> 32) as usize % ENTRIES];
    let known = entry.load(Ordering::Relaxed);
    if known | 1 == key | 1 {
        return known & 1 != 0;
    }
    let answer = find(code);
    entry.store((key & !1) | u64::from(answer), Ordering::Relaxed);
    answer
}

#[cfg(Py_3_12)]
fn key(code: *mut ffi::PyCodeObject) -> u64 {
    /// Spreads what is mixed over all bits.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    // SAFETY: callers hold the GIL and a reference to the code object.
    let size = unsafe { ffi::Py_SIZE(code.cast()) } as u64;
    [code as u64, size, filename(code) as u64]
        .into_iter()
        .fold(0, |mixed: u64, part| {
            (mixed.rotate_left(23) ^ part).wrapping_mul(SPREAD)
        })
}

/// The answer, without a look at what is known.
pub fn find(code: *mut ffi::PyCodeObject) -> bool {
    // SAFETY: a live code object; its size is the number of its code units.
    let units = unsafe {
        let first = code
            .cast::<u8>()
            .offset(layout::PyCodeObject::co_code_adaptive.offset as isize);
        let size = ffi::Py_SIZE(code.cast()) as usize;
        std::slice::from_raw_parts(first.cast::<[u8; 2]>(), size)
    };
    let jumps_back = |unit: &[u8; 2]| {
        let generic = OPCODES[usize::from(unit[0])].base;
        ROLES.backward_jumps.contains(&generic)
    };
    units.iter().any(jumps_back) && is_main(code)
}

fn filename(code: *mut ffi::PyCodeObject) -> *mut ffi::PyObject {
    // SAFETY: callers hold the GIL and a reference to the code object.
    unsafe {
        code.cast::<u8>()
            .offset(layout::PyCodeObject::co_filename.offset as isize)
            .cast::<*mut ffi::PyObject>()
            .read()
    }
}

/// Whether code comes from the file that the program was started with, or from no file as all of
/// the program does.
fn is_main(code: *mut ffi::PyCodeObject) -> bool {
    // SAFETY: callers hold the GIL and a reference to the code object; all other references are
    // borrowed and used at once.
    unsafe {
        // Not `PyImport_AddModule`: who has taken the module away must not find it there again.
        // Not `PyImport_GetModuleDict`: finalizers still run when there are no modules any more,
        // and it ends the process then.
        let modules = ffi::PySys_GetObject(c"modules".as_ptr());
        if modules.is_null() {
            return false;
        }
        let main = ffi::PyDict_GetItemString(modules, c"__main__".as_ptr());
        if main.is_null() || ffi::PyModule_Check(main) == 0 {
            return false;
        }
        let file = ffi::PyDict_GetItemString(ffi::PyModule_GetDict(main), c"__file__".as_ptr());
        let name = filename(code);
        if file.is_null() {
            return ffi::PyUnicode_CompareWithASCIIString(name, c"<string>".as_ptr()) == 0;
        }
        if ffi::PyUnicode_Check(file) == 0 || ffi::PyUnicode_Check(name) == 0 {
            return false;
        }
        ffi::PyUnicode_Compare(file, name) == 0
    }
}
