//! Owned references along one path: each is given away exactly once.
//!
//! Stack slots and locals own what they hold. What is taken from them, counted up, or given by a
//! function that gives new references is in the template's hands, until a decrement, a slot, a
//! local or a function takes it. A path gives up where ownership is not declared: an unlisted
//! function, an address handed out, a store to the heap. Since 3.12 the interpreter leaves out
//! counts of objects that it knows to be immortal, so nothing is wrong there with dropping one.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::eval::{Known, Value, eval};
use crate::ast::{BinOp, CellType, Expr, Type, UnOp};
use crate::release::Release;
use crate::vocab;

/// An object as far as counting goes.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Object {
    /// Not counted here: borrowed, immortal, or no object at all.
    Free,
    /// What a stack slot held when the instruction began.
    Slot(i128),
    /// What a local held.
    Local(i128),
    /// What a function gave.
    Made(u32),
}

/// Where references are at a point of a path.
#[derive(Clone, Default)]
pub(super) struct Ownership {
    given_up: bool,
    names: HashMap<String, Object>,
    stack: BTreeMap<i128, Object>,
    locals: BTreeMap<i128, Object>,
    /// References in the template's hands: more than it should have are negative.
    hands: BTreeMap<Object, i32>,
    null: BTreeSet<Object>,
    made: u32,
}

/// What evaluating needs to know.
pub(super) struct Facts<'a> {
    pub release: &'a Release,
    pub oparg: i128,
    pub known: &'a Known,
}

impl Facts<'_> {
    fn number(&self, expr: &Expr) -> Option<i128> {
        match eval(expr, self.oparg, self.known) {
            Value::Number(number) => Some(number),
            Value::Later | Value::Running => None,
        }
    }
}

impl Ownership {
    /// Evaluates an expression for what it does to references.
    pub fn value(&mut self, expr: &Expr, facts: &Facts<'_>) -> Object {
        match expr {
            Expr::Name(name) => self.names.get(name).copied().unwrap_or(Object::Free),
            Expr::Stack(index) => match facts.number(index) {
                // No compiler gives the argument with which an instruction reads above the stack.
                Some(index) if index >= 0 && !self.stack.contains_key(&index) => self.give_up(),
                Some(index) => self.slot(index),
                None => self.give_up(),
            },
            Expr::Local(index) => match facts.number(index) {
                Some(index) => self.local(index),
                None => self.give_up(),
            },
            Expr::Cast { value, .. } => self.value(value, facts),
            Expr::Call { function, args } => {
                let args: Vec<Object> = args.iter().map(|arg| self.value(arg, facts)).collect();
                self.call(function, &args, facts.release)
            }
            Expr::Indirect {
                signature,
                function,
                args,
            } => {
                self.value(function, facts);
                for arg in args {
                    self.value(arg, facts);
                }
                match signature.result {
                    Type::Object | Type::Ref => self.make(),
                    _ => Object::Free,
                }
            }
            Expr::Select {
                cond,
                then,
                otherwise,
            } => {
                self.value(cond, facts);
                let then = self.value(then, facts);
                let otherwise = self.value(otherwise, facts);
                if then == otherwise {
                    then
                } else {
                    self.give_up()
                }
            }
            Expr::StackPtr(_) | Expr::LocalPtr(_) | Expr::AddrOf(_) => self.give_up(),
            _ => {
                expr.each_child(&mut |child| {
                    self.value(child, facts);
                });
                Object::Free
            }
        }
    }

    /// Binds a variable.
    pub fn name(&mut self, name: &str, value: Object) {
        self.names.insert(name.to_owned(), value);
    }

    /// Notes a cell: what is behind an address is not followed.
    pub fn cell(&mut self, ty: &CellType) {
        let (CellType::One(ty) | CellType::Array(ty, _)) = ty;
        if matches!(ty, Type::Object | Type::Ref) {
            self.give_up();
        }
    }

    /// Assigns to a place whose expressions were evaluated.
    pub fn assign(&mut self, place: &Expr, value: Object, facts: &Facts<'_>) {
        match place {
            Expr::Name(name) => self.name(name, value),
            Expr::Stack(index) => match facts.number(index) {
                Some(index) => {
                    let old = self.slot(index);
                    self.count(old, 1);
                    self.count(value, -1);
                    self.stack.insert(index, value);
                }
                None => drop(self.give_up()),
            },
            Expr::Local(index) => match facts.number(index) {
                Some(index) => {
                    let old = self.local(index);
                    self.count(old, 1);
                    self.count(value, -1);
                    self.locals.insert(index, value);
                }
                None => drop(self.give_up()),
            },
            _ => drop(self.give_up()),
        }
    }

    /// Learns from a condition that turned out so.
    pub fn assume(&mut self, cond: &Expr, holds: bool) {
        match cond {
            Expr::Unary {
                op: UnOp::Not,
                value,
            } => self.assume(value, !holds),
            Expr::Binary { op, left, right } => {
                let null = match op {
                    BinOp::Eq => holds,
                    BinOp::Ne => !holds,
                    _ => return,
                };
                match (&**left, &**right) {
                    (value, Expr::Null) | (Expr::Null, value) if null => self.null_value(value),
                    _ => {}
                }
            }
            Expr::Call { function, args } if function == "PyStackRef_IsNull" && holds => {
                args.iter().for_each(|arg| self.null_value(arg));
            }
            value if !holds => self.null_value(value),
            _ => {}
        }
    }

    /// Stops following references on this path.
    pub fn give_up(&mut self) -> Object {
        self.given_up = true;
        Object::Free
    }

    /// Checks a path that leaves with the stack at `depth`; an error says what is wrong.
    pub fn leave(&self, depth: i128, release: &Release) -> Result<(), String> {
        if self.given_up {
            return Ok(());
        }
        let mut end = self.clone();
        let lowest = self.stack.keys().next().copied().unwrap_or(0).min(depth);
        let highest = self.stack.keys().next_back().copied().unwrap_or(-1).max(-1);
        for slot in lowest.max(depth)..=highest {
            let popped = self.slot(slot);
            end.count(popped, 1);
        }
        for (object, count) in &end.hands {
            let settled = match count {
                0 => true,
                1.. => release.has_immortal_objects(),
                _ => false,
            };
            if settled || self.null.contains(object) {
                continue;
            }
            let title = self.title(*object);
            return Err(if *count > 0 {
                format!("{title} is owned, but nothing takes it on this path")
            } else {
                format!("{title} is given away more often than it is owned on this path")
            });
        }
        Ok(())
    }

    fn title(&self, object: Object) -> String {
        let mut names: Vec<&String> = self
            .names
            .iter()
            .filter(|(_, value)| **value == object)
            .map(|(name, _)| name)
            .collect();
        names.sort();
        match (names.first(), object) {
            (Some(name), _) => format!("`{name}`"),
            (None, Object::Slot(slot)) => format!("`stack[{slot}]`"),
            (None, Object::Local(local)) => format!("`local[{local}]`"),
            (None, Object::Made(_) | Object::Free) => "a result".to_owned(),
        }
    }

    fn slot(&self, index: i128) -> Object {
        match self.stack.get(&index) {
            Some(object) => *object,
            None if index < 0 => Object::Slot(index),
            None => Object::Free,
        }
    }

    fn local(&self, index: i128) -> Object {
        let held = self.locals.get(&index).copied();
        held.unwrap_or(Object::Local(index))
    }

    fn make(&mut self) -> Object {
        self.made += 1;
        let object = Object::Made(self.made);
        self.count(object, 1);
        object
    }

    fn count(&mut self, object: Object, by: i32) {
        if object != Object::Free {
            *self.hands.entry(object).or_default() += by;
        }
    }

    /// Notes that a variable holds NULL.
    pub fn is_null(&mut self, name: &str) {
        if let Some(object) = self.names.get(name) {
            self.null.insert(*object);
        }
    }

    fn null_value(&mut self, value: &Expr) {
        if let Expr::Name(name) = value {
            self.is_null(name);
        }
    }

    fn call(&mut self, function: &str, args: &[Object], release: &Release) -> Object {
        if let Some(primitive) = vocab::find(function) {
            if primitive.counts_up {
                let object = args.first().copied().unwrap_or(Object::Free);
                self.count(object, 1);
                return object;
            }
            self.take(primitive.steals, args);
            return if primitive.owned {
                self.make()
            } else {
                Object::Free
            };
        }
        let Some(declared) = release.vocabulary.functions.get(function) else {
            return self.give_up();
        };
        self.take(&declared.steals, args);
        let result = release.functions.get(function).map(|f| &f.signature.result);
        match result {
            Some(Type::Object | Type::Ref) if !declared.borrowed => self.make(),
            _ => Object::Free,
        }
    }

    fn take(&mut self, steals: &[usize], args: &[Object]) {
        for &arg in steals {
            if let Some(object) = args.get(arg) {
                self.count(*object, -1);
            }
        }
    }
}
