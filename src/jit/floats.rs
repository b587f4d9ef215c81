//! Floats are made and freed through the interpreter's own list of free ones, in shared machine code.
//!
//! Where an interpreter has the list differs even between patch releases, so it is looked for: what was
//! freed last stands at its head, behind the number of those in it. Whoever traces memory is told of each
//! object by the interpreter's functions, which do it all while somebody does.
#![expect(
    clippy::useless_conversion,
    reason = "the macro converts register numbers, whatever their type"
)]

use std::sync::atomic::{AtomicI32, Ordering};

use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};
use pyo3::ffi;

use crate::emit::helpers;
use crate::jit::code::{read, write};
use crate::jit::facts;
#[cfg(not(Py_3_12))]
use crate::jit::symbols::lookup;
use crate::jit::tracer;
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
        let list = unsafe { find_list(interp)? };
        LIST.store(list, Ordering::Relaxed);
        let told = told_of_new()?;
        Some(Floats { list, told })
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

/// What is not 0 while somebody is to be told of new objects.
#[cfg(not(Py_3_12))]
fn told_of_new() -> Option<usize> {
    /// `tracing`, behind the state of the module that traces.
    const TRACING: usize = 4;
    match lookup(c"_Py_tracemalloc_config") {
        0 => None,
        config => Some(config + TRACING),
    }
}

#[cfg(Py_3_12)]
fn told_of_new() -> Option<usize> {
    tracer::place()
}

/// The place of the list's head for code in Rust, 0 where it is not known.
static LIST: AtomicI32 = AtomicI32::new(0);

/// Keeps a float whose count is 0 for later, if there is room.
///
/// # Safety
/// A float of the exact type, and the state of the running thread.
#[inline]
pub unsafe fn keep_one(float: *mut ffi::PyObject, tstate: usize) -> bool {
    let list = LIST.load(Ordering::Relaxed);
    // SAFETY: by the caller.
    unsafe {
        if list == 0 || tracer::is_set() {
            return false;
        }
        let interp: usize = read(tstate, PyThreadState::interp.offset);
        let count: u32 = read(interp, list + COUNT);
        let room = count < MOST as u32;
        if room {
            write(interp, list + COUNT, count + 1);
            let first: usize = read(interp, list);
            write(float as usize, PyObject::ob_type.offset, first);
            write(interp, list, float as usize);
        }
        room
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
    dynasm!(ops
        ; .arch x64
        ; mov r11, QWORD facts::float_type() as i64
        ; cmp [rdi + PyObject::ob_type.offset], r11
        ; jne =>other
    );
    if let Some(address) = tracer::place() {
        dynasm!(ops
            ; .arch x64
            ; mov r11, QWORD address as i64
            ; cmp QWORD [r11], BYTE 0
            ; jne =>other
        );
    }
    dynasm!(ops
        ; .arch x64
        ; mov r11, [r12 + PyThreadState::interp.offset]
        // A list that is not in use has a negative number of floats.
        ; cmp DWORD [r11 + floats.list + COUNT], MOST
        ; jae =>other
        ; inc DWORD [r11 + floats.list + COUNT]
        ; push rax
        ; mov rax, [r11 + floats.list]
        ; mov [rdi + PyObject::ob_type.offset], rax
        ; mov [r11 + floats.list], rdi
        ; pop rax
    );
}
