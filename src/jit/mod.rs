//! Blocks, contexts, exits and the memory that machine code lives in.

pub mod context;
