//! What Python sees: the native half of the package `cevalry`.

mod callable;
mod program;
mod report;

use pyo3::exceptions::{PyImportError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::{
    Bound, PyAny, PyAnyMethods, PyModule, PyModuleMethods, PyResult, Python, pyfunction, pymodule,
    wrap_pyfunction,
};
use pyo3::types::{PyCode, PyFunction, PyTypeMethods};

use crate::entry::{self, policy, refuse};
use crate::jit;
use crate::mechanisms;

#[pymodule]
fn _cevalry(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let py = module.py();
    mechanisms::obey_environment().map_err(PyValueError::new_err)?;
    refuse::check(py)
        .and_then(|()| Ok(jit::init(entry::doors(py)?)?))
        .map_err(|refusal| PyImportError::new_err(refusal.to_string()))?;
    module.add("DEFAULT_THRESHOLD", policy::DEFAULT_THRESHOLD)?;
    let known = mechanisms::ALL.map(|(_, name, what)| (name, what));
    module.add("MECHANISMS", known.to_vec())?;
    module.add_class::<callable::CompiledCode>()?;
    module.add_function(wrap_pyfunction!(enable, module)?)?;
    module.add_function(wrap_pyfunction!(disable, module)?)?;
    module.add_function(wrap_pyfunction!(is_enabled, module)?)?;
    module.add_function(wrap_pyfunction!(set_code_limit, module)?)?;
    module.add_function(wrap_pyfunction!(callable::compile, module)?)?;
    module.add_function(wrap_pyfunction!(report::stats, module)?)?;
    module.add_function(wrap_pyfunction!(report::explain, module)?)?;
    module.add_function(wrap_pyfunction!(report::disassemble, module)?)?;
    module.add_function(wrap_pyfunction!(report::machine_code, module)?)?;
    module.add_function(wrap_pyfunction!(program::run_file, module)?)?;
    module.add_function(wrap_pyfunction!(program::run_input, module)?)?;
    module.add_function(wrap_pyfunction!(program::run_command, module)?)?;
    module.add_function(wrap_pyfunction!(program::run_code, module)?)?;
    module.add_function(wrap_pyfunction!(program::run_module, module)?)?;
    Ok(())
}

/// Find and compile hot code from now on.
#[pyfunction]
fn enable(py: Python<'_>, threshold: i64) -> PyResult<()> {
    let threshold = u32::try_from(threshold).map_err(|_| {
        PyValueError::new_err(format!(
            "threshold must be between 0 and {}, not {threshold}",
            u32::MAX
        ))
    })?;
    policy::enable(py, threshold)
}

/// Run everything through the interpreter again.
#[pyfunction]
fn disable() {
    policy::disable();
}

/// Whether hot code is being found and compiled.
#[pyfunction]
fn is_enabled() -> bool {
    policy::is_enabled()
}

/// Limit the bytes of machine code.
#[pyfunction]
fn set_code_limit(bytes: i64) -> PyResult<()> {
    let bytes = usize::try_from(bytes).map_err(|_| {
        PyValueError::new_err(format!(
            "the limit on machine code must not be negative, and is {bytes}"
        ))
    })?;
    jit::set_limit(bytes);
    Ok(())
}

/// The code object of a function, a method or a code object.
fn code_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyCode>> {
    if let Ok(code) = object.cast::<PyCode>() {
        return Ok(code.clone());
    }
    let function = match object.cast::<callable::CompiledCode>() {
        Ok(compiled) => return Ok(compiled.borrow().code(object.py())),
        Err(_) => object
            .getattr("__func__")
            .unwrap_or_else(|_| object.clone()),
    };
    if let Ok(function) = function.cast::<PyFunction>() {
        return Ok(function.getattr("__code__")?.cast_into::<PyCode>()?);
    }
    Err(PyTypeError::new_err(format!(
        "expected a Python function, a method or a code object, not {}",
        object.get_type().name()?
    )))
}

/// The same as a pointer, valid as long as the object is.
fn code_pointer(code: &Bound<'_, PyCode>) -> *mut ffi::PyCodeObject {
    code.as_ptr().cast()
}
