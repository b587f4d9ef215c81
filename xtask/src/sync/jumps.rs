//! Where templates jump to.

use std::collections::BTreeSet;

use cevalry_model::ast::{BinOp, Block, Expr, Stmt, Type, UnOp};
use cevalry_model::data::Jump;

/// An argument so large that a jump by it leaves the instruction behind.
const FAR: i128 = 1000;

/// The directions in which a template jumps, as far as they follow from its argument.
pub fn jumps(body: &Block) -> BTreeSet<Jump> {
    let mut found = BTreeSet::new();
    body.iter().for_each(|stmt| statement(stmt, &mut found));
    found
}

fn statement(stmt: &Stmt, found: &mut BTreeSet<Jump>) {
    if let Stmt::Jump { unit, .. } = stmt
        && let (Some(near), Some(far)) = (value(unit, 0), value(unit, FAR))
        && near != far
    {
        found.insert(if far < near {
            Jump::Backward
        } else {
            Jump::Forward
        });
    }
    stmt.each_inner(&mut |inner| statement(inner, found));
}

/// The value of an expression of numbers and the argument.
fn value(expr: &Expr, oparg: i128) -> Option<i128> {
    match expr {
        Expr::Int { value, .. } => Some(*value),
        Expr::Oparg => Some(oparg),
        Expr::Cast {
            value: inner,
            ty: Type::Int { .. },
        } => value(inner, oparg),
        Expr::Unary {
            op: UnOp::Neg,
            value: inner,
        } => Some(-value(inner, oparg)?),
        Expr::Binary { op, left, right } => {
            let (left, right) = (value(left, oparg)?, value(right, oparg)?);
            match op {
                BinOp::Add => Some(left + right),
                BinOp::Sub => Some(left - right),
                BinOp::Mul => Some(left * right),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use cevalry_model::data::Jump;
    use cevalry_model::parse;

    use super::jumps;

    #[test]
    fn directions_follow_from_the_argument() {
        let text = "#[size(2)] #[releases(\"3.13.5\")] opcode FOR {
            if stack[-1] == NULL { jump(-1, oparg + 4); } else { jump(0, 3); }
        }
        #[size(2)] #[releases(\"3.13.5\")] opcode LOOP { jump(0, 2 - oparg); }";
        let templates = parse::file("test", text).unwrap().file.templates;
        let found: Vec<_> = templates.iter().map(|t| jumps(&t.body)).collect();
        assert_eq!(found, [[Jump::Forward].into(), [Jump::Backward].into()]);
    }
}
