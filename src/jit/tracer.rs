//! Whether somebody is told of objects that are made and freed, which C can ask for from 3.13 on.

#[cfg(not(Py_3_13))]
pub fn prepare() {}

/// What is not NULL where somebody is told, on releases where that can be.
#[cfg(not(Py_3_13))]
pub fn place() -> Option<usize> {
    None
}

/// Whether somebody is told, or may be.
///
/// # Safety
/// The GIL is held.
#[cfg(not(Py_3_13))]
#[inline]
pub unsafe fn is_set() -> bool {
    false
}

#[cfg(Py_3_13)]
pub use since_3_13::{is_set, place, prepare};

#[cfg(Py_3_13)]
mod since_3_13 {
    use std::ffi::{c_int, c_void};
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering};

    use crate::jit::code::read;
    use crate::jit::symbols::lookup;
    use crate::release::layout::_PyRuntimeState;

    unsafe extern "C" {
        fn PyRefTracer_GetTracer(data: *mut *mut c_void) -> usize;
        fn PyRefTracer_SetTracer(tracer: usize, data: *mut c_void) -> c_int;
    }

    /// What stands for the tracer as long as nobody knows where that is.
    static MAYBE: usize = 1;
    static PLACE: AtomicPtr<usize> = AtomicPtr::new((&raw const MAYBE).cast_mut());

    /// Finds out where the running interpreter says it. Done once, with the GIL held.
    pub fn prepare() {
        // SAFETY: by the caller.
        if let Some(found) = unsafe { search() } {
            PLACE.store(found as *mut usize, Ordering::Relaxed);
        }
    }

    /// What is not NULL where somebody is told, or may be.
    pub fn place() -> Option<usize> {
        Some(PLACE.load(Ordering::Relaxed) as usize)
    }

    /// Whether somebody is told, or may be.
    ///
    /// # Safety
    /// The GIL is held.
    #[inline]
    pub unsafe fn is_set() -> bool {
        // SAFETY: by the caller; a place of ours, or inside a variable of the interpreter.
        unsafe { PLACE.load(Ordering::Relaxed).read_volatile() != 0 }
    }

    /// Finds the place by setting a tracer: patch releases put more or less before it.
    ///
    /// # Safety
    /// The GIL is held.
    unsafe fn search() -> Option<usize> {
        /// How far it may be from where one release has it.
        const NEAR: usize = 4096;
        const AT: usize = _PyRuntimeState::ref_tracer.offset as usize;
        unsafe extern "C" fn ours(_: *mut c_void, _: c_int, _: *mut c_void) -> c_int {
            0
        }
        let runtime = lookup(c"_PyRuntime");
        if runtime == 0 {
            return None;
        }
        let tracer = ours as *const () as usize;
        // SAFETY: by the caller; no object is made or freed before the tracer is what it was. The
        // addresses are inside one variable, which is larger than that.
        unsafe {
            let is_ours = |&address: &usize| read::<usize>(address, 0) == tracer;
            let near = || (runtime + AT - NEAR..runtime + AT + NEAR).step_by(8);
            if near().any(|address| is_ours(&address)) {
                return None;
            }
            let mut data = ptr::null_mut();
            let before = PyRefTracer_GetTracer(&raw mut data);
            PyRefTracer_SetTracer(tracer, ptr::null_mut());
            let mut found = near().filter(is_ours);
            let found = (found.next(), found.next());
            PyRefTracer_SetTracer(before, data);
            match found {
                (Some(address), None) => Some(address),
                _ => None,
            }
        }
    }
}
