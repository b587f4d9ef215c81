//! The next item of iterators whose layout is known.

use crate::jit::context::Known;
use crate::jit::iterators::{self, Counter, Iterator, Layout, Walker};
use crate::mechanisms::Mechanism;
use crate::release::layout::{PyListObject, PyTupleObject, PyVarObject};

use super::Emit;
use super::asm::{Cc, Mem};
use super::node::{Id, Kind};
use super::types::{Flow, Stop, Ty, Val};

pub(crate) const NEXT: &str = "PyTypeObject.tp_iternext";

impl Emit<'_> {
    /// The function for the next item that a type has, where an iterator of a known kind stands
    /// before the instruction.
    pub(crate) fn next_function(&mut self, object_type: Id) -> Option<Val> {
        if self.instr.plain {
            return None;
        }
        let node = self.node(object_type);
        let found = match node.kind {
            Kind::TypeOf(x) => {
                let seen = match self.seen_type(Val(x)) {
                    Ok(seen) => seen?,
                    Err(Stop::Unsupported(why)) => return Some(self.fail(why)),
                    Err(_) => return None,
                };
                let found = self.known_next(seen)?;
                self.suppose(Val(x), seen);
                found
            }
            Kind::Imm(t) => self.known_next(t as usize)?,
            _ => return None,
        };
        Some(Val(self.imm(Ty::Ptr, found as i64)))
    }

    /// The function for the next item that takes the place of a type's own.
    fn known_next(&self, object_type: usize) -> Option<usize> {
        let shared = self.view.shared.next;
        if shared != 0
            && Mechanism::Generators.is_on()
            && object_type == &raw const pyo3::ffi::PyGen_Type as usize
        {
            return Some(shared);
        }
        known(object_type).map(|found| found.next)
    }

    /// The call of such a function.
    pub(crate) fn next_item(&mut self, address: usize, args: &[Val]) -> Flow<Option<Val>> {
        let &[iterator] = args else {
            return Ok(None);
        };
        if self.instr.plain || self.effects {
            return Ok(None);
        }
        let Known::Type(t) = self.node(iterator.0).known else {
            return Ok(None);
        };
        match known(t) {
            Some(&Iterator { next, layout, .. }) if next == address => match layout {
                Layout::Counter(counter) => Ok(Some(self.next_counted(iterator.0, counter))),
                Layout::Walker(walker) => Ok(Some(self.next_walked(iterator.0, walker)?)),
            },
            _ => Ok(None),
        }
    }

    /// A member of the iterator in a register of its own.
    fn own_member(&mut self, iterator: Id, at: i32, ty: Ty) -> Id {
        let r = self.place(iterator);
        let to = self.free_gpr();
        self.asm.load(to, Mem::new(r, at), 8, false);
        self.new_in_gpr(ty, to)
    }

    /// At the end the function itself is called.
    fn next_counted(&mut self, iterator: Id, at: Counter) -> Val {
        self.settle(self.st.base);
        let index = self.own_member(iterator, at.index, Ty::I64);
        let context = self.snapshot(self.st.base);
        let r = self.place(iterator);
        let i = self.place(index);
        self.asm.cmp_mem(i, Mem::new(r, at.len));
        self.leave_if(Cc::GE, context);
        self.effects = true;
        self.asm.add_mem_imm(Mem::new(r, at.index), 1);
        let item = self.free_gpr();
        self.asm.load(item, Mem::new(r, at.step), 8, false);
        self.asm.imul(true, item, i);
        self.asm.add_from_mem(item, Mem::new(r, at.start));
        let raw = self.new_in_gpr(Ty::I64, item);
        self.box_long(raw)
    }

    fn next_walked(&mut self, iterator: Id, at: Walker) -> Flow<Val> {
        self.settle(self.st.base);
        let sequence = self.own_member(iterator, at.sequence, Ty::Ptr);
        let context = self.snapshot(self.st.base);
        let r = self.place(sequence);
        self.asm.test(true, r, r);
        self.leave_if(Cc::E, context);
        let index = self.own_member(iterator, at.index, Ty::I64);
        let context = self.snapshot(self.st.base);
        let i = self.place(index);
        let r = self.place(sequence);
        self.asm
            .cmp_mem(i, Mem::new(r, PyVarObject::ob_size.offset));
        self.leave_if(Cc::AE, context);
        self.effects = true;
        let iterator = self.place(iterator);
        self.asm.add_mem_imm(Mem::new(iterator, at.index), 1);
        let r = self.place(sequence);
        let mut m = if at.list {
            let items = self.free_gpr();
            let field = Mem::new(r, PyListObject::ob_item.offset);
            self.asm.load(items, field, 8, false);
            Mem::new(items, 0)
        } else {
            Mem::new(r, PyTupleObject::ob_item.offset)
        };
        m.index = Some((self.place(index), 8));
        let item = Val(self.load_from(m, Ty::Object));
        self.node_mut(item.0).known = Known::Bound;
        self.py_incref(item)?;
        Ok(item)
    }
}

/// The iterators of a type, where items are taken from them in place.
fn known(object_type: usize) -> Option<&'static Iterator> {
    match Mechanism::Iterators.is_on() {
        true => iterators::of_type(object_type),
        false => None,
    }
}
