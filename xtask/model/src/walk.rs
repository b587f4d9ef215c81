//! Walking a syntax tree.

use crate::ast::{Exit, Expr, Step, Stmt};

/// Generates the shared and the mutable form of a walk, which differ in nothing else.
macro_rules! walks {
    ($children:ident, $expressions:ident, $blocks:ident, $iter:ident $(, $mutable:tt)?) => {
        impl Expr {
            /// Calls `f` on each expression directly inside this one, in order of evaluation.
            pub fn $children<'a>(&'a $($mutable)? self, f: &mut dyn FnMut(&'a $($mutable)? Expr)) {
                match self {
                    Expr::Int { .. }
                    | Expr::Float(_)
                    | Expr::Null
                    | Expr::CStr(_)
                    | Expr::Name(_)
                    | Expr::AddrOf(_)
                    | Expr::Oparg
                    | Expr::Frame
                    | Expr::Tstate => {}
                    Expr::Cache { unit: inner, .. }
                    | Expr::UnitOparg(inner)
                    | Expr::UnitOpcode(inner)
                    | Expr::InstrPtr(inner)
                    | Expr::Stack(inner)
                    | Expr::StackPtr(inner)
                    | Expr::Local(inner)
                    | Expr::LocalPtr(inner)
                    | Expr::Cast { value: inner, .. }
                    | Expr::Unary { value: inner, .. } => f(inner),
                    Expr::Symbol { path, .. } => steps!(path, f, $iter),
                    Expr::Member { base, path, .. } => {
                        f(base);
                        steps!(path, f, $iter);
                    }
                    Expr::Index { base, index, .. } => {
                        f(base);
                        f(index);
                    }
                    Expr::Binary { left, right, .. } => {
                        f(left);
                        f(right);
                    }
                    Expr::Select {
                        cond,
                        then,
                        otherwise,
                    } => {
                        f(cond);
                        f(then);
                        f(otherwise);
                    }
                    Expr::Call { args, .. } => {
                        for arg in args {
                            f(arg);
                        }
                    }
                    Expr::Indirect { function, args, .. } => {
                        f(function);
                        for arg in args {
                            f(arg);
                        }
                    }
                }
            }
        }

        impl Stmt {
            /// Calls `f` on each expression of the statement itself, not of blocks inside it.
            /// An assignment's value comes before its place.
            pub fn $expressions<'a>(&'a $($mutable)? self, f: &mut dyn FnMut(&'a $($mutable)? Expr)) {
                match self {
                    Stmt::Let { value, .. }
                    | Stmt::Var { value, .. }
                    | Stmt::Cell {
                        value: Some(value), ..
                    }
                    | Stmt::Expr(value)
                    | Stmt::Return { value } => f(value),
                    Stmt::Assign { place, value } => {
                        f(value);
                        f(place);
                    }
                    Stmt::Guard { cond, exit } => {
                        f(cond);
                        exit!(exit, f);
                    }
                    Stmt::If { cond, .. } | Stmt::While { cond, .. } => f(cond),
                    Stmt::Next { depth } => f(depth),
                    Stmt::CheckEvalBreaker { depth, unit } | Stmt::Jump { depth, unit } => {
                        f(depth);
                        f(unit);
                    }
                    Stmt::EnterFrame { depth, frame, unit } => {
                        f(depth);
                        f(frame);
                        f(unit);
                    }
                    Stmt::Yield { depth, value } => {
                        f(depth);
                        f(value);
                    }
                    Stmt::Exit(exit) => exit!(exit, f),
                    Stmt::Cell { value: None, .. }
                    | Stmt::Loop { .. }
                    | Stmt::Break
                    | Stmt::Continue => {}
                }
            }

            /// Calls `f` on each statement directly inside this one.
            pub fn $blocks<'a>(&'a $($mutable)? self, f: &mut dyn FnMut(&'a $($mutable)? Stmt)) {
                match self {
                    Stmt::If {
                        then, otherwise, ..
                    } => {
                        then.$iter().for_each(&mut *f);
                        otherwise.$iter().for_each(&mut *f);
                    }
                    Stmt::While { body, .. } | Stmt::Loop { body } => body.$iter().for_each(f),
                    _ => {}
                }
            }
        }
    };
}

macro_rules! steps {
    ($path:expr, $f:expr, $iter:ident) => {
        for step in $path.$iter() {
            if let Step::Index(index) = step {
                $f(index);
            }
        }
    };
}

macro_rules! exit {
    ($exit:expr, $f:expr) => {
        match $exit {
            Exit::Error { depth } | Exit::Reraise { depth } => $f(depth),
            Exit::Unbound { local } => $f(local),
            Exit::Deopt | Exit::Interpret { .. } => {}
        }
    };
}

walks!(each_child, each_expr, each_inner, iter);
walks!(each_child_mut, each_expr_mut, each_inner_mut, iter_mut, mut);
