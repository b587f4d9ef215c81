//! C expressions.

use cevalry_model::ast::{BinOp, Expr, UnOp};
use lang_c::ast::{
    BinaryOperator, BinaryOperatorExpression, CompoundLiteral, Constant, Expression, FloatFormat,
    Initializer, IntegerSize, MemberOperator, UnaryOperator, UnaryOperatorExpression,
};
use lang_c::span::Node;

use super::arith::{compound, promoted, simple};
use super::merge::Merging;
use super::place::{At, Place};
use super::state::State;
use super::tree::Tree;
use super::value::{Value, What, int};
use super::{Lifter, Outcome};
use crate::c::ctype::CType;
use crate::c::layout::{character, integer_value};

impl Lifter<'_> {
    /// Evaluates an expression.
    pub fn eval(&mut self, mut st: State, node: &Node<Expression>) -> Outcome<Tree<Value>> {
        self.step_at(node.span)?;
        match &node.node {
            Expression::Constant(constant) => {
                let value = self.literal(&constant.node)?;
                Ok(Tree::leaf(st, value))
            }
            Expression::StringLiteral(text) => {
                let text = self.string(&text.node)?;
                let ty = CType::Int {
                    bits: 8,
                    signed: true,
                }
                .pointer();
                Ok(Tree::leaf(st, Value::expr(Expr::CStr(text), ty)))
            }
            Expression::Identifier(id) if id.node.name == "__func__" => {
                let ty = CType::Int {
                    bits: 8,
                    signed: true,
                }
                .pointer();
                let name = self
                    .calls
                    .last()
                    .map_or(super::switch::FUNCTION, String::as_str);
                let value = Value::expr(Expr::CStr(name.to_owned()), ty);
                Ok(Tree::leaf(st, value))
            }
            Expression::Identifier(id) => match self.types.constants.get(&id.node.name) {
                Some(value) if st.lookup(&id.node.name).is_none() => {
                    Ok(Tree::leaf(st, Value::int(*value, CType::INT)))
                }
                _ => {
                    let place = self.identifier(&st, &id.node.name)?;
                    let value = self.load(&mut st, place)?;
                    Ok(Tree::leaf(st, value))
                }
            },
            Expression::Member(_) => self.eval_place(st, node),
            Expression::BinaryOperator(binary) => self.binary(st, node, &binary.node),
            Expression::UnaryOperator(unary) => self.unary(st, &unary.node),
            Expression::Call(call) => self.call(st, &call.node),
            Expression::Cast(cast) => {
                let ty = self.types.type_name(&cast.node.type_name.node);
                self.eval(st, &cast.node.expression)?
                    .bind(&mut |mut st, value| {
                        let value = self.convert(&mut st, value, &ty)?;
                        Ok(Tree::leaf(st, value))
                    })
            }
            Expression::Conditional(conditional) => {
                let c = &conditional.node;
                let (yes, no) = (&c.then_expression, &c.else_expression);
                let tree = self
                    .cond(st, &c.condition)?
                    .bind(&mut |st, holds| self.eval(st, if holds { yes } else { no }))?;
                let tree = self.unify(tree)?;
                Ok(self.collapse_values(tree, Merging::Choice))
            }
            Expression::Comma(list) => {
                let mut tree = Tree::leaf(st, Value::void());
                for part in list.iter() {
                    tree = tree.bind(&mut |st, _| self.eval(st, part))?;
                }
                Ok(tree)
            }
            Expression::SizeOfTy(size) => {
                let ty = self.types.type_name(&size.node.0.node);
                self.size(st, &ty)
            }
            Expression::SizeOfVal(value) => {
                let ty = self.type_of(&st, &value.node.0)?;
                self.size(st, &ty)
            }
            Expression::OffsetOf(offset) => match self.types.offset_of(&offset.node) {
                Some(offset) => Ok(Tree::leaf(st, Value::int(i128::from(offset), CType::SIZE))),
                None => self.give_up("an offset that cannot be told"),
            },
            Expression::Statement(_) => self.give_up("a statement expression"),
            Expression::CompoundLiteral(literal) => self.stack_ref_literal(st, &literal.node),
            _ => self.give_up("an expression of an unknown kind"),
        }
    }

    /// `(_PyStackRef){ .bits = (uintptr_t)&singleton | tag }`
    fn stack_ref_literal(&mut self, st: State, literal: &CompoundLiteral) -> Outcome<Tree<Value>> {
        let ty = self.types.type_name(&literal.type_name.node);
        let [item] = literal.initializer_list.as_slice() else {
            return self.give_up("a compound literal");
        };
        let Initializer::Expression(bits) = &item.node.initializer.node else {
            return self.give_up("a compound literal");
        };
        if !self.types.is_stack_ref(&ty) {
            return self.give_up("a compound literal");
        }
        self.eval(st, bits)?.bind(&mut |st, bits| {
            let What::Expr(Expr::Binary {
                op: BinOp::Or,
                left,
                right: tag,
            }) = &bits.what
            else {
                return self.give_up("a compound literal");
            };
            let (Expr::Cast { value: symbol, .. }, Expr::Int { value: 1, .. }) = (&**left, &**tag)
            else {
                return self.give_up("a compound literal");
            };
            let call = Expr::Call {
                function: "PyStackRef_FromPyObjectImmortal".to_owned(),
                args: vec![(**symbol).clone()],
            };
            Ok(Tree::leaf(st, Value::expr(call, ty.clone())))
        })
    }

    fn size(&mut self, st: State, ty: &CType) -> Outcome<Tree<Value>> {
        match self.types.size_align(ty) {
            Some((size, _)) => Ok(Tree::leaf(st, Value::int(i128::from(size), CType::SIZE))),
            None => self.give_up("the size of an incomplete type"),
        }
    }

    /// The type of an expression, which is not evaluated.
    pub fn type_of(&mut self, st: &State, node: &Node<Expression>) -> Outcome<CType> {
        let mut ty = None;
        self.place(st.clone(), node)?.bind(&mut |st, place| {
            ty = Some(place.ty);
            Ok(Tree::leaf(st, ()))
        })?;
        match ty {
            Some(ty) => Ok(ty),
            None => self.give_up("a type that cannot be told"),
        }
    }

    fn literal(&self, constant: &Constant) -> Outcome<Value> {
        match constant {
            Constant::Integer(integer) => {
                let Some(value) = integer_value(&integer.base, &integer.number) else {
                    return self.give_up("an integer literal of an unknown form");
                };
                let wide = integer.suffix.size != IntegerSize::Int || value > i128::from(u32::MAX);
                let unsigned = integer.suffix.unsigned || value > i128::from(i64::MAX);
                let bits = if wide { 64 } else { 32 };
                let signed = !unsigned && (wide || value <= i128::from(i32::MAX));
                Ok(Value::int(value, CType::Int { bits, signed }))
            }
            Constant::Float(float) if float.suffix.format == FloatFormat::Double => {
                match float.number.parse() {
                    Ok(value) => Ok(Value::expr(Expr::Float(value), CType::Double)),
                    Err(_) => self.give_up("a float literal of an unknown form"),
                }
            }
            Constant::Float(_) => self.give_up("a float literal that is not a double"),
            Constant::Character(text) => match character(text) {
                Some(value) => Ok(Value::int(value, CType::INT)),
                None => self.give_up("a character literal of an unknown form"),
            },
        }
    }

    fn string(&self, parts: &[String]) -> Outcome<String> {
        let mut text = String::new();
        for part in parts {
            let inner = part
                .strip_prefix('"')
                .and_then(|part| part.strip_suffix('"'));
            let Some(inner) = inner else {
                return self.give_up("a string literal of an unknown form");
            };
            let mut chars = inner.chars();
            while let Some(c) = chars.next() {
                match (c, if c == '\\' { chars.next() } else { None }) {
                    ('\\', Some('n')) => text.push('\n'),
                    ('\\', Some('t')) => text.push('\t'),
                    ('\\', Some(c @ ('\\' | '\'' | '"'))) => text.push(c),
                    ('\\', _) => return self.give_up("an escape in a string literal"),
                    (c, _) => text.push(c),
                }
            }
        }
        Ok(text)
    }

    fn identifier(&mut self, st: &State, name: &str) -> Outcome<Place> {
        if let Some(id) = st.lookup(name)
            && let Some(variable) = st.vars.get(&id)
        {
            return Ok(Place {
                at: At::Variable(id),
                ty: variable.ty.clone(),
            });
        }
        let at = At::Global {
            name: name.to_owned(),
            path: Vec::new(),
        };
        if let Some(function) = self.types.functions.get(name) {
            let ty = CType::Function(std::rc::Rc::new(function.ty.clone()));
            return Ok(Place { at, ty });
        }
        match self.types.variables.get(name) {
            Some(variable) => Ok(Place {
                at,
                ty: variable.ty.clone(),
            }),
            None => self.give_up(&format!("unknown name `{name}`")),
        }
    }

    fn eval_place(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<Value>> {
        self.place(st, node)?.bind(&mut |mut st, place| {
            let value = self.load(&mut st, place)?;
            Ok(Tree::leaf(st, value))
        })
    }

    /// Evaluates an lvalue.
    pub fn place(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<Place>> {
        self.step_at(node.span)?;
        match &node.node {
            Expression::Identifier(id) => {
                let place = self.identifier(&st, &id.node.name)?;
                Ok(Tree::leaf(st, place))
            }
            Expression::Member(member) => {
                let field = &member.node.identifier.node.name;
                let inner = &member.node.expression;
                let places = match member.node.operator.node {
                    MemberOperator::Direct => self.place(st, inner)?,
                    MemberOperator::Indirect => self.pointed(st, inner)?,
                };
                places.bind(&mut |mut st, place| {
                    let place = self.member(&mut st, place, field)?;
                    Ok(Tree::leaf(st, place))
                })
            }
            Expression::UnaryOperator(unary)
                if unary.node.operator.node == UnaryOperator::Indirection =>
            {
                self.pointed(st, &unary.node.operand)
            }
            Expression::BinaryOperator(binary)
                if binary.node.operator.node == BinaryOperator::Index =>
            {
                let (array, index) = (&binary.node.lhs, &binary.node.rhs);
                self.eval(st, array)?.bind(&mut |st, pointer| {
                    self.eval(st, index)?.bind(&mut |st, index| {
                        self.shifted(st, &pointer, &index, 1)?
                            .bind(&mut |mut st, pointer| {
                                let place = self.deref(&mut st, pointer)?;
                                Ok(Tree::leaf(st, place))
                            })
                    })
                })
            }
            // A value whose type alone is asked for, or that is stored nowhere.
            _ => self.eval(st, node)?.bind(&mut |mut st, value| {
                let ty = value.ty.clone();
                let id = self.new_var();
                st.declare("", id, ty.clone(), super::value::Binding::Value(value));
                Ok(Tree::leaf(
                    st,
                    Place {
                        at: At::Variable(id),
                        ty,
                    },
                ))
            }),
        }
    }

    fn pointed(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<Place>> {
        self.eval(st, node)?.bind(&mut |mut st, pointer| {
            let place = self.deref(&mut st, pointer)?;
            Ok(Tree::leaf(st, place))
        })
    }

    fn unary(&mut self, st: State, unary: &UnaryOperatorExpression) -> Outcome<Tree<Value>> {
        let operand = &unary.operand;
        match unary.operator.node {
            UnaryOperator::Indirection => {
                self.eval(st, operand)?.bind(&mut |mut st, pointer| {
                    // A function pointer's target is the pointer again.
                    if matches!(pointer.ty.pointee(), Some(CType::Function(_)))
                        || matches!(pointer.ty, CType::Function(_))
                    {
                        return Ok(Tree::leaf(st, pointer));
                    }
                    let place = self.deref(&mut st, pointer)?;
                    let value = self.load(&mut st, place)?;
                    Ok(Tree::leaf(st, value))
                })
            }
            UnaryOperator::Address => self.place(st, operand)?.bind(&mut |mut st, place| {
                if let (CType::Array(..), At::Variable(_)) = (&place.ty, &place.at) {
                    return self.give_up("the address of an array");
                }
                let value = match place.ty {
                    // The address of an array is that of its first element.
                    CType::Array(..) => self.address(&mut st, place)?,
                    CType::Function(_) => self.load(&mut st, place)?,
                    _ => self.address(&mut st, place)?,
                };
                Ok(Tree::leaf(st, value))
            }),
            UnaryOperator::PostIncrement => self.increment(st, operand, 1, true),
            UnaryOperator::PostDecrement => self.increment(st, operand, -1, true),
            UnaryOperator::PreIncrement => self.increment(st, operand, 1, false),
            UnaryOperator::PreDecrement => self.increment(st, operand, -1, false),
            UnaryOperator::Negate => self.eval(st, operand)?.bind(&mut |st, value| {
                let cond = self.not(&self.truth(&value));
                Ok(Tree::leaf(st, Value::expr(cond, CType::INT)))
            }),
            UnaryOperator::Plus => self.eval(st, operand),
            UnaryOperator::Minus | UnaryOperator::Complement => {
                let complement = unary.operator.node == UnaryOperator::Complement;
                self.eval(st, operand)?.bind(&mut |mut st, value| {
                    let ty = promoted(&value.ty);
                    let value = self.convert(&mut st, value, &ty)?;
                    let expr = match value.as_int() {
                        Some(number) => {
                            let number = if complement { !number } else { -number };
                            int(crate::c::layout::wrap(number, &ty))
                        }
                        None => Expr::Unary {
                            op: if complement { UnOp::BitNot } else { UnOp::Neg },
                            value: Box::new(self.rvalue(&mut st, value)?),
                        },
                    };
                    Ok(Tree::leaf(st, Value::expr(expr, ty)))
                })
            }
        }
    }

    fn increment(
        &mut self,
        st: State,
        operand: &Node<Expression>,
        by: i64,
        post: bool,
    ) -> Outcome<Tree<Value>> {
        self.place(st, operand)?.bind(&mut |mut st, place| {
            let old = self.load(&mut st, place.clone())?;
            let one = Value::int(1, CType::INT);
            self.added(st, &old, &one, by)?.bind(&mut |mut st, new| {
                self.store(&mut st, place.clone(), new.clone())?;
                let value = if post { old.clone() } else { new };
                Ok(Tree::leaf(st, value))
            })
        })
    }

    fn binary(
        &mut self,
        st: State,
        node: &Node<Expression>,
        binary: &BinaryOperatorExpression,
    ) -> Outcome<Tree<Value>> {
        use BinaryOperator as B;
        let (lhs, rhs) = (&binary.lhs, &binary.rhs);
        let operator = &binary.operator.node;
        match operator {
            B::Index => return self.eval_place(st, node),
            B::LogicalAnd | B::LogicalOr => {
                return self.cond(st, node)?.bind(&mut |st, holds| {
                    Ok(Tree::leaf(st, Value::int(i128::from(holds), CType::INT)))
                });
            }
            B::Assign => return self.assignment(st, lhs, rhs),
            _ => {}
        }
        if let Some(op) = compound(operator) {
            return self.place(st, lhs)?.bind(&mut |st, place| {
                self.eval(st, rhs)?.bind(&mut |mut st, right| {
                    let left = self.load(&mut st, place.clone())?;
                    let tree = match op {
                        BinOp::Add => self.added(st, &left, &right, 1)?,
                        BinOp::Sub => self.added(st, &left, &right, -1)?,
                        op => self.arithmetic(st, op, left, right)?,
                    };
                    tree.bind(&mut |mut st, value| {
                        self.store(&mut st, place.clone(), value.clone())?;
                        Ok(Tree::leaf(st, value))
                    })
                })
            });
        }
        let Some(op) = simple(operator) else {
            return self.give_up("an operator of an unknown kind");
        };
        self.eval(st, lhs)?.bind(&mut |st, left| {
            self.eval(st, rhs)?.bind(&mut |st, right| match op {
                BinOp::Add => self.added(st, &left, &right, 1),
                BinOp::Sub if left.ty.is_pointer() && right.ty.is_pointer() => {
                    self.distance(st, &left, &right)
                }
                BinOp::Sub => self.added(st, &left, &right, -1),
                op => self.arithmetic(st, op, left.clone(), right),
            })
        })
    }

    fn assignment(
        &mut self,
        st: State,
        lhs: &Node<Expression>,
        rhs: &Node<Expression>,
    ) -> Outcome<Tree<Value>> {
        self.eval(st, rhs)?.bind(&mut |st, value| {
            self.place(st, lhs)?.bind(&mut |mut st, place| {
                if let At::Variable(_) = place.at
                    && let Expression::Identifier(id) = &lhs.node
                {
                    self.hint(&value, &id.node.name);
                }
                let ty = place.ty.clone();
                self.store(&mut st, place, value.clone())?;
                let value = self.convert(&mut st, value.clone(), &ty)?;
                Ok(Tree::leaf(st, value))
            })
        })
    }

    /// Lets a value's name be the one that the C gives it.
    pub fn hint(&mut self, value: &Value, name: &str) {
        if let What::Expr(Expr::Name(temporary)) = &value.what
            && let Some(info) = self.names.get_mut(temporary)
            && info.hint.is_none()
        {
            info.hint = Some(name.to_owned());
        }
    }
}
