//! Two states as one: what differs becomes a variable.

use std::collections::{BTreeMap, HashSet};

use cevalry_model::ast::{Block, Expr, Stmt, Type};

use super::linear::Linear;
use super::merge::{Merging, names};
use super::state::{Slot, State, Variable};
use super::value::{Binding, Value, VarId, What, int};
use super::{Lifter, fold};
use crate::c::ctype::CType;

/// Two paths that cannot be one.
pub(super) struct Apart;

/// One of two paths that are to become one.
pub(super) struct Arm {
    pub(super) state: State,
    /// Names that exist on this path only.
    pub(super) own: HashSet<String>,
}

impl Arm {
    pub(super) fn new(state: State) -> Self {
        let mut own = HashSet::new();
        defined(&state.code, &mut own);
        Self { state, own }
    }

    /// Whether an expression means the same before the paths part.
    pub(super) fn is_outer(&self, expr: &Expr) -> bool {
        let mut outer = true;
        names(expr, &mut |name| outer &= !self.own.contains(name));
        outer
    }
}

/// Two paths while they become one.
pub(super) struct Join {
    pub(super) before: Block,
    pub(super) cond: Expr,
    pub(super) yes: Arm,
    pub(super) no: Arm,
    /// Whether a value may be chosen without a branch.
    pub(super) merging: Merging,
    pub(super) select: bool,
}

impl Join {
    pub(super) fn binding(
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

    pub(super) fn is_outer(&self, arm: &Arm, value: &Value) -> bool {
        match &value.what {
            What::Expr(expr) => arm.is_outer(expr),
            What::Cell(name, _) => !arm.own.contains(name),
            _ => true,
        }
    }

    pub(super) fn read(lifter: &mut Lifter<'_>, arm: &mut Arm, cell: &str, ty: &CType) -> Value {
        let template = lifter.variable_type(ty);
        let name = lifter.name(&mut arm.state, None, template, Expr::Name(cell.to_owned()));
        if let Expr::Name(name) = &name {
            arm.own.insert(name.clone());
        }
        Value::expr(name, ty.clone())
    }

    pub(super) fn value(
        &mut self,
        lifter: &mut Lifter<'_>,
        a: &Value,
        b: &Value,
    ) -> Result<Value, Apart> {
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
        let known = |value: &Expr| matches!(value, Expr::Int { .. });
        let flags = self.merging == Merging::Call && (known(x) || known(y));
        if flags || (!self.select && settled(x) && settled(y)) {
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

    pub(super) fn slots(&mut self, lifter: &mut Lifter<'_>) -> Result<Vec<Slot>, Apart> {
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

    pub(super) fn finish(
        self,
        vars: BTreeMap<VarId, Variable>,
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

fn is_constant_address(value: &Expr) -> bool {
    matches!(value, Expr::Symbol { .. })
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
