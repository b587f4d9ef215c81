//! Which values of an emitter are still needed where it calls or branches.
//!
//! An emitter names every value that it makes, and only its text says which of them are asked for
//! again. Where registers have to be given up, at calls, at decrements and where two arms meet, it
//! says so in front: `e.keep(&[values], &[variables]);`. Those are the names that are used after the
//! statement that follows, in the same block or in one around it; what a loop uses is needed to its
//! end.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, Span, TokenStream};
use quote::quote;
use syn::visit::{self, Visit};
use syn::visit_mut::{self, VisitMut};
use syn::{Block, Expr, ExprClosure, ExprMethodCall, Local, Pat, PatIdent, Stmt};

/// What follows may give up registers.
const GIVES_UP: [&str; 7] = [
    "call",
    "indirect",
    "branch",
    "decide",
    "py_decref",
    "py_xdecref",
    "py_decref_specialized",
];
/// What is made by these can be had again at any time, or is no value.
const AT_HAND: [&str; 14] = [
    "int",
    "null",
    "float",
    "text",
    "oparg",
    "symbol",
    "symbol_at",
    "frame",
    "tstate",
    "constant",
    "cell",
    "instr_ptr",
    "unit_oparg",
    "unit_opcode",
];

/// What a name stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    Value,
    Variable,
}

type Names = BTreeSet<Ident>;

/// Adds what is still needed to the body of an emitter.
pub(super) fn annotate(body: TokenStream) -> Result<TokenStream, String> {
    let mut block: Block = syn::parse2(quote! { { #body } })
        .map_err(|error| format!("the generated code does not parse: {error}"))?;
    let mut kinds = Kinds::default();
    kinds.visit_block(&block);
    let mut writer = Writer { kinds: kinds.0 };
    writer.block(&mut block, &Names::new());
    let stmts = block.stmts;
    Ok(quote! { #(#stmts)* })
}

/// Every name that an emitter gives, which it gives once.
#[derive(Default)]
struct Kinds(BTreeMap<Ident, Kind>);

impl<'a> Visit<'a> for Kinds {
    fn visit_local(&mut self, local: &'a Local) {
        visit::visit_local(self, local);
        let (Pat::Ident(name), Some(init)) = (&local.pat, &local.init) else {
            return;
        };
        let kind = match method(&init.expr) {
            Some(method) if method == "var" => Kind::Variable,
            Some(method) if AT_HAND.iter().any(|at_hand| method == at_hand) => return,
            _ => Kind::Value,
        };
        self.0.insert(name.ident.clone(), kind);
    }
}

/// The method that an expression calls on the emitter.
fn method(expr: &Expr) -> Option<&Ident> {
    match expr {
        Expr::Try(inner) => method(&inner.expr),
        Expr::MethodCall(call) => Some(&call.method),
        _ => None,
    }
}

/// Names that are mentioned, and those of them that are given there too.
#[derive(Default)]
struct Mentioned {
    names: Names,
    given: Names,
}

impl<'a> Visit<'a> for Mentioned {
    fn visit_pat_ident(&mut self, name: &'a PatIdent) {
        self.given.insert(name.ident.clone());
    }

    fn visit_expr_path(&mut self, path: &'a syn::ExprPath) {
        self.names.extend(path.path.get_ident().cloned());
    }
}

struct Writer {
    kinds: BTreeMap<Ident, Kind>,
}

impl Writer {
    /// Writes a block after which `after` is needed, and gives what is needed before it.
    fn block(&mut self, block: &mut Block, after: &Names) -> Names {
        let mut needed = after.clone();
        let mut written = Vec::with_capacity(block.stmts.len());
        for mut stmt in std::mem::take(&mut block.stmts).into_iter().rev() {
            if let Stmt::Local(Local {
                pat: Pat::Ident(name),
                ..
            }) = &stmt
            {
                needed.remove(&name.ident);
            }
            let mut arms = Arms {
                after: &needed,
                before: Names::new(),
                gives_up: false,
                writer: self,
            };
            arms.visit_stmt_mut(&mut stmt);
            let (gives_up, before) = (arms.gives_up, arms.before);
            let keep = gives_up.then(|| self.keep(&needed));
            needed.extend(before);
            written.push(stmt);
            written.extend(keep);
        }
        written.reverse();
        block.stmts = written;
        needed
    }

    fn keep(&self, needed: &Names) -> Stmt {
        let of = |kind: Kind| {
            let such = |name: &&Ident| self.kinds.get(*name) == Some(&kind);
            needed.iter().filter(such).collect::<Vec<_>>()
        };
        let (values, variables) = (of(Kind::Value), of(Kind::Variable));
        let e = Ident::new("e", Span::call_site());
        syn::parse_quote! { #e.keep(&[#(#values),*], &[#(#variables),*]); }
    }
}

/// Writes the closures of a statement, and collects what the statement needs.
struct Arms<'w, 'n> {
    after: &'n Names,
    before: Names,
    gives_up: bool,
    writer: &'w mut Writer,
}

impl VisitMut for Arms<'_, '_> {
    fn visit_expr_method_call_mut(&mut self, call: &mut ExprMethodCall) {
        let name = call.method.to_string();
        self.gives_up |= GIVES_UP.contains(&name.as_str());
        let mut after = self.after.clone();
        if name.ends_with("_loop") {
            // What a turn of a loop needs, the next one needs too.
            let mut mentioned = Mentioned::default();
            mentioned.visit_expr_method_call(call);
            after.extend(mentioned.names.difference(&mentioned.given).cloned());
        }
        let mut inner = Arms {
            after: &after,
            before: Names::new(),
            gives_up: false,
            writer: self.writer,
        };
        visit_mut::visit_expr_method_call_mut(&mut inner, call);
        let (gives_up, before) = (inner.gives_up, inner.before);
        self.gives_up |= gives_up;
        self.before.extend(before);
        self.before.extend(after);
    }

    fn visit_expr_closure_mut(&mut self, closure: &mut ExprClosure) {
        match &mut *closure.body {
            Expr::Block(body) => {
                let before = self.writer.block(&mut body.block, self.after);
                self.before.extend(before);
            }
            other => self.visit_expr_mut(other),
        }
    }

    fn visit_expr_path_mut(&mut self, path: &mut syn::ExprPath) {
        self.before.extend(path.path.get_ident().cloned());
    }
}
