//! What the rest of the extension module may ask of the compiler.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::ptr::NonNull;

use pyo3::ffi;

use crate::emit::view::Doors;
use crate::jit::listing::Listed;
pub use crate::jit::maturity::Pace;
use crate::jit::record::Record;
use crate::jit::state::with;
use crate::jit::{code, facts, frame, init as setup, listing, resume, show};

/// Why the compiler cannot work in this process at all.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "There is no memory for machine code ({0}): give the process more, or do without Cevalry."
    )]
    Memory(#[from] std::io::Error),
    #[error(
        "This Python does not export {0}, which compiled code calls: use one that was built with its symbols."
    )]
    Symbol(&'static str),
    #[error(
        "Other packages have taken every slot that code objects have for others (PEP 523): import Cevalry before them."
    )]
    Extra,
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
    /// Bytecode instructions compiled, counted once for each version, and those of callees without a frame
    /// once for each call.
    pub bytecodes: u64,
    pub code_bytes: u64,
    pub metadata_bytes: u64,
    pub compile_ns: u64,
    /// How often compiled code left to the interpreter or to the compiler, by reason.
    pub exits: BTreeMap<String, u64>,
    /// Opcodes that leave to the interpreter, always or on some ways, because this interpreter
    /// does not export what they need: why.
    pub missing: BTreeMap<&'static str, &'static str>,
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

/// Resolve symbols and reserve code memory. Changes nothing in the interpreter. The doors are
/// what the interpreter will call to enter compiled code.
pub fn init(doors: Doors) -> Result<(), Refusal> {
    // SAFETY: modules are imported with the GIL held.
    unsafe { setup::init(doors) }
}

/// Machine code for the slots of generator types: `tp_iternext` and `am_send`.
pub fn slot_functions() -> Option<(usize, usize)> {
    // SAFETY: called with the GIL held.
    unsafe { with(|jit| (jit.trampolines.slot_next, jit.trampolines.slot_send)) }
}

/// Limit the bytes of machine code. Code that exists stays.
pub fn set_limit(bytes: usize) {
    // SAFETY: called from Python, with the GIL held.
    unsafe { with(|jit| jit.arena.set_limit(bytes)) };
}

/// Which calls are the interpreter's from now on, so that it specialises.
pub fn set_pace(pace: Pace) {
    // SAFETY: called from Python, with the GIL held.
    unsafe { with(|jit| jit.pace = pace) };
}

/// Prepare a code object: its blocks are compiled when execution reaches them.
///
/// # Safety
/// `code` is a live code object, and the calling thread holds the GIL.
pub unsafe fn compile_entry(code: *mut ffi::PyCodeObject) -> Result<EntryPtr, Reason> {
    // SAFETY: by the caller.
    unsafe {
        if let Some(entry) = entry_of(code) {
            return Ok(entry);
        }
        let made = with(|jit| jit.prepare(code as usize))
            .unwrap_or(Err("the compiler is not in place"))
            .map_err(|why| Reason(why.to_owned()))?;
        NonNull::new(made.cast())
            .map(EntryPtr)
            .ok_or_else(|| Reason("no memory".to_owned()))
    }
}

/// Whether the interpreter has specialised any instruction of a code object.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn is_specialised(code: *mut ffi::PyCodeObject) -> bool {
    // SAFETY: by the caller.
    unsafe { code::is_specialised(code as usize) }
}

/// The entry that [`compile_entry`] made, if it did. Cheap.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn entry_of(code: *mut ffi::PyCodeObject) -> Option<EntryPtr> {
    // SAFETY: by the caller.
    let record = unsafe { record(code)? };
    // SAFETY: a record lives as long as its code object.
    if unsafe { (*record).entry } == 0 {
        return None;
    }
    NonNull::new(record.cast()).map(EntryPtr)
}

/// Whether [`compile_entry`] has prepared the code, also that of a generator, which has no entry
/// but places to go on at.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn is_prepared(code: *mut ffi::PyCodeObject) -> bool {
    // SAFETY: by the caller; a record lives as long as its code object.
    unsafe { record(code).is_some_and(|r| (*r).entry != 0 || (*r).view.suspends) }
}

/// A sample has met a call of the code, which may be prepared by now. Where the interpreter counts
/// calls before it begins to specialise, the next one is the last that it counts: one call may take
/// as long as many.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn meet(code: *mut ffi::PyCodeObject) {
    const LAST: i16 = -1;
    // SAFETY: by the caller; a record lives as long as its code object.
    unsafe {
        if let Some(record) = record(code) {
            (*record).patience.meet();
        }
        if let Some(count) = facts::WARM_UP
            && code::read::<i16>(code as usize, count) < LAST
        {
            code::write(code as usize, count, LAST);
        }
    }
}

/// # Safety
/// As for [`compile_entry`].
unsafe fn record(code: *mut ffi::PyCodeObject) -> Option<*mut Record> {
    // SAFETY: by the caller.
    unsafe { resume::record(code as usize) }
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
    base: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe { frame::run(entry.0.as_ptr().cast(), tstate as usize, base as usize) }
}

/// Run a frame that stands at its start by the interpreter.
///
/// # Safety
/// As for [`run`].
#[cfg(Py_3_12)]
pub unsafe fn interpret(tstate: *mut ffi::PyThreadState, base: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe { (frame::private().evaluator)(tstate as usize, base as usize, 0) }
}

/// Where in machine code a frame starts or goes on.
#[derive(Clone, Copy, Debug)]
pub struct Place(usize);

/// Where the frames of a code object start, if this thread may enter them at once.
///
/// # Safety
/// A live code object, the running thread's state, and the GIL is held.
#[inline]
pub unsafe fn ready(
    tstate: *mut ffi::PyThreadState,
    code: *mut ffi::PyCodeObject,
) -> Option<Place> {
    // SAFETY: by the caller.
    unsafe { resume::entry(tstate as usize, code as usize) }.map(Place)
}

/// The place where a suspended frame goes on, if its code is compiled. So many values are still
/// to be put on its stack.
///
/// # Safety
/// The frame is suspended in its generator, and the GIL is held.
#[inline]
pub unsafe fn resumption(
    tstate: *mut ffi::PyThreadState,
    base: *mut c_void,
    coming: i32,
) -> Option<Place> {
    // SAFETY: by the caller.
    unsafe { resume::place(tstate as usize, base as usize, coming) }.map(Place)
}

/// Whether a frame is one that makes a generator, whose body is compiled: the interpreter does it.
///
/// # Safety
/// A live frame, and the GIL is held.
#[inline]
pub unsafe fn makes_generator(base: *mut c_void) -> bool {
    // SAFETY: by the caller.
    unsafe { resume::makes_generator(base as usize) }
}

/// Run a frame from a place on, as `_PyEval_EvalFrameDefault` does.
///
/// # Safety
/// As for `_PyEval_EvalFrameDefault(tstate, frame, 0)`; the place is that of the frame.
#[inline]
pub unsafe fn go_on(
    place: Place,
    tstate: *mut ffi::PyThreadState,
    base: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: by the caller.
    unsafe { frame::run_at(place.0, tstate as usize, base as usize) }
}

/// Whether there is a code object that is prepared.
#[cfg(not(Py_3_12))]
pub fn has_compiled() -> bool {
    // SAFETY: called from Python, with the GIL held.
    unsafe { with(|jit| !jit.records.is_empty()) }.unwrap_or(false)
}

/// Totals since the module was loaded.
pub fn stats() -> Stats {
    // SAFETY: called from Python, with the GIL held.
    let stats = unsafe {
        with(|jit| Stats {
            functions: jit.totals.functions,
            blocks: jit.totals.blocks,
            bytecodes: jit.totals.bytecodes,
            code_bytes: jit.arena.used() as u64,
            metadata_bytes: jit.metadata_bytes() as u64,
            compile_ns: jit.totals.compile_ns,
            exits: jit
                .exits
                .iter()
                .map(|(reason, count)| ((*reason).to_owned(), *count))
                .collect(),
            missing: jit.limited().collect(),
        })
    };
    stats.unwrap_or_default()
}

/// Exits taken from this code object since it was compiled.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn exits_of(code: *mut ffi::PyCodeObject) -> u64 {
    // SAFETY: by the caller; a record lives as long as its code object.
    unsafe { record(code).map_or(0, |record| (*record).exits) }
}

/// One entry for each instruction of a code object.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn explain(code: *mut ffi::PyCodeObject) -> Vec<Explained> {
    // SAFETY: by the caller.
    unsafe { listing::explain(code, record(code)) }
}

/// The machine code of one opcode where nothing is known of its operands.
pub fn machine_code(opcode: &str, oparg: u8) -> Result<String, Reason> {
    // SAFETY: called from Python, with the GIL held.
    let text = unsafe { with(|jit| show::opcode(jit, opcode, oparg)) };
    text.unwrap_or_else(|| Err(Reason("the compiler is not in place".to_owned())))
}

/// The blocks of a code object. `names` are those of its locals.
///
/// # Safety
/// As for [`compile_entry`].
pub unsafe fn disassemble(
    code: *mut ffi::PyCodeObject,
    names: &[String],
) -> Result<Vec<Listed>, Reason> {
    // SAFETY: by the caller.
    let Some(record) = (unsafe { record(code) }) else {
        return Err(Reason("nothing of it has been compiled".to_owned()));
    };
    // SAFETY: as above.
    let text = unsafe { with(|jit| listing::disassemble(jit, &*record, names)) };
    Ok(text.unwrap_or_default())
}
