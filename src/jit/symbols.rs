//! The C functions and variables that machine code refers to.

use std::collections::BTreeMap;
use std::ffi::CStr;

use crate::emit::view::Doors;
use crate::jit::standins;
use crate::release::{SYMBOLS, places};

/// Looks up a symbol of the interpreter; 0 when this binary does not export it.
pub fn lookup(name: &CStr) -> usize {
    // SAFETY: looks through what is loaded, with a C string.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) as usize }
}

/// The address of every symbol of the generated list: the interpreter's own, else a stand-in,
/// else 0.
pub fn resolve(doors: &Doors) -> &'static [usize] {
    let mut addresses: Vec<usize> = SYMBOLS
        .iter()
        .map(|name| match lookup(name) {
            0 if *name == c"_PyFunction_Vectorcall" => doors.default_entry,
            0 => standins::find(name).unwrap_or(0),
            address => standins::instead(name).unwrap_or(address),
        })
        .collect();
    places::settle(&mut addresses);
    addresses.leak()
}

/// A sentence for each symbol that is missing.
pub fn absent(addresses: &[usize]) -> BTreeMap<u16, &'static str> {
    let names = SYMBOLS.iter().zip(addresses).enumerate();
    names
        .filter(|(_, (_, address))| **address == 0)
        .map(|(i, (name, _))| {
            let name = name.to_string_lossy();
            let why: &str = format!("this interpreter does not export {name}").leak();
            (i as u16, why)
        })
        .collect()
}
