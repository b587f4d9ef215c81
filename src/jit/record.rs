//! What the compiler keeps for a code object.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::emit::edge::{EdgeKind, Mark};
use crate::emit::view::{CodeView, Unit};
use crate::jit::arena::Offset;
use crate::jit::code::Shape;
use crate::jit::context::Context;
use crate::jit::maturity::Patience;
use crate::jit::mentions::Mentions;
use crate::jit::versions::Versions;

/// Versions of one unit before a new context must make do with an existing one.
pub const VERSIONS: usize = 8;

/// How often an instruction's branches are foreseen; then they are taken as they come.
pub const GUESSES: u8 = 3;

/// Calls that could not be emitted without a frame, in a row, before no other is tried.
pub const UNFIT: u8 = 3;

/// How often what an instruction calls is tried without a frame.
pub const FRAMELESS: u8 = 2;

/// Members of a family that failed on the way here.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Avoid {
    /// Opcode, and what its inline cache held.
    pub members: Vec<(u8, u64)>,
    /// The generic member's fast forms for numbers failed too.
    pub plain: bool,
    /// How often a branch did not go the way that was foreseen; no more than [`GUESSES`].
    pub refuted: u8,
    /// How often what is called needed a frame after all; no more than [`FRAMELESS`].
    pub framed: u8,
}

impl Avoid {
    pub fn is_empty(&self) -> bool {
        self.members.is_empty() && !self.plain && self.refuted == 0 && self.framed == 0
    }
}

/// A piece of machine code.
#[derive(Debug)]
pub struct Block {
    pub unit: u32,
    pub at: Offset,
    pub len: u32,
    /// For listings: its instructions, and where the code starts that runs rarely.
    pub marks: Box<[Mark]>,
    pub cold: u32,
}

impl Block {
    fn bytes(&self) -> usize {
        self.marks.len() * size_of::<Mark>()
    }
}

/// What leads to a stub.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Site {
    /// A jump, whose distance stands here.
    Jump(Offset),
    /// The record's entry.
    Entry,
    /// Where frames go on that were suspended before this unit.
    Resumption(u32),
    /// Jumps to a version that will be compiled when control arrives.
    Version,
    /// Several jumps of a block.
    Shared,
}

/// A way out of compiled code that has a stub.
#[derive(Debug)]
pub struct Exit {
    /// The code object that it belongs to.
    pub record: *mut Record,
    pub site: Site,
    pub kind: EdgeKind,
    /// Whether the unit lies at or before the instruction that leaves.
    pub backward: bool,
    pub unit: u32,
    pub context: Rc<Context>,
    pub avoid: Avoid,
}

/// Compiled code of a code object. `co_extra` points at it, and the shared trampolines read its
/// first members.
#[repr(C)]
#[derive(Debug)]
pub struct Record {
    /// Where the first block starts, 0 while the function must not be entered.
    pub entry: usize,
    /// The instrumentation version that the code was compiled for.
    pub version: usize,
    /// The first of `resumptions`, NULL where there are none.
    pub first_resumption: *const u32,
    /// For each unit of a body that can be suspended: where in code memory a frame goes on that
    /// was suspended before it, or 0.
    pub resumptions: Box<[u32]>,
    pub view: CodeView,
    pub shape: Shape,
    pub versions: Versions,
    pub blocks: Vec<Block>,
    pub stubs: Vec<u32>,
    pub mentions: Mentions,
    /// Units whose blocks have waited for what they call to be compiled, and how often.
    pub waits: BTreeMap<u32, u8>,
    /// How often in a row a call of it could not be emitted without a frame.
    pub unfit: Cell<u8>,
    /// Exits to the interpreter.
    pub exits: u64,
    /// Why instructions were left to the interpreter.
    pub left: BTreeMap<u32, &'static str>,
    pub patience: Patience,
}

impl Record {
    /// Bytes of memory, without those of stubs.
    pub fn bytes(&self) -> usize {
        let Record {
            view,
            versions,
            blocks,
            stubs,
            left,
            resumptions,
            patience,
            mentions,
            waits,
            ..
        } = self;
        size_of::<Record>()
            + view.units.len() * size_of::<Unit>()
            + resumptions.len() * size_of::<u32>()
            + versions.bytes()
            + blocks.capacity() * size_of::<Block>()
            + stubs.capacity() * size_of::<u32>()
            + patience.bytes()
            + mentions.bytes()
            + left.len() * size_of::<(u32, &'static str)>()
            + waits.len() * size_of::<(u32, u8)>()
            + blocks.iter().map(Block::bytes).sum::<usize>()
    }
}
