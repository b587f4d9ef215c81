//! Turning what holds at a point into what an existing block relies on.

use crate::jit::context::{Behind, Context, Gpr, Held, Loc};

use super::machine::{R11, XMM15, native};
use super::node::{Anchor, At, Id, Kind, NONE};
use super::parallel::move_at_once;
use super::state::State;
use super::{Emit, LOST};

/// What is put into a place after all moves.
#[derive(Clone, Copy, Debug)]
enum Late {
    Int(i64),
    Local(usize),
}

impl Emit<'_> {
    /// Moves, boxes and counts until exactly `target` holds. For a jump to a block compiled
    /// for `target`, follow it by `leave(EdgeKind::Go, unit)`.
    ///
    /// `target` claims nothing that does not hold now: see `jit::distance`.
    pub fn conform(&mut self, target: &Context) {
        for i in 0..target.locals.len() {
            let slot = target.locals[i];
            if self.st.locals[i].behind == Behind::Stale && slot.behind == Behind::Same {
                self.write_local(i);
            }
        }
        self.box_for_memory(target);
        self.count_for(target);
        self.write_stack(target);
        self.move_into_place(target);
        self.hold(target);
    }

    /// Takes a context for what holds now.
    pub(crate) fn hold(&mut self, context: &Context) {
        let state = State::from_context(context, &mut self.buffers);
        self.replace_state(state);
        self.conformed = Some(self.pin_whole(context));
    }

    /// Values that the target has as objects.
    fn box_for_memory(&mut self, target: &Context) {
        for i in 0..target.stack.len() {
            let wanted = matches!(target.stack[i].held, Held::Memory | Held::Object { .. });
            let id = self.stack_node(i);
            if wanted && self.node(id).is_pending() {
                self.materialise(id);
            }
        }
        for i in 0..target.locals.len() {
            let id = self.st.locals[i].node;
            if matches!(target.locals[i].held, Held::Object { .. })
                && id != NONE
                && self.node(id).is_pending()
            {
                self.materialise(id);
            }
        }
    }

    fn stack_node(&mut self, i: usize) -> Id {
        if self.st.stack[i] == NONE {
            self.st.stack[i] = self.memory_slot(i);
        }
        self.st.stack[i]
    }

    /// Makes the increments that the target counts on.
    fn count_for(&mut self, target: &Context) {
        let mut borrowed = vec![0u16; self.st.nodes.len()];
        let mut count = |id: Id, held: Held| {
            // What the target has as a bare number needs no reference, even if an object was made of
            // it here for another place.
            let free = matches!(
                held,
                Held::Local(_)
                    | Held::Constant(_)
                    | Held::Object { owned: false, .. }
                    | Held::Float(_)
                    | Held::Long(_)
                    | Held::Bool(_)
            );
            if id != NONE {
                borrowed[id as usize] += u16::from(free);
            }
        };
        for (i, slot) in target.stack.iter().enumerate() {
            count(self.st.stack[i], slot.held);
        }
        for (i, slot) in target.locals.iter().enumerate() {
            if slot.behind == Behind::Stale {
                count(self.st.locals[i].node, slot.held);
            }
        }
        for id in 2..borrowed.len() as Id {
            let node = *self.node(id);
            let keep = borrowed[id as usize];
            match node.kind {
                Kind::Imm(0) => {}
                Kind::Imm(_) => {
                    let users = self.uses_of(id);
                    if users > keep {
                        self.node_mut(id).due = users;
                        self.flush_by(id, users - keep);
                    }
                }
                _ if node.is_pending() => {}
                _ if node.due > keep => self.flush_by(id, node.due - keep),
                _ => {}
            }
        }
    }

    fn uses_of(&self, id: Id) -> u16 {
        let stack = self.st.stack.iter().filter(|&&s| s == id).count();
        (stack + self.st.stale_users(id)) as u16
    }

    /// Stack slots that the target has in the frame's memory.
    fn write_stack(&mut self, target: &Context) {
        for i in 0..target.stack.len() {
            let id = self.st.stack[i];
            if let At::Stack(k) = self.node(id).at
                && (usize::from(k) != i || target.stack[i].held != Held::Memory)
            {
                self.place(id);
            }
        }
        for i in 0..target.stack.len() {
            let id = self.st.stack[i];
            if target.stack[i].held != Held::Memory || self.node(id).at == At::Stack(i as u16) {
                continue;
            }
            let slot = self.stack_mem(i);
            let r = self.place(id);
            self.asm.store(slot, r, 8);
        }
    }

    fn move_into_place(&mut self, target: &Context) {
        let mut moves: Vec<(Loc, Loc)> = Vec::new();
        let mut late: Vec<(Loc, Late)> = Vec::new();
        let slots = target.locals.len() + target.stack.len();
        for k in 0..slots {
            let (held, id) = if k < target.locals.len() {
                (target.locals[k].held, self.st.locals[k].node)
            } else {
                let i = k - target.locals.len();
                (target.stack[i].held, self.st.stack[i])
            };
            let to = match held {
                Held::Object { at, .. } | Held::Float(at) | Held::Long(at) | Held::Bool(at) => at,
                _ => continue,
            };
            let node = *self.node(id);
            let from = match (held, node.kind) {
                (Held::Object { .. }, _) => id,
                (_, Kind::BoxFloat(raw) | Kind::BoxLong(raw) | Kind::BoxBool(raw)) => raw,
                (Held::Float(_), _) => self.unbox_float(id).unwrap_or(id),
                _ => self.unboxed_long(id).unwrap_or(id),
            };
            let node = *self.node(from);
            if let Some(v) = node.imm() {
                late.push((to, Late::Int(v)));
                continue;
            }
            match node.at {
                At::Gpr(r) => moves.push((to, Loc::Gpr(r))),
                At::Xmm(x) => moves.push((to, Loc::Xmm(x))),
                At::Native(n) => moves.push((to, Loc::Native(n))),
                At::None if node.kind == Kind::Bits => match node.anchor {
                    Anchor::Local(n) => late.push((to, Late::Local(usize::from(n)))),
                    _ => self.failed = Some(LOST),
                },
                _ => {
                    let r = self.place(from);
                    moves.push((to, Loc::Gpr(r)));
                }
            }
        }
        self.move_locations(&mut moves);
        for (to, value) in late {
            self.put_late(to, value);
        }
    }

    fn put_late(&mut self, to: Loc, value: Late) {
        if let (Loc::Native(n), Late::Int(v)) = (to, value)
            && let Ok(v) = i32::try_from(v)
        {
            self.asm.store_imm(native(n), v, 8);
            return;
        }
        let r = match to {
            Loc::Gpr(r) => r,
            _ => R11,
        };
        match value {
            Late::Int(0) if matches!(to, Loc::Xmm(_)) => {}
            Late::Int(v) => self.asm.mov_imm(r, v),
            Late::Local(i) => {
                let m = self.local_mem(i);
                self.asm.load(r, m, 8, false);
            }
        }
        match (to, value) {
            (Loc::Gpr(_), _) => {}
            (Loc::Xmm(x), Late::Int(0)) => self.asm.zero_xmm(x),
            (Loc::Xmm(x), _) => self.asm.mov_to_xmm(x, r),
            (Loc::Native(n), _) => self.asm.store(native(n), r, 8),
        }
    }

    /// Moves values to where they belong, all at once.
    fn move_locations(&mut self, moves: &mut Vec<(Loc, Loc)>) {
        moves.retain(|(to, from)| to != from);
        moves.dedup();
        // A circle never mixes kinds of registers, so that one scratch register of its kind is free.
        let aside = |from| match from {
            Loc::Xmm(_) => Loc::Xmm(XMM15),
            _ => Loc::Gpr(R11),
        };
        move_at_once(moves, aside, |to, from| self.move_location(to, from));
    }

    fn move_location(&mut self, to: Loc, from: Loc) {
        match (to, from) {
            (Loc::Gpr(a), Loc::Gpr(b)) => self.asm.mov(a, b),
            (Loc::Gpr(a), Loc::Native(n)) => self.asm.load(a, native(n), 8, false),
            (Loc::Gpr(a), Loc::Xmm(x)) => self.asm.mov_from_xmm(a, x),
            (Loc::Xmm(a), Loc::Xmm(b)) => self.asm.mov_f64(a, b),
            (Loc::Xmm(a), Loc::Native(n)) => self.asm.load_f64(a, native(n)),
            (Loc::Xmm(a), Loc::Gpr(b)) => self.asm.mov_to_xmm(a, b),
            (Loc::Native(n), Loc::Gpr(b)) => self.asm.store(native(n), b, 8),
            (Loc::Native(n), Loc::Xmm(x)) => self.asm.store_f64(native(n), x),
            (Loc::Native(a), Loc::Native(b)) => {
                // Both scratch registers may hold values that were put aside: the stack may not.
                let r = Gpr(0);
                self.asm.push_reg(r);
                self.asm.load(r, native(b), 8, false);
                self.asm.store(native(a), r, 8);
                self.asm.pop_reg(r);
            }
        }
    }
}
