//! What differs between releases in frames and thread states, in one place.

use pyo3::ffi;

use crate::release::layout::{_PyInterpreterFrame as frame, PyThreadState as thread};

/// The bits of an inline cache's counter that tell how often specialising has failed, where it was
/// never tried.
pub const FRESH_BACKOFF: u16 = if cfg!(Py_3_12) { 1 } else { 0 };

/// Such a counter when the instruction has run and will be specialised before it runs again.
pub const ABOUT_TO_SPECIALISE: Option<u16> = if cfg!(Py_3_12) { Some(1) } else { None };

/// The counter of an instruction that has never run.
pub const NEVER_RUN: Option<u16> = if cfg!(Py_3_12) {
    Some(1 << 4 | 1)
} else {
    None
};

/// Where a code object counts its calls and loops down to the one in which it becomes ready to be
/// specialised: from a negative number to 0.
#[cfg(Py_3_12)]
pub const WARM_UP: Option<i32> = None;
#[cfg(not(Py_3_12))]
pub const WARM_UP: Option<i32> = Some(crate::release::layout::PyCodeObject::co_warmup.offset);

/// The first local of a frame.
pub const LOCALS: i32 = frame::localsplus.offset;

/// The code object of a frame.
#[cfg(Py_3_13)]
pub const FRAME_CODE: i32 = frame::f_executable.offset;
#[cfg(not(Py_3_13))]
pub const FRAME_CODE: i32 = frame::f_code.offset;

/// The function of a frame.
#[cfg(Py_3_13)]
pub const FRAME_FUNCTION: i32 = frame::f_funcobj.offset;
#[cfg(not(Py_3_13))]
pub const FRAME_FUNCTION: i32 = frame::f_func.offset;

/// The instruction pointer of a frame.
#[cfg(Py_3_13)]
pub const FRAME_INSTR: i32 = frame::instr_ptr.offset;
#[cfg(not(Py_3_13))]
pub const FRAME_INSTR: i32 = frame::prev_instr.offset;

/// What the instruction pointer of a frame that goes on at unit `i` is, beyond `i`.
pub const RESUME_BIAS: i32 = if cfg!(Py_3_13) { 0 } else { -1 };

/// What stands for the depth of the stack in a frame that the interpreter runs.
pub const INTERPRETED: i32 = -1;

/// What stands for the depth of the stack in a frame that compiled code runs. The interpreter only
/// asks whether it is 0, and what is below.
pub const RUNNING: i32 = -2;

/// Python calls that a thread may still nest.
#[cfg(Py_3_12)]
pub const RECURSION: i32 = thread::py_recursion_remaining.offset;
#[cfg(not(Py_3_12))]
pub const RECURSION: i32 = thread::recursion_remaining.offset;

/// The caller's frame.
pub const FRAME_PREVIOUS: i32 = frame::previous.offset;

/// Whether the thread is traced or profiled: not 0 in the struct that holds the running frame.
#[cfg(Py_3_12)]
pub const USE_TRACING: Option<i32> = None;
#[cfg(not(Py_3_12))]
pub const USE_TRACING: Option<i32> = Some(crate::release::layout::_PyCFrame::use_tracing.offset);

/// Nested C calls that a thread may still make, where they are counted.
#[cfg(all(Py_3_12, not(Py_3_14)))]
pub const C_RECURSION: Option<i32> = Some(thread::c_recursion_remaining.offset);
#[cfg(not(all(Py_3_12, not(Py_3_14))))]
pub const C_RECURSION: Option<i32> = None;

/// How much one run of the evaluator takes of them.
pub const EVALUATOR_DEPTH: i32 = 2;

/// Whether objects whose count says that they live forever are not counted.
pub const IMMORTALS: bool = cfg!(Py_3_12);

/// Whether the collector runs, and with it finalizers, where an object is allocated; elsewhere it
/// waits for the eval breaker.
pub const ALLOCATING_RUNS_CODE: bool = cfg!(not(Py_3_12));

/// Whether the caller clears and pops a frame that has returned, rather than the callee.
pub const CALLER_CLEARS: bool = cfg!(not(Py_3_12));

/// The struct that holds the running frame is a member of the thread state's (`None`), or is
/// pointed at by this member of it.
#[cfg(Py_3_13)]
pub const CURRENT_VIA: Option<i32> = None;
#[cfg(not(Py_3_13))]
pub const CURRENT_VIA: Option<i32> = Some(thread::cframe.offset);

/// The running frame, in the struct that holds it.
#[cfg(Py_3_13)]
pub const CURRENT: i32 = thread::current_frame.offset;
#[cfg(not(Py_3_13))]
pub const CURRENT: i32 = crate::release::layout::_PyCFrame::current_frame.offset;

/// Members of a code object that say whether it is watched by monitoring tools.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    /// The version of instrumentation that its instructions have.
    pub version: i32,
    /// Data of monitoring, NULL in a code object that was never watched.
    pub monitoring: i32,
}

#[cfg(Py_3_12)]
pub const WATCHED: Option<Watched> = Some(Watched {
    version: crate::release::layout::PyCodeObject::_co_instrumentation_version.offset,
    monitoring: crate::release::layout::PyCodeObject::_co_monitoring.offset,
});
#[cfg(not(Py_3_12))]
pub const WATCHED: Option<Watched> = None;

pub fn float_type() -> usize {
    &raw const ffi::PyFloat_Type as usize
}

pub fn long_type() -> usize {
    &raw const ffi::PyLong_Type as usize
}

/// Whether a type is one of those that have no special methods in Python.
pub fn is_built_in(object_type: usize) -> bool {
    [
        float_type(),
        long_type(),
        bool_type(),
        list_type(),
        tuple_type(),
        &raw const ffi::PyDict_Type as usize,
        &raw const ffi::PyUnicode_Type as usize,
    ]
    .contains(&object_type)
}

pub fn list_type() -> usize {
    &raw const ffi::PyList_Type as usize
}

pub fn tuple_type() -> usize {
    &raw const ffi::PyTuple_Type as usize
}

/// Bytes of a key and its value in a dictionary of which all keys are strings.
pub const DICT_ENTRY: i32 = 2 * size_of::<usize>() as i32;

pub fn dict_type() -> usize {
    &raw const ffi::PyDict_Type as usize
}

pub fn slice_type() -> usize {
    &raw const ffi::PySlice_Type as usize
}

pub fn bool_type() -> usize {
    &raw const ffi::PyBool_Type as usize
}

/// The version of instrumentation that a thread asks for.
///
/// # Safety
/// `tstate` is a live thread state.
#[cfg(Py_3_13)]
pub unsafe fn version(tstate: usize) -> usize {
    // SAFETY: by the caller.
    let breaker: usize = unsafe { crate::jit::code::read(tstate, thread::eval_breaker.offset) };
    breaker >> EVENT_BITS << EVENT_BITS
}
/// Releases without versions of instrumentation.
///
/// # Safety
/// None; as the other.
#[cfg(not(Py_3_13))]
pub unsafe fn version(_tstate: usize) -> usize {
    0
}

/// The eval breaker: a member of the thread state where it has versions of instrumentation,
/// else of the interpreter's.
#[cfg(Py_3_13)]
pub const EVAL_BREAKER: i32 = thread::eval_breaker.offset;
#[cfg(not(Py_3_13))]
pub const EVAL_BREAKER: i32 = crate::release::layout::PyInterpreterState::ceval.offset
    + crate::release::layout::_ceval_state::eval_breaker.offset;

/// Whether templates resume generators and coroutines that something is sent to themselves.
pub const SENDING_IS_DERIVED: bool = cfg!(Py_3_12);

/// Whether the body of a generator takes its exceptions off the thread itself when it is left.
pub const BODY_CLEANS_UP: bool = cfg!(Py_3_12);

/// States of a generator: see `_framestate`. In those below `EXECUTING` it can be resumed.
pub const CREATED: i8 = if cfg!(Py_3_13) { -3 } else { -2 };
pub const EXECUTING: i8 = 0;

/// Bits of the eval breaker below the version of instrumentation.
pub const EVENT_BITS: u32 = 8;

/// Bits in a digit of an `int`.
pub const DIGIT_BITS: u8 = 30;

/// Offset of the lowest digit of an `int`.
pub const FIRST_DIGIT: i32 = 24;

/// Where an `int` says how many digits it has.
#[cfg(Py_3_12)]
pub const LONG_SIZE: i32 = crate::release::layout::PyLongObject::long_value.offset
    + crate::release::layout::_PyLongValue::lv_tag.offset;
#[cfg(not(Py_3_12))]
pub const LONG_SIZE: i32 = crate::release::layout::PyVarObject::ob_size.offset;

/// What a positive `int` of one digit has for its size.
pub const ONE_DIGIT: i32 = if cfg!(Py_3_12) { 1 << 3 } else { 1 };

/// Number of digits of an `int`, and whether it is negative.
///
/// # Safety
/// `object` is a live `int`.
pub unsafe fn long_size(object: usize) -> (u64, bool) {
    // SAFETY: by the caller.
    let size: i64 = unsafe { crate::jit::code::read(object, LONG_SIZE) };
    match cfg!(Py_3_12) {
        true => (size.cast_unsigned() >> 3, size & 3 == 2),
        false => (size.unsigned_abs(), size < 0),
    }
}

/// Says how many digits an `int` has, and its sign.
///
/// # Safety
/// `object` is a live `int` with room for them that nobody else looks at.
unsafe fn set_long_size(object: usize, digits: u64, negative: bool) {
    let size = match (cfg!(Py_3_12), digits) {
        (true, 0) => 1,
        (true, _) => (digits << 3 | u64::from(negative) << 1) as i64,
        (false, _) if negative => -(digits as i64),
        (false, _) => digits as i64,
    };
    // SAFETY: by the caller.
    unsafe { crate::jit::code::write(object, LONG_SIZE, size) }
}

/// Makes an `int` another one.
///
/// # Safety
/// `object` is a live `int` with room for the digits of the other one that nobody else looks at.
pub unsafe fn set_long(object: usize, value: i64) {
    let mut left = value.unsigned_abs();
    let mut digits = 0;
    while left != 0 {
        let digit = left as u32 & ((1 << DIGIT_BITS) - 1);
        // SAFETY: by the caller.
        unsafe { crate::jit::code::write(object, FIRST_DIGIT + 4 * digits, digit) };
        left >>= DIGIT_BITS;
        digits += 1;
    }
    // SAFETY: by the caller.
    unsafe { set_long_size(object, digits as u64, value < 0) };
}
