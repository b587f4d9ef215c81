//! What was generated for the CPython release that this build serves.

pub mod places;
pub mod table;

#[allow(
    non_snake_case,
    non_upper_case_globals,
    reason = "names are those of C"
)]
mod generated {
    use std::ffi::CStr;

    use super::table::{Opcode, Place, Roles, Variant};
    use crate::emit::Emit;
    use crate::emit::types::{Callee, Effect, Elem, Exit, Flow, Signature, Stop, Symbol, Ty};
    use crate::jit::live::Live;

    include!(concat!(env!("OUT_DIR"), "/emitters.rs"));
}

pub use generated::{
    MINOR, OPCODES, PLACES, ROLES, SMALL_INTS, SYMBOLS, callee, layout, signature, sym,
};
