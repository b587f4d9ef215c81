//! What holds at the present point, said as a context.

use crate::jit::context::{Behind, Context, Held, Known, Loc, Slot};
use crate::jit::packed::{Packer, Size};
use crate::jit::starts::ContextKey;

use super::node::{Anchor, At, Id, Kind, NONE, Node};
use super::state::Local;
use super::types::Ty;
use super::{CROWDED, Emit};

/// How often each node has been described so far.
#[derive(Debug, Default)]
pub(crate) struct Described(Vec<(Id, u16)>);

/// What was last known of locals that were all in the frame's memory, and how that is packed: it
/// changes rarely.
#[derive(Debug, Default)]
pub(crate) struct InMemory {
    known: Vec<Known>,
    packed: Vec<u8>,
}

/// A snapshot, and what it says it of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastSnapshot {
    key: ContextKey,
    /// The same before values had to make room for what an edge depends on.
    first: ContextKey,
    depth: usize,
    /// How often values had left their registers.
    moved: u32,
}

impl LastSnapshot {
    fn stands_for(&self, context: ContextKey) -> bool {
        self.key == context || self.first == context
    }
}

impl Described {
    fn count(&mut self, id: Id) -> u16 {
        match self.0.iter_mut().find(|(known, _)| *known == id) {
            Some((_, count)) => {
                *count += 1;
                *count - 1
            }
            None => {
                self.0.push((id, 1));
                0
            }
        }
    }
}

impl Emit<'_> {
    /// The context at the present point, with the stack at this depth. It is kept as long as the
    /// block is being compiled.
    ///
    /// Emits what it takes so that the context can say it all.
    pub(crate) fn snapshot(&mut self, depth: usize) -> ContextKey {
        if !self.is_frameless() {
            return self.snapshot_here(depth);
        }
        let effects = self.effects;
        let depth = self.swap_counts();
        let key = self.snapshot_here(depth);
        self.swap_counts();
        if self.effects != effects {
            self.fail("counts that changed in a callee");
        }
        key
    }

    fn snapshot_here(&mut self, depth: usize) -> ContextKey {
        self.settle_here(depth);
        let mut described = std::mem::take(&mut self.buffers.described);
        described.0.clear();
        let mut in_memory = std::mem::take(&mut self.buffers.in_memory);
        let size = Size {
            stack: depth,
            locals: self.st.locals.len(),
            keywords: self.st.keywords,
        };
        let starts = self.starts;
        let key = starts.keep_context(size, |packer| {
            for (i, &id) in self.st.stack[..depth].iter().enumerate() {
                packer.stack(&self.describe(id, &mut described, Some(i)));
            }
            if !self.st.has_stale_locals() {
                return self.pack_locals(&mut in_memory, packer);
            }
            for local in &self.st.locals {
                match local.behind {
                    Behind::Same => packer.local_in_memory(self.known_of(local)),
                    Behind::Stale => packer.local(&Slot {
                        behind: Behind::Stale,
                        ..self.describe(local.node, &mut described, None)
                    }),
                }
            }
        });
        self.buffers.described = described;
        self.buffers.in_memory = in_memory;
        self.described = Some(LastSnapshot {
            key,
            first: key,
            depth,
            moved: self.moved,
        });
        self.pin(key)
    }

    /// The context for an edge that was just emitted, for which this one was described before: if
    /// values have left their registers since, to make room for what the edge depends on, it is
    /// described again. There is no place any more for code that this would take.
    pub(crate) fn described_now(&mut self, context: ContextKey) -> ContextKey {
        let Some(last) = self.described.filter(|last| last.stands_for(context)) else {
            return context;
        };
        if last.moved == self.moved {
            return last.key;
        }
        let here = self.asm.here();
        let key = self.snapshot(last.depth);
        if self.asm.here() != here {
            self.failed.get_or_insert(CROWDED);
        }
        // Other edges may have been given the first description as well.
        if let Some(described) = &mut self.described {
            described.first = last.first;
        }
        key
    }

    /// Packs locals that are all in the frame's memory.
    fn pack_locals(&self, in_memory: &mut InMemory, packer: &mut Packer<'_>) {
        let locals = &self.st.locals;
        let same = in_memory.known.len() == locals.len()
            && locals
                .iter()
                .zip(&in_memory.known)
                .all(|(local, known)| self.known_of(local) == *known);
        if same {
            return packer.locals(&in_memory.packed);
        }
        in_memory.known.clear();
        let known = locals.iter().map(|local| self.known_of(local));
        in_memory.known.extend(known);
        in_memory.packed.clear();
        let written = packer.written(|packer| {
            for &known in &in_memory.known {
                packer.local_in_memory(known);
            }
        });
        in_memory.packed.extend_from_slice(written);
    }

    /// What is known of a local that is in the frame's memory.
    fn known_of(&self, local: &Local) -> Known {
        match local.node {
            NONE => local.known,
            id => self.node(id).known,
        }
    }

    /// The same as a context of its own.
    pub(crate) fn snapshot_whole(&mut self, depth: usize) -> Context {
        let key = self.snapshot(depth);
        Context::clone(&self.starts.context(key))
    }

    /// Keeps a context, which has been counted for that, until the block is compiled.
    pub(crate) fn pin(&mut self, key: ContextKey) -> ContextKey {
        match self.contexts.last() {
            Some(last) if *last == key => self.starts.release_context(key),
            _ => self.contexts.push(key),
        }
        key
    }

    /// Keeps a context until the block is compiled.
    pub(crate) fn pin_whole(&mut self, context: &Context) -> ContextKey {
        let key = self.starts.keep_context(Size::of(context), |packer| {
            context.stack.iter().for_each(|slot| packer.stack(slot));
            context.locals.iter().for_each(|slot| packer.local(slot));
        });
        self.pin(key)
    }

    fn complete_stack(&mut self, depth: usize) {
        for i in 0..depth {
            match self.st.stack.get(i) {
                None => {
                    let id = self.memory_slot(i);
                    self.st.stack.push(id);
                }
                Some(&NONE) => self.st.stack[i] = self.memory_slot(i),
                Some(_) => {}
            }
        }
    }

    /// A stack slot that is in the frame's memory.
    pub(crate) fn memory_slot(&mut self, index: usize) -> Id {
        let mut node = Node::new(Ty::Object, Kind::Bits);
        node.at = At::Stack(index as u16);
        self.st.add(node)
    }

    /// Gives every value that a context has to describe a place that a context can name.
    pub(crate) fn settle(&mut self, depth: usize) {
        if !self.is_frameless() {
            return self.settle_here(depth);
        }
        let effects = self.effects;
        let depth = self.swap_counts();
        self.settle_here(depth);
        self.swap_counts();
        if self.effects != effects {
            self.fail("counts that changed in a callee");
        }
    }

    fn settle_here(&mut self, depth: usize) {
        self.complete_stack(depth);
        for i in 0..depth {
            self.make_slice(self.st.stack[i]);
        }
        for i in 0..depth {
            self.settle_one(self.st.stack[i], Some(i), depth);
        }
        if !self.st.has_stale_locals() {
            return;
        }
        for i in 0..self.st.locals.len() {
            if self.st.locals[i].behind == Behind::Stale {
                self.settle_one(self.st.locals[i].node, None, depth);
            }
        }
    }

    fn settle_one(&mut self, id: Id, stack: Option<usize>, depth: usize) {
        self.used(id);
        let node = self.node(id);
        match node.kind {
            Kind::Imm(_) => {}
            Kind::BoxFloat(raw) => {
                if self.node(raw).imm().is_none() {
                    self.settle_raw(raw);
                }
            }
            Kind::BoxLong(raw) => {
                if self.node(raw).imm().is_none() {
                    self.settle_raw(raw);
                }
            }
            Kind::BoxBool(raw) => self.settle_raw(raw),
            Kind::Bits => {
                if node.due == 0 {
                    match node.at {
                        At::Gpr(_) | At::Native(_) => return,
                        At::Stack(k) if stack == Some(usize::from(k)) => return,
                        _ => {}
                    }
                }
                self.settle_bits(id, stack, depth);
            }
            _ if matches!(node.at, At::Native(_)) => {}
            _ => {
                self.place(id);
            }
        }
    }

    fn settle_bits(&mut self, id: Id, stack: Option<usize>, depth: usize) {
        let due = self.node(id).due;
        let users = if due > 0 { self.users(id, depth) } else { 0 };
        if due > users {
            self.flush_by(id, due - users);
        }
        let node = self.node(id);
        let named = match node.at {
            At::Gpr(_) | At::Native(_) => true,
            At::Stack(k) => stack == Some(usize::from(k)),
            At::None => {
                let local = matches!(node.anchor, Anchor::Local(_));
                local && node.due >= self.users(id, depth)
            }
            At::Xmm(_) => false,
        };
        if !named {
            self.place(id);
        }
    }

    fn settle_raw(&mut self, raw: Id) {
        match self.node(raw).at {
            At::None | At::Stack(_) => {
                if self.node(raw).ty == Ty::F64 {
                    self.place_xmm(raw);
                } else {
                    self.place(raw);
                }
            }
            _ => {}
        }
    }

    /// Whether a context would say where the node is. Such a node keeps a place even if it could be
    /// computed again: what has been settled stays settled, and describing it takes no code.
    pub(crate) fn is_named_by_place(&self, id: Id) -> bool {
        let node = self.node(id);
        if node.kind == Kind::Bits {
            return node.due < self.users(id, self.st.stack.len());
        }
        let holds = |slot: Id| match self.node(slot).kind {
            Kind::BoxBool(raw) => raw == id,
            Kind::BoxFloat(raw) | Kind::BoxLong(raw) => raw == id && node.imm().is_none(),
            _ => slot == id && node.imm().is_none(),
        };
        let locals = self.st.locals.iter();
        let stale = locals.filter(|local| local.behind == Behind::Stale);
        let stack = self.st.stack.iter().copied();
        let mut slots = stack.chain(stale.map(|local| local.node));
        slots.any(|slot| slot != NONE && holds(slot))
    }

    /// How many slots of a context refer to the node outside the frame's memory for locals.
    fn users(&self, id: Id, depth: usize) -> u16 {
        let stack = self.st.stack[..depth].iter().filter(|&&s| s == id).count();
        (stack + self.st.stale_users(id)) as u16
    }

    fn describe(&self, id: Id, described: &mut Described, stack: Option<usize>) -> Slot {
        let node = self.node(id);
        let slot = |held| Slot {
            held,
            behind: Behind::Same,
            known: node.known,
        };
        match node.kind {
            Kind::Imm(v) => slot(Held::Constant(v as usize)),
            Kind::BoxFloat(raw) => slot(match self.node(raw).imm() {
                Some(v) => Held::FloatConstant(v as u64),
                None => Held::Float(self.loc(raw)),
            }),
            Kind::BoxLong(raw) => slot(match self.node(raw).imm() {
                Some(v) => Held::LongConstant(v),
                None => Held::Long(self.loc(raw)),
            }),
            Kind::BoxBool(raw) => slot(Held::Bool(self.loc(raw))),
            _ => {
                let borrowed = node.due > 0 && described.count(id) < node.due;
                if let (true, Anchor::Local(n)) = (borrowed, node.anchor) {
                    return slot(Held::Local(n));
                }
                if let At::Stack(k) = node.at
                    && stack == Some(usize::from(k))
                    && !borrowed
                {
                    return slot(Held::Memory);
                }
                slot(Held::Object {
                    at: self.loc(id),
                    owned: !borrowed,
                })
            }
        }
    }

    /// The place of a node that has one.
    fn loc(&self, id: Id) -> Loc {
        match self.node(id).at {
            At::Gpr(r) => Loc::Gpr(r),
            At::Xmm(x) => Loc::Xmm(x),
            At::Native(n) => Loc::Native(n),
            At::None | At::Stack(_) => unreachable!("settled values have a place"),
        }
    }
}
