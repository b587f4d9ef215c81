//! What comes out of emitting a block: code, and the places where control leaves it.

use crate::jit::record::Record;
use crate::jit::starts::ContextKey;

/// Why control leaves a block at an edge.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum EdgeKind {
    /// Go on at the edge's unit.
    Go,
    /// A guard failed, or an operation met operands that its fast form cannot serve: the same
    /// unit again, without the member that was emitted here (or, for a generic member, with
    /// [`Instr::plain`] set).
    Deopt,
    /// A branch does not go the way that was foreseen: the same unit again, having seen one more.
    Refuted,
    /// A callee that runs without a frame has come to something that it needs one for: the same unit
    /// again, having seen one more. Nothing has happened yet.
    NeedsFrame,
    /// After an operation that ran arbitrary code: a frame object exists now, or tracing is on.
    /// Every local's memory is up to date, and nothing may be assumed of locals.
    Forget,
    /// The interpreter runs the instruction at the edge's unit.
    Interpret(&'static str),
    /// The instruction at the edge's unit returns the top of the stack, and a frame object exists,
    /// which is given the locals.
    Return {
        /// The result was pushed for this edge: the instruction does not find it there.
        pushed: bool,
    },
    /// An exception is set; the unit is the one that raised.
    Error,
    /// As `Error`, from what the eval breaker asked for: the interpreter has gone on to another unit by
    /// then, and takes the handler of the one in front of that.
    Interrupted {
        /// Where it has gone on to.
        gone_to: u32,
    },
    /// As `Error`, and the traceback has its entry already.
    Reraise {
        /// Whether the instruction has let the frame say by itself where it is: where the
        /// exception was raised first.
        placed: bool,
    },
}

/// A way out of a block.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// Offset of the 32-bit distance of a jump, to be filled in.
    pub site: u32,
    pub kind: EdgeKind,
    /// Where execution goes on: the first unit of an instruction, extending prefixes included.
    pub unit: u32,
    /// What holds at the edge.
    pub context: ContextKey,
}

/// A call of a C function, whose 32-bit distance is to be filled in.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct CallSite {
    pub site: u32,
    pub target: usize,
}

/// The address of a code object in machine code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mention {
    /// Offset of its 64 bits.
    pub site: u32,
    /// The record of the code object.
    pub record: *mut Record,
}

/// Where the code of an instruction starts.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Mark {
    /// Offset in the block.
    pub at: u32,
    /// The first unit of the instruction.
    pub unit: u32,
    /// The member that it is compiled as; the generic one where it is left.
    pub opcode: u8,
    /// Whether it is left to the interpreter.
    pub left: bool,
}

/// The machine code of a block. It does not depend on where it will stand.
#[derive(Debug, Default)]
pub struct BlockCode {
    pub code: Vec<u8>,
    pub edges: Vec<Edge>,
    pub calls: Vec<CallSite>,
    /// The code objects that it compares others with.
    pub mentions: Vec<Mention>,
    /// The code object that the first instruction calls, which is not compiled yet.
    pub awaits: Option<usize>,
    /// How many instructions of callees run as part of it.
    pub in_callees: u32,
    /// The contexts of edges, each counted once.
    pub contexts: Vec<ContextKey>,
    /// The instructions in order, and then those that have code which runs rarely.
    pub marks: Vec<Mark>,
    /// Where the code starts that runs rarely.
    pub cold: u32,
}

/// Operands that an operation may look at before it is emitted.
pub const LIVE: usize = 3;

/// One instruction to emit.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Instr {
    /// Where the opcode stands.
    pub unit: u32,
    /// Where the first prefix that extends its argument stands; `unit` when there is none.
    pub start: u32,
    /// The whole argument.
    pub oparg: u32,
    /// Code units, inline caches included.
    pub size: u32,
    /// Operations that have fast forms for known operands use the C function instead.
    pub plain: bool,
    /// The objects on top of the stack, the topmost first, where control stands before the
    /// instruction; 0 for what is not known. They live while the instruction is emitted.
    pub live: [usize; LIVE],
    /// Whether the block may end before the instruction, so that they can be looked at.
    pub waits: bool,
    /// The same for what a member that the interpreter has installed would do better with.
    pub may_end: bool,
    /// Whether branches may be taken to go as they would now.
    pub guess: bool,
    /// Whether what was guessed before has failed: guesses are for what is met here by turns.
    pub refuted: bool,
    /// Whether what is called may run without a frame.
    pub frameless: bool,
    /// Whether what its guards ask is not known yet, and the block may end before it. What an
    /// inline cache names may be dead where a guard fails.
    pub doubtful: bool,
}

impl Instr {
    /// An instruction without prefixes of which nothing is known but what the code says.
    pub fn new(unit: u32, oparg: u32, size: u32) -> Self {
        Self {
            unit,
            start: unit,
            oparg,
            size,
            plain: false,
            live: [0; LIVE],
            waits: false,
            may_end: false,
            guess: false,
            refuted: false,
            frameless: false,
            doubtful: false,
        }
    }
}

/// What became of an instruction.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// Control goes on at this unit, in the same block, with the state after the instruction.
    Continue(u32),
    /// Every path has left the block.
    Ended,
    /// Nothing was emitted.
    Unsupported(&'static str),
}
