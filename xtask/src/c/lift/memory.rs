//! Reading and writing places.

use cevalry_model::ast::{CellType, Expr, Step, Stmt, Type};

use super::linear::Linear;
use super::place::{At, Place};
use super::state::{Slot, State};
use super::value::{Base, Binding, Value, VarId, What, int};
use super::{Lifter, Outcome};
use crate::c::ctype::CType;

impl Lifter<'_> {
    /// The value at a place.
    pub fn load(&mut self, st: &mut State, place: Place) -> Outcome<Value> {
        if matches!(place.ty, CType::Array(..)) {
            return self.address(st, place);
        }
        if let CType::Function(_) = place.ty {
            let ty = place.ty.clone();
            if let At::Global { name, .. } = place.at {
                return Ok(Value {
                    what: What::Function(name),
                    ty,
                });
            }
            return Ok(self.address(st, place)?.with_type(ty.pointer()));
        }
        let ty = place.ty.clone();
        if let At::Global { name, path } = &place.at
            && path.is_empty()
            && let Some(ty) = self.primitive(name, &[])
        {
            // A constant that is a macro elsewhere.
            let call = Expr::Call {
                function: name.clone(),
                args: Vec::new(),
            };
            return Ok(Value::expr(call, ty.result));
        }
        if let Some(value) = self.load_followed(st, &place)? {
            return Ok(value);
        }
        if matches!(ty, CType::Record(_)) && !self.types.is_stack_ref(&ty) {
            return self.give_up("a struct read as a value");
        }
        let template = self.types.template_type(&ty);
        if let At::Code(Base::Own, unit, byte) = &place.at {
            return self.load_code(unit, *byte, ty);
        }
        let Some(expr) = self.in_memory(st, place) else {
            return self.give_up("a read of another frame's stack or code");
        };
        let name = self.name(st, None, template, expr);
        self.note_pointee(&name, &ty);
        Ok(Value::expr(name, ty))
    }

    /// A place in memory as the template language spells it, whether it is read or written.
    fn in_memory(&mut self, st: &mut State, place: Place) -> Option<Expr> {
        let ty = place.ty;
        Some(match place.at {
            At::Local(at) => self.local(st, &at, &ty),
            At::Cell(name, at) => match at.as_constant() {
                Some(0) if !self.arrays.contains(&name) => Expr::Name(name),
                _ => index(Expr::Name(name), at.to_expr()),
            },
            At::Element { pointer, index: at } => {
                let pointer = self.indexable(st, pointer, &ty);
                index(pointer, at)
            }
            At::Member {
                base, owner, path, ..
            } => Expr::Member {
                base: Box::new(base),
                owner,
                path,
                address: false,
            },
            At::Global { name, path } => self.global(st, name, path, &ty),
            _ => return None,
        })
    }

    /// Places whose value is followed rather than read.
    pub(super) fn load_followed(
        &mut self,
        st: &mut State,
        place: &Place,
    ) -> Outcome<Option<Value>> {
        let ty = place.ty.decayed();
        Ok(match &place.at {
            At::Variable(id) => Some(self.read_variable(st, *id)?),
            At::Part(id, field) => match st.vars.get(id).map(|v| &v.binding) {
                Some(Binding::Record(parts)) => {
                    let part = parts.iter().find(|(name, _)| name == field);
                    match part {
                        Some((_, value)) => Some(value.clone()),
                        None => return self.give_up("a struct's member read before it is set"),
                    }
                }
                _ => return self.give_up("a struct's member read before it is set"),
            },
            At::Stack(Base::Own, at) => {
                st.separate(at);
                if let Some(slot) = st.slots.iter().find(|slot| slot.at == *at) {
                    return Ok(Some(slot.value.clone().with_type(ty)));
                }
                let template = self.types.template_type(&ty);
                let slot = Expr::Stack(Box::new(at.to_expr()));
                let value = Value::expr(self.name(st, None, template, slot), ty);
                st.slots.push(Slot {
                    at: at.clone(),
                    value: value.clone(),
                    dirty: false,
                });
                Some(value)
            }
            At::Member {
                base, owner, path, ..
            } => self.load_frame(st, base, owner, path, &ty),
            _ => None,
        })
    }

    pub(super) fn read_variable(&mut self, st: &mut State, id: VarId) -> Outcome<Value> {
        let Some(variable) = st.vars.get(&id).cloned() else {
            return self.give_up("a variable out of scope");
        };
        match variable.binding {
            Binding::Value(Value {
                what: What::Expr(expr),
                ty,
            }) if ty.is_integer() => Ok(Value::expr(self.resolve(st, &expr), ty)),
            Binding::Value(value) => Ok(value),
            Binding::Unset => self.give_up("a variable read before it is set"),
            Binding::Array(name) => Ok(Value {
                what: What::Cell(name, Linear::default()),
                ty: variable.ty.decayed(),
            }),
            Binding::Cell(cell) => {
                let template = self.types.template_type(&variable.ty);
                let value = self.name(st, None, template, Expr::Name(cell));
                self.note_pointee(&value, &variable.ty);
                Ok(Value::expr(value, variable.ty))
            }
            Binding::Record(_) => self.give_up("a struct read as a value"),
        }
    }

    /// Inline cache and arguments of instructions.
    pub(super) fn load_code(&mut self, unit: &Linear, byte: i64, ty: CType) -> Outcome<Value> {
        let at = Box::new(unit.to_expr());
        let bits = match (&ty, byte) {
            (CType::Int { bits: 8, .. }, 0) if unit.as_constant() == Some(0) => {
                return Ok(Value::int(i128::from(self.number), ty));
            }
            (CType::Int { bits: 8, .. }, 0) => {
                return Ok(Value::expr(Expr::UnitOpcode(at), CType::INT));
            }
            (CType::Int { bits: 8, .. }, 1) => {
                return Ok(Value::expr(Expr::UnitOparg(at), CType::INT));
            }
            (CType::Int { bits, .. }, 0) => *bits,
            _ => return self.give_up("a read of code that is neither cache nor instruction"),
        };
        let cache = Expr::Cache {
            bits,
            object: false,
            unit: at,
        };
        // A cache is unsigned, but C may read it through a pointer to a signed number.
        let expr = match &ty {
            CType::Int { signed: true, .. } => Expr::Cast {
                value: Box::new(cache),
                ty: self.types.template_type(&ty),
            },
            _ => cache,
        };
        Ok(Value::expr(expr, ty))
    }

    /// A local variable of the frame; in memory where its number is known only at run time.
    pub(super) fn local(&mut self, st: &mut State, at: &Linear, ty: &CType) -> Expr {
        let number = at.to_expr();
        if self.is_known(&number) {
            return Expr::Local(Box::new(number));
        }
        let ty = self.types.template_type(&ty.clone().pointer());
        let first = Expr::LocalPtr(Box::new(int(0)));
        let locals = self.name(st, None, ty, first);
        index(locals, number)
    }

    /// A C variable's value goes through its address.
    pub(super) fn global(
        &mut self,
        st: &mut State,
        name: String,
        mut path: Vec<Step>,
        ty: &CType,
    ) -> Expr {
        let at = match path.last() {
            Some(Step::Index(_)) => match path.pop() {
                Some(Step::Index(at)) => at,
                _ => int(0),
            },
            _ => int(0),
        };
        let elem = self.types.element_type(ty);
        let pointer = self.name(
            st,
            None,
            Type::Array(Box::new(elem)),
            Expr::Symbol { name, path },
        );
        index(pointer, at)
    }

    /// Writes a value of the place's type.
    pub fn store(&mut self, st: &mut State, place: Place, value: Value) -> Outcome<()> {
        let value = self.convert(st, value, &place.ty)?;
        match place.at {
            At::Variable(id) => return self.assign_variable(st, id, value),
            At::Part(id, field) => {
                let Some(variable) = st.vars.get_mut(&id) else {
                    return self.give_up("a variable out of scope");
                };
                if !matches!(variable.binding, Binding::Record(_)) {
                    variable.binding = Binding::Record(Vec::new());
                }
                if let Binding::Record(parts) = &mut variable.binding {
                    parts.retain(|(name, _)| *name != field);
                    parts.push((field, value));
                    parts.sort_by(|a, b| a.0.cmp(&b.0));
                }
                return Ok(());
            }
            At::Stack(Base::Own, at) => {
                let expr = self.rvalue(st, value.clone())?;
                st.write_slot(at, Value::expr(expr, value.ty));
                return Ok(());
            }
            At::Stack(Base::Other, at) => {
                if at.as_constant() != Some(0) {
                    return self.give_up("a write deep into another frame's stack");
                }
                st.pushed = Some(value);
                return Ok(());
            }
            At::Member {
                ref base,
                ref owner,
                ref path,
                ..
            } if self.store_frame(st, base, owner, path, &value)? => {
                return Ok(());
            }
            _ => {}
        }
        let value = self.rvalue(st, value)?;
        if let At::Code(Base::Own, ..) = &place.at {
            // A cache only guides specialising, which compiled code takes no part in.
            return Ok(());
        }
        let Some(target) = self.in_memory(st, place) else {
            return self.give_up("a write to another frame's code");
        };
        st.effect = true;
        st.memory_changes();
        st.code.push(Stmt::Assign {
            place: target,
            value,
        });
        Ok(())
    }

    pub(super) fn assign_variable(
        &mut self,
        st: &mut State,
        id: VarId,
        value: Value,
    ) -> Outcome<()> {
        let Some(variable) = st.vars.get_mut(&id) else {
            return self.give_up("a variable out of scope");
        };
        if let Binding::Cell(cell) = &variable.binding {
            let place = Expr::Name(cell.clone());
            let value = self.rvalue(st, value)?;
            st.code.push(Stmt::Assign { place, value });
            return Ok(());
        }
        let value = self.named(st, value);
        if let Some(variable) = st.vars.get_mut(&id) {
            variable.binding = Binding::Value(value);
        }
        Ok(())
    }

    /// Moves a variable into memory, so that its address can be given away.
    pub fn spill(&mut self, st: &mut State, id: VarId) -> Outcome<String> {
        let Some(variable) = st.vars.get(&id).cloned() else {
            return self.give_up("a variable out of scope");
        };
        let value = match variable.binding {
            Binding::Cell(cell) | Binding::Array(cell) => return Ok(cell),
            Binding::Unset => None,
            Binding::Value(value) => Some(self.rvalue(st, value)?),
            Binding::Record(_) => return self.give_up("the address of a local struct"),
        };
        let ty = self.types.template_type(&variable.ty);
        if matches!(variable.ty, CType::Record(_)) && ty != Type::Ref {
            return self.give_up("the address of a local struct");
        }
        let name = self.fresh(None, ty.clone());
        self.cells.insert(name.clone());
        st.code.push(Stmt::Cell {
            name: name.clone(),
            ty: CellType::One(ty),
            value,
        });
        if let Some(variable) = st.vars.get_mut(&id) {
            variable.binding = Binding::Cell(name.clone());
        }
        Ok(name)
    }
}

pub(super) fn index(base: Expr, at: Expr) -> Expr {
    Expr::Index {
        base: Box::new(base),
        index: Box::new(at),
        address: false,
    }
}
