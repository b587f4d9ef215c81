//! What a callee without a frame has in the place of one: its slots, members, checks and exits.

use crate::jit::facts;
use crate::release::layout::{_PyInterpreterFrame, PyFunctionObject};

use super::Emit;
use super::asm::Cc;
use super::edge::EdgeKind;
use super::node::{FRAME_NODE, Id, Kind, NONE, Node};
use super::sight::Seen;
use super::types::{Field, Flow, Stop, Ty, Val};
use super::words::Check;

/// Why the instruction of a callee is not emitted without a frame.
pub(crate) const NO_FRAME: &str = "what a callee without a frame does not have";

impl Emit<'_> {
    /// The callee has returned.
    pub(crate) fn return_frameless(&mut self, v: Val) -> Flow {
        if self.nest > 0 {
            return Err(Stop::Unsupported("a return in a branch"));
        }
        self.in_place.returned = Some(v.0);
        Err(Stop::Ended)
    }

    /// Where an edge leads: out of a callee without a frame, back to the call.
    pub(crate) fn way_out(&mut self, kind: EdgeKind, unit: u32) -> (EdgeKind, u32) {
        if !self.is_frameless() {
            return (kind, unit);
        }
        if self.effects {
            self.fail("an exit behind what must not be done twice");
        }
        (EdgeKind::NeedsFrame, self.in_place.start)
    }

    /// Puts the counts from before the call in the place of the present ones, and the other way round.
    /// Gives the depth that the stack had.
    pub(crate) fn swap_counts(&mut self) -> usize {
        for (node, due) in self.st.nodes.iter_mut().zip(&mut self.in_place.due) {
            std::mem::swap(&mut node.due, due);
        }
        self.in_place.base
    }

    /// The depth up to which slots are the caller's.
    pub(crate) fn callers_depth(&self) -> usize {
        match self.is_frameless() {
            true => self.in_place.base,
            false => self.st.base,
        }
    }

    /// The stack slot of a local of the callee.
    pub(crate) fn frameless_slot(&self, i: usize) -> Option<usize> {
        let callee = self.in_place.callees.last()?;
        (i < callee.locals).then_some(callee.first + i)
    }

    /// A member of the frame that the callee does not have.
    pub(crate) fn frameless_member(&mut self, field: &Field) -> Val {
        let function = self.in_place.callees.last().map_or(NONE, |f| f.function);
        let is = |other: &Field| field.name == other.name;
        if is(&_PyInterpreterFrame::f_globals) {
            return self.load(Val(function), &PyFunctionObject::func_globals);
        }
        if is(&_PyInterpreterFrame::f_builtins) {
            return self.load(Val(function), &PyFunctionObject::func_builtins);
        }
        if field.offset == facts::FRAME_FUNCTION {
            return Val(function);
        }
        self.fail(NO_FRAME)
    }

    /// Whether an address is in the frame that the callee does not have.
    pub(crate) fn is_in_frame(&self, id: Id) -> bool {
        id == FRAME_NODE
            || matches!(
                self.node(id).kind,
                Kind::Address {
                    base: FRAME_NODE,
                    ..
                }
            )
    }

    /// What a check of the eval breaker is in a callee: where there is something to do, or somebody
    /// watches, it needs a frame.
    pub(crate) fn breaker_frameless(&mut self) -> Flow {
        if self.was_checked(Check::Breaker, 0) {
            return Ok(());
        }
        let context = self.snapshot(0);
        self.compare_breaker()?;
        self.need_frame_if(Cc::NE, context);
        Ok(())
    }

    /// The object that a slot of the callee holds now.
    pub(crate) fn seen_in_slot(&self, i: usize) -> Option<usize> {
        let id = *self.st.stack.get(i)?;
        if !self.is_frameless() || id == NONE || self.node(id).ty != Ty::Object {
            return None;
        }
        match self.seen(id) {
            Seen::Bits(object) => Some(object as usize),
            Seen::Hidden | Seen::Unknown => None,
        }
    }

    /// What stands for the frame of a call that is over.
    pub(crate) fn stand_for_frame(&mut self, result: Val) -> Val {
        let stand = self.st.add(Node::new(Ty::Ptr, Kind::Imm(1)));
        self.in_place.done = Some((stand, result.0));
        Val(stand)
    }
}
