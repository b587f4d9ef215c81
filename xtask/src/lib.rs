//! Every maintenance task of the project: one module per command, and what they share.

pub mod cli;
pub mod release;
pub mod repo;
pub mod sync;
