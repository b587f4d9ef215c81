//! C lvalues: reading, writing and taking the address of each kind.

use cevalry_model::ast::{Expr, Step, Type};

use super::linear::Linear;
use super::state::State;
use super::value::{Base, Binding, Value, VarId, What, int};
use super::{Lifter, Outcome, fold};
use crate::c::ctype::CType;

/// An lvalue with its type.
#[derive(Clone, Debug)]
pub struct Place {
    pub at: At,
    pub ty: CType,
}

#[derive(Clone, Debug)]
pub enum At {
    Variable(VarId),
    /// A member of a C variable that is a struct.
    Part(VarId, String),
    Stack(Base, Linear),
    Local(Linear),
    Code(Base, Linear, i64),
    Cell(String, Linear),
    /// `pointer[index]`
    Element {
        pointer: Expr,
        index: Expr,
    },
    Member {
        base: Expr,
        owner: String,
        path: Vec<Step>,
        offset: Option<u64>,
    },
    Global {
        name: String,
        path: Vec<Step>,
    },
}

impl Lifter<'_> {
    /// What a pointer points at.
    pub fn deref(&mut self, st: &mut State, pointer: Value) -> Outcome<Place> {
        let Some(ty) = pointer.ty.pointee().cloned() else {
            return self.give_up("an indirection through what is not a pointer");
        };
        let at = match pointer.what {
            What::Stack(base, at) => At::Stack(base, at),
            What::Local(at) => At::Local(at),
            What::Code(base, unit, byte) => At::Code(base, unit, byte),
            What::Variable(id) => At::Variable(id),
            What::Cell(name, at) => At::Cell(name, at),
            What::Function(name) => {
                return Ok(Place {
                    at: At::Global {
                        name,
                        path: Vec::new(),
                    },
                    ty,
                });
            }
            What::Caller => return self.give_up("a read of the frame below"),
            What::Expr(expr) => self.deref_expr(st, expr, &ty)?,
        };
        Ok(Place { at, ty })
    }

    fn deref_expr(&mut self, st: &mut State, expr: Expr, ty: &CType) -> Outcome<At> {
        let same = self.address_type(&expr).is_some_and(|known| known == *ty);
        Ok(match expr {
            Expr::Member {
                base,
                owner,
                path,
                address: true,
            } if same => At::Member {
                base: *base,
                owner,
                path,
                offset: None,
            },
            Expr::Index {
                base,
                index,
                address: true,
            } if same => At::Element {
                pointer: *base,
                index: *index,
            },
            Expr::Symbol { name, path } if same => At::Global { name, path },
            Expr::AddrOf(name) => At::Cell(name, Linear::default()),
            Expr::Name(_) | Expr::Frame | Expr::Tstate => At::Element {
                pointer: expr,
                index: int(0),
            },
            other => {
                let ty = self.types.template_type(&ty.clone().pointer());
                At::Element {
                    pointer: self.name(st, None, ty, other),
                    index: int(0),
                }
            }
        })
    }

    /// The type of what an address expression points at.
    fn address_type(&self, expr: &Expr) -> Option<CType> {
        match expr {
            Expr::Member { owner, path, .. } => self.types.path_type(owner, path),
            Expr::Symbol { name, path } => {
                let ty = match self.types.variables.get(name) {
                    Some(variable) => variable.ty.clone(),
                    None => return None,
                };
                self.types.steps(ty, path)
            }
            Expr::Index { base, .. } => match &**base {
                Expr::Name(name) => self.pointees.get(name).cloned(),
                _ => None,
            },
            _ => None,
        }
    }

    /// A member of a place that is a struct or union.
    pub fn member(&mut self, st: &mut State, place: Place, field: &str) -> Outcome<Place> {
        let CType::Record(id) = place.ty else {
            return self.give_up("a member of what is not a struct");
        };
        let Some(member) = self.types.member(id, field) else {
            return self.give_up(&format!("no member `{field}`"));
        };
        let ty = member.ty;
        let name = self.types.records[id.0].name.clone();
        let step = Step::Field(field.to_owned());
        let at = match place.at {
            At::Variable(var) => match &st.vars.get(&var).map(|v| v.binding.clone()) {
                Some(Binding::Unset | Binding::Record(_)) => At::Part(var, field.to_owned()),
                Some(Binding::Value(value)) => {
                    let value = value.clone();
                    let target = self.alias(&value);
                    match target {
                        Some(pointer) => {
                            let inner = self.deref(st, pointer)?;
                            return self.member(st, inner, field);
                        }
                        None => return self.give_up("a member of a struct held by value"),
                    }
                }
                _ => return self.give_up("a member of a struct in memory"),
            },
            At::Part(..) => return self.give_up("a struct inside a struct held by value"),
            At::Code(base, unit, byte) => {
                let byte = byte + member.offset as i64;
                let (units, byte) = (byte.div_euclid(2), byte.rem_euclid(2));
                At::Code(base, unit.offset(units), byte)
            }
            At::Element { pointer, index } => {
                let Some(owner) = name else {
                    return self.give_up("a struct without a name");
                };
                let base = if index == int(0) {
                    pointer
                } else {
                    Expr::Index {
                        base: Box::new(pointer),
                        index: Box::new(index),
                        address: true,
                    }
                };
                At::Member {
                    base,
                    owner,
                    path: vec![step],
                    offset: Some(member.offset),
                }
            }
            At::Member {
                base,
                owner,
                mut path,
                offset,
            } => {
                // A struct at the start of another is named itself: the object's head, above all.
                if let (Some(0), Some(inner), false) =
                    (offset, &name, self.types.records[id.0].union)
                {
                    At::Member {
                        base,
                        owner: inner.clone(),
                        path: vec![step],
                        offset: Some(member.offset),
                    }
                } else {
                    path.push(step);
                    let offset = offset.map(|offset| offset + member.offset);
                    At::Member {
                        base,
                        owner,
                        path,
                        offset,
                    }
                }
            }
            At::Global { name, mut path } => {
                path.push(step);
                At::Global { name, path }
            }
            At::Stack(..) | At::Local(_) | At::Cell(..) => {
                return self.give_up("a member of a struct on the stack");
            }
        };
        Ok(self.framed(Place { at, ty }))
    }

    /// Names the local variables of the running frame.
    fn framed(&self, place: Place) -> Place {
        match &place.at {
            At::Member {
                base: Expr::Frame,
                path,
                ..
            } => match path.as_slice() {
                [Step::Field(array), Step::Index(index)] if array == "localsplus" => {
                    let at = At::Local(Linear::of(index, true));
                    Place { at, ty: place.ty }
                }
                _ => place,
            },
            _ => place,
        }
    }

    /// The address of a place; for an array, of its first element.
    pub fn address(&mut self, st: &mut State, place: Place) -> Outcome<Value> {
        let place = match (place.ty.clone(), place.at) {
            (CType::Array(element, _), At::Variable(id)) => {
                let Some(Binding::Array(name)) = st.vars.get(&id).map(|v| &v.binding) else {
                    return self.give_up("a local array without a place");
                };
                let what = What::Cell(name.clone(), Linear::default());
                return Ok(Value {
                    what,
                    ty: (*element).clone().pointer(),
                });
            }
            (CType::Array(element, _), at) => {
                let first = Step::Index(int(0));
                let mut at = at;
                if let At::Member { path, .. } | At::Global { path, .. } = &mut at {
                    path.push(first);
                }
                self.framed(Place {
                    at,
                    ty: (*element).clone(),
                })
            }
            (ty, at) => Place { at, ty },
        };
        let ty = place.ty.clone().pointer();
        let what = match place.at {
            At::Variable(id) => What::Variable(id),
            At::Part(..) => return self.give_up("the address of a part of a local struct"),
            At::Stack(base, at) => What::Stack(base, at),
            At::Local(at) => What::Local(at),
            At::Code(base, unit, byte) => What::Code(base, unit, byte),
            At::Cell(name, at) => What::Cell(name, at),
            At::Element { pointer, index } if index == int(0) => What::Expr(pointer),
            At::Element { pointer, index } => What::Expr(Expr::Index {
                base: Box::new(pointer),
                index: Box::new(index),
                address: true,
            }),
            At::Member {
                base, owner, path, ..
            } => What::Expr(Expr::Member {
                base: Box::new(base),
                owner,
                path,
                address: true,
            }),
            At::Global { name, path } => What::Expr(Expr::Symbol { name, path }),
        };
        Ok(Value { what, ty })
    }

    /// A pointer under a name of a type that may be indexed.
    pub fn indexable(&mut self, st: &mut State, pointer: Expr, element: &CType) -> Expr {
        let wanted = Type::Array(Box::new(self.types.element_type(element)));
        match &pointer {
            Expr::Name(name) if self.names.get(name).is_some_and(|info| info.ty == wanted) => {
                pointer
            }
            _ => self.name(st, None, wanted, pointer),
        }
    }

    /// Remembers what a named pointer points at, so that its elements' addresses have a type.
    pub fn note_pointee(&mut self, name: &Expr, ty: &CType) {
        if let (Expr::Name(name), CType::Pointer(inner)) = (name, ty) {
            self.pointees.insert(name.clone(), (**inner).clone());
        }
    }

    /// `pointer + count` elements.
    pub fn advance(
        &mut self,
        st: &mut State,
        pointer: Value,
        count: &Value,
        factor: i64,
    ) -> Outcome<Value> {
        let Some(element) = pointer.ty.pointee().cloned() else {
            return self.give_up("arithmetic on what is not a pointer");
        };
        let size = self
            .types
            .size_align(&element)
            .map_or(1, |(size, _)| size as i64);
        let ty = pointer.ty.clone();
        let count = self.convert(st, count.clone(), &super::arith::promoted(&count.ty))?;
        let wide = !matches!(count.ty, CType::Int { bits: 32, .. });
        let number = self.rvalue(st, count)?;
        let number = self.resolve(st, &number);
        let by = Linear::default().plus(&Linear::of(&number, wide), factor);
        let what = match pointer.what {
            What::Stack(base, at) => What::Stack(base, at.plus(&by, 1)),
            What::Local(at) => What::Local(at.plus(&by, 1)),
            What::Cell(name, at) => What::Cell(name, at.plus(&by, 1)),
            What::Code(base, unit, byte) => match (size, by.as_constant()) {
                (2, _) => What::Code(base, unit.plus(&by, 1), byte),
                (_, Some(by)) => {
                    let byte = byte + by * size;
                    What::Code(base, unit.offset(byte.div_euclid(2)), byte.rem_euclid(2))
                }
                _ => return self.give_up("an odd step through code"),
            },
            What::Expr(expr) => {
                let by = by.to_expr();
                What::Expr(self.step(st, expr, by, &element))
            }
            _ => return self.give_up("arithmetic on an address of a variable"),
        };
        Ok(Value { what, ty })
    }

    /// An address moved on by some elements.
    fn step(&mut self, st: &mut State, pointer: Expr, by: Expr, element: &CType) -> Expr {
        if by == int(0) {
            return pointer;
        }
        // Steps of another size start from a name of their own.
        if self
            .address_type(&pointer)
            .is_none_or(|known| known != *element)
        {
            let base = self.indexable(st, pointer, element);
            self.note_pointee(&base, &element.clone().pointer());
            return Expr::Index {
                base: Box::new(base),
                index: Box::new(by),
                address: true,
            };
        }
        let sum = |a: Expr, b: &Expr| {
            fold::binary(cevalry_model::ast::BinOp::Add, a, b.clone(), &CType::LONG)
        };
        match pointer {
            Expr::Member {
                base,
                owner,
                mut path,
                address: true,
            } if matches!(path.last(), Some(Step::Index(_))) => {
                if let Some(Step::Index(at)) = path.last_mut() {
                    *at = sum(at.clone(), &by);
                }
                Expr::Member {
                    base,
                    owner,
                    path,
                    address: true,
                }
            }
            Expr::Symbol { name, mut path } if matches!(path.last(), Some(Step::Index(_))) => {
                if let Some(Step::Index(at)) = path.last_mut() {
                    *at = sum(at.clone(), &by);
                }
                Expr::Symbol { name, path }
            }
            Expr::Index {
                base,
                index,
                address: true,
            } => Expr::Index {
                base,
                index: Box::new(sum(*index, &by)),
                address: true,
            },
            other => {
                let base = self.indexable(st, other, element);
                self.note_pointee(&base, &element.clone().pointer());
                Expr::Index {
                    base: Box::new(base),
                    index: Box::new(by),
                    address: true,
                }
            }
        }
    }
}
