//! Unpacking lists and tuples that have as many items as there are targets.

use crate::jit::code::read;
use crate::jit::context::Known;
use crate::jit::facts;
use crate::release::layout::{PyListObject, PyTupleObject, PyVarObject};

use super::Emit;
use super::asm::{Cc, Mem};
use super::types::{Flow, Ty, Val};

/// There is no target for the items between the first ones and the last ones.
const NO_REST: i64 = -1;

impl Emit<'_> {
    /// Items go to the stack slots below `end`, the first one highest; gives that all is well.
    pub(crate) fn unpack_items(
        &mut self,
        sequence: Val,
        count: Val,
        after: Val,
        end: Val,
    ) -> Flow<Option<Val>> {
        let imm = |v: Val| self.node(v.0).imm();
        let (Some(count), Some(NO_REST)) = (imm(count), imm(after)) else {
            return Ok(None);
        };
        let (Ok(count), Some(end)) = (i32::try_from(count), self.stack_slot_of(end.0)) else {
            return Ok(None);
        };
        let Some(lowest) = end.checked_sub(count as usize) else {
            return Ok(None);
        };
        if self.effects {
            return Ok(None);
        }
        let Some(object_type) = self.seen_type(sequence)? else {
            return Ok(None);
        };
        let list = object_type == facts::list_type();
        if !list && object_type != facts::tuple_type() {
            return Ok(None);
        }
        let size = PyVarObject::ob_size.offset;
        if let Some(object) = self.live(sequence) {
            // SAFETY: the object is alive, and of a type whose objects have a size.
            let now: i64 = unsafe { read(object, size) };
            if now != i64::from(count) {
                return Ok(None);
            }
        }
        self.suppose(sequence, object_type);
        self.settle(self.st.base);
        self.place(sequence.0);
        let context = self.snapshot(self.st.base);
        let r = self.place(sequence.0);
        self.asm.cmp_mem_imm(Mem::new(r, size), count, 8);
        self.leave_if(Cc::NE, context);
        let (items, first) = if list {
            let at = Mem::new(r, PyListObject::ob_item.offset);
            (self.load_from(at, Ty::Ptr), 0)
        } else {
            (sequence.0, PyTupleObject::ob_item.offset)
        };
        // The lowest slot is the sequence's own: it comes first, as in the specialised members.
        for slot in lowest..lowest + count as usize {
            let i = (end - 1 - slot) as i32;
            let r = self.place(items);
            let item = Val(self.load_from(Mem::new(r, first + 8 * i), Ty::Object));
            self.node_mut(item.0).known = Known::Bound;
            self.py_incref(item)?;
            let at = slot as i64 - self.st.base as i64;
            let at = self.int(Ty::I64, at);
            self.set_stack(at, item)?;
        }
        Ok(Some(self.small(1)))
    }
}
