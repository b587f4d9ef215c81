//! Expressions built with what is known folded in.

use cevalry_model::ast::{BinOp, Expr, Type, UnOp};

use super::value::int;
use crate::c::ctype::CType;
use crate::c::layout::wrap;

/// `left op right` at an operand type.
pub fn binary(op: BinOp, left: Expr, right: Expr, ty: &CType) -> Expr {
    if let (Some(a), Some(b)) = (constant(&left), constant(&right))
        && let Some(value) = fold(op, a, b, ty)
    {
        return int(value);
    }
    if constant(&left).is_some()
        && constant(&right).is_none()
        && let Some(mirrored) = mirrored(op)
        && ty.is_integer()
    {
        return binary(mirrored, right, left, ty);
    }
    if let Some(decided) = never_negative(op, &left, &right) {
        return int(i128::from(decided));
    }
    if let Some(simpler) = identity(op, &left, &right) {
        return simpler;
    }
    match (op, &left, &right) {
        // Constants go to the right, and (x + 1) + 2 becomes x + 3.
        (BinOp::Add | BinOp::Mul | BinOp::And | BinOp::Or | BinOp::Xor, Expr::Int { .. }, _) => {
            binary(op, right, left, ty)
        }
        (BinOp::Eq | BinOp::Ne, Expr::Int { .. } | Expr::Null, other)
            if constant(other).is_none() =>
        {
            binary(op, right, left, ty)
        }
        (
            BinOp::Add | BinOp::Sub,
            Expr::Binary {
                op: inner @ (BinOp::Add | BinOp::Sub),
                left: x,
                right: c,
            },
            Expr::Int { value: b, .. },
        ) if ty.is_integer() => {
            let Expr::Int { value: a, .. } = **c else {
                return plain(op, left, right);
            };
            let sign = |op: BinOp, value: i128| if op == BinOp::Sub { -value } else { value };
            let sum = sign(*inner, a) + sign(op, *b);
            if sum < 0 {
                binary(BinOp::Sub, (**x).clone(), int(-sum), ty)
            } else {
                binary(BinOp::Add, (**x).clone(), int(sum), ty)
            }
        }
        (
            BinOp::Eq | BinOp::Ne,
            Expr::Binary {
                op: inner @ (BinOp::Add | BinOp::Sub),
                left: x,
                right: c,
            },
            Expr::Int { value: b, .. },
        ) if matches!(**c, Expr::Int { .. }) => {
            let Expr::Int { value: a, .. } = **c else {
                return plain(op, left, right);
            };
            let rest = if *inner == BinOp::Add { b - a } else { b + a };
            plain(op, (**x).clone(), int(rest))
        }
        (BinOp::Add, _, Expr::Int { value, .. }) if *value < 0 && ty.is_integer() => {
            plain(BinOp::Sub, left, int(-value))
        }
        (BinOp::Sub, _, Expr::Int { value, .. }) if *value < 0 && ty.is_integer() => {
            plain(BinOp::Add, left, int(-value))
        }
        _ => plain(op, left, right),
    }
}

/// The comparison with its sides exchanged.
fn mirrored(op: BinOp) -> Option<BinOp> {
    Some(match op {
        BinOp::Lt => BinOp::Gt,
        BinOp::Gt => BinOp::Lt,
        BinOp::Le => BinOp::Ge,
        BinOp::Ge => BinOp::Le,
        _ => return None,
    })
}

/// What a comparison of an instruction's argument comes to when the argument is never negative.
fn never_negative(op: BinOp, left: &Expr, right: &Expr) -> Option<bool> {
    let (Expr::Oparg | Expr::UnitOparg(_), Expr::Int { value, .. }) = (left, right) else {
        return None;
    };
    match op {
        BinOp::Eq | BinOp::Lt | BinOp::Le if *value < 0 => Some(false),
        BinOp::Ne | BinOp::Gt | BinOp::Ge if *value < 0 => Some(true),
        BinOp::Lt if *value == 0 => Some(false),
        BinOp::Ge if *value == 0 => Some(true),
        _ => None,
    }
}

/// A choice between two values.
pub fn select(cond: Expr, then: Expr, otherwise: Expr) -> Expr {
    match (&then, &otherwise) {
        (Expr::Int { value: 1, .. }, Expr::Int { value: 0, .. }) if is_flag(&cond) => cond,
        _ if then == otherwise => then,
        _ => Expr::Select {
            cond: Box::new(cond),
            then: Box::new(then),
            otherwise: Box::new(otherwise),
        },
    }
}

pub fn plain(op: BinOp, left: Expr, right: Expr) -> Expr {
    Expr::Binary {
        op,
        left: Box::new(left),
        right: Box::new(right),
    }
}

fn constant(value: &Expr) -> Option<i128> {
    match value {
        Expr::Int { value, .. } => Some(*value),
        Expr::Null => Some(0),
        _ => None,
    }
}

fn identity(op: BinOp, left: &Expr, right: &Expr) -> Option<Expr> {
    let zero = constant(right) == Some(0);
    match op {
        BinOp::Add | BinOp::Sub | BinOp::Or | BinOp::Xor | BinOp::Shl | BinOp::Shr if zero => {
            Some(left.clone())
        }
        BinOp::Add | BinOp::Or | BinOp::Xor if constant(left) == Some(0) => Some(right.clone()),
        BinOp::And | BinOp::Mul if matches!(right, Expr::Int { value: 0, .. }) => Some(int(0)),
        BinOp::Mul | BinOp::Div if constant(right) == Some(1) => Some(left.clone()),
        BinOp::Mul if constant(left) == Some(1) => Some(right.clone()),
        // An address of a C variable is never NULL.
        BinOp::Ne if zero && is_address(left) => Some(int(1)),
        BinOp::Eq if zero && is_address(left) => Some(int(0)),
        BinOp::Eq if left == right && is_address(left) => Some(int(1)),
        BinOp::Ne if left == right && is_address(left) => Some(int(0)),
        BinOp::Eq if are_apart(left, right) => Some(int(0)),
        BinOp::Ne if are_apart(left, right) => Some(int(1)),
        // A comparison is 0 or 1 already.
        BinOp::Ne if zero && is_flag(left) => Some(left.clone()),
        BinOp::Eq if zero && is_flag(left) => negated_flag(left),
        _ => None,
    }
}

/// Whether two addresses lie in different C variables.
fn are_apart(left: &Expr, right: &Expr) -> bool {
    match (left, right) {
        (Expr::Symbol { name: a, .. }, Expr::Symbol { name: b, .. }) => a != b,
        _ => false,
    }
}

fn is_address(value: &Expr) -> bool {
    matches!(
        value,
        Expr::Symbol { .. }
            | Expr::AddrOf(_)
            | Expr::StackPtr(_)
            | Expr::LocalPtr(_)
            | Expr::InstrPtr(_)
    )
}

fn fold(op: BinOp, a: i128, b: i128, ty: &CType) -> Option<i128> {
    let flag = i128::from;
    let value = match op {
        BinOp::Add => a.checked_add(b)?,
        BinOp::Sub => a.checked_sub(b)?,
        BinOp::Mul => a.checked_mul(b)?,
        BinOp::Div => a.checked_div(b)?,
        BinOp::Rem => a.checked_rem(b)?,
        BinOp::And => a & b,
        BinOp::Or => a | b,
        BinOp::Xor => a ^ b,
        BinOp::Shl => a.checked_shl(u32::try_from(b).ok()?)?,
        BinOp::Shr => a.checked_shr(u32::try_from(b).ok()?)?,
        BinOp::Eq => return Some(flag(a == b)),
        BinOp::Ne => return Some(flag(a != b)),
        BinOp::Lt => return Some(flag(a < b)),
        BinOp::Le => return Some(flag(a <= b)),
        BinOp::Gt => return Some(flag(a > b)),
        BinOp::Ge => return Some(flag(a >= b)),
    };
    Some(wrap(value, ty))
}

/// Whether an expression is 0 or 1 by what it is.
pub fn is_flag(value: &Expr) -> bool {
    match value {
        Expr::Binary { op, .. } => matches!(
            op,
            BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge
        ),
        Expr::Unary { op: UnOp::Not, .. } => true,
        Expr::Cast {
            value,
            ty: Type::Int { .. },
        } => is_flag(value),
        _ => false,
    }
}

/// The opposite of a comparison of integers or pointers.
fn opposite(op: BinOp) -> Option<BinOp> {
    Some(match op {
        BinOp::Eq => BinOp::Ne,
        BinOp::Ne => BinOp::Eq,
        BinOp::Lt => BinOp::Ge,
        BinOp::Ge => BinOp::Lt,
        BinOp::Gt => BinOp::Le,
        BinOp::Le => BinOp::Gt,
        _ => return None,
    })
}

fn negated_flag(value: &Expr) -> Option<Expr> {
    match value {
        Expr::Unary {
            op: UnOp::Not,
            value,
        } if is_flag(value) => Some((**value).clone()),
        // Order is not total for floats: only equality has an opposite at every type.
        Expr::Binary {
            op: op @ (BinOp::Eq | BinOp::Ne),
            left,
            right,
        } => Some(plain(opposite(*op)?, (**left).clone(), (**right).clone())),
        _ => None,
    }
}

/// The logical opposite; `ordered` says that a comparison is not one of floats.
pub fn not(value: &Expr, ordered: bool) -> Expr {
    match value {
        Expr::Int { value, .. } => int(i128::from(*value == 0)),
        Expr::Null => int(1),
        Expr::Cast {
            value,
            ty: Type::Int { .. },
        } if is_flag(value) => not(value, ordered),
        Expr::Unary {
            op: UnOp::Not,
            value,
        } => {
            if is_flag(value) {
                (**value).clone()
            } else {
                plain(BinOp::Ne, (**value).clone(), int(0))
            }
        }
        Expr::Binary { op, left, right } => match opposite(*op) {
            Some(turned) if ordered || matches!(op, BinOp::Eq | BinOp::Ne) => {
                plain(turned, (**left).clone(), (**right).clone())
            }
            _ => unary_not(value),
        },
        _ => unary_not(value),
    }
}

fn unary_not(value: &Expr) -> Expr {
    Expr::Unary {
        op: UnOp::Not,
        value: Box::new(value.clone()),
    }
}

/// A conversion between numbers.
pub fn cast(value: Expr, from: &CType, to: &CType, ty: Type) -> Expr {
    match (&value, to) {
        (Expr::Int { value, .. }, CType::Int { .. } | CType::Bool) => return int(wrap(*value, to)),
        (Expr::Int { value, .. }, CType::Double) => return Expr::Float(*value as f64),
        (Expr::Null, CType::Int { .. }) => return int(0),
        _ => {}
    }
    if from == to {
        return value;
    }
    // Only the low bits are left of what was made wider before.
    if let Expr::Cast {
        value: inner,
        ty: middle,
    } = &value
        && widens(&ty, middle)
        && matches!(**inner, Expr::Cache { .. } | Expr::Oparg)
    {
        return Expr::Cast {
            value: inner.clone(),
            ty,
        };
    }
    Expr::Cast {
        value: Box::new(value),
        ty,
    }
}

fn widens(from: &Type, to: &Type) -> bool {
    match (from, to) {
        (Type::Int { bits: a, .. }, Type::Int { bits: b, .. }) => a < b,
        _ => false,
    }
}
