//! Functions whose entry point leads into compiled code, and the watcher that keeps their list.
//!
//! Only functions that are hot, or have a loop to be reached in their first call, are touched:
//! calls of all others stay the interpreter's own.

use std::cell::{RefCell, RefMut};
use std::ffi::c_int;
use std::panic::catch_unwind;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

use pyo3::exceptions::PyRuntimeError;
use pyo3::ffi;
use pyo3::prelude::{Bound, PyAny, PyAnyMethods, PyErr, PyResult, Python};
use pyo3::types::PyFunction;
use rustc_hash::{FxBuildHasher, FxHashMap};

use super::{closing, interp, policy, vectorcall};

/// `PyFunction_WatchEvent`
const CREATED: c_int = 0;
const DESTROYED: c_int = 1;

type Watcher = unsafe extern "C" fn(c_int, *mut ffi::PyFunctionObject, *mut ffi::PyObject) -> c_int;

unsafe extern "C" {
    fn PyFunction_AddWatcher(callback: Watcher) -> c_int;
    fn PyFunction_SetVectorcall(
        function: *mut ffi::PyFunctionObject,
        vectorcall: ffi::vectorcallfunc,
    );
}

/// Functions with our entry point, by address, and the version that they had without it. Every
/// function that is made or dies is looked up: a lock would cost more than all the rest.
struct Installed(RefCell<FxHashMap<usize, u32>>);

// SAFETY: only reached through `installed`, whose callers hold the GIL.
unsafe impl Sync for Installed {}

static INSTALLED: Installed = Installed(RefCell::new(FxHashMap::with_hasher(FxBuildHasher)));
/// The entry point that functions have by default.
static DEFAULT: AtomicPtr<()> = AtomicPtr::new(std::ptr::null_mut());
static WATCHING: AtomicBool = AtomicBool::new(false);

/// The list. The GIL is held, and no Python code runs while it is borrowed.
fn installed() -> RefMut<'static, FxHashMap<usize, u32>> {
    INSTALLED.0.borrow_mut()
}

/// The interpreter's own entry point of Python functions.
pub(crate) fn default_vectorcall() -> Option<ffi::vectorcallfunc> {
    let pointer = DEFAULT.load(Ordering::Relaxed);
    if pointer.is_null() {
        return None;
    }
    // SAFETY: only `learn_default` stores here, and what it stores is such a function.
    Some(unsafe { std::mem::transmute::<*mut (), ffi::vectorcallfunc>(pointer) })
}

/// Look what the interpreter gives a function that nobody has touched.
pub fn learn_default(py: Python<'_>) -> PyResult<usize> {
    let fresh: Bound<'_, PyAny> = py.eval(c"lambda: None", None, None)?;
    let fresh = fresh.cast::<PyFunction>()?.as_ptr();
    // SAFETY: a live function.
    let vectorcall = unsafe { (*fresh.cast::<ffi::PyFunctionObject>()).vectorcall };
    let Some(vectorcall) = vectorcall else {
        return Err(PyRuntimeError::new_err(
            "functions of this Python have no entry point",
        ));
    };
    DEFAULT.store(vectorcall as *mut (), Ordering::Relaxed);
    Ok(vectorcall as usize)
}

/// Watch functions come and go. Done once.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    if WATCHING.load(Ordering::Relaxed) {
        return Ok(());
    }
    #[cfg(Py_3_13)]
    super::direct::learn(py, super::direct::Door::Entry)?;
    // SAFETY: the callback lives as long as the process.
    if unsafe { PyFunction_AddWatcher(watch) } < 0 {
        return Err(PyErr::fetch(py));
    }
    WATCHING.store(true, Ordering::Relaxed);
    Ok(())
}

/// Have calls of a function that nobody else knows arrive at our entry point.
#[cfg(Py_3_13)]
pub(crate) fn lead_in(function: *mut ffi::PyFunctionObject) {
    // SAFETY: callers hold the GIL and a reference to the function.
    unsafe { PyFunction_SetVectorcall(function, vectorcall::enter) };
}

/// Let callers of this function reach its compiled code, now or when there is some.
pub(crate) fn install(function: *mut ffi::PyFunctionObject) {
    let Some(default) = default_vectorcall() else {
        return;
    };
    if closing::closed() {
        return;
    }
    // SAFETY: callers hold the GIL and a reference to the function.
    unsafe {
        if !same((*function).vectorcall, default) {
            return;
        }
        installed().insert(function as usize, (*function).func_version);
        PyFunction_SetVectorcall(function, vectorcall::enter);
        // New functions of this code take their version from it when they are made. Without
        // one, no call of them is specialised, which would pass their entry point by.
        interp::forget_version((*function).func_code.cast());
    }
}

/// Give a function its own entry point back for as long as the guard lives.
pub(crate) fn suspend(function: *mut ffi::PyFunctionObject) -> Suspended {
    if let Some(default) = default_vectorcall() {
        // SAFETY: as in `install`.
        unsafe { PyFunction_SetVectorcall(function, default) };
    }
    Suspended(function)
}

/// See [`suspend`].
pub struct Suspended(*mut ffi::PyFunctionObject);

impl Drop for Suspended {
    fn drop(&mut self) {
        if installed().contains_key(&(self.0 as usize)) {
            // SAFETY: the list holds live functions only.
            unsafe { PyFunction_SetVectorcall(self.0, vectorcall::enter) };
        }
    }
}

/// Give all functions their own entry points back.
pub(crate) fn uninstall_all() {
    let Some(default) = default_vectorcall() else {
        return;
    };
    let all = std::mem::take(&mut *installed());
    for (function, version) in all {
        let function = function as *mut ffi::PyFunctionObject;
        // SAFETY: the list holds live functions only. The version is still that of this very
        // function: the watcher clears it when the function changes.
        unsafe {
            if same((*function).vectorcall, vectorcall::enter) {
                PyFunction_SetVectorcall(function, default);
                (*function).func_version = version;
            }
        }
    }
}

/// Offer every function that exists to the policy.
pub(crate) fn scan(py: Python<'_>) -> PyResult<()> {
    let objects = py.import("gc")?.getattr("get_objects")?.call0()?;
    for object in objects.try_iter()? {
        let object: Bound<'_, _> = object?;
        if object.is_exact_instance_of::<PyFunction>() {
            policy::consider(object.as_ptr().cast());
        }
    }
    Ok(())
}

fn same(one: Option<ffi::vectorcallfunc>, other: ffi::vectorcallfunc) -> bool {
    one.is_some_and(|one| one as usize == other as usize)
}

unsafe extern "C" fn watch(
    event: c_int,
    function: *mut ffi::PyFunctionObject,
    _new_value: *mut ffi::PyObject,
) -> c_int {
    // A panic must not reach the interpreter, which could do nothing about it.
    let _ = catch_unwind(|| match event {
        CREATED => policy::consider(function),
        DESTROYED => {
            installed().remove(&(function as usize));
        }
        // The code, the defaults or the keyword defaults change, and with them the version.
        _ => {
            if let Some(version) = installed().get_mut(&(function as usize)) {
                *version = 0;
            }
        }
    });
    0
}
