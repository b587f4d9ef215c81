//! Bringing paths back together.

use cevalry_model::ast::{Block, Exit, Expr, Stmt};

use super::join::{Apart, Arm, Join};
use super::state::State;
use super::tree::{Fork, Tree};
use super::value::Value;
use super::{Lifter, Outcome};
use crate::c::ctype::CType;

/// How control leaves a statement.
#[derive(Clone, Debug, PartialEq)]
pub enum Flow {
    Fall,
    Break,
    Continue,
    Goto(String),
    Return(Option<Value>),
}

/// What the paths to be merged are paths of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Merging {
    Statement,
    /// A call: what it gives is often a flag that is tested next, so known results stay apart.
    Call,
    /// `c ? a : b`
    Choice,
}

impl Lifter<'_> {
    /// Merges paths that go on alike; a path that only leaves becomes a guard.
    pub fn collapse(&mut self, tree: Tree<Flow>) -> Tree<Flow> {
        self.collapse_with(tree, Merging::Statement)
    }

    /// The same for the paths of an expression.
    pub fn collapse_values(&mut self, tree: Tree<Value>, merging: Merging) -> Tree<Value> {
        let flows = map(tree, &mut |value| Flow::Return(Some(value)));
        map(self.collapse_with(flows, merging), &mut |flow| match flow {
            Flow::Return(Some(value)) => value,
            _ => Value::void(),
        })
    }

    fn collapse_with(&mut self, tree: Tree<Flow>, merging: Merging) -> Tree<Flow> {
        let Tree::Fork(fork) = tree else {
            return tree;
        };
        let Fork {
            mut before,
            cond,
            then,
            otherwise,
        } = *fork;
        let then = self.collapse_with(then, merging);
        let otherwise = self.collapse_with(otherwise, merging);
        match (then, otherwise) {
            (Tree::Left(yes), Tree::Left(no)) => {
                before.extend(self.both_leave(cond, yes, no));
                Tree::Left(before)
            }
            (Tree::Left(gone), rest) => {
                before.push(self.one_leaves(cond, gone));
                rest.after(before)
            }
            (rest, Tree::Left(gone)) => {
                let cond = self.not(&cond);
                before.push(self.one_leaves(cond, gone));
                rest.after(before)
            }
            (Tree::Leaf(yes, yes_flow), Tree::Leaf(no, no_flow)) => {
                let pair = (*yes, yes_flow, *no, no_flow);
                match self.join(&before, &cond, &pair, merging) {
                    Ok((state, flow)) => Tree::leaf(state, flow),
                    Err(Apart) => {
                        let (yes, yes_flow, no, no_flow) = pair;
                        Tree::Fork(Box::new(Fork {
                            before,
                            cond,
                            then: Tree::leaf(yes, yes_flow),
                            otherwise: Tree::leaf(no, no_flow),
                        }))
                    }
                }
            }
            (then, otherwise) => Tree::Fork(Box::new(Fork {
                before,
                cond,
                then,
                otherwise,
            })),
        }
    }

    fn both_leave(&self, cond: Expr, yes: Block, no: Block) -> Block {
        if let [Stmt::Exit(exit)] = yes.as_slice() {
            let mut out = vec![Stmt::Guard {
                cond: self.not(&cond),
                exit: exit.clone(),
            }];
            out.extend(no);
            return out;
        }
        if let [Stmt::Exit(exit)] = no.as_slice() {
            let mut out = vec![Stmt::Guard {
                cond,
                exit: exit.clone(),
            }];
            out.extend(yes);
            return out;
        }
        vec![Stmt::If {
            cond,
            then: yes,
            otherwise: no,
        }]
    }

    fn one_leaves(&self, cond: Expr, gone: Block) -> Stmt {
        match gone.as_slice() {
            [Stmt::Exit(exit)] => Stmt::Guard {
                cond: self.not(&cond),
                exit: Exit::clone(exit),
            },
            _ => Stmt::If {
                cond,
                then: gone,
                otherwise: Vec::new(),
            },
        }
    }

    fn join(
        &mut self,
        before: &[Stmt],
        cond: &Expr,
        (yes, yes_flow, no, no_flow): &(State, Flow, State, Flow),
        merging: Merging,
    ) -> Result<(State, Flow), Apart> {
        if yes.scopes != no.scopes
            || yes.frame_unit != no.frame_unit
            || yes.return_offset != no.return_offset
            || yes.saved_depth != no.saved_depth
            || yes.cleared != no.cleared
            || yes.pinned != no.pinned
            || yes.room != no.room
        {
            return Err(Apart);
        }
        let mut join = Join {
            before: before.to_vec(),
            cond: cond.clone(),
            yes: Arm::new(yes.clone()),
            no: Arm::new(no.clone()),
            merging,
            select: merging == Merging::Choice && yes.code.is_empty() && no.code.is_empty(),
        };
        let flow = match (yes_flow, no_flow) {
            (Flow::Return(Some(a)), Flow::Return(Some(b))) => {
                if merging == Merging::Statement {
                    join.merging = Merging::Call;
                }
                let value = join.value(self, a, b)?;
                join.merging = merging;
                Flow::Return(Some(value))
            }
            (a, b) if a == b => a.clone(),
            _ => return Err(Apart),
        };
        let mut vars = yes.vars.clone();
        for (id, variable) in &mut vars {
            let (Some(a), Some(b)) = (yes.vars.get(id), no.vars.get(id)) else {
                return Err(Apart);
            };
            variable.binding = join.binding(self, &a.binding, &b.binding, &variable.ty)?;
        }
        let pushed = match (&yes.pushed, &no.pushed) {
            (Some(a), Some(b)) => Some(join.value(self, a, b)?),
            (None, None) => None,
            _ => return Err(Apart),
        };
        let slots = join.slots(self)?;
        Ok((join.finish(vars, pushed, slots), flow))
    }
}

impl Lifter<'_> {
    /// Gives the arms of `?:` one type.
    pub fn unify(&mut self, tree: Tree<Value>) -> Outcome<Tree<Value>> {
        let mut ty: Option<CType> = None;
        visit(&tree, &mut |value| {
            ty = Some(match (&ty, &value.ty) {
                (None, found) => found.decayed(),
                (Some(known), found) if known.is_pointer() && found.is_pointer() => {
                    match known.pointee() {
                        Some(CType::Void) => found.decayed(),
                        _ => known.clone(),
                    }
                }
                (Some(known), _) if known.is_pointer() => known.clone(),
                (Some(_), found) if found.is_pointer() => found.decayed(),
                (Some(known), found) if known == found => known.clone(),
                (Some(known), found) => super::arith::common(known, found),
            });
        });
        let Some(ty) = ty else {
            return Ok(tree);
        };
        tree.bind(&mut |mut st, value| {
            let value = self.convert(&mut st, value, &ty)?;
            Ok(Tree::leaf(st, value))
        })
    }
}

fn visit<T>(tree: &Tree<T>, f: &mut dyn FnMut(&T)) {
    match tree {
        Tree::Leaf(_, value) => f(value),
        Tree::Left(_) => {}
        Tree::Fork(fork) => {
            visit(&fork.then, f);
            visit(&fork.otherwise, f);
        }
    }
}

fn map<T, U>(tree: Tree<T>, f: &mut dyn FnMut(T) -> U) -> Tree<U> {
    match tree {
        Tree::Leaf(state, value) => Tree::Leaf(state, f(value)),
        Tree::Left(code) => Tree::Left(code),
        Tree::Fork(fork) => {
            let Fork {
                before,
                cond,
                then,
                otherwise,
            } = *fork;
            let then = map(then, f);
            let otherwise = map(otherwise, f);
            Tree::Fork(Box::new(Fork {
                before,
                cond,
                then,
                otherwise,
            }))
        }
    }
}

/// Calls `f` with every name that an expression mentions.
pub fn names(expr: &Expr, f: &mut dyn FnMut(&str)) {
    match expr {
        Expr::Name(name) | Expr::AddrOf(name) => f(name),
        other => other.each_child(&mut |child| names(child, f)),
    }
}
