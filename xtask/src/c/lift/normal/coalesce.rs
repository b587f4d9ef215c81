//! A variable that is only copied to another becomes that other.

use std::collections::HashMap;

use cevalry_model::ast::{Block, Expr, Stmt};

use super::each_name;

/// `var y = a; … y = b; … x = y;` becomes `x = a; … x = b; …` where nothing else reads `y`, and
/// nothing reads or assigns `x` in between.
pub(super) fn coalesce(body: &mut Block, counts: &HashMap<String, usize>) {
    let mut index = 0;
    while index < body.len() {
        match copied(body, index, counts) {
            Some((until, target)) => merge(body, index, until, &target),
            None => {
                inner(&mut body[index], counts);
                index += 1;
            }
        }
    }
}

fn inner(stmt: &mut Stmt, counts: &HashMap<String, usize>) {
    match stmt {
        Stmt::If {
            then, otherwise, ..
        } => {
            coalesce(then, counts);
            coalesce(otherwise, counts);
        }
        Stmt::While { body, .. } | Stmt::Loop { body } => coalesce(body, counts),
        _ => {}
    }
}

/// Where the variable declared at `index` is copied, and to which other.
fn copied(body: &[Stmt], index: usize, counts: &HashMap<String, usize>) -> Option<(usize, String)> {
    let Stmt::Var { name, .. } = &body[index] else {
        return None;
    };
    if counts.get(name) != Some(&1) {
        return None;
    }
    for (until, stmt) in body.iter().enumerate().skip(index + 1) {
        if let Stmt::Assign {
            place: Expr::Name(target),
            value: Expr::Name(value),
        } = stmt
            && value == name
        {
            let free = body[index..until].iter().all(|stmt| !touches(stmt, target));
            return free.then(|| (until, target.clone()));
        }
    }
    None
}

/// Whether a statement reads or assigns a variable.
fn touches(stmt: &Stmt, name: &str) -> bool {
    let mut found = false;
    stmt.each_expr(&mut |expr| each_name(expr, &mut |known| found |= known == name));
    stmt.each_inner(&mut |inner| found |= touches(inner, name));
    found
}

fn merge(body: &mut Block, index: usize, until: usize, target: &str) {
    body.remove(until);
    let Stmt::Var { name, value, .. } = &body[index] else {
        return;
    };
    let name = name.clone();
    body[index] = Stmt::Assign {
        place: Expr::Name(target.to_owned()),
        value: value.clone(),
    };
    for stmt in &mut body[index + 1..until] {
        redirect(stmt, &name, target);
    }
}

fn redirect(stmt: &mut Stmt, from: &str, to: &str) {
    if let Stmt::Assign {
        place: Expr::Name(name),
        ..
    } = stmt
        && name == from
    {
        to.clone_into(name);
    }
    stmt.each_inner_mut(&mut |inner| redirect(inner, from, to));
}
