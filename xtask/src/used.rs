//! What templates name of the outside: functions, variables, structs.

use std::collections::BTreeSet;

use cevalry_model::ast::{Block, CellType, Elem, Expr, Stmt, Type};

/// Names, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// Functions that are called, primitives of the vocabulary among them.
    pub calls: BTreeSet<String>,
    /// Functions and variables whose address is taken.
    pub symbols: BTreeSet<String>,
    /// Structs whose members are used or which are indexed.
    pub structs: BTreeSet<String>,
}

impl Used {
    pub fn of(body: &Block) -> Self {
        let mut used = Self::default();
        used.block(body);
        used
    }

    fn block(&mut self, body: &Block) {
        for stmt in body {
            self.statement(stmt);
        }
    }

    fn statement(&mut self, stmt: &Stmt) {
        match stmt {
            Stmt::Let { ty, .. } | Stmt::Var { ty, .. } => self.ty(ty),
            Stmt::Cell { ty, .. } => match ty {
                CellType::One(ty) | CellType::Array(ty, _) => self.ty(ty),
            },
            _ => {}
        }
        stmt.each_expr(&mut |expr| self.expr(expr));
        stmt.each_inner(&mut |inner| self.statement(inner));
    }

    fn expr(&mut self, expr: &Expr) {
        match expr {
            Expr::Call { function, .. } => {
                self.calls.insert(function.clone());
            }
            Expr::Symbol { name, .. } => {
                self.symbols.insert(name.clone());
            }
            Expr::Member { owner, .. } => {
                self.structs.insert(owner.clone());
            }
            Expr::Cast { ty, .. } => self.ty(ty),
            _ => {}
        }
        expr.each_child(&mut |child| self.expr(child));
    }

    fn ty(&mut self, ty: &Type) {
        if let Type::Array(elem) = ty {
            match elem.as_ref() {
                Elem::Struct(name) => {
                    self.structs.insert(name.clone());
                }
                Elem::Scalar(ty) => self.ty(ty),
            }
        }
    }
}
