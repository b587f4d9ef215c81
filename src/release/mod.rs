//! What was generated for the CPython release that this build serves.

pub mod places;
pub mod table;

#[allow(
    non_snake_case,
    non_upper_case_globals,
    clippy::just_underscores_and_digits,
    reason = "names are those of C, or numbers of values"
)]
mod generated {
    include!(concat!(env!("OUT_DIR"), "/emitters.rs"));
}

pub use generated::{
    MINOR, OLDEST_PATCH, OPCODES, PLACES, ROLES, SMALL_INTS, SYMBOLS, callee, layout, signature,
    sym,
};
