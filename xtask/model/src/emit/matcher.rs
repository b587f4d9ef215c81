//! Matchers: the guards of a template that come before its first effect.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use quote::quote;

use super::body::Writer;
use super::uses::Uses;
use crate::ast::{Block, Exit, Expr, Stmt};
use crate::data::Effect;
use crate::release::Release;
use crate::vocab;

/// The body of a template's matcher, or `None` when there is nothing to look at before the
/// first effect.
pub(super) fn matcher(
    release: &Release,
    body: &Block,
    uses: &mut Uses<'_>,
) -> Result<Option<TokenStream>, String> {
    let mut kept = Vec::new();
    // Names whose values a matcher does not compute.
    let mut unknown = HashSet::new();
    for stmt in body {
        match stmt {
            Stmt::Let { name, value, .. } if is_pure(value) => {
                if mentions(value, &unknown) {
                    unknown.insert(name);
                } else {
                    kept.push(stmt);
                }
            }
            Stmt::Guard {
                cond,
                exit: Exit::Deopt,
            } if is_pure(cond) => {
                if !mentions(cond, &unknown) {
                    kept.push(stmt);
                }
            }
            Stmt::Var { name, .. } if has_no_effect(stmt) => {
                unknown.insert(name);
            }
            _ if has_no_effect(stmt) => {}
            _ => break,
        }
    }
    drop_unused(&mut kept);
    if kept.is_empty() {
        return Ok(None);
    }
    let mut writer = Writer::new(release, uses, "l");
    for stmt in kept {
        match stmt {
            Stmt::Guard { cond, .. } => {
                let cond = writer.operand(cond, None)?;
                writer.line(quote! { l.guard(#cond, Exit::Deopt)?; });
            }
            _ => writer.declaration(stmt)?,
        }
    }
    writer.line(quote! { Ok(()) });
    Ok(Some(writer.finish()))
}

/// Drops the `let`s that no guard depends on.
fn drop_unused(kept: &mut Vec<&Stmt>) {
    let mut used = HashSet::new();
    let mut needed = Vec::new();
    for stmt in kept.drain(..).rev() {
        match stmt {
            Stmt::Let { name, .. } if !used.contains(name) => continue,
            _ => stmt.each_expr(&mut |expr| names(expr, &mut used)),
        }
        needed.push(stmt);
    }
    needed.reverse();
    *kept = needed;
}

fn names<'a>(expr: &'a Expr, into: &mut HashSet<&'a String>) {
    if let Expr::Name(name) = expr {
        into.insert(name);
    }
    expr.each_child(&mut |child| names(child, into));
}

fn mentions(expr: &Expr, names: &HashSet<&String>) -> bool {
    let mut found = matches!(expr, Expr::Name(name) if names.contains(name));
    expr.each_child(&mut |child| found |= mentions(child, names));
    found
}

/// Whether running the statement changes nothing but variables.
fn has_no_effect(stmt: &Stmt) -> bool {
    let mut pure = match stmt {
        Stmt::Let { .. } | Stmt::Var { .. } | Stmt::Guard { .. } => true,
        Stmt::Assign { place, .. } => matches!(place, Expr::Name(_)),
        Stmt::If { .. } => true,
        _ => false,
    };
    stmt.each_expr(&mut |expr| pure &= is_pure(expr));
    stmt.each_inner(&mut |stmt| pure &= has_no_effect(stmt));
    pure
}

/// Whether evaluating the expression changes nothing and needs no code.
pub(crate) fn is_pure(expr: &Expr) -> bool {
    let mut pure = match expr {
        Expr::Call { function, .. } => {
            vocab::find(function).is_some_and(|primitive| primitive.effect == Effect::Pure)
        }
        Expr::Indirect { .. } | Expr::StackPtr(_) | Expr::LocalPtr(_) | Expr::AddrOf(_) => false,
        _ => true,
    };
    expr.each_child(&mut |child| pure &= is_pure(child));
    pure
}
