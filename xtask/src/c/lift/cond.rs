//! Conditions: each outcome is a path of its own.

use cevalry_model::ast::{BinOp, Expr};
use lang_c::ast::{BinaryOperator, Expression, UnaryOperator};
use lang_c::span::Node;

use super::state::State;
use super::tree::{Fork, Tree};
use super::value::{Value, What};
use super::{Lifter, Outcome, fold};

impl Lifter<'_> {
    /// Moves an address by a number of elements, on a path for each value of a condition in it.
    pub fn shifted(
        &mut self,
        mut st: State,
        pointer: &Value,
        by: &Value,
        factor: i64,
    ) -> Outcome<Tree<Value>> {
        if matches!(pointer.what, What::Stack(..) | What::Code(..))
            && let What::Expr(expr) = &by.what
        {
            let resolved = self.resolve(&st, expr);
            if let Some(cond) = self.unsettled(&resolved) {
                return self.fork(st, cond.clone()).bind(&mut |mut st, holds| {
                    st.pinned.push((cond.clone(), holds));
                    self.shifted(st, pointer, by, factor)
                });
            }
            if !self.is_known(&resolved) {
                return self.give_up("a stack or code offset known only at run time");
            }
        }
        let value = self.advance(&mut st, pointer.clone(), by, factor)?;
        Ok(Tree::leaf(st, value))
    }

    /// A condition in an integer that decides it and is known only at run time.
    pub fn unsettled(&self, expr: &Expr) -> Option<Expr> {
        match expr {
            flag if fold::is_flag(flag) && !self.is_known(flag) => Some(match flag {
                Expr::Cast { value, .. } => return self.unsettled(value),
                flag => flag.clone(),
            }),
            Expr::Binary { left, right, .. } => {
                self.unsettled(left).or_else(|| self.unsettled(right))
            }
            Expr::Cast { value, .. } | Expr::Unary { value, .. } => self.unsettled(value),
            Expr::Select { cond, .. } if !self.is_known(cond) => Some((**cond).clone()),
            _ => None,
        }
    }

    /// Whether an integer is known when code is emitted.
    pub fn is_known(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Int { .. } | Expr::Oparg | Expr::Cache { .. } => true,
            Expr::UnitOparg(_) | Expr::UnitOpcode(_) => true,
            Expr::Name(name) => self.known.contains(name),
            Expr::Binary { left, right, .. } => self.is_known(left) && self.is_known(right),
            Expr::Unary { value, .. } | Expr::Cast { value, .. } => self.is_known(value),
            Expr::Select {
                cond,
                then,
                otherwise,
            } => [cond, then, otherwise]
                .iter()
                .all(|part| self.is_known(part)),
            _ => false,
        }
    }

    /// Two paths: one on which the condition holds, one on which it does not.
    pub fn fork(&mut self, mut st: State, cond: Expr) -> Tree<bool> {
        if let Expr::Int { value, .. } = cond {
            return Tree::leaf(st, value != 0);
        }
        if let Some(holds) = self.decided(&st, &cond) {
            return Tree::leaf(st, holds);
        }
        let before = std::mem::take(&mut st.code);
        let (mut yes, mut no) = (st.clone(), st);
        yes.facts.push((cond.clone(), true));
        no.facts.push((cond.clone(), false));
        Tree::Fork(Box::new(Fork {
            before,
            cond,
            then: Tree::leaf(yes, true),
            otherwise: Tree::leaf(no, false),
        }))
    }

    /// Evaluates a condition, one path for each outcome.
    pub fn cond(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<bool>> {
        self.step_at(node.span)?;
        match &node.node {
            Expression::BinaryOperator(binary) => {
                let stop = match binary.node.operator.node {
                    BinaryOperator::LogicalAnd => false,
                    BinaryOperator::LogicalOr => true,
                    _ => return self.plain_cond(st, node),
                };
                let tree = self.cond(st, &binary.node.lhs)?.bind(&mut |st, left| {
                    if left == stop {
                        Ok(Tree::leaf(st, left))
                    } else {
                        self.cond(st, &binary.node.rhs)
                    }
                })?;
                Ok(tree)
            }
            Expression::UnaryOperator(unary)
                if unary.node.operator.node == UnaryOperator::Negate =>
            {
                self.cond(st, &unary.node.operand)?
                    .bind(&mut |st, holds| Ok(Tree::leaf(st, !holds)))
            }
            _ => self.plain_cond(st, node),
        }
    }

    pub(super) fn plain_cond(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<bool>> {
        self.eval(st, node)?.bind(&mut |st, value| {
            let cond = self.truth(&value);
            Ok(self.decide(st, &cond))
        })
    }

    /// Forks on a condition, first on any condition that it counts with.
    pub(super) fn decide(&mut self, st: State, cond: &Expr) -> Tree<bool> {
        let cond = self.resolve(&st, cond);
        let inner = match &cond {
            Expr::Binary { left, right, .. } => self.counted(left).or_else(|| self.counted(right)),
            _ => None,
        };
        let Some(inner) = inner else {
            return self.fork(st, cond);
        };
        let tree = self.fork(st, inner.clone());
        let tree = tree.bind::<bool, std::convert::Infallible>(&mut |mut st, holds| {
            st.pinned.push((inner.clone(), holds));
            Ok(self.decide(st, &cond))
        });
        match tree {
            Ok(tree) => tree,
            Err(never) => match never {},
        }
    }

    /// A condition that is a term of a sum.
    pub(super) fn counted(&self, expr: &Expr) -> Option<Expr> {
        match expr {
            Expr::Binary {
                op: BinOp::Add | BinOp::Sub,
                ..
            } => self.unsettled(expr),
            Expr::Cast { value, .. } => self.counted(value),
            _ => None,
        }
    }
}
