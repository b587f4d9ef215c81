//! How execution gets into compiled code.

mod arguments;
#[cfg(Py_3_12)]
mod closing;
#[cfg(Py_3_13)]
mod direct;
#[cfg(Py_3_12)]
pub mod functions;
pub mod generators;
pub mod hook;
pub mod interp;
mod layout;
mod leading;
mod main_loops;
#[cfg(Py_3_12)]
pub mod monitoring;
#[cfg(Py_3_13)]
mod packed;
pub mod policy;
mod profiling;
pub mod refuse;
pub mod sampling;
mod shown;
mod slots;
pub mod stack;
#[cfg(Py_3_12)]
mod trampolines;
#[cfg(Py_3_12)]
pub mod vectorcall;
#[cfg(Py_3_12)]
pub mod watching;
#[cfg(Py_3_13)]
mod write_through;

use pyo3::prelude::{PyResult, Python};

use crate::emit::view::Doors;

/// The functions that the interpreter is given to enter compiled code.
pub fn doors(py: Python<'_>) -> PyResult<Doors> {
    #[cfg(Py_3_12)]
    return Ok(Doors {
        hook: hook::address(),
        entry: vectorcall::enter as *const () as usize,
        default_entry: functions::learn_default(py)?,
        forward: hook::forward_place(),
        slots: slots::asked(),
    });
    #[cfg(not(Py_3_12))]
    {
        let _ = py;
        Ok(Doors {
            hook: hook::address(),
            forward: hook::forward_place(),
            slots: slots::asked(),
            ..Doors::default()
        })
    }
}
