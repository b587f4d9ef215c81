//! Slices that are not made as long as nobody needs the object.
//!
//! A *pending slice* is its three bounds. Subscripting with it calls a function of the runtime that
//! takes the bounds, unboxed where they are, and makes the object only for containers that are not
//! built in. Everything else makes the object first, contexts too: an instruction that builds a
//! slice stands before the one that uses it.

use crate::jit::context::{Known, Loc};
use crate::jit::{facts, slices};
use crate::mechanisms::Mechanism;

use super::Emit;
use super::boxes::constant_long;
use super::call::{Call, Target};
use super::intrinsics::str_type;
use super::machine::RAX;
use super::node::{Anchor, Id, Kind, Node};
use super::table::none_address;
use super::types::{Effect, Flow, Stop, Ty, Val};

impl Emit<'_> {
    /// A slice of bounds that stay with whoever has them.
    pub(crate) fn new_slice(&mut self, bounds: [Val; 3]) -> Flow<Option<Val>> {
        if !Mechanism::PendingSlices.is_on() {
            return Ok(None);
        }
        for bound in bounds {
            if !self.is_null(bound.0) {
                self.py_incref(bound)?;
            }
        }
        Ok(Some(self.pending_slice(bounds)))
    }

    /// A slice that takes over both bounds.
    pub(crate) fn build_slice(&mut self, start: Val, stop: Val) -> Flow<Option<Val>> {
        if !Mechanism::PendingSlices.is_on() {
            return Ok(None);
        }
        let step = self.null();
        Ok(Some(self.pending_slice([start, stop, step])))
    }

    fn pending_slice(&mut self, bounds: [Val; 3]) -> Val {
        let mut node = Node::new(Ty::Object, Kind::Slice(bounds.map(|bound| bound.0)));
        node.known = Known::Type(facts::slice_type());
        node.due = 1;
        Val(self.st.add(node))
    }

    /// Makes the object, if this is a pending slice. That runs no Python code.
    pub(crate) fn make_slice(&mut self, id: Id) {
        let Some(bounds) = self.node(id).bounds() else {
            return;
        };
        let made = self.emit_call(&Call {
            target: Target::Address(slices::make as *const () as usize),
            result: Ty::Object,
            variadic: false,
            effect: Effect::Pure,
            steals: 0b111,
            new_reference: true,
            args: &bounds.map(Val),
        });
        match made {
            Ok(made) => self.unplace(made.0),
            Err(Stop::Unsupported(why)) => {
                self.fail(why);
            }
            Err(_) => {}
        }
        let node = self.node_mut(id);
        node.kind = Kind::Bits;
        node.anchor = Anchor::Own;
        let due = std::mem::take(&mut node.due);
        self.st.put(id, Loc::Gpr(RAX));
        self.touch(RAX);
        if due > 1 {
            self.add_references(RAX, due - 1, true);
        }
    }

    /// A reference to a pending slice was dropped: the last one takes the bounds with it.
    pub(crate) fn drop_bounds(&mut self, id: Id) {
        let node = self.node(id);
        if let (0, Some([start, stop, step])) = (node.due, node.bounds()) {
            for bound in [step, start, stop] {
                self.release(bound);
            }
        }
    }

    /// Whether a pending slice lies on the stack.
    fn holds_slice(&self) -> bool {
        let mut stack = self.st.stack.iter();
        stack.any(|&id| id != super::NONE && self.node(id).bounds().is_some())
    }

    /// Whether something waits for the next instruction that a context does not tell: the block
    /// must not end here, or had better not.
    pub fn must_go_on(&self) -> bool {
        self.holds_slice() || self.is_frameless()
    }

    /// What a pending slice takes out of a container.
    pub(crate) fn get_slice(&mut self, container: Val, sub: Val) -> Flow<Option<Val>> {
        self.with_bounds(slices::get as *const (), Ty::Object, container, sub, None)
    }

    /// Puts something in the place of what a pending slice is of a container; NULL deletes it.
    pub(crate) fn set_slice(&mut self, container: Val, sub: Val, v: Val) -> Flow<Option<Val>> {
        self.with_bounds(slices::set as *const (), Ty::I32, container, sub, Some(v))
    }

    fn with_bounds(
        &mut self,
        function: *const (),
        result: Ty,
        container: Val,
        sub: Val,
        v: Option<Val>,
    ) -> Flow<Option<Val>> {
        let Some(bounds) = self.node(sub.0).bounds() else {
            return Ok(None);
        };
        if self.node(sub.0).due != 1 {
            // Others will see the same object.
            return Ok(None);
        }
        self.flush_heap();
        let mut shape = 0;
        let built_in = self.is_sliced_without_object(container.0);
        let mut args = [container; 6];
        for (i, &bound) in bounds.iter().enumerate() {
            args[i + 1] = Val(bound);
            self.know_constant(bound);
            match self.node(bound).kind {
                // If others have the number too, the object that a container sees is theirs.
                Kind::BoxLong(raw) if built_in || self.node(bound).due == 1 => {
                    shape |= slices::UNBOXED << i;
                    args[i + 1] = Val(raw);
                }
                Kind::Imm(address) if built_in && self.is_long(bound) => {
                    match constant_long(address as usize) {
                        Some(v) => {
                            shape |= slices::UNBOXED << i;
                            args[i + 1] = self.int(Ty::I64, v);
                        }
                        None => shape |= self.counted(bound, i),
                    }
                }
                Kind::Imm(none) if self.is_null(bound) || none == none_address() => {
                    shape |= slices::ABSENT << i | self.counted(bound, i);
                }
                _ => {
                    self.materialise(bound);
                    shape |= self.counted(bound, i);
                }
            }
        }
        let mut last = 4;
        if let Some(v) = v {
            if self.owns_alone(v.0) {
                shape |= slices::LAST_USE;
            }
            args[last] = v;
            last += 1;
        }
        args[last] = self.int(Ty::I32, i64::from(shape));
        let result = self.emit_call(&Call {
            target: Target::Address(function as usize),
            result,
            variadic: false,
            effect: Effect::Escapes,
            steals: 0,
            new_reference: true,
            args: &args[..=last],
        })?;
        Ok(Some(result))
    }

    /// Says of a bound that is an object whether the slice's reference to it has been counted.
    fn counted(&self, bound: Id, i: usize) -> u32 {
        match self.node(bound).due == 0 && !self.is_null(bound) {
            true => slices::COUNTED << i,
            false => 0,
        }
    }

    /// Whether the runtime never makes an object to slice the container.
    fn is_sliced_without_object(&self, container: Id) -> bool {
        let types = [facts::list_type(), facts::tuple_type(), str_type()];
        matches!(self.node(container).known, Known::Type(t) if types.contains(&t))
    }

    /// Whether the one reference that the instruction has is all that the value's count counts
    /// of compiled code.
    fn owns_alone(&self, id: Id) -> bool {
        let node = self.node(id);
        node.kind == Kind::Bits && node.due == 0 && node.anchor == Anchor::Own
    }
}
