//! The code object that is being compiled, as emitters see it.

use crate::emit::types::Field;
use crate::jit::trampoline::Trampolines;

/// A code unit: opcode (de-specialised) and argument.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Unit {
    pub opcode: u8,
    pub arg: u8,
}

/// Functions of ours that the interpreter calls to enter compiled code; 0 for what there is not.
#[derive(Clone, Copy, Debug, Default)]
pub struct Doors {
    /// The frame evaluator, to which `interp->eval_frame` may be equal.
    pub hook: usize,
    /// The entry point that functions may have instead of the interpreter's.
    pub entry: usize,
    /// The entry point that the interpreter gives functions.
    pub default_entry: usize,
    /// Where a pointer is not NULL while another evaluator than the interpreter's stands behind ours.
    pub forward: usize,
    pub slots: Slots,
}

impl Doors {
    /// What templates are to read in a member where one of these may be.
    pub fn shown(&self, field: &Field, bits: u64) -> u64 {
        let (own, shown) = match field.name {
            "PyInterpreterState.eval_frame" => (self.hook, 0),
            "PyFunctionObject.vectorcall" => (self.entry, self.default_entry),
            _ => return bits,
        };
        match own != 0 && bits == own as u64 {
            true => shown as u64,
            false => bits,
        }
    }
}

/// What resumes generators and coroutines from C, and what that asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Slots {
    /// Our functions for `tp_iternext` and `am_send`.
    pub next: usize,
    pub send: usize,
    /// Where the main interpreter is noted.
    pub main: usize,
    /// Where the number of a thread and the limit of its native stack are noted.
    pub last_thread: usize,
    pub last_limit: usize,
}

/// A code object and the addresses that its code may contain.
#[derive(Debug)]
pub struct CodeView {
    /// The code object, or 0 where there is none to look at.
    pub object: usize,
    /// The depth that its stack may reach.
    pub stack: usize,
    /// Address of the first code unit; inline caches are read through it.
    pub first_unit: usize,
    pub units: Box<[Unit]>,
    /// Address of each symbol, 0 where this interpreter lacks it.
    pub symbols: &'static [usize],
    pub doors: Doors,
    /// Machine code that every compiled function shares.
    pub shared: Trampolines,
    /// Where code objects keep their records.
    pub extra_index: isize,
    /// Whether frames of it are a generator's or a coroutine's, but for their first instructions.
    pub suspends: bool,
}

impl CodeView {
    /// Whether there is an interpreter to read from while emitting.
    pub fn is_live(&self) -> bool {
        self.object != 0
    }
}
