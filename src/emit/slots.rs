//! Locals and stack slots.

use crate::jit::context::{Behind, Known};
use crate::jit::facts;
use crate::mechanisms::Mechanism;

use super::Emit;
use super::absent_frame::NO_FRAME;
use super::asm::{Cc, Mem};
use super::cold::Dealloc;
use super::node::{Anchor, At, Id, Kind, NONE};
use super::offsets::OB_TYPE;
use super::state::Local;
use super::types::{Flow, Number, Stop, Ty, Val};

impl Emit<'_> {
    /// A stack index relative to the depth at the start of the instruction.
    fn stack_index(&self, i: impl Number<Self>) -> Flow<usize> {
        let i: i64 = self.constant(i)?;
        usize::try_from(self.st.base as i64 + i)
            .map_err(|_| Stop::Unsupported("a slot below the stack"))
    }

    fn local_index(&self, i: impl Number<Self>) -> Flow<usize> {
        let i: usize = self.constant(i)?;
        if self.is_frameless() {
            return Err(Stop::Unsupported(NO_FRAME));
        }
        if i < self.st.locals.len() {
            Ok(i)
        } else {
            Err(Stop::Unsupported("a local that does not exist"))
        }
    }

    fn frameless_local(&self, i: impl Number<Self>) -> Flow<usize> {
        let i: usize = self.constant(i)?;
        let slot = self.frameless_slot(i);
        slot.ok_or(Stop::Unsupported("a local that does not exist"))
    }

    pub fn stack(&mut self, i: impl Number<Self>) -> Flow<Val> {
        let i = self.stack_index(i)?;
        if self.is_frameless() && i >= self.st.stack.len() {
            return Err(Stop::Unsupported(NO_FRAME));
        }
        self.fill_stack(i + 1);
        let id = self.st.stack[i];
        if id == NONE {
            let id = self.memory_slot(i);
            self.st.stack[i] = id;
        }
        Ok(Val(self.st.stack[i]))
    }

    fn fill_stack(&mut self, len: usize) {
        while self.st.stack.len() < len {
            self.st.stack.push(NONE);
        }
    }

    pub fn set_stack(&mut self, i: impl Number<Self>, v: Val) -> Flow {
        let i = self.stack_index(i)?;
        self.fill_stack(i + 1);
        self.know_constant(v.0);
        self.st.stack[i] = v.0;
        Ok(())
    }

    /// The address of a stack slot. Where a function is given the address, this slot and the live
    /// ones above it are in the frame's memory, each with a reference of its own.
    pub fn stack_ptr(&mut self, i: impl Number<Self>) -> Flow<Val> {
        let m = self.stack_mem(self.stack_index(i)?);
        Ok(Val(self.address(super::node::FRAME_NODE, m.disp)))
    }

    /// Writes this slot and the live ones above it into the frame's memory.
    pub(crate) fn write_stack_from(&mut self, first: usize) {
        if self.is_frameless() {
            self.fail(NO_FRAME);
            return;
        }
        let len = self.st.stack.len();
        for k in 0..len {
            // What is in the memory of another slot has to get out of the way.
            let id = self.st.stack[k];
            if id != NONE
                && let At::Stack(at) = self.node(id).at
                && usize::from(at) != k
            {
                self.place(id);
            }
        }
        // Through an address above the stack the template may fill the slot on top as well.
        let lowest = match self.st.base {
            base if base > 0 && first >= base => first.min(base - 1),
            _ => first,
        };
        let filled = lowest < first;
        for k in lowest..len {
            let id = self.st.stack[k];
            let written = id != NONE && self.node(id).at == At::Stack(k as u16);
            if id == NONE || (written && !filled) {
                continue;
            }
            // What is in the slot now may not be what is there afterwards.
            self.place(id);
            let node = self.node(id);
            // Contexts do not tell whether a constant is counted: other slots that have it take care of
            // themselves.
            let count = match node.imm() {
                Some(_) => node.due.min(1),
                None => node.due,
            };
            self.flush_by(id, count);
            if !written {
                let slot = self.stack_mem(k);
                if let Some(v) = self.node(id).imm()
                    && let Ok(v) = i32::try_from(v)
                {
                    self.asm.store_imm(slot, v, 8);
                } else {
                    let r = self.place(id);
                    self.asm.store(slot, r, 8);
                }
            }
            let known = self.node(id).known;
            let id = self.memory_slot(k);
            if !filled {
                self.node_mut(id).known = known;
            }
            self.st.stack[k] = id;
        }
    }

    pub fn local(&mut self, i: impl Number<Self>) -> Flow<Val> {
        if self.is_frameless() {
            let slot = self.frameless_local(i)?;
            self.make_if_asked(self.constant(i)?)?;
            return Ok(Val(self.st.stack[slot]));
        }
        let i = self.local_index(i)?;
        Ok(Val(self.st.local_node(i)))
    }

    pub fn set_local(&mut self, i: impl Number<Self>, v: Val) -> Flow {
        if self.is_frameless() {
            let slot = self.frameless_local(i)?;
            self.make_if_asked(self.constant(i)?)?;
            self.know_constant(v.0);
            self.st.stack[slot] = v.0;
            return Ok(());
        }
        let i = self.local_index(i)?;
        let old = self.st.local_node(i);
        self.take_for_number(i, old, v.0);
        self.effects = true;
        self.know_constant(v.0);
        self.make_slice(v.0);
        if old == v.0 {
            // One reference comes in, and the one that goes out is the same.
            return Ok(());
        }
        let unboxed = self.node(v.0).is_pending() || self.node(v.0).imm().is_some_and(|v| v != 0);
        if self.st.locals[i].behind == Behind::Stale {
            if unboxed {
                self.settle_value(v.0);
                self.st.locals[i].node = v.0;
                return Ok(());
            }
            self.drop_stale(i);
        } else if unboxed && self.may_go_stale(old) {
            // Memory keeps the old object; the template gets a reference of its own to drop.
            self.settle_value(v.0);
            if !self.is_null(old) {
                self.unhome(i);
                let due = self.node(old).due;
                if self.node(old).imm().is_some() {
                    self.node_mut(old).due = due + 1;
                } else {
                    self.flush_by(old, due);
                    self.node_mut(old).due = 1;
                }
                if self.node(old).anchor == Anchor::Own && due == 0 {
                    self.node_mut(old).anchor = Anchor::Heap;
                }
            }
            self.st.locals[i].node = v.0;
            self.st.set_behind(i, Behind::Stale);
            return Ok(());
        } else if !self.is_null(old) {
            self.place(old);
            self.unhome(i);
            if self.holds_immortal(i) {
                self.lasting = old;
            }
            if self.node(old).imm().is_some() && self.node(old).due > 0 {
                self.take_from_memory(old);
            }
        }
        self.put_in_memory(i, v.0);
        Ok(())
    }

    /// A constant leaves a local's memory while others mention it too. They owe their references still:
    /// contexts do not tell that one of them is counted. It outlives the code, and the template has
    /// nothing more to drop.
    fn take_from_memory(&mut self, constant: Id) {
        if self.is_immortal_constant(constant) {
            return;
        }
        let r = self.place(constant);
        self.count_down(r);
        self.node_mut(constant).due += 1;
    }

    /// The object in memory may stay there while the local has another value.
    fn may_go_stale(&self, old: Id) -> bool {
        self.is_null(old)
            || matches!(self.node(old).known, Known::Type(t) if t == facts::float_type() || t == facts::long_type())
    }

    /// Where an unboxed number is stored, and the local holds an object of the same type while the block
    /// is compiled: takes it for one, so that the number can be written into it later.
    fn take_for_number(&mut self, i: usize, old: Id, new: Id) {
        let object_type = match self.node(new).kind {
            Kind::BoxFloat(_) => facts::float_type(),
            Kind::BoxLong(_) => facts::long_type(),
            _ => return,
        };
        let open = Mechanism::Supposing.is_on()
            && self.instr.guess
            && !self.instr.refuted
            && matches!(self.node(old).known, Known::Nothing | Known::Bound)
            && self.nest == 0
            && self.holds(i, object_type)
            && self.is_untouched();
        if !open {
            return;
        }
        self.settle(self.st.base);
        let r = self.place(old);
        let context = self.guard_context();
        if self.node(old).known == Known::Nothing {
            self.asm.test(true, r, r);
            self.refute_if(Cc::E, context);
        }
        self.cmp_address(Mem::new(r, OB_TYPE), object_type);
        self.refute_if(Cc::NE, context);
        self.node_mut(old).known = Known::Type(object_type);
    }

    /// Gives an unboxed value a place that lasts.
    fn settle_value(&mut self, id: Id) {
        let raw = match self.node(id).kind {
            Kind::BoxFloat(raw) | Kind::BoxLong(raw) | Kind::BoxBool(raw) => raw,
            _ => return,
        };
        if self.node(raw).imm().is_none() && self.node(raw).at == At::None {
            self.place(raw);
        }
    }

    fn drop_stale(&mut self, i: usize) {
        let r = self.free_gpr();
        let slot = self.local_mem(i);
        self.asm.load(r, slot, 8, false);
        self.st.set_behind(i, Behind::Same);
        // Somebody has to own the register while the count is taken off.
        let id = self.new_in_gpr(Ty::Object, r);
        self.st.locals[i].node = NONE;
        self.st.locals[i].known = Known::Nothing;
        self.drop_reference(r, false, Dealloc::Plain, false);
        self.unplace(id);
    }

    /// Writes an object into a local's memory, which holds nothing that is owned.
    fn put_in_memory(&mut self, i: usize, id: Id) {
        let slot = self.local_mem(i);
        if self.is_null(id) {
            self.asm.store_imm(slot, 0, 8);
        } else {
            let r = self.give(id);
            self.asm.store(slot, r, 8);
            if self.node(id).kind == Kind::Bits && !matches!(self.node(id).anchor, Anchor::Local(_))
            {
                self.node_mut(id).anchor = Anchor::Local(i as u16);
            }
        }
        self.st.set_behind(i, Behind::Same);
        let local = &mut self.st.locals[i];
        local.node = id;
        local.known = Known::Nothing;
    }

    /// The address of a local in the frame's memory.
    pub fn local_ptr(&mut self, i: impl Number<Self>) -> Flow<Val> {
        let i = self.local_index(i)?;
        let m = self.local_mem(i);
        Ok(Val(self.address(super::node::FRAME_NODE, m.disp)))
    }

    /// Which word of the frame's memory, counted from the first local, an address plus so many
    /// words is that of.
    fn word_of(&self, id: Id, words: i64) -> Option<usize> {
        let Kind::Address { base, disp } = self.node(id).kind else {
            return None;
        };
        let i = i64::from((disp - facts::LOCALS) / 8) + words;
        (base == super::node::FRAME_NODE && disp >= facts::LOCALS)
            .then(|| usize::try_from(i).ok())
            .flatten()
    }

    /// Which local an address, plus so many slots, is that of.
    pub(crate) fn local_of(&self, id: Id, slots: i64) -> Option<usize> {
        let word = self.word_of(id, slots);
        word.filter(|&i| i < self.st.locals.len())
    }

    /// Which stack slot, counted from the bottom, an address is that of.
    pub(crate) fn stack_slot_of(&self, id: Id) -> Option<usize> {
        self.word_of(id, 0)?.checked_sub(self.st.locals.len())
    }

    /// Somebody gets the address of a local or of a stack slot, if this is one. The frame's memory
    /// holds from now on what may be reached through it: this and all later locals, or this and all
    /// later stack slots, or the slot on top of the stack where the address is above that.
    pub(crate) fn expose(&mut self, id: Id) {
        if let Some(slot) = self.stack_slot_of(id) {
            self.write_stack_from(slot);
        }
        let Some(first) = self.local_of(id, 0) else {
            return;
        };
        for i in first..self.st.locals.len() {
            if self.st.locals[i].behind == Behind::Stale {
                self.write_local(i);
            }
            self.st.local_node(i);
            self.unhome(i);
            let local = &mut self.st.locals[i];
            local.node = NONE;
            local.known = Known::Nothing;
        }
    }

    /// Somebody may look behind this address, if it is that of a slot of the stack.
    pub(crate) fn expose_items(&mut self, id: Id) {
        if let Some(slot) = self.stack_slot_of(id).filter(|&slot| slot < self.st.base) {
            self.write_stack_from(slot);
        }
    }

    /// Forgets nodes that no slot refers to, and lets go of their registers.
    pub(crate) fn collect(&mut self) {
        let mut kept = std::mem::take(&mut self.buffers.nodes);
        let mut map = std::mem::take(&mut self.buffers.ids);
        let old = std::mem::take(&mut self.st.nodes);
        map.clear();
        map.resize(old.len(), NONE);
        map[0] = 0;
        map[1] = 1;
        kept.clear();
        kept.extend([old[0], old[1]]);
        let tables = &mut self.tables;
        for i in 0..self.st.locals.len() {
            let Local {
                node: id, behind, ..
            } = self.st.locals[i];
            if id == NONE {
                continue;
            }
            let node = &old[id as usize];
            self.st.locals[i].known = node.known;
            let alone = behind == Behind::Same && node.is_just_local(i as u16);
            if alone && !self.st.has_words_of(id) {
                self.st.locals[i].node = NONE;
            }
        }
        let locals = self.st.locals.iter_mut().map(|local| &mut local.node);
        for slot in locals.chain(self.st.stack.iter_mut()) {
            if *slot != NONE {
                *slot = super::node::keep(*slot, &old, &mut kept, &mut map, tables);
            }
        }
        self.st.renumber_words(&map);
        self.st.nodes = kept;
        self.buffers.nodes = old;
        self.buffers.ids = map;
        self.st.claim_places();
    }
}
