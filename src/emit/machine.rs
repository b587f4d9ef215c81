//! Registers and the native frame: see "Machine conventions" in `docs/architecture.md`.

use crate::jit::context::{Gpr, Xmm};
use crate::jit::machine;

use super::asm::Mem;

pub const RAX: Gpr = Gpr(0);
pub const RCX: Gpr = Gpr(1);
pub const RDX: Gpr = Gpr(2);
pub const RBX: Gpr = Gpr(3);
pub const RSP: Gpr = Gpr(4);
pub const RBP: Gpr = Gpr(5);
/// Scratch between two instructions of one operation; never allocated.
pub const R11: Gpr = Gpr(11);
/// The running `_PyInterpreterFrame *`.
pub const FRAME: Gpr = Gpr(13);
/// The running `PyThreadState *`.
pub const TSTATE: Gpr = Gpr(12);
pub const XMM0: Xmm = Xmm(0);
/// Scratch; never allocated.
pub const XMM15: Xmm = Xmm(15);

/// Allocatable registers in the order of preference; the last [`SURVIVING`] survive calls.
pub const ALLOCATABLE: [Gpr; 11] = [
    RAX,
    RCX,
    RDX,
    Gpr(6),
    Gpr(7),
    Gpr(8),
    Gpr(9),
    Gpr(10),
    RBX,
    Gpr(14),
    Gpr(15),
];
pub const SURVIVING: usize = 3;
pub const ALLOCATABLE_XMM: u8 = 15;

/// Registers of the first six integer arguments.
pub const ARGUMENTS: [Gpr; 6] = [Gpr(7), Gpr(6), RDX, RCX, Gpr(8), Gpr(9)];
/// How many arguments go in vector registers.
pub const VECTOR_ARGUMENTS: u8 = 8;

/// Slots of the native frame that values live in.
pub const NATIVE_SLOTS: u16 = machine::NATIVE_SLOTS as u16;
/// The first cell slots are for arguments on the stack.
pub const ARGUMENT_SLOTS: u16 = 9;
/// What is left for cells.
pub const CELL_SLOTS: u16 = machine::CELL_SLOTS as u16 - ARGUMENT_SLOTS;

/// Whether a callee may change the register.
pub fn is_volatile(r: Gpr) -> bool {
    !matches!(r.0, 3 | 12..=15)
}

/// A slot of the native frame.
pub fn native(slot: u16) -> Mem {
    Mem::new(RBP, machine::native_slot(slot))
}

/// A word of a cell.
pub fn cell(word: u16) -> Mem {
    Mem::new(RSP, machine::cell_slot(ARGUMENT_SLOTS + word))
}

/// An argument on the stack.
pub fn stack_argument(index: u16) -> Mem {
    Mem::new(RSP, machine::cell_slot(index))
}
