//! Cevalry: a just-in-time compiler for CPython, derived from its evaluation loop.

pub mod emit;
pub mod entry;
pub mod jit;
pub mod mechanisms;
pub mod memory;
pub mod release;

mod module;
