//! Running a whole program as the interpreter itself would.
//!
//! The frames of the command line are hidden from the program while it runs, and what it does
//! not catch is printed here, so that neither shows up in its tracebacks.

use std::ffi::{CStr, CString, c_int};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::{Bound, PyAny, PyAnyMethods, PyErr, PyResult, Python, pyfunction};
use pyo3::types::{PyCode, PyDict};
use pyo3::{ffi, intern};

use crate::entry::hook::{self, Awaited};
use crate::entry::interp::{Frame, Thread};
use crate::release;

/// `PyCF_IGNORE_COOKIE`: the text is UTF-8 whatever it says of itself.
const IGNORE_COOKIE: c_int = 0x800;

/// How a program ended: the exit code, and whether the user interrupted it.
type Ending = (i32, bool);

/// Run a source file as the main program; `globals` is `__main__`'s dict.
#[pyfunction]
pub fn run_file(py: Python<'_>, filename: &[u8], globals: &Bound<'_, PyDict>) -> PyResult<Ending> {
    let name = CString::new(filename)?;
    // SAFETY: two C strings.
    let file = unsafe { libc::fopen(name.as_ptr(), c"rb".as_ptr()) };
    if file.is_null() {
        return Err(std::io::Error::last_os_error().into());
    }
    // SAFETY: the file is open, and nobody else has it.
    Ok(main_program(py, globals, || unsafe {
        evaluate_file(file, &name, globals, true)
    }))
}

/// Run what comes on standard input as the main program.
#[pyfunction]
pub fn run_input(py: Python<'_>, globals: &Bound<'_, PyDict>) -> Ending {
    // SAFETY: C's standard input is open while the process runs.
    main_program(py, globals, || unsafe {
        evaluate_file(stdin, c"<stdin>", globals, false)
    })
}

unsafe extern "C" {
    /// What the interpreter itself reads a program from.
    static stdin: *mut libc::FILE;
}

/// # Safety
/// `file` is open, and may be closed if `close` is set.
unsafe fn evaluate_file(
    file: *mut libc::FILE,
    name: &CStr,
    globals: &Bound<'_, PyDict>,
    close: bool,
) -> *mut ffi::PyObject {
    let dict = globals.as_ptr();
    let mut flags = compiler_flags(0);
    // SAFETY: by the caller; the rest are live objects.
    unsafe {
        ffi::PyRun_FileExFlags(
            file.cast(),
            name.as_ptr(),
            ffi::Py_file_input,
            dict,
            dict,
            close.into(),
            &mut flags,
        )
    }
}

/// Run the text of `-c` as the main program.
#[pyfunction]
pub fn run_command(py: Python<'_>, text: &[u8], globals: &Bound<'_, PyDict>) -> PyResult<Ending> {
    const FILENAME: &CStr = c"<string>";
    let source = CString::new(text)?;
    Ok(main_program(py, globals, || {
        let mut flags = compiler_flags(IGNORE_COOKIE);
        // SAFETY: C strings and flags of our own.
        let code = unsafe {
            ffi::Py_CompileStringExFlags(
                source.as_ptr(),
                FILENAME.as_ptr(),
                ffi::Py_file_input,
                &mut flags,
                -1,
            )
        };
        // SAFETY: a new reference, or NULL with an exception set.
        let code = match unsafe { Bound::from_owned_ptr_or_err(py, code) } {
            Ok(code) => code,
            Err(error) => {
                error.restore(py);
                return std::ptr::null_mut();
            }
        };
        if let Err(error) = register_source(py, &code, text) {
            error.restore(py);
            return std::ptr::null_mut();
        }
        evaluate(&code, globals)
    }))
}

/// Run a code object as the main program.
#[pyfunction]
pub fn run_code(py: Python<'_>, code: &Bound<'_, PyCode>, globals: &Bound<'_, PyDict>) -> Ending {
    main_program(py, globals, || evaluate(code, globals))
}

fn evaluate(code: &Bound<'_, PyAny>, globals: &Bound<'_, PyDict>) -> *mut ffi::PyObject {
    // SAFETY: live objects of the types that the function asks for.
    unsafe { ffi::PyEval_EvalCode(code.as_ptr(), globals.as_ptr(), globals.as_ptr()) }
}

fn compiler_flags(flags: c_int) -> ffi::PyCompilerFlags {
    ffi::PyCompilerFlags {
        cf_flags: flags,
        cf_feature_version: release::MINOR.into(),
    }
}

/// Run what evaluates the main program's code, which gives a new reference, or NULL with an
/// exception set.
fn main_program(
    py: Python<'_>,
    globals: &Bound<'_, PyDict>,
    body: impl FnOnce() -> *mut ffi::PyObject,
) -> Ending {
    hiding_frames(|| {
        let _awaiting = hook::await_frame(Awaited::Globals(globals.as_ptr()));
        // SAFETY: by the contract of `body`.
        unsafe { Bound::from_owned_ptr_or_err(py, body()) }.map(drop)
    })
    .map_or_else(|error| report(py, error), |()| (0, false))
}

/// Run a module as the main program, as `python -m` does; `globals` is `__main__`'s dict.
#[pyfunction]
pub fn run_module(
    py: Python<'_>,
    name: &str,
    alter_argv: bool,
    globals: &Bound<'_, PyDict>,
) -> Ending {
    hiding_frames(|| {
        let run = py
            .import("runpy")?
            .getattr(intern!(py, "_run_module_as_main"))?;
        let _awaiting = hook::await_frame(Awaited::Globals(globals.as_ptr()));
        run.call1((name, alter_argv)).map(drop)
    })
    .map_or_else(|error| report(py, error), |()| (0, false))
}

/// From 3.13 on, the interpreter keeps the source of `-c` for its tracebacks: first under the name of
/// the file, in later patch releases under the code.
fn register_source(py: Python<'_>, code: &Bound<'_, PyAny>, text: &[u8]) -> PyResult<()> {
    if cfg!(Py_3_13) {
        const NAME: &str = "<string>";
        let linecache = py.import("linecache")?;
        let register = linecache.getattr(intern!(py, "_register_code"))?;
        let text = String::from_utf8_lossy(text);
        if linecache.hasattr(intern!(py, "_interactive_cache"))? {
            register.call1((code, text, NAME))?;
        } else {
            register.call1((NAME, text, NAME))?;
        }
    }
    Ok(())
}

/// Run `body` as if nothing of Python were running.
fn hiding_frames<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: functions called by Python hold the GIL.
    let thread = unsafe { Thread::current() };
    let hidden = Hidden {
        thread,
        frame: thread.frame(),
        depth: thread.depth(),
    };
    // SAFETY: `Hidden` puts the frame back before anything returns into it.
    unsafe { thread.set_frame(None) };
    thread.lend_depth(hidden.depth);
    body()
}

struct Hidden {
    thread: Thread,
    frame: Option<Frame>,
    /// How deep calls are nested, which the recursion limit is not to count.
    depth: i32,
}

impl Drop for Hidden {
    fn drop(&mut self) {
        self.thread.lend_depth(-self.depth);
        // SAFETY: this is the frame that was running before.
        unsafe { self.thread.set_frame(self.frame) }
    }
}

/// Print what ended the program. `SystemExit` ends the process right here, as in the interpreter.
fn report(py: Python<'_>, error: PyErr) -> Ending {
    // The interpreter, too, looks for this very type.
    let interrupted = error.get_type(py).is(py.get_type::<PyKeyboardInterrupt>());
    hiding_frames(|| error.print_and_set_sys_last_vars(py));
    (1, interrupted)
}
