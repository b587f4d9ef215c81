//! Arithmetic and comparisons, with C's conversions.

use cevalry_model::ast::{BinOp, Expr};
use lang_c::ast::BinaryOperator;

use super::state::State;
use super::tree::Tree;
use super::value::{Value, What, int};
use super::{Lifter, Outcome, fold};
use crate::c::ctype::CType;

impl Lifter<'_> {
    /// `left + factor · right`, for numbers and addresses.
    pub(super) fn added(
        &mut self,
        st: State,
        left: &Value,
        right: &Value,
        factor: i64,
    ) -> Outcome<Tree<Value>> {
        if left.ty.is_pointer() && right.ty.is_integer() {
            return self.shifted(st, left, right, factor);
        }
        if right.ty.is_pointer() && left.ty.is_integer() && factor == 1 {
            return self.shifted(st, right, left, 1);
        }
        let op = if factor == 1 { BinOp::Add } else { BinOp::Sub };
        self.arithmetic(st, op, left.clone(), right.clone())
    }

    /// The difference of two addresses, in elements.
    pub(super) fn distance(
        &mut self,
        mut st: State,
        left: &Value,
        right: &Value,
    ) -> Outcome<Tree<Value>> {
        let apart = match (&left.what, &right.what) {
            (What::Stack(a, x), What::Stack(b, y)) if a == b => Some(x.plus(y, -1)),
            (What::Code(a, x, 0), What::Code(b, y, 0)) if a == b => Some(x.plus(y, -1)),
            (What::Local(x), What::Local(y)) => Some(x.plus(y, -1)),
            _ => None,
        };
        if let Some(apart) = apart {
            let expr = match apart.is_wide() {
                true => apart.to_expr(),
                false => fold::cast(
                    apart.to_expr(),
                    &CType::INT,
                    &CType::LONG,
                    self.types.template_type(&CType::LONG),
                ),
            };
            return Ok(Tree::leaf(st, Value::expr(expr, CType::LONG)));
        }
        let size = left.ty.pointee().and_then(|ty| self.types.size_align(ty));
        let Some((size, _)) = size else {
            return self.give_up("the distance of two addresses of an incomplete type");
        };
        let a = self.rvalue(&mut st, left.clone())?;
        let b = self.rvalue(&mut st, right.clone())?;
        let ty = self.types.template_type(&CType::LONG);
        let number = |e: Expr| Expr::Cast {
            value: Box::new(e),
            ty: ty.clone(),
        };
        let bytes = fold::plain(BinOp::Sub, number(a), number(b));
        let expr = fold::binary(BinOp::Div, bytes, int(i128::from(size)), &CType::LONG);
        Ok(Tree::leaf(st, Value::expr(expr, CType::LONG)))
    }

    pub(super) fn arithmetic(
        &mut self,
        mut st: State,
        op: BinOp,
        left: Value,
        right: Value,
    ) -> Outcome<Tree<Value>> {
        use BinOp::{Eq, Ge, Gt, Le, Lt, Ne, Shl, Shr};
        let compares = matches!(op, Eq | Ne | Lt | Le | Gt | Ge);
        if compares && (left.ty.is_pointer() || right.ty.is_pointer()) {
            let value = self.compare_pointers(&mut st, op, left, right)?;
            return Ok(Tree::leaf(st, value));
        }
        let ty = match op {
            Shl | Shr => promoted(&left.ty),
            _ => common(&left.ty, &right.ty),
        };
        if !ty.is_integer() && !ty.is_float() {
            return self.give_up("arithmetic on what is not a number");
        }
        let left = self.convert(&mut st, left, &ty)?;
        let right = self.convert(&mut st, right, &ty)?;
        let a = self.rvalue(&mut st, left)?;
        let b = self.rvalue(&mut st, right)?;
        let expr = match (op, &ty) {
            _ if ty.is_float() => fold::plain(op, a, b),
            _ => fold::binary(op, a, b, &ty),
        };
        let ty = if compares { CType::INT } else { ty };
        Ok(Tree::leaf(st, Value::expr(expr, ty)))
    }

    pub(super) fn compare_pointers(
        &mut self,
        st: &mut State,
        op: BinOp,
        left: Value,
        right: Value,
    ) -> Outcome<Value> {
        let apart = match (&left.what, &right.what) {
            (What::Stack(a, x), What::Stack(b, y)) if a == b => x.distance(y),
            (What::Code(a, x, i), What::Code(b, y, j)) if a == b => {
                x.distance(y).map(|units| units * 2 + i - j)
            }
            _ => None,
        };
        if let Some(apart) = apart {
            let expr = fold::binary(op, int(i128::from(apart)), int(0), &CType::LONG);
            return Ok(Value::expr(expr, CType::INT));
        }
        if let (What::Stack(_, x), What::Stack(_, y)) = (&left.what, &right.what) {
            return Ok(Value::expr(
                fold::plain(op, x.to_expr(), y.to_expr()),
                CType::INT,
            ));
        }
        let null = |value: &Value| value.as_int() == Some(0);
        let address = |value: &Value| !matches!(value.what, What::Expr(_));
        if (null(&left) && address(&right)) || (null(&right) && address(&left)) {
            return Ok(Value::int(i128::from(op == BinOp::Ne), CType::INT));
        }
        let ty = left.ty.clone();
        let (a, b) = (
            self.pointer_operand(st, left)?,
            self.pointer_operand(st, right)?,
        );
        Ok(Value::expr(fold::binary(op, a, b, &ty), CType::INT))
    }

    pub(super) fn pointer_operand(&mut self, st: &mut State, value: Value) -> Outcome<Expr> {
        if value.as_int() == Some(0) {
            return Ok(Expr::Null);
        }
        self.rvalue(st, value)
    }
}

/// C's integer promotion.
pub(super) fn promoted(ty: &CType) -> CType {
    match ty {
        CType::Bool => CType::INT,
        CType::Int { bits, .. } if *bits < 32 => CType::INT,
        other => other.clone(),
    }
}

/// C's usual arithmetic conversions.
pub(super) fn common(a: &CType, b: &CType) -> CType {
    let (a, b) = (promoted(a), promoted(b));
    match (&a, &b) {
        (CType::Double, _) | (_, CType::Double) => CType::Double,
        (CType::Float, _) | (_, CType::Float) => CType::Float,
        (CType::Int { bits: x, signed: s }, CType::Int { bits: y, signed: t }) => {
            if x == y {
                CType::Int {
                    bits: *x,
                    signed: *s && *t,
                }
            } else if x > y {
                a
            } else {
                b
            }
        }
        _ => a,
    }
}

pub(super) fn simple(operator: &BinaryOperator) -> Option<BinOp> {
    use BinaryOperator as B;
    Some(match operator {
        B::Multiply => BinOp::Mul,
        B::Divide => BinOp::Div,
        B::Modulo => BinOp::Rem,
        B::Plus => BinOp::Add,
        B::Minus => BinOp::Sub,
        B::ShiftLeft => BinOp::Shl,
        B::ShiftRight => BinOp::Shr,
        B::Less => BinOp::Lt,
        B::Greater => BinOp::Gt,
        B::LessOrEqual => BinOp::Le,
        B::GreaterOrEqual => BinOp::Ge,
        B::Equals => BinOp::Eq,
        B::NotEquals => BinOp::Ne,
        B::BitwiseAnd => BinOp::And,
        B::BitwiseXor => BinOp::Xor,
        B::BitwiseOr => BinOp::Or,
        _ => return None,
    })
}

pub(super) fn compound(operator: &BinaryOperator) -> Option<BinOp> {
    use BinaryOperator as B;
    Some(match operator {
        B::AssignMultiply => BinOp::Mul,
        B::AssignDivide => BinOp::Div,
        B::AssignModulo => BinOp::Rem,
        B::AssignPlus => BinOp::Add,
        B::AssignMinus => BinOp::Sub,
        B::AssignShiftLeft => BinOp::Shl,
        B::AssignShiftRight => BinOp::Shr,
        B::AssignBitwiseAnd => BinOp::And,
        B::AssignBitwiseXor => BinOp::Xor,
        B::AssignBitwiseOr => BinOp::Or,
        _ => return None,
    })
}
