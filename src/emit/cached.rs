//! Objects that inline caches hold.

use pyo3::ffi;

use crate::jit::code::read;
use crate::jit::context::Known;
use crate::release::layout::PyObject as Head;

use super::Emit;
use super::node::Anchor;
use super::offsets::OB_TYPE;
use super::types::{Ty, Val};

impl Emit<'_> {
    /// An object from an inline cache. Whoever it belongs to can let go of it as soon as anything
    /// else runs, so that it is no constant unless it lives as long as the process.
    pub(crate) fn cached_object(&mut self, address: usize) -> Val {
        // SAFETY: the guards before it hold now, so that the object is alive.
        if !self.view.is_live() || unsafe { lasts(address) } {
            return Val(self.object_constant(address));
        }
        let mut known = self.aliases.iter();
        if let Some(&(_, id)) = known.find(|(known, _)| *known == address as i64) {
            return Val(id);
        }
        let r = self.free_gpr();
        self.asm.mov_imm(r, address as i64);
        let id = self.new_in_gpr(Ty::Object, r);
        // SAFETY: as above.
        let object_type = unsafe { read(address, OB_TYPE) };
        let node = self.node_mut(id);
        node.anchor = Anchor::Heap;
        node.known = Known::Type(object_type);
        node.object = address;
        self.aliases.push((address as i64, id));
        Val(id)
    }
}

/// Whether an object lives as long as the process: it is not counted, is a type that is built in, or
/// is what such a type has under a name.
///
/// # Safety
/// The object is alive.
unsafe fn lasts(object: usize) -> bool {
    const FIRST: i32 = size_of::<ffi::PyObject>() as i32;
    // SAFETY: by the caller; the first member of a descriptor is its type.
    unsafe {
        let object_type: usize = read(object, Head::ob_type.offset);
        let is = |known: *const ffi::PyTypeObject| object_type == known as usize;
        if cfg!(Py_3_12) && read::<i32>(object, 0) < 0 {
            return true;
        }
        if is(&raw const ffi::PyType_Type) {
            return is_built_in(object);
        }
        let described = is(&raw const ffi::PyMethodDescr_Type)
            || is(&raw const ffi::PyWrapperDescr_Type)
            || is(&raw const ffi::PyClassMethodDescr_Type);
        described && is_built_in(read(object, FIRST))
    }
}

/// # Safety
/// A live type.
unsafe fn is_built_in(object_type: usize) -> bool {
    // SAFETY: by the caller.
    let flags = unsafe { (*(object_type as *const ffi::PyTypeObject)).tp_flags };
    flags & (ffi::Py_TPFLAGS_HEAPTYPE | ffi::Py_TPFLAGS_IMMUTABLETYPE)
        == ffi::Py_TPFLAGS_IMMUTABLETYPE
}
