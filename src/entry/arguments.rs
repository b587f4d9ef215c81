//! Giving a call's arguments up to the callee.
//!
//! Where the interpreter runs a call of a Python function by itself, the arguments move from the
//! caller's stack to the callee's frame. Where the call goes through an entry point or a frame
//! evaluator, the caller's stack keeps them until it is over: an argument that the callee lets go
//! of would die late, and be counted once too often. So what the stack keeps is exchanged for
//! `None` as soon as the callee's frame has its own references.
//!
//! The interpreter does not say how high its stack is while it runs a frame. It is worked out from
//! the code, once for each code object that calls something.

use std::ffi::c_void;
use std::sync::atomic::{AtomicIsize, Ordering};

use pyo3::ffi;

use super::interp::{Frame, Thread};
use crate::jit::code::{self, Shape};
use crate::jit::depths::Depths;
use crate::jit::{extra, unwind};
#[cfg(Py_3_12)]
use crate::release::layout;
use crate::release::{OPCODES, sym};

/// A call in a code object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Call {
    unit: u32,
    /// The argument of the instruction: how many values are handed over.
    oparg: u32,
    /// The lowest stack slot that it takes, where the result will be.
    slot: u32,
    handed: Handed,
}

/// How a call hands its arguments over.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Handed {
    /// One by one, in slots of the stack.
    Single,
    /// In a tuple, which the interpreter lets go of where it runs the call by itself.
    #[cfg(Py_3_12)]
    Packed,
}

/// The extra slot of code objects that holds their calls.
static INDEX: AtomicIsize = AtomicIsize::new(-1);

/// Ask for a slot in code objects. Done once.
pub fn prepare() {
    unsafe extern "C" fn forget(calls: *mut c_void) {
        if !calls.is_null() {
            // SAFETY: `calls_of` made it from a box.
            drop(unsafe { Box::from_raw(calls.cast::<Box<[Call]>>()) });
        }
    }
    if INDEX.load(Ordering::Relaxed) < 0 {
        INDEX.store(extra::request(forget), Ordering::Relaxed);
    }
}

/// The arguments of a call that the interpreter makes, on the stack of the frame that it runs or in
/// a tuple that nobody else has.
#[derive(Clone, Copy, Debug)]
pub struct OnStack {
    first: *mut *mut ffi::PyObject,
    count: usize,
}

impl OnStack {
    /// Lets the stack have them no longer: their references are the caller's from now on.
    ///
    /// # Safety
    /// The call is under way and holds the GIL.
    #[cfg(Py_3_12)]
    pub unsafe fn take(self) {
        for i in 0..self.count {
            // SAFETY: the slots are the stack's own.
            unsafe { *self.first.add(i) = ffi::Py_NewRef(ffi::Py_None()) };
        }
    }

    /// Drops the references that the stack has.
    ///
    /// # Safety
    /// As for `take`; something else keeps the arguments alive.
    unsafe fn release(self) {
        for i in 0..self.count {
            // SAFETY: the slots are the stack's own; the interpreter drops what it finds there.
            unsafe {
                let slot = self.first.add(i);
                let old = slot.replace(ffi::Py_NewRef(ffi::Py_None()));
                ffi::Py_DECREF(old);
            }
        }
    }
}

/// The arguments of a call of a function's entry point, where the interpreter itself makes the
/// call and does nothing with them afterwards but drop them. `here` is the address of a variable
/// of the entry point.
///
/// # Safety
/// The arguments are those that the entry point was given, and their number; the GIL is held.
#[cfg(Py_3_12)]
pub unsafe fn of_entry(
    thread: Thread,
    function: *mut ffi::PyObject,
    (args, nargsf, count): (*const *mut ffi::PyObject, usize, usize),
    here: usize,
) -> Option<OnStack> {
    let caller = thread.frame()?;
    let (_, code) = caller.runs()?;
    if count == 0 || !caller.is_interpreted() || !thread.unwatched(code) {
        return None;
    }
    let found = OnStack {
        first: args.cast_mut(),
        count,
    };
    if nargsf & ffi::PY_VECTORCALL_ARGUMENTS_OFFSET == 0 {
        // SAFETY: by the caller.
        return unsafe { is_packed(caller, code, function, found, here) }.then_some(found);
    }
    // SAFETY: the frame holds a reference to its code object.
    let shape = unsafe { Shape::of(code as usize) };
    let bottom = caller.slot(shape.locals) as usize;
    let top = caller.slot(shape.locals + shape.stack) as usize;
    let first = args as usize;
    if first < bottom + 2 * size_of::<usize>() || first + count * size_of::<usize>() > top {
        return None;
    }
    // Below its arguments stands the function, perhaps with a slot between that is empty.
    // SAFETY: the slots are inside the frame.
    let direct = unsafe {
        let below = *args.sub(1);
        below == function || (below.is_null() && *args.sub(2) == function)
    };
    direct.then_some(found)
}

/// Whether arguments are those in a tuple that the interpreter itself has made for a call from
/// that frame.
///
/// # Safety
/// The interpreter runs the frame; the arguments are those of an entry point.
#[cfg(Py_3_12)]
unsafe fn is_packed(
    caller: Frame,
    code: *mut ffi::PyCodeObject,
    function: *mut ffi::PyObject,
    arguments: OnStack,
    here: usize,
) -> bool {
    let items = layout::PyTupleObject::ob_item.offset as usize;
    let tuple = (arguments.first as usize).wrapping_sub(items);
    // SAFETY: the frame holds a reference to its code object, and the slots are inside the frame.
    // What the arguments seem to be in is looked at only when it is what the slot says, or where
    // that can be read.
    unsafe {
        let Some(Call { slot, handed, .. }) = call_at(caller, code) else {
            return false;
        };
        let place = Shape::of(code as usize).locals + slot as usize;
        let tuple = tuple as *mut ffi::PyObject;
        handed == Handed::Packed
            && *caller.slot(place) == function
            && (*caller.slot(place + 2) == tuple
                || is_made_of_slot(caller, arguments.first as usize, here))
            && ffi::PyTuple_CheckExact(tuple) != 0
            && ffi::Py_REFCNT(tuple) == 1
            && ffi::PyTuple_GET_SIZE(tuple) as usize == arguments.count
    }
}

/// Whether arguments that the entry point was given can only be the items of a tuple that the
/// interpreter has made of what the slot held, if what stands before them is one.
#[cfg(Py_3_12)]
fn is_made_of_slot(caller: Frame, first: usize, here: usize) -> bool {
    /// What is on the same page as the arguments can be read.
    const PAGE: usize = 4096;
    let items = layout::PyTupleObject::ob_item.offset as usize;
    first % PAGE >= items && super::direct::is_direct(caller, here)
}

/// The call that a frame is at.
///
/// # Safety
/// The frame runs that code object.
unsafe fn call_at(caller: Frame, code: *mut ffi::PyCodeObject) -> Option<Call> {
    // SAFETY: by the caller.
    let calls = unsafe { calls_of(code)? };
    let unit = caller.unit(code);
    let at = calls.binary_search_by_key(&unit, |call| call.unit).ok()?;
    Some(calls[at])
}

/// The interpreter asks its evaluator to run a frame that it has just made: if it calls the
/// function itself, its stack lets go of the arguments.
///
/// # Safety
/// The frame is live and holds its arguments; the GIL is held.
pub unsafe fn leave_to(thread: Thread, callee: Frame) {
    // SAFETY: by the caller.
    unsafe {
        if let Some(arguments) = of_frame(thread, callee) {
            arguments.release();
        }
    }
}

/// # Safety
/// As for [`leave_to`].
unsafe fn of_frame(thread: Thread, callee: Frame) -> Option<OnStack> {
    let caller = thread.frame()?;
    if !caller.is_interpreted() {
        return None;
    }
    let (function, called) = callee.runs()?;
    let (_, code) = caller.runs()?;
    if !callee.at_start(called) || !thread.unwatched(code) {
        return None;
    }
    // SAFETY: the frame holds a reference to its code object.
    let (call, shape) = unsafe { (call_at(caller, code)?, Shape::of(code as usize)) };
    let (slot, oparg) = (call.slot as usize, call.oparg as usize);
    if call.handed != Handed::Single || slot + 2 + oparg > shape.stack {
        return None;
    }
    let place = |i: usize| caller.slot(shape.locals + slot + i);
    // SAFETY: the slots are inside the frame.
    let (below, next) = unsafe { (*place(0), *place(1)) };
    let function = function.cast::<ffi::PyObject>();
    let (first, count) = if below == function && !next.is_null() {
        (1, oparg + 1)
    } else if below == function || (below.is_null() && next == function) {
        (2, oparg)
    } else {
        return None;
    };
    let arguments = OnStack {
        first: place(first),
        count,
    };
    // SAFETY: by the caller, and as above.
    unsafe { has_all(callee, called, arguments) }.then_some(arguments)
}

/// Whether the callee's frame was made with these arguments.
///
/// # Safety
/// The frame is at its start, and the arguments are inside a frame.
unsafe fn has_all(callee: Frame, code: *mut ffi::PyCodeObject, arguments: OnStack) -> bool {
    const PACKS: i32 = ffi::CO_VARARGS | ffi::CO_VARKEYWORDS;
    // SAFETY: the frame holds a reference to its code object.
    let shape = unsafe { Shape::of(code as usize) };
    shape.flags & PACKS != 0
        || (0..arguments.count).all(|i| {
            // SAFETY: by the caller.
            unsafe {
                let argument = *arguments.first.add(i);
                let same = *callee.slot(i.min(shape.locals)) == argument;
                !argument.is_null()
                    && (same || (0..shape.args).any(|k| *callee.slot(k) == argument))
            }
        })
}

/// The calls in a code object, in order; `None` where they cannot be known.
///
/// # Safety
/// `code` is a live code object, and the GIL is held.
unsafe fn calls_of<'a>(code: *mut ffi::PyCodeObject) -> Option<&'a [Call]> {
    let index = INDEX.load(Ordering::Relaxed);
    if index < 0 {
        return None;
    }
    // SAFETY: by the caller; what is in the slot was put there below.
    unsafe {
        if let Some(calls) = extra::get(index, code as usize) {
            return Some(&*calls.cast::<Box<[Call]>>());
        }
        let found = Box::into_raw(Box::new(find_calls(code as usize)));
        if extra::set(index, code as usize, found.cast()) {
            return Some(&*found);
        }
        drop(Box::from_raw(found));
    }
    None
}

/// Follows the depth of the stack through a code object. Where that cannot be done no call is known.
///
/// # Safety
/// `code` is a live code object.
unsafe fn find_calls(code: usize) -> Box<[Call]> {
    // SAFETY: by the caller.
    let (units, table, shape) =
        unsafe { (code::units(code), unwind::table(code), Shape::of(code)) };
    let Some(depths) = Depths::follow(&shape, &units, table) else {
        return Box::default();
    };
    let mut calls = Vec::new();
    let mut unit = 0;
    while let Some(decoded) = code::decode(&units, unit) {
        if let Some(handed) = hands(decoded.opcode)
            && let Some(slot) = depths
                .after(&decoded)
                .and_then(|after| after.checked_sub(1))
        {
            calls.push(Call {
                unit: decoded.instr.unit,
                oparg: decoded.instr.oparg,
                slot,
                handed,
            });
        }
        unit = decoded.next();
    }
    calls.into()
}

/// How an opcode hands arguments to what stands below them, if it runs Python functions by itself.
fn hands(opcode: u8) -> Option<Handed> {
    let variants = OPCODES[usize::from(opcode)].variants;
    let uses = |symbol| variants.iter().any(|v| v.symbols.contains(&symbol));
    #[cfg(Py_3_12)]
    if uses(sym::_PyEvalFramePushAndInit_Ex) {
        return Some(Handed::Packed);
    }
    let single = uses(sym::PyObject_Vectorcall) && uses(sym::PyFunction_Type);
    single.then_some(Handed::Single)
}
