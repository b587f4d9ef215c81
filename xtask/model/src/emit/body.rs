//! Statements.

use std::collections::{BTreeSet, HashMap};

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::{format_ident, quote};

use super::branches::{Expected, expected};
use super::expr::{CellElement, Place};
use super::uses::Uses;
use super::{ident, ty};
use crate::ast::{Block, CellType, Exit, Expr, Stmt, Type};
use crate::release::Release;
use crate::typing::{Binding, Scope, literal};

/// Writes the body of one generated function.
pub(super) struct Writer<'r, 'u, 'n> {
    pub scope: Scope<'r>,
    pub uses: &'u mut Uses<'n>,
    /// `e` or `l`.
    pub emitter: Ident,
    lines: Vec<TokenStream>,
    temps: usize,
    /// Names of numbers that are known when emitting, by how they are computed; one map for each
    /// closure around.
    numbers: Vec<HashMap<String, TokenStream>>,
    /// Whether an arm of a branch that is decided beforehand is being written.
    decided: bool,
}

/// The body of an emitter.
pub(super) fn emitter(
    release: &Release,
    body: &Block,
    uses: &mut Uses<'_>,
) -> Result<TokenStream, String> {
    let mut writer = Writer::new(release, uses, "e");
    writer.statements(body)?;
    Ok(writer.finish())
}

impl<'r, 'u, 'n> Writer<'r, 'u, 'n> {
    pub fn new(release: &'r Release, uses: &'u mut Uses<'n>, emitter: &str) -> Self {
        Writer {
            scope: Scope::new(release),
            uses,
            emitter: Ident::new(emitter, Span::call_site()),
            lines: Vec::new(),
            temps: 0,
            numbers: vec![HashMap::new()],
            decided: false,
        }
    }

    pub fn finish(self) -> TokenStream {
        self.lines.into_iter().collect()
    }

    pub fn line(&mut self, line: TokenStream) {
        self.lines.push(line);
    }

    /// Gives a value a name.
    pub fn temp(&mut self, value: TokenStream) -> TokenStream {
        self.temps += 1;
        let name = format_ident!("_{}", self.temps);
        self.lines.push(quote! { let #name = #value; });
        quote! { #name }
    }

    /// A number that is known here, as a value.
    pub fn number(&mut self, value: i64) -> TokenStream {
        let e = &self.emitter;
        let value = Literal::i64_unsuffixed(value);
        let value = quote! { #e.int(Ty::I32, #value) };
        self.shared(value)
    }

    /// Gives a number that is known when emitting a name, the same one for the same number.
    pub fn shared(&mut self, value: TokenStream) -> TokenStream {
        let key = value.to_string();
        if let Some(name) = self.numbers.iter().find_map(|numbers| numbers.get(&key)) {
            return name.clone();
        }
        let name = self.temp(value);
        if let Some(innermost) = self.numbers.last_mut() {
            innermost.insert(key, name.clone());
        }
        name
    }

    /// The Rust name of a template's variable.
    pub fn variable(&self, name: &str) -> Ident {
        if self.emitter == name {
            return format_ident!("{name}_");
        }
        ident(name)
    }

    /// Statements, and `Ok(())` where control falls through.
    fn statements(&mut self, body: &[Stmt]) -> Result<(), String> {
        for (i, stmt) in body.iter().enumerate() {
            self.statement(stmt)?;
            let is_flow = matches!(
                stmt,
                Stmt::If { .. } | Stmt::While { .. } | Stmt::Loop { .. }
            );
            if is_flow && i + 1 < body.len() {
                self.line(quote! { ?; });
            }
        }
        // What such a statement gives is what the whole gives.
        let gives_flow = matches!(
            body.last(),
            Some(
                Stmt::Next { .. }
                    | Stmt::Jump { .. }
                    | Stmt::Return { .. }
                    | Stmt::EnterFrame { .. }
                    | Stmt::Yield { .. }
                    | Stmt::Exit(_)
                    | Stmt::Break
                    | Stmt::Continue
                    | Stmt::If { .. }
                    | Stmt::While { .. }
                    | Stmt::Loop { .. }
            )
        );
        if !gives_flow {
            self.line(quote! { Ok(()) });
        }
        Ok(())
    }

    fn statement(&mut self, stmt: &Stmt) -> Result<(), String> {
        let e = self.emitter.clone();
        let line = match stmt {
            Stmt::Let { .. } | Stmt::Var { .. } | Stmt::Cell { .. } => {
                return self.declaration(stmt);
            }
            Stmt::Assign { place, value } => return self.assignment(place, value),
            Stmt::Expr(call) => {
                let value = self.value(call, None)?;
                quote! { #value; }
            }
            Stmt::Guard { cond, exit } => {
                let cond = self.operand(cond, None)?;
                let exit = self.exit(exit)?;
                quote! { #e.guard(#cond, #exit)?; }
            }
            Stmt::If {
                cond,
                then,
                otherwise,
            } => {
                let expected = expected(cond, then, otherwise, self.decided);
                let cond = self.operand(cond, None)?;
                let outer = self.decided;
                self.decided |= expected != Expected::Open;
                let then = self.closure(then)?;
                let otherwise = self.closure(otherwise)?;
                self.decided = outer;
                let expected = match expected {
                    Expected::Open => None,
                    Expected::Seen => Some(quote! { Expected::Seen }),
                    Expected::Then => Some(quote! { Expected::Then }),
                    Expected::Otherwise => Some(quote! { Expected::Otherwise }),
                };
                match expected {
                    None => quote! { #e.branch(#cond, #then, #otherwise) },
                    Some(way) => quote! { #e.decide(#way, #cond, #then, #otherwise) },
                }
            }
            Stmt::While { cond, body } => {
                let assigned = self.assigned(body);
                let cond = self.condition(cond)?;
                let body = self.closure(body)?;
                quote! { #e.while_loop(&[#(#assigned),*], #cond, #body) }
            }
            Stmt::Loop { body } => {
                let assigned = self.assigned(body);
                let body = self.closure(body)?;
                quote! { #e.endless_loop(&[#(#assigned),*], #body) }
            }
            Stmt::Break => quote! { Err(Stop::Break) },
            Stmt::Continue => quote! { Err(Stop::Continue) },
            Stmt::CheckEvalBreaker { depth, unit } => {
                let depth = self.place_number(depth)?;
                let unit = self.place_number(unit)?;
                quote! { #e.check_eval_breaker(#depth, #unit)?; }
            }
            Stmt::Next { depth } => {
                let depth = self.place_number(depth)?;
                quote! { #e.next(#depth) }
            }
            Stmt::Jump { depth, unit } => {
                let depth = self.place_number(depth)?;
                let unit = self.place_number(unit)?;
                quote! { #e.jump(#depth, #unit) }
            }
            Stmt::Return { value } => {
                let slot = self.scope.release.slot_type();
                let value = self.operand(value, Some(&slot))?;
                quote! { #e.return_value(#value) }
            }
            Stmt::EnterFrame { depth, frame, unit } => {
                let depth = self.place_number(depth)?;
                let frame = self.operand(frame, Some(&Type::Ptr))?;
                let unit = self.place_number(unit)?;
                quote! { #e.enter_frame(#depth, #frame, #unit) }
            }
            Stmt::Yield { depth, value } => {
                let slot = self.scope.release.slot_type();
                let depth = self.place_number(depth)?;
                let value = self.operand(value, Some(&slot))?;
                quote! { #e.yield_value(#depth, #value) }
            }
            Stmt::Exit(exit) => {
                let exit = self.exit(exit)?;
                quote! { #e.exit(#exit) }
            }
        };
        self.line(line);
        Ok(())
    }

    /// `let`, `var` or `cell`.
    pub fn declaration(&mut self, stmt: &Stmt) -> Result<(), String> {
        let e = self.emitter.clone();
        match stmt {
            Stmt::Let { name, ty, value } => {
                let value = self.value(value, Some(ty))?;
                let variable = self.variable(name);
                self.line(quote! { let #variable = #value; });
                self.scope.declare(name, Binding::Let(ty.clone()));
            }
            Stmt::Var {
                name,
                ty: declared,
                value,
            } => {
                let value = self.operand(value, Some(declared))?;
                let variable = self.variable(name);
                let of = ty(declared);
                self.line(quote! { let #variable = #e.var(#of, #value); });
                self.scope.declare(name, Binding::Var(declared.clone()));
            }
            Stmt::Cell {
                name,
                ty: declared,
                value,
            } => {
                let (of, length) = match declared {
                    CellType::One(of) => (of, 1),
                    CellType::Array(of, length) => (of, *length),
                };
                let value = match value {
                    Some(value) => Some(self.operand(value, Some(of))?),
                    None => None,
                };
                let variable = self.variable(name);
                let of = ty(of);
                let length = Literal::u32_unsuffixed(length);
                self.line(quote! { let #variable = #e.cell(#of, #length); });
                if let Some(value) = value {
                    let zero = self.number(0);
                    self.line(quote! { #e.cell_set(#variable, #zero, #value); });
                }
                self.scope.declare(name, Binding::Cell(declared.clone()));
            }
            _ => return Err("not a declaration".to_owned()),
        }
        Ok(())
    }

    fn assignment(&mut self, place: &Expr, value: &Expr) -> Result<(), String> {
        let e = self.emitter.clone();
        let of = self.scope.infer(place, None)?;
        let value = self.operand(value, Some(&of))?;
        let line = match place {
            Expr::Name(name) => {
                let variable = self.variable(name);
                match self.scope.find(name)? {
                    Binding::Var(_) => quote! { #e.set(#variable, #value); },
                    Binding::Cell(CellType::One(_)) => {
                        let zero = self.number(0);
                        quote! { #e.cell_set(#variable, #zero, #value); }
                    }
                    _ => return Err(format!("`{name}` cannot be assigned")),
                }
            }
            Expr::Stack(index) => {
                let index = self.place_number(index)?;
                quote! { #e.set_stack(#index, #value)?; }
            }
            Expr::Local(index) => {
                let index = self.place_number(index)?;
                quote! { #e.set_local(#index, #value)?; }
            }
            _ => match self.cell_element(place)? {
                Some(CellElement { cell, index, .. }) => {
                    quote! { #e.cell_set(#cell, #index, #value); }
                }
                None => match self.place(place)? {
                    Place::Field { base, field } => quote! { #e.store(#base, #field, #value); },
                    Place::Element { base, elem, index } => {
                        quote! { #e.set_index(#base, #elem, #index, #value); }
                    }
                },
            },
        };
        self.line(line);
        Ok(())
    }

    fn exit(&mut self, exit: &Exit) -> Result<TokenStream, String> {
        Ok(match exit {
            Exit::Deopt => quote! { Exit::Deopt },
            Exit::Error { depth } => {
                let depth = self.constant(depth)?;
                quote! { Exit::Error(#depth) }
            }
            Exit::Reraise { depth } => {
                let depth = self.constant(depth)?;
                quote! { Exit::Reraise(#depth) }
            }
            Exit::Interpret { why } => quote! { Exit::Interpret(#why) },
            Exit::Unbound { local } => {
                let local = self.constant(local)?;
                quote! { Exit::Unbound(#local) }
            }
        })
    }

    /// A plain number: written out, or what a value is known to be when emitting.
    fn constant(&mut self, expr: &Expr) -> Result<TokenStream, String> {
        if let Some(value) = literal(expr) {
            let value = Literal::i64_unsuffixed(value as i64);
            return Ok(quote! { #value });
        }
        let e = self.emitter.clone();
        let operand = self.operand(expr, None)?;
        Ok(self.temp(quote! { #e.constant(#operand)? }))
    }

    fn closure(&mut self, body: &[Stmt]) -> Result<TokenStream, String> {
        let e = self.emitter.clone();
        let outer = std::mem::take(&mut self.lines);
        self.scope.enter();
        self.numbers.push(HashMap::new());
        let written = self.statements(body);
        self.numbers.pop();
        self.scope.leave();
        let lines = std::mem::replace(&mut self.lines, outer);
        written?;
        if body.is_empty() {
            return Ok(quote! { |_| Ok(()) });
        }
        if matches!(body, [Stmt::Break | Stmt::Continue]) {
            return Ok(quote! { |_| { #(#lines)* } });
        }
        Ok(quote! { |#e| { #(#lines)* } })
    }

    /// The condition of a loop, which is emitted anew for every turn that is unrolled.
    fn condition(&mut self, cond: &Expr) -> Result<TokenStream, String> {
        let e = self.emitter.clone();
        let outer = std::mem::take(&mut self.lines);
        self.numbers.push(HashMap::new());
        let value = self.operand(cond, None);
        self.numbers.pop();
        let lines = std::mem::replace(&mut self.lines, outer);
        let value = value?;
        Ok(quote! { |#e| { #(#lines)* Ok(#value) } })
    }

    /// The variables declared outside of a loop's body that are assigned in it.
    fn assigned(&self, body: &[Stmt]) -> Vec<Ident> {
        let mut names = BTreeSet::new();
        let mut inner = BTreeSet::new();
        body.iter()
            .for_each(|stmt| collect(stmt, &mut names, &mut inner));
        let is_var = |name: &&String| matches!(self.scope.find(name), Ok(Binding::Var(_)));
        let names = names.difference(&inner).filter(is_var);
        names.map(|name| self.variable(name)).collect()
    }
}

fn collect(stmt: &Stmt, names: &mut BTreeSet<String>, inner: &mut BTreeSet<String>) {
    match stmt {
        Stmt::Assign {
            place: Expr::Name(name),
            ..
        } => {
            names.insert(name.clone());
        }
        Stmt::Var { name, .. } => {
            inner.insert(name.clone());
        }
        _ => {}
    }
    stmt.each_inner(&mut |stmt| collect(stmt, names, inner));
}
