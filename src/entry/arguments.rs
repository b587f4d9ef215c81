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
#[cfg(Py_3_13)]
use super::packed::Packed;
use crate::jit::code::{self, Shape};
use crate::jit::depths::Depths;
use crate::jit::{extra, unwind};
use crate::release::{OPCODES, sym};

/// A call in a code object.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Call {
    unit: u32,
    /// The argument of the instruction: how many values are handed over.
    oparg: u32,
    /// The lowest stack slot that it takes, where the result will be.
    pub slot: u32,
    /// How many values it takes.
    pub values: u32,
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

/// The arguments of a call that the interpreter makes, on the stack of the frame that it runs.
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

/// What keeps the arguments of a call of an entry point until it is over.
#[cfg(Py_3_12)]
#[derive(Clone, Copy, Debug)]
pub enum Kept {
    /// A stack, whose references the callee gets.
    Stack(OnStack),
    /// What the interpreter has made for the call: the callee's frame gets references of its own.
    #[cfg(Py_3_13)]
    Packed(Packed),
}

#[cfg(Py_3_12)]
impl Kept {
    /// Whether the callee gets the references that are there.
    pub fn moves(self) -> bool {
        matches!(self, Kept::Stack(_))
    }

    /// The callee's frame was made, or could not be.
    ///
    /// # Safety
    /// The call is under way and holds the GIL.
    pub unsafe fn settle(self, made: bool) {
        // SAFETY: by the caller; the frame that was made holds the arguments.
        unsafe {
            match self {
                Kept::Stack(stack) => stack.take(),
                #[cfg(Py_3_13)]
                Kept::Packed(packed) if made => packed.release(),
                // They go when the call does, as they do where the interpreter makes no frame.
                #[cfg(Py_3_13)]
                Kept::Packed(_) => {}
            }
        }
        #[cfg(not(Py_3_13))]
        let _ = made;
    }
}

/// A call of a function's entry point.
#[cfg(Py_3_12)]
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    pub function: *mut ffi::PyObject,
    pub args: *const *mut ffi::PyObject,
    /// Positional ones and those with keywords.
    pub count: usize,
    /// Whether some have keywords.
    pub keywords: bool,
    /// Whether the slot in front of the arguments may be used meanwhile.
    pub on_stack: bool,
    /// The address of a variable of the entry point.
    pub here: usize,
}

/// What keeps the arguments of a call of a function's entry point, where the interpreter itself makes
/// the call and does nothing with them afterwards but drop them.
///
/// # Safety
/// The arguments are those that the entry point was given, and their number; the GIL is held.
#[cfg(Py_3_12)]
pub unsafe fn of_entry(thread: Thread, arrival: Arrival) -> Option<Kept> {
    let Arrival {
        function,
        args,
        count,
        ..
    } = arrival;
    let caller = thread.frame()?;
    let (_, code) = caller.runs()?;
    if count == 0 || !caller.is_interpreted() || !thread.unwatched(code) {
        return None;
    }
    // SAFETY: the frame holds a reference to its code object.
    let shape = unsafe { Shape::of(code as usize) };
    let bottom = caller.slot(shape.locals) as usize;
    let top = caller.slot(shape.locals + shape.stack) as usize;
    let first = args as usize;
    let inside =
        first >= bottom + 2 * size_of::<usize>() && first + count * size_of::<usize>() <= top;
    if !arrival.on_stack || !inside {
        #[cfg(Py_3_13)]
        // SAFETY: by the caller.
        return unsafe { of_packed_entry(caller, code, arrival) }.map(Kept::Packed);
        #[cfg(not(Py_3_13))]
        return None;
    }
    // Below its arguments stands the function, perhaps with a slot between that is empty.
    // SAFETY: the slots are inside the frame.
    let direct = unsafe {
        let below = *args.sub(1);
        below == function || (below.is_null() && *args.sub(2) == function)
    };
    direct.then_some(Kept::Stack(OnStack {
        first: args.cast_mut(),
        count,
    }))
}

/// # Safety
/// The interpreter runs the frame; the arguments are those of an entry point.
#[cfg(Py_3_13)]
unsafe fn of_packed_entry(
    caller: Frame,
    code: *mut ffi::PyCodeObject,
    arrival: Arrival,
) -> Option<Packed> {
    // SAFETY: by the caller; the frame holds a reference to its code object, and the slot is inside
    // the frame.
    unsafe {
        let call = packed_call(caller, code, arrival.function)?;
        let given = (arrival.args, arrival.count, arrival.keywords);
        Packed::of_entry(caller, call, given, arrival.here)
    }
}

/// The call with packed arguments that a frame is at, if it is one of that function.
///
/// # Safety
/// The interpreter runs the frame, which is one of that code object.
#[cfg(Py_3_13)]
unsafe fn packed_call(
    caller: Frame,
    code: *mut ffi::PyCodeObject,
    function: *mut ffi::PyObject,
) -> Option<Call> {
    // SAFETY: by the caller; the slot is inside the frame.
    unsafe {
        let call = call_at(caller, code).filter(|call| call.handed == Handed::Packed)?;
        let place = Shape::of(code as usize).locals + call.slot as usize;
        (*caller.slot(place) == function).then_some(call)
    }
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
/// function itself, what it keeps of the arguments lets go of them. `here` is the address of a
/// variable of the evaluator.
///
/// # Safety
/// The frame is live and holds its arguments; the GIL is held.
pub unsafe fn leave_to(thread: Thread, callee: Frame, here: usize) {
    let Some(caller) = thread.frame().filter(|caller| caller.is_interpreted()) else {
        return;
    };
    let (Some((function, called)), Some((_, code))) = (callee.runs(), caller.runs()) else {
        return;
    };
    if !callee.at_start(called) || !thread.unwatched(code) {
        return;
    }
    let function = function.cast();
    // SAFETY: by the caller; the frames hold references to their code objects.
    unsafe {
        #[cfg(Py_3_13)]
        if let Some(call) = packed_call(caller, code, function) {
            let packed = Packed::of_frame(caller, call, here);
            // A tuple that the callee has packed holds the same.
            let (rest, _) = packs_of(callee, &Shape::of(called as usize));
            if let Some(packed) = packed.filter(|packed| !packed.is(rest)) {
                let (first, count) = packed.all();
                if has_all(callee, called, OnStack { first, count }) {
                    packed.release();
                }
            }
            return;
        }
        #[cfg(not(Py_3_13))]
        let _ = here;
        if let Some(arguments) = on_stack(caller, code, function)
            && has_all(callee, called, arguments)
        {
            arguments.release();
        }
    }
}

/// The arguments on the stack of the frame, if the call that it is at is one of that function.
///
/// # Safety
/// The interpreter runs the frame, which is one of that code object.
unsafe fn on_stack(
    caller: Frame,
    code: *mut ffi::PyCodeObject,
    function: *mut ffi::PyObject,
) -> Option<OnStack> {
    // SAFETY: by the caller.
    let (call, shape) = unsafe { (call_at(caller, code)?, Shape::of(code as usize)) };
    let (slot, oparg) = (call.slot as usize, call.oparg as usize);
    if call.handed != Handed::Single || slot + 2 + oparg > shape.stack {
        return None;
    }
    let place = |i: usize| caller.slot(shape.locals + slot + i);
    // SAFETY: the slots are inside the frame.
    let (below, next) = unsafe { (*place(0), *place(1)) };
    let (first, count) = if below == function && !next.is_null() {
        (1, oparg + 1)
    } else if below == function || (below.is_null() && next == function) {
        (2, oparg)
    } else {
        return None;
    };
    Some(OnStack {
        first: place(first),
        count,
    })
}

/// Whether the callee's frame was made with these arguments, and holds each of them: in its place, in
/// one that a keyword names, or in what the callee packs.
///
/// # Safety
/// The frame is at its start, and the arguments can be read.
unsafe fn has_all(callee: Frame, code: *mut ffi::PyCodeObject, arguments: OnStack) -> bool {
    // SAFETY: the frame holds a reference to its code object.
    let shape = unsafe { Shape::of(code as usize) };
    // SAFETY: as above; at its start a frame holds the tuple and the dict that it packs.
    let (rest, named) = unsafe { packs_of(callee, &shape) };
    let positional = shape.positional;
    (0..arguments.count).all(|i| {
        // SAFETY: by the caller.
        unsafe {
            let argument = *arguments.first.add(i);
            let in_place = if i < positional {
                *callee.slot(i) == argument
            } else {
                rest.is_some_and(|rest| {
                    i - positional < ffi::PyTuple_GET_SIZE(rest) as usize
                        && ffi::PyTuple_GET_ITEM(rest, (i - positional) as isize) == argument
                })
            };
            !argument.is_null()
                && (in_place
                    || (0..shape.args).any(|k| *callee.slot(k) == argument)
                    || named.is_some_and(|named| has_value(named, argument)))
        }
    })
}

/// The tuple and the dict of arguments that a frame, at its start, has packed.
///
/// # Safety
/// The frame runs a code object of that shape.
unsafe fn packs_of(
    frame: Frame,
    shape: &Shape,
) -> (Option<*mut ffi::PyObject>, Option<*mut ffi::PyObject>) {
    let packs = |flag| shape.flags & flag != 0;
    let (rest, named) = (packs(ffi::CO_VARARGS), packs(ffi::CO_VARKEYWORDS));
    let at = |place: usize| {
        // SAFETY: by the caller.
        unsafe { *frame.slot(place) }
    };
    (
        rest.then(|| at(shape.args - 1 - usize::from(named))),
        named.then(|| at(shape.args - 1)),
    )
}

/// Whether a dict has that very value.
///
/// # Safety
/// `dict` is a live dict.
unsafe fn has_value(dict: *mut ffi::PyObject, wanted: *mut ffi::PyObject) -> bool {
    let (mut at, mut value) = (0, std::ptr::null_mut());
    // SAFETY: by the caller.
    unsafe {
        while ffi::PyDict_Next(dict, &mut at, std::ptr::null_mut(), &mut value) != 0 {
            if value == wanted {
                return true;
            }
        }
    }
    false
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
            && let (Some(before), Some(after)) = (depths.before(&decoded), depths.after(&decoded))
            && let Some(slot) = after.checked_sub(1)
        {
            calls.push(Call {
                unit: decoded.instr.unit,
                oparg: decoded.instr.oparg,
                slot,
                values: before.saturating_sub(slot),
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
