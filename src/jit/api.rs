//! What the rest of the extension module may ask of the compiler.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::NonNull;

use pyo3::ffi;

/// Why the compiler cannot work in this process at all.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("no memory for machine code: {0}")]
    Memory(#[from] std::io::Error),
}

/// Why a code object is left to the interpreter.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Reason(pub String);

/// The start of a code object's machine code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EntryPtr(pub NonNull<c_void>);

/// What the compiler did since it was loaded.
#[derive(Clone, Debug, Default)]
pub struct Stats {
    /// Code objects that have at least one block.
    pub functions: u64,
    pub blocks: u64,
    /// Bytecode instructions compiled, counted once for each version.
    pub bytecodes: u64,
    pub code_bytes: u64,
    pub metadata_bytes: u64,
    pub compile_ns: u64,
    /// How often compiled code left to the interpreter or to the compiler, by reason.
    pub exits: BTreeMap<String, u64>,
}

/// What became of one instruction.
#[derive(Clone, Debug)]
pub struct Explained {
    /// In bytes, as `dis` shows it.
    pub offset: u32,
    pub line: Option<u32>,
    pub opcode: &'static str,
    /// The template and member of each version, or why there is none.
    pub outcome: String,
}

/// Resolve symbols and reserve code memory. Changes nothing in the interpreter.
pub fn init() -> Result<(), Refusal> {
    Ok(())
}

/// Limit the bytes of machine code. Code that exists stays.
pub fn set_limit(bytes: usize) {
    let _ = bytes;
}

/// Prepare a code object: its blocks are compiled when execution reaches them.
///
/// # Safety
/// `code` is a live code object, and the calling thread holds the GIL.
pub unsafe fn compile_entry(code: *mut ffi::PyCodeObject) -> Result<EntryPtr, Reason> {
    let _ = code;
    Err(Reason("there is no compiler in this build".to_owned()))
}

/// The entry that [`compile_entry`] made, if it did. Cheap.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn entry_of(code: *mut ffi::PyCodeObject) -> Option<EntryPtr> {
    let _ = code;
    None
}

/// Run a frame that stands at its start and whose code has an entry.
///
/// Does what `_PyEval_EvalFrameDefault` does with that frame: links it, accounts for the
/// recursion, and leaves it cleared and popped on the releases where the evaluator does that.
///
/// # Safety
/// As for `_PyEval_EvalFrameDefault(tstate, frame, 0)`.
pub unsafe fn run(
    entry: EntryPtr,
    tstate: *mut ffi::PyThreadState,
    frame: *mut c_void,
) -> *mut ffi::PyObject {
    let _ = (entry, tstate, frame);
    std::ptr::null_mut()
}

/// Totals since the module was loaded.
pub fn stats() -> Stats {
    Stats::default()
}

/// Exits taken from this code object since it was compiled.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn exits_of(code: *mut ffi::PyCodeObject) -> u64 {
    let _ = code;
    0
}

/// One entry for each instruction of a code object.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn explain(code: *mut ffi::PyCodeObject) -> Vec<Explained> {
    let _ = code;
    Vec::new()
}

/// Source lines, bytecode, templates and machine code interleaved.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn disassemble(code: *mut ffi::PyCodeObject) -> Result<String, Reason> {
    let _ = code;
    Err(Reason("nothing of it has been compiled".to_owned()))
}
