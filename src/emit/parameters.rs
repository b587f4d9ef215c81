//! What each parameter of a function that is called gets.

use pyo3::ffi::{self, PyObject};
use smallvec::SmallVec;

use crate::jit::code::read;
use crate::release::layout::{PyCodeObject, PyFunctionObject};

/// Where the value of a parameter comes from.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Source {
    /// An argument, counted from the first.
    Argument(i64),
    /// An item of the function's defaults.
    Default(i64),
}

/// The sources of all parameters.
#[derive(Debug)]
pub(crate) struct Binding {
    pub sources: SmallVec<[Source; 8]>,
    /// How many defaults the function has.
    pub defaults: i64,
}

impl Binding {
    /// That of a call with so many arguments without a name and those names, where every parameter gets
    /// a value and no argument is left over. Names are interned nearly always: others are nobody's here.
    ///
    /// # Safety
    /// `function` is a live function, and `names` a live tuple or 0.
    pub unsafe fn of(function: usize, unnamed: i64, names: usize) -> Option<Binding> {
        let names = names as *mut PyObject;
        // SAFETY: by the caller; a function has a code object, whose names are a tuple.
        let size = |tuple: *mut PyObject| match tuple.is_null() {
            true => 0,
            false => unsafe { ffi::PyTuple_GET_SIZE(tuple) as i64 },
        };
        // SAFETY: as above.
        let (int, parameters, defaults) = unsafe {
            let code: usize = read(function, PyFunctionObject::func_code.offset);
            let int = move |offset: i32| i64::from(read::<i32>(code, offset));
            let parameters: *mut PyObject = read(code, PyCodeObject::co_localsplusnames.offset);
            let defaults: *mut PyObject = read(function, PyFunctionObject::func_defaults.offset);
            (int, parameters, size(defaults))
        };
        let wanted = int(PyCodeObject::co_argcount.offset);
        let positional_only = int(PyCodeObject::co_posonlyargcount.offset);
        let named = size(names);
        let argument_named = |parameter: i64| {
            // SAFETY: as above, and the parameter is one.
            unsafe {
                let name = ffi::PyTuple_GET_ITEM(parameters, parameter as isize);
                (0..named).find(|i| ffi::PyTuple_GET_ITEM(names, *i as isize) == name)
            }
        };
        let mut given = 0;
        let source = |parameter: i64| {
            let argument = match parameter {
                p if p < unnamed => Some(p),
                p if p < positional_only => None,
                p => argument_named(p).map(|i| unnamed + i),
            };
            given += i64::from(argument.is_some());
            let default = parameter - (wanted - defaults);
            let default = (default >= 0).then_some(Source::Default(default));
            argument.map(Source::Argument).or(default)
        };
        let sources = (0..wanted).map(source).collect::<Option<_>>()?;
        (given == unnamed + named).then_some(Binding { sources, defaults })
    }

    /// Whether any parameter gets a default.
    pub fn has_defaults(&self) -> bool {
        let mut sources = self.sources.iter();
        sources.any(|source| matches!(source, Source::Default(_)))
    }
}
