//! How much native stack the running thread has left.
//!
//! The interpreter runs calls between Python functions without native stack; compiled code does
//! not. So the lower half of a thread's stack is left to the interpreter and to C.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use crate::jit::code::read;
use crate::release::layout::PyThreadState;

thread_local! {
    /// The address below which compiled code starts no more calls; 0 before it is known.
    static LIMIT: Cell<usize> = const { Cell::new(0) };
}

/// What is left to others where a thread's stack is not known.
const RESERVE: usize = 128 * 1024;

/// The address below which compiled code of this thread starts no more calls.
pub fn limit() -> usize {
    LIMIT.with(|limit| {
        if limit.get() == 0 {
            limit.set(measure());
        }
        limit.get()
    })
}

/// The thread whose limit was asked for last, by the number of its state, and the limit.
static LAST: AtomicU64 = AtomicU64::new(0);
static LAST_LIMIT: AtomicUsize = AtomicUsize::new(0);

/// The same as [`limit`], for the thread that runs with this state. Quicker.
///
/// # Safety
/// The calling thread's state, and the GIL is held.
#[inline]
pub unsafe fn limit_of(tstate: usize) -> usize {
    // SAFETY: by the caller. Numbers are not used again, and 0 is the main interpreter's first.
    let number = unsafe { read::<u64>(tstate, PyThreadState::id.offset) } + 1;
    if LAST.load(Ordering::Relaxed) != number {
        LAST_LIMIT.store(limit(), Ordering::Relaxed);
        LAST.store(number, Ordering::Relaxed);
    }
    LAST_LIMIT.load(Ordering::Relaxed)
}

/// Where the number of the thread and its limit are noted that [`limit_of`] was asked for last.
pub fn noted() -> (usize, usize) {
    (&raw const LAST as usize, &raw const LAST_LIMIT as usize)
}

/// The same as [`is_low`], quicker.
///
/// # Safety
/// As for [`limit_of`].
#[inline]
pub unsafe fn is_low_in(tstate: usize) -> bool {
    // SAFETY: by the caller.
    here() < unsafe { limit_of(tstate) }
}

/// Whether calls should go through the interpreter, which needs no native stack for them.
pub fn is_low() -> bool {
    here() < limit()
}

/// An address in the running function's native frame.
#[inline(always)]
fn here() -> usize {
    let marker = 0u8;
    &raw const marker as usize
}

fn measure() -> usize {
    let mut attributes = std::mem::MaybeUninit::<libc::pthread_attr_t>::uninit();
    let mut lowest = ptr::null_mut();
    let mut size = 0;
    // SAFETY: the attributes are filled in by the first call and destroyed after the last.
    let known = unsafe {
        libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) == 0 && {
            let found =
                libc::pthread_attr_getstack(attributes.as_ptr(), &mut lowest, &mut size) == 0;
            libc::pthread_attr_destroy(attributes.as_mut_ptr());
            found
        }
    };
    if known {
        lowest as usize + size / 2
    } else {
        here().saturating_sub(RESERVE)
    }
}
