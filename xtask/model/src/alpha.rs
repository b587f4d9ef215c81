//! Equality of bodies up to the names of their variables.

use std::collections::HashMap;

use crate::ast::{Block, Expr, Stmt};

/// Whether two bodies are the same after renaming variables in order of appearance.
pub fn equal(a: &Block, b: &Block) -> bool {
    canonical(a) == canonical(b)
}

/// The body with its variables renamed `v1`, `v2`, … in order of appearance.
pub fn canonical(body: &Block) -> Block {
    let mut renamed = body.clone();
    rename(&mut renamed, &mut |_, number| format!("v{number}"));
    renamed
}

/// Renames every variable of a body. `choose` is given the old name and the variable's number in
/// order of appearance, from 1.
pub fn rename(body: &mut Block, choose: &mut dyn FnMut(&str, usize) -> String) {
    Renamer { choose, count: 0 }.block(body, &HashMap::new());
}

struct Renamer<'a> {
    choose: &'a mut dyn FnMut(&str, usize) -> String,
    count: usize,
}

impl Renamer<'_> {
    fn block(&mut self, body: &mut Block, outer: &HashMap<String, String>) {
        let mut names = outer.clone();
        for stmt in body {
            stmt.each_expr_mut(&mut |expr| uses(expr, &names));
            match stmt {
                Stmt::Let { name, .. } | Stmt::Var { name, .. } | Stmt::Cell { name, .. } => {
                    self.count += 1;
                    let new = (self.choose)(name, self.count);
                    names.insert(std::mem::replace(name, new.clone()), new);
                }
                Stmt::If {
                    then, otherwise, ..
                } => {
                    self.block(then, &names);
                    self.block(otherwise, &names);
                }
                Stmt::While { body, .. } | Stmt::Loop { body } => self.block(body, &names),
                _ => {}
            }
        }
    }
}

fn uses(expr: &mut Expr, names: &HashMap<String, String>) {
    if let Expr::Name(name) | Expr::AddrOf(name) = expr
        && let Some(new) = names.get(name)
    {
        new.clone_into(name);
    }
    expr.each_child_mut(&mut |child| uses(child, names));
}
