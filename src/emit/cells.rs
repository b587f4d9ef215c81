//! Variables that C functions are given the address of: words of the native frame.

use crate::jit::context::Loc;

use super::Emit;
use super::machine::{CELL_SLOTS, cell};
use super::node::{Anchor, Id, Kind, Node};
use super::types::{Cell, Ty, Val};

/// What is known of the cells of an instruction.
#[derive(Debug, Default)]
pub(crate) struct Cells {
    /// First word and type of each.
    types: Vec<(u16, Ty)>,
    /// Addresses that were taken, and of which words.
    addresses: Vec<(Id, u16)>,
    /// Words that have a value which is not in memory, since no C function was called to put it there.
    forwarded: Vec<(u16, Id)>,
}

impl Cells {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.types.clear();
        self.addresses.clear();
        self.forwarded.clear();
    }
}

impl Emit<'_> {
    pub fn cell(&mut self, ty: Ty, n: u32) -> Cell {
        let first = self.st.cells;
        self.st.cells += n.max(1) as u16;
        if self.st.cells > CELL_SLOTS {
            self.fail("too many variables in memory");
            self.st.cells = first;
        }
        // A word may have been another variable's, in an arm that has ended.
        self.cells.addresses.retain(|&(_, word)| word < first);
        self.cells.forwarded.retain(|&(word, _)| word < first);
        self.cells.types.push((first, ty));
        Cell((self.cells.types.len() - 1) as u32)
    }

    pub fn cell_get(&mut self, x: Cell, i: Val) -> Val {
        let (first, ty) = self.cells.types[x.0 as usize];
        let Ok(i) = self.constant::<u16>(i) else {
            return self.fail("an index that is not known when compiling");
        };
        let mut forwarded = self.cells.forwarded.iter();
        if let Some(&(_, id)) = forwarded.find(|&&(word, _)| word == first + i) {
            return Val(id);
        }
        let id = self.load_from(cell(first + i), ty);
        // What a callee has put there belongs to us.
        self.node_mut(id).anchor = Anchor::Own;
        Val(id)
    }

    pub fn cell_set(&mut self, x: Cell, i: Val, v: Val) {
        let (first, ty) = self.cells.types[x.0 as usize];
        let Ok(i) = self.constant::<u16>(i) else {
            self.fail("an index that is not known when compiling");
            return;
        };
        self.expect_in_memory(first);
        let m = cell(first + i);
        if ty == Ty::F64 {
            let f = self.place_xmm(v.0);
            self.asm.store_f64(m, f);
            return;
        }
        if ty == Ty::Object {
            self.give(v.0);
        }
        match self.node(v.0).imm().map(i32::try_from) {
            Some(Ok(v)) => self.asm.store_imm(m, v, 8),
            _ => {
                let r = self.place(v.0);
                self.asm.store(m, r, 8);
            }
        }
    }

    pub fn cell_addr(&mut self, x: Cell) -> Val {
        let (first, _) = self.cells.types[x.0 as usize];
        self.expect_in_memory(first);
        let r = self.free_gpr();
        self.asm.lea(r, cell(first));
        let id = self.st.add(Node::new(Ty::Ptr, Kind::Bits));
        self.st.put(id, Loc::Gpr(r));
        self.cells.addresses.push((id, first));
        Val(id)
    }

    /// Fails where a word has a value that is not in memory, which is only read from then on.
    fn expect_in_memory(&mut self, first: u16) {
        if self.cells.forwarded.iter().any(|&(word, _)| word == first) {
            self.fail("a variable in memory that is used once more");
        }
    }

    /// The word that a value is the address of, if [`Emit::forward`] may give it a value: on the way
    /// that control certainly takes.
    pub(crate) fn forwarding_word(&self, address: Val) -> Option<u16> {
        let mut addresses = self.cells.addresses.iter();
        let found = addresses.find(|&&(id, _)| id == address.0);
        found.filter(|_| self.nest == 0).map(|&(_, word)| word)
    }

    /// Gives a word a value without storing it, with the reference that the value comes with.
    pub(crate) fn forward(&mut self, word: u16, v: Val) {
        self.cells.forwarded.push((word, v.0));
    }
}
