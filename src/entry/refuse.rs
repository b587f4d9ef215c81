//! Looks at the interpreter before anything is changed, and refuses in one sentence.

use std::ffi::c_ulong;

use pyo3::ffi;
use pyo3::prelude::{PyAnyMethods, Python};

use super::layout;
use crate::jit;
use crate::release;

/// Why the module cannot be used in this process.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error("Cevalry runs on x86-64 Linux only.")]
    Machine,
    #[error(
        "This build of Cevalry is for Python {}.{}, and this is Python {found}: install the build for it.",
        built.0, built.1
    )]
    Version { built: (u8, u8), found: String },
    #[error(
        "Cevalry knows Python {}.{} from {}.{}.{oldest} on, and this is Python {found}: use a newer one.",
        built.0, built.1, built.0, built.1
    )]
    Patch {
        built: (u8, u8),
        oldest: u8,
        found: String,
    },
    #[error("Cevalry does not run on debug builds of Python: use a release build.")]
    Debug,
    #[error("Cevalry does not run on free-threaded Python: use a build with the GIL.")]
    FreeThreaded,
    #[error("Cevalry runs in the main interpreter only: import it there, not in a subinterpreter.")]
    Subinterpreter,
    #[error(
        "This Python keeps {what} elsewhere than the releases that Cevalry knows, so it is not touched."
    )]
    Layout { what: String },
    #[error(transparent)]
    Compiler(#[from] jit::Refusal),
    #[error("Python could not be asked what it is: {0}")]
    Python(#[from] pyo3::PyErr),
}

/// The release that this build is for.
const BUILT_FOR: (u8, u8) = (3, release::MINOR);

unsafe extern "C" {
    /// The running interpreter's version, as in `PY_VERSION_HEX`.
    static Py_Version: c_ulong;
}

/// Check everything that can be checked without changing anything.
pub fn check(py: Python<'_>) -> Result<(), Refusal> {
    if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
        return Err(Refusal::Machine);
    }
    check_version()?;
    check_build(py)?;
    check_interpreter()?;
    layout::check(py)
}

fn check_version() -> Result<(), Refusal> {
    // SAFETY: a constant of every release since 3.11.
    let [major, minor, micro, _] = unsafe { Py_Version as u32 }.to_be_bytes();
    let found = format!("{major}.{minor}.{micro}");
    if (major, minor) != BUILT_FOR {
        return Err(Refusal::Version {
            built: BUILT_FOR,
            found,
        });
    }
    // What an older patch release does otherwise was never read.
    if u32::from(micro) < u32::from(release::OLDEST_PATCH) {
        return Err(Refusal::Patch {
            built: BUILT_FOR,
            oldest: release::OLDEST_PATCH,
            found,
        });
    }
    Ok(())
}

fn check_build(py: Python<'_>) -> Result<(), Refusal> {
    let sys = py.import("sys")?;
    let flags: String = sys.getattr("abiflags")?.extract()?;
    if flags.contains('t') {
        return Err(Refusal::FreeThreaded);
    }
    if flags.contains('d') || sys.hasattr("gettotalrefcount")? {
        return Err(Refusal::Debug);
    }
    Ok(())
}

fn check_interpreter() -> Result<(), Refusal> {
    // SAFETY: the GIL is held while a module is imported.
    let main = unsafe { ffi::PyInterpreterState_Get() == ffi::PyInterpreterState_Main() };
    if main {
        Ok(())
    } else {
        Err(Refusal::Subinterpreter)
    }
}
