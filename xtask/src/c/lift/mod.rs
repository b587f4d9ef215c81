//! From the evaluation loop's switch to templates.
//!
//! A body is followed symbolically, path by path. `stack_pointer`, `next_instr`, `oparg` and the
//! body's own variables are values, not memory; what the machine must do becomes statements.

mod arith;
mod calls;
mod cond;
mod control;
mod expr;
mod fold;
mod frame;
mod join;
mod linear;
mod loops;
mod machinery;
mod memory;
mod merge;
mod normal;
mod place;
mod release;
mod state;
mod stmt;
mod switch;
mod tables;
mod tree;
mod value;
mod vocab;

use std::collections::{BTreeSet, HashMap, HashSet};

use cevalry_model::ast::{BinOp, Expr, Step, Stmt, Type, UnOp};
use lang_c::span::Span;

pub use release::{Left, Lifted, Opcode, lift_release, lift_unit};
pub use tables::Tables;

use self::state::State;
use self::switch::Switch;
use self::value::{Base, Value, VarId, What};
use super::ctype::CType;
use super::parse::Unit;
use super::types::Types;

/// Why a body cannot be followed.
#[derive(Clone, Debug)]
pub struct GaveUp {
    pub reason: String,
    pub span: Span,
}

pub type Outcome<T> = Result<T, GaveUp>;

/// Follows one opcode's body.
pub struct Lifter<'a> {
    pub unit: &'a Unit,
    pub types: &'a mut Types,
    pub switch: &'a Switch<'a>,
    /// The opcode's own number, the name of the one it falls back to, and its size in units.
    pub number: u8,
    pub base: Option<String>,
    pub base_number: u8,
    pub size: i64,
    pub names: HashMap<String, Name>,
    /// What named pointers point at.
    pub pointees: HashMap<String, CType>,
    /// Variables in memory.
    pub cells: HashSet<String>,
    /// Cells that are arrays.
    pub arrays: HashSet<String>,
    /// Loop variables that are known when code is emitted.
    pub known: HashSet<String>,
    pub inlined: BTreeSet<String>,
    /// Names of what the loop hands from one instruction to the next.
    pub inherited: HashSet<String>,
    next_var: usize,
    next_name: usize,
    /// Functions being inlined, innermost last.
    pub calls: Vec<String>,
    span: Span,
    fuel: usize,
}

/// A template variable.
#[derive(Clone, Debug)]
pub struct Name {
    /// The C variable that it was first assigned to.
    pub hint: Option<String>,
    pub ty: Type,
}

impl Name {
    fn is_float(&self) -> bool {
        matches!(self.ty, Type::F64 | Type::F32)
    }
}

impl Lifter<'_> {
    pub fn give_up<T>(&self, reason: &str) -> Outcome<T> {
        Err(GaveUp {
            reason: reason.to_owned(),
            span: self.span,
        })
    }

    /// Counts a step, so that a body with too many paths ends.
    pub fn step_at(&mut self, span: Span) -> Outcome<()> {
        if self.calls.is_empty() {
            self.span = span;
        }
        self.fuel = match self.fuel.checked_sub(1) {
            Some(fuel) => fuel,
            None => return self.give_up("too many paths"),
        };
        Ok(())
    }

    pub fn new_var(&mut self) -> VarId {
        self.next_var += 1;
        VarId(self.next_var)
    }

    /// A name that nothing else has.
    pub fn fresh(&mut self, hint: Option<&str>, ty: Type) -> String {
        self.next_name += 1;
        let name = format!("n{}", self.next_name);
        let hint = hint.map(str::to_owned);
        self.names.insert(name.clone(), Name { hint, ty });
        name
    }

    /// Gives an expression a name.
    pub fn name(&mut self, st: &mut State, hint: Option<&str>, ty: Type, value: Expr) -> Expr {
        let known = |named: &&state::Named| named.value == value && named.ty == ty;
        if let Some(named) = st.named.iter().find(known) {
            return Expr::Name(named.name.clone());
        }
        let name = self.fresh(hint, ty.clone());
        if self.is_repeatable(&value) {
            st.named.push(state::Named {
                value: value.clone(),
                ty: ty.clone(),
                name: name.clone(),
            });
        }
        st.code.push(Stmt::Let {
            name: name.clone(),
            ty,
            value,
        });
        Expr::Name(name)
    }

    /// Whether evaluating an expression again, with nothing in between, gives the same.
    fn is_repeatable(&self, value: &Expr) -> bool {
        let own = match value {
            Expr::Call { function, .. } => vocab::pure(function),
            Expr::Indirect { .. } | Expr::Stack(_) => false,
            // A count changes without a store that is to be seen.
            Expr::Member { path, .. } => !matches!(
                path.last(),
                Some(Step::Field(field)) if field.contains("refcnt")
            ),
            // Cells change by assignment to their name.
            Expr::Name(name) => !self.cells.contains(name),
            _ => true,
        };
        let mut repeatable = own;
        value.each_child(&mut |child| repeatable &= self.is_repeatable(child));
        repeatable
    }

    /// A value as an expression; addresses of followed things become those of memory.
    pub fn rvalue(&mut self, st: &mut State, value: Value) -> Outcome<Expr> {
        Ok(match value.what {
            What::Expr(expr) => expr,
            What::Stack(Base::Own, at) => {
                st.flush(None);
                st.slots.clear();
                Expr::StackPtr(Box::new(at.to_expr()))
            }
            What::Local(at) => Expr::LocalPtr(Box::new(at.to_expr())),
            What::Code(Base::Own, unit, 0) => Expr::InstrPtr(Box::new(unit.to_expr())),
            What::Variable(id) => Expr::AddrOf(self.spill(st, id)?),
            What::Cell(name, at) => match at.as_constant() {
                Some(0) => Expr::AddrOf(name),
                _ => Expr::Index {
                    base: Box::new(Expr::AddrOf(name)),
                    index: Box::new(at.to_expr()),
                    address: true,
                },
            },
            What::Caller => {
                let place = Expr::Member {
                    base: Box::new(Expr::Frame),
                    owner: "_PyInterpreterFrame".to_owned(),
                    path: vec![Step::Field("previous".to_owned())],
                    address: false,
                };
                self.name(st, None, Type::Ptr, place)
            }
            What::Function(name) => Expr::Symbol {
                name,
                path: Vec::new(),
            },
            _ => return self.give_up("an address in another frame used as a value"),
        })
    }

    /// C's conversion to a type.
    pub fn convert(&mut self, st: &mut State, value: Value, to: &CType) -> Outcome<Value> {
        let to = to.decayed();
        if value.ty == to || to == CType::Void {
            return Ok(value.with_type(to));
        }
        let from = value.ty.clone();
        if from.is_pointer() && to.is_pointer() {
            return Ok(match value.as_int() {
                Some(0) => Value::expr(Expr::Null, to),
                _ => value.with_type(to),
            });
        }
        if to.is_pointer() && value.as_int() == Some(0) {
            return Ok(Value::expr(Expr::Null, to));
        }
        if to == CType::Bool {
            let flag = self.truth(&value);
            let flag = match flag {
                Expr::Int { .. } => flag,
                flag if fold::is_flag(&flag) => flag,
                flag => fold::plain(BinOp::Ne, flag, value::int(0)),
            };
            let ty = self.types.template_type(&to);
            return Ok(Value::expr(fold::cast(flag, &CType::INT, &to, ty), to));
        }
        if matches!(from, CType::Record(_)) || matches!(to, CType::Record(_)) {
            if self.types.is_stack_ref(&from) && self.types.is_stack_ref(&to) {
                return Ok(value);
            }
            return self.give_up("a struct used as a value");
        }
        if let (What::Code(..) | What::Stack(..), true) = (&value.what, to.is_integer()) {
            return self.give_up("an address used as a number");
        }
        let expr = self.rvalue(st, value)?;
        let ty = self.types.template_type(&to);
        Ok(Value::expr(fold::cast(expr, &from, &to, ty), to))
    }

    /// The condition that a value is not zero.
    pub fn truth(&self, value: &Value) -> Expr {
        if let Some(number) = value.as_int() {
            return value::int(i128::from(number != 0));
        }
        match &value.what {
            What::Expr(expr) if value.ty.is_pointer() => {
                fold::binary(BinOp::Ne, expr.clone(), Expr::Null, &value.ty)
            }
            What::Expr(expr) if fold::is_flag(expr) => unwidened(expr),
            What::Expr(expr) => expr.clone(),
            // Addresses of what is followed are never NULL.
            _ => value::int(1),
        }
    }

    /// Whether a comparison is one of floats, where `!(a < b)` is not `a >= b`.
    pub fn is_float(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Float(_) => true,
            Expr::Name(name) => self.names.get(name).is_some_and(Name::is_float),
            Expr::Cast { ty, .. } => matches!(ty, Type::F64 | Type::F32),
            Expr::Unary { value, .. } => self.is_float(value),
            Expr::Binary { left, right, .. } => self.is_float(left) || self.is_float(right),
            Expr::Select { then, .. } => self.is_float(then),
            _ => false,
        }
    }

    pub fn not(&self, cond: &Expr) -> Expr {
        fold::not(cond, !self.is_float(cond))
    }

    /// An expression with the conditions that this path has decided put in.
    pub fn resolve(&self, st: &State, expr: &Expr) -> Expr {
        // A condition that holds is not 1 unless it is a flag.
        match self.decided(st, expr) {
            Some(false) => return value::int(0),
            Some(true) if fold::is_flag(expr) => return value::int(1),
            _ => {}
        }
        match expr {
            Expr::Binary { op, left, right } => {
                let (l, r) = (self.resolve(st, left), self.resolve(st, right));
                if l == **left && r == **right {
                    return expr.clone();
                }
                fold::binary(*op, l, r, &CType::LONG)
            }
            Expr::Unary { op, value } => match (op, self.resolve(st, value)) {
                (UnOp::Neg, Expr::Int { value, .. }) => value::int(-value),
                (op, value) => Expr::Unary {
                    op: *op,
                    value: Box::new(value),
                },
            },
            Expr::Cast { value, ty } => match self.resolve(st, value) {
                folded @ Expr::Int { .. } => folded,
                other => Expr::Cast {
                    value: Box::new(other),
                    ty: ty.clone(),
                },
            },
            Expr::Select {
                cond,
                then,
                otherwise,
            } => match self.decided(st, cond) {
                Some(true) => self.resolve(st, then),
                Some(false) => self.resolve(st, otherwise),
                None => expr.clone(),
            },
            _ => expr.clone(),
        }
    }

    /// What this path knows of a condition.
    pub fn decided(&self, st: &State, cond: &Expr) -> Option<bool> {
        let turned = self.not(cond);
        st.facts.iter().rev().find_map(|(fact, holds)| {
            if fact == cond {
                Some(*holds)
            } else if *fact == turned {
                Some(!holds)
            } else {
                None
            }
        })
    }
}

/// A flag without conversions that only change its width.
fn unwidened(expr: &Expr) -> Expr {
    match expr {
        Expr::Cast { value, .. } if fold::is_flag(value) => unwidened(value),
        other => other.clone(),
    }
}
