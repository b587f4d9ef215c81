//! Buffers that are used again: a block needs many states, and making each anew would cost more
//! than all else that happens to it.

use crate::jit::fold::Op;

use super::Emit;
use super::asm::Asm;
use super::cells::Cells;
use super::cold::Cold;
use super::edge::BlockCode;
use super::identity::{Identified, Loaded};
use super::keep::Needed;
use super::node::{Domain, Id, Node, Table};
use super::passes::Uses;
use super::relax::Spare;
use super::sight::Looking;
use super::snapshot::{Described, InMemory};
use super::state::State;
use super::types::{Ty, Val};

/// What a block leaves for the next one.
#[derive(Debug, Default)]
pub struct Buffers {
    #[expect(clippy::vec_box, reason = "a state is large, and handed on often")]
    pub(crate) states: Vec<Box<State>>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) ids: Vec<Id>,
    pub(crate) described: Described,
    pub(crate) needed: Needed,
    pub(crate) in_memory: InMemory,
    pub(crate) asm: Asm,
    pub(crate) spare: Spare,
    pub(crate) looking: Looking,
    pub(crate) lists: Lists,
    /// Those of a block, which whoever has linked it gives back.
    pub(crate) block: BlockCode,
}

/// What an instruction or a block collects.
#[derive(Debug, Default)]
pub(crate) struct Lists {
    pub tables: Vec<Table>,
    pub cold: Vec<Cold>,
    pub cells: Cells,
    pub computed: Vec<((Op, Ty, Id, Id), Val)>,
    pub aliases: Vec<(i64, Id)>,
    pub versions: Vec<Loaded>,
    pub identified: Vec<Identified>,
    pub outcomes: Vec<(Domain, u8)>,
    pub uses: Uses,
}

impl Buffers {
    /// Takes back the memory of a block that has been put into its place.
    pub fn take_back(&mut self, mut block: BlockCode) {
        self.spare.code = std::mem::take(&mut block.code);
        block.edges.clear();
        block.calls.clear();
        block.mentions.clear();
        block.contexts.clear();
        block.marks.clear();
        self.block = block;
    }

    /// A state to be filled.
    pub(crate) fn state(&mut self) -> Box<State> {
        let spare = self.states.pop();
        spare.unwrap_or_else(|| Box::new(State::blank()))
    }
}

impl Clone for State {
    fn clone(&self) -> State {
        let mut state = State::blank();
        state.clone_from(self);
        state
    }

    /// Keeps the vectors' memory.
    fn clone_from(&mut self, from: &State) {
        let State {
            nodes,
            locals,
            stale,
            stack,
            base,
            vars,
            gpr,
            xmm,
            native,
            gpr_used,
            xmm_used,
            clock,
            pinned,
            cells,
            escaped,
            placed,
            stored,
            keywords,
            words,
            zeroed,
        } = from;
        self.nodes.clone_from(nodes);
        self.locals.clone_from(locals);
        self.stack.clone_from(stack);
        self.vars.clone_from(vars);
        self.words.clone_from(words);
        self.zeroed.clone_from(zeroed);
        self.stale = *stale;
        (self.base, self.clock, self.cells) = (*base, *clock, *cells);
        (self.gpr, self.xmm, self.native) = (*gpr, *xmm, *native);
        (self.gpr_used, self.xmm_used) = (*gpr_used, *xmm_used);
        (self.pinned, self.escaped, self.placed) = (*pinned, *escaped, *placed);
        (self.stored, self.keywords) = (*stored, *keywords);
    }
}

impl State {
    /// Empties a state, which keeps its memory.
    pub fn reset(&mut self) {
        let mut blank = State::blank();
        blank.nodes = std::mem::take(&mut self.nodes);
        blank.locals = std::mem::take(&mut self.locals);
        blank.stack = std::mem::take(&mut self.stack);
        blank.vars = std::mem::take(&mut self.vars);
        blank.words = std::mem::take(&mut self.words);
        blank.nodes.clear();
        blank.locals.clear();
        blank.stack.clear();
        blank.vars.clear();
        blank.words.clear();
        blank.zeroed = std::mem::take(&mut self.zeroed);
        blank.zeroed.clear();
        *self = blank;
    }
}

impl Emit<'_> {
    /// A copy of the present state, to be recycled.
    pub(crate) fn copy_state(&mut self) -> Box<State> {
        let mut state = self.buffers.state();
        state.clone_from(&self.st);
        state
    }

    /// Goes on with another state; the present one is done with.
    pub(crate) fn replace_state(&mut self, state: Box<State>) {
        let old = std::mem::replace(&mut self.st, state);
        self.recycle(old);
    }

    pub(crate) fn recycle(&mut self, state: Box<State>) {
        self.buffers.states.push(state);
    }
}
