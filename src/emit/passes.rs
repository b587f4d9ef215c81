//! Emitting an instruction once, or again with what the first time has taught.
//!
//! A value that an instruction makes is needed until its last use, which nothing says
//! beforehand. Where registers run out the first time, the instruction is emitted a second time,
//! knowing the last uses, and values that are done with are not kept. Should the two times
//! differ so that a value is missed, it is emitted once more without that knowledge.

use super::edge::{Instr, Step};
use super::node::{Id, Kind, NONE};
use super::types::{Flow, Stop};
use super::{CROWDED, Emit, LOST, WAIT};

/// How many values have to be put aside to make a second time worth it.
const MANY: u32 = 2;

/// When values are used in an instruction.
#[derive(Clone, Debug, Default)]
pub(crate) struct Uses {
    /// The last use of each node, counted from 1.
    last: Vec<u32>,
    now: u32,
    /// Whether `last` is known from an earlier time.
    known: bool,
    /// Values put aside so far.
    spilled: u32,
}

/// How much of everything there was before the instruction.
#[derive(Clone, Copy, Debug)]
struct Mark {
    code: u32,
    edges: usize,
    calls: usize,
    mentions: usize,
    cold: usize,
    tables: usize,
}

impl Emit<'_> {
    /// Emits one instruction behind what was emitted so far.
    pub fn step(&mut self, mut instr: Instr, emitter: fn(&mut Emit<'_>) -> Flow) -> Step {
        let view = self.view;
        self.st.base = self.st.stack.len();
        self.st.cells = 0;
        self.st.escaped = false;
        self.st.placed = false;
        self.st.vars.clear();
        self.before.clone_from(&self.st);
        let mark = Mark {
            code: self.asm.here(),
            edges: self.edges.len(),
            calls: self.calls.len(),
            mentions: self.mentions.len(),
            cold: self.cold.len(),
            tables: self.tables.len(),
        };
        self.cold_start = mark.cold;
        self.edges_before = mark.edges;
        self.careful = false;
        self.fresh_from = self.st.nodes.len();
        self.uses.known = false;
        let mut may_learn = true;
        let mut why = loop {
            self.instr = instr;
            self.view = view;
            self.begin();
            let flow = emitter(self);
            self.end_waiting();
            let lost = self.failed == Some(LOST);
            if lost && self.uses.known {
                self.uses.known = false;
                may_learn = false;
            } else if lost && !self.careful {
                self.careful = true;
            } else {
                let crowded = self.failed == Some(CROWDED);
                let ended = flow == Err(Stop::Ended) && (crowded || self.failed.is_none());
                let learn = ended && may_learn && !self.uses.known && self.uses.spilled >= MANY;
                if !learn {
                    let why = match (self.failed, flow) {
                        (Some(why), _) | (None, Err(Stop::Unsupported(why))) => Some(why),
                        (None, Err(Stop::Ended)) => None,
                        (None, _) => Some("a template without an end"),
                    };
                    if self.in_place.starts_block {
                        break Some(WAIT);
                    }
                    if !self.judge_callee(why.is_none()) || why.is_none() {
                        break why;
                    }
                    // With a frame, then.
                    instr.frameless = false;
                    (self.careful, self.uses.known, may_learn) = (false, false, true);
                } else {
                    self.keep_slots();
                    self.uses.known = true;
                }
            }
            self.undo(mark);
        };
        if self.going_on.is_some() && self.st.stack.len() > self.view.stack {
            why = why.or(Some("a stack deeper than the code object says"));
        }
        self.uses.known = false;
        self.view = view;
        self.instr = instr;
        if let Some(why) = why.take() {
            self.in_place.begin();
            self.undo(mark);
            return Step::Unsupported(why);
        }
        self.in_place.settle();
        self.in_place.begin();
        self.looking.leave_start();
        match self.going_on {
            Some(unit) => {
                self.collect();
                Step::Continue(unit)
            }
            None => Step::Ended,
        }
    }

    /// Forgets what belongs to the instruction alone.
    fn begin(&mut self) {
        self.nest = 0;
        self.effects = false;
        self.in_place.begin();
        self.looking
            .begin(&self.before.stack, &self.before.nodes, self.instr.waits);
        self.going_on = None;
        self.failed = None;
        self.kept = None;
        self.cells.clear();
        self.breaker = None;
        self.computed.clear();
        self.aliases.clear();
        self.versions.clear();
        self.identified.clear();
        self.outcomes.clear();
        self.pushed = None;
        self.lasting = NONE;
        self.last_digits = NONE;
        self.last_element = None;
        self.uses.now = 0;
        self.uses.spilled = 0;
        if !self.uses.known {
            self.uses.last.clear();
        }
    }

    /// Takes back what the instruction has emitted.
    fn undo(&mut self, mark: Mark) {
        self.asm.truncate(mark.code);
        self.edges.truncate(mark.edges);
        self.calls.truncate(mark.calls);
        self.mentions.truncate(mark.mentions);
        self.cold.truncate(mark.cold);
        self.tables.truncate(mark.tables);
        self.st.clone_from(&self.before);
        self.failed = None;
    }

    /// Notes that a value is used.
    pub(crate) fn used(&mut self, id: Id) {
        self.uses.now += 1;
        if self.uses.known {
            return;
        }
        let index = id as usize;
        if self.uses.last.len() <= index {
            self.uses.last.resize(index + 1, 0);
        }
        self.uses.last[index] = self.uses.last[index].max(self.uses.now);
    }

    /// Notes that a value had to be put aside.
    pub(crate) fn note_spill(&mut self) {
        self.uses.spilled += 1;
        self.moved += 1;
    }

    /// Whether a value is known to be done with.
    pub(crate) fn is_done(&self, id: Id) -> bool {
        let last = self.uses.last.get(id as usize).copied().unwrap_or(0);
        self.uses.known && last < self.uses.now
    }

    /// Values in slots are needed to the end.
    fn keep_slots(&mut self) {
        let mut waiting: Vec<Id> = self.st.stack.clone();
        waiting.extend(self.st.locals.iter().map(|local| local.node));
        // An instruction that leaves the block has no slots left to look at.
        waiting.extend(&self.before.stack);
        waiting.extend(self.before.locals.iter().map(|local| local.node));
        while let Some(id) = waiting.pop() {
            let index = id as usize;
            if id == NONE || index >= self.st.nodes.len() {
                continue;
            }
            if self.uses.last.len() <= index {
                self.uses.last.resize(index + 1, 0);
            }
            if self.uses.last[index] == u32::MAX {
                continue;
            }
            self.uses.last[index] = u32::MAX;
            let node = *self.node(id);
            waiting.extend(node.parts());
            if let Kind::Table(t) = node.kind {
                waiting.extend(self.table(t).operands());
            }
        }
    }
}
