//! What is compiled, and when.

use std::ffi::c_void;
use std::sync::atomic::{AtomicBool, AtomicIsize, AtomicU32, Ordering};

use pyo3::ffi;
use pyo3::prelude::{PyResult, Python};

use super::arguments;
#[cfg(Py_3_13)]
use super::direct;
#[cfg(Py_3_12)]
use super::functions;
use super::hook::{self, Need};
use super::main_loops;
#[cfg(Py_3_13)]
use super::write_through;
#[cfg(Py_3_12)]
use super::{monitoring, trampolines, watching};
use super::{profiling, sampling, slots};
use crate::jit::{self, Pace, extra};
use crate::mechanisms::Mechanism;
use crate::release::layout;

/// Samples that a function must be met in before it is compiled, unless the user says otherwise.
pub const DEFAULT_THRESHOLD: u32 = 2;

static ENABLED: AtomicBool = AtomicBool::new(false);
static THRESHOLD: AtomicU32 = AtomicU32::new(DEFAULT_THRESHOLD);

/// Learn what compiled code relies on, and begin to look at what would change it. Done once.
pub fn prepare(py: Python<'_>) -> PyResult<()> {
    traits_index();
    arguments::prepare();
    jit::standins::prepare();
    #[cfg(Py_3_12)]
    monitoring::prepare(py)?;
    #[cfg(Py_3_12)]
    watching::prepare(py)?;
    #[cfg(Py_3_12)]
    trampolines::prepare(py)?;
    profiling::prepare(py)
}

/// Find and compile hot code from now on.
pub fn enable(py: Python<'_>, threshold: u32) -> PyResult<()> {
    prepare(py)?;
    if threshold == 0 {
        hook::require(Need::Always);
        // The interpreter has to run the calls that this learns from.
        #[cfg(Py_3_13)]
        if !compiles_everything() {
            direct::learn(py, direct::Door::Evaluator)?;
        }
    }
    THRESHOLD.store(threshold, Ordering::Relaxed);
    ENABLED.store(true, Ordering::Relaxed);
    jit::set_pace(match threshold {
        _ if !Mechanism::Patience.is_on() => Pace::AtOnce,
        0 => Pace::Eager,
        _ => Pace::Patient,
    });
    slots::restore();
    if threshold == 0 {
        sampling::stop();
        return Ok(());
    }
    #[cfg(Py_3_12)]
    {
        hook::release(Need::Always);
        functions::prepare(py)?;
        functions::scan(py)?;
    }
    // Nothing else reaches what has been compiled before.
    #[cfg(not(Py_3_12))]
    if jit::has_compiled() {
        hook::require(Need::Always);
    } else {
        hook::release(Need::Always);
    }
    sampling::start(py)
}

/// Run everything through the interpreter again. What has been compiled is kept.
pub fn disable() {
    ENABLED.store(false, Ordering::Relaxed);
    jit::set_pace(Pace::AtOnce);
    sampling::stop();
    hook::release(Need::Always);
    #[cfg(Py_3_12)]
    functions::uninstall_all();
    slots::remove();
}

pub fn is_enabled() -> bool {
    ENABLED.load(Ordering::Relaxed)
}

pub fn threshold() -> u32 {
    THRESHOLD.load(Ordering::Relaxed)
}

/// Compile this code object at its next use.
pub(crate) fn compile(code: *mut ffi::PyCodeObject) -> Result<jit::EntryPtr, jit::Reason> {
    // SAFETY: callers hold the GIL and a reference to the code object.
    let compiled = unsafe { jit::compile_entry(code) };
    #[cfg(Py_3_13)]
    write_through::require();
    let traits = Traits::of(code);
    if compiled.is_err() {
        traits.add(code, Traits::REFUSED);
    } else if traits.has(Traits::SUSPENDS) {
        slots::require();
    } else if cfg!(not(Py_3_12)) {
        hook::require(Need::Always);
    }
    compiled
}

/// Compile a function's code, and see to it that callers reach it.
pub(crate) fn compile_function(
    py: Python<'_>,
    function: *mut ffi::PyFunctionObject,
) -> Result<(), jit::Reason> {
    // SAFETY: callers hold a reference to the function.
    let code = unsafe { (*function).func_code }.cast();
    compile(code)?;
    if Traits::of(code).has(Traits::SUSPENDS) {
        return Ok(());
    }
    #[cfg(Py_3_12)]
    if let Err(error) = functions::prepare(py) {
        return Err(jit::Reason(error.to_string()));
    }
    #[cfg(not(Py_3_12))]
    let _ = py;
    install(function);
    Ok(())
}

/// Let callers of this function reach its compiled code.
pub(crate) fn install(function: *mut ffi::PyFunctionObject) {
    #[cfg(Py_3_12)]
    functions::install(function);
    #[cfg(not(Py_3_12))]
    let _ = function;
}

/// A frame was found running in samples often enough. Gives whether its code will run compiled.
pub(crate) fn hot(code: *mut ffi::PyCodeObject, function: *mut ffi::PyFunctionObject) -> bool {
    let traits = Traits::of(code);
    if traits.has(Traits::REFUSED) || compile(code).is_err() {
        return false;
    }
    if !traits.has(Traits::SUSPENDS) {
        install(function);
    }
    true
}

/// The entry for a frame that the evaluator was given.
pub(crate) fn entry_for_frame(code: *mut ffi::PyCodeObject, wanted: bool) -> Option<jit::EntryPtr> {
    // SAFETY: the frame holds a reference to its code object, and the GIL is held.
    if let Some(entry) = unsafe { jit::entry_of(code) } {
        return Some(entry);
    }
    let everything = compiles_everything();
    if !wanted && !everything && !is_enabled() {
        return None;
    }
    let traits = Traits::of(code);
    if traits.has(Traits::REFUSED) || traits.has(Traits::SUSPENDS) {
        return None;
    }
    // SAFETY: a live code object.
    let warm = || unsafe { jit::is_specialised(code) };
    if wanted || everything || (enters_loops() && traits.has(Traits::EAGER) && warm()) {
        return compile(code).ok();
    }
    None
}

/// Whether the code of a frame is known to stay the interpreter's, as long as no sample says otherwise.
#[inline]
pub(crate) fn is_left(code: *mut ffi::PyCodeObject) -> bool {
    let traits = Traits::noted(code);
    traits.has(Traits::KNOWN)
        && !traits.has(Traits::EAGER)
        && !compiles_everything()
        // SAFETY: the frame holds a reference to its code object, and the GIL is held.
        && unsafe { !jit::is_prepared(code) }
}

/// Whether all code is compiled before it runs.
pub(crate) fn compiles_everything() -> bool {
    is_enabled() && threshold() == 0
}

/// A generator's frame is about to be resumed where everything is compiled.
pub(crate) fn consider_suspended(code: *mut ffi::PyCodeObject) {
    // SAFETY: the frame holds a reference to its code object, and the GIL is held.
    if unsafe { !jit::is_prepared(code) } && !Traits::of(code).has(Traits::REFUSED) {
        compile(code).ok();
    }
}

/// The entry for a call of a function that has our entry point.
#[cfg(Py_3_12)]
pub(crate) fn entry_for_call(code: *mut ffi::PyCodeObject) -> Option<jit::EntryPtr> {
    entry_for_frame(code, false)
}

/// A function was made, or was there before us: give it our entry point if it needs one.
#[cfg(Py_3_12)]
pub(crate) fn consider(function: *mut ffi::PyFunctionObject) {
    if !is_enabled() || threshold() == 0 {
        return;
    }
    // SAFETY: callers hold the GIL and a reference to the function.
    let code = unsafe { (*function).func_code }.cast::<ffi::PyCodeObject>();
    if Traits::noted(code).has(Traits::REFUSED) || Traits::suspends(code) {
        return;
    }
    // SAFETY: the function holds a reference to its code object.
    let compiled = unsafe { jit::entry_of(code) }.is_some();
    if compiled || (enters_loops() && main_loops::has(code)) {
        install(function);
    }
}

/// Whether functions of the program itself that have loops are compiled as soon as the interpreter
/// has specialised them: a loop that runs long is reached in the next call. Those of libraries are
/// many, and most of them run briefly while the program starts.
fn enters_loops() -> bool {
    Mechanism::MainLoops.is_on() && is_enabled() && threshold() <= DEFAULT_THRESHOLD
}

/// What is remembered of a code object, in one of its extra slots.
#[derive(Clone, Copy, Debug)]
struct Traits(usize);

static INDEX: AtomicIsize = AtomicIsize::new(-1);

/// The extra slot of code objects that holds their traits.
fn traits_index() -> isize {
    unsafe extern "C" fn nothing_to_free(_: *mut c_void) {}
    let index = INDEX.load(Ordering::Relaxed);
    if index >= 0 {
        return index;
    }
    let index = extra::request(nothing_to_free);
    INDEX.store(index, Ordering::Relaxed);
    index
}

impl Traits {
    /// Somebody has looked.
    const KNOWN: usize = 1;
    /// There is a jump backwards, and the code is the main module's.
    const EAGER: usize = 2;
    /// It is a generator or a coroutine.
    const SUSPENDS: usize = 4;
    /// The compiler would not have it.
    const REFUSED: usize = 8;

    fn of(code: *mut ffi::PyCodeObject) -> Traits {
        let traits = Traits::noted(code);
        if traits.has(Traits::KNOWN) {
            return traits;
        }
        traits.add(code, Traits::KNOWN | Traits::look(code))
    }

    /// What somebody has found out.
    fn noted(code: *mut ffi::PyCodeObject) -> Traits {
        // SAFETY: callers hold the GIL and a reference to the code object.
        let known = unsafe { extra::get(traits_index(), code as usize) };
        Traits(known.map_or(0, |bits| bits as usize))
    }

    fn has(self, bits: usize) -> bool {
        self.0 & bits != 0
    }

    fn add(self, code: *mut ffi::PyCodeObject, bits: usize) -> Traits {
        let traits = Traits(self.0 | bits);
        // SAFETY: callers hold the GIL and a reference to the code object. A failure leaves the
        // traits unknown, which costs another look.
        unsafe { extra::set(traits_index(), code as usize, traits.0 as *mut c_void) };
        traits
    }

    fn look(code: *mut ffi::PyCodeObject) -> usize {
        if Traits::suspends(code) {
            Traits::SUSPENDS
        } else if main_loops::find(code) {
            Traits::EAGER
        } else {
            0
        }
    }

    /// Whether it is a generator or a coroutine.
    fn suspends(code: *mut ffi::PyCodeObject) -> bool {
        const SUSPENDS: i32 = ffi::CO_GENERATOR | ffi::CO_COROUTINE | ffi::CO_ASYNC_GENERATOR;
        let at = layout::PyCodeObject::co_flags.offset as isize;
        // SAFETY: callers hold the GIL and a reference to the code object.
        let flags = unsafe { code.cast::<u8>().offset(at).cast::<i32>().read() };
        flags & SUSPENDS != 0
    }
}
