//! Who has our ways into compiled code closed: the interpreter makes all calls as without us.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::Python;

use super::{functions, hook, policy};

/// Why they are closed.
#[derive(Clone, Copy, Debug)]
pub enum Reason {
    /// A tool watches what calls of C functions end with: see [`super::monitoring`].
    Endings = 1,
    /// The interpreter has set an evaluator of its own: see [`super::trampolines`].
    Trampolines = 2,
}

/// Bits of [`Reason`].
static REASONS: AtomicUsize = AtomicUsize::new(0);

/// Whether our ways into compiled code are closed.
pub fn closed() -> bool {
    REASONS.load(Ordering::Relaxed) != 0
}

/// The reason stands from now on.
pub fn close(reason: Reason) {
    if REASONS.fetch_or(reason as usize, Ordering::Relaxed) == 0 {
        hook::close();
        functions::uninstall_all();
    }
}

/// The reason is gone; our ways are open again with the last one.
pub fn open(py: Python<'_>, reason: Reason) {
    let before = REASONS.fetch_and(!(reason as usize), Ordering::Relaxed);
    if before == 0 || closed() {
        return;
    }
    hook::open();
    if policy::is_enabled()
        && policy::threshold() > 0
        && let Err(error) = functions::scan(py)
    {
        // Functions go on without entry points of ours: slower, and not wrong.
        error.write_unraisable(py, None);
    }
}
