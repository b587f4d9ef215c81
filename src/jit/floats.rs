//! Floats are made and freed through the interpreter's own list of free ones, in shared machine code.
//!
//! Where an interpreter has the list differs even between patch releases, so it is looked for: what was
//! freed last stands at its head, behind the number of those in it. Whoever traces memory is told of each
//! object by the interpreter's functions, which do it all while somebody does.
#![expect(
    clippy::useless_conversion,
    reason = "the macro converts register numbers, whatever their type"
)]

use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};
use pyo3::ffi;

use crate::emit::helpers;
use crate::jit::code::read;
use crate::jit::facts;
use crate::jit::trampoline::Assembler;
use crate::mechanisms::Mechanism;
use crate::release::layout::{PyFloatObject, PyInterpreterState, PyObject, PyThreadState};

/// Floats that the interpreter keeps at most: `PyFloat_MAXFREELIST`.
const MOST: i32 = 100;
/// How far before the list's head the number of floats in it stands.
const COUNT: i32 = -8;
/// Registers that a callee may change, but for the scratch register.
const VOLATILE: [u8; 8] = [0, 1, 2, 6, 7, 8, 9, 10];
const VECTORS: i32 = 15;

/// Where the interpreter has what making and freeing floats takes.
#[derive(Clone, Copy, Debug)]
pub struct Floats {
    /// The head of the list of free floats, from the start of the interpreter's state.
    list: i32,
    /// What is 0 as long as nobody is to be told of new objects.
    told: usize,
}

impl Floats {
    /// Looks for both. `None` where one was not found: the interpreter's functions are called then.
    ///
    /// # Safety
    /// The GIL is held, and the interpreter's state is that of the running thread.
    pub unsafe fn find(interp: usize) -> Option<Floats> {
        if !Mechanism::FreeFloats.is_on() {
            return None;
        }
        // SAFETY: by the caller.
        unsafe {
            Some(Floats {
                list: find_list(interp)?,
                told: tracing::find()?,
            })
        }
    }
}

/// Where the head of the list of free floats is.
///
/// # Safety
/// As for [`Floats::find`].
unsafe fn find_list(interp: usize) -> Option<i32> {
    // A member near the end of the interpreter's state.
    const END: i32 = PyInterpreterState::_initial_thread.offset;
    // SAFETY: by the caller; floats are made and freed as anybody may.
    unsafe {
        let (first, second) = (ffi::PyFloat_FromDouble(1.5), ffi::PyFloat_FromDouble(2.5));
        if first.is_null() || second.is_null() {
            ffi::PyErr_Clear();
            return None;
        }
        let count = |at: i32| read::<i32>(interp, at + COUNT);
        let holds = |at: i32, object: *mut ffi::PyObject| {
            read::<usize>(interp, at) == object as usize && (1..=MOST).contains(&count(at))
        };
        ffi::Py_DECREF(first);
        let places = (8..END).step_by(8).filter(|&at| holds(at, first));
        let before: Vec<(i32, i32)> = places.map(|at| (at, count(at))).collect();
        ffi::Py_DECREF(second);
        let mut after = before
            .into_iter()
            .filter(|&(at, floats)| holds(at, second) && count(at) == floats + 1);
        let found = after.next();
        let linked = read::<usize>(second as usize, PyObject::ob_type.offset) == first as usize;
        found
            .filter(|_| linked && after.next().is_none())
            .map(|(at, _)| at)
    }
}

#[cfg(not(Py_3_12))]
mod tracing {
    /// `_Py_tracemalloc_config.tracing`
    ///
    /// # Safety
    /// None; as the other.
    pub unsafe fn find() -> Option<usize> {
        /// Behind the state of the module that traces.
        const TRACING: usize = 4;
        // SAFETY: the name is a C string.
        let config = unsafe { libc::dlsym(libc::RTLD_DEFAULT, c"_Py_tracemalloc_config".as_ptr()) };
        (!config.is_null()).then_some(config as usize + TRACING)
    }
}

#[cfg(Py_3_12)]
mod tracing {
    use std::ffi::{c_int, c_void};

    use pyo3::ffi::PyObject;

    use crate::jit::code::read;
    use crate::release::layout::_PyRuntimeState;

    type Tracer = unsafe extern "C" fn(*mut PyObject, c_int, *mut c_void) -> c_int;

    unsafe extern "C" {
        static _PyRuntime: c_void;
        fn PyRefTracer_SetTracer(tracer: Option<Tracer>, data: *mut c_void) -> c_int;
        fn PyRefTracer_GetTracer(data: *mut *mut c_void) -> Option<Tracer>;
    }

    unsafe extern "C" fn nobody(_: *mut PyObject, _: c_int, _: *mut c_void) -> c_int {
        0
    }

    /// `_PyRuntime.ref_tracer.tracer_func`, which is not at the same place in all patch releases.
    ///
    /// # Safety
    /// The GIL is held.
    pub unsafe fn find() -> Option<usize> {
        /// How far it may have moved.
        const NEAR: i32 = 1024;
        let runtime = &raw const _PyRuntime as usize;
        let expected = _PyRuntimeState::ref_tracer.offset;
        // SAFETY: by the caller; what was set is set again. The struct has members behind it that take
        // more than is looked at.
        unsafe {
            let mut data = std::ptr::null_mut();
            let before = PyRefTracer_GetTracer(&raw mut data);
            if PyRefTracer_SetTracer(Some(nobody), std::ptr::null_mut()) < 0 {
                return None;
            }
            let mut places = (expected - NEAR..expected + NEAR).step_by(8);
            let at = places.find(|&at| read::<usize>(runtime, at) == nobody as *const () as usize);
            PyRefTracer_SetTracer(before, data);
            at.map(|at| runtime + at as usize)
        }
    }
}

/// Goes to `told` where somebody is to be told of objects. Changes the scratch register.
fn unless_told(ops: &mut Assembler, floats: Floats, told: DynamicLabel) {
    dynasm!(ops; .arch x64; mov r11, QWORD floats.told as i64);
    match cfg!(Py_3_12) {
        true => dynasm!(ops; .arch x64; cmp QWORD [r11], BYTE 0),
        false => dynasm!(ops; .arch x64; cmp DWORD [r11], BYTE 0),
    }
    dynasm!(ops; .arch x64; jne =>told);
}

/// `fn(xmm15) -> r11`: as `helpers::box_float`, and keeps every other register.
pub fn box_float(ops: &mut Assembler, floats: Option<Floats>) -> AssemblyOffset {
    let (slow, empty) = (ops.new_dynamic_label(), ops.new_dynamic_label());
    let entry = ops.offset();
    if let Some(floats) = floats {
        unless_told(ops, floats, slow);
        dynasm!(ops
            ; .arch x64
            ; push rax
            ; mov rax, [r12 + PyThreadState::interp.offset]
            ; mov r11, [rax + floats.list]
            ; test r11, r11
            ; jz =>empty
            ; push rcx
            ; mov rcx, [r11 + PyObject::ob_type.offset]
            ; mov [rax + floats.list], rcx
            ; pop rcx
            ; dec DWORD [rax + floats.list + COUNT]
            ; mov QWORD [r11], 1
            ; mov rax, QWORD facts::float_type() as i64
            ; mov [r11 + PyObject::ob_type.offset], rax
            ; movsd [r11 + PyFloatObject::ob_fval.offset], xmm15
            ; pop rax
            ; ret
            ; =>empty
            ; pop rax
        );
    }
    dynasm!(ops; .arch x64; =>slow);
    for r in VOLATILE {
        dynasm!(ops; .arch x64; push Rq(r));
    }
    dynasm!(ops; .arch x64; sub rsp, 8 * VECTORS);
    for x in 0..VECTORS {
        dynasm!(ops; .arch x64; movsd [rsp + 8 * x], Rx(x as u8));
    }
    dynasm!(ops
        ; .arch x64
        ; movsd xmm0, xmm15
        ; mov rax, QWORD helpers::box_float as *const () as i64
        ; call rax
        ; mov r11, rax
    );
    for x in 0..VECTORS {
        dynasm!(ops; .arch x64; movsd Rx(x as u8), [rsp + 8 * x]);
    }
    dynasm!(ops; .arch x64; add rsp, 8 * VECTORS);
    for r in VOLATILE.into_iter().rev() {
        dynasm!(ops; .arch x64; pop Rq(r));
    }
    dynasm!(ops; .arch x64; ret);
    entry
}

/// Frees the object in `rdi` and goes on, where it is a `float` that the list has room for; goes to `other`
/// elsewhere. Changes the scratch register.
pub fn free(ops: &mut Assembler, floats: Floats, other: DynamicLabel) {
    let full = ops.new_dynamic_label();
    let freed = ops.new_dynamic_label();
    dynasm!(ops
        ; .arch x64
        ; mov r11, QWORD facts::float_type() as i64
        ; cmp [rdi + PyObject::ob_type.offset], r11
        ; jne =>other
    );
    unless_told(ops, floats, other);
    dynasm!(ops
        ; .arch x64
        ; push rax
        ; mov r11, [r12 + PyThreadState::interp.offset]
        ; mov eax, [r11 + floats.list + COUNT]
        // A list that is not in use has a negative number of floats.
        ; cmp eax, MOST
        ; jae =>full
        ; inc eax
        ; mov [r11 + floats.list + COUNT], eax
        ; mov rax, [r11 + floats.list]
        ; mov [rdi + PyObject::ob_type.offset], rax
        ; mov [r11 + floats.list], rdi
        ; pop rax
        ; jmp =>freed
        ; =>full
        ; pop rax
        ; jmp =>other
        ; =>freed
    );
}
