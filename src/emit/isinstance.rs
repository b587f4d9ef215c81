//! Whether an object is an instance of a class, where both can be looked at before.
//!
//! Mirrors `object_isinstance` and `object_recursive_isinstance`. That is for classes whose own class
//! is `type`, and for objects whose `__class__` is their class.

use pyo3::ffi::{self, PyObject, PyTypeObject};

use crate::jit::code::read;
use crate::jit::standins::attributes::_PyType_Lookup;
use crate::mechanisms::Mechanism;
use crate::release::layout::PyObject as Head;

use super::Emit;
use super::sight::Seen;
use super::suppose::WAIT;
use super::types::{Flow, Stop, Ty, Val};

/// What tells a class.
#[derive(Clone, Copy)]
pub(crate) enum Told {
    /// Built-in classes stay where and what they are.
    ByAddress(usize),
    /// Another one may come to stand at its address, or lose a base.
    ByVersion(u32),
}

impl Emit<'_> {
    pub(crate) fn is_instance(&mut self, object: Val, class: Val) -> Flow<Option<Val>> {
        if !Mechanism::InstanceChecks.is_on() || !self.instr.guess || !self.is_untouched() {
            return Ok(None);
        }
        let wanted = match self.seen(class.0) {
            Seen::Bits(address) => address as usize,
            Seen::Hidden | Seen::Unknown if self.instr.may_end => {
                return Err(Stop::Unsupported(WAIT));
            }
            Seen::Hidden | Seen::Unknown => return Ok(None),
        };
        // SAFETY: operands live while the instruction is emitted.
        let plain = unsafe { read::<usize>(wanted, Head::ob_type.offset) } == type_type();
        let own = match self.seen_type(object)?.filter(|_| plain) {
            Some(own) if self.may_look_at(object, own) => own,
            Some(_) => return Ok(None),
            None if plain && self.instr.may_end => return Err(Stop::Unsupported(WAIT)),
            None => return Ok(None),
        };
        // SAFETY: both classes are alive, and the GIL is held.
        let (answer, told) = unsafe {
            let own = own as *mut PyTypeObject;
            let wanted = wanted as *mut PyTypeObject;
            let inherits = ffi::PyType_IsSubtype(own, wanted) != 0;
            if !inherits && !says_its_class(own) {
                return Ok(None);
            }
            (
                inherits,
                [Told::of(own as usize), Told::of(wanted as usize)],
            )
        };
        let [Some(own), Some(wanted)] = told else {
            return Ok(None);
        };
        self.expect_object(class, wanted)?;
        self.expect_class(object, own)?;
        Ok(Some(self.small(i64::from(answer))))
    }

    /// Leaves where the class of an object is another one, or has changed.
    pub(crate) fn expect_class(&mut self, object: Val, class: Told) -> Flow {
        let class_now = self.load(object, &Head::ob_type);
        match class {
            Told::ByAddress(address) => self.expect_address(class_now, address),
            Told::ByVersion(version) => self.expect_class_version(class_now, version),
        }
    }

    /// Leaves where an object is not that class, or its class is not `type`.
    fn expect_object(&mut self, class: Val, told: Told) -> Flow {
        match told {
            Told::ByAddress(address) => self.expect_address(class, address),
            Told::ByVersion(version) => {
                let metaclass = self.load(class, &Head::ob_type);
                self.expect_address(metaclass, type_type())?;
                self.expect_class_version(class, version)
            }
        }
    }

    fn expect_address(&mut self, v: Val, address: usize) -> Flow {
        let address = Val(self.object_constant(address));
        let same = self.eq(Ty::Object, v, address);
        self.expect(same)
    }

    /// What `PyBool_FromLong` gives.
    pub(crate) fn bool_of(&mut self, v: Val) -> Flow<Option<Val>> {
        let zero = self.int(Ty::I64, 0);
        let truth = self.ne(Ty::I64, v, zero);
        Ok(Some(self.box_bool(truth.0)))
    }
}

fn type_type() -> usize {
    &raw const ffi::PyType_Type as usize
}

impl Told {
    /// What tells a class as it is now; nothing where it can have no version.
    ///
    /// # Safety
    /// A live class; the GIL is held.
    pub unsafe fn of(class: usize) -> Option<Told> {
        let ty = class as *mut PyTypeObject;
        // SAFETY: by the caller.
        unsafe {
            if (*ty).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE == 0 {
                return Some(Told::ByAddress(class));
            }
            // Looking something up gives the class a version if it has none.
            class_attribute(ty)?;
            let version = (*ty).tp_version_tag;
            (version != 0).then_some(Told::ByVersion(version))
        }
    }
}

/// Whether instances of a class have it as their `__class__`, whatever else they have.
///
/// # Safety
/// A live class; the GIL is held.
unsafe fn says_its_class(class: *mut PyTypeObject) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let reads = (*class).tp_getattro.map(|f| f as usize);
        let usual = [
            Some(ffi::PyObject_GenericGetAttr as *const () as usize),
            ffi::PyType_Type.tp_getattro.map(|f| f as usize),
        ];
        let object = &raw mut ffi::PyBaseObject_Type;
        usual.contains(&reads) && class_attribute(class) == class_attribute(object)
    }
}

/// What a class has under the name `__class__`.
///
/// # Safety
/// As for `says_its_class`.
unsafe fn class_attribute(class: *mut PyTypeObject) -> Option<*mut PyObject> {
    // SAFETY: by the caller; the name is let go of.
    unsafe {
        let name = ffi::PyUnicode_InternFromString(c"__class__".as_ptr());
        if name.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let found = _PyType_Lookup(class, name);
        ffi::Py_DECREF(name);
        Some(found)
    }
}
