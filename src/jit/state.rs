//! The one compiler of a process, guarded by the GIL.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::{BTreeMap, HashMap, HashSet};

use crate::emit::reuse::Buffers;
use crate::emit::types::Symbol;
use crate::emit::view::Doors;
use crate::jit::arena::{Arena, Full};
use crate::jit::awaiting::Awaiting;
use crate::jit::check::Checked;
use crate::jit::compile::Emitted;
use crate::jit::live::Item;
use crate::jit::maturity::Pace;
use crate::jit::mentions;
use crate::jit::record::Record;
use crate::jit::stubs::Stubs;
use crate::jit::trampoline::Trampolines;

/// Everything the compiler owns.
#[derive(Debug)]
pub struct Jit {
    pub arena: Arena,
    /// Never freed: what runs without the compiler at hand has them too.
    pub trampolines: &'static Trampolines,
    pub stubs: Stubs,
    /// The records that are alive.
    pub records: HashSet<*const Record>,
    pub symbols: &'static [usize],
    /// For each symbol that is missing, a sentence that says so.
    pub absent: BTreeMap<u16, &'static str>,
    /// Our slot in `co_extra`.
    pub extra_index: isize,
    /// How execution gets into compiled code.
    pub doors: Doors,
    /// Patch number of the running release.
    pub patch: u8,
    pub pace: Pace,
    /// Print each block as it is made.
    pub dump: bool,
    /// What holds where each check of a block returns to; `None` when blocks are not checked.
    pub checks: Option<HashMap<usize, Checked>>,
    pub totals: Totals,
    /// What compiling a block leaves for the next one.
    pub buffers: Buffers,
    /// The instructions of a block being compiled: memory that is used again.
    pub emitted: Vec<Emitted>,
    /// Blocks that call what is not compiled, by code object.
    pub awaiting: HashMap<usize, Vec<Awaiting>>,
    /// The same for matchers.
    pub items: RefCell<Vec<Item>>,
    /// Exits to the interpreter by reason.
    pub exits: BTreeMap<&'static str, u64>,
}

/// Sums over everything that was compiled.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    pub functions: u64,
    pub blocks: u64,
    pub bytecodes: u64,
    pub compile_ns: u64,
}

struct Guarded {
    jit: UnsafeCell<Option<Jit>>,
    busy: Cell<bool>,
}

// SAFETY: only reached through `with` and `install`, whose callers hold the GIL.
unsafe impl Sync for Guarded {}

static JIT: Guarded = Guarded {
    jit: UnsafeCell::new(None),
    busy: Cell::new(false),
};

/// Puts the compiler in place.
///
/// # Safety
/// The calling thread holds the GIL.
pub unsafe fn install(jit: Jit) {
    assert!(!JIT.busy.get());
    // SAFETY: the GIL is held, and nobody is inside `with`.
    unsafe { *JIT.jit.get() = Some(jit) }
}

/// Works with the compiler; `None` before `install`. `work` must not run Python code, nor call
/// `with`.
///
/// # Safety
/// The calling thread holds the GIL.
pub unsafe fn with<R>(work: impl FnOnce(&mut Jit) -> R) -> Option<R> {
    assert!(!JIT.busy.replace(true), "the compiler is not re-entrant");
    // SAFETY: the GIL is held, and `busy` keeps a second borrow out.
    let result = unsafe { (*JIT.jit.get()).as_mut().map(work) };
    JIT.busy.set(false);
    result
}

impl Jit {
    /// Bytes kept about compiled code, besides the code.
    pub fn metadata_bytes(&self) -> usize {
        let records = self.records.iter();
        // SAFETY: a record leaves the set before it is dropped.
        let records = records.map(|&record| unsafe { (*record).bytes() });
        records.sum::<usize>() + self.stubs.bytes() + self.arena.metadata_bytes()
    }

    /// Forgets a code object and gives its memory back.
    pub fn forget(&mut self, record: &mut Record) {
        self.records.remove(&std::ptr::from_ref(record));
        if !record.waits.is_empty() {
            self.wait_no_more(record);
        }
        record.entry = 0;
        record.resumptions.fill(0);
        for number in record.stubs.drain(..) {
            self.stubs
                .remove(&mut self.arena, self.trampolines.stub, number);
        }
        for block in record.blocks.drain(..) {
            self.arena.give_back(block.at, block.len as usize);
        }
        record.versions.clear();
        // SAFETY: records that mention each other are alive.
        unsafe { mentions::forget(record, &mut self.arena) };
    }

    /// Counts an exit to the interpreter.
    pub fn count_exit(&mut self, record: &mut Record, reason: &'static str) {
        record.exits += 1;
        *self.exits.entry(reason).or_default() += 1;
    }

    /// Why a variant cannot work here: the first of its symbols that is missing.
    pub fn missing(&self, symbols: &[Symbol]) -> Option<&'static str> {
        let missing = |symbol: &&Symbol| self.symbols[usize::from(symbol.0)] == 0;
        let symbol = symbols.iter().find(missing)?;
        self.absent.get(&symbol.0).copied()
    }
}

/// The reason for compiling nothing more while there is no memory.
pub const NO_MEMORY: &str = "there is no memory";

/// The reason for leaving when there is no room for more code.
pub fn full(_: Full) -> &'static str {
    "the limit of code memory is reached"
}
