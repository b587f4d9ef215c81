//! Types shared by generated emitters, the vocabulary and the block compiler.

use std::ffi::CStr;

/// The type of a value in a template.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ty {
    I8,
    U8,
    I16,
    U16,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    /// A pointer to a Python object, or NULL.
    Object,
    /// A stack reference (3.14 and later).
    Ref,
    /// Any other pointer.
    Ptr,
    Void,
}

/// A member of a C struct, at a constant distance from the base pointer.
#[derive(Debug)]
pub struct Field {
    /// `Struct.member`, for listings and errors.
    pub name: &'static str,
    pub offset: i32,
    pub ty: Ty,
    /// Bit fields: first bit and width inside the scalar at `offset`.
    pub bits: Option<(u8, u8)>,
    /// Never changes after the object was made, so that a known object's member is known.
    pub immutable: bool,
}

/// What an indexed pointer points at.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Elem {
    /// `Void` for a struct: such an element has an address only.
    pub ty: Ty,
    pub size: u32,
}

/// What running a C function may do, each including the ones before it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub enum Effect {
    /// Reads only; may be repeated or left out.
    Pure,
    /// May allocate memory or free exact floats, ints and strings.
    Allocates,
    /// May set an exception; runs no Python code.
    Raises,
    /// May run arbitrary Python code.
    Escapes,
}

/// A C function that templates call.
#[derive(Debug)]
pub struct Callee {
    pub name: &'static str,
    /// Index into the table of symbols.
    pub symbol: Symbol,
    pub params: &'static [Ty],
    pub result: Ty,
    pub variadic: bool,
    pub effect: Effect,
    /// Bit `i` is set when argument `i` gives its reference away.
    pub steals: u32,
    /// The result is a reference that the caller owns.
    pub new_reference: bool,
}

/// The type of a function called through a pointer. Such a call escapes.
#[derive(Debug)]
pub struct Signature {
    pub params: &'static [Ty],
    pub result: Ty,
}

/// A C function or variable, as an index into the generated table of names.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Symbol(pub u16);

/// Ways to leave an instruction other than going on. Depths are relative to the entry depth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Exit {
    /// The generic member runs instead.
    Deopt,
    /// An exception is set.
    Error(i32),
    /// An exception is set and the traceback has its entry already.
    Reraise(i32),
    /// The interpreter runs this instruction.
    Interpret(&'static str),
    /// The local is unbound; the interpreter raises.
    Unbound(u32),
}

/// Which way a branch is expected to go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Expected {
    /// As the values say that are there now.
    Seen,
    /// The other arm ends in an error.
    Then,
    Otherwise,
}

/// Why emission of a path stopped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stop {
    /// A terminator was emitted.
    Ended,
    /// `break` out of the innermost loop.
    Break,
    /// `continue` with the innermost loop.
    Continue,
    /// The instruction cannot be compiled here; the reason is one that a user can read.
    Unsupported(&'static str),
}

/// The result of emitting: `Ok` when control may fall through.
pub type Flow<T = ()> = Result<T, Stop>;

/// A value inside one block. Cheap to copy; what is known of it lives in the emitter.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Val(pub(crate) u32);

/// A number that says where something is: written out in the template, or a value.
pub trait Number<E>: Copy {
    /// The number, if it is known when emitting.
    fn known(self, emitter: &E) -> Option<i64>;
}

impl<E> Number<E> for i32 {
    fn known(self, _: &E) -> Option<i64> {
        Some(i64::from(self))
    }
}

/// A variable of a template that is assigned more than once.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Var(pub(crate) u32);

/// A variable of a template whose address is taken: it lives in the native frame.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Cell(pub(crate) u32);

/// A string constant of a template.
pub type Text = &'static CStr;
