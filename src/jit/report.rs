//! Ending the process where what cannot happen has happened, with a sentence that says where.

use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use pyo3::ffi;

use crate::emit::view::Unit;
use crate::jit::code::{decode, read, units};
use crate::jit::facts;
use crate::jit::record::Record;
use crate::jit::writeback::instruction;
use crate::release::OPCODES;
use crate::release::layout::PyCodeObject;

/// The exit that is being looked after, for the report: those of one frame never overlap with
/// others, since no Python code runs meanwhile.
static RECORD: AtomicPtr<Record> = AtomicPtr::new(std::ptr::null_mut());
static UNIT: AtomicU32 = AtomicU32::new(0);

/// Notes that compiled code of the record has left before `unit`.
pub fn note(record: *mut Record, unit: u32) {
    RECORD.store(record, Ordering::Relaxed);
    UNIT.store(unit, Ordering::Relaxed);
}

/// Forgets what was noted.
pub fn forget() {
    RECORD.store(std::ptr::null_mut(), Ordering::Relaxed);
}

/// Ends the process: the compiler failed where neither compiled code nor the interpreter could go on.
///
/// # Safety
/// The GIL is held, the frame runs, and what was noted, if anything, is a live record.
pub unsafe fn failed(frame: usize) -> ! {
    let record = RECORD.load(Ordering::Relaxed);
    // SAFETY: by the caller.
    let place = unsafe {
        match record.as_ref() {
            Some(record) => place(record, UNIT.load(Ordering::Relaxed)),
            None => last_known(frame),
        }
    };
    eprintln!("cevalry: the compiler failed in the middle of {place}");
    std::process::abort()
}

/// Where something happened: function, offset and opcode.
///
/// # Safety
/// The record's code object is alive, and the GIL is held.
pub unsafe fn place(record: &Record, unit: u32) -> String {
    // SAFETY: by the caller.
    let name = unsafe { name(record.view.object) };
    format!("{name}, {}", at(&record.view.units, unit))
}

/// The same from what a frame says, which is behind.
///
/// # Safety
/// The frame is alive, and the GIL is held.
unsafe fn last_known(frame: usize) -> String {
    // SAFETY: by the caller.
    let (name, units, last) = unsafe {
        let code: usize = read(frame, facts::FRAME_CODE);
        (name(code), units(code), instruction(frame))
    };
    format!("{name}, behind {}", at(&units, last.max(0) as u32))
}

fn at(units: &[Unit], unit: u32) -> String {
    match decode(units, unit) {
        Some(decoded) => {
            let opcode = OPCODES[usize::from(decoded.opcode)].name;
            format!("offset {}, {opcode}", 2 * decoded.instr.unit)
        }
        None => format!("offset {}", 2 * unit),
    }
}

/// # Safety
/// A live code object, and the GIL is held.
unsafe fn name(code: usize) -> String {
    // SAFETY: a code object has a name.
    unsafe {
        let name: *mut ffi::PyObject = read(code, PyCodeObject::co_qualname.offset);
        let text = ffi::PyUnicode_AsUTF8(name);
        if text.is_null() {
            ffi::PyErr_Clear();
            return "a function without a name".to_owned();
        }
        std::ffi::CStr::from_ptr(text)
            .to_string_lossy()
            .into_owned()
    }
}
