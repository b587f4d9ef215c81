//! Functions that the interpreter's binary hides, written anew.
//!
//! Each names the upstream function whose behaviour it mirrors; the hashes of those texts are in
//! `templates/vocabulary/mirrored.toml`, so that a sync notices when one changes.

pub mod attributes;
#[cfg(not(Py_3_12))]
mod binding;
#[cfg(not(Py_3_12))]
mod calls;
mod containers;
#[cfg(not(Py_3_12))]
mod coroutines;
pub mod drops;
mod errors;
mod imports;
pub mod instances;
mod numbers;
pub mod operators;
mod python;
mod trashcan;
#[cfg(not(Py_3_12))]
mod unpacking;
mod variadic;

#[cfg(not(Py_3_12))]
pub use calls::{discard_finished, finished_result};

pub use python::{FRAME_RUNNER, know};

use std::ffi::CStr;

use crate::mechanisms::Mechanism;

/// Learns what the stand-ins need of the running interpreter. Done once, with the GIL held, before
/// anything is compiled.
pub fn prepare() {
    python::prepare();
    drops::prepare();
}

/// The stand-in for a hidden function or variable.
pub fn find(name: &CStr) -> Option<usize> {
    let name = name.to_str().ok()?;
    let tables = [
        #[cfg(not(Py_3_12))]
        calls::STAND_INS,
        containers::STAND_INS,
        #[cfg(not(Py_3_12))]
        coroutines::STAND_INS,
        errors::STAND_INS,
        imports::STAND_INS,
        numbers::STAND_INS,
        numbers::tables(),
        #[cfg(not(Py_3_12))]
        unpacking::STAND_INS,
        variadic::STAND_INS,
    ];
    tables
        .into_iter()
        .flatten()
        .find(|(stands_for, _)| *stands_for == name)
        .map(|(_, address)| *address as usize)
}

/// What compiled code calls instead of a function that the interpreter exports.
pub fn instead(name: &CStr) -> Option<usize> {
    let name = name.to_str().ok()?;
    let tables = [
        (Mechanism::AttributeAnswers, attributes::INSTEAD),
        (Mechanism::InstanceStandIns, instances::INSTEAD),
        (Mechanism::OperatorStandIns, numbers::INSTEAD),
        (Mechanism::OperatorStandIns, operators::INSTEAD),
    ];
    let on = tables.iter().filter(|(mechanism, _)| mechanism.is_on());
    let mut all = on.flat_map(|(_, table)| *table);
    let found = all.find(|(stands_for, _)| *stands_for == name);
    found.map(|(_, address)| *address as usize)
}

/// A name and the address of what stands in for it.
type StandIn = (&'static str, *const ());

/// Whether the frame stands for a finished call: no stand-in of this release makes one.
#[cfg(Py_3_12)]
pub fn discard_finished(_base: usize) -> bool {
    false
}

/// The result of a finished call, as above.
#[cfg(Py_3_12)]
pub fn finished_result(_base: usize) -> Option<*mut pyo3::ffi::PyObject> {
    None
}
