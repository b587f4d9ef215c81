//! What an operation takes its operands for, having looked at those that are there now.

use crate::jit::code::read;
use crate::jit::context::Known;
use crate::jit::facts;
use crate::jit::starts::ContextKey;
use crate::mechanisms::Mechanism;

use super::Emit;
use super::asm::{Cc, Mem};
use super::edge::EdgeKind;
use super::node::Id;
use super::offsets::OB_TYPE;
use super::sight::Seen;
use super::types::{Flow, Stop, Val};

/// An operation wants to see its operands: the block ends before it, and the rest is compiled
/// when control arrives.
pub const WAIT: &str = "operands that are not there yet";

impl Emit<'_> {
    /// The object that the operand is, where control stands before the instruction.
    pub(crate) fn live(&self, v: Val) -> Option<usize> {
        if self.effects || self.instr.plain {
            return None;
        }
        if self.is_frameless() {
            let Seen::Bits(object) = self.seen(v.0) else {
                return None;
            };
            return Some(object as usize).filter(|&object| object != 0);
        }
        let stack = self.before.stack.iter().rev();
        let found = stack.zip(self.instr.live).find(|(id, _)| **id == v.0);
        found
            .map(|(_, object)| object)
            .filter(|&object| object != 0)
    }

    /// Whether the operand, which is on the stack, could be looked at if the block ended here.
    pub(crate) fn may_see(&self, v: Val) -> bool {
        let on_top = self.before.stack.iter().rev().take(self.instr.live.len());
        self.instr.waits && !self.effects && on_top.into_iter().any(|&id| id == v.0)
    }

    /// The type that the operand has now, or is known to have.
    pub(crate) fn seen_type(&self, v: Val) -> Flow<Option<usize>> {
        if let Known::Type(t) = self.node(v.0).known {
            return Ok(Some(t));
        }
        if !Mechanism::Supposing.is_on() {
            return Ok(None);
        }
        match self.live(v) {
            // SAFETY: the object is alive.
            Some(object) => Ok(Some(unsafe { read(object, OB_TYPE) })),
            None if self.may_see(v) => Err(Stop::Unsupported(WAIT)),
            None => Ok(None),
        }
    }

    /// Whether the type that the operand is known to have can be looked at: one that is not built in may be
    /// gone where no operand is there to have it.
    pub(crate) fn may_look_at(&self, v: Val, object_type: usize) -> bool {
        facts::is_built_in(object_type) || self.live(v).is_some()
    }

    /// Leaves where the value is not of this type.
    pub(crate) fn suppose(&mut self, v: Val, object_type: usize) {
        if self.node(v.0).known == Known::Type(object_type) {
            return;
        }
        self.leave_unless_word(v.0, OB_TYPE, object_type);
        self.node_mut(v.0).known = Known::Type(object_type);
    }

    /// Leaves where a member of an object is not this word.
    pub(crate) fn leave_unless_word(&mut self, id: Id, at: i32, word: usize) {
        self.settle(self.st.base);
        self.place(id);
        let context = self.snapshot(self.st.base);
        let r = self.place(id);
        self.cmp_address(Mem::new(r, at), word);
        self.leave_if(Cc::NE, context);
    }

    /// Leaves for a version of the instruction that has seen one more where the condition does not hold.
    pub(crate) fn expect(&mut self, c: Val) -> Flow {
        match self.decided(c.0) {
            Some(true) => return Ok(()),
            Some(false) => return Err(Stop::Unsupported("operands that have changed")),
            None => {}
        }
        self.pass_guard(c.0);
        self.settle(self.st.base);
        let test = self.test(c.0);
        let context = self.guard_context();
        for site in self.jump_if(test.not()) {
            self.add_edge(site, EdgeKind::Refuted, self.instr.start, context);
        }
        self.learn(c.0);
        Ok(())
    }

    pub(crate) fn leave_if(&mut self, cc: Cc, context: ContextKey) {
        let site = self.asm.jcc(cc);
        self.add_edge(site, EdgeKind::Deopt, self.instr.start, context);
    }

    /// Takes operands that are numbers now for numbers of these types, if all of them are.
    pub(crate) fn suppose_numbers(&mut self, operands: &[Val]) -> Flow {
        let numbers = [facts::float_type(), facts::long_type()];
        let known = operands.iter().filter_map(|&v| match self.node(v.0).known {
            Known::Type(t) => Some(t),
            _ => None,
        });
        if !known.into_iter().all(|t| numbers.contains(&t)) {
            return Ok(());
        }
        let mut types = Vec::with_capacity(operands.len());
        for &v in operands {
            match self.seen_type(v)? {
                Some(t) if numbers.contains(&t) => types.push(t),
                _ => return Ok(()),
            }
        }
        for (&v, t) in operands.iter().zip(types) {
            self.suppose(v, t);
        }
        Ok(())
    }

    /// Whether the operand is an `int`; if it seems so, that is what is supposed.
    pub(crate) fn is_int_operand(&mut self, v: Val) -> Flow<bool> {
        if self.seen_type(v)? == Some(facts::long_type()) {
            self.suppose(v, facts::long_type());
        }
        Ok(self.is_long(v.0))
    }
}
