//! Whether an object is true, by its value or its size.

use crate::jit::facts;
use crate::release::layout::{PyASCIIObject, PyDictObject, PyVarObject};

use super::Emit;
use super::intrinsics::str_type;
use super::node::Kind;
use super::types::{Field, Flow, Ty, Val};

impl Emit<'_> {
    /// What `PyObject_IsTrue` gives for numbers and for objects that are true if they have items.
    pub(super) fn is_true(&mut self, x: Val) -> Flow<Option<Val>> {
        if let Some(truth) = self.truth_of_number(x) {
            return Ok(Some(truth));
        }
        let Some(object_type) = self.seen_type(x)? else {
            return Ok(None);
        };
        if object_type == facts::long_type() {
            if self.effects || self.node(x.0).imm().is_some() {
                return Ok(None);
            }
            self.suppose(x, object_type);
            self.unbox_long(x.0)?;
            return Ok(self.truth_of_number(x));
        }
        if object_type == facts::float_type() {
            self.suppose(x, object_type);
            return Ok(self.truth_of_number(x));
        }
        let Some(size) = size_of(object_type) else {
            return Ok(None);
        };
        self.suppose(x, object_type);
        let size = self.load(x, size);
        let zero = self.int(Ty::I64, 0);
        Ok(Some(self.ne(Ty::I64, size, zero)))
    }

    fn truth_of_number(&mut self, x: Val) -> Option<Val> {
        if let Kind::BoxBool(raw) = self.node(x.0).kind {
            let zero = self.small(0);
            let ty = self.node(raw).ty;
            return Some(self.ne(ty, Val(raw), zero));
        }
        if let Some(raw) = self.unbox_float(x.0) {
            let zero = self.float(0.0);
            return Some(self.ne(Ty::F64, Val(raw), zero));
        }
        let raw = self.unboxed_long(x.0)?;
        let zero = self.int(Ty::I64, 0);
        Some(self.ne(Ty::I64, Val(raw), zero))
    }
}

/// The number of items of objects of exactly this type, which are true if they have any.
fn size_of(object_type: usize) -> Option<&'static Field> {
    match object_type {
        t if t == facts::list_type() || t == facts::tuple_type() => Some(&PyVarObject::ob_size),
        t if t == str_type() => Some(&PyASCIIObject::length),
        t if t == facts::dict_type() => Some(&PyDictObject::ma_used),
        _ => None,
    }
}
