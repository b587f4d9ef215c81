//! The vocabulary: what generated emitters call, and how each primitive becomes x86-64.
//!
//! The interface between generated code and this folder is described in
//! `docs/architecture.md`, "The emitter interface".

mod absent_frame;
mod arith;
mod asm;
mod at_once;
mod attributes;
mod boxes;
mod cached;
mod call;
mod cells;
mod cold;
mod conform;
mod control;
pub mod edge;
mod frameless;
mod frames;
mod fresh;
mod globals;
pub(crate) mod helpers;
mod identity;
mod instances;
mod intrinsics;
mod isinstance;
mod iterators;
mod join;
mod keep;
mod keywords;
mod loops;
mod machine;
mod memory;
mod mentions;
mod methods;
mod node;
mod numbers;
mod offsets;
mod operand;
mod parallel;
mod parameters;
mod passes;
mod pushing;
mod recursion;
mod refs;
mod regs;
mod relax;
pub mod reuse;
mod settled;
mod sight;
mod slices;
mod slots;
mod snapshot;
mod state;
mod subscripts;
mod suppose;
mod suspend;
mod table;
#[cfg(test)]
mod tests;
mod truth;
pub mod types;
mod unpacking;
mod value;
pub mod view;
mod watch;
mod words;
mod writers;

pub use frameless::{Chooser, Chosen};
pub use suppose::WAIT;

use std::cell::Cell;
use std::rc::Rc;

use crate::jit::context::{Context, Held, Known, Slot};
use crate::jit::fold::Op;
use crate::jit::record::Record;
use crate::jit::starts::{ContextKey, Starts};

use asm::Asm;
use cells::Cells;
use cold::Cold;
use edge::{BlockCode, CallSite, Edge, EdgeKind, Instr, Mark, Mention};
use frameless::InPlace;
use identity::{Identified, Loaded};
use keep::Kept;
use node::{Domain, Id, NONE, Table};
use passes::Uses;
use reuse::{Buffers, Lists};
use sight::Looking;
use snapshot::LastSnapshot;
use state::State;
use types::{Ty, Val};
use view::CodeView;
use writers::Writer;

/// A value was asked for that was not kept.
const LOST: &str = "a value was lost";
/// There is no place left to put a value.
const CROWDED: &str = "too many values at once";

/// Emits one block.
pub struct Emit<'a> {
    view: &'a CodeView,
    asm: Asm,
    st: Box<State>,
    /// The state at the start of the instruction.
    before: Box<State>,
    tables: Vec<Table>,
    edges: Vec<Edge>,
    /// The unit at which execution goes on behind a check of the eval breaker, which the next jump
    /// says.
    breaker: Option<Rc<Cell<u32>>>,
    calls: Vec<CallSite>,
    mentions: Vec<Mention>,
    cold: Vec<Cold>,
    writers: Vec<Writer>,
    marks: Vec<Mark>,
    /// Whether cold code has just compared the frame object with NULL.
    compared: bool,
    instr: Instr,
    uses: Uses,
    /// Whether values that no slot refers to are kept at joins and calls.
    careful: bool,
    /// What the next statement leaves needed, where that is known.
    kept: Option<Kept>,
    looking: Looking,
    /// Whether the instruction has done something that must not be done twice.
    effects: bool,
    /// Arms of run-time branches around the present point whose other arm goes on too.
    nest: u32,
    /// The first piece of cold code of the instruction.
    cold_start: usize,
    /// Edges of earlier instructions.
    edges_before: usize,
    /// The unit where control goes on in this block.
    going_on: Option<u32>,
    /// Why the instruction cannot be emitted, where a method could not say so.
    failed: Option<&'static str>,
    starts: &'a Starts,
    /// The contexts of snapshots, each counted once.
    contexts: Vec<ContextKey>,
    /// What `conform` has made of the state.
    conformed: Option<ContextKey>,
    cells: Cells,
    /// What the instruction has computed from what.
    computed: Vec<((Op, Ty, Id, Id), Val)>,
    /// Addresses that a guard has found values to be: one node counts for both.
    aliases: Vec<(i64, Id)>,
    /// Versions that the instruction has loaded, and objects that it knows by them.
    versions: Vec<Loaded>,
    identified: Vec<Identified>,
    /// Outcomes that are left after earlier tests of the instruction.
    outcomes: Vec<(Domain, u8)>,
    /// The first node that the instruction has made.
    fresh_from: usize,
    /// How often a value had to leave its register.
    moved: u32,
    /// What was described last.
    described: Option<LastSnapshot>,
    /// The frame that was pushed last, and the record of its code, where that is known.
    pushed: Option<(Id, *mut Record)>,
    in_place: InPlace<'a>,
    /// Where the block starts.
    block_unit: u32,
    /// The value that was in a local whose object lives forever now.
    lasting: Id,
    /// The int whose digits were last asked the address of.
    last_digits: Id,
    /// The last element that was loaded: pointer, index, value.
    last_element: Option<(Id, Id, Id)>,
    buffers: Buffers,
}

impl<'a> Emit<'a> {
    /// Starts a block that may rely on `context`.
    pub fn new(view: &'a CodeView, starts: &'a Starts, context: &Context, unit: u32) -> Emit<'a> {
        Emit::with(Buffers::default(), view, starts, context, unit)
    }

    /// The same, with what the block before has left.
    pub fn with(
        mut buffers: Buffers,
        view: &'a CodeView,
        starts: &'a Starts,
        context: &Context,
        unit: u32,
    ) -> Emit<'a> {
        let st = State::from_context(context, &mut buffers);
        buffers.looking.close();
        let before = buffers.state();
        let Lists {
            tables,
            cold,
            cells,
            computed,
            aliases,
            versions,
            identified,
            outcomes,
            uses,
        } = std::mem::take(&mut buffers.lists);
        let block = std::mem::take(&mut buffers.block);
        Emit {
            view,
            asm: std::mem::take(&mut buffers.asm),
            before,
            st,
            tables,
            edges: block.edges,
            breaker: None,
            calls: block.calls,
            mentions: block.mentions,
            cold,
            writers: Vec::new(),
            marks: block.marks,
            compared: false,
            instr: Instr::new(unit, 0, 1),
            uses,
            careful: false,
            kept: None,
            looking: std::mem::take(&mut buffers.looking),
            effects: false,
            nest: 0,
            cold_start: 0,
            edges_before: 0,
            going_on: None,
            failed: None,
            starts,
            contexts: block.contexts,
            conformed: None,
            cells,
            computed,
            aliases,
            versions,
            identified,
            outcomes,
            fresh_from: 0,
            moved: 0,
            described: None,
            pushed: None,
            in_place: InPlace::default(),
            block_unit: unit,
            lasting: NONE,
            last_digits: NONE,
            last_element: None,
            buffers,
        }
    }

    /// Whether the last instruction may have gone elsewhere in the function.
    pub fn has_branched(&self) -> bool {
        let start = self.edges_before;
        self.edges[start..]
            .iter()
            .any(|edge| edge.kind == EdgeKind::Go)
    }

    /// What holds at the present point.
    pub fn context(&mut self) -> Rc<Context> {
        let key = self.context_key();
        self.starts.context(key)
    }

    fn context_key(&mut self) -> ContextKey {
        match self.conformed {
            Some(context) => context,
            None => self.snapshot(self.st.stack.len()),
        }
    }

    /// The depth of the stack.
    pub fn depth(&self) -> usize {
        self.st.stack.len()
    }

    /// What is known of stack slot `i`, counted from the bottom. Emits nothing; where the value
    /// is counts for nothing.
    pub fn peek_stack(&self, i: usize) -> Slot {
        let mut slot = self.peek(self.st.stack[i], Known::Nothing);
        if let Some(object) = self.seen_in_slot(i) {
            slot.held = Held::Constant(object);
        }
        slot
    }

    /// The object that stack slot `i` of a callee without a frame holds now.
    pub fn peek_object(&self, i: usize) -> Option<usize> {
        self.seen_in_slot(i)
    }

    /// The same for local `i`.
    pub fn peek_local(&self, i: usize) -> Slot {
        if self.is_frameless() {
            let slot = self.frameless_slot(i);
            return slot.map_or(Slot::MEMORY, |i| self.peek_stack(i));
        }
        let local = self.st.locals[i];
        self.peek(local.node, local.known)
    }

    fn peek(&self, id: Id, known: Known) -> Slot {
        let mut slot = Slot {
            known,
            ..Slot::MEMORY
        };
        if id != NONE {
            let node = self.node(id);
            slot.known = node.known;
            if let Some(v) = node.imm() {
                slot.held = Held::Constant(v as usize);
            }
        }
        slot
    }

    /// Ends the block with a jump that leaves it at `unit`.
    pub fn leave(&mut self, kind: EdgeKind, unit: u32) {
        let context = self.context_key();
        let site = self.asm.jmp();
        self.add_edge(site, kind, unit, context);
    }

    /// The instruction at `unit` starts here. What was said of it before does not count any more.
    pub fn mark(&mut self, unit: u32, opcode: u8, left: bool) {
        let mark = Mark {
            at: self.asm.here(),
            unit,
            opcode,
            left,
        };
        match self.marks.last_mut() {
            Some(last) if last.unit == unit => *last = mark,
            _ => self.marks.push(mark),
        }
    }

    /// Bytes emitted so far.
    pub fn len(&self) -> usize {
        self.asm.here() as usize
    }

    /// Whether nothing was emitted.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The finished block, and what the next one may use again.
    pub fn finish(mut self) -> (BlockCode, Buffers) {
        let cold = self.asm.here();
        // Cold code puts everything back before it leaves.
        self.described = None;
        self.emit_cold();
        let mut buffers = self.buffers;
        buffers.states.extend([self.st, self.before]);
        buffers.looking = self.looking;
        let moved = relax::relax(&mut self.asm, &mut buffers.spare, cold);
        self.asm.clear();
        self.tables.clear();
        buffers.asm = self.asm;
        buffers.lists = Lists {
            tables: self.tables,
            cold: self.cold,
            cells: self.cells,
            computed: self.computed,
            aliases: self.aliases,
            versions: self.versions,
            identified: self.identified,
            outcomes: self.outcomes,
            uses: self.uses,
        };
        for edge in &mut self.edges {
            edge.site = moved.place(edge.site);
        }
        for call in &mut self.calls {
            call.site = moved.place(call.site);
        }
        for mention in &mut self.mentions {
            mention.site = moved.place(mention.site);
        }
        for mark in &mut self.marks {
            mark.at = moved.place(mark.at);
        }
        let block = BlockCode {
            cold: moved.place(cold),
            code: moved.code,
            edges: self.edges,
            calls: self.calls,
            mentions: self.mentions,
            awaits: self.in_place.awaits,
            in_callees: self.in_place.settled,
            contexts: self.contexts,
            marks: self.marks,
        };
        buffers.spare.take_back(moved.shifts);
        (block, buffers)
    }
}
