//! The shape of the generated tables.

use crate::emit::Emit;
use crate::emit::types::{Flow, Symbol};
use crate::jit::live::Live;

/// Emits the machine code of one instruction.
pub type Emitter = fn(&mut Emit<'_>) -> Flow;
/// Says whether a member's leading guards hold for live operands.
pub type Matcher = fn(&mut Live<'_>) -> Flow;

/// One opcode of the release that this build serves.
#[derive(Debug)]
pub struct Opcode {
    pub name: &'static str,
    /// The generic member; the opcode's own number when it is one.
    pub base: u8,
    /// Code units of inline cache behind the instruction.
    pub caches: u8,
    /// Of a generic member: the specialised members of its family, in order of number.
    pub members: &'static [u8],
    /// Newest first. Empty when the opcode is left to the interpreter.
    pub variants: &'static [Variant],
    /// Whether control may go on behind such an instruction.
    pub falls_through: bool,
    /// Whether the argument is a distance forwards that control may go.
    pub jumps_forwards: bool,
    /// What the argument of an instruction says that must be there.
    pub reaches: &'static [Reach],
    /// Why there is no variant.
    pub left: &'static str,
}

impl Opcode {
    /// A number that the release does not use.
    pub const RESERVED: Opcode = Opcode {
        name: "",
        base: 0,
        caches: 0,
        members: &[],
        variants: &[],
        falls_through: true,
        jumps_forwards: false,
        reaches: &[],
        left: "no such opcode",
    };
}

/// An element that an instruction takes: number `argument >> shift & mask` of a table.
#[derive(Clone, Copy, Debug)]
pub struct Reach {
    pub table: Table,
    pub shift: u8,
    pub mask: u32,
}

/// What arguments number the elements of.
#[derive(Clone, Copy, Debug)]
pub enum Table {
    /// Locals, cells and free variables.
    Locals,
    Consts,
    Names,
}

/// A template of an opcode and the patch releases that it holds for.
#[derive(Debug)]
pub struct Variant {
    /// First patch release: 5 for `3.13.5`.
    pub since: u8,
    pub emitter: Emitter,
    pub matcher: Option<Matcher>,
    /// Of a specialised member: its guards alone say where it may run. It reads no inline
    /// cache, and neither it nor the generic member looks at the argument except to jump.
    /// Otherwise the interpreter's specialiser decides, since it looks at more than guards do
    /// (an addition of floats does not check that the operator is `+`).
    pub anywhere: bool,
    /// C functions and variables without which the emitter cannot work.
    pub symbols: &'static [Symbol],
}

/// A place inside a C variable.
#[derive(Debug)]
pub struct Place {
    pub symbol: Symbol,
    pub offset: usize,
    /// Found relative to the small ints, since patch releases differ in what stands before.
    pub moves: bool,
    /// The text of the string object that must stand there.
    pub text: Option<&'static str>,
}

/// Opcodes that the decoder knows by what they do.
#[derive(Debug)]
pub struct Roles {
    pub extended_arg: u8,
    pub cache: u8,
    pub return_generator: u8,
    pub resume: u8,
    pub backward_jumps: &'static [u8],
}
