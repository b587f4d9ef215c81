//! Compares the interpreter's structures with those that this build was made for.
//!
//! Only public functions and members whose place is fixed are trusted here: what a structure
//! should hold is asked of the interpreter first, then looked for where it should be.

use std::ffi::c_void;

use pyo3::ffi;
use pyo3::prelude::{Bound, PyAnyMethods, PyErr, Python};
use pyo3::types::PyFunction;

use super::interp::Thread;
use super::refuse::Refusal;
use crate::jit::facts;
use crate::release::layout;

/// Check the layout as far as the interpreter lets it be seen.
pub fn check(py: Python<'_>) -> Result<(), Refusal> {
    #[cfg(Py_3_13)]
    published::check()?;
    objects(py)?;
    code_objects(py)?;
    running(py)
}

fn expect(right: bool, what: &str) -> Result<(), Refusal> {
    if right {
        return Ok(());
    }
    Err(Refusal::Layout {
        what: what.to_owned(),
    })
}

/// Read the member at `offset` of `base`.
///
/// # Safety
/// Memory at `base + offset` can be read.
unsafe fn read<T: Copy>(base: *const impl Sized, offset: i32) -> T {
    // SAFETY: by the caller.
    unsafe {
        base.cast::<u8>()
            .offset(offset as isize)
            .cast::<T>()
            .read_unaligned()
    }
}

fn objects(py: Python<'_>) -> Result<(), Refusal> {
    let item = py.None();
    // SAFETY: the GIL is held; each object is alive while it is looked at, and larger than
    // what is read of it.
    unsafe {
        let float = owned(py, ffi::PyFloat_FromDouble(1.5))?;
        let value: f64 = read(float.as_ptr(), layout::PyFloatObject::ob_fval.offset);
        expect(value == 1.5, "the value of a float")?;

        let tuple = owned(py, ffi::PyTuple_Pack(1, item.as_ptr()))?;
        let first: *mut ffi::PyObject = read(tuple.as_ptr(), layout::PyTupleObject::ob_item.offset);
        let size: isize = read(tuple.as_ptr(), layout::PyVarObject::ob_size.offset);
        expect(first == item.as_ptr() && size == 1, "the items of a tuple")?;

        let list = owned(py, ffi::PySequence_List(tuple.as_ptr()))?;
        let items: *const c_void = read(list.as_ptr(), layout::PyListObject::ob_item.offset);
        let last: usize = read(list.as_ptr(), layout::PyListObject::allocated.offset);
        expect(
            (1..64).contains(&last) && !items.is_null(),
            "the items of a list",
        )?;
        let first: *mut ffi::PyObject = read(items, 0);
        expect(first == item.as_ptr(), "the items of a list")
    }
}

/// Take over a new reference.
///
/// # Safety
/// `object` is a new reference, or NULL with an exception set.
unsafe fn owned(
    py: Python<'_>,
    object: *mut ffi::PyObject,
) -> Result<Bound<'_, pyo3::PyAny>, PyErr> {
    // SAFETY: by the caller.
    unsafe { Bound::from_owned_ptr_or_err(py, object) }
}

fn code_objects(py: Python<'_>) -> Result<(), Refusal> {
    let function = py.eval(
        c"lambda a, b, /, *, c, d, e: (a, 1.5, [x for x in b])",
        None,
        None,
    )?;
    let function = function.cast::<PyFunction>().map_err(PyErr::from)?;
    let code = function.getattr("__code__")?;
    // SAFETY: a live function and its code object are larger than what is read of them.
    let held: *mut ffi::PyObject = unsafe {
        read(
            function.as_ptr(),
            layout::PyFunctionObject::func_code.offset,
        )
    };
    let globals: *mut ffi::PyObject =
        // SAFETY: as above.
        unsafe { read(function.as_ptr(), layout::PyFunctionObject::func_globals.offset) };
    expect(
        held == code.as_ptr() && globals == function.getattr("__globals__")?.as_ptr(),
        "the code of a function",
    )?;
    for (attribute, offset) in [
        ("co_flags", layout::PyCodeObject::co_flags.offset),
        ("co_argcount", layout::PyCodeObject::co_argcount.offset),
        (
            "co_kwonlyargcount",
            layout::PyCodeObject::co_kwonlyargcount.offset,
        ),
        ("co_stacksize", layout::PyCodeObject::co_stacksize.offset),
        (
            "co_firstlineno",
            layout::PyCodeObject::co_firstlineno.offset,
        ),
    ] {
        // SAFETY: as above.
        let found: i32 = unsafe { read(code.as_ptr(), offset) };
        let attribute: i32 = code.getattr(attribute)?.extract()?;
        expect(found == attribute, "the facts of a code object")?;
    }
    // SAFETY: as above.
    let consts: *mut ffi::PyObject =
        unsafe { read(code.as_ptr(), layout::PyCodeObject::co_consts.offset) };
    let bytes: Vec<u8> = code.getattr("co_code")?.extract()?;
    // SAFETY: the code units stand at the end of the object, which is as large as they need.
    let first: [u8; 2] =
        unsafe { read(code.as_ptr(), layout::PyCodeObject::co_code_adaptive.offset) };
    expect(
        consts == code.getattr("co_consts")?.as_ptr() && bytes[..2] == first,
        "the instructions of a code object",
    )
}

/// The thread state, and the frame of the import that is running.
fn running(py: Python<'_>) -> Result<(), Refusal> {
    const WHAT: &str = "the frames of a thread";
    // SAFETY: the GIL is held, so that there is a current thread.
    let thread = unsafe { Thread::current() };
    // SAFETY: the thread state is alive and larger than what is read of it.
    let interp: *mut ffi::PyInterpreterState =
        unsafe { read(thread.as_ptr(), layout::PyThreadState::interp.offset) };
    // SAFETY: the GIL is held.
    let actual = unsafe { ffi::PyInterpreterState_Get() };
    expect(interp == actual, "the interpreter of a thread")?;
    // SAFETY: the thread state is alive.
    let remaining: i32 = unsafe { read(thread.as_ptr(), facts::RECURSION) };
    // SAFETY: asks for a number.
    let limit = unsafe { ffi::Py_GetRecursionLimit() };
    expect(
        (1..=limit).contains(&remaining),
        "the depth of recursion of a thread",
    )?;
    // SAFETY: the thread state is alive; gives a new reference, or NULL where nothing runs.
    let frame = unsafe {
        Bound::from_owned_ptr_or_opt(py, ffi::PyThreadState_GetFrame(thread.as_ptr()).cast())
    };
    let (Some(frame), Some(found)) = (frame, thread.frame()) else {
        return expect(false, WHAT);
    };
    let code = frame.getattr("f_code")?;
    let runs = found.runs().map(|(_, code)| code.cast());
    expect(
        runs == Some(code.as_ptr()) && found.globals() == frame.getattr("f_globals")?.as_ptr(),
        WHAT,
    )?;
    let offset: i32 = frame.getattr("f_lasti")?.extract()?;
    // SAFETY: the frame is alive.
    let at: usize = unsafe { read(found.as_ptr(), facts::FRAME_INSTR) };
    let first = code.as_ptr() as usize + layout::PyCodeObject::co_code_adaptive.offset as usize;
    expect(
        at == first + offset as usize,
        "the instruction pointer of a frame",
    )
}

/// The offsets that the interpreter publishes for debuggers.
#[cfg(Py_3_13)]
mod published {
    use super::{Refusal, c_void, expect, facts, layout, read};
    use crate::release::layout::{
        _Py_DebugOffsets as groups, _code_object as code, _dict_object as dict,
        _float_object as float, _interpreter_frame as frame, _interpreter_state as interp,
        _list_object as list, _long_object as long, _pyobject as object, _thread_state as thread,
        _tuple_object as tuple, _type_object as type_object,
    };

    unsafe extern "C" {
        /// Starts with the offsets.
        static _PyRuntime: c_void;
    }

    pub fn check() -> Result<(), Refusal> {
        let runtime = &raw const _PyRuntime;
        // SAFETY: the interpreter's state, which starts with this struct since 3.13.
        let cookie: [u8; 8] = unsafe { read(runtime, groups::cookie.offset) };
        expect(&cookie == b"xdebugpy", "the offsets for debuggers")?;
        // SAFETY: as above.
        let free_threaded: u64 = unsafe { read(runtime, groups::free_threaded.offset) };
        if free_threaded != 0 {
            return Err(Refusal::FreeThreaded);
        }
        for (name, place, ours) in MEMBERS {
            // SAFETY: as above.
            let theirs: u64 = unsafe { read(runtime, place) };
            expect(theirs == ours as u64, name)?;
        }
        Ok(())
    }

    macro_rules! members {
        ($($name:literal: $group:ident + $module:ident::$place:ident == $ours:expr,)+) => {
            [$(($name, groups::$group.offset + $module::$place.offset, $ours)),+]
        };
    }

    /// Name, place of the published offset, and the offset that this build relies on.
    const MEMBERS: [(&str, i32, i32); 21] = members! {
        "PyThreadState.interp": thread_state + thread::interp == layout::PyThreadState::interp.offset,
        "PyThreadState.next": thread_state + thread::next == layout::PyThreadState::next.offset,
        "PyThreadState.current_frame": thread_state + thread::current_frame == facts::CURRENT,
        "PyThreadState.datastack_chunk": thread_state + thread::datastack_chunk == layout::PyThreadState::datastack_chunk.offset,
        "PyInterpreterState.next": interpreter_state + interp::next == layout::PyInterpreterState::next.offset,
        "_PyInterpreterFrame.f_executable": interpreter_frame + frame::executable == facts::FRAME_CODE,
        "_PyInterpreterFrame.previous": interpreter_frame + frame::previous == layout::_PyInterpreterFrame::previous.offset,
        "_PyInterpreterFrame.instr_ptr": interpreter_frame + frame::instr_ptr == facts::FRAME_INSTR,
        "_PyInterpreterFrame.owner": interpreter_frame + frame::owner == layout::_PyInterpreterFrame::owner.offset,
        "_PyInterpreterFrame.localsplus": interpreter_frame + frame::localsplus == facts::LOCALS,
        "PyCodeObject.co_argcount": code_object + code::argcount == layout::PyCodeObject::co_argcount.offset,
        "PyCodeObject.co_linetable": code_object + code::linetable == layout::PyCodeObject::co_linetable.offset,
        "PyCodeObject.co_code_adaptive": code_object + code::co_code_adaptive == layout::PyCodeObject::co_code_adaptive.offset,
        "PyObject.ob_type": pyobject + object::ob_type == layout::PyObject::ob_type.offset,
        "PyTypeObject.tp_flags": type_object + type_object::tp_flags == layout::PyTypeObject::tp_flags.offset,
        "PyTupleObject.ob_item": tuple_object + tuple::ob_item == layout::PyTupleObject::ob_item.offset,
        "PyListObject.ob_item": list_object + list::ob_item == layout::PyListObject::ob_item.offset,
        "PyDictObject.ma_keys": dict_object + dict::ma_keys == layout::PyDictObject::ma_keys.offset,
        "PyDictObject.ma_values": dict_object + dict::ma_values == layout::PyDictObject::ma_values.offset,
        "PyFloatObject.ob_fval": float_object + float::ob_fval == layout::PyFloatObject::ob_fval.offset,
        "PyLongObject.lv_tag": long_object + long::lv_tag == layout::PyLongObject::long_value.offset + layout::_PyLongValue::lv_tag.offset,
    };
}
