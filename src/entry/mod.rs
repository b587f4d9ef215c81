//! How execution gets into compiled code.

#[cfg(Py_3_12)]
pub mod functions;
pub mod hook;
pub mod interp;
mod layout;
pub mod policy;
pub mod refuse;
pub mod sampling;
pub mod stack;
#[cfg(Py_3_12)]
pub mod vectorcall;
