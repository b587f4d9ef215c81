//! C expressions.

use cevalry_model::ast::{BinOp, Expr, UnOp};
use lang_c::ast::{
    BinaryOperator, BinaryOperatorExpression, CompoundLiteral, Constant, Expression, FloatFormat,
    Initializer, IntegerSize, MemberOperator, UnaryOperator, UnaryOperatorExpression,
};
use lang_c::span::Node;

use super::place::{At, Place};
use super::state::State;
use super::tree::{Fork, Tree};
use super::value::{Value, What, int};
use super::{Lifter, Outcome, fold};
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
            Expression::UnaryOperator(unary) => self.unary(st, node, &unary.node),
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
                Ok(self.collapse_values(tree, true))
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
                st.effect |= false;
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

    /// Moves an address by a number of elements, on a path for each value of a condition in it.
    pub fn shifted(
        &mut self,
        mut st: State,
        pointer: &Value,
        by: &Value,
        factor: i64,
    ) -> Outcome<Tree<Value>> {
        if matches!(pointer.what, What::Stack(..) | What::Code(..))
            && let What::Expr(expr) = &by.what
        {
            let resolved = self.resolve(&st, expr);
            if let Some(cond) = self.unsettled(&resolved) {
                return self.fork(st, cond.clone()).bind(&mut |mut st, holds| {
                    st.pinned.push((cond.clone(), holds));
                    self.shifted(st, pointer, by, factor)
                });
            }
            if !self.is_known(&resolved) {
                return self.give_up("a stack or code offset known only at run time");
            }
        }
        let value = self.advance(&mut st, pointer.clone(), by, factor)?;
        Ok(Tree::leaf(st, value))
    }

    /// A condition in an integer that decides it and is known only at run time.
    pub fn unsettled(&self, expr: &Expr) -> Option<Expr> {
        match expr {
            flag if fold::is_flag(flag) && !self.is_known(flag) => Some(match flag {
                Expr::Cast { value, .. } => return self.unsettled(value),
                flag => flag.clone(),
            }),
            Expr::Binary { left, right, .. } => {
                self.unsettled(left).or_else(|| self.unsettled(right))
            }
            Expr::Cast { value, .. } | Expr::Unary { value, .. } => self.unsettled(value),
            Expr::Select { cond, .. } if !self.is_known(cond) => Some((**cond).clone()),
            _ => None,
        }
    }

    /// Whether an integer is known when code is emitted.
    pub fn is_known(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Int { .. } | Expr::Oparg | Expr::Cache { .. } => true,
            Expr::UnitOparg(_) | Expr::UnitOpcode(_) => true,
            Expr::Name(name) => self.known.contains(name),
            Expr::Binary { left, right, .. } => self.is_known(left) && self.is_known(right),
            Expr::Unary { value, .. } | Expr::Cast { value, .. } => self.is_known(value),
            Expr::Select {
                cond,
                then,
                otherwise,
            } => [cond, then, otherwise]
                .iter()
                .all(|part| self.is_known(part)),
            _ => false,
        }
    }

    /// Two paths: one on which the condition holds, one on which it does not.
    pub fn fork(&mut self, mut st: State, cond: Expr) -> Tree<bool> {
        if let Expr::Int { value, .. } = cond {
            return Tree::leaf(st, value != 0);
        }
        if let Some(holds) = self.decided(&st, &cond) {
            return Tree::leaf(st, holds);
        }
        let before = std::mem::take(&mut st.code);
        let (mut yes, mut no) = (st.clone(), st);
        yes.facts.push((cond.clone(), true));
        no.facts.push((cond.clone(), false));
        Tree::Fork(Box::new(Fork {
            before,
            cond,
            then: Tree::leaf(yes, true),
            otherwise: Tree::leaf(no, false),
        }))
    }

    /// Evaluates a condition, one path for each outcome.
    pub fn cond(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<bool>> {
        self.step_at(node.span)?;
        match &node.node {
            Expression::BinaryOperator(binary) => {
                let stop = match binary.node.operator.node {
                    BinaryOperator::LogicalAnd => false,
                    BinaryOperator::LogicalOr => true,
                    _ => return self.plain_cond(st, node),
                };
                let tree = self.cond(st, &binary.node.lhs)?.bind(&mut |st, left| {
                    if left == stop {
                        Ok(Tree::leaf(st, left))
                    } else {
                        self.cond(st, &binary.node.rhs)
                    }
                })?;
                Ok(tree)
            }
            Expression::UnaryOperator(unary)
                if unary.node.operator.node == UnaryOperator::Negate =>
            {
                self.cond(st, &unary.node.operand)?
                    .bind(&mut |st, holds| Ok(Tree::leaf(st, !holds)))
            }
            _ => self.plain_cond(st, node),
        }
    }

    fn plain_cond(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<bool>> {
        self.eval(st, node)?.bind(&mut |mut st, value| {
            let cond = self.truth(&mut st, &value)?;
            Ok(self.decide(st, &cond))
        })
    }

    /// Forks on a condition, first on any condition that it counts with.
    fn decide(&mut self, st: State, cond: &Expr) -> Tree<bool> {
        let cond = self.resolve(&st, cond);
        let inner = match &cond {
            Expr::Binary { left, right, .. } => self.counted(left).or_else(|| self.counted(right)),
            _ => None,
        };
        let Some(inner) = inner else {
            return self.fork(st, cond);
        };
        let tree = self.fork(st, inner.clone());
        let tree = tree.bind::<bool, std::convert::Infallible>(&mut |mut st, holds| {
            st.pinned.push((inner.clone(), holds));
            Ok(self.decide(st, &cond))
        });
        match tree {
            Ok(tree) => tree,
            Err(never) => match never {},
        }
    }

    /// A condition that is a term of a sum.
    fn counted(&self, expr: &Expr) -> Option<Expr> {
        match expr {
            Expr::Binary {
                op: BinOp::Add | BinOp::Sub,
                ..
            } => self.unsettled(expr),
            Expr::Cast { value, .. } => self.counted(value),
            _ => None,
        }
    }

    fn unary(
        &mut self,
        st: State,
        node: &Node<Expression>,
        unary: &UnaryOperatorExpression,
    ) -> Outcome<Tree<Value>> {
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
            UnaryOperator::Negate => {
                let tree = self.eval(st, operand)?;
                let _ = node;
                tree.bind(&mut |mut st, value| {
                    let cond = self.truth(&mut st, &value)?;
                    let cond = self.not(&cond);
                    Ok(Tree::leaf(st, Value::expr(cond, CType::INT)))
                })
            }
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

    /// `left + factor · right`, for numbers and addresses.
    fn added(
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

    /// The difference of two addresses, in elements.
    fn distance(&mut self, mut st: State, left: &Value, right: &Value) -> Outcome<Tree<Value>> {
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

    fn arithmetic(
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

    fn compare_pointers(
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

    fn pointer_operand(&mut self, st: &mut State, value: Value) -> Outcome<Expr> {
        if value.as_int() == Some(0) {
            return Ok(Expr::Null);
        }
        self.rvalue(st, value)
    }
}

/// C's integer promotion.
pub fn promoted(ty: &CType) -> CType {
    match ty {
        CType::Bool => CType::INT,
        CType::Int { bits, .. } if *bits < 32 => CType::INT,
        other => other.clone(),
    }
}

/// C's usual arithmetic conversions.
pub fn common(a: &CType, b: &CType) -> CType {
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

fn simple(operator: &BinaryOperator) -> Option<BinOp> {
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

fn compound(operator: &BinaryOperator) -> Option<BinOp> {
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
