//! Reading C: from a CPython source tree to templates.

pub mod ctype;
pub mod error;
pub mod layout;
pub mod lift;
mod names;
mod packed;
pub mod parse;
pub mod preprocess;
pub mod types;
