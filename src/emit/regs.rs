//! Getting bits into registers.

use crate::jit::context::{Gpr, Loc, Xmm};
use crate::jit::facts;

use super::asm::{Alu, Mem};
use super::machine::{ALLOCATABLE, ALLOCATABLE_XMM, FRAME, R11, SURVIVING, is_volatile, native};
use super::node::{Anchor, At, Id, Kind, NONE, Node};
use super::offsets::{OB_FVAL, OB_TYPE};
use super::types::Ty;
use super::{CROWDED, Emit, LOST};

impl Emit<'_> {
    /// Local `i` in the frame's memory.
    pub(crate) fn local_mem(&self, i: usize) -> Mem {
        Mem::new(FRAME, facts::LOCALS + 8 * i as i32)
    }

    /// Stack slot `i`, counted from the bottom, in the frame's memory.
    pub(crate) fn stack_mem(&self, i: usize) -> Mem {
        self.local_mem(self.st.locals.len() + i)
    }

    /// Marks a register as just used, so that it is not taken away at once.
    pub(crate) fn touch(&mut self, r: Gpr) {
        self.st.clock += 1;
        self.st.gpr_used[usize::from(r.0)] = self.st.clock;
    }

    fn touch_xmm(&mut self, x: Xmm) {
        self.st.clock += 1;
        self.st.xmm_used[usize::from(x.0)] = self.st.clock;
    }

    /// A general register that nobody owns. The caller gives it an owner or lets it go before
    /// the next one is asked for, except for the few used most recently, which stay as they are.
    pub(crate) fn free_gpr(&mut self) -> Gpr {
        let free = ALLOCATABLE.into_iter().find(|r| {
            let owner = self.st.gpr[usize::from(r.0)];
            (owner == NONE || self.is_done(owner)) && self.may_take(*r)
        });
        let r = match free {
            Some(r) => {
                self.vacate(r);
                r
            }
            None => {
                let oldest = ALLOCATABLE
                    .into_iter()
                    .min_by_key(|r| self.st.gpr_used[usize::from(r.0)]);
                let r = oldest.unwrap_or(ALLOCATABLE[0]);
                self.vacate(r);
                r
            }
        };
        self.touch(r);
        r
    }

    /// Free registers that were touched within the same few steps are still in use as operands.
    fn may_take(&self, r: Gpr) -> bool {
        let used = self.st.gpr_used[usize::from(r.0)];
        used == 0 || self.st.clock - used >= 4
    }

    pub(crate) fn free_xmm(&mut self) -> Xmm {
        let clock = self.st.clock;
        let free = (0..ALLOCATABLE_XMM).find(|&x| {
            let used = self.st.xmm_used[usize::from(x)];
            let owner = self.st.xmm[usize::from(x)];
            (owner == NONE || self.is_done(owner)) && (used == 0 || clock - used >= 4)
        });
        let x = match free {
            Some(x) => {
                self.vacate_xmm(Xmm(x));
                Xmm(x)
            }
            None => {
                let oldest = (0..ALLOCATABLE_XMM).min_by_key(|&x| self.st.xmm_used[usize::from(x)]);
                let x = Xmm(oldest.unwrap_or(0));
                self.vacate_xmm(x);
                x
            }
        };
        self.touch_xmm(x);
        x
    }

    /// Moves what is in a register elsewhere.
    pub(crate) fn vacate(&mut self, r: Gpr) {
        let id = std::mem::replace(&mut self.st.gpr[usize::from(r.0)], NONE);
        if id == NONE {
            return;
        }
        if self.is_dispensable(id) {
            self.moved += 1;
            self.node_mut(id).at = At::None;
            return;
        }
        self.note_spill();
        let slot = self.free_native();
        self.asm.store(native(slot), r, 8);
        self.st.put(id, Loc::Native(slot));
    }

    /// Whether a value's register can be taken without putting the value aside.
    fn is_dispensable(&self, id: Id) -> bool {
        let reloadable = self.node(id).is_reloadable() && !self.is_named_by_place(id);
        reloadable || self.is_done(id)
    }

    pub(crate) fn vacate_xmm(&mut self, x: Xmm) {
        let id = std::mem::replace(&mut self.st.xmm[usize::from(x.0)], NONE);
        if id == NONE {
            return;
        }
        if self.node(id).imm().is_some() || self.is_done(id) {
            self.moved += 1;
            self.node_mut(id).at = At::None;
            return;
        }
        self.note_spill();
        let boxed = self.st.nodes.iter();
        let boxed = boxed.filter(|n| n.is_pending() && n.parts()[0] == id);
        if boxed.count() == 0 && self.object_of(id).is_some() {
            self.node_mut(id).at = At::None;
            return;
        }
        let slot = self.free_native();
        self.asm.store_f64(native(slot), x);
        self.st.put(id, Loc::Native(slot));
    }

    /// The object that has a double and has to stay anyway: it is read from there again.
    fn object_of(&self, raw: Id) -> Option<Id> {
        let mut nodes = self.st.nodes.iter();
        let found = nodes.position(|n| {
            n.twin == raw && n.kind == Kind::Bits && matches!(n.anchor, Anchor::Local(_))
        });
        found.map(|id| id as Id)
    }

    /// Before a call: nothing that is needed stays in a register that the callee may change.
    pub(crate) fn vacate_volatile(&mut self) {
        for r in ALLOCATABLE.into_iter().filter(|&r| is_volatile(r)) {
            let id = self.st.gpr[usize::from(r.0)];
            if id == NONE {
                continue;
            }
            let surviving = ALLOCATABLE[ALLOCATABLE.len() - SURVIVING..]
                .iter()
                .find(|r| self.st.gpr[usize::from(r.0)] == NONE);
            match surviving {
                Some(&to) if !self.is_dispensable(id) => {
                    self.st.gpr[usize::from(r.0)] = NONE;
                    self.asm.mov(to, r);
                    self.moved += 1;
                    self.st.put(id, Loc::Gpr(to));
                }
                _ => self.vacate(r),
            }
        }
        for x in 0..ALLOCATABLE_XMM {
            if self.st.xmm[usize::from(x)] != NONE {
                self.vacate_xmm(Xmm(x));
            }
        }
    }

    fn free_native(&mut self) -> u16 {
        match self.st.native.iter().position(|&id| id == NONE) {
            Some(slot) => slot as u16,
            None => {
                self.failed = Some(CROWDED);
                0
            }
        }
    }

    /// Lets go of a node's place.
    pub(crate) fn unplace(&mut self, id: Id) {
        match self.node(id).at {
            At::Gpr(r) => self.st.gpr[usize::from(r.0)] = NONE,
            At::Xmm(x) => self.st.xmm[usize::from(x.0)] = NONE,
            At::Native(n) if !self.st.pinned => self.st.native[usize::from(n)] = NONE,
            At::Native(_) => {}
            At::None | At::Stack(_) => {}
        }
        self.node_mut(id).at = At::None;
    }

    /// A node with these bits in a fresh register.
    pub(crate) fn new_in_gpr(&mut self, ty: Ty, r: Gpr) -> Id {
        let id = self.st.add(Node::new(ty, Kind::Bits));
        self.st.put(id, Loc::Gpr(r));
        id
    }

    pub(crate) fn new_in_xmm(&mut self, x: Xmm) -> Id {
        let id = self.st.add(Node::new(Ty::F64, Kind::Bits));
        self.st.put(id, Loc::Xmm(x));
        id
    }

    /// The node's bits in a general register.
    pub(crate) fn place(&mut self, id: Id) -> Gpr {
        self.used(id);
        self.need_pointer(id);
        let node = *self.node(id);
        if let At::Gpr(r) = node.at {
            self.touch(r);
            return r;
        }
        if let Kind::Table(table) = node.kind
            && node.at == At::None
        {
            let r = self.table_bits(table);
            self.st.put(id, Loc::Gpr(r));
            return r;
        }
        if let (Kind::Digit(raw), At::None) = (node.kind, node.at) {
            let r = self.digit_bits(raw);
            self.st.put(id, Loc::Gpr(r));
            return r;
        }
        let base = match (node.kind, node.at) {
            (Kind::TypeOf(x), At::None) => self.place(x),
            (Kind::Address { base: x, .. }, At::None) => {
                self.expose_items(id);
                self.place(x)
            }
            _ => R11,
        };
        let r = self.free_gpr();
        match node.at {
            At::Gpr(_) => {}
            At::Native(n) => {
                self.asm.load(r, native(n), 8, false);
                self.unplace(id);
            }
            At::Stack(k) => {
                let m = self.stack_mem(usize::from(k));
                self.asm.load(r, m, 8, false);
            }
            At::Xmm(x) => {
                self.asm.mov_from_xmm(r, x);
                self.moved += 1;
                self.unplace(id);
            }
            At::None => match node.kind {
                Kind::Imm(v) => self.asm.mov_imm(r, v),
                Kind::TypeOf(_) => self.asm.load(r, Mem::new(base, OB_TYPE), 8, false),
                Kind::Address { disp, .. } => self.asm.lea(r, Mem::new(base, disp)),
                _ => match node.anchor {
                    Anchor::Local(n) => {
                        let m = self.local_mem(usize::from(n));
                        self.asm.at_even();
                        self.asm.load(r, m, 8, false);
                    }
                    _ => self.failed = Some(LOST),
                },
            },
        }
        self.st.put(id, Loc::Gpr(r));
        r
    }

    /// The node's bits in a vector register.
    pub(crate) fn place_xmm(&mut self, id: Id) -> Xmm {
        self.used(id);
        let node = *self.node(id);
        if let At::Xmm(x) = node.at {
            self.touch_xmm(x);
            return x;
        }
        let object = match (node.at, node.kind) {
            (At::None, Kind::Bits) => self.object_of(id).map(|object| self.place(object)),
            _ => None,
        };
        let x = self.free_xmm();
        match (node.at, node.kind) {
            (At::Native(n), _) => {
                self.asm.load_f64(x, native(n));
                self.unplace(id);
            }
            (_, Kind::Imm(0)) => self.asm.zero_xmm(x),
            (_, Kind::Imm(v)) => {
                self.asm.mov_imm(R11, v);
                self.asm.mov_to_xmm(x, R11);
            }
            (At::Gpr(r), _) => {
                self.asm.mov_to_xmm(x, r);
                self.moved += 1;
                self.unplace(id);
            }
            _ => match object {
                Some(object) => self.asm.load_f64(x, Mem::new(object, OB_FVAL)),
                None => self.failed = Some(LOST),
            },
        }
        self.st.put(id, Loc::Xmm(x));
        x
    }

    /// The node's bits in a register of which the caller may change what it likes.
    pub(crate) fn copy(&mut self, id: Id) -> Gpr {
        if let Some(v) = self.node(id).imm() {
            let r = self.free_gpr();
            self.asm.mov_imm(r, v);
            return r;
        }
        let from = self.place(id);
        let r = self.free_gpr();
        self.asm.mov(r, from);
        r
    }

    pub(crate) fn copy_xmm(&mut self, id: Id) -> Xmm {
        let from = self.place_xmm(id);
        let x = self.free_xmm();
        self.asm.mov_f64(x, from);
        x
    }

    /// A two-operand instruction with a node as the second operand.
    pub(crate) fn alu_node(&mut self, op: Alu, wide: bool, a: Gpr, b: Id) {
        match self.node(b).imm() {
            Some(v) => self.alu_const(op, wide, a, v),
            None => {
                let b = self.place(b);
                self.asm.alu(op, wide, a, b);
            }
        }
    }

    pub(crate) fn alu_const(&mut self, op: Alu, wide: bool, a: Gpr, v: i64) {
        let v = if wide { v } else { i64::from(v as i32) };
        match i32::try_from(v) {
            Ok(0) if op == Alu::Cmp => self.asm.test(wide, a, a),
            Ok(v) => self.asm.alu_imm(op, wide, a, v),
            Err(_) => {
                self.asm.mov_imm(R11, v);
                self.asm.alu(op, wide, a, R11);
            }
        }
    }
}
