//! Loops: what a C loop changes becomes variables of a template's loop.

use std::collections::{BTreeMap, BTreeSet};

use cevalry_model::ast::{Block, Expr, Stmt, Type};
use lang_c::ast::{Expression, ForInitializer, ForStatement, Statement};
use lang_c::span::Node;

use super::linear::Linear;
use super::merge::Flow;
use super::state::State;
use super::tree::{Fork, Tree};
use super::value::{Binding, Value, VarId, What};
use super::{Lifter, Outcome};
use crate::c::ctype::CType;

/// A C variable that a loop changes, and the template variable that carries it round.
#[derive(Clone)]
struct Carried {
    name: String,
    /// The address kind, where the variable is an address that is followed as an offset.
    shape: Shape,
    ty: CType,
}

#[derive(Clone)]
enum Shape {
    Plain,
    Stack,
    Local,
    Code,
}

impl Lifter<'_> {
    pub fn for_loop(&mut self, mut st: State, node: &ForStatement) -> Outcome<Tree<Flow>> {
        let depth = st.scopes.len();
        st.scopes.push(Vec::new());
        let start = match &node.initializer.node {
            ForInitializer::Empty | ForInitializer::StaticAssert(_) => Tree::leaf(st, Flow::Fall),
            ForInitializer::Expression(value) => self
                .eval(st, value)?
                .bind(&mut |st, _| Ok(Tree::leaf(st, Flow::Fall)))?,
            ForInitializer::Declaration(declaration) => self.declaration(st, declaration)?,
        };
        let (condition, step) = (node.condition.as_deref(), node.step.as_deref());
        let tree =
            start.bind(&mut |st, _| self.repeat(st, condition, step, &node.statement, false))?;
        tree.bind(&mut |mut st, flow| {
            st.leave_scopes(depth);
            Ok(Tree::leaf(st, flow))
        })
    }

    /// A loop; `late` tests the condition behind the body.
    pub fn repeat(
        &mut self,
        mut st: State,
        condition: Option<&Node<Expression>>,
        step: Option<&Node<Expression>>,
        body: &Node<Statement>,
        late: bool,
    ) -> Outcome<Tree<Flow>> {
        st.flush(None);
        st.slots.clear();
        // What the loop changes is found by running it: first as if it changed nothing, then with
        // what was seen to change, until no more changes.
        let mut carried: BTreeMap<VarId, Carried> = BTreeMap::new();
        let mut spilled: BTreeSet<VarId> = BTreeSet::new();
        loop {
            let arrays = self.arrays.clone();
            let mut start = st.clone();
            for id in &spilled {
                self.spill(&mut start, *id)?;
            }
            let attempt = self.attempt(&start, &carried, condition, step, body, late)?;
            match attempt {
                Attempt::Done(tree) => return Ok(tree),
                Attempt::More(more) => {
                    self.arrays = arrays;
                    for (id, in_memory) in more {
                        if in_memory {
                            carried.remove(&id);
                            spilled.insert(id);
                        } else {
                            let carry = self.carry(&st, id)?;
                            carried.insert(id, carry);
                        }
                    }
                }
            }
        }
    }

    fn carry(&mut self, st: &State, id: VarId) -> Outcome<Carried> {
        let Some(variable) = st.vars.get(&id) else {
            return self.give_up("a loop variable out of scope");
        };
        let ty = variable.ty.clone();
        let shape = match &variable.binding {
            Binding::Value(value) => match &value.what {
                What::Expr(_) => Shape::Plain,
                What::Stack(super::value::Base::Own, _) => Shape::Stack,
                What::Local(_) => Shape::Local,
                What::Code(super::value::Base::Own, _, 0) => Shape::Code,
                _ => return self.give_up("a loop over addresses of another kind"),
            },
            Binding::Unset => Shape::Plain,
            _ => return self.give_up("a loop over a variable in memory"),
        };
        let template = match shape {
            Shape::Plain => self.variable_type(&ty),
            _ => Type::Int {
                bits: 32,
                signed: true,
            },
        };
        let hint = st.scopes.iter().flatten().find(|(_, known)| *known == id);
        let hint = hint.map(|(name, _)| name.clone());
        let name = self.fresh(hint.as_deref(), template);
        Ok(Carried { name, shape, ty })
    }

    fn attempt(
        &mut self,
        before: &State,
        carried: &BTreeMap<VarId, Carried>,
        condition: Option<&Node<Expression>>,
        step: Option<&Node<Expression>>,
        body: &Node<Statement>,
        late: bool,
    ) -> Outcome<Attempt> {
        let mut st = before.clone();
        st.memory_changes();
        for (id, carry) in carried {
            let start = self.start(&mut st, *id, carry)?;
            let known = self.is_known(&start);
            let ty = self
                .names
                .get(&carry.name)
                .map_or(Type::Ptr, |info| info.ty.clone());
            st.code.push(Stmt::Var {
                name: carry.name.clone(),
                ty,
                value: start,
            });
            if known {
                self.known.insert(carry.name.clone());
            } else {
                self.known.remove(&carry.name);
            }
            let value = entry_value(carry);
            if let Some(variable) = st.vars.get_mut(id) {
                variable.binding = Binding::Value(value);
            }
        }
        let head = std::mem::take(&mut st.code);
        let inside = st.clone();
        let mut changed = Vec::new();
        let round = if late {
            let tree = self.run(st, None, None, body)?;
            self.test(tree, condition)?
        } else {
            self.run(st, condition, step, body)?
        };
        let round = self.collapse(round);
        visit_leaves(&round, &mut |state, flow| {
            if let Flow::Fall | Flow::Break | Flow::Continue = flow {
                note_changes(&inside, state, carried, &mut changed);
            }
        });
        changed.sort();
        changed.dedup();
        if !changed.is_empty() {
            return Ok(Attempt::More(changed));
        }
        let mut rest = Vec::new();
        let block = self.close(round, &inside, carried, &mut rest)?;
        let mut after = inside;
        after.effect = true;
        after.code = head;
        after.code.push(rotated(block));
        after.facts.retain(|(fact, _)| !mentions(fact, carried));
        after.slots.clear();
        if !rest.is_empty() {
            return self.give_up("a jump out of a loop");
        }
        Ok(Attempt::Done(Tree::leaf(after, Flow::Fall)))
    }

    /// One round: condition, body, step. A false condition is a `break`.
    fn run(
        &mut self,
        st: State,
        condition: Option<&Node<Expression>>,
        step: Option<&Node<Expression>>,
        body: &Node<Statement>,
    ) -> Outcome<Tree<Flow>> {
        let tree = self.test(Tree::leaf(st, Flow::Fall), condition)?;
        let tree = tree.bind(&mut |st, flow| match flow {
            Flow::Fall => self.block_of(st, body),
            flow => Ok(Tree::leaf(st, flow)),
        })?;
        tree.bind(&mut |st, flow| match (flow, step) {
            (Flow::Fall | Flow::Continue, Some(step)) => self
                .eval(st, step)?
                .bind(&mut |st, _| Ok(Tree::leaf(st, Flow::Fall))),
            (flow, _) => Ok(Tree::leaf(st, flow)),
        })
    }

    fn test(
        &mut self,
        tree: Tree<Flow>,
        condition: Option<&Node<Expression>>,
    ) -> Outcome<Tree<Flow>> {
        let Some(condition) = condition else {
            return Ok(tree);
        };
        let tree = tree.bind(&mut |st, flow| match flow {
            Flow::Fall | Flow::Continue => self.cond(st, condition)?.bind(&mut |st, holds| {
                let flow = if holds { Flow::Fall } else { Flow::Break };
                Ok(Tree::leaf(st, flow))
            }),
            flow => Ok(Tree::leaf(st, flow)),
        })?;
        Ok(tree)
    }

    fn block_of(&mut self, mut st: State, body: &Node<Statement>) -> Outcome<Tree<Flow>> {
        let depth = st.scopes.len();
        st.scopes.push(Vec::new());
        self.exec(st, body)?.bind(&mut |mut st, flow| {
            st.leave_scopes(depth);
            Ok(Tree::leaf(st, flow))
        })
    }

    /// Turns a round's paths into the block of a loop.
    fn close(
        &mut self,
        tree: Tree<Flow>,
        inside: &State,
        carried: &BTreeMap<VarId, Carried>,
        rest: &mut Vec<Flow>,
    ) -> Outcome<Block> {
        Ok(match tree {
            Tree::Left(code) => code,
            Tree::Leaf(mut state, flow) => {
                state.flush(None);
                let last = match flow {
                    Flow::Fall | Flow::Continue => None,
                    Flow::Break => Some(Stmt::Break),
                    other => {
                        rest.push(other);
                        None
                    }
                };
                self.assign_carried(&mut state, inside, carried)?;
                let mut code = state.code;
                code.extend(last);
                code
            }
            Tree::Fork(fork) => {
                let Fork {
                    before,
                    cond,
                    then,
                    otherwise,
                } = *fork;
                let then = self.close(then, inside, carried, rest)?;
                let otherwise = self.close(otherwise, inside, carried, rest)?;
                let mut code = before;
                if ends(&otherwise) && !ends(&then) {
                    code.push(Stmt::If {
                        cond: self.not(&cond),
                        then: otherwise,
                        otherwise: Vec::new(),
                    });
                    code.extend(then);
                } else if ends(&then) {
                    code.push(Stmt::If {
                        cond,
                        then,
                        otherwise: Vec::new(),
                    });
                    code.extend(otherwise);
                } else {
                    code.push(Stmt::If {
                        cond,
                        then,
                        otherwise,
                    });
                }
                code
            }
        })
    }

    /// Assigns the loop's variables their values for the next round, all at once.
    fn assign_carried(
        &mut self,
        state: &mut State,
        inside: &State,
        carried: &BTreeMap<VarId, Carried>,
    ) -> Outcome<()> {
        let mut moves = Vec::new();
        for (id, carry) in carried {
            let same =
                state.vars.get(id).map(|v| &v.binding) == inside.vars.get(id).map(|v| &v.binding);
            if same {
                continue;
            }
            let value = self.current(state, *id, carry)?;
            moves.push((carry.name.clone(), value));
        }
        // A value that reads a variable assigned before it is saved first.
        for index in 0..moves.len() {
            let (assigned, later) = moves.split_at_mut(index + 1);
            let name = assigned[index].0.clone();
            for (target, value) in later {
                let mut reads = false;
                super::merge::names(value, &mut |known| reads |= known == name);
                if reads {
                    let ty = self
                        .names
                        .get(target.as_str())
                        .map_or(Type::Ptr, |info| info.ty.clone());
                    *value = self.name(state, None, ty, value.clone());
                }
            }
        }
        for (name, value) in moves {
            state.code.push(Stmt::Assign {
                place: Expr::Name(name),
                value,
            });
        }
        Ok(())
    }

    fn start(&mut self, st: &mut State, id: VarId, carry: &Carried) -> Outcome<Expr> {
        if st
            .vars
            .get(&id)
            .is_some_and(|v| v.binding == Binding::Unset)
        {
            return Ok(match self.variable_type(&carry.ty) {
                Type::Int { .. } => super::value::int(0),
                Type::F64 | Type::F32 => Expr::Float(0.0),
                _ => Expr::Null,
            });
        }
        self.current(st, id, carry)
    }

    fn current(&mut self, st: &mut State, id: VarId, carry: &Carried) -> Outcome<Expr> {
        let Some(Binding::Value(value)) = st.vars.get(&id).map(|v| v.binding.clone()) else {
            return self.give_up("a loop variable that moves into memory");
        };
        match (&carry.shape, &value.what) {
            (Shape::Plain, _) => self.rvalue(st, value),
            (Shape::Stack, What::Stack(_, at)) | (Shape::Local, What::Local(at)) => {
                Ok(at.to_expr())
            }
            (Shape::Code, What::Code(_, unit, 0)) => Ok(unit.to_expr()),
            _ => self.give_up("a loop variable that changes its kind"),
        }
    }
}

enum Attempt {
    Done(Tree<Flow>),
    /// Variables that turned out to change, and whether they moved into memory.
    More(Vec<(VarId, bool)>),
}

fn entry_value(carry: &Carried) -> Value {
    let name = Expr::Name(carry.name.clone());
    let at = Linear::of(&name, false);
    let what = match carry.shape {
        Shape::Plain => What::Expr(name),
        Shape::Stack => What::Stack(super::value::Base::Own, at),
        Shape::Local => What::Local(at),
        Shape::Code => What::Code(super::value::Base::Own, at, 0),
    };
    Value {
        what,
        ty: carry.ty.clone(),
    }
}

fn note_changes(
    inside: &State,
    state: &State,
    carried: &BTreeMap<VarId, Carried>,
    changed: &mut Vec<(VarId, bool)>,
) {
    for (id, variable) in &inside.vars {
        let now = state.vars.get(id).map(|v| &v.binding);
        let in_memory = matches!(now, Some(Binding::Cell(_)));
        if now != Some(&variable.binding) && (in_memory || !carried.contains_key(id)) {
            changed.push((*id, in_memory));
        }
    }
}

fn visit_leaves(tree: &Tree<Flow>, f: &mut dyn FnMut(&State, &Flow)) {
    match tree {
        Tree::Leaf(state, flow) => f(state, flow),
        Tree::Left(_) => {}
        Tree::Fork(fork) => {
            visit_leaves(&fork.then, f);
            visit_leaves(&fork.otherwise, f);
        }
    }
}

fn mentions(fact: &Expr, carried: &BTreeMap<VarId, Carried>) -> bool {
    let mut found = false;
    super::merge::names(fact, &mut |name| {
        found |= carried.values().any(|carry| carry.name == name);
    });
    found
}

fn ends(block: &[Stmt]) -> bool {
    match block.last() {
        Some(
            Stmt::Break | Stmt::Continue | Stmt::Exit(_) | Stmt::Next { .. } | Stmt::Jump { .. },
        ) => true,
        Some(Stmt::If {
            then, otherwise, ..
        }) => ends(then) && ends(otherwise),
        _ => false,
    }
}

/// `loop { if !c { break } … }` as `while c { … }`.
fn rotated(mut block: Block) -> Stmt {
    if let Some(Stmt::If {
        cond,
        then,
        otherwise,
    }) = block.first()
        && otherwise.is_empty()
        && matches!(then.as_slice(), [Stmt::Break])
    {
        let cond = super::fold::not(cond, true);
        block.remove(0);
        return Stmt::While { cond, body: block };
    }
    Stmt::Loop { body: block }
}
