//! How deep objects that free each other may nest before the interpreter puts some aside, to be freed
//! when the others are done.

use crate::jit::code::{read, write};
use crate::release::layout::PyThreadState as thread;

/// The object may be freed now, and not only later: it counts as being freed from here on.
/// Mirrors `_PyTrash_begin`, without what it does where there is no room.
///
/// # Safety
/// A live thread state.
#[cfg(not(Py_3_12))]
#[inline]
pub unsafe fn begin(tstate: usize) -> bool {
    /// `_PyTrash_UNWIND_LEVEL`
    const ROOM: i32 = 50;
    const DEPTH: i32 = thread::trash_delete_nesting.offset;
    // SAFETY: by the caller.
    unsafe {
        let depth: i32 = read(tstate, DEPTH);
        let room = depth < ROOM;
        if room {
            write(tstate, DEPTH, depth + 1);
        }
        room
    }
}

/// Mirrors `_PyTrash_end`.
///
/// # Safety
/// The state of the running thread; the object whose `begin` found room is gone.
#[cfg(not(Py_3_12))]
#[inline]
pub unsafe fn end(tstate: usize) {
    const DEPTH: i32 = thread::trash_delete_nesting.offset;
    unsafe extern "C" {
        fn _PyTrash_end(tstate: usize);
    }
    // SAFETY: by the caller.
    unsafe {
        match read::<usize>(tstate, thread::trash_delete_later.offset) {
            0 => write(tstate, DEPTH, read::<i32>(tstate, DEPTH) - 1),
            _ => _PyTrash_end(tstate),
        }
    }
}

/// `Py_TRASHCAN_HEADROOM`
#[cfg(Py_3_12)]
const HEADROOM: i32 = 50;
#[cfg(Py_3_12)]
const LEFT: i32 = thread::c_recursion_remaining.offset;

/// The object may be freed now, and not only later: it counts as being freed from here on.
/// Mirrors `Py_TRASHCAN_BEGIN`, without what it does where there is no room.
///
/// # Safety
/// A live thread state.
#[cfg(Py_3_12)]
#[inline]
pub unsafe fn begin(tstate: usize) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let left: i32 = read(tstate, LEFT);
        let room = left > HEADROOM;
        if room {
            write(tstate, LEFT, left - 1);
        }
        room
    }
}

/// Mirrors `Py_TRASHCAN_END`.
///
/// # Safety
/// The state of the running thread; the object whose `begin` found room is gone.
#[cfg(Py_3_12)]
#[inline]
pub unsafe fn end(tstate: usize) {
    unsafe extern "C" {
        fn _PyTrash_thread_destroy_chain(tstate: usize);
    }
    // SAFETY: by the caller.
    unsafe {
        let left = read::<i32>(tstate, LEFT) + 1;
        write(tstate, LEFT, left);
        if read::<usize>(tstate, thread::delete_later.offset) != 0 && left > 2 * HEADROOM {
            _PyTrash_thread_destroy_chain(tstate);
        }
    }
}
