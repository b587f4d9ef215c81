//! Values that an instruction has no more use for give up their registers.
//!
//! Generated code says before each call, branch and decrement which of its values it asks for
//! again afterwards. Besides those, what the frame's slots refer to is needed, and nothing else.

use smallvec::SmallVec;

use crate::mechanisms::Mechanism;

use super::Emit;
use super::machine::{ALLOCATABLE, ALLOCATABLE_XMM};
use super::node::{Anchor, At, Id, Kind, NONE, Table};
use super::state::State;
use super::types::{Val, Var};

/// What is needed behind the statement that follows.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    values: SmallVec<[Id; 16]>,
    /// One bit each; those from 64 on always are.
    variables: u64,
}

impl Kept {
    /// One value more.
    pub fn add(&mut self, value: Id) {
        self.values.push(value);
    }

    /// The same, and some values more.
    pub fn with(&self, values: &[Val]) -> Kept {
        let mut kept = self.clone();
        kept.values.extend(values.iter().map(|v| v.0));
        kept
    }

    pub fn has(&self, variable: usize) -> bool {
        variable >= 64 || self.variables >> variable & 1 != 0
    }
}

/// Marks of nodes, and those that have still to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Needed {
    marks: Vec<bool>,
    waiting: Vec<Id>,
}

impl Needed {
    /// Starts with no node marked.
    pub fn clear(&mut self, nodes: usize) {
        self.marks.clear();
        self.marks.resize(nodes, false);
    }

    /// Whether there are no marks.
    pub fn is_empty(&self) -> bool {
        self.marks.is_empty()
    }

    pub fn has(&self, id: Id) -> bool {
        self.marks[id as usize]
    }

    /// Marks what slots and variables of a state refer to, directly or not. Nodes that are newer
    /// than the marks are left out.
    pub fn add(&mut self, state: &State, kept: Option<&Kept>, tables: &[Table]) {
        for &id in &state.stack {
            self.mark(id, state);
        }
        for local in &state.locals {
            self.mark(local.node, state);
        }
        for (i, &id) in state.vars.iter().enumerate() {
            if kept.is_none_or(|kept| kept.has(i)) {
                self.mark(id, state);
            }
        }
        if let Some(kept) = kept {
            for &id in &kept.values {
                self.mark(id, state);
            }
        }
        while let Some(id) = self.waiting.pop() {
            let node = &state.nodes[id as usize];
            if let Kind::Table(t) = node.kind {
                for id in tables[t as usize].operands() {
                    self.mark(id, state);
                }
            }
            for id in node.parts() {
                self.mark(id, state);
            }
        }
    }

    fn mark(&mut self, id: Id, state: &State) {
        let Some(mark) = self.marks.get_mut(id as usize) else {
            return;
        };
        if !std::mem::replace(mark, true) {
            let node = &state.nodes[id as usize];
            if node.twin != NONE || !matches!(node.kind, Kind::Imm(_) | Kind::Bits) {
                self.waiting.push(id);
            }
        }
    }
}

impl Emit<'_> {
    /// Of what the instruction has made so far, only these values and variables are asked for
    /// behind the statement that follows.
    pub fn keep(&mut self, values: &[Val], variables: &[Var]) {
        if self.careful || !Mechanism::Needs.is_on() {
            return;
        }
        let bits = variables.iter().filter(|v| v.0 < 64);
        self.kept = Some(Kept {
            values: values.iter().map(|v| v.0).collect(),
            variables: bits.fold(0, |all, v| all | 1 << v.0),
        });
    }

    /// Lets go of all but what slots, variables and these values need.
    pub(crate) fn keep_only(&mut self, values: impl Iterator<Item = Id>) {
        let kept = Kept {
            values: values.collect(),
            variables: u64::MAX,
        };
        self.let_go(Some(&kept));
    }

    /// Lets go of all that is not needed any more.
    pub(crate) fn let_go(&mut self, kept: Option<&Kept>) {
        let Some(kept) = kept.filter(|_| !self.careful) else {
            return;
        };
        let mut needed = std::mem::take(&mut self.buffers.needed);
        needed.clear(self.st.nodes.len());
        needed.add(&self.st, Some(kept), &self.tables);
        for (i, variable) in self.st.vars.iter_mut().enumerate() {
            if !kept.has(i) {
                *variable = NONE;
            }
        }
        for r in ALLOCATABLE {
            self.let_go_unless(&needed, self.st.gpr[usize::from(r.0)]);
        }
        for x in 0..usize::from(ALLOCATABLE_XMM) {
            self.let_go_unless(&needed, self.st.xmm[x]);
        }
        for n in 0..self.st.native.len() {
            self.let_go_unless(&needed, self.st.native[n]);
        }
        self.buffers.needed = needed;
    }

    fn let_go_unless(&mut self, needed: &Needed, id: Id) {
        if id != NONE && !needed.has(id) && self.node(id).due == 0 {
            self.unplace(id);
        }
    }

    /// Whether a value was let go of, and cannot be had again.
    pub(crate) fn is_lost(&self, id: Id) -> bool {
        let node = self.node(id);
        if node.at != At::None {
            return false;
        }
        match node.kind {
            Kind::Imm(_) => false,
            Kind::Bits => !matches!(node.anchor, Anchor::Local(_)),
            Kind::Table(t) => {
                let operands = self.table(t).operands();
                operands.iter().any(|&x| x != NONE && self.is_lost(x))
            }
            _ => {
                let parts = node.parts();
                let own = parts.iter().take(3);
                own.into_iter().any(|&x| x != NONE && self.is_lost(x))
            }
        }
    }
}
