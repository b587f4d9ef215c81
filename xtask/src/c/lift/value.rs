//! What a C expression evaluates to while a body is followed.

use cevalry_model::ast::Expr;

use super::linear::Linear;
use crate::c::ctype::CType;

/// A C value with its type.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    pub what: What,
    pub ty: CType,
}

#[derive(Clone, Debug, PartialEq)]
pub enum What {
    /// An expression without effects over names that never change.
    Expr(Expr),
    /// The address of a slot of an evaluation stack.
    Stack(Base, Linear),
    /// The address of a local variable of the running frame.
    Local(Linear),
    /// The address of a byte of the code: unit and byte within.
    Code(Base, Linear, i64),
    /// The address of a C variable of the body, still followed by value.
    Variable(VarId),
    /// The address of an element of a local array that lives in a cell.
    Cell(String, Linear),
    Function(String),
    /// The frame below the running one.
    Caller,
}

/// Whose stack or code an address points into.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Base {
    Own,
    /// Of the frame that execution goes on in: the caller on a return, the callee on a call.
    Other,
}

/// A C variable of the body or of a function inlined into it.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct VarId(pub usize);

/// Where a C variable's value is.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    Unset,
    Value(Value),
    /// In memory, because its address was given away.
    Cell(String),
    /// An array in memory.
    Array(String),
    /// A struct, member by member.
    Record(Vec<(String, Value)>),
}

impl Value {
    pub fn expr(expr: Expr, ty: CType) -> Self {
        Self {
            what: What::Expr(expr),
            ty,
        }
    }

    pub fn int(value: i128, ty: CType) -> Self {
        Self::expr(int(value), ty)
    }

    pub fn void() -> Self {
        Self::int(0, CType::Void)
    }

    /// The value of an integer known now.
    pub fn as_int(&self) -> Option<i128> {
        match &self.what {
            What::Expr(Expr::Int { value, .. }) => Some(*value),
            What::Expr(Expr::Null) => Some(0),
            _ => None,
        }
    }

    pub fn with_type(self, ty: CType) -> Self {
        Self { ty, ..self }
    }
}

pub fn int(value: i128) -> Expr {
    Expr::Int {
        value,
        suffix: None,
    }
}
