//! What is known of an expression when code is emitted.

use std::collections::HashMap;

use crate::ast::{BinOp, Expr, Type, UnOp};

/// What variables are known to hold.
#[derive(Clone, Default)]
pub(super) struct Known {
    numbers: HashMap<String, Value>,
    /// Whether a pointer is NULL.
    null: HashMap<String, bool>,
}

impl Known {
    /// Notes what a variable holds now.
    pub fn set(&mut self, name: &str, value: Value) {
        self.numbers.insert(name.to_owned(), value);
        self.null.remove(name);
    }

    /// Learns from a condition that turned out so.
    pub fn assume(&mut self, cond: &Expr, holds: bool) {
        match cond {
            Expr::Unary {
                op: UnOp::Not,
                value,
            } => self.assume(value, !holds),
            Expr::Name(name) => drop(self.null.insert(name.clone(), !holds)),
            _ => {
                if let Some((name, equal)) = null_test(cond) {
                    self.null.insert(name.to_owned(), equal == holds);
                }
            }
        }
    }

    /// A variable that the expression compares with NULL inside a larger one, and of which it is
    /// not known whether it is: to be followed both ways.
    pub fn undecided<'e>(&self, expr: &'e Expr) -> Option<&'e str> {
        let mut found = None;
        expr.each_child(&mut |child| {
            let here = null_test(child).map(|(name, _)| name);
            let here = here.filter(|name| !self.null.contains_key(*name));
            found = found.take().or(here).or_else(|| self.undecided(child));
        });
        found
    }

    /// The same variable either way.
    pub fn decide(&mut self, name: &str, null: bool) {
        self.null.insert(name.to_owned(), null);
    }
}

/// `name == NULL` or `name != NULL`: the name, and whether it is the first.
fn null_test(expr: &Expr) -> Option<(&str, bool)> {
    let Expr::Binary { op, left, right } = expr else {
        return None;
    };
    let equal = match op {
        BinOp::Eq => true,
        BinOp::Ne => false,
        _ => return None,
    };
    match (&**left, &**right) {
        (Expr::Name(name), Expr::Null) | (Expr::Null, Expr::Name(name)) => Some((name, equal)),
        _ => None,
    }
}

/// What can be said of a number without running anything.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value {
    /// It is this number.
    Number(i128),
    /// It depends on the code that is compiled (inline caches, other instructions), so it is known
    /// when code is emitted, but not here.
    Later,
    /// It depends on what happens when the code runs.
    Running,
}

/// The value of an expression.
pub(super) fn eval(expr: &Expr, oparg: i128, known: &Known) -> Value {
    match number(expr, oparg, known) {
        Some(value) => Value::Number(value),
        None if of_code(expr, known) => Value::Later,
        None => Value::Running,
    }
}

fn of_code(expr: &Expr, known: &Known) -> bool {
    match expr {
        Expr::Int { .. } | Expr::Null | Expr::Oparg => true,
        Expr::Cache { .. } | Expr::UnitOparg(_) | Expr::UnitOpcode(_) => true,
        Expr::Name(name) => known
            .numbers
            .get(name)
            .is_some_and(|value| *value != Value::Running),
        Expr::Cast { value, .. } | Expr::Unary { value, .. } => of_code(value, known),
        Expr::Binary { left, right, .. } => of_code(left, known) && of_code(right, known),
        Expr::Select {
            cond,
            then,
            otherwise,
        } => [cond, then, otherwise]
            .iter()
            .all(|expr| of_code(expr, known)),
        _ => false,
    }
}

/// The value of an expression where it follows from `oparg` and numbers alone.
fn number(expr: &Expr, oparg: i128, known: &Known) -> Option<i128> {
    let eval = |expr: &Expr| number(expr, oparg, known);
    if let Some((name, equal)) = null_test(expr)
        && let Some(null) = known.null.get(name)
    {
        return Some(i128::from(*null == equal));
    }
    match expr {
        Expr::Int { value, .. } => Some(*value),
        Expr::Null => Some(0),
        Expr::Oparg => Some(oparg),
        Expr::Name(name) => match known.numbers.get(name) {
            Some(Value::Number(value)) => Some(*value),
            _ => None,
        },
        Expr::Cast { value, ty } => {
            let value = eval(value)?;
            match ty {
                Type::Int { bits, signed } => Some(wrap(value, *bits, *signed)),
                _ => None,
            }
        }
        Expr::Unary { op, value } => {
            let value = eval(value)?;
            Some(match op {
                UnOp::Neg => -value,
                UnOp::Not => i128::from(value == 0),
                UnOp::BitNot => !value,
            })
        }
        Expr::Binary { op, left, right } => binary(*op, eval(left)?, eval(right)?),
        Expr::Select {
            cond,
            then,
            otherwise,
        } => {
            if eval(cond)? != 0 {
                eval(then)
            } else {
                eval(otherwise)
            }
        }
        _ => None,
    }
}

fn binary(op: BinOp, a: i128, b: i128) -> Option<i128> {
    let shift = u32::try_from(b).ok().filter(|shift| *shift < 64);
    Some(match op {
        BinOp::Add => a + b,
        BinOp::Sub => a - b,
        BinOp::Mul => a.checked_mul(b)?,
        BinOp::Div => a.checked_div(b)?,
        BinOp::Rem => a.checked_rem(b)?,
        BinOp::And => a & b,
        BinOp::Or => a | b,
        BinOp::Xor => a ^ b,
        BinOp::Shl => a.checked_shl(shift?)?,
        BinOp::Shr => a >> shift?,
        BinOp::Eq => i128::from(a == b),
        BinOp::Ne => i128::from(a != b),
        BinOp::Lt => i128::from(a < b),
        BinOp::Le => i128::from(a <= b),
        BinOp::Gt => i128::from(a > b),
        BinOp::Ge => i128::from(a >= b),
    })
}

fn wrap(value: i128, bits: u8, signed: bool) -> i128 {
    let modulus = 1i128 << bits;
    let low = value.rem_euclid(modulus);
    if signed && low >= modulus / 2 {
        low - modulus
    } else {
        low
    }
}
