//! Control flow in its plainest form.

use cevalry_model::ast::{Block, Exit, Expr, Stmt};

use super::reads::is_pure;
use super::{Floats, fold};

/// A body that clears its frame on one path leaves it for good on all; on the others whoever
/// called the evaluation function clears it.
pub fn settle_returns(mut body: Block) -> Block {
    fn returns(body: &[Stmt]) -> bool {
        body.iter().any(|stmt| {
            let mut found = matches!(stmt, Stmt::Return { .. });
            stmt.each_inner(&mut |inner| found |= returns(std::slice::from_ref(inner)));
            found
        })
    }
    fn settle(stmt: &mut Stmt) {
        if let Stmt::Yield { value, .. } = stmt {
            *stmt = Stmt::Return {
                value: value.clone(),
            };
        }
        stmt.each_inner_mut(&mut settle);
    }
    if returns(&body) {
        body.iter_mut().for_each(settle);
    }
    body
}

/// Rewrites control flow to its plainest form.
pub(super) fn simplify(body: &mut Block, floats: &Floats<'_>) {
    drop_equal_tails(body);
    let mut out: Block = Vec::new();
    for mut stmt in std::mem::take(body) {
        match &mut stmt {
            Stmt::If {
                then, otherwise, ..
            } => {
                simplify(then, floats);
                simplify(otherwise, floats);
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => simplify(body, floats),
            _ => {}
        }
        match stmt {
            Stmt::If {
                cond,
                then,
                otherwise,
            } => branch(cond, then, otherwise, floats, &mut out),
            Stmt::Loop { body } => out.push(rotated(body, floats)),
            Stmt::Return { .. } | Stmt::Yield { .. } => {
                // Leaving a frame gives back its room for recursion.
                out.retain(|stmt| !is_leave(stmt));
                out.push(stmt);
            }
            stmt => out.push(stmt),
        }
    }
    *body = out;
}

/// `if c { rest } rest` is `rest`.
pub(super) fn drop_equal_tails(body: &mut Block) {
    let mut index = 0;
    while index < body.len() {
        let redundant = match &body[index] {
            Stmt::If {
                then,
                otherwise,
                cond,
            } if otherwise.is_empty() && is_pure(cond) => {
                cevalry_model::alpha::equal(then, &body[index + 1..].to_vec())
            }
            _ => false,
        };
        if redundant {
            body.remove(index);
        } else {
            index += 1;
        }
    }
}

pub(super) fn branch(
    cond: Expr,
    then: Block,
    otherwise: Block,
    floats: &Floats<'_>,
    out: &mut Block,
) {
    if cevalry_model::alpha::equal(&then, &otherwise) {
        out.extend(then);
        return;
    }
    let ordered = !floats.is_float(&cond);
    if then.is_empty() {
        let cond = fold::not(&cond, ordered);
        return branch(cond, otherwise, then, floats, out);
    }
    if let [Stmt::Exit(exit)] = then.as_slice() {
        out.push(Stmt::Guard {
            cond: fold::not(&cond, ordered),
            exit: Exit::clone(exit),
        });
        out.extend(otherwise);
        return;
    }
    if let [Stmt::Exit(exit)] = otherwise.as_slice() {
        out.push(Stmt::Guard {
            cond,
            exit: Exit::clone(exit),
        });
        out.extend(then);
        return;
    }
    out.push(Stmt::If {
        cond,
        then,
        otherwise,
    });
}

/// `loop { if !c { break } … }` as `while c { … }`.
pub(super) fn rotated(mut body: Block, floats: &Floats<'_>) -> Stmt {
    if let Some(Stmt::If {
        cond,
        then,
        otherwise,
    }) = body.first()
        && otherwise.is_empty()
        && matches!(then.as_slice(), [Stmt::Break])
    {
        let cond = fold::not(cond, !floats.is_float(cond));
        body.remove(0);
        return Stmt::While { cond, body };
    }
    Stmt::Loop { body }
}

pub(super) fn is_leave(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(Expr::Call { function, .. }) if function.starts_with("_Py_LeaveRecursiveCall"))
}
