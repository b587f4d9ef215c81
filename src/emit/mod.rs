//! The vocabulary: what generated emitters call, and how each primitive becomes x86-64.
//!
//! The interface between generated code and this folder is described in
//! `docs/architecture.md`, "The emitter interface".

pub mod types;
