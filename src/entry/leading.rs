//! Builtin functions that are made to lead through one of ours: their objects stay the ones that
//! they were.

use std::ffi::c_int;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::{Bound, PyAny, PyAnyMethods, PyResult};

/// A function written in C, as the way it is called tells.
#[derive(Clone, Copy)]
pub enum Function {
    /// With one argument or none.
    Plain(ffi::PyCFunction),
    /// With arguments in an array.
    #[cfg(Py_3_12)]
    Fast(ffi::PyCFunctionFast),
}

impl Function {
    fn pointer(self) -> ffi::PyMethodDefPointer {
        match self {
            Function::Plain(function) => ffi::PyMethodDefPointer {
                PyCFunction: function,
            },
            #[cfg(Py_3_12)]
            Function::Fast(function) => ffi::PyMethodDefPointer {
                PyCFunctionFast: function,
            },
        }
    }
}

/// Whether the running interpreter is the main one. Others have the definitions in common with it, and
/// nothing else of ours.
///
/// # Safety
/// The GIL is held.
#[cfg(Py_3_12)]
pub unsafe fn in_main() -> bool {
    // SAFETY: by the caller.
    unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() }
}

/// What one of ours stands before.
pub struct Original(AtomicPtr<()>);

impl Original {
    pub const fn new() -> Self {
        Self(AtomicPtr::new(std::ptr::null_mut()))
    }

    /// Whether ours stands before it.
    pub fn is_known(&self) -> bool {
        !self.0.load(Ordering::Relaxed).is_null()
    }

    /// Let a builtin function that is called with these flags lead through ours.
    pub fn lead(&self, function: &Bound<'_, PyAny>, flags: c_int, ours: Function) -> PyResult<()> {
        let object = function.as_ptr();
        // SAFETY: a live object; a builtin function points at its definition, which is a variable.
        unsafe {
            if ffi::Py_TYPE(object) != &raw mut ffi::PyCFunction_Type
                || ffi::PyCFunction_GetFlags(object) != flags
            {
                return Err(PyRuntimeError::new_err(format!(
                    "{} is not the interpreter's own",
                    function.repr()?
                )));
            }
            let definition = (*object.cast::<ffi::PyCFunctionObject>()).m_ml;
            let before = (*definition).ml_meth.PyCFunction;
            self.0.store(before as *mut (), Ordering::Relaxed);
            (*definition).ml_meth = ours.pointer();
        }
        Ok(())
    }

    /// Call it with one argument, or NULL for none.
    ///
    /// # Safety
    /// As for the function, which has been found and is called that way.
    pub unsafe fn call(
        &self,
        module: *mut ffi::PyObject,
        argument: *mut ffi::PyObject,
    ) -> *mut ffi::PyObject {
        let original = self.0.load(Ordering::Relaxed);
        // SAFETY: `lead` stored that function there before ours was to be found.
        let original = unsafe { std::mem::transmute::<*mut (), ffi::PyCFunction>(original) };
        // SAFETY: by the caller.
        unsafe { original(module, argument) }
    }

    /// Call it with arguments in an array.
    ///
    /// # Safety
    /// As for the function, which has been found and is called that way.
    #[cfg(Py_3_12)]
    pub unsafe fn call_fast(
        &self,
        module: *mut ffi::PyObject,
        args: *mut *mut ffi::PyObject,
        count: ffi::Py_ssize_t,
    ) -> *mut ffi::PyObject {
        let original = self.0.load(Ordering::Relaxed);
        // SAFETY: `lead` stored that function there before ours was to be found.
        let original = unsafe { std::mem::transmute::<*mut (), ffi::PyCFunctionFast>(original) };
        // SAFETY: by the caller.
        unsafe { original(module, args, count) }
    }
}
