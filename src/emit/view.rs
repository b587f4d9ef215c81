//! The code object that is being compiled, as emitters see it.

use crate::jit::trampoline::Trampolines;

/// A code unit: opcode (de-specialised) and argument.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Unit {
    pub opcode: u8,
    pub arg: u8,
}

/// A code object and the addresses that its code may contain.
#[derive(Debug)]
pub struct CodeView {
    /// The code object, or 0 where there is none to look at.
    pub object: usize,
    /// Address of the first code unit; inline caches are read through it.
    pub first_unit: usize,
    pub units: Box<[Unit]>,
    /// Address of each symbol, 0 where this interpreter lacks it.
    pub symbols: &'static [usize],
    /// The evaluator hook that is ours, to which `interp->eval_frame` may be equal; 0 if none.
    pub own_hook: usize,
    /// Machine code that every compiled function shares.
    pub shared: Trampolines,
    /// Collect comments for listings.
    pub listing: bool,
}

impl CodeView {
    /// Whether there is an interpreter to read from while emitting.
    pub fn is_live(&self) -> bool {
        self.object != 0
    }
}
