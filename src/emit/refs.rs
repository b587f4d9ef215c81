//! Reference counts.
//!
//! An increment waits in the node (`due`) and meets its decrement there, unless something
//! could let go of the object first.

use crate::jit::context::{Behind, Gpr, Known};
use crate::jit::facts;

use super::Emit;
use super::absent_frame::NO_FRAME;
use super::asm::{Alu, Cc, Mem, Shift};
use super::cold::Dealloc;
use super::intrinsics::str_type;
use super::keep::Kept;
use super::machine::R11;
use super::node::{Anchor, Id, Kind, NONE};
use super::types::{Flow, Ty, Val};

impl Emit<'_> {
    pub fn py_incref(&mut self, x: Val) -> Flow {
        // The object whose type this is may be freed before the type is needed.
        if matches!(self.node(x.0).kind, Kind::TypeOf(_)) {
            self.place(x.0);
        }
        let node = self.node_mut(x.0);
        node.due += 1;
        // Whoever counts it has looked: NULL has no count.
        if node.kind == Kind::Bits && node.known == Known::Nothing {
            node.known = Known::Bound;
        }
        Ok(())
    }

    pub fn py_xincref(&mut self, x: Val) -> Flow {
        if self.is_null(x.0) {
            return Ok(());
        }
        if self.is_bound(x.0) {
            return self.py_incref(x);
        }
        self.effects = true;
        let r = self.place(x.0);
        self.asm.test(true, r, r);
        let skip = self.asm.jcc_short(Cc::E);
        self.add_references(r, 1, false);
        self.asm.bind_short(skip);
        Ok(())
    }

    pub fn py_new_ref(&mut self, x: Val) -> Flow<Val> {
        self.py_incref(x)?;
        Ok(x)
    }

    pub fn py_xnew_ref(&mut self, x: Val) -> Flow<Val> {
        self.py_xincref(x)?;
        Ok(x)
    }

    pub fn py_decref(&mut self, x: Val) -> Flow {
        let kept = self.kept.take();
        self.release_last(x.0, kept.as_ref());
        Ok(())
    }

    pub fn py_xdecref(&mut self, x: Val) -> Flow {
        let kept = self.kept.take();
        self.release_last(x.0, kept.as_ref());
        Ok(())
    }

    /// Somebody else has a reference too, so that the count does not become 0.
    pub fn py_decref_no_dealloc(&mut self, x: Val) -> Flow {
        let id = x.0;
        if self.node(id).bounds().is_some() {
            self.release(id);
            return Ok(());
        }
        let node = self.node_mut(id);
        if node.due > 0 {
            node.due -= 1;
        } else if !node.is_pending() && !self.is_immortal_constant(id) {
            self.effects = true;
            let r = self.place(id);
            self.count_down(r);
        }
        Ok(())
    }

    /// The template knows how the object is freed: it is of a type that runs no code.
    pub fn py_decref_specialized(&mut self, x: Val, _dealloc: Val) -> Flow {
        let kept = self.kept.take();
        self.release_last(x.0, kept.as_ref());
        Ok(())
    }

    pub fn py_is_immortal_loose(&mut self, x: Val) -> Flow<Val> {
        if !facts::IMMORTALS || self.node(x.0).is_pending() {
            return Ok(self.small(0));
        }
        let p = self.place(x.0);
        let r = self.free_gpr();
        self.asm.load(r, Mem::new(p, 0), 4, false);
        self.asm.shift_imm(Shift::Right, false, r, 31);
        Ok(Val(self.new_in_gpr(Ty::I32, r)))
    }

    /// Whether the value is certainly NULL.
    pub(crate) fn is_null(&self, id: Id) -> bool {
        let node = self.node(id);
        node.imm() == Some(0) || node.known == Known::Unbound
    }

    /// Whether the value is certainly not NULL.
    pub(crate) fn is_bound(&self, id: Id) -> bool {
        let node = self.node(id);
        match node.kind {
            Kind::Imm(v) => v != 0,
            _ => node.is_pending() || matches!(node.known, Known::Bound | Known::Type(_)),
        }
    }

    /// Adds to a count in memory. There is no jump around it for objects that are not counted: those that
    /// are taken in long code are not foreseen.
    pub(crate) fn add_references(&mut self, r: Gpr, count: u16, mortal: bool) {
        self.effects |= self.is_frameless();
        self.asm.at_odd();
        if !facts::IMMORTALS || mortal {
            self.asm.add_mem_imm(Mem::new(r, 0), i32::from(count));
            return;
        }
        // An immortal count has all its 32 bits set: all others are below. What is written is what is read
        // when the count goes down, 64 bits: half of that would make the processor wait.
        if count == 1 {
            self.asm.cmp_mem_imm(Mem::new(r, 0), -1, 4);
            self.asm.at_odd();
            self.asm.add_carry(Mem::new(r, 0));
            return;
        }
        self.asm.load(R11, Mem::new(r, 0), 4, false);
        self.asm.alu_imm(Alu::Add, false, R11, i32::from(count));
        let skip = self.asm.jcc_short(Cc::B);
        self.asm.store(Mem::new(r, 0), R11, 8);
        self.asm.bind_short(skip);
    }

    /// Adds one to a count in memory out of line: the object seems to be one that is not counted.
    fn add_unlikely_reference(&mut self, r: Gpr) {
        let count = Mem::new(r, 0);
        self.asm.at_odd();
        self.asm.cmp_mem_imm(count, -1, 4);
        let site = self.asm.jcc(Cc::NE);
        self.add_cold(&[site], false, move |e| e.asm.add_mem_imm(count, 1));
    }

    /// Makes some of the increments that are due.
    pub(crate) fn flush_by(&mut self, id: Id, count: u16) {
        let node = *self.node(id);
        if count == 0 || node.is_pending() || self.is_null(id) {
            return;
        }
        self.effects |= self.is_frameless();
        if id as usize >= self.fresh_from {
            // An exit to the start of the instruction would not take it back.
            self.effects = true;
        }
        if !self.is_immortal_constant(id) {
            let r = self.place(id);
            let mortal = node.known == Known::Type(facts::float_type());
            let lasting = match node.anchor {
                Anchor::Local(i) => self.holds_immortal(i.into()),
                _ => false,
            };
            match lasting && count == 1 {
                true => self.add_unlikely_reference(r),
                false => self.add_references(r, count, mortal),
            }
        }
        let node = self.node_mut(id);
        node.due -= count;
        if node.anchor == Anchor::Heap {
            node.anchor = Anchor::Own;
        }
    }

    /// Makes the increments of locals that lie on the stack: the callee may ask how many references
    /// there are. What lies there does not come from the local's memory any more, since the callee
    /// may write that.
    pub(crate) fn count_stack(&mut self) {
        for at in 0..self.st.stack.len() {
            let id = self.st.stack[at];
            if id == NONE {
                continue;
            }
            if matches!(self.node(id).anchor, Anchor::Local(_)) {
                self.count_all(id);
            }
        }
    }

    /// Makes all increments of a value that somebody else is going to see. It does not come from a
    /// local's memory any more.
    pub(crate) fn count_all(&mut self, id: Id) {
        let due = self.node(id).due;
        if due == 0 {
            return;
        }
        self.count_constant(id);
        let local = matches!(self.node(id).anchor, Anchor::Local(_)) && !self.is_null(id);
        if local {
            self.place(id);
        }
        self.flush_by(id, due);
        if !local {
            return;
        }
        let node = self.node_mut(id);
        node.anchor = Anchor::Own;
        let known = node.known;
        for local in &mut self.st.locals {
            if local.node == id && local.behind == Behind::Same {
                local.node = NONE;
                local.known = known;
            }
        }
    }

    /// Contexts do not tell whether a constant is counted: one that will be is an object like others.
    fn count_constant(&mut self, id: Id) {
        let Some(address) = self.node(id).imm() else {
            return;
        };
        if self.is_null(id) || self.is_immortal_constant(id) {
            return;
        }
        self.place(id);
        let node = self.node_mut(id);
        node.kind = Kind::Bits;
        node.object = address as usize;
        node.anchor = Anchor::Own;
    }

    /// Makes increments that the template has asked for and takes back by itself.
    pub(crate) fn count_own(&mut self, id: Id, count: u16) {
        match self.node(id).imm() {
            Some(_) => self.flush_by(id, count),
            None => self.count_all(id),
        }
    }

    /// Before something that could let go of objects on the heap.
    pub(crate) fn flush_heap(&mut self) {
        for id in 0..self.st.nodes.len() as Id {
            let node = self.node(id);
            if node.anchor == Anchor::Heap && node.due > 0 {
                self.flush_by(id, node.due);
            }
        }
    }

    /// Takes one reference out of our hands, into memory or a callee's: it has to exist.
    pub(crate) fn give(&mut self, id: Id) -> Gpr {
        let r = self.place(id);
        if self.node(id).due > 0 && !self.is_null(id) {
            self.flush_by(id, 1);
            return self.place(id);
        }
        r
    }

    /// Whether several references to an object are ours, of which at most one is counted.
    pub(crate) fn is_shared(&self, id: Id) -> bool {
        let node = self.node(id);
        match node.kind {
            Kind::BoxFloat(_) | Kind::BoxLong(_) => node.due > 1,
            Kind::Bits => node.due > 0 && node.anchor == Anchor::Own,
            _ => false,
        }
    }

    /// Takes the one that is counted out of our hands, into memory that lets go of nothing for it: what
    /// is there keeps the object alive for the others.
    pub(crate) fn give_first(&mut self, id: Id) {
        let due = self.node(id).due;
        if self.node(id).is_pending() {
            self.node_mut(id).due = 1;
            self.materialise(id);
            self.node_mut(id).due = due - 1;
        }
        self.node_mut(id).anchor = Anchor::Heap;
    }

    /// Drops one reference.
    pub(crate) fn release(&mut self, id: Id) {
        self.release_last(id, None);
    }

    /// Drops one reference, after which only some values are needed.
    fn release_last(&mut self, id: Id, kept: Option<&Kept>) {
        if self.is_null(id) {
            return;
        }
        let node = self.node_mut(id);
        if node.due > 0 {
            node.due -= 1;
            self.drop_bounds(id);
            return;
        }
        if node.is_pending() || self.is_immortal_constant(id) {
            return;
        }
        let plain = self.is_plain(id);
        if !plain {
            self.flush_heap();
        }
        let dealloc = if plain {
            Dealloc::Plain
        } else {
            Dealloc::Escaping
        };
        let bound = self.is_bound(id);
        let r = self.place(id);
        self.let_go(kept);
        self.drop_reference(r, bound, dealloc, id == self.lasting);
    }

    /// Takes one off a count in memory and frees the object where that was the last. Where it seems
    /// to be one that is not counted, all of that is out of line, and nothing is written.
    pub(crate) fn drop_reference(&mut self, r: Gpr, bound: bool, dealloc: Dealloc, lasting: bool) {
        self.effects = true;
        if self.is_frameless() && dealloc == Dealloc::Escaping {
            self.fail(NO_FRAME);
        }
        let null = if bound {
            None
        } else {
            self.asm.test(true, r, r);
            Some(self.asm.jcc_short(Cc::E))
        };
        let site = if lasting {
            self.asm.at_odd();
            self.asm.cmp_mem_imm(Mem::new(r, 0), 0, 4);
            self.asm.jcc(Cc::GE)
        } else {
            self.count_down(r);
            self.asm.jcc(Cc::E)
        };
        if let Some(null) = null {
            self.asm.bind_short(null);
        }
        self.cold_dealloc(site, r, dealloc, lasting);
    }

    /// Takes one off a count in memory if the object is counted, and compares the count with 0. There is
    /// no jump for those that are not.
    pub(crate) fn count_down(&mut self, r: Gpr) {
        let count = Mem::new(r, 0);
        self.asm.at_odd();
        if facts::IMMORTALS {
            self.asm.cmp_mem_imm(count, i32::MIN, 4);
            self.asm.at_odd();
            self.asm.subtract_carry(count);
        } else {
            self.asm.add_mem_imm(count, -1);
        }
    }

    /// Whether freeing the object runs no Python code and drops nothing else.
    fn is_plain(&self, id: Id) -> bool {
        match self.node(id).known {
            Known::Type(t) => {
                t == facts::float_type()
                    || t == facts::long_type()
                    || t == facts::bool_type()
                    || t == str_type()
            }
            _ => false,
        }
    }

    pub(crate) fn is_immortal_constant(&self, id: Id) -> bool {
        let Kind::Imm(address) = self.node(id).kind else {
            return false;
        };
        if !facts::IMMORTALS || !self.view.is_live() || address == 0 {
            return false;
        }
        // SAFETY: constants of a live code object are objects.
        let count = unsafe { crate::jit::code::read::<u32>(address as usize, 0) };
        (count as i32) < 0
    }

    /// The object in local `i`'s memory is about to go: who else counts on it?
    pub(crate) fn unhome(&mut self, i: usize) {
        let home = Anchor::Local(i as u16);
        for id in 0..self.st.nodes.len() as Id {
            if self.node(id).anchor != home {
                continue;
            }
            let other =
                self.st.locals.iter().enumerate().position(|(k, local)| {
                    k != i && local.node == id && local.behind == Behind::Same
                });
            if let Some(k) = other {
                self.node_mut(id).anchor = Anchor::Local(k as u16);
                continue;
            }
            self.place(id);
            self.node_mut(id).anchor = Anchor::Own;
        }
    }
}
