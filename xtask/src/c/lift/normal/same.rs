//! Assignments that give a variable the value that it has.

use std::collections::HashSet;

use cevalry_model::ast::{Block, Expr, Stmt};

/// Takes away assignments, after a declaration, of the value that the declaration gave. `mutable`
/// holds the names whose value can change.
pub(super) fn drop_same(body: &mut Block, mutable: &HashSet<String>) {
    let mut index = 0;
    while index < body.len() {
        if let Stmt::Var { name, value, .. } = &body[index] {
            let fixed = match value {
                Expr::Name(value) => !mutable.contains(value),
                value => matches!(value, Expr::Null | Expr::Int { .. } | Expr::Symbol { .. }),
            };
            if fixed {
                let (name, value) = (name.clone(), value.clone());
                let mut rest = body.split_off(index + 1);
                follow(&mut rest, &name, &value);
                body.append(&mut rest);
            }
        }
        match &mut body[index] {
            Stmt::If {
                then, otherwise, ..
            } => {
                drop_same(then, mutable);
                drop_same(otherwise, mutable);
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => drop_same(body, mutable),
            _ => {}
        }
        index += 1;
    }
}

/// Drops such assignments as far as the variable certainly has the value; whether it still has.
fn follow(body: &mut Block, name: &str, value: &Expr) -> bool {
    let mut index = 0;
    while index < body.len() {
        let same = match &mut body[index] {
            Stmt::Assign {
                place: Expr::Name(place),
                value: new,
            } if place == name => {
                if new != value {
                    return false;
                }
                true
            }
            Stmt::If {
                then, otherwise, ..
            } => {
                let then = follow(then, name, value);
                let otherwise = follow(otherwise, name, value);
                if !(then && otherwise) {
                    return false;
                }
                false
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => {
                if body.iter().any(|stmt| assigns(stmt, name)) {
                    return false;
                }
                false
            }
            _ => false,
        };
        if same {
            body.remove(index);
        } else {
            index += 1;
        }
    }
    true
}

fn assigns(stmt: &Stmt, name: &str) -> bool {
    let own = matches!(stmt, Stmt::Assign { place: Expr::Name(place), .. } if place == name);
    let mut found = own;
    stmt.each_inner(&mut |inner| found |= assigns(inner, name));
    found
}
