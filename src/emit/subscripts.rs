//! Subscripts of arrays, lists and tuples by ints.

use crate::jit::arrays::{self, Array};
use crate::jit::context::Known;
use crate::jit::facts;
use crate::mechanisms::Mechanism;
use crate::release::layout::{PyListObject, PyTupleObject, PyVarObject};

use super::Emit;
use super::asm::{Alu, Cc, Mem};
use super::machine::R11;
use super::node::{ANY_SIZE, Id};
use super::suppose::WAIT;
use super::types::{Flow, Stop, Ty, Val};
use super::value::shape;

pub(crate) const GET_ITEM: &str = "PyObject_GetItem";
pub(crate) const SET_ITEM: &str = "PyObject_SetItem";

/// Sizes in digits of ints of up to 32 bits, and of up to 16.
const TWO_DIGITS: u8 = 0b0011_1110;
const ONE_DIGIT: u8 = 0b0001_1100;

/// Where an item is.
#[derive(Clone, Copy)]
struct Place {
    /// What has the address of the items, and how far behind it they start.
    items: Id,
    first: i32,
    index: Index,
}

#[derive(Clone, Copy)]
enum Index {
    Known(i32),
    At(Id),
}

impl Emit<'_> {
    /// An item's place behind the guards that it needs. `items` is where the object has the
    /// address of its items; without it they are in the object, from `first` on.
    fn item_place(
        &mut self,
        container: Id,
        sub: Id,
        items: Option<i32>,
        first: i32,
    ) -> Flow<Place> {
        let size = PyVarObject::ob_size.offset;
        let raw = self.unbox_long(sub)?;
        let known = self.node(raw).imm().map(i32::try_from);
        let known = known.and_then(Result::ok);
        self.settle(self.st.base);
        let to = items.map(|at| {
            let r = self.place(container);
            let to = self.free_gpr();
            self.asm.load(to, Mem::new(r, at), 8, false);
            self.new_in_gpr(Ty::Ptr, to)
        });
        let index = match known {
            Some(v @ 0..) => {
                self.place(container);
                let context = self.snapshot(self.st.base);
                let r = self.place(container);
                self.asm.cmp_mem_imm(Mem::new(r, size), v, 8);
                self.leave_if(Cc::LE, context);
                Index::Known(v)
            }
            Some(v) => {
                let r = self.place(container);
                let from_end = self.free_gpr();
                self.asm.load(from_end, Mem::new(r, size), 8, false);
                let index = self.new_in_gpr(Ty::I64, from_end);
                let context = self.snapshot(self.st.base);
                let from_end = self.place(index);
                self.asm.alu_imm(Alu::Add, true, from_end, v);
                self.leave_if(Cc::S, context);
                Index::At(index)
            }
            None => {
                self.place(container);
                self.place(raw);
                let context = self.snapshot(self.st.base);
                let r = self.place(container);
                let index = self.place(raw);
                self.asm.cmp_mem(index, Mem::new(r, size));
                self.leave_if(Cc::AE, context);
                Index::At(raw)
            }
        };
        Ok(Place {
            items: to.unwrap_or(container),
            first,
            index,
        })
    }

    /// The array that the operand is, behind what it takes to be sure of that.
    fn array(&mut self, container: Val) -> Flow<Option<Array>> {
        let Some(array) = self.seen_array(container)? else {
            return Ok(None);
        };
        self.suppose(container, array.object_type);
        self.leave_unless_word(container.0, array.mark_at, array.mark);
        Ok(Some(array))
    }

    /// The array that the operand is now.
    fn seen_array(&mut self, container: Val) -> Flow<Option<Array>> {
        let array = self.live(container).and_then(arrays::look);
        let may_be = match self.node(container.0).known {
            Known::Type(t) => Some(t) == arrays::array_type(),
            _ => true,
        };
        if array.is_none() && may_be && self.may_see(container) {
            return Err(Stop::Unsupported(WAIT));
        }
        Ok(array)
    }

    /// A memory operand for an item.
    fn item(&mut self, place: Place, bytes: u8) -> Mem {
        let r = self.place(place.items);
        match place.index {
            Index::Known(v) => Mem::new(r, place.first + v * i32::from(bytes)),
            Index::At(id) => {
                let mut m = Mem::new(r, place.first);
                m.index = Some((self.place(id), bytes));
                m
            }
        }
    }

    pub(crate) fn get_item(&mut self, container: Val, sub: Val) -> Flow<Option<Val>> {
        if let Some(item) = self.get_slice(container, sub)? {
            return Ok(Some(item));
        }
        match self.number_item(container, sub)? {
            None => self.special_method(c"__getitem__", &[container, sub]),
            item => Ok(item),
        }
    }

    fn number_item(&mut self, container: Val, sub: Val) -> Flow<Option<Val>> {
        if !Mechanism::Subscripts.is_on() || self.effects || !self.is_int_operand(sub)? {
            return Ok(None);
        }
        let Some(array) = self.array(container)? else {
            return self.sequence_item(container, sub);
        };
        let place = self.item_place(container.0, sub.0, Some(array.items_at), 0)?;
        let (bytes, signed) = shape(array.item);
        let m = self.item(place, bytes);
        if array.item == Ty::F64 {
            let x = self.free_xmm();
            self.asm.load_f64(x, m);
            let raw = self.new_in_xmm(x);
            return Ok(Some(self.box_float(raw)));
        }
        let r = self.free_gpr();
        self.asm.load(r, m, bytes, signed);
        let raw = self.new_in_gpr(Ty::I64, r);
        self.node_mut(raw).sizes = match bytes {
            1 | 2 => ONE_DIGIT,
            4 => TWO_DIGITS,
            _ => ANY_SIZE,
        };
        Ok(Some(self.box_long(raw)))
    }

    /// An item of a list or a tuple, counted from either end.
    fn sequence_item(&mut self, container: Val, sub: Val) -> Flow<Option<Val>> {
        let Some(object_type) = self.seen_type(container)? else {
            return Ok(None);
        };
        let list = object_type == facts::list_type();
        if !list && object_type != facts::tuple_type() {
            return Ok(None);
        }
        self.suppose(container, object_type);
        let place = if list {
            self.item_place(container.0, sub.0, Some(PyListObject::ob_item.offset), 0)?
        } else {
            self.item_place(container.0, sub.0, None, PyTupleObject::ob_item.offset)?
        };
        let m = self.item(place, 8);
        let item = Val(self.load_from(m, Ty::Object));
        self.node_mut(item.0).known = Known::Bound;
        self.py_incref(item)?;
        Ok(Some(item))
    }

    pub(crate) fn set_item(&mut self, container: Val, sub: Val, v: Val) -> Flow<Option<Val>> {
        if let Some(stored) = self.set_slice(container, sub, v)? {
            return Ok(Some(stored));
        }
        if let Some(stored) = self.set_number_item(container, sub, v)? {
            return Ok(Some(stored));
        }
        let args = [container, sub, v];
        let Some(result) = self.special_method(c"__setitem__", &args)? else {
            return Ok(None);
        };
        let null = self.null();
        let failed = self.eq(Ty::Object, result, null);
        self.py_xdecref(result)?;
        Ok(Some(failed))
    }

    pub(crate) fn delete_item(&mut self, container: Val, sub: Val) -> Flow<Option<Val>> {
        let null = self.null();
        self.set_slice(container, sub, null)
    }

    fn set_number_item(&mut self, container: Val, sub: Val, v: Val) -> Flow<Option<Val>> {
        if !Mechanism::Subscripts.is_on() || self.effects || !self.is_int_operand(sub)? {
            return Ok(None);
        }
        let Some(array) = self.seen_array(container)? else {
            return Ok(None);
        };
        self.suppose_numbers(&[v])?;
        let value = if array.item == Ty::F64 {
            self.as_double(v.0)?
        } else if self.is_long(v.0) {
            Some(self.unbox_long(v.0)?)
        } else {
            None
        };
        let Some(value) = value else {
            return Ok(None);
        };
        if self.array(container)?.is_none() {
            return Ok(None);
        }
        if array.item != Ty::F64 {
            self.leave_unless_fits(value, array.item);
        }
        let place = self.item_place(container.0, sub.0, Some(array.items_at), 0)?;
        let bytes = shape(array.item).0;
        self.effects = true;
        if array.item == Ty::F64 {
            let x = self.place_xmm(value);
            let m = self.item(place, bytes);
            self.asm.store_f64(m, x);
        } else {
            let r = self.place(value);
            let m = self.item(place, bytes);
            self.asm.store(m, r, bytes);
        }
        Ok(Some(self.small(0)))
    }

    /// Leaves where an int is not one of a type.
    fn leave_unless_fits(&mut self, raw: Id, ty: Ty) {
        let (bytes, signed) = shape(ty);
        if bytes == 8 {
            return;
        }
        self.place(raw);
        let context = self.snapshot(self.st.base);
        let r = self.place(raw);
        self.asm.extend_from(R11, r, bytes, signed);
        self.asm.alu(Alu::Cmp, true, R11, r);
        self.leave_if(Cc::NE, context);
    }
}
