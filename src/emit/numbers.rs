//! The vocabulary's primitives on numbers.

use crate::jit::context::Known;
use crate::jit::facts;
use crate::jit::fold::{self, Op};

use super::Emit;
use super::node::{Domain, EQUAL, GREATER, Id, LESS, Table, UNORDERED};
use super::types::{Flow, Ty, Val};

impl Emit<'_> {
    pub fn py_float_from_double(&mut self, x: Val) -> Flow<Val> {
        Ok(self.box_float(x.0))
    }

    /// `_PyFloat_FromDouble_ConsumeInputs` and its older name: the operands' references go.
    pub fn decref_inputs_and_reuse_float(&mut self, left: Val, right: Val, x: Val) -> Flow<Val> {
        self.release(left.0);
        self.release(right.0);
        Ok(self.box_float(x.0))
    }

    pub fn py_long_from_long(&mut self, x: Val) -> Flow<Val> {
        if self.node(x.0).imm().is_none() {
            self.place(x.0);
        }
        Ok(self.box_long(x.0))
    }

    pub fn py_long_from_ssize_t(&mut self, x: Val) -> Flow<Val> {
        self.py_long_from_long(x)
    }

    pub fn py_long_add(&mut self, a: Val, b: Val) -> Flow<Val> {
        self.long_arith(Op::Add, a, b)
    }

    pub fn py_long_subtract(&mut self, a: Val, b: Val) -> Flow<Val> {
        self.long_arith(Op::Sub, a, b)
    }

    pub fn py_long_multiply(&mut self, a: Val, b: Val) -> Flow<Val> {
        self.long_arith(Op::Mul, a, b)
    }

    /// Arithmetic of exact ints; the generic member takes over where 64 bits do not do.
    pub(crate) fn long_arith(&mut self, op: Op, a: Val, b: Val) -> Flow<Val> {
        let x = self.unbox_long(a.0)?;
        let y = self.unbox_long(b.0)?;
        if let (Some(v), Some(w)) = (self.node(x).imm(), self.node(y).imm()) {
            let folded = match op {
                Op::Add => v.checked_add(w),
                Op::Sub => v.checked_sub(w),
                _ => v.checked_mul(w),
            };
            if let Some(v) = folded {
                let raw = self.imm(Ty::I64, v);
                self.node_mut(raw).sizes = 1 << super::boxes::size_of_long(v);
                return Ok(self.box_long(raw));
            }
        }
        let raw = self.long_op(op, x, y);
        Ok(self.box_long(raw))
    }

    fn size_is(&mut self, x: Val, sizes: &[i64]) -> Flow<Val> {
        let raw = self.unbox_long(x.0)?;
        let values = std::array::from_fn(|i| i64::from(sizes.contains(&(i as i64 - 3))));
        let domain = Domain::Size(raw);
        if let Some(v) = self.node(raw).imm() {
            let size = super::boxes::size_of_long(v);
            return Ok(self.small(values[usize::from(size)]));
        }
        Ok(self.table_val(Ty::I32, Table { domain, values }))
    }

    pub fn py_long_is_compact(&mut self, x: Val) -> Flow<Val> {
        self.size_is(x, &[-1, 0, 1])
    }

    pub fn py_long_is_non_negative_compact(&mut self, x: Val) -> Flow<Val> {
        self.size_is(x, &[0, 1])
    }

    pub fn py_long_compact_value(&mut self, x: Val) -> Flow<Val> {
        Ok(Val(self.unbox_long(x.0)?))
    }

    /// Gives a local the value of an int, and says that this worked.
    pub fn py_long_assign_value(&mut self, slot: Val, x: Val) -> Flow<Val> {
        let Some(i) = self.local_of(slot.0, 0) else {
            return Err(super::types::Stop::Unsupported(
                "an int assigned outside of a local",
            ));
        };
        let old = self.st.local_node(i);
        let v = self.py_long_from_long(x)?;
        let index = Val(self.imm(Ty::I32, i as i64));
        self.set_local(index, v)?;
        self.release(old);
        Ok(self.small(0))
    }

    /// `COMPARISON_BIT(a, b)`: which of the four outcomes, as a bit.
    pub fn comparison_bit(&mut self, ty: Ty, a: Val, b: Val) -> Flow<Val> {
        let mut values = [0; 7];
        values[UNORDERED] = 1;
        values[LESS] = 2;
        values[GREATER] = 4;
        values[EQUAL] = 8;
        let domain = match ty {
            Ty::F64 => Domain::Floats(a.0, b.0),
            _ => Domain::Ints(ty, a.0, b.0),
        };
        Ok(self.table_val(Ty::I32, Table { domain, values }))
    }

    /// A double from a value that is known to be a `float` or an `int`.
    pub(crate) fn as_double(&mut self, id: Id) -> Flow<Option<Id>> {
        if let Some(raw) = self.unbox_float(id) {
            return Ok(Some(raw));
        }
        if !self.is_long(id) {
            return Ok(None);
        }
        let raw = self.unbox_long(id)?;
        if let Some(v) = self.node(raw).imm() {
            return Ok(Some(self.float(v as f64).0));
        }
        let r = self.place(raw);
        let x = self.free_xmm();
        self.asm.int_to_f64(x, r);
        let v = self.new_in_xmm(x);
        self.note_result(v, raw, raw, |v, _| Some(fold::cast(v, Ty::I64, Ty::F64)));
        Ok(Some(v))
    }

    /// Whether the value is known to be exactly a `float`.
    pub(crate) fn is_float(&self, id: Id) -> bool {
        self.node(id).known == Known::Type(facts::float_type())
    }
}
