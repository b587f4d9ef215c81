//! The normal form: what two spellings of the same body have in common.

mod coalesce;
mod control;
mod dead;
mod inline;
mod names;
mod reads;
mod same;

use std::collections::HashMap;

use cevalry_model::ast::{Block, Elem, Expr, Stmt, Type};

pub use self::control::settle_returns;
use super::merge::names as each_name;
use super::{Name, fold};
use crate::c::ctype::CType;
use crate::c::types::Types;

/// Brings a body into normal form and gives its variables their names.
pub fn normalise(mut body: Block, names: &HashMap<String, Name>, types: &Types) -> Block {
    let floats = Floats { names, types };
    loop {
        let before = body.clone();
        control::simplify(&mut body, &floats);
        dead::remove_dead(&mut body);
        let mut counts = HashMap::new();
        reads::reads(&body, &mut counts);
        dead::drop_last_stores(&mut body, &counts);
        coalesce::coalesce(&mut body, &counts);
        dead::drop_overwritten(&mut body);
        let mutable = inline::variables(&body);
        same::drop_same(&mut body, &mutable);
        inline::substitute(&mut body);
        if body == before {
            break;
        }
    }
    names::rename(&mut body, names);
    body
}

/// The number of statements.
pub fn size(block: &[Stmt]) -> usize {
    block
        .iter()
        .map(|stmt| match stmt {
            Stmt::If {
                then, otherwise, ..
            } => 1 + size(then) + size(otherwise),
            Stmt::While { body, .. } | Stmt::Loop { body } => 1 + size(body),
            _ => 1,
        })
        .sum()
}

/// Tells comparisons of floats, whose opposite is not the opposite comparison.
struct Floats<'a> {
    names: &'a HashMap<String, Name>,
    types: &'a Types,
}

impl Floats<'_> {
    fn is_float(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Float(_) => true,
            Expr::Name(name) => self.names.get(name).is_some_and(Name::is_float),
            Expr::Cast { ty, .. } => matches!(ty, Type::F64 | Type::F32),
            Expr::Member { owner, path, .. } => {
                let ty = self.types.path_type(owner, path);
                ty.is_none_or(|ty| matches!(ty, CType::Float | CType::Double))
            }
            // The pointer carries the type.
            Expr::Index { base, .. } => match &**base {
                Expr::Name(name) => match self.names.get(name).map(|info| &info.ty) {
                    Some(Type::Array(elem)) => {
                        matches!(**elem, Elem::Scalar(Type::F64 | Type::F32))
                    }
                    _ => true,
                },
                _ => true,
            },
            other => {
                let mut found = false;
                other.each_child(&mut |child| found |= self.is_float(child));
                found
            }
        }
    }
}
