//! Running a whole program as the interpreter itself would.
//!
//! The frames of the command line are hidden from the program while it runs, and what it does
//! not catch is printed here, so that neither shows up in its tracebacks.

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::{Bound, PyAny, PyAnyMethods, PyErr, PyResult, Python, pyfunction};
use pyo3::types::PyDict;
use pyo3::{ffi, intern};

use crate::entry::hook::{self, Awaited};
use crate::entry::interp::{Frame, Thread};

/// How a program ended: the exit code, and whether the user interrupted it.
type Ending = (i32, bool);

/// Run source text (or a code object) as the main program; `globals` is `__main__`'s dict.
#[pyfunction]
pub fn run_source(
    py: Python<'_>,
    source: &Bound<'_, PyAny>,
    filename: &str,
    globals: &Bound<'_, PyDict>,
) -> Ending {
    hiding_frames(|| {
        let code = if source.is_instance_of::<pyo3::types::PyCode>() {
            source.clone()
        } else {
            let compile = py.import("builtins")?.getattr(intern!(py, "compile"))?;
            let code = compile.call1((source, filename, "exec", 0, true))?;
            register_source(py, &code, source, filename)?;
            code
        };
        let _awaiting = hook::await_frame(Awaited::Globals(globals.as_ptr()));
        // SAFETY: live objects of the types that the function asks for.
        unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyEval_EvalCode(code.as_ptr(), globals.as_ptr(), globals.as_ptr()),
            )
        }
        .map(drop)
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

/// From 3.13 on, the interpreter keeps the source of `-c` for its tracebacks.
fn register_source(
    py: Python<'_>,
    code: &Bound<'_, PyAny>,
    source: &Bound<'_, PyAny>,
    filename: &str,
) -> PyResult<()> {
    if cfg!(Py_3_13) && filename == "<string>" {
        let register = py
            .import("linecache")?
            .getattr(intern!(py, "_register_code"))?;
        let text = source.call_method1("decode", ("utf-8",))?;
        register.call1((code, text, filename))?;
    }
    Ok(())
}

/// Run `body` as if nothing of Python were running.
fn hiding_frames<T>(body: impl FnOnce() -> T) -> T {
    // SAFETY: functions called by Python hold the GIL.
    let thread = unsafe { Thread::current() };
    let _hidden = Hidden {
        thread,
        frame: thread.frame(),
    };
    // SAFETY: `Hidden` puts the frame back before anything returns into it.
    unsafe { thread.set_frame(None) };
    body()
}

struct Hidden {
    thread: Thread,
    frame: Option<Frame>,
}

impl Drop for Hidden {
    fn drop(&mut self) {
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
