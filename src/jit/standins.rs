//! Functions that the interpreter's binary hides, written anew.
//!
//! Each names the upstream function whose behaviour it mirrors.

use std::ffi::CStr;

/// The stand-in for a hidden function.
pub fn find(name: &CStr) -> Option<usize> {
    let name = name.to_str().ok()?;
    STAND_INS
        .iter()
        .find(|stand_in| stand_in.0 == name)
        .map(|stand_in| stand_in.1 as usize)
}

const STAND_INS: &[(&str, *const ())] = &[];
