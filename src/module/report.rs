//! What the compiler did, for people and programs.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::{Bound, PyAny, PyDictMethods, PyResult, Python, pyfunction};
use pyo3::types::PyDict;

use super::{code_of, code_pointer};
use crate::jit;

/// Totals since the module was imported.
#[pyfunction]
pub fn stats(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let stats = jit::stats();
    let exits = PyDict::new(py);
    for (reason, count) in stats.exits {
        exits.set_item(reason, count)?;
    }
    let result = PyDict::new(py);
    result.set_item("functions", stats.functions)?;
    result.set_item("blocks", stats.blocks)?;
    result.set_item("bytecodes", stats.bytecodes)?;
    result.set_item("code_bytes", stats.code_bytes)?;
    result.set_item("metadata_bytes", stats.metadata_bytes)?;
    result.set_item("compile_seconds", stats.compile_ns as f64 * 1e-9)?;
    result.set_item("exits", exits)?;
    Ok(result)
}

/// Offset, line, opcode and outcome.
type Instruction = (u32, Option<u32>, &'static str, String);

/// What became of each instruction, as `(offset, line, opcode, outcome)`.
#[pyfunction]
pub fn explain(object: &Bound<'_, PyAny>) -> PyResult<Vec<Instruction>> {
    let code = code_of(object)?;
    // SAFETY: the code object is alive and the GIL is held.
    let lines = unsafe { jit::explain(code_pointer(&code)) };
    Ok(lines
        .into_iter()
        .map(|one| (one.offset, one.line, one.opcode, one.outcome))
        .collect())
}

/// Source lines, bytecode, templates and machine code, interleaved.
#[pyfunction]
pub fn disassemble(object: &Bound<'_, PyAny>) -> PyResult<String> {
    let code = code_of(object)?;
    // SAFETY: the code object is alive and the GIL is held.
    unsafe { jit::disassemble(code_pointer(&code)) }
        .map_err(|reason| PyValueError::new_err(reason.to_string()))
}

/// The machine code of one opcode by itself; for `cargo xtask show`.
#[pyfunction]
pub fn machine_code(opcode: &str, oparg: u8) -> PyResult<String> {
    jit::machine_code(opcode, oparg).map_err(|reason| PyValueError::new_err(reason.to_string()))
}
