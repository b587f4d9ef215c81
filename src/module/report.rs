//! What the compiler did, for people and programs.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::{Bound, PyAny, PyAnyMethods, PyDictMethods, PyResult, Python, pyfunction};
use pyo3::types::{PyCode, PyDict};

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
    let missing = PyDict::new(py);
    for (opcode, why) in stats.missing {
        missing.set_item(opcode, why)?;
    }
    result.set_item("missing", missing)?;
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

/// Address, text, note, and where it jumps.
type MachineLine = (usize, String, String, usize);
/// Offset, outcome, whether it runs rarely, and machine code.
type Piece = (Option<u32>, String, bool, Vec<MachineLine>);
/// Offset, address, bytes, and pieces.
type Block = (u32, usize, u32, Vec<Piece>);

/// The code object, and each block of machine code as
/// `(offset, address, bytes, [(offset, outcome, cold, [(address, text, note, target)])])`.
#[pyfunction]
pub fn disassemble<'py>(object: &Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyCode>, Vec<Block>)> {
    let code = code_of(object)?;
    let names = local_names(&code)?;
    // SAFETY: the code object is alive and the GIL is held.
    let blocks = unsafe { jit::disassemble(code_pointer(&code), &names) }
        .map_err(|reason| PyValueError::new_err(reason.to_string()))?;
    let line = |line: jit::Line| (line.address, line.text, line.note, line.target);
    let piece = |piece: jit::Piece| {
        let lines = piece.lines.into_iter().map(line).collect();
        (piece.offset, piece.outcome, piece.cold, lines)
    };
    let block = |block: jit::Listed| {
        let pieces = block.pieces.into_iter().map(piece).collect();
        (block.offset, block.address, block.len, pieces)
    };
    Ok((code, blocks.into_iter().map(block).collect()))
}

/// Names of locals, cells and free variables in the order of their slots.
fn local_names(code: &Bound<'_, PyCode>) -> PyResult<Vec<String>> {
    let mut names = Vec::new();
    for list in ["co_varnames", "co_cellvars", "co_freevars"] {
        for name in code.getattr(list)?.try_iter()? {
            let name: String = name?.extract()?;
            // An argument that is a cell has one slot.
            if list == "co_freevars" || !names.contains(&name) {
                names.push(name);
            }
        }
    }
    Ok(names)
}

/// The machine code of one opcode by itself; for `cargo xtask show`.
#[pyfunction]
pub fn machine_code(opcode: &str, oparg: u8) -> PyResult<String> {
    jit::machine_code(opcode, oparg).map_err(|reason| PyValueError::new_err(reason.to_string()))
}
