//! Making at the end of an instruction what could wait, where that has been switched off.

use crate::jit::context::{Behind, Known};
use crate::jit::facts;
use crate::mechanisms::{self, Mechanism};

use super::Emit;
use super::node::{Id, Kind, NONE};

impl Emit<'_> {
    /// Leaves nothing of that to wait for the next instruction.
    pub(super) fn end_waiting(&mut self) {
        if mechanisms::all_on() || self.going_on.is_none() || self.failed.is_some() {
            return;
        }
        for i in 0..self.st.stack.len() {
            let id = self.st.stack[i];
            if id != NONE {
                self.make_at_once(id);
            }
        }
        for i in 0..self.st.locals.len() {
            let local = self.st.locals[i];
            if local.behind == Behind::Stale && !self.may_wait(local.node) {
                self.write_local(i);
            }
        }
        let locals = self.st.locals.iter().map(|local| local.node);
        let slots: Vec<Id> = self.st.stack.iter().copied().chain(locals).collect();
        for id in slots.into_iter().filter(|&id| id != NONE) {
            self.forget_number(id);
        }
    }

    fn make_at_once(&mut self, id: Id) {
        if !self.may_wait(id) {
            self.need_pointer(id);
        }
        if self.node(id).kind == Kind::Bits && !Mechanism::PendingIncrements.is_on() {
            self.count_all(id);
        }
    }

    /// Whether a value may stay without an object.
    fn may_wait(&self, id: Id) -> bool {
        match self.node(id).kind {
            Kind::BoxFloat(_) => Mechanism::UnboxedFloats.is_on(),
            Kind::BoxLong(_) => Mechanism::UnboxedInts.is_on(),
            Kind::BoxBool(_) => Mechanism::UnboxedBools.is_on(),
            _ => true,
        }
    }

    /// The next instruction takes the number out of the object again.
    fn forget_number(&mut self, id: Id) {
        let number = match self.node(id).known {
            Known::Type(t) if t == facts::float_type() => Mechanism::UnboxedFloats,
            Known::Type(t) if t == facts::long_type() => Mechanism::UnboxedInts,
            _ => return,
        };
        if self.node(id).kind == Kind::Bits && !number.is_on() {
            self.node_mut(id).twin = NONE;
        }
    }
}
