//! Blocks, contexts, exits and the memory that machine code lives in.

mod api;
pub mod arena;
pub mod code;
pub mod context;
pub mod facts;
pub mod fold;
pub mod live;
pub mod machine;
pub mod trampoline;

pub use api::{
    EntryPtr, Explained, Reason, Refusal, Stats, compile_entry, disassemble, entry_of, exits_of,
    explain, init, run, set_limit, stats,
};
