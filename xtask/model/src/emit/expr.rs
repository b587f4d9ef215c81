//! Expressions: each operation becomes one call of the emitter, in order of evaluation.

use std::ffi::CString;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use super::body::Writer;
use super::{elem, ident, ty};
use crate::ast::{BinOp, CellType, Elem, Expr, FieldType, Signature, Step, Type, UnOp};
use crate::typing::{Binding, agree, literal};
use crate::vocab;

type Tokens = Result<TokenStream, String>;

/// What a member or an index denotes.
pub(super) enum Place {
    Field {
        base: TokenStream,
        field: TokenStream,
    },
    Element {
        base: TokenStream,
        elem: TokenStream,
        index: TokenStream,
    },
}

/// An element of an array cell.
pub(super) struct CellElement {
    pub cell: Ident,
    pub elem: TokenStream,
    pub index: TokenStream,
}

impl Writer<'_, '_, '_> {
    /// Code whose value is the expression's. Operands have been written before.
    pub(super) fn value(&mut self, expr: &Expr, expected: Option<&Type>) -> Tokens {
        let e = self.emitter.clone();
        Ok(match expr {
            Expr::Int { value, .. } => match self.scope.infer(expr, expected)? {
                found @ Type::Int { .. } => {
                    let found = ty(&found);
                    let number = Literal::i64_unsuffixed(*value as i64);
                    quote! { #e.int(#found, #number) }
                }
                other => return Err(format!("a number of type `{other}`")),
            },
            Expr::Float(value) => {
                let number = Literal::f64_unsuffixed(*value);
                quote! { #e.float(#number) }
            }
            Expr::Null => quote! { #e.null() },
            Expr::CStr(text) => {
                let text = CString::new(text.as_str())
                    .map_err(|_| "a C string with a zero inside".to_owned())?;
                let text = Literal::c_string(&text);
                quote! { #e.text(#text) }
            }
            Expr::Name(name) => {
                let variable = self.variable(name);
                match self.scope.find(name)? {
                    Binding::Let(_) => quote! { #variable },
                    Binding::Var(_) => quote! { #e.get(#variable) },
                    Binding::Cell(CellType::One(_)) => {
                        let zero = self.number(0);
                        quote! { #e.cell_get(#variable, #zero) }
                    }
                    Binding::Cell(CellType::Array(..)) => quote! { #e.cell_addr(#variable) },
                }
            }
            Expr::AddrOf(name) => {
                let variable = self.variable(name);
                quote! { #e.cell_addr(#variable) }
            }
            Expr::Oparg => quote! { #e.oparg() },
            Expr::Frame => quote! { #e.frame() },
            Expr::Tstate => quote! { #e.tstate() },
            Expr::Cache { bits, object, unit } => {
                let method = if *object {
                    "cache_obj".to_owned()
                } else {
                    format!("cache_u{bits}")
                };
                self.one(&method, unit, false)?
            }
            Expr::UnitOparg(unit) => self.one("unit_oparg", unit, false)?,
            Expr::UnitOpcode(unit) => self.one("unit_opcode", unit, false)?,
            Expr::InstrPtr(unit) => self.one("instr_ptr", unit, false)?,
            Expr::Stack(index) => self.one("stack", index, true)?,
            Expr::StackPtr(index) => self.one("stack_ptr", index, true)?,
            Expr::Local(index) => self.one("local", index, true)?,
            Expr::LocalPtr(index) => self.one("local_ptr", index, true)?,
            Expr::Symbol { name, path } => self.symbol(name, path)?,
            Expr::Member { address, .. } | Expr::Index { address, .. } => {
                if let Some(element) = self.cell_element(expr)? {
                    let CellElement { cell, elem, index } = element;
                    if *address {
                        let base = self.temp(quote! { #e.cell_addr(#cell) });
                        quote! { #e.element(#base, #elem, #index) }
                    } else {
                        quote! { #e.cell_get(#cell, #index) }
                    }
                } else {
                    match (self.place(expr)?, *address) {
                        (Place::Field { base, field }, false) => quote! { #e.load(#base, #field) },
                        (Place::Field { base, field }, true) => {
                            quote! { #e.member(#base, #field) }
                        }
                        (Place::Element { base, elem, index }, false) => {
                            quote! { #e.index(#base, #elem, #index) }
                        }
                        (Place::Element { base, elem, index }, true) => {
                            quote! { #e.element(#base, #elem, #index) }
                        }
                    }
                }
            }
            Expr::Cast { value, ty: to } => {
                let from = self.scope.infer(value, None)?;
                if agree(&from, to) {
                    return self.value(value, None);
                }
                let operand = self.operand(value, None)?;
                let (from, to) = (ty(&from), ty(to));
                quote! { #e.cast(#operand, #from, #to) }
            }
            Expr::Unary { op, value } => {
                let expected = if *op == UnOp::Not { None } else { expected };
                let found = ty(&self.scope.infer(value, expected)?);
                let operand = self.operand(value, expected)?;
                let method = method(match op {
                    UnOp::Neg => "neg",
                    UnOp::Not => "not",
                    UnOp::BitNot => "bitnot",
                });
                quote! { #e.#method(#found, #operand) }
            }
            Expr::Binary { op, left, right } => self.binary(*op, left, right, expected)?,
            Expr::Select {
                cond,
                then,
                otherwise,
            } => {
                let found = self.scope.infer(expr, expected)?;
                let cond = self.operand(cond, None)?;
                let then = self.operand(then, Some(&found))?;
                let otherwise = self.operand(otherwise, Some(&found))?;
                let found = ty(&found);
                quote! { #e.select(#found, #cond, #then, #otherwise) }
            }
            Expr::Call { function, args } => self.call(function, args)?,
            Expr::Indirect {
                signature,
                function,
                args,
            } => {
                let name = ident(&self.uses.signature(signature));
                let function = self.operand(function, Some(&Type::Ptr))?;
                let args = self.arguments(signature, args)?;
                quote! { #e.indirect(&signature::#name, #function, &[#(#args),*])? }
            }
        })
    }

    /// A name for the expression's value.
    pub(super) fn operand(&mut self, expr: &Expr, expected: Option<&Type>) -> Tokens {
        let value = self.value(expr, expected)?;
        if let Expr::Name(name) = expr
            && matches!(self.scope.find(name)?, Binding::Let(_))
        {
            return Ok(value);
        }
        // A cast between pointers of a name is that name.
        if syn::parse2::<Ident>(value.clone()).is_ok() {
            return Ok(value);
        }
        if is_number(expr) {
            return Ok(self.shared(value));
        }
        Ok(self.temp(value))
    }

    /// A member or an element, with what leads to it written before.
    pub(super) fn place(&mut self, expr: &Expr) -> Result<Place, String> {
        match expr {
            Expr::Member {
                base, owner, path, ..
            } => {
                let base = self.operand(base, Some(&Type::Ptr))?;
                self.path(base, FieldType::Struct(owner.clone()), path)
            }
            Expr::Index { base, index, .. } => {
                let of = self.scope.element(base)?;
                let base = self.operand(base, None)?;
                let index = self.operand(index, None)?;
                let elem = elem(self.scope.release, &of)?;
                Ok(Place::Element { base, elem, index })
            }
            _ => Err(format!("`{expr}` is not a member or an element")),
        }
    }

    /// The cell and index of an element of an array cell.
    pub(super) fn cell_element(&mut self, expr: &Expr) -> Result<Option<CellElement>, String> {
        let Expr::Index { base, index, .. } = expr else {
            return Ok(None);
        };
        let Expr::Name(name) = &**base else {
            return Ok(None);
        };
        let Binding::Cell(CellType::Array(of, _)) = self.scope.find(name)?.clone() else {
            return Ok(None);
        };
        Ok(Some(CellElement {
            index: self.operand(index, None)?,
            elem: elem(self.scope.release, &Elem::Scalar(of))?,
            cell: self.variable(name),
        }))
    }

    /// Follows a path from a pointer to a `from`.
    fn path(
        &mut self,
        mut base: TokenStream,
        mut from: FieldType,
        path: &[Step],
    ) -> Result<Place, String> {
        let e = self.emitter.clone();
        let release = self.scope.release;
        let mut rest = path;
        loop {
            if let FieldType::Struct(owner) = &from {
                let walk = release.walk(&from, rest, &literal)?;
                let constant = &rest[..walk.steps];
                if !constant.is_empty() {
                    let name = ident(&self.uses.field(release, owner, constant)?);
                    let owner = ident(owner);
                    let field = quote! { &layout::#owner::#name };
                    if walk.steps == rest.len() {
                        return Ok(Place::Field { base, field });
                    }
                    base = self.temp(quote! { #e.member(#base, #field) });
                }
                from = walk.ty;
                rest = &rest[walk.steps..];
            }
            let (FieldType::Array(of, _), Some(Step::Index(index))) = (&from, rest.first()) else {
                return Err(format!("a path that ends at `{from}`"));
            };
            let index = self.operand(index, None)?;
            let size = Literal::u64_unsuffixed(release.size(of)?);
            let scalar = match &**of {
                FieldType::Scalar(scalar) => ty(scalar),
                _ => quote! { Ty::Void },
            };
            let elem = quote! { Elem { ty: #scalar, size: #size } };
            rest = &rest[1..];
            if rest.is_empty() {
                return Ok(Place::Element { base, elem, index });
            }
            base = self.temp(quote! { #e.element(#base, #elem, #index) });
            from = (**of).clone();
        }
    }

    fn symbol(&mut self, name: &str, path: &[Step]) -> Tokens {
        let e = self.emitter.clone();
        let release = self.scope.release;
        let global = release.globals.get(name).filter(|_| !path.is_empty());
        let walk = match global {
            Some(global) => Some(release.walk(&global.ty, path, &literal)?),
            None => None,
        };
        let known = walk.as_ref().map_or(0, |walk| walk.steps);
        let constant = if known == 0 {
            self.uses.symbol(name);
            ident(name)
        } else {
            ident(&self.uses.place(release, name, &path[..known])?)
        };
        let base = quote! { #e.symbol(sym::#constant) };
        let Some(walk) = walk.filter(|walk| walk.steps < path.len()) else {
            return Ok(base);
        };
        let base = self.temp(base);
        Ok(match self.path(base, walk.ty, &path[walk.steps..])? {
            Place::Field { base, field } => quote! { #e.member(#base, #field) },
            Place::Element { base, elem, index } => quote! { #e.element(#base, #elem, #index) },
        })
    }

    fn binary(&mut self, op: BinOp, left: &Expr, right: &Expr, expected: Option<&Type>) -> Tokens {
        let e = self.emitter.clone();
        let found = self.scope.operands(op, left, right, expected)?;
        let shift = matches!(op, BinOp::Shl | BinOp::Shr);
        let left = self.operand(left, Some(&found))?;
        let right = self.operand(right, if shift { None } else { Some(&found) })?;
        let method = method(match op {
            BinOp::Add => "add",
            BinOp::Sub => "sub",
            BinOp::Mul => "mul",
            BinOp::Div => "div",
            BinOp::Rem => "rem",
            BinOp::And => "and",
            BinOp::Or => "or",
            BinOp::Xor => "xor",
            BinOp::Shl => "shl",
            BinOp::Shr => "shr",
            BinOp::Eq => "eq",
            BinOp::Ne => "ne",
            BinOp::Lt => "lt",
            BinOp::Le => "le",
            BinOp::Gt => "gt",
            BinOp::Ge => "ge",
        });
        let found = ty(&found);
        Ok(quote! { #e.#method(#found, #left, #right) })
    }

    fn call(&mut self, function: &str, args: &[Expr]) -> Tokens {
        let e = self.emitter.clone();
        let signature = self.scope.signature(function, args)?;
        let values = self.arguments(&signature, args)?;
        if let Some(primitive) = vocab::find(function) {
            let method = method(&primitive.method());
            if primitive.typed {
                let of = signature.params.first().map(ty);
                return Ok(quote! { #e.#method(#of, #(#values),*)? });
            }
            return Ok(quote! { #e.#method(#(#values),*)? });
        }
        self.uses.symbol(function);
        self.uses.callees.insert(function.to_owned());
        let callee = ident(function);
        Ok(quote! { #e.call(&callee::#callee, &[#(#values),*])? })
    }

    fn arguments(
        &mut self,
        signature: &Signature,
        args: &[Expr],
    ) -> Result<Vec<TokenStream>, String> {
        args.iter()
            .enumerate()
            .map(|(i, arg)| self.operand(arg, signature.params.get(i)))
            .collect()
    }

    /// A number that says where something is: written out, or as a value.
    pub(super) fn place_number(&mut self, expr: &Expr) -> Tokens {
        match literal(expr).and_then(|value| i32::try_from(value).ok()) {
            Some(value) => {
                let value = Literal::i32_unsuffixed(value);
                Ok(quote! { #value })
            }
            None => self.operand(expr, None),
        }
    }

    fn one(&mut self, name: &str, operand: &Expr, fallible: bool) -> Tokens {
        let e = self.emitter.clone();
        let operand = self.place_number(operand)?;
        let method = method(name);
        let question = fallible.then(|| quote! { ? });
        Ok(quote! { #e.#method(#operand)#question })
    }
}

/// Whether the expression is a number that is known when emitting, or names the frame or thread.
fn is_number(expr: &Expr) -> bool {
    match expr {
        Expr::Int { .. } | Expr::Oparg | Expr::Frame | Expr::Tstate => true,
        Expr::Cache { object, unit, .. } => !object && is_number(unit),
        Expr::UnitOparg(inner) | Expr::UnitOpcode(inner) => is_number(inner),
        Expr::Cast { value, ty } => matches!(ty, Type::Int { .. }) && is_number(value),
        Expr::Unary { value, .. } => is_number(value),
        Expr::Binary { left, right, .. } => is_number(left) && is_number(right),
        _ => false,
    }
}

fn method(name: &str) -> Ident {
    Ident::new(name, Span::call_site())
}
