//! `compile`: what comes back can be called.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::{
    Bound, Py, PyAny, PyAnyMethods, PyDictMethods, PyErr, PyResult, Python, pyclass, pyfunction,
    pymethods,
};
use pyo3::types::{PyCode, PyDict, PyFunction};
use pyo3::{ffi, intern};

use super::{code_of, code_pointer};
use crate::entry::hook::{self, Awaited};
use crate::entry::policy;
#[cfg(Py_3_12)]
use crate::entry::watching;

/// A code object that runs compiled when it is called.
#[pyclass(frozen, module = "cevalry", name = "CompiledCode")]
pub struct CompiledCode {
    code: Py<PyCode>,
}

impl CompiledCode {
    pub fn code<'py>(&self, py: Python<'py>) -> Bound<'py, PyCode> {
        self.code.bind(py).clone()
    }
}

#[pymethods]
impl CompiledCode {
    /// Run the code, as `exec` would, in the caller's namespaces unless others are given.
    #[pyo3(signature = (globals=None, locals=None))]
    fn __call__<'py>(
        &self,
        py: Python<'py>,
        globals: Option<Bound<'py, PyDict>>,
        locals: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let (globals, locals) = namespaces(py, globals, locals)?;
        if !globals.contains(intern!(py, "__builtins__"))? {
            globals.set_item(intern!(py, "__builtins__"), py.import("builtins")?)?;
        }
        let code = self.code.bind(py);
        let _awaiting = hook::await_frame(Awaited::Code(code_pointer(code)));
        // SAFETY: three live objects of the types that the function asks for.
        unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyEval_EvalCode(code.as_ptr(), globals.as_ptr(), locals.as_ptr()),
            )
        }
    }

    /// The code object.
    #[getter]
    fn __code__<'py>(&self, py: Python<'py>) -> Bound<'py, PyCode> {
        self.code(py)
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        Ok(format!("<compiled {}>", self.code.bind(py).repr()?))
    }
}

/// Where code without namespaces of its own runs.
fn namespaces<'py>(
    py: Python<'py>,
    globals: Option<Bound<'py, PyDict>>,
    locals: Option<Bound<'py, PyAny>>,
) -> PyResult<(Bound<'py, PyDict>, Bound<'py, PyAny>)> {
    if let Some(globals) = globals {
        let locals = locals.unwrap_or_else(|| globals.clone().into_any());
        return Ok((globals, locals));
    }
    // SAFETY: gives a borrowed dict, or NULL where no Python code runs.
    let globals = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetGlobals()) };
    let Some(globals) = globals else {
        let globals = PyDict::new(py);
        let locals = locals.unwrap_or_else(|| globals.clone().into_any());
        return Ok((globals, locals));
    };
    let locals = match locals {
        Some(locals) => locals,
        None => py.import("builtins")?.getattr("locals")?.call0()?,
    };
    Ok((globals.cast_into::<PyDict>()?, locals))
}

/// Compile a function in place and return it, or give a callable that runs a code object.
#[pyfunction]
pub fn compile<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    let py = object.py();
    #[cfg(Py_3_12)]
    watching::prepare(py)?;
    let code = code_of(object)?;
    policy::prepare(py)?;
    if object.is_instance_of::<PyCode>() {
        let free: Bound<'_, PyAny> = code.getattr("co_freevars")?;
        if free.len()? > 0 {
            return Err(PyValueError::new_err(
                "this code object has free variables: compile the function that it belongs to",
            ));
        }
        let compiled = CompiledCode {
            code: code.unbind(),
        };
        return Ok(Bound::new(py, compiled)?.into_any());
    }
    let function = object
        .getattr(intern!(py, "__func__"))
        .unwrap_or_else(|_| object.clone());
    let compiled = match function.cast::<PyFunction>() {
        Ok(function) => policy::compile_function(py, function.as_ptr().cast()),
        Err(_) => policy::compile(code_pointer(&code)).map(drop),
    };
    compiled.map_err(|reason| -> PyErr {
        let name = code
            .getattr(intern!(py, "co_qualname"))
            .map_or_else(|_| "this code".to_owned(), |name| name.to_string());
        PyValueError::new_err(format!("{name} cannot be compiled: {reason}"))
    })?;
    Ok(object.clone())
}
