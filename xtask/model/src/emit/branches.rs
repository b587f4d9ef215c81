//! Which branches an emitter may take for decided before its instruction starts.
//!
//! Both arms of a branch are emitted, and the state is copied for it. Where an arm calls functions
//! that costs hundreds of bytes, and a guard that the branch goes as it would go now costs ten.
//! A branch that Python's own control flow depends on goes either way, and stays one; what the
//! thread's state says is the same for long.

use crate::ast::{Block, Exit, Expr, Stmt};
use crate::vocab;

/// Which way a branch is expected to go.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Expected {
    /// Either.
    Open,
    /// As the operands say that are there now.
    Seen,
    /// Not into the arm that ends in an error.
    Then,
    Otherwise,
}

/// What to expect of a branch; `inside` is whether it stands in an arm of one that is decided.
pub(super) fn expected(cond: &Expr, then: &Block, otherwise: &Block, inside: bool) -> Expected {
    let arms = then.iter().chain(otherwise);
    let any = |f: &dyn Fn(&Stmt) -> bool| arms.clone().any(|stmt| holds(stmt, f));
    let jumps = any(&|stmt| matches!(stmt, Stmt::Jump { .. })) && !of_thread(cond);
    if jumps || any(&|stmt| matches!(stmt, Stmt::Break | Stmt::Continue)) {
        return Expected::Open;
    }
    if !inside && !any(&calls) {
        return Expected::Open;
    }
    match (fails(then), fails(otherwise)) {
        (true, false) => Expected::Otherwise,
        (false, true) => Expected::Then,
        _ => Expected::Seen,
    }
}

/// Whether an expression depends on members of the thread's state alone.
fn of_thread(expr: &Expr) -> bool {
    let known = |expr: &Expr| matches!(expr, Expr::Null | Expr::Int { .. });
    match expr {
        Expr::Member {
            base,
            address: false,
            ..
        } => matches!(**base, Expr::Tstate) || of_thread(base),
        Expr::Unary { value, .. } => of_thread(value),
        Expr::Binary { left, right, .. } => {
            (of_thread(left) && (known(right) || of_thread(right)))
                || (known(left) && of_thread(right))
        }
        _ => false,
    }
}

/// Whether a statement, or one inside of it, is of a kind.
fn holds(stmt: &Stmt, of_kind: &dyn Fn(&Stmt) -> bool) -> bool {
    let mut found = of_kind(stmt);
    stmt.each_inner(&mut |inner| found |= holds(inner, of_kind));
    found
}

/// Whether a statement calls a function or enters a frame.
fn calls(stmt: &Stmt) -> bool {
    let mut any = matches!(stmt, Stmt::EnterFrame { .. });
    stmt.each_expr(&mut |expr| any |= is_call(expr));
    any
}

fn is_call(expr: &Expr) -> bool {
    let mut any = match expr {
        Expr::Call { function, .. } => vocab::find(function).is_none(),
        Expr::Indirect { .. } => true,
        _ => false,
    };
    expr.each_child(&mut |child| any |= is_call(child));
    any
}

/// Whether every path through a block ends with an exception.
fn fails(block: &Block) -> bool {
    match block.last() {
        Some(Stmt::Exit(Exit::Error { .. } | Exit::Reraise { .. })) => true,
        Some(Stmt::If {
            then, otherwise, ..
        }) => fails(then) && fails(otherwise),
        _ => false,
    }
}
