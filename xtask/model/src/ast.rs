//! The syntax tree of a template.

/// All variants of all members of one opcode family: one `.tmpl` file.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    pub templates: Vec<Template>,
}

/// One opcode in normal form, for the releases that share it.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub name: String,
    /// The generic member that a failing guard falls back to; `None` for a generic member.
    pub family: Option<String>,
    /// Code units, inline caches included.
    pub size: u32,
    /// Releases (such as `3.13.5`) whose normal form is exactly this, oldest first.
    pub releases: Vec<String>,
    /// Set where the template is written by hand.
    pub overrides: Option<Override>,
    pub body: Block,
}

pub type Block = Vec<Stmt>;

#[derive(Clone, Debug, PartialEq)]
pub enum Stmt {
    Let {
        name: String,
        ty: Type,
        value: Expr,
    },
    Var {
        name: String,
        ty: Type,
        value: Expr,
    },
    /// A variable in memory, because its address is taken.
    Cell {
        name: String,
        ty: CellType,
        value: Option<Expr>,
    },
    /// To a `var`, a `cell`, a stack slot, a local, a member or an element.
    Assign {
        place: Expr,
        value: Expr,
    },
    /// A call for its effect.
    Expr(Expr),
    Guard {
        cond: Expr,
        exit: Exit,
    },
    If {
        cond: Expr,
        then: Block,
        otherwise: Block,
    },
    While {
        cond: Expr,
        body: Block,
    },
    Loop {
        body: Block,
    },
    Break,
    Continue,
    CheckEvalBreaker {
        depth: Expr,
        unit: Expr,
    },
    Next {
        depth: Expr,
    },
    Jump {
        depth: Expr,
        unit: Expr,
    },
    Return {
        value: Expr,
    },
    EnterFrame {
        depth: Expr,
        frame: Expr,
        unit: Expr,
    },
    Yield {
        depth: Expr,
        value: Expr,
    },
    /// Leave unconditionally.
    Exit(Exit),
}

#[derive(Clone, Debug, PartialEq)]
pub enum Exit {
    Deopt,
    Error { depth: Expr },
    Reraise { depth: Expr },
    Interpret { why: String },
    Unbound { local: Expr },
}

#[derive(Clone, Debug, PartialEq)]
pub enum CellType {
    One(Type),
    Array(Type, u32),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    Int {
        bits: u8,
        signed: bool,
    },
    F64,
    F32,
    /// A pointer to a Python object.
    Object,
    /// `_PyStackRef`.
    Ref,
    /// A pointer that is neither indexed nor counted.
    Ptr,
    /// A pointer that is indexed.
    Array(Box<Elem>),
    /// A function's result when it has none.
    Void,
}

/// What a `*T` points at.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Elem {
    Scalar(Type),
    /// A struct, by its C name.
    Struct(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnOp {
    Neg,
    /// Logical.
    Not,
    /// Bitwise.
    BitNot,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    And,
    Or,
    Xor,
    Shl,
    Shr,
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    Int {
        value: i128,
        suffix: Option<Type>,
    },
    Float(f64),
    Null,
    CStr(String),
    /// A `let`, `var` or `cell`.
    Name(String),
    Oparg,
    Frame,
    Tstate,
    /// `cache_u16(k)` and its kin.
    Cache {
        bits: u8,
        object: bool,
        unit: Box<Expr>,
    },
    UnitOparg(Box<Expr>),
    UnitOpcode(Box<Expr>),
    InstrPtr(Box<Expr>),
    Stack(Box<Expr>),
    StackPtr(Box<Expr>),
    Local(Box<Expr>),
    LocalPtr(Box<Expr>),
    /// `&Symbol` or `&Symbol.path`.
    Symbol {
        name: String,
        path: Vec<Step>,
    },
    /// `x.Struct.path`: a load, or with `address` the member's address.
    Member {
        base: Box<Expr>,
        owner: String,
        path: Vec<Step>,
        address: bool,
    },
    /// `p[i]` or `&p[i]`.
    Index {
        base: Box<Expr>,
        index: Box<Expr>,
        address: bool,
    },
    /// The address of a `cell`.
    AddrOf(String),
    Cast {
        value: Box<Expr>,
        ty: Type,
    },
    Unary {
        op: UnOp,
        value: Box<Expr>,
    },
    Binary {
        op: BinOp,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Select {
        cond: Box<Expr>,
        then: Box<Expr>,
        otherwise: Box<Expr>,
    },
    Call {
        function: String,
        args: Vec<Expr>,
    },
    Indirect {
        signature: Signature,
        function: Box<Expr>,
        args: Vec<Expr>,
    },
}

/// A step from a struct to a member inside it.
#[derive(Clone, Debug, PartialEq)]
pub enum Step {
    Field(String),
    /// An element of an array member.
    Index(Expr),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Signature {
    pub params: Vec<Type>,
    pub variadic: bool,
    pub result: Type,
}

/// The type of a struct's member or of a C variable.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum FieldType {
    Scalar(Type),
    /// A struct or union inside, by its C name.
    Struct(String),
    Array(Box<FieldType>, u64),
}

/// What a hand-written template says of the derived text that it stands in for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Override {
    pub why: String,
    /// Hash of the upstream text, one for each of the template's releases.
    pub upstream: Vec<String>,
}
