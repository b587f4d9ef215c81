//! Forks: parent and child must not write code into each other's pages.
//!
//! Code memory is mapped twice and therefore shared, also with a child. The copy for the child is
//! made before the fork, since the parent may write as soon as it goes on.

use std::os::fd::OwnedFd;
use std::sync::Mutex;

use pyo3::ffi;

use crate::jit::state;

/// The child's code memory, while a fork is under way.
static COPY: Mutex<Option<OwnedFd>> = Mutex::new(None);

/// Has the handlers called at each fork of this process.
pub fn watch() -> std::io::Result<()> {
    // SAFETY: the handlers are functions of this module, which is never unloaded.
    match unsafe { libc::pthread_atfork(Some(before), Some(in_parent), Some(in_child)) } {
        0 => Ok(()),
        code => Err(std::io::Error::from_raw_os_error(code)),
    }
}

/// Whether the thread may look at the compiler. A child of a thread without the GIL cannot run
/// Python.
fn holds_gil() -> bool {
    // SAFETY: may be called at any time.
    unsafe { ffi::PyGILState_Check() != 0 }
}

fn hold(copy: Option<OwnedFd>) -> Option<OwnedFd> {
    let mut held = COPY.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    std::mem::replace(&mut held, copy)
}

extern "C" fn before() {
    if holds_gil() {
        // SAFETY: the GIL is held, and nothing forks while the compiler works.
        let copy = unsafe { state::with(|jit| jit.arena.copy()) };
        hold(copy.and_then(Result::ok));
    }
}

extern "C" fn in_parent() {
    drop(hold(None));
}

extern "C" fn in_child() {
    let copy = hold(None);
    if holds_gil() {
        // SAFETY: as in `before`.
        unsafe { state::with(|jit| jit.arena.adopt(copy)) };
    }
}
