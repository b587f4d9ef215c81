//! `cargo xtask`: every maintenance task of the project.

fn main() {}
