//! Lifting all opcodes of a release.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;

use cevalry_model::ast::{Block, Expr, Stmt, Template};
use lang_c::ast::Statement;
use lang_c::span::Span;

use super::merge::Flow;
use super::normal;
use super::state::State;
use super::stmt::{Item, ItemKind};
use super::switch::Switch;
use super::tables::Tables;
use super::tree::Tree;
use super::value::{Base, Binding, Value, What};
use super::{Lifter, Outcome, linear::Linear};
use crate::c::ctype::CType;
use crate::c::error::{Error, Place};
use crate::c::parse::Unit;
use crate::c::preprocess::preprocess;
use crate::c::types::{Types, parameter_nodes};

const FUEL: usize = 60_000;
const MOST_STATEMENTS: usize = 1_500;

/// Everything read from a release.
pub struct Lifted {
    pub opcodes: Vec<Opcode>,
    /// Declarations: layouts, signatures, linkage, and the bodies of inline functions.
    pub types: Types,
    pub unit: Unit,
}

/// One opcode of the switch.
#[derive(Debug)]
pub struct Opcode {
    pub name: String,
    pub number: u8,
    /// The generic member of its family, itself if it is one.
    pub base: String,
    /// Code units of inline cache.
    pub caches: u8,
    /// Why it belongs to the interpreter: `instrumented`, `adaptive`, `cache`, `reserved`.
    pub outside: Option<&'static str>,
    pub place: Place,
    /// Preprocessed text, white space folded.
    pub text: String,
    /// Inline functions that became part of it.
    pub inlined: BTreeSet<String>,
    pub result: Result<Template, Left>,
}

/// Why an opcode has no template.
#[derive(Clone, Debug)]
pub struct Left {
    pub reason: String,
    pub place: Place,
}

/// Reads a source tree and lifts every opcode.
pub fn lift_release(tree: &Path) -> Result<Lifted, Error> {
    let unit = Unit::parse(preprocess(tree)?)?;
    lift_unit(unit, &Tables::read(tree)?)
}

/// Lifts every opcode of a parsed evaluation loop.
pub fn lift_unit(unit: Unit, tables: &Tables) -> Result<Lifted, Error> {
    let mut types = Types::collect(&unit);
    let switch = Switch::find(&unit, &mut types)?;
    let mut opcodes = Vec::new();
    for (name, number) in &tables.numbers {
        let Some(start) = switch.cases.get(&i128::from(*number)).copied() else {
            continue;
        };
        if outside(name) == Some("reserved") && name == "RESERVED" {
            continue;
        }
        opcodes.push(opcode(
            &unit, &mut types, &switch, tables, name, *number, start,
        ));
    }
    opcodes.sort_by_key(|opcode| opcode.number);
    drop(switch);
    Ok(Lifted {
        opcodes,
        types,
        unit,
    })
}

fn opcode(
    unit: &Unit,
    types: &mut Types,
    switch: &Switch<'_>,
    tables: &Tables,
    name: &str,
    number: u8,
    start: usize,
) -> Opcode {
    let span = case_span(switch, start);
    let base = tables.base(name).to_owned();
    let caches = tables.cache_units(name);
    let mut lifter = Lifter {
        unit,
        types,
        switch,
        number,
        base: (base != name).then(|| base.clone()),
        base_number: tables.numbers.get(&base).copied().unwrap_or(number),
        size: i64::from(caches) + 1,
        names: HashMap::new(),
        pointees: HashMap::new(),
        cells: HashSet::new(),
        arrays: HashSet::new(),
        known: HashSet::new(),
        inlined: BTreeSet::new(),
        inherited: HashSet::new(),
        next_var: 0,
        next_name: 0,
        calls: Vec::new(),
        span,
        fuel: FUEL,
    };
    let outside = outside(name);
    let lifted = match outside {
        Some(_) => lifter.give_up("belongs to the interpreter"),
        None => lifter.body(start),
    };
    let result = match lifted {
        Ok(body) => {
            let body = normal::normalise(body, &lifter.names, lifter.types);
            Ok(Template {
                name: name.to_owned(),
                family: (base != name).then(|| base.clone()),
                size: u32::from(caches) + 1,
                releases: Vec::new(),
                overrides: None,
                body,
            })
        }
        Err(gave_up) => Err(Left {
            reason: gave_up.reason,
            place: unit.place(gave_up.span),
        }),
    };
    let text = unit
        .text(span)
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    Opcode {
        name: name.to_owned(),
        number,
        base,
        caches,
        outside,
        place: unit.place(span),
        text,
        inlined: std::mem::take(&mut lifter.inlined),
        result,
    }
}

/// Why an opcode belongs to the interpreter.
fn outside(name: &str) -> Option<&'static str> {
    match name {
        _ if name.starts_with("INSTRUMENTED_") => Some("instrumented"),
        _ if name.ends_with("_ADAPTIVE") => Some("adaptive"),
        "CACHE" => Some("cache"),
        "RESERVED" | "DO_TRACING" => Some("reserved"),
        _ => None,
    }
}

/// From a case's label to the next case.
fn case_span(switch: &Switch<'_>, start: usize) -> Span {
    let mut span: Option<Span> = None;
    for (index, item) in switch.body.iter().enumerate().skip(start) {
        let is_case = item
            .labels
            .iter()
            .any(|label| matches!(label, lang_c::ast::Label::Case(_)));
        if index > start && is_case {
            break;
        }
        let part = match item.what {
            ItemKind::Statement(statement) => statement.span,
            ItemKind::Declaration(declaration) => declaration.span,
            ItemKind::Nothing => continue,
        };
        span = Some(match span {
            Some(known) => Span::span(known.start, part.end),
            None => part,
        });
    }
    span.unwrap_or_else(Span::none)
}

impl Lifter<'_> {
    /// Follows the opcode whose case is at an index of the switch.
    fn body(&mut self, start: usize) -> Outcome<Block> {
        let state = self.entry_state()?;
        let tree = self.sequence(state, &self.switch.body, start)?;
        let mut tree = self.left(tree)?;
        let mut jumps = 0;
        loop {
            match tree {
                Tree::Left(code) if normal::size(&code) > MOST_STATEMENTS => {
                    return self.give_up("too many paths");
                }
                Tree::Left(code) => return Ok(normal::settle_returns(code)),
                rest => {
                    jumps += 1;
                    if jumps > 8 {
                        return self.give_up("jumps from case to case without end");
                    }
                    tree = rest.bind(&mut |st, flow| self.elsewhere(st, flow))?;
                    tree = self.left(tree)?;
                }
            }
        }
    }

    fn left(&mut self, tree: Tree<Flow>) -> Outcome<Tree<Flow>> {
        Ok(self.collapse(tree))
    }

    /// Goes on at a label of another case.
    fn elsewhere(&mut self, mut st: State, flow: Flow) -> Outcome<Tree<Flow>> {
        match flow {
            Flow::Goto(label) => {
                st.leave_scopes(1);
                let Some((index, inner)) = self.switch.label(&label) else {
                    return self.shared_end(st, &label);
                };
                let item = &self.switch.body[index];
                let (Some(inner), ItemKind::Statement(statement)) = (inner, &item.what) else {
                    return self.sequence(st, &self.switch.body, index);
                };
                let Statement::Compound(block) = &statement.node else {
                    return self.give_up("a label in an odd place");
                };
                let tree = self.block(st, &super::stmt::items(block), inner)?;
                tree.bind(&mut |st, flow| match flow {
                    Flow::Fall => self.sequence(st, &self.switch.body, index + 1),
                    flow => Ok(Tree::leaf(st, flow)),
                })
            }
            Flow::Return(Some(value)) => {
                // Leaving the evaluation function itself: the caller unlinks the frame.
                let cleared = st.cleared;
                Ok(Tree::Left(self.leave_frame(st, value, cleared)?))
            }
            Flow::Fall => self.give_up("runs out of the switch"),
            _ => self.give_up("leaves the switch in an odd way"),
        }
    }

    /// Goes on at a label behind the switch, up to the next one.
    fn shared_end(&mut self, st: State, label: &str) -> Outcome<Tree<Flow>> {
        let tail = &self.switch.tail;
        let Some(start) = tail.iter().position(|item| item.has_label(label)) else {
            return self.give_up(&format!("jumps to `{label}`"));
        };
        let own = 1 + tail[start + 1..]
            .iter()
            .take_while(|item| item.labels.is_empty())
            .count();
        let next = tail.get(start + own).and_then(Item::first_label);
        let tree = self.sequence(st, &tail[start..start + own], 0)?;
        tree.bind(&mut |st, flow| match (flow, &next) {
            (Flow::Fall, Some(next)) => self.goto(st, next),
            (flow, _) => Ok(Tree::leaf(st, flow)),
        })
    }

    /// The state at the start of an instruction.
    fn entry_state(&mut self) -> Outcome<State> {
        let mut st = State::default();
        st.scopes.push(Vec::new());
        let params = self
            .types
            .parameters(parameter_nodes(&self.switch.function.declarator.node));
        for (name, ty) in params {
            let name = name.unwrap_or_default();
            let binding = match name.as_str() {
                "tstate" => Binding::Value(Value::expr(Expr::Tstate, ty.clone())),
                "frame" => Binding::Value(Value::expr(Expr::Frame, ty.clone())),
                _ => Binding::Unset,
            };
            let id = self.new_var();
            st.declare(&name, id, ty, binding);
        }
        self.head(&mut st)?;
        Ok(st)
    }

    /// Declares the evaluation function's variables, and gives them the values that they have at
    /// every instruction.
    fn head(&mut self, st: &mut State) -> Outcome<()> {
        let switch = self.switch;
        let mut records = Vec::new();
        for item in switch.head.iter().chain(&switch.entry) {
            let ItemKind::Declaration(declaration) = item.what else {
                continue;
            };
            let (base, _) = self.types.specifiers(&declaration.node.specifiers);
            for declarator in &declaration.node.declarators {
                let node = &declarator.node.declarator.node;
                let Some((name, ty)) = self.types.declarator(node, base.clone()) else {
                    continue;
                };
                let what = match name.as_str() {
                    "stack_pointer" => Some(What::Stack(Base::Own, Linear::default())),
                    "next_instr" => Some(What::Code(Base::Own, Linear::default(), 0)),
                    "oparg" => Some(What::Expr(Expr::Oparg)),
                    "opcode" => Some(What::Expr(super::value::int(i128::from(self.number)))),
                    _ => None,
                };
                if let CType::Record(_) = ty {
                    records.push(name.clone());
                }
                let id = self.new_var();
                let binding = match what {
                    Some(what) => Binding::Value(Value {
                        what,
                        ty: ty.clone(),
                    }),
                    None => Binding::Unset,
                };
                st.declare(&name, id, ty, binding);
            }
        }
        self.aliases(st, &records)?;
        self.registers(st)
    }

    /// A local struct whose address the function stores somewhere is what is found there.
    fn aliases(&mut self, st: &mut State, records: &[String]) -> Outcome<()> {
        let switch = self.switch;
        for item in &switch.head {
            let ItemKind::Statement(statement) = item.what else {
                continue;
            };
            let Some((target, name)) = stored_address(&statement.node) else {
                continue;
            };
            if !records.contains(&name) {
                continue;
            }
            let value = self.eval(st.clone(), target)?;
            if let (Tree::Leaf(state, value), Some(id)) = (value, st.root(&name)) {
                *st = *state;
                if let Some(variable) = st.vars.get_mut(&id) {
                    variable.binding = Binding::Value(value);
                }
            }
        }
        self.inherit(st)
    }

    /// A struct that no address is taken of carries values from instruction to instruction.
    fn inherit(&mut self, st: &mut State) -> Outcome<()> {
        let Some(id) = st.root("call_shape") else {
            return Ok(());
        };
        let Some(CType::Record(record)) = st.vars.get(&id).map(|v| v.ty.clone()) else {
            return Ok(());
        };
        let fields = self.types.records[record.0]
            .fields
            .clone()
            .unwrap_or_default();
        let mut parts = Vec::new();
        for field in fields {
            let Some(name) = field.name else { continue };
            let ty = self.types.template_type(&field.ty);
            let call = Expr::Call {
                function: name.clone(),
                args: Vec::new(),
            };
            let value = self.name(st, Some(&name), ty, call);
            if let Expr::Name(inherited) = &value {
                self.inherited.insert(inherited.clone());
            }
            parts.push((name, Value::expr(value, field.ty)));
        }
        if let Some(variable) = st.vars.get_mut(&id) {
            variable.binding = Binding::Record(parts);
        }
        Ok(())
    }

    /// Variables that entering a frame sets from it, such as 3.11's `names`.
    fn registers(&mut self, st: &mut State) -> Outcome<()> {
        let switch = self.switch;
        for item in switch
            .head
            .iter()
            .filter(|item| matches!(item.what, ItemKind::Declaration(_)))
        {
            let ItemKind::Declaration(declaration) = item.what else {
                continue;
            };
            for declarator in &declaration.node.declarators {
                let Some(initializer) = &declarator.node.initializer else {
                    continue;
                };
                let lang_c::ast::Initializer::Expression(value) = &initializer.node else {
                    continue;
                };
                let named = self
                    .types
                    .declarator(&declarator.node.declarator.node, CType::Void);
                let Some((name, _)) = named else { continue };
                if let Ok(Tree::Leaf(state, value)) = self.eval(st.clone(), value) {
                    *st = *state;
                    st.set(&name, value);
                }
            }
        }
        for item in &switch.entry {
            let ItemKind::Statement(statement) = item.what else {
                continue;
            };
            if !matches!(statement.node, Statement::Compound(_)) {
                continue;
            }
            let kept: BTreeMap<_, _> = ["stack_pointer", "next_instr", "opcode", "oparg"]
                .into_iter()
                .filter_map(|name| Some((name, st.value_of(name)?.clone())))
                .collect();
            if let Ok(Tree::Leaf(state, Flow::Fall)) = self.exec(st.clone(), statement) {
                *st = *state;
                for (name, value) in kept {
                    st.set(name, value);
                }
            }
            break;
        }
        let pure = st.code.iter().all(|stmt| matches!(stmt, Stmt::Let { .. }));
        st.effect = false;
        if pure {
            Ok(())
        } else {
            self.give_up("the evaluation loop's head does more than read")
        }
    }
}

/// `place = &name;`
fn stored_address(
    statement: &Statement,
) -> Option<(&lang_c::span::Node<lang_c::ast::Expression>, String)> {
    use lang_c::ast::{BinaryOperator, Expression, UnaryOperator};
    let Statement::Expression(Some(expression)) = statement else {
        return None;
    };
    let Expression::BinaryOperator(binary) = &expression.node else {
        return None;
    };
    let Expression::UnaryOperator(unary) = &binary.node.rhs.node else {
        return None;
    };
    let Expression::Identifier(id) = &unary.node.operand.node else {
        return None;
    };
    let assigns = binary.node.operator.node == BinaryOperator::Assign;
    let address = unary.node.operator.node == UnaryOperator::Address;
    (assigns && address).then(|| (&*binary.node.lhs, id.node.name.clone()))
}
