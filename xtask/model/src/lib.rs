//! The template language and the per-release data: what `xtask` writes and `build.rs` reads.
//!
//! The language is described in `docs/templates.md`.

pub mod ast;
pub mod data;
