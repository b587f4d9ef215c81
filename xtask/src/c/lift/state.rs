//! What is known at a point of a body.

use std::collections::BTreeMap;

use cevalry_model::ast::{Expr, Stmt, Type};

use super::linear::Linear;
use super::value::{Base, Binding, Value, VarId, What};
use crate::c::ctype::CType;

/// The state on one path: the code emitted since the path began, and what it left behind.
#[derive(Clone, Debug, Default)]
pub struct State {
    pub code: Vec<Stmt>,
    /// The evaluation function's variables come first, then the body's, then inlined functions'.
    pub scopes: Vec<Vec<(String, VarId)>>,
    /// Where the scopes of the function being followed begin.
    pub function: usize,
    pub vars: BTreeMap<VarId, Variable>,
    /// Stack slots whose contents are known, in the order in which they were written.
    pub slots: Vec<Slot>,
    /// What `frame->instr_ptr` (3.13) or `frame->prev_instr` (3.11) holds, as a code unit.
    pub frame_unit: Linear,
    /// What `frame->return_offset` holds.
    pub return_offset: Option<Linear>,
    /// What `frame`'s own record of its stack pointer holds.
    pub saved_depth: Option<Linear>,
    /// Stores to the count of frames that may still be entered, made after the frame changed:
    /// part of entering unless the loop counts that frame itself.
    pub room: Vec<(Expr, Expr)>,
    /// What lies on top of the other frame's stack.
    pub pushed: Option<Value>,
    /// Whether the running frame has been cleared and popped.
    pub cleared: bool,
    /// Whether anything has happened that running the instruction again would repeat.
    pub effect: bool,
    /// Values that have a name already. What was read from memory goes when memory may change.
    pub named: Vec<Named>,
    /// Conditions decided on this path.
    pub facts: Vec<(Expr, bool)>,
    /// Those that addresses on the stack depend on; paths that differ in one are not merged.
    pub pinned: Vec<(Expr, bool)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    pub ty: CType,
    pub binding: Binding,
}

/// An expression that has a name.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    pub value: Expr,
    pub ty: Type,
    pub name: String,
}

/// A known stack slot.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    pub at: Linear,
    pub value: Value,
    /// Whether the slot itself still holds something else.
    pub dirty: bool,
}

impl State {
    pub fn lookup(&self, name: &str) -> Option<VarId> {
        let scopes = self.scopes.get(self.function..)?.iter().rev();
        scopes
            .flat_map(|scope| scope.iter().rev())
            .find(|(known, _)| known == name)
            .map(|(_, id)| *id)
    }

    pub fn declare(&mut self, name: &str, id: VarId, ty: CType, binding: Binding) {
        self.vars.insert(id, Variable { ty, binding });
        if let Some(scope) = self.scopes.last_mut() {
            scope.push((name.to_owned(), id));
        }
    }

    /// Leaves scopes until `depth` are left, and forgets their variables.
    pub fn leave_scopes(&mut self, depth: usize) {
        while self.scopes.len() > depth {
            for (_, id) in self.scopes.pop().unwrap_or_default() {
                self.vars.remove(&id);
            }
        }
    }

    /// A variable of the evaluation function.
    pub fn root(&self, name: &str) -> Option<VarId> {
        let found = self.scopes.first()?.iter().rev();
        found
            .clone()
            .find(|(known, _)| known == name)
            .map(|(_, id)| *id)
    }

    /// The value of a variable of the evaluation function.
    pub fn value_of(&self, name: &str) -> Option<&Value> {
        let id = self.root(name)?;
        match &self.vars.get(&id)?.binding {
            Binding::Value(value) => Some(value),
            _ => None,
        }
    }

    pub fn set(&mut self, name: &str, value: Value) {
        if let Some(id) = self.root(name)
            && let Some(variable) = self.vars.get_mut(&id)
        {
            variable.binding = Binding::Value(value);
        }
    }

    /// The stack depth, where `stack_pointer` points into the running frame's stack.
    pub fn depth(&self) -> Option<Linear> {
        match &self.value_of("stack_pointer")?.what {
            What::Stack(Base::Own, at) => Some(at.clone()),
            _ => None,
        }
    }

    /// The code unit that `next_instr` points at.
    pub fn unit(&self) -> Option<Linear> {
        match &self.value_of("next_instr")?.what {
            What::Code(Base::Own, unit, 0) => Some(unit.clone()),
            _ => None,
        }
    }

    /// Forgets what was read from memory.
    pub fn memory_changes(&mut self) {
        self.named.retain(|named| !reads_memory(&named.value));
    }

    /// Remembers a write to a stack slot.
    pub fn write_slot(&mut self, at: Linear, value: Value) {
        self.separate(&at);
        match self.slots.iter_mut().find(|slot| slot.at == at) {
            // What was read from the slot may stay where it is.
            Some(slot) if slot.value.what == value.what => {}
            Some(slot) => {
                slot.value = value;
                slot.dirty = true;
            }
            None => self.slots.push(Slot {
                at,
                value,
                dirty: true,
            }),
        }
    }

    /// Makes sure that no known slot may or may not be the one at `at`.
    pub fn separate(&mut self, at: &Linear) {
        if self.slots.iter().any(|slot| slot.at.distance(at).is_none()) {
            self.flush(None);
            self.slots.retain(|slot| slot.at.distance(at).is_some());
        }
    }

    /// Writes dirty slots, those at or above `depth` excepted.
    pub fn flush(&mut self, depth: Option<&Linear>) {
        self.write_out(depth, &[]);
    }

    /// Writes dirty slots but some.
    pub fn flush_except(&mut self, keep: &[Linear]) {
        self.write_out(None, keep);
    }

    fn write_out(&mut self, depth: Option<&Linear>, keep: &[Linear]) {
        let mut dirty: Vec<usize> = (0..self.slots.len())
            .filter(|index| self.slots[*index].dirty && !keep.contains(&self.slots[*index].at))
            .collect();
        let comparable = dirty.windows(2).all(|pair| {
            let [a, b] = [&self.slots[pair[0]], &self.slots[pair[1]]];
            a.at.distance(&b.at).is_some()
        });
        if comparable {
            dirty.sort_by_key(|index| self.slots[*index].at.constant);
        }
        for index in dirty {
            let slot = &mut self.slots[index];
            let above = depth.and_then(|depth| slot.at.distance(depth));
            let value = match &slot.value.what {
                What::Expr(value) => value.clone(),
                _ => continue,
            };
            if above.is_some_and(|above| above >= 0) {
                continue;
            }
            slot.dirty = false;
            self.code.push(Stmt::Assign {
                place: Expr::Stack(Box::new(slot.at.to_expr())),
                value,
            });
        }
    }
}

/// Whether an expression's value can change by a store or a call.
pub fn reads_memory(expr: &Expr) -> bool {
    let own = match expr {
        Expr::Stack(_) | Expr::Local(_) | Expr::Call { .. } | Expr::Indirect { .. } => true,
        Expr::Member { address, .. } | Expr::Index { address, .. } => !address,
        _ => false,
    };
    let mut reads = own;
    expr.each_child(&mut |child| reads |= reads_memory(child));
    reads
}
