//! Clearing and popping a frame, for releases that keep their function for it to themselves.
//!
//! Mirrors `_PyEvalFrameClearAndPop`, `_PyFrame_Clear`, `take_ownership` and
//! `_PyThreadState_PopFrame`.

use pyo3::ffi;

use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::jit::standins::discard_finished;
use crate::release::layout::{
    _PyInterpreterFrame as frame, _PyStackChunk as chunk, PyCodeObject, PyFrameObject,
    PyThreadState as thread,
};

/// A frame whose memory belongs to its frame object.
const OWNED_BY_FRAME_OBJECT: u8 = 2;

/// Clears a frame that has left its thread's chain, and takes its memory off the thread's stack.
///
/// # Safety
/// The frame is the thread's newest, `stacktop` counts what it owns, and the GIL is held.
pub unsafe extern "C" fn clear_and_pop(tstate: usize, base: usize) {
    if discard_finished(base) {
        return;
    }
    // SAFETY: by the caller.
    unsafe {
        let left: i32 = read(tstate, facts::RECURSION);
        write(tstate, facts::RECURSION, left - 1);
        clear(tstate, base);
        let left: i32 = read(tstate, facts::RECURSION);
        write(tstate, facts::RECURSION, left + 1);
        pop(tstate, base);
    }
}

/// Clears a frame that has left its thread's chain.
///
/// # Safety
/// `stacktop` counts what the frame owns, and the GIL is held.
pub unsafe fn clear(tstate: usize, base: usize) {
    // SAFETY: by the caller.
    unsafe {
        let object: *mut ffi::PyObject = read(base, frame::frame_obj.offset);
        if !object.is_null() {
            write(base, frame::frame_obj.offset, 0usize);
            if ffi::Py_REFCNT(object) > 1 {
                take_ownership(tstate, object, base);
                ffi::Py_DECREF(object);
                return;
            }
            ffi::Py_DECREF(object);
        }
        let top: i32 = read(base, frame::stacktop.offset);
        for i in 0..top {
            ffi::Py_XDECREF(read(base, facts::LOCALS + 8 * i));
        }
        ffi::Py_XDECREF(read(base, frame::f_locals.offset));
        ffi::Py_DECREF(read(base, facts::FRAME_FUNCTION));
        ffi::Py_DECREF(read(base, facts::FRAME_CODE));
    }
}

/// Moves a frame into its frame object, which outlives it.
///
/// # Safety
/// As for `clear_and_pop`; `object` is the frame's own frame object.
unsafe fn take_ownership(tstate: usize, object: *mut ffi::PyObject, base: usize) {
    // SAFETY: a frame object has room for its frame's locals and stack.
    unsafe {
        let target = object as usize + PyFrameObject::_f_frame_data.offset as usize;
        let top: i32 = read(base, frame::stacktop.offset);
        let size = (facts::LOCALS + 8 * top) as usize;
        std::ptr::copy_nonoverlapping(base as *const u8, target as *mut u8, size);
        write(object as usize, PyFrameObject::f_frame.offset, target);
        write(target, frame::owner.offset, OWNED_BY_FRAME_OBJECT);
        let code: usize = read(target, facts::FRAME_CODE);
        let first: i32 = read(code, PyCodeObject::_co_firsttraceable.offset);
        let first = code + PyCodeObject::co_code_adaptive.offset as usize + 2 * first as usize;
        if read::<usize>(target, facts::FRAME_INSTR) < first {
            write(target, facts::FRAME_INSTR, first);
        }
        // The frame has left the chain: the thread's newest complete frame is its caller.
        if read::<usize>(target, facts::FRAME_PREVIOUS) != 0 {
            let back = ffi::PyThreadState_GetFrame(tstate as *mut ffi::PyThreadState);
            write(object as usize, PyFrameObject::f_back.offset, back);
            write(target, facts::FRAME_PREVIOUS, 0usize);
        }
        if ffi::PyObject_GC_IsTracked(object) == 0 {
            ffi::PyObject_GC_Track(object.cast());
        }
    }
}

/// # Safety
/// As for `clear_and_pop`.
unsafe fn pop(tstate: usize, base: usize) {
    // SAFETY: by the caller; the root chunk is never popped.
    unsafe {
        let top: usize = read(tstate, thread::datastack_chunk.offset);
        if base != top + chunk::data.offset as usize {
            write(tstate, thread::datastack_top.offset, base);
            return;
        }
        let previous: usize = read(top, chunk::previous.offset);
        let used: usize = read(previous, chunk::top.offset);
        let data = previous + chunk::data.offset as usize + 8 * used;
        write(tstate, thread::datastack_top.offset, data);
        write(tstate, thread::datastack_chunk.offset, previous);
        let size: usize = read(top, chunk::size.offset);
        let mut allocator = std::mem::MaybeUninit::<ffi::PyObjectArenaAllocator>::uninit();
        ffi::PyObject_GetArenaAllocator(allocator.as_mut_ptr());
        let allocator = allocator.assume_init();
        if let Some(free) = allocator.free {
            free(allocator.ctx, top as *mut _, size);
        }
        let size: usize = read(previous, chunk::size.offset);
        write(tstate, thread::datastack_limit.offset, previous + size);
    }
}
