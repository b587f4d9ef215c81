//! Every maintenance task of the project: one module per command, and what they share.

pub mod build;
pub mod c;
pub mod cli;
pub mod coverage;
pub mod ctext;
pub mod diff;
pub mod difference;
pub mod lifted;
pub mod minor;
pub mod opcode_tables;
pub mod process;
pub mod python;
pub mod release;
pub mod repo;
pub mod show;
pub mod source;
pub mod sync;
pub mod synced;
pub mod templates;
pub mod test;
pub mod toml_text;
pub mod used;
pub mod vocabulary;
pub mod writer;
