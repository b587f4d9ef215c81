//! The paths through a body: a tree that forks at conditions and is merged where it can be.

use cevalry_model::ast::{Expr, Stmt};

use super::state::State;

/// Code that goes on with a state and a value on each path that has not left.
pub enum Tree<T> {
    Leaf(Box<State>, T),
    /// Every path has left.
    Left(Vec<Stmt>),
    Fork(Box<Fork<T>>),
}

pub struct Fork<T> {
    pub before: Vec<Stmt>,
    pub cond: Expr,
    pub then: Tree<T>,
    pub otherwise: Tree<T>,
}

impl<T> Tree<T> {
    pub fn leaf(state: State, value: T) -> Self {
        Self::Leaf(Box::new(state), value)
    }

    /// Goes on from every leaf.
    pub fn bind<U, E>(
        self,
        then: &mut dyn FnMut(State, T) -> Result<Tree<U>, E>,
    ) -> Result<Tree<U>, E> {
        Ok(match self {
            Self::Leaf(state, value) => then(*state, value)?,
            Self::Left(code) => Tree::Left(code),
            Self::Fork(fork) => {
                let Fork {
                    before,
                    cond,
                    then: yes,
                    otherwise: no,
                } = *fork;
                let yes = yes.bind(then)?;
                let no = no.bind(then)?;
                Tree::Fork(Box::new(Fork {
                    before,
                    cond,
                    then: yes,
                    otherwise: no,
                }))
            }
        })
    }

    /// Puts code in front.
    pub fn after(self, mut before: Vec<Stmt>) -> Self {
        match self {
            Self::Leaf(mut state, value) => {
                before.append(&mut state.code);
                state.code = before;
                Self::Leaf(state, value)
            }
            Self::Left(code) => {
                before.extend(code);
                Self::Left(before)
            }
            Self::Fork(mut fork) => {
                before.append(&mut fork.before);
                fork.before = before;
                Self::Fork(fork)
            }
        }
    }
}
