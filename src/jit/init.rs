//! Setting the compiler up, and what `co_extra` keeps.

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::ffi::c_void;
use std::sync::atomic::Ordering;

use pyo3::ffi;

use crate::emit::reuse::Buffers;
use crate::emit::view::Doors;
use crate::jit::api::Refusal;
use crate::jit::arena::Arena;
use crate::jit::check::check;
use crate::jit::exit::stub_hit;
use crate::jit::extra;
use crate::jit::floats::Floats;
use crate::jit::fork;
use crate::jit::frame;
use crate::jit::maturity::Pace;
use crate::jit::record::Record;
use crate::jit::reserve;
use crate::jit::resume;
use crate::jit::standins;
use crate::jit::state::{Jit, Totals, install, with};
use crate::jit::stubs::Stubs;
use crate::jit::symbols;
use crate::jit::tracer;
use crate::jit::trampoline::{Targets, Trampolines};
use crate::mechanisms::Mechanism;
use crate::memory;

/// Makes the compiler.
///
/// # Safety
/// The calling thread holds the GIL.
pub unsafe fn init(doors: Doors) -> Result<(), Refusal> {
    // SAFETY: the GIL is held.
    if unsafe { with(|_| ()) }.is_some() {
        return Ok(());
    }
    let private = frame::resolve().ok_or(Refusal::Symbol("_PyEval_EvalFrameDefault"))?;
    let mut arena = Arena::new(symbols::lookup(c"_PyEval_EvalFrameDefault"))?;
    let extra_index = extra::request(drop_record);
    if extra_index < 0 {
        return Err(Refusal::Extra);
    }
    fork::watch()?;
    tracer::prepare();
    let targets = Targets {
        evaluator: private.evaluator as usize,
        uncompiled: frame::uncompiled as *const () as usize,
        resume_uncompiled: frame::resume_uncompiled as *const () as usize,
        stub_hit: stub_hit as *const () as usize,
        check: check as *const () as usize,
        extra_index: extra_index as i32,
        clear_and_pop: private.clear_and_pop as usize,
        dealloc: private.dealloc,
        free: match Mechanism::InstanceDrops.is_on() {
            true => standins::drops::free as *const () as usize,
            false => private.dealloc,
        },
        hook: doors.hook,
        forward: doors.forward,
        slots: doors.slots,
        // SAFETY: the GIL is held.
        floats: unsafe { Floats::find(ffi::PyInterpreterState_Get() as usize) },
    };
    let trampolines = Trampolines::new(&mut arena, &targets).expect("the first page is there");
    let trampolines: &Trampolines = Box::leak(Box::new(trampolines));
    let symbols = symbols::resolve(&doors);
    let jit = Jit {
        arena,
        trampolines,
        stubs: Stubs::default(),
        records: HashSet::new(),
        symbols,
        absent: symbols::absent(symbols),
        extra_index,
        doors,
        patch: patch(),
        pace: Pace::default(),
        dump: std::env::var_os("CEVALRY_DUMP").is_some(),
        checks: std::env::var_os("CEVALRY_CHECK").map(|_| HashMap::new()),
        totals: Totals::default(),
        buffers: Buffers::default(),
        emitted: Vec::new(),
        awaiting: HashMap::new(),
        items: RefCell::default(),
        exits: Default::default(),
    };
    memory::provide();
    // SAFETY: the GIL is held.
    unsafe { reserve::provide(0) };
    frame::ENTER.store(trampolines.enter, Ordering::Relaxed);
    standins::FRAME_RUNNER.store(trampolines.call_from_outside, Ordering::Relaxed);
    standins::know(&doors);
    resume::settle(&jit);
    // SAFETY: the GIL is held.
    unsafe { install(jit) };
    Ok(())
}

/// The patch number of the running interpreter.
fn patch() -> u8 {
    // SAFETY: a constant of the interpreter.
    (unsafe { ffi::Py_Version } >> 8) as u8
}

/// The interpreter drops a code object.
unsafe extern "C" fn drop_record(record: *mut c_void) {
    if record.is_null() {
        return;
    }
    // SAFETY: `attach` made it from a box; the code object and its frames are gone.
    let mut record = unsafe { Box::from_raw(record.cast::<Record>()) };
    // SAFETY: the GIL is held where objects are dropped.
    unsafe { with(|jit| jit.forget(&mut record)) };
}

/// The record of a code object, if it has one.
///
/// # Safety
/// `code` is a live code object, and the GIL is held.
pub unsafe fn record_of(index: isize, code: usize) -> Option<*mut Record> {
    // SAFETY: by the caller.
    unsafe { extra::get(index, code) }.map(|record| record.cast())
}

/// Gives a code object its record.
///
/// # Safety
/// As for `record_of`; the code object has none yet.
pub unsafe fn attach(index: isize, code: usize, record: Box<Record>) -> Option<*mut Record> {
    let record = Box::into_raw(record);
    // SAFETY: by the caller.
    unsafe {
        if extra::set(index, code, record.cast()) {
            return Some(record);
        }
        drop(Box::from_raw(record));
    }
    None
}
