//! Which argument goes to which parameter of a Python function (3.11).

use std::ffi::c_int;

use pyo3::ffi::{self, Py_ssize_t, PyObject};

use crate::jit::code::read;
use crate::release::layout::{PyCodeObject as code, PyFunctionObject as function};

pub const VARARGS: c_int = 0x4;
pub const VARKEYWORDS: c_int = 0x8;

/// Parameters whose defaults are taken are noted as bits of one word.
const MOST_PARAMETERS: usize = 64;

/// A call: a function, and its arguments, those given by keyword last.
#[derive(Clone, Copy)]
pub struct Given {
    pub called: *mut PyObject,
    pub args: *const *mut PyObject,
    /// Arguments that are not given by keyword.
    pub count: usize,
    /// The keywords: a tuple or NULL.
    pub names: *mut PyObject,
}

impl Given {
    /// How many arguments are given by keyword.
    ///
    /// # Safety
    /// The keywords are alive.
    pub unsafe fn keywords(&self) -> usize {
        if self.names.is_null() {
            return 0;
        }
        // SAFETY: by the caller.
        unsafe { ffi::PyTuple_GET_SIZE(self.names) as usize }
    }
}

/// What a code object says of its parameters.
#[derive(Clone, Copy)]
struct Parameters {
    names: *mut PyObject,
    positional_only: usize,
    positional: usize,
    /// With those that are given by keyword only.
    all: usize,
    varargs: bool,
    varkeywords: bool,
    slots: usize,
}

impl Parameters {
    /// # Safety
    /// A live code object.
    unsafe fn of(object: usize) -> Parameters {
        // SAFETY: by the caller.
        unsafe {
            let int = |offset: i32| read::<c_int>(object, offset);
            let positional = int(code::co_argcount.offset) as usize;
            let flags = int(code::co_flags.offset);
            Parameters {
                names: read(object, code::co_localsplusnames.offset),
                positional_only: int(code::co_posonlyargcount.offset) as usize,
                positional,
                all: positional + int(code::co_kwonlyargcount.offset) as usize,
                varargs: flags & VARARGS != 0,
                varkeywords: flags & VARKEYWORDS != 0,
                slots: int(code::co_nlocalsplus.offset) as usize,
            }
        }
    }
}

impl Parameters {
    /// The parameter of a keyword. Names are interned nearly always; the others are the
    /// interpreter's to compare.
    ///
    /// # Safety
    /// The code object is alive.
    unsafe fn named(&self, name: *mut PyObject) -> Option<usize> {
        // SAFETY: by the caller.
        let same = |i: &usize| unsafe { ffi::PyTuple_GET_ITEM(self.names, *i as isize) == name };
        (self.positional_only..self.all).find(same)
    }
}

/// A call whose arguments may fit the parameters.
pub struct Binding {
    parameters: Parameters,
    /// A tuple for the arguments that have no parameter of their own, still to be filled; or NULL.
    rest: *mut PyObject,
}

impl Drop for Binding {
    fn drop(&mut self) {
        // SAFETY: it was made with the GIL held, which is kept during a call.
        unsafe { ffi::Py_XDECREF(self.rest) }
    }
}

impl Binding {
    /// None where the arguments do not fit the parameters for certain, or there is no memory.
    /// May run arbitrary code.
    ///
    /// # Safety
    /// The function and its code object are alive; the GIL is held.
    pub unsafe fn of(object: usize, given: &Given) -> Option<Binding> {
        // SAFETY: by the caller.
        let parameters = unsafe { Parameters::of(object) };
        let rest = given.count.saturating_sub(parameters.positional);
        if parameters.varkeywords || parameters.all > MOST_PARAMETERS {
            return None;
        }
        let mut binding = Binding {
            parameters,
            rest: std::ptr::null_mut(),
        };
        if !parameters.varargs {
            return (rest == 0).then_some(binding);
        }
        // SAFETY: the GIL is held.
        unsafe {
            binding.rest = ffi::PyTuple_New(rest as Py_ssize_t);
            if binding.rest.is_null() {
                ffi::PyErr_Clear();
                return None;
            }
            Some(binding)
        }
    }

    /// Whether there is a place for each argument that is not given by keyword.
    ///
    /// # Safety
    /// As for [`Binding::of`].
    pub unsafe fn has_room(object: usize, given: &Given) -> bool {
        // SAFETY: by the caller.
        let parameters = unsafe { Parameters::of(object) };
        parameters.varargs || given.count <= parameters.positional
    }

    /// Writes a new frame's locals and takes over the references to the arguments. False where
    /// the arguments do not fit the parameters or have to be looked at more closely: nothing has
    /// happened then. Runs no other code.
    ///
    /// # Safety
    /// As for [`Binding::of`], which was asked for the same call; there is room for all locals at
    /// `locals`.
    pub unsafe fn bind(&mut self, given: &Given, locals: *mut *mut PyObject) -> bool {
        let parameters = self.parameters;
        // SAFETY: by the caller; a function's defaults and names are what its code object says.
        unsafe {
            let locals = std::slice::from_raw_parts_mut(locals, parameters.slots);
            locals.fill(std::ptr::null_mut());
            let arguments = &mut locals[..parameters.all];
            let defaulted = match place(&parameters, given, arguments) {
                Some(()) => take_defaults(&parameters, given, arguments),
                None => None,
            };
            let Some(defaulted) = defaulted else {
                return false;
            };
            for (i, &value) in arguments.iter().enumerate() {
                if defaulted >> i & 1 != 0 {
                    ffi::Py_INCREF(value);
                }
            }
            if parameters.varargs {
                for i in parameters.positional..given.count {
                    let at = (i - parameters.positional) as Py_ssize_t;
                    ffi::PyTuple_SET_ITEM(self.rest, at, *given.args.add(i));
                }
                locals[parameters.all] = std::mem::replace(&mut self.rest, std::ptr::null_mut());
            }
            true
        }
    }
}

/// The order in which a call whose arguments do not fit drops them: those for which there is no
/// parameter, keywords from the first that does not fit on, and then one parameter after the other
/// (`initialize_locals`).
///
/// # Safety
/// As for [`Binding::of`].
pub unsafe fn order_of_unfit(object: usize, given: &Given) -> Vec<usize> {
    // SAFETY: by the caller.
    let (parameters, keywords) = unsafe { (Parameters::of(object), given.keywords()) };
    let all = given.count + keywords;
    let first = given.count.min(parameters.positional);
    let mut placed: Vec<(usize, usize)> = (0..first).map(|i| (i, i)).collect();
    let mut order = Vec::with_capacity(all);
    let rest = first..given.count;
    if parameters.varargs {
        placed.extend(rest.map(|i| (parameters.all + i, i)));
    } else {
        order.extend(rest);
    }
    for k in given.count..all {
        let at = (k - given.count) as Py_ssize_t;
        // SAFETY: by the caller; there are so many keywords.
        let parameter = unsafe { parameters.named(ffi::PyTuple_GET_ITEM(given.names, at)) };
        match parameter {
            Some(i) if placed.iter().all(|(known, _)| *known != i) => placed.push((i, k)),
            _ => {
                order.extend(k..all);
                break;
            }
        }
    }
    placed.sort_unstable();
    order.extend(placed.into_iter().map(|(_, argument)| argument));
    order
}

/// Puts arguments where they belong.
///
/// # Safety
/// As for [`Binding::bind`].
unsafe fn place(
    parameters: &Parameters,
    given: &Given,
    arguments: &mut [*mut PyObject],
) -> Option<()> {
    // SAFETY: by the caller.
    unsafe {
        let first = given.count.min(parameters.positional);
        for (i, argument) in arguments[..first].iter_mut().enumerate() {
            *argument = *given.args.add(i);
        }
        if given.names.is_null() {
            return Some(());
        }
        for k in 0..ffi::PyTuple_GET_SIZE(given.names) {
            let i = parameters.named(ffi::PyTuple_GET_ITEM(given.names, k))?;
            if !arguments[i].is_null() {
                return None;
            }
            arguments[i] = *given.args.add(given.count + k as usize);
        }
        Some(())
    }
}

/// Fills up with defaults, borrowed, and says for which parameters.
///
/// # Safety
/// As for [`Binding::bind`].
unsafe fn take_defaults(
    parameters: &Parameters,
    given: &Given,
    arguments: &mut [*mut PyObject],
) -> Option<u64> {
    // SAFETY: by the caller.
    unsafe {
        let called = given.called as usize;
        let mut defaulted = 0;
        for (i, argument) in arguments.iter_mut().enumerate() {
            if !argument.is_null() {
                continue;
            }
            *argument = if i < parameters.positional {
                let defaults: *mut PyObject = read(called, function::func_defaults.offset);
                if defaults.is_null() {
                    return None;
                }
                let missing = parameters.positional - i;
                let at = (ffi::PyTuple_GET_SIZE(defaults) as usize).checked_sub(missing)?;
                ffi::PyTuple_GET_ITEM(defaults, at as Py_ssize_t)
            } else {
                let defaults: *mut PyObject = read(called, function::func_kwdefaults.offset);
                if defaults.is_null() {
                    return None;
                }
                let name = ffi::PyTuple_GET_ITEM(parameters.names, i as Py_ssize_t);
                let value = ffi::PyDict_GetItemWithError(defaults, name);
                if value.is_null() {
                    ffi::PyErr_Clear();
                    return None;
                }
                value
            };
            defaulted |= 1 << i;
        }
        Some(defaulted)
    }
}
