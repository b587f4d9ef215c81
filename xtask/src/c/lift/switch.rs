//! Finding the evaluation loop's switch, its cases and labels.

use std::collections::HashMap;

use lang_c::ast::{
    BlockItem, Expression, ExternalDeclaration, FunctionDefinition, Label, Statement,
};
use lang_c::span::Node;

use super::stmt::{Item, ItemKind, items};
use crate::c::error::Error;
use crate::c::parse::Unit;
use crate::c::types::Types;

pub const FUNCTION: &str = "_PyEval_EvalFrameDefault";

/// The evaluation function, taken apart.
pub struct Switch<'a> {
    pub function: &'a FunctionDefinition,
    /// What comes before the first label.
    pub head: Vec<Item<'a>>,
    /// What runs when a frame is entered, up to the first dispatch.
    pub entry: Vec<Item<'a>>,
    /// The switch's items.
    pub body: Vec<Item<'a>>,
    /// What follows the switch: the labels that several cases jump to.
    pub tail: Vec<Item<'a>>,
    /// Case number to the index of its item.
    pub cases: HashMap<i128, usize>,
}

impl<'a> Switch<'a> {
    pub fn find(unit: &'a Unit, types: &mut Types) -> Result<Self, Error> {
        let function = unit.tree.0.iter().find_map(|item| match &item.node {
            ExternalDeclaration::FunctionDefinition(function) => {
                let declarator = &function.node.declarator.node;
                let name = types
                    .declarator(declarator, crate::c::ctype::CType::Void)?
                    .0;
                (name == FUNCTION).then_some(&function.node)
            }
            _ => None,
        });
        let Some(function) = function else {
            return Err(Error::Shape(format!("no function {FUNCTION}")));
        };
        let Statement::Compound(block) = &function.statement.node else {
            return Err(Error::Shape(format!("{FUNCTION} has no body")));
        };
        let all = items(block);
        let is_start =
            |item: &Item<'_>| item.has_label("start_frame") || item.has_label("resume_frame");
        let start = all.iter().position(is_start).unwrap_or(all.len());
        let resume = all.iter().rposition(is_start).unwrap_or(start);
        let Some(body) = block.iter().find_map(|item| match &item.node {
            BlockItem::Statement(statement) => opcode_switch(statement),
            _ => None,
        }) else {
            return Err(Error::Shape(format!(
                "{FUNCTION} has no switch over `opcode`"
            )));
        };
        let (body, tail) = (items(body.0), items(body.1));
        let mut cases = HashMap::new();
        for (index, item) in body.iter().enumerate() {
            for label in &item.labels {
                if let Label::Case(value) = label
                    && let Some(value) = types.constant(value)
                {
                    cases.entry(value).or_insert(index);
                }
            }
        }
        let mut all = all;
        let mut entry: Vec<Item<'a>> = all.split_off(start.min(all.len()));
        let skip = resume - start;
        entry.drain(..skip.min(entry.len()));
        Ok(Self {
            function,
            head: all,
            entry,
            body,
            tail,
            cases,
        })
    }

    /// The way to a label: the switch's item, and the item of the block inside it.
    pub fn label(&self, name: &str) -> Option<(usize, Option<usize>)> {
        self.body.iter().enumerate().find_map(|(index, item)| {
            if item.has_label(name) {
                return Some((index, None));
            }
            let ItemKind::Statement(statement) = item.what else {
                return None;
            };
            let Statement::Compound(block) = &statement.node else {
                return None;
            };
            let inner = items(block).iter().position(|item| item.has_label(name))?;
            Some((index, Some(inner)))
        })
    }
}

type Block = [Node<BlockItem>];

/// The block of the switch over `opcode` in a statement, and what follows the switch.
fn opcode_switch(statement: &Node<Statement>) -> Option<(&Block, &Block)> {
    match &statement.node {
        Statement::Labeled(labeled) => opcode_switch(&labeled.node.statement),
        Statement::Compound(block) => block.iter().enumerate().find_map(|(index, item)| {
            let BlockItem::Statement(statement) = &item.node else {
                return None;
            };
            let (body, tail) = opcode_switch(statement)?;
            let tail = if tail.is_empty() {
                &block[index + 1..]
            } else {
                tail
            };
            Some((body, tail))
        }),
        Statement::Switch(switch) => {
            let Expression::Identifier(id) = &switch.node.expression.node else {
                return None;
            };
            match (
                &id.node.name == "opcode" || id.node.name == "dispatch_code",
                &switch.node.statement.node,
            ) {
                (true, Statement::Compound(block)) => Some((block, &[])),
                _ => None,
            }
        }
        _ => None,
    }
}
