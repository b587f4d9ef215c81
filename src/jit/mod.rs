//! Blocks, contexts, exits and the memory that machine code lives in.

mod api;
pub mod arena;
pub mod arrays;
mod awaiting;
pub mod check;
pub mod choose;
pub mod clear;
pub mod code;
pub mod compile;
pub mod context;
pub mod depths;
mod distance;
pub mod exit;
pub mod extra;
pub mod facts;
#[cfg(not(Py_3_12))]
pub mod finish;
pub mod floats;
pub mod fold;
pub mod fork;
pub mod frame;
pub mod freeing;
pub mod init;
pub mod iterators;
mod link;
pub mod listing;
pub mod live;
pub mod machine;
pub mod maturity;
pub mod mentions;
pub mod methods;
pub mod notes;
pub mod outlive;
#[cfg(Py_3_13)]
pub mod overwritten;
pub mod packed;
pub mod pending;
pub mod prepare;
pub mod pure;
pub mod push;
pub mod raising;
pub mod record;
pub mod report;
pub mod reserve;
pub mod resume;
pub mod returning;
pub mod sending;
mod settled;
pub mod show;
pub mod slab;
pub mod slices;
pub mod standins;
pub mod starts;
pub mod state;
pub mod string_keys;
pub mod stubs;
pub mod symbols;
mod tell;
pub mod tracer;
pub mod trampoline;
pub mod unwind;
pub mod versions;
pub mod writeback;
pub mod writing;

#[cfg(not(Py_3_12))]
pub use api::has_compiled;
#[cfg(Py_3_12)]
pub use api::interpret;
pub use api::{
    EntryPtr, Explained, Pace, Place, Reason, Refusal, Stats, compile_entry, disassemble, entry_of,
    exits_of, explain, go_on, init, is_prepared, is_specialised, machine_code, makes_generator,
    meet, ready, resumption, run, set_limit, set_pace, slot_functions, stats,
};
pub use listing::{Line, Listed, Piece};
