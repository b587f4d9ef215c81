//! Blocks, contexts, exits and the memory that machine code lives in.

mod api;
pub mod context;

pub use api::{
    EntryPtr, Explained, Reason, Refusal, Stats, compile_entry, disassemble, entry_of, exits_of,
    explain, init, run, set_limit, stats,
};
