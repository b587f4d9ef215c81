//! Taking away what nobody reads.

use std::collections::HashMap;

use cevalry_model::ast::{Block, Expr, Stmt};

use super::reads::{is_pure, reads};

/// Takes away what nobody reads.
pub(super) fn remove_dead(body: &mut Block) {
    loop {
        let mut counts = HashMap::new();
        reads(body, &mut counts);
        if !sweep(body, &counts) {
            return;
        }
    }
}

/// Takes away assignments just before a `break` to variables that only the loop reads.
pub(super) fn drop_last_stores(body: &mut [Stmt], total: &HashMap<String, usize>) {
    for stmt in body {
        stmt.each_inner_mut(&mut |inner| drop_last_stores(std::slice::from_mut(inner), total));
        if let Stmt::Loop { body } | Stmt::While { body, .. } = stmt {
            let mut inside = HashMap::new();
            reads(body, &mut inside);
            drop_before_break(body, total, &inside);
        }
    }
}

pub(super) fn drop_before_break(
    body: &mut Block,
    total: &HashMap<String, usize>,
    inside: &HashMap<String, usize>,
) {
    if let [.., Stmt::Break] = body.as_slice() {
        while let [
            ..,
            Stmt::Assign {
                place: Expr::Name(name),
                value,
            },
            Stmt::Break,
        ] = body.as_slice()
        {
            if total.get(name) != inside.get(name) || !is_pure(value) {
                break;
            }
            body.remove(body.len() - 2);
        }
    }
    for stmt in body {
        if let Stmt::If {
            then, otherwise, ..
        } = stmt
        {
            drop_before_break(then, total, inside);
            drop_before_break(otherwise, total, inside);
        }
    }
}

pub(super) fn sweep(body: &mut Block, counts: &HashMap<String, usize>) -> bool {
    let before = body.len();
    let dead = |name: &String| !counts.contains_key(name);
    body.retain(|stmt| match stmt {
        Stmt::Let { name, value, .. } | Stmt::Var { name, value, .. } => {
            !(dead(name) && is_pure(value))
        }
        Stmt::Cell { name, .. } => !dead(name),
        Stmt::Assign {
            place: Expr::Name(name),
            value,
        } => !(dead(name) && is_pure(value)),
        Stmt::If {
            then, otherwise, ..
        } => !(then.is_empty() && otherwise.is_empty()),
        _ => true,
    });
    let mut changed = body.len() != before;
    for stmt in body {
        match stmt {
            // A call's result that nobody reads.
            Stmt::Let { name, value, .. } if dead(name) => {
                *stmt = Stmt::Expr(value.clone());
                changed = true;
            }
            Stmt::If {
                then, otherwise, ..
            } => {
                changed |= sweep(then, counts);
                changed |= sweep(otherwise, counts);
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => changed |= sweep(body, counts),
            _ => {}
        }
    }
    changed
}

/// Takes away an assignment to a variable that the next statement assigns on every way through.
pub(super) fn drop_overwritten(body: &mut Block) {
    let mut index = 0;
    while index < body.len() {
        let overwritten = match (&body[index], body.get(index + 1)) {
            (
                Stmt::Assign {
                    place: Expr::Name(name),
                    value,
                },
                Some(next),
            ) => is_pure(value) && assigns(next, name) == Some(true),
            _ => false,
        };
        if overwritten {
            body.remove(index);
            continue;
        }
        match &mut body[index] {
            Stmt::If {
                then, otherwise, ..
            } => {
                drop_overwritten(then);
                drop_overwritten(otherwise);
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => drop_overwritten(body),
            _ => {}
        }
        index += 1;
    }
}

/// Whether a statement assigns a variable on every way through, before any read of it; `None` when
/// it reads it.
fn assigns(stmt: &Stmt, name: &str) -> Option<bool> {
    let mut reads = false;
    stmt.each_expr(&mut |expr| {
        if !matches!((stmt, expr), (Stmt::Assign { .. }, Expr::Name(place)) if place == name) {
            super::each_name(expr, &mut |known| reads |= known == name);
        }
    });
    if let Stmt::Assign {
        place: Expr::Name(place),
        value,
    } = stmt
    {
        super::each_name(value, &mut |known| reads |= known == name);
        return (!reads).then_some(place == name);
    }
    if reads {
        return None;
    }
    match stmt {
        Stmt::If {
            then, otherwise, ..
        } => Some(in_block(then, name)? && in_block(otherwise, name)?),
        Stmt::While { .. } | Stmt::Loop { .. } => None,
        _ => Some(false),
    }
}

fn in_block(body: &[Stmt], name: &str) -> Option<bool> {
    for stmt in body {
        if leaves(stmt) {
            return Some(true);
        }
        if assigns(stmt, name)? {
            return Some(true);
        }
    }
    Some(false)
}

fn leaves(stmt: &Stmt) -> bool {
    matches!(
        stmt,
        Stmt::Exit(_)
            | Stmt::Next { .. }
            | Stmt::Jump { .. }
            | Stmt::Return { .. }
            | Stmt::Yield { .. }
            | Stmt::EnterFrame { .. }
    )
}
