//! Looking whether what a block relies on is so, for tests: with `CEVALRY_CHECK` in the environment,
//! every block starts with a call that compares its context with the frame, and a difference ends
//! the process with a sentence.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use pyo3::ffi;

use crate::jit::code::read;
use crate::jit::context::{Behind, Context, Held, Known, Slot};
use crate::jit::facts;
use crate::jit::live::Registers;
use crate::jit::record::Record;
use crate::jit::report::place;
use crate::jit::state::with;
use crate::release::layout::PyObject;

/// Bytes of the call that a checked block starts with.
pub const NEAR_CALL_BYTES: usize = 5;

/// What holds where a call returns to.
#[derive(Debug)]
pub struct Checked {
    pub record: *const Record,
    pub unit: u32,
    pub context: Rc<Context>,
}

/// A difference, and the slot that has it.
struct Wrong {
    slot: String,
    what: String,
}

/// Called from the start of a block, with its return address.
///
/// # Safety
/// Called by compiled code only.
pub unsafe extern "C" fn check(back: usize, registers: &Registers) {
    let result = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: compiled code holds the GIL; a record lives as long as its code runs.
        unsafe {
            let found = with(|jit| {
                let checked = jit.checks.as_ref()?.get(&back)?;
                let context = Rc::clone(&checked.context);
                Some((checked.record, checked.unit, context))
            });
            let Some(Some((record, unit, context))) = found else {
                return;
            };
            if let Err(wrong) = compare(&*record, &context, registers) {
                report(&*record, unit, &wrong);
            }
        }
    }));
    if result.is_err() {
        std::process::abort();
    }
}

fn report(record: &Record, unit: u32, wrong: &Wrong) -> ! {
    // SAFETY: the code runs.
    let place = unsafe { place(record, unit) };
    eprintln!(
        "cevalry: check failed in {place}, {}: {}",
        wrong.slot, wrong.what
    );
    std::process::abort()
}

/// # Safety
/// The registers are those of a block of the record.
unsafe fn compare(record: &Record, context: &Context, registers: &Registers) -> Result<(), Wrong> {
    let frame = |what: &str| Wrong {
        slot: "frame".to_owned(),
        what: what.to_owned(),
    };
    // SAFETY: by the caller.
    unsafe {
        if read::<usize>(registers.frame(), facts::FRAME_CODE) != record.view.object {
            return Err(frame("runs other code"));
        }
        let holder = match facts::CURRENT_VIA {
            Some(via) => read(registers.tstate(), via),
            None => registers.tstate(),
        };
        if read::<usize>(holder, facts::CURRENT) != registers.frame() {
            return Err(frame("is not the one that runs"));
        }
    }
    let mut owned = BTreeMap::new();
    let slots = context.locals.iter().chain(context.stack.iter());
    for (index, slot) in slots.enumerate() {
        let stack = index.checked_sub(context.locals.len());
        let named = |what| Wrong {
            slot: match stack {
                Some(depth) => format!("stack slot {depth}"),
                None => format!("local {index}"),
            },
            what,
        };
        // SAFETY: by the caller.
        unsafe {
            if stack.is_none() {
                check_memory(registers, slot, index).map_err(named)?;
            }
            let Some(object) = object(registers, slot, index) else {
                continue;
            };
            check_object(object, slot.known).map_err(named)?;
            if owns(slot, stack.is_some()) && object != 0 {
                *owned.entry(object).or_insert(0) += 1;
            }
        }
    }
    for (object, count) in owned {
        // SAFETY: the object was looked at above.
        let references = unsafe { ffi::Py_REFCNT(object as *mut ffi::PyObject) };
        if (references as i64) < count {
            let what = format!("{count} references are owned, and it has {references}");
            let slot = format!("object at {object:#x}");
            return Err(Wrong { slot, what });
        }
    }
    Ok(())
}

/// Whether a slot has a reference of its own to its object.
fn owns(slot: &Slot, stack: bool) -> bool {
    match slot.held {
        Held::Memory => true,
        Held::Object { owned, .. } => owned && (stack || slot.behind == Behind::Stale),
        _ => false,
    }
}

/// What the memory of a local must hold whose value is elsewhere.
///
/// # Safety
/// The registers are those of the block.
unsafe fn check_memory(registers: &Registers, slot: &Slot, index: usize) -> Result<(), String> {
    if slot.held == Held::Memory {
        return Ok(());
    }
    // SAFETY: a local's memory always holds NULL or an object.
    unsafe {
        let there = memory(registers, index);
        if slot.behind == Behind::Same {
            return check_object(there, slot.known);
        }
        if there == 0 {
            return Ok(());
        }
        // A finalizer may have been shown the value of that time.
        let ty: usize = read(there, PyObject::ob_type.offset);
        let plain = [facts::float_type(), facts::long_type(), facts::bool_type()];
        if !plain.contains(&ty) && ffi::Py_REFCNT(there as *mut ffi::PyObject) < 2 {
            return Err(format!("its memory holds the last {}", type_name(ty)));
        }
    }
    Ok(())
}

/// The object of a slot; `None` where it is not an object yet.
///
/// # Safety
/// As for `check_memory`.
unsafe fn object(registers: &Registers, slot: &Slot, index: usize) -> Option<usize> {
    // SAFETY: by the caller.
    unsafe {
        match slot.held {
            Held::Memory => Some(memory(registers, index)),
            Held::Object { at, .. } => Some(registers.get(at) as usize),
            Held::Local(n) => Some(memory(registers, n.into())),
            Held::Constant(address) => Some(address),
            _ => None,
        }
    }
}

unsafe fn memory(registers: &Registers, index: usize) -> usize {
    // SAFETY: by the caller.
    unsafe { read(registers.frame(), facts::LOCALS + 8 * index as i32) }
}

/// # Safety
/// `object` is NULL or an object, if compiled code is right.
unsafe fn check_object(object: usize, known: Known) -> Result<(), String> {
    if object == 0 {
        return match known {
            Known::Nothing | Known::Unbound => Ok(()),
            Known::Bound | Known::Type(_) => Err("it is NULL, and thought to be bound".to_owned()),
        };
    }
    // SAFETY: by the caller.
    unsafe {
        let ty: usize = read(object, PyObject::ob_type.offset);
        if ffi::Py_REFCNT(object as *mut ffi::PyObject) <= 0 {
            return Err(format!("a {} that nobody holds", type_name(ty)));
        }
        match known {
            Known::Unbound => Err(format!("it is a {}, and thought to be NULL", type_name(ty))),
            Known::Type(thought) if thought != ty => Err(format!(
                "it is a {}, and thought to be a {}",
                type_name(ty),
                type_name(thought)
            )),
            _ => Ok(()),
        }
    }
}

/// # Safety
/// `ty` is a type object.
unsafe fn type_name(ty: usize) -> String {
    // SAFETY: a type has a name.
    unsafe {
        let name = (*(ty as *mut ffi::PyTypeObject)).tp_name;
        std::ffi::CStr::from_ptr(name)
            .to_string_lossy()
            .into_owned()
    }
}
