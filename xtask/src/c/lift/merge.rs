//! Bringing paths back together.

use std::collections::HashSet;

use cevalry_model::ast::{Block, Exit, Expr, Stmt, Type};

use super::linear::Linear;
use super::state::{Slot, State};
use super::tree::{Fork, Tree};
use super::value::{Binding, Value, What, int};
use super::{Lifter, Outcome, fold};
use crate::c::ctype::CType;

/// How control leaves a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Flow {
    Fall,
    Break,
    Continue,
    Goto(String),
    Return(Option<Value>),
}

/// Two paths that cannot be one.
struct Apart;

/// One of two paths that are to become one.
struct Arm {
    state: State,
    /// Names that exist on this path only.
    own: HashSet<String>,
}

impl Arm {
    fn new(state: State) -> Self {
        let mut own = HashSet::new();
        defined(&state.code, &mut own);
        Self { state, own }
    }

    /// Whether an expression means the same before the paths part.
    fn is_outer(&self, expr: &Expr) -> bool {
        let mut outer = true;
        names(expr, &mut |name| outer &= !self.own.contains(name));
        outer
    }
}

impl Lifter<'_> {
    /// Merges paths that go on alike; a path that only leaves becomes a guard.
    pub fn collapse(&mut self, tree: Tree<Flow>) -> Tree<Flow> {
        self.collapse_with(tree, false)
    }

    /// The same for the paths of an expression.
    pub fn collapse_values(&mut self, tree: Tree<Value>, select: bool) -> Tree<Value> {
        let flows = map(tree, &mut |value| Flow::Return(Some(value)));
        map(self.collapse_with(flows, select), &mut |flow| match flow {
            Flow::Return(Some(value)) => value,
            _ => Value::void(),
        })
    }

    fn collapse_with(&mut self, tree: Tree<Flow>, select: bool) -> Tree<Flow> {
        let Tree::Fork(fork) = tree else {
            return tree;
        };
        let Fork {
            mut before,
            cond,
            then,
            otherwise,
        } = *fork;
        let then = self.collapse_with(then, select);
        let otherwise = self.collapse_with(otherwise, select);
        match (then, otherwise) {
            (Tree::Left(yes), Tree::Left(no)) => {
                before.extend(self.both_leave(cond, yes, no));
                Tree::Left(before)
            }
            (Tree::Left(gone), rest) => {
                before.push(self.one_leaves(cond, gone));
                rest.after(before)
            }
            (rest, Tree::Left(gone)) => {
                let cond = self.not(&cond);
                before.push(self.one_leaves(cond, gone));
                rest.after(before)
            }
            (Tree::Leaf(yes, yes_flow), Tree::Leaf(no, no_flow)) => {
                let pair = (*yes, yes_flow, *no, no_flow);
                match self.join(&before, &cond, &pair, select) {
                    Ok((state, flow)) => Tree::leaf(state, flow),
                    Err(Apart) => {
                        let (yes, yes_flow, no, no_flow) = pair;
                        Tree::Fork(Box::new(Fork {
                            before,
                            cond,
                            then: Tree::leaf(yes, yes_flow),
                            otherwise: Tree::leaf(no, no_flow),
                        }))
                    }
                }
            }
            (then, otherwise) => Tree::Fork(Box::new(Fork {
                before,
                cond,
                then,
                otherwise,
            })),
        }
    }

    fn both_leave(&self, cond: Expr, yes: Block, no: Block) -> Block {
        if let [Stmt::Exit(exit)] = yes.as_slice() {
            let mut out = vec![Stmt::Guard {
                cond: self.not(&cond),
                exit: exit.clone(),
            }];
            out.extend(no);
            return out;
        }
        if let [Stmt::Exit(exit)] = no.as_slice() {
            let mut out = vec![Stmt::Guard {
                cond,
                exit: exit.clone(),
            }];
            out.extend(yes);
            return out;
        }
        vec![Stmt::If {
            cond,
            then: yes,
            otherwise: no,
        }]
    }

    fn one_leaves(&self, cond: Expr, gone: Block) -> Stmt {
        match gone.as_slice() {
            [Stmt::Exit(exit)] => Stmt::Guard {
                cond: self.not(&cond),
                exit: Exit::clone(exit),
            },
            _ => Stmt::If {
                cond,
                then: gone,
                otherwise: Vec::new(),
            },
        }
    }

    fn join(
        &mut self,
        before: &[Stmt],
        cond: &Expr,
        (yes, yes_flow, no, no_flow): &(State, Flow, State, Flow),
        select: bool,
    ) -> Result<(State, Flow), Apart> {
        if yes.scopes != no.scopes
            || yes.frame_unit != no.frame_unit
            || yes.return_offset != no.return_offset
            || yes.saved_depth != no.saved_depth
            || yes.cleared != no.cleared
            || yes.pinned != no.pinned
            || yes.room != no.room
        {
            return Err(Apart);
        }
        let mut join = Join {
            before: before.to_vec(),
            cond: cond.clone(),
            yes: Arm::new(yes.clone()),
            no: Arm::new(no.clone()),
            select: select && yes.code.is_empty() && no.code.is_empty(),
        };
        let flow = match (yes_flow, no_flow) {
            (Flow::Return(Some(a)), Flow::Return(Some(b))) => {
                Flow::Return(Some(join.value(self, a, b)?))
            }
            (a, b) if a == b => a.clone(),
            _ => return Err(Apart),
        };
        let mut vars = yes.vars.clone();
        for (id, variable) in &mut vars {
            let (Some(a), Some(b)) = (yes.vars.get(id), no.vars.get(id)) else {
                return Err(Apart);
            };
            variable.binding = join.binding(self, &a.binding, &b.binding, &variable.ty)?;
        }
        let pushed = match (&yes.pushed, &no.pushed) {
            (Some(a), Some(b)) => Some(join.value(self, a, b)?),
            (None, None) => None,
            _ => return Err(Apart),
        };
        let slots = join.slots(self)?;
        Ok((join.finish(vars, pushed, slots), flow))
    }
}

/// Two paths while they become one.
struct Join {
    before: Block,
    cond: Expr,
    yes: Arm,
    no: Arm,
    /// Whether a value may be chosen without a branch.
    select: bool,
}

impl Join {
    fn binding(
        &mut self,
        lifter: &mut Lifter<'_>,
        a: &Binding,
        b: &Binding,
        ty: &CType,
    ) -> Result<Binding, Apart> {
        Ok(match (a, b) {
            _ if a == b => a.clone(),
            // What is not set on one path is not used behind it.
            (Binding::Unset, Binding::Value(value)) if self.is_outer(&self.no, value) => b.clone(),
            (Binding::Value(value), Binding::Unset) if self.is_outer(&self.yes, value) => a.clone(),
            (Binding::Unset, Binding::Value(value)) => {
                let Some(zero) = zero(value) else {
                    return Ok(Binding::Unset);
                };
                Binding::Value(self.value(lifter, &zero, value)?)
            }
            (Binding::Value(value), Binding::Unset) => {
                let Some(zero) = zero(value) else {
                    return Ok(Binding::Unset);
                };
                Binding::Value(self.value(lifter, value, &zero)?)
            }
            (Binding::Value(a), Binding::Value(b)) => Binding::Value(self.value(lifter, a, b)?),
            (Binding::Cell(cell), other) => {
                let read = Self::read(lifter, &mut self.yes, cell, ty);
                self.binding(lifter, &Binding::Value(read), other, ty)?
            }
            (other, Binding::Cell(cell)) => {
                let read = Self::read(lifter, &mut self.no, cell, ty);
                self.binding(lifter, other, &Binding::Value(read), ty)?
            }
            (Binding::Record(a), Binding::Record(b)) => {
                let mut parts = Vec::new();
                for (name, value) in a {
                    if let Some((_, other)) = b.iter().find(|(known, _)| known == name) {
                        parts.push((name.clone(), self.value(lifter, value, other)?));
                    }
                }
                Binding::Record(parts)
            }
            (Binding::Record(_), Binding::Unset) | (Binding::Unset, Binding::Record(_)) => {
                Binding::Unset
            }
            _ => return Err(Apart),
        })
    }

    fn is_outer(&self, arm: &Arm, value: &Value) -> bool {
        match &value.what {
            What::Expr(expr) => arm.is_outer(expr),
            What::Cell(name, _) => !arm.own.contains(name),
            _ => true,
        }
    }

    fn read(lifter: &mut Lifter<'_>, arm: &mut Arm, cell: &str, ty: &CType) -> Value {
        let template = lifter.variable_type(ty);
        let name = lifter.name(&mut arm.state, None, template, Expr::Name(cell.to_owned()));
        if let Expr::Name(name) = &name {
            arm.own.insert(name.clone());
        }
        Value::expr(name, ty.clone())
    }

    fn value(&mut self, lifter: &mut Lifter<'_>, a: &Value, b: &Value) -> Result<Value, Apart> {
        if a.what == b.what {
            return Ok(a.clone());
        }
        let (What::Expr(x), What::Expr(y)) = (&a.what, &b.what) else {
            return Err(Apart);
        };
        let ty = if *x == Expr::Null {
            b.ty.clone()
        } else {
            a.ty.clone()
        };
        let template = lifter.variable_type(&ty);
        let other = lifter.variable_type(&b.ty);
        if template != other && *y != Expr::Null {
            return Err(Apart);
        }
        let settled = |value: &Expr| lifter.is_known(value) || is_constant_address(value);
        if !self.select && settled(x) && settled(y) {
            // Kept apart: these are counts, flags and singletons that the rest folds with.
            return Err(Apart);
        }
        if let CType::Void = ty {
            return Ok(a.clone());
        }
        if self.select {
            let choice = fold::select(self.cond.clone(), x.clone(), y.clone());
            return Ok(Value::expr(choice, ty));
        }
        let (x, y) = (x.clone(), y.clone());
        let name = lifter.fresh(None, template.clone());
        let (start, in_yes, in_no) = if self.no.is_outer(&y) {
            (y, Some(x), None)
        } else if self.yes.is_outer(&x) {
            (x, None, Some(y))
        } else {
            (undefined(&template), Some(x), Some(y))
        };
        self.before.push(Stmt::Var {
            name: name.clone(),
            ty: template,
            value: start,
        });
        for (arm, value) in [(&mut self.yes, in_yes), (&mut self.no, in_no)] {
            if let Some(value) = value {
                arm.state.code.push(Stmt::Assign {
                    place: Expr::Name(name.clone()),
                    value,
                });
            }
        }
        let value = Expr::Name(name);
        lifter.note_pointee(&value, &ty);
        Ok(Value::expr(value, ty))
    }

    fn slots(&mut self, lifter: &mut Lifter<'_>) -> Result<Vec<Slot>, Apart> {
        let (yes, no) = (&self.yes.state.slots, &self.no.state.slots);
        // What only one path wrote is written on that path.
        let common = |at: &Linear| {
            let dirty = |slots: &[Slot]| slots.iter().any(|slot| slot.dirty && slot.at == *at);
            dirty(yes) && dirty(no)
        };
        let keep: Vec<Linear> = yes
            .iter()
            .map(|slot| slot.at.clone())
            .filter(|at| common(at))
            .collect();
        self.yes.state.flush_except(&keep);
        self.no.state.flush_except(&keep);
        let (yes, no) = (self.yes.state.slots.clone(), self.no.state.slots.clone());
        let mut slots = Vec::new();
        for slot in yes {
            let Some(other) = no.iter().find(|other| other.at == slot.at) else {
                continue;
            };
            if slot.value == other.value {
                slots.push(slot);
            } else if slot.dirty {
                let value = self.value(lifter, &slot.value, &other.value)?;
                slots.push(Slot { value, ..slot });
            }
        }
        Ok(slots)
    }

    fn finish(
        self,
        vars: std::collections::BTreeMap<super::value::VarId, super::state::Variable>,
        pushed: Option<Value>,
        slots: Vec<Slot>,
    ) -> State {
        let Self {
            mut before,
            cond,
            yes,
            no,
            ..
        } = self;
        let (yes, no) = (yes.state, no.state);
        let facts = yes
            .facts
            .iter()
            .filter(|fact| no.facts.contains(fact))
            .cloned()
            .collect();
        let effect = yes.effect || no.effect;
        let mut named = yes.named.clone();
        named.retain(|entry| no.named.contains(entry));
        if !yes.code.is_empty() || !no.code.is_empty() {
            before.push(Stmt::If {
                cond,
                then: yes.code.clone(),
                otherwise: no.code,
            });
        }
        State {
            code: before,
            vars,
            pushed,
            slots,
            facts,
            effect,
            named,
            ..yes
        }
    }
}

impl Lifter<'_> {
    /// Gives the arms of `?:` one type.
    pub fn unify(&mut self, tree: Tree<Value>) -> Outcome<Tree<Value>> {
        let mut ty: Option<CType> = None;
        visit(&tree, &mut |value| {
            ty = Some(match (&ty, &value.ty) {
                (None, found) => found.decayed(),
                (Some(known), found) if known.is_pointer() && found.is_pointer() => {
                    match known.pointee() {
                        Some(CType::Void) => found.decayed(),
                        _ => known.clone(),
                    }
                }
                (Some(known), _) if known.is_pointer() => known.clone(),
                (Some(_), found) if found.is_pointer() => found.decayed(),
                (Some(known), found) if known == found => known.clone(),
                (Some(known), found) => super::expr::common(known, found),
            });
        });
        let Some(ty) = ty else {
            return Ok(tree);
        };
        tree.bind(&mut |mut st, value| {
            let value = self.convert(&mut st, value, &ty)?;
            Ok(Tree::leaf(st, value))
        })
    }
}

fn visit<T>(tree: &Tree<T>, f: &mut dyn FnMut(&T)) {
    match tree {
        Tree::Leaf(_, value) => f(value),
        Tree::Left(_) => {}
        Tree::Fork(fork) => {
            visit(&fork.then, f);
            visit(&fork.otherwise, f);
        }
    }
}

fn map<T, U>(tree: Tree<T>, f: &mut dyn FnMut(T) -> U) -> Tree<U> {
    match tree {
        Tree::Leaf(state, value) => Tree::Leaf(state, f(value)),
        Tree::Left(code) => Tree::Left(code),
        Tree::Fork(fork) => {
            let Fork {
                before,
                cond,
                then,
                otherwise,
            } = *fork;
            let then = map(then, f);
            let otherwise = map(otherwise, f);
            Tree::Fork(Box::new(Fork {
                before,
                cond,
                then,
                otherwise,
            }))
        }
    }
}

fn is_constant_address(value: &Expr) -> bool {
    matches!(value, Expr::Symbol { .. })
}

/// A value for a path on which there is none.
fn undefined(ty: &Type) -> Expr {
    match ty {
        Type::Int { .. } => int(0),
        Type::F64 | Type::F32 => Expr::Float(0.0),
        Type::Ref => Expr::Call {
            function: "PyStackRef_NULL".to_owned(),
            args: Vec::new(),
        },
        _ => Expr::Null,
    }
}

fn zero(value: &Value) -> Option<Value> {
    match &value.what {
        What::Expr(_) if value.ty.is_pointer() => Some(Value::expr(Expr::Null, value.ty.clone())),
        What::Expr(_) if value.ty.is_integer() => Some(Value::int(0, value.ty.clone())),
        What::Expr(_) if value.ty.is_float() => {
            Some(Value::expr(Expr::Float(0.0), value.ty.clone()))
        }
        _ => None,
    }
}

/// Names that a block defines, inner blocks included.
fn defined(block: &[Stmt], out: &mut HashSet<String>) {
    for stmt in block {
        match stmt {
            Stmt::Let { name, .. } | Stmt::Var { name, .. } | Stmt::Cell { name, .. } => {
                out.insert(name.clone());
            }
            Stmt::If {
                then, otherwise, ..
            } => {
                defined(then, out);
                defined(otherwise, out);
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => defined(body, out),
            _ => {}
        }
    }
}

/// Calls `f` with every name that an expression mentions.
pub fn names(expr: &Expr, f: &mut dyn FnMut(&str)) {
    match expr {
        Expr::Name(name) | Expr::AddrOf(name) => f(name),
        other => other.each_child(&mut |child| names(child, f)),
    }
}
