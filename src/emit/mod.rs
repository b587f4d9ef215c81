//! The vocabulary: what generated emitters call, and how each primitive becomes x86-64.
//!
//! The interface between generated code and this folder is described in
//! `docs/architecture.md`, "The emitter interface".

mod asm;
pub mod edge;
pub mod types;
pub mod view;

use crate::jit::context::Context;

use edge::{BlockCode, EdgeKind, Instr, Step};
use types::Flow;
use view::CodeView;

/// Emits one block.
pub struct Emit<'a> {
    view: &'a CodeView,
}

impl<'a> Emit<'a> {
    /// Starts a block that may rely on `context`.
    pub fn new(view: &'a CodeView, _context: &Context, _unit: u32) -> Emit<'a> {
        Emit { view }
    }

    /// Emits one instruction behind what was emitted so far.
    pub fn step(&mut self, _instr: Instr, _emitter: fn(&mut Emit<'_>) -> Flow) -> Step {
        Step::Unsupported("not written yet")
    }

    /// What holds at the present point.
    pub fn context(&mut self) -> std::rc::Rc<Context> {
        todo!("role emit")
    }

    /// Ends the block with a jump that leaves it at `unit`.
    pub fn leave(&mut self, _kind: EdgeKind, _unit: u32) {
        let _ = self.view;
    }

    /// Moves, boxes and counts until exactly `target` holds. For a jump to a block compiled
    /// for `target`, follow it by `leave(EdgeKind::Go, unit)`.
    pub fn conform(&mut self, _target: &Context) {}

    /// Text for the listing at the present point.
    pub fn comment(&mut self, _text: impl FnOnce() -> String) {}

    /// Bytes emitted so far.
    pub fn len(&self) -> usize {
        0
    }

    /// Whether nothing was emitted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The finished block.
    pub fn finish(self) -> BlockCode {
        BlockCode::default()
    }
}
