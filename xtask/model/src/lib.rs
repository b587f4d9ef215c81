//! The template language and the per-release data: what `xtask` writes and `build.rs` reads.
//!
//! The language is described in `docs/templates.md`.

pub mod alpha;
pub mod ast;
pub mod build;
pub mod check;
pub mod data;
pub mod emit;
pub mod error;
pub mod parse;
pub mod print;
pub mod release;
pub mod typing;
pub mod version;
pub mod vocab;
mod walk;
