//! Values in the place of names that are read once.

use std::collections::{HashMap, HashSet};

use cevalry_model::ast::{Block, Expr, Stmt};

use super::each_name;
use super::reads::{is_load, is_quiet, mentions, reads};
use crate::c::lift::vocab;

/// Whether a value is kept under its name even where it is read once.
fn keeps_name(expr: &Expr) -> bool {
    match expr {
        Expr::Stack(_) | Expr::Local(_) | Expr::Indirect { .. } => true,
        Expr::Call { function, .. } => !vocab::pure(function),
        _ => false,
    }
}

/// Whether an expression is as cheap to repeat as to name.
fn is_atom(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Int { .. }
            | Expr::Float(_)
            | Expr::Null
            | Expr::Name(_)
            | Expr::Oparg
            | Expr::Frame
            | Expr::Tstate
            | Expr::CStr(_)
            | Expr::Cache { .. }
    )
}

/// Puts values in the place of names that are read once, and atoms in the place of all.
pub(super) fn substitute(body: &mut Block) {
    let mut counts = HashMap::new();
    reads(body, &mut counts);
    let variables = variables(body);
    let mut once = Inliner { counts, variables };
    once.block(body);
}

/// Names whose value can change: variables, and what lies in memory.
pub(super) fn variables(body: &[Stmt]) -> HashSet<String> {
    let mut found = HashSet::new();
    assigned(body, &mut found);
    found
}

fn assigned(body: &[Stmt], out: &mut HashSet<String>) {
    for stmt in body {
        if let Stmt::Var { name, .. } | Stmt::Cell { name, .. } = stmt {
            out.insert(name.clone());
        }
        stmt.each_inner(&mut |inner| assigned(std::slice::from_ref(inner), out));
    }
}

struct Inliner {
    counts: HashMap<String, usize>,
    variables: HashSet<String>,
}

impl Inliner {
    fn block(&mut self, body: &mut Block) {
        let mut index = 0;
        while index < body.len() {
            if let Stmt::Let { name, value, .. } = &body[index]
                && self.try_inline(&name.clone(), &value.clone(), index, body)
            {
                body.remove(index);
                continue;
            }
            match &mut body[index] {
                Stmt::If {
                    then, otherwise, ..
                } => {
                    self.block(then);
                    self.block(otherwise);
                }
                Stmt::While { body, .. } | Stmt::Loop { body } => self.block(body),
                _ => {}
            }
            index += 1;
        }
    }

    /// Whether the `let` at `index` went into its reader.
    fn try_inline(&mut self, name: &str, value: &Expr, index: usize, body: &mut Block) -> bool {
        if keeps_name(value) || matches!(value, Expr::Symbol { .. }) && self.is_base(name, body) {
            return false;
        }
        let load = is_load(value, &self.variables);
        if is_atom(value) && !load && !self.is_base(name, body) {
            for stmt in &mut body[index + 1..] {
                replace_in(stmt, name, value);
            }
            return true;
        }
        if self.counts.get(name) != Some(&1) || self.is_base(name, body) {
            return false;
        }
        for stmt in &mut body[index + 1..] {
            let mut found = false;
            stmt.each_expr(&mut |expr| each_name(expr, &mut |known| found |= known == name));
            if found {
                // A `while` evaluates its condition again each time round.
                if load && matches!(stmt, Stmt::While { .. }) {
                    return false;
                }
                stmt.each_expr_mut(&mut |expr| replace(expr, name, value));
                return true;
            }
            if load && !is_quiet(stmt) {
                return false;
            }
            if !load {
                let mut inside = false;
                stmt.each_inner(&mut |inner| inside |= mentions(inner, name));
                if inside {
                    if matches!(stmt, Stmt::While { .. } | Stmt::Loop { .. }) {
                        return false;
                    }
                    replace_in(stmt, name, value);
                    return true;
                }
            }
        }
        false
    }

    /// Whether a name is the pointer of an indexed access, whose type the name carries.
    fn is_base(&self, name: &str, body: &[Stmt]) -> bool {
        fn in_expr(expr: &Expr, name: &str) -> bool {
            let own = matches!(expr, Expr::Index { base, .. } if matches!(&**base, Expr::Name(known) if known == name));
            let mut found = own;
            expr.each_child(&mut |child| found |= in_expr(child, name));
            found
        }
        fn in_stmt(stmt: &Stmt, name: &str) -> bool {
            let mut found = false;
            stmt.each_expr(&mut |expr| found |= in_expr(expr, name));
            stmt.each_inner(&mut |inner| found |= in_stmt(inner, name));
            found
        }
        body.iter().any(|stmt| in_stmt(stmt, name))
    }
}

fn replace_in(stmt: &mut Stmt, name: &str, value: &Expr) {
    stmt.each_expr_mut(&mut |expr| replace(expr, name, value));
    stmt.each_inner_mut(&mut |inner| replace_in(inner, name, value));
}

fn replace(expr: &mut Expr, name: &str, value: &Expr) {
    if matches!(expr, Expr::Name(known) if known == name) {
        *expr = value.clone();
        return;
    }
    expr.each_child_mut(&mut |child| replace(child, name, value));
}
