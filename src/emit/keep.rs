//! Values that an instruction has no more use for give up their registers.
//!
//! Generated code says before each call and each branch which of its values it asks for again
//! afterwards. Besides those, what the frame's slots refer to is needed, and nothing else.

use smallvec::SmallVec;

use super::Emit;
use super::node::{Anchor, At, Id, Kind, NONE, Table};
use super::state::State;
use super::types::{Val, Var};

/// What is needed behind the statement that follows.
#[derive(Debug)]
pub(crate) struct Kept {
    values: SmallVec<[Id; 16]>,
    /// One bit each; those from 64 on always are.
    variables: u64,
}

impl Kept {
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
        self.waiting.clear();
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
    pub fn add(&mut self, state: &State, kept: Option<&Kept>, more: &[Val], tables: &[Table]) {
        self.waiting.extend(&state.stack);
        self.waiting
            .extend(state.locals.iter().map(|local| local.node));
        let variables = state.vars.iter().enumerate();
        let variables = variables.filter(|(i, _)| kept.is_none_or(|kept| kept.has(*i)));
        self.waiting.extend(variables.map(|(_, id)| *id));
        if let Some(kept) = kept {
            self.waiting.extend(&kept.values);
        }
        self.waiting.extend(more.iter().map(|v| v.0));
        while let Some(id) = self.waiting.pop() {
            if id as usize >= self.marks.len() || self.marks[id as usize] {
                continue;
            }
            self.marks[id as usize] = true;
            let node = &state.nodes[id as usize];
            match node.kind {
                Kind::Imm(_) | Kind::Bits => {}
                Kind::Table(t) => self.waiting.extend(tables[t as usize].operands()),
                _ => self.waiting.extend(node.parts()),
            }
            self.waiting.push(node.twin);
        }
    }
}

impl Emit<'_> {
    /// Of what the instruction has made so far, only these values and variables are asked for
    /// behind the call, branch or loop that follows.
    pub fn keep(&mut self, values: &[Val], variables: &[Var]) {
        if self.careful {
            return;
        }
        let bits = variables.iter().filter(|v| v.0 < 64);
        self.kept = Some(Kept {
            values: values.iter().map(|v| v.0).collect(),
            variables: bits.fold(0, |all, v| all | 1 << v.0),
        });
    }

    /// Lets go of all that is not needed any more.
    pub(crate) fn let_go(&mut self, kept: Option<&Kept>, more: &[Val]) {
        let Some(kept) = kept.filter(|_| !self.careful) else {
            return;
        };
        let mut needed = std::mem::take(&mut self.buffers.needed);
        needed.clear(self.st.nodes.len());
        needed.add(&self.st, Some(kept), more, &self.tables);
        for (i, variable) in self.st.vars.iter_mut().enumerate() {
            if !kept.has(i) {
                *variable = NONE;
            }
        }
        for id in 2..self.st.nodes.len() as Id {
            let node = self.node(id);
            if !needed.has(id) && node.due == 0 {
                self.unplace(id);
            }
        }
        self.buffers.needed = needed;
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
