//! C statements.

use cevalry_model::ast::{BinOp, CellType, Stmt};
use lang_c::ast::{
    BlockItem, Declaration, Expression, IfStatement, Initializer, Label, Statement, SwitchStatement,
};
use lang_c::span::Node;

use super::merge::Flow;
use super::place::{At, Place};
use super::state::State;
use super::tree::Tree;
use super::value::{Binding, Value, int};
use super::{Lifter, Outcome, fold};
use crate::c::ctype::CType;

/// A block's item with the labels in front of it.
pub struct Item<'a> {
    pub labels: Vec<&'a Label>,
    pub what: ItemKind<'a>,
}

pub enum ItemKind<'a> {
    Statement(&'a Node<Statement>),
    Declaration(&'a Node<Declaration>),
    Nothing,
}

/// A block's items, labels taken off.
pub fn items(block: &[Node<BlockItem>]) -> Vec<Item<'_>> {
    block
        .iter()
        .map(|item| match &item.node {
            BlockItem::Statement(statement) => labelled(statement),
            BlockItem::Declaration(declaration) => Item {
                labels: Vec::new(),
                what: ItemKind::Declaration(declaration),
            },
            BlockItem::StaticAssert(_) => Item {
                labels: Vec::new(),
                what: ItemKind::Nothing,
            },
        })
        .collect()
}

fn labelled(mut statement: &Node<Statement>) -> Item<'_> {
    let mut labels = Vec::new();
    while let Statement::Labeled(inner) = &statement.node {
        labels.push(&inner.node.label.node);
        statement = &inner.node.statement;
    }
    Item {
        labels,
        what: ItemKind::Statement(statement),
    }
}

impl Item<'_> {
    pub fn first_label(&self) -> Option<String> {
        self.labels.iter().find_map(|label| match label {
            Label::Identifier(id) => Some(id.node.name.clone()),
            _ => None,
        })
    }

    pub fn has_label(&self, name: &str) -> bool {
        self.labels
            .iter()
            .any(|label| matches!(label, Label::Identifier(id) if id.node.name == name))
    }
}

impl Lifter<'_> {
    pub fn exec(&mut self, st: State, node: &Node<Statement>) -> Outcome<Tree<Flow>> {
        self.step_at(node.span)?;
        match &node.node {
            Statement::Compound(block) => self.block(st, &items(block), 0),
            Statement::Labeled(labeled) => self.exec(st, &labeled.node.statement),
            Statement::Expression(None) => Ok(Tree::leaf(st, Flow::Fall)),
            Statement::Expression(Some(expression)) => {
                let tree = self.effect(st, expression)?;
                Ok(self.collapse(tree))
            }
            Statement::If(branch) => self.branch(st, &branch.node),
            Statement::Switch(switch) => self.switch(st, &switch.node),
            Statement::While(repeat) => {
                let repeat = &repeat.node;
                self.repeat(st, Some(&repeat.expression), None, &repeat.statement, false)
            }
            Statement::DoWhile(repeat) => {
                let repeat = &repeat.node;
                // The usual `do { … } while (0)` of macros is a block.
                if self.types.constant(&repeat.expression) == Some(0) {
                    let tree = self.exec(st, &repeat.statement)?;
                    return tree.bind(&mut |st, flow| {
                        let flow = match flow {
                            Flow::Break | Flow::Continue => Flow::Fall,
                            other => other,
                        };
                        Ok(Tree::leaf(st, flow))
                    });
                }
                self.repeat(st, Some(&repeat.expression), None, &repeat.statement, true)
            }
            Statement::For(repeat) => self.for_loop(st, &repeat.node),
            Statement::Goto(label) => self.goto(st, &label.node.name),
            Statement::Continue => Ok(Tree::leaf(st, Flow::Continue)),
            Statement::Break => Ok(Tree::leaf(st, Flow::Break)),
            Statement::Return(None) => Ok(Tree::leaf(st, Flow::Return(None))),
            Statement::Return(Some(value)) => self
                .eval(st, value)?
                .bind(&mut |st, value| Ok(Tree::leaf(st, Flow::Return(Some(value))))),
            Statement::Asm(_) => self.give_up("assembly"),
        }
    }

    /// An expression for its effect; only the part with an effect is evaluated of `(void)x`.
    fn effect(&mut self, st: State, node: &Node<Expression>) -> Outcome<Tree<Flow>> {
        let node = match &node.node {
            Expression::Cast(cast)
                if self.types.type_name(&cast.node.type_name.node) == CType::Void =>
            {
                if matches!(
                    cast.node.expression.node,
                    Expression::Identifier(_) | Expression::Constant(_)
                ) {
                    return Ok(Tree::leaf(st, Flow::Fall));
                }
                &cast.node.expression
            }
            _ => node,
        };
        self.eval(st, node)?
            .bind(&mut |st, _| Ok(Tree::leaf(st, Flow::Fall)))
    }

    /// Runs a block's items from one on, in a scope of their own.
    pub fn block(&mut self, mut st: State, list: &[Item<'_>], from: usize) -> Outcome<Tree<Flow>> {
        let depth = st.scopes.len();
        st.scopes.push(Vec::new());
        let tree = self.sequence(st, list, from)?;
        let tree = tree.bind(&mut |mut st, flow| {
            st.leave_scopes(depth);
            Ok(Tree::leaf(st, flow))
        })?;
        Ok(self.collapse(tree))
    }

    /// Runs items in order; a jump to a label among them goes on there.
    pub fn sequence(&mut self, st: State, list: &[Item<'_>], from: usize) -> Outcome<Tree<Flow>> {
        let mut tree = Tree::leaf(st, Flow::Fall);
        for (index, item) in list.iter().enumerate().skip(from) {
            tree = tree.bind(&mut |st, flow| match flow {
                Flow::Fall => self.item(st, item),
                Flow::Goto(label) if item.has_label(&label) => self.item(st, item),
                flow => Ok(Tree::leaf(st, flow)),
            })?;
            tree = self.collapse(tree);
            if !tree.goes_on(&list[index + 1..]) {
                break;
            }
        }
        Ok(tree)
    }

    fn item(&mut self, st: State, item: &Item<'_>) -> Outcome<Tree<Flow>> {
        match item.what {
            ItemKind::Statement(statement) => self.exec(st, statement),
            ItemKind::Declaration(declaration) => self.declaration(st, declaration),
            ItemKind::Nothing => Ok(Tree::leaf(st, Flow::Fall)),
        }
    }

    pub fn declaration(&mut self, st: State, node: &Node<Declaration>) -> Outcome<Tree<Flow>> {
        self.step_at(node.span)?;
        let (base, storage) = self.types.specifiers(&node.node.specifiers);
        let mut tree = Tree::leaf(st, Flow::Fall);
        for declarator in &node.node.declarators {
            let Some((name, ty)) = self
                .types
                .declarator(&declarator.node.declarator.node, base.clone())
            else {
                continue;
            };
            if storage.is_static || storage.typedef {
                return self.give_up("a static variable in a body");
            }
            let initializer = declarator.node.initializer.as_ref().map(|node| &node.node);
            tree = tree.bind(&mut |st, _| self.declare(st, &name, ty.clone(), initializer))?;
        }
        Ok(self.collapse(tree))
    }

    fn declare(
        &mut self,
        mut st: State,
        name: &str,
        ty: CType,
        initializer: Option<&Initializer>,
    ) -> Outcome<Tree<Flow>> {
        let id = self.new_var();
        if let CType::Function(_) = ty {
            return Ok(Tree::leaf(st, Flow::Fall));
        }
        if let CType::Array(element, length) = &ty {
            return self.declare_array(st, name, id, element, *length, initializer);
        }
        match initializer {
            None => {
                st.declare(name, id, ty, Binding::Unset);
                Ok(Tree::leaf(st, Flow::Fall))
            }
            Some(Initializer::Expression(value)) => {
                self.eval(st, value)?.bind(&mut |mut st, value| {
                    self.hint(&value, name);
                    let value = self.convert(&mut st, value, &ty)?;
                    let value = self.named(&mut st, value);
                    self.hint(&value, name);
                    st.declare(name, id, ty.clone(), Binding::Value(value));
                    Ok(Tree::leaf(st, Flow::Fall))
                })
            }
            Some(Initializer::List(list)) => {
                st.declare(name, id, ty.clone(), Binding::Record(Vec::new()));
                let mut tree = Tree::leaf(st, Flow::Fall);
                for entry in list {
                    let [
                        lang_c::span::Node {
                            node: lang_c::ast::Designator::Member(field),
                            ..
                        },
                    ] = entry.node.designation.as_slice()
                    else {
                        return self.give_up("a struct initialised by position");
                    };
                    let Initializer::Expression(value) = &entry.node.initializer.node else {
                        return self.give_up("a nested initialiser");
                    };
                    tree = tree.bind(&mut |st, _| {
                        self.eval(st, value)?.bind(&mut |mut st, value| {
                            let place = Place {
                                at: At::Variable(id),
                                ty: ty.clone(),
                            };
                            let place = self.member(&mut st, place, &field.node.name)?;
                            self.store(&mut st, place, value)?;
                            Ok(Tree::leaf(st, Flow::Fall))
                        })
                    })?;
                }
                Ok(tree)
            }
        }
    }

    fn declare_array(
        &mut self,
        mut st: State,
        name: &str,
        id: super::value::VarId,
        element: &CType,
        length: Option<u64>,
        initializer: Option<&Initializer>,
    ) -> Outcome<Tree<Flow>> {
        let values: Vec<&Node<Expression>> = match initializer {
            None => Vec::new(),
            Some(Initializer::List(list)) => {
                let mut values = Vec::new();
                for entry in list {
                    match &entry.node.initializer.node {
                        Initializer::Expression(value) if entry.node.designation.is_empty() => {
                            values.push(&**value);
                        }
                        _ => return self.give_up("an array initialised out of order"),
                    }
                }
                values
            }
            Some(Initializer::Expression(_)) => {
                return self.give_up("an array initialised by a string");
            }
        };
        let length = length.unwrap_or(values.len() as u64);
        let Ok(length) = u32::try_from(length) else {
            return self.give_up("an array of unknown length");
        };
        if length == 0 {
            return self.give_up("an array of unknown length");
        }
        let ty = self.types.template_type(element);
        let cell = self.fresh(Some(name), ty.clone());
        self.arrays.insert(cell.clone());
        self.cells.insert(cell.clone());
        st.code.push(Stmt::Cell {
            name: cell.clone(),
            ty: CellType::Array(ty, length),
            value: None,
        });
        let array = CType::Array(std::rc::Rc::new(element.clone()), Some(u64::from(length)));
        st.declare(name, id, array, Binding::Array(cell.clone()));
        let mut tree = Tree::leaf(st, Flow::Fall);
        for (index, value) in values.into_iter().enumerate() {
            let at = At::Cell(cell.clone(), super::linear::Linear::constant(index as i64));
            tree = tree.bind(&mut |st, _| {
                self.eval(st, value)?.bind(&mut |mut st, value| {
                    let place = Place {
                        at: at.clone(),
                        ty: element.clone(),
                    };
                    self.store(&mut st, place, value)?;
                    Ok(Tree::leaf(st, Flow::Fall))
                })
            })?;
        }
        Ok(tree)
    }

    fn branch(&mut self, st: State, branch: &IfStatement) -> Outcome<Tree<Flow>> {
        let tree = self
            .cond(st, &branch.condition)?
            .bind(&mut |st, holds| match (holds, &branch.else_statement) {
                (true, _) => self.scoped(st, &branch.then_statement),
                (false, Some(otherwise)) => self.scoped(st, otherwise),
                (false, None) => Ok(Tree::leaf(st, Flow::Fall)),
            })?;
        Ok(self.collapse(tree))
    }

    fn scoped(&mut self, mut st: State, node: &Node<Statement>) -> Outcome<Tree<Flow>> {
        let depth = st.scopes.len();
        st.scopes.push(Vec::new());
        self.exec(st, node)?.bind(&mut |mut st, flow| {
            st.leave_scopes(depth);
            Ok(Tree::leaf(st, flow))
        })
    }

    fn switch(&mut self, st: State, switch: &SwitchStatement) -> Outcome<Tree<Flow>> {
        let Statement::Compound(block) = &switch.statement.node else {
            return self.give_up("a switch without a block");
        };
        let list = items(block);
        let mut cases = Vec::new();
        let mut default = None;
        for (index, item) in list.iter().enumerate() {
            for label in &item.labels {
                match label {
                    Label::Case(value) => match self.types.constant(value) {
                        Some(value) => cases.push((value, index)),
                        None => return self.give_up("a case that is not a constant"),
                    },
                    Label::CaseRange(_) => return self.give_up("a range of cases"),
                    Label::Default => default = Some(index),
                    Label::Identifier(_) => {}
                }
            }
        }
        let tree = self
            .eval(st, &switch.expression)?
            .bind(&mut |st, value| self.choose(st, &value, &cases, default, &list))?;
        let tree = tree.bind(&mut |st, flow| {
            let flow = match flow {
                Flow::Break => Flow::Fall,
                other => other,
            };
            Ok(Tree::leaf(st, flow))
        })?;
        Ok(self.collapse(tree))
    }

    fn choose(
        &mut self,
        mut st: State,
        value: &Value,
        cases: &[(i128, usize)],
        default: Option<usize>,
        list: &[Item<'_>],
    ) -> Outcome<Tree<Flow>> {
        let Some(((number, index), rest)) = cases.split_first() else {
            return match default {
                Some(index) => self.block(st, list, index),
                None => Ok(Tree::leaf(st, Flow::Fall)),
            };
        };
        let expr = self.rvalue(&mut st, value.clone())?;
        let cond = fold::binary(BinOp::Eq, expr, int(*number), &value.ty);
        self.fork(st, cond).bind(&mut |st, holds| {
            if holds {
                self.block(st, list, *index)
            } else {
                self.choose(st, value, rest, default, list)
            }
        })
    }
}

impl Tree<Flow> {
    /// Whether any path goes on in the items that follow.
    fn goes_on(&self, rest: &[Item<'_>]) -> bool {
        match self {
            Self::Leaf(_, Flow::Fall) => true,
            Self::Leaf(_, Flow::Goto(label)) => rest.iter().any(|item| item.has_label(label)),
            Self::Leaf(..) | Self::Left(_) => false,
            Self::Fork(fork) => fork.then.goes_on(rest) || fork.otherwise.goes_on(rest),
        }
    }
}
