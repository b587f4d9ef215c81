//! What templates name of the outside: functions, variables, structs.

use std::collections::BTreeSet;

use cevalry_model::ast::{Block, CellType, Elem, Expr, Step, Stmt, Type};

/// Names, in order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Used {
    /// Functions that are called, primitives of the vocabulary among them.
    pub calls: BTreeSet<String>,
    /// Functions and variables whose address is taken.
    pub symbols: BTreeSet<String>,
    /// Structs whose members are used or which are indexed.
    pub structs: BTreeSet<String>,
    /// The ways to members of members.
    pub paths: BTreeSet<Path>,
}

/// A way from a struct or a variable to a member, indexes left out.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Path {
    pub start: String,
    /// The start is a variable.
    pub symbol: bool,
    pub fields: Vec<String>,
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
            Expr::Symbol { name, path } => {
                self.symbols.insert(name.clone());
                self.path(name, true, path);
            }
            Expr::Member { owner, path, .. } => {
                self.structs.insert(owner.clone());
                self.path(owner, false, path);
            }
            Expr::Cast { ty, .. } => self.ty(ty),
            _ => {}
        }
        expr.each_child(&mut |child| self.expr(child));
    }

    fn path(&mut self, start: &str, symbol: bool, steps: &[Step]) {
        let fields = steps.iter().filter_map(|step| match step {
            Step::Field(name) => Some(name.clone()),
            Step::Index(_) => None,
        });
        self.paths.insert(Path {
            start: start.to_owned(),
            symbol,
            fields: fields.collect(),
        });
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
