//! Every maintenance task of the project: one module per command, and what they share.

pub mod build;
pub mod c;
pub mod cli;
pub mod lifted;
pub mod process;
pub mod python;
pub mod release;
pub mod repo;
pub mod source;
pub mod sync;
pub mod test;
pub mod toml_text;
pub mod writer;
