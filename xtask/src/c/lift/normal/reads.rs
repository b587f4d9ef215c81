//! What a body reads, and what may be moved past what.

use std::collections::{HashMap, HashSet};

use cevalry_model::ast::{Expr, Stmt};

use super::each_name;
use crate::c::lift::vocab;

/// How often each name is read; an assignment to a variable is no read of it.
pub(super) fn reads(body: &[Stmt], counts: &mut HashMap<String, usize>) {
    for stmt in body {
        let mut count = |expr: &Expr| {
            each_name(expr, &mut |name| {
                *counts.entry(name.to_owned()).or_insert(0) += 1
            });
        };
        match stmt {
            Stmt::Assign {
                place: Expr::Name(_),
                value,
            } => count(value),
            stmt => stmt.each_expr(&mut |expr| count(expr)),
        }
        stmt.each_inner(&mut |inner| reads(std::slice::from_ref(inner), counts));
    }
}

/// Whether evaluating an expression does nothing else.
pub(super) fn is_pure(expr: &Expr) -> bool {
    let own = match expr {
        Expr::Call { function, .. } => vocab::pure(function) || function == "kwnames",
        Expr::Indirect { .. } => false,
        _ => true,
    };
    let mut pure = own;
    expr.each_child(&mut |child| pure &= is_pure(child));
    pure
}

/// Whether an expression's value can change by a store or call in between.
pub(super) fn is_load(expr: &Expr, variables: &HashSet<String>) -> bool {
    let own = match expr {
        Expr::Stack(_) | Expr::Local(_) => true,
        Expr::Member { address, .. } | Expr::Index { address, .. } => !address,
        Expr::Call { .. } | Expr::Indirect { .. } => true,
        Expr::Name(name) => variables.contains(name),
        _ => false,
    };
    let mut load = own;
    expr.each_child(&mut |child| load |= is_load(child, variables));
    load
}

/// Whether loads may be moved past a statement.
pub(super) fn is_quiet(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Let { value, .. } | Stmt::Var { value, .. } => is_pure(value),
        Stmt::Cell { value, .. } => value.as_ref().is_none_or(is_pure),
        Stmt::Assign {
            place: Expr::Stack(_),
            value,
        } => is_pure(value),
        Stmt::Guard { cond, .. } => is_pure(cond),
        _ => false,
    }
}

pub(super) fn mentions(stmt: &Stmt, name: &str) -> bool {
    let mut found = false;
    stmt.each_expr(&mut |expr| each_name(expr, &mut |known| found |= known == name));
    stmt.each_inner(&mut |inner| found |= mentions(inner, name));
    found
}
