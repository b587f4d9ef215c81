//! How execution gets into compiled code.

pub mod hook;
pub mod interp;
pub mod policy;
pub mod refuse;
