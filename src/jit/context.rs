//! What is known at a point of compiled code about each local and each stack slot.
//!
//! A block is compiled for one context; an exit carries one. The same description serves to
//! enter a block, to compare versions, and to write a frame for the interpreter.

use std::hash::{Hash, Hasher};

/// A general register, by its encoding.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Gpr(pub u8);

/// A vector register, by its encoding.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Xmm(pub u8);

/// Where 64 bits are.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Loc {
    Gpr(Gpr),
    Xmm(Xmm),
    /// A slot of the native frame, counted from its base.
    Native(u16),
}

/// How a slot's value is held.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Held {
    /// In the frame's own memory, boxed, with a reference of its own (or NULL).
    Memory,
    /// A pointer outside the frame's memory; `owned` when the slot has a reference of its own,
    /// which is otherwise added when the frame is written.
    Object { at: Loc, owned: bool },
    /// The object that local `n` holds in the frame's memory; no reference of its own.
    Local(u16),
    /// A known object that outlives the code; no reference of its own. 0 is NULL.
    Constant(usize),
    /// An unboxed `float`.
    Float(Loc),
    /// An unboxed `int` that fits 64 bits.
    Long(Loc),
    /// An unboxed `int` whose value is known.
    LongConstant(i64),
    /// An unboxed `float` whose bits are known.
    FloatConstant(u64),
    /// An unboxed `bool`: whether the lower 32 bits are not 0.
    Bool(Loc),
}

/// What the frame's memory holds for a local whose value is elsewhere.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Behind {
    /// The same value, boxed and owned: nothing to write.
    Same,
    /// NULL, or an owned object that is dropped when the slot is written, which runs no Python code:
    /// an exact `float` or `int`, or what the local was when a finalizer ran.
    Stale,
}

/// What is known of a slot's object.
#[derive(Clone, Copy, Debug)]
pub enum Known {
    /// May even be NULL.
    Nothing,
    Bound,
    Unbound,
    /// `Py_TYPE(x)` is exactly the type object at this address.
    Type(usize),
}

impl Known {
    /// A number of its own for each: no type object is at one of the first addresses.
    #[inline(always)]
    fn number(self) -> usize {
        match self {
            Known::Nothing => 0,
            Known::Bound => 1,
            Known::Unbound => 2,
            Known::Type(address) => address,
        }
    }
}

// All locals are compared at every exit: this has to be a few instructions without a call.
impl PartialEq for Known {
    #[inline(always)]
    fn eq(&self, other: &Known) -> bool {
        self.number() == other.number()
    }
}

impl Eq for Known {}

impl Hash for Known {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.number().hash(state);
    }
}

/// One local or stack slot.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Slot {
    pub held: Held,
    pub behind: Behind,
    pub known: Known,
}

/// Names of keyword arguments, which 3.11 hands from one instruction to a later one. They are in no
/// frame.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Keywords {
    /// A tuple that is a constant of the code.
    pub names: usize,
    /// The unit that sets them. It changes nothing else, so the interpreter may run it again.
    pub set_at: u32,
}

/// What a block may rely on when it is entered.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Context {
    pub locals: Box<[Slot]>,
    pub stack: Box<[Slot]>,
    /// What waits for its call.
    pub keywords: Option<Keywords>,
}

impl Slot {
    /// A slot in memory of which nothing is known.
    pub const MEMORY: Slot = Slot {
        held: Held::Memory,
        behind: Behind::Same,
        known: Known::Nothing,
    };
}
