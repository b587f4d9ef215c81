//! What was generated for the CPython release that this build serves.

pub mod table;

mod stand_in;

pub use stand_in::{OPCODES, ROLES, SYMBOLS, layout};
