//! Whether an object is true, by its value or its size.

use pyo3::ffi;

use crate::jit::facts;
use crate::release::layout::{PyASCIIObject, PyDictObject, PyVarObject};

use super::Emit;
use super::intrinsics::str_type;
use super::isinstance::Told;
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
            return self.always_true(x, object_type);
        };
        self.suppose(x, object_type);
        let size = self.load(x, size);
        let zero = self.int(Ty::I64, 0);
        Ok(Some(self.ne(Ty::I64, size, zero)))
    }

    /// The truth of an object whose class does not say how to tell: behind a guard that this is still so.
    fn always_true(&mut self, x: Val, class: usize) -> Flow<Option<Val>> {
        if !self.may_look_at(x, class) {
            return Ok(None);
        }
        // SAFETY: the class of a live object, or a built-in one.
        let told = unsafe { may_be_false(class) };
        if told || !self.instr.guess || !self.is_untouched() {
            return Ok(None);
        }
        // SAFETY: the same.
        let Some(class) = (unsafe { Told::of(class) }) else {
            return Ok(None);
        };
        self.expect_class(x, class)?;
        Ok(Some(self.small(1)))
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

/// Whether a class has a way to tell whether its instances are true.
///
/// # Safety
/// A live class.
unsafe fn may_be_false(class: usize) -> bool {
    let class = class as *mut ffi::PyTypeObject;
    // SAFETY: by the caller.
    unsafe {
        let number = (*class).tp_as_number;
        let mapping = (*class).tp_as_mapping;
        let sequence = (*class).tp_as_sequence;
        !number.is_null() && (*number).nb_bool.is_some()
            || !mapping.is_null() && (*mapping).mp_length.is_some()
            || !sequence.is_null() && (*sequence).sq_length.is_some()
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
