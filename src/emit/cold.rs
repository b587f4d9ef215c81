//! Code that runs rarely, behind the rest of the block.

use std::fmt::{Debug, Formatter, Result};

use smallvec::SmallVec;

use crate::jit::context::{Behind, Context, Gpr, Held, Known, Loc, Slot, Xmm};
use crate::jit::facts;
use crate::jit::freeing;
use crate::jit::starts::ContextKey;
use crate::release::layout::_PyInterpreterFrame;

use super::Emit;
use super::absent_frame::NO_FRAME;
use super::asm::{Alu, Cc, Mem, Site};
use super::edge::{CallSite, Edge, EdgeKind, Mark};
use super::machine::{
    ALLOCATABLE, ALLOCATABLE_XMM, ARGUMENTS, FRAME, R11, RAX, RSP, XMM15, is_volatile, native,
};
use super::node::NONE;
use super::types::Val;

/// How an object is freed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Dealloc {
    /// Runs no Python code.
    Plain,
    /// May run any.
    Escaping,
}

/// What memory held before something is stored there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OldObject {
    pub at: Gpr,
    /// Certainly not NULL.
    pub bound: bool,
    /// Freeing it runs no Python code.
    pub plain: bool,
}

/// A piece of code that the block jumps to and that jumps back.
pub(crate) struct Cold {
    sites: SmallVec<[Site; 2]>,
    back: u32,
    /// The instruction that it belongs to.
    mark: Option<Mark>,
    /// Leave by a `Forget` edge if a frame object exists afterwards.
    pub after: Option<(u32, ContextKey)>,
    /// Whether arbitrary code may run in it.
    pub escapes: bool,
    /// The locals that it writes to the frame's memory, and how the block holds them.
    written: Vec<(usize, Held)>,
    body: Body,
}

type Body = Box<dyn FnOnce(&mut Emit<'_>)>;

impl Debug for Cold {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.debug_struct("Cold").field("back", &self.back).finish()
    }
}

impl Cold {
    /// Where it jumps back to.
    pub fn back(&self) -> u32 {
        self.back
    }
}

/// Registers to be saved around a call in cold code, one bit each. They are stored in the order of
/// their bits, the general ones first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Saved {
    pub gprs: u16,
    pub xmms: u16,
}

impl Saved {
    fn bytes(self) -> i32 {
        let words = self.gprs.count_ones() + self.xmms.count_ones();
        8 * words.next_multiple_of(2) as i32
    }

    /// Where a saved register is in memory.
    pub fn find(self, at: Loc) -> Option<Mem> {
        let below = |set: u16, bit: u8| {
            (set >> bit & 1 != 0).then(|| (set & ((1 << bit) - 1)).count_ones())
        };
        let index = match at {
            Loc::Gpr(r) => below(self.gprs, r.0),
            Loc::Xmm(x) => below(self.xmms, x.0).map(|i| i + self.gprs.count_ones()),
            Loc::Native(_) => None,
        };
        index.map(|i| Mem::new(RSP, 8 * i as i32))
    }

    fn gprs(self) -> impl Iterator<Item = Gpr> {
        (0..16).filter(move |r| self.gprs >> r & 1 != 0).map(Gpr)
    }

    fn xmms(self) -> impl Iterator<Item = Xmm> {
        (0..16).filter(move |x| self.xmms >> x & 1 != 0).map(Xmm)
    }
}

impl Emit<'_> {
    /// Adds a piece of cold code that goes on where the block stands now.
    pub(crate) fn add_cold(
        &mut self,
        sites: &[Site],
        escapes: bool,
        body: impl FnOnce(&mut Emit<'_>) + 'static,
    ) {
        if escapes {
            self.forget_words();
            if self.is_frameless() {
                self.fail(NO_FRAME);
            }
        }
        self.cold.push(Cold {
            sites: SmallVec::from_slice(sites),
            back: self.asm.here(),
            mark: self.marks.last().copied(),
            after: None,
            escapes,
            written: Vec::new(),
            body: Box::new(body),
        });
    }

    /// A piece of cold code that gives a value in a register another one: what a function returns for
    /// these arguments. They and the value are in registers since before the jump.
    pub(crate) fn replace_in_cold(&mut self, site: Site, v: Val, target: usize, args: &[Val]) {
        let to = self.place(v.0);
        let moves: SmallVec<[(Gpr, Gpr); 8]> = args
            .iter()
            .zip(ARGUMENTS)
            .map(|(arg, argument)| (argument, self.place(arg.0)))
            .filter(|(argument, r)| argument != r)
            .collect();
        let saved = self.live_volatile();
        self.add_cold(&[site], true, move |e| {
            e.save(saved);
            e.move_registers(&mut moves.clone());
            e.call_address(target);
            e.asm.mov(R11, RAX);
            e.restore(saved);
            e.asm.mov(to, R11);
        });
        self.node_mut(v.0).known = Known::Nothing;
    }

    /// The piece that was added last has such locals in the frame's memory when it ends.
    pub(crate) fn cold_writes(&mut self, locals: Vec<(usize, Held)>) {
        if let Some(cold) = self.cold.last_mut() {
            cold.written = locals;
        }
    }

    pub(crate) fn emit_cold(&mut self) {
        let mut pieces = std::mem::take(&mut self.cold);
        for cold in pieces.drain(..) {
            let at = self.asm.here();
            self.marks.extend(cold.mark.map(|mark| Mark { at, ..mark }));
            for site in cold.sites {
                self.asm.bind(site);
            }
            self.compared = false;
            (cold.body)(self);
            if let Some((unit, context)) = cold.after {
                if !self.compared {
                    let taken = Mem::new(FRAME, _PyInterpreterFrame::frame_obj.offset);
                    self.asm.cmp_mem_imm(taken, 0, 8);
                }
                self.forget_cold(&cold.written, unit, context, cold.back);
            }
            let back = self.asm.jmp();
            self.asm.bind_to(back, cold.back);
        }
        self.cold = pieces;
        self.emit_writers();
    }

    /// Leaves by a `Forget` edge where the flags say that there is a frame object. What was written
    /// may have been written again since, so that memory counts.
    fn forget_cold(
        &mut self,
        written: &[(usize, Held)],
        unit: u32,
        context: ContextKey,
        back: u32,
    ) {
        let mut owned = Vec::new();
        let mut context = context;
        if !written.is_empty() {
            let mut whole = Context::clone(&self.starts.context(context));
            for &(i, held) in written {
                // The instruction may have given the local another value since.
                if whole.locals[i].held != held {
                    continue;
                }
                whole.locals[i] = Slot::MEMORY;
                if let Held::Object { at, owned: true } = held {
                    owned.push(at);
                }
            }
            context = self.pin_whole(&whole);
        }
        if owned.is_empty() {
            let site = self.asm.jcc(Cc::NE);
            self.add_edge(site, EdgeKind::Forget, unit, context);
            return;
        }
        let none = self.asm.jcc(Cc::E);
        self.asm.bind_to(none, back);
        for at in owned {
            self.drop_cold(at);
        }
        let site = self.asm.jmp();
        self.add_edge(site, EdgeKind::Forget, unit, context);
    }

    /// Drops a number that is not needed any more, and keeps every register.
    fn drop_cold(&mut self, at: Loc) {
        match at {
            Loc::Gpr(r) => self.asm.mov(R11, r),
            Loc::Native(n) => self.asm.load(R11, native(n), 8, false),
            Loc::Xmm(x) => self.asm.mov_from_xmm(R11, x),
        }
        let count = Mem::new(R11, 0);
        let immortal = cfg!(Py_3_12).then(|| {
            self.asm.cmp_mem_imm(count, 0, 4);
            self.asm.jcc(Cc::L)
        });
        self.asm.add_mem_imm(count, -1);
        let alive = self.asm.jcc(Cc::NE);
        let first = self.view.shared.free;
        self.call_address(freeing::entry(first, R11.0, true));
        self.asm.bind(alive);
        if let Some(immortal) = immortal {
            self.asm.bind(immortal);
        }
    }

    pub(crate) fn add_edge(&mut self, site: Site, kind: EdgeKind, unit: u32, context: ContextKey) {
        let context = self.described_now(context);
        let (kind, unit) = self.way_out(kind, unit);
        self.edges.push(Edge {
            site: site.0,
            kind,
            unit,
            context,
        });
    }

    /// Calls a function at a known address.
    pub(crate) fn call_address(&mut self, target: usize) {
        let site = self.asm.call();
        self.calls.push(CallSite {
            site: site.0,
            target,
        });
    }

    /// Goes on at a known address.
    pub(crate) fn jump_address(&mut self, target: usize) {
        let site = self.asm.jmp();
        self.calls.push(CallSite {
            site: site.0,
            target,
        });
    }

    /// The registers that hold something now and that a callee may change.
    pub(crate) fn live_volatile(&self) -> Saved {
        let mut saved = Saved::default();
        for r in ALLOCATABLE {
            if is_volatile(r) && self.st.gpr[usize::from(r.0)] != NONE {
                saved.gprs |= 1 << r.0;
            }
        }
        for x in 0..ALLOCATABLE_XMM {
            saved.xmms |= u16::from(self.st.xmm[usize::from(x)] != NONE) << x;
        }
        saved
    }

    pub(crate) fn save(&mut self, saved: Saved) {
        if saved.bytes() == 0 {
            return;
        }
        self.asm.alu_imm(Alu::Sub, true, RSP, saved.bytes());
        let mut at = Mem::new(RSP, 0);
        for r in saved.gprs() {
            self.asm.store(at, r, 8);
            at.disp += 8;
        }
        for x in saved.xmms() {
            self.asm.store_f64(at, x);
            at.disp += 8;
        }
    }

    pub(crate) fn restore(&mut self, saved: Saved) {
        if saved.bytes() == 0 {
            return;
        }
        let mut at = Mem::new(RSP, 0);
        for r in saved.gprs() {
            self.asm.load(r, at, 8, false);
            at.disp += 8;
        }
        for x in saved.xmms() {
            self.asm.load_f64(x, at);
            at.disp += 8;
        }
        self.asm.alu_imm(Alu::Add, true, RSP, saved.bytes());
    }

    /// Frees the object in `r`, out of line, once it has been counted down there where it still must be.
    pub(crate) fn cold_dealloc(&mut self, site: Site, r: Gpr, dealloc: Dealloc, count: bool) {
        let saved = self.live_volatile();
        let escapes = dealloc == Dealloc::Escaping;
        let locals = if escapes {
            self.stale_locals()
        } else {
            Vec::new()
        };
        let unit = self.unit_to_show();
        let written = locals.clone();
        let back = self.asm.here();
        self.add_cold(&[site], escapes, move |e| {
            if count {
                e.asm.add_mem_imm(Mem::new(r, 0), -1);
                // Nothing was freed and no local written: whatever follows does not apply.
                let alive = e.asm.jcc(Cc::NE);
                e.asm.bind_to(alive, back);
            }
            e.free_cold(r, saved, &locals, escapes, unit);
        });
        self.cold_writes(written);
    }

    fn free_cold(
        &mut self,
        r: Gpr,
        saved: Saved,
        locals: &[(usize, Held)],
        escapes: bool,
        unit: Option<u32>,
    ) {
        if escapes {
            self.store_instruction(unit);
        }
        if locals.is_empty() {
            let first = self.view.shared.free;
            self.call_address(freeing::entry(first, r.0, saved.xmms != 0));
            self.compared = true;
            return;
        }
        let first = self.view.shared.free;
        let free = freeing::entry(first, r.0, saved.xmms != 0);
        self.write_and_free(locals, saved, free);
        self.compared = true;
    }

    /// Makes a box for a double and puts it into memory in the place of the object in `old`.
    pub(crate) fn cold_store_float(&mut self, sites: &[Site], old: OldObject, m: Mem, x: Xmm) {
        let OldObject {
            at: old,
            bound,
            plain,
        } = old;
        let saved = self.live_volatile();
        let locals = if plain {
            Vec::new()
        } else {
            self.stale_locals()
        };
        let unit = self.unit_to_show();
        let written = locals.clone();
        let back = self.asm.here();
        self.add_cold(sites, !plain, move |e| {
            e.asm.mov_f64(XMM15, x);
            e.call_address(e.view.shared.box_float);
            e.asm.store(m, R11, 8);
            let null = (!bound).then(|| {
                e.asm.test(true, old, old);
                e.asm.jcc(Cc::E)
            });
            // The old object is mutable memory of its own count: an immortal one has none to lose.
            let count = Mem::new(old, 0);
            let immortal = cfg!(Py_3_12).then(|| {
                e.asm.cmp_mem_imm(count, 0, 4);
                e.asm.jcc(Cc::L)
            });
            e.asm.add_mem_imm(count, -1);
            let alive = e.asm.jcc(Cc::NE);
            for skip in [Some(alive), immortal, null].into_iter().flatten() {
                e.asm.bind_to(skip, back);
            }
            e.free_cold(old, saved, &locals, !plain, unit);
        });
        self.cold_writes(written);
    }

    /// The locals that are not in the frame's memory.
    pub(crate) fn stale_locals(&mut self) -> Vec<(usize, Held)> {
        if !self.st.has_stale_locals() {
            return Vec::new();
        }
        let context = self.snapshot_whole(0);
        let locals = context.locals.iter().enumerate();
        locals
            .filter(|(_, slot)| slot.behind == Behind::Stale)
            .map(|(i, slot)| (i, slot.held))
            .collect()
    }

    /// The instruction that the frame has to be told of before others look at it; `None` where
    /// the instruction has told it something else, or it knows already.
    pub(crate) fn unit_to_show(&self) -> Option<u32> {
        let unit = self.instr.unit;
        (!self.st.placed && self.st.stored != Some(unit)).then_some(unit)
    }

    /// Tells the frame which instruction is running.
    pub(crate) fn store_instruction(&mut self, unit: Option<u32>) {
        let Some(unit) = unit else {
            return;
        };
        let address = self.view.first_unit as i64 + 2 * i64::from(unit);
        let field = Mem::new(FRAME, facts::FRAME_INSTR);
        let first = self.view.first_unit as u64;
        let last = first + 2 * self.view.units.len() as u64;
        if (first - 4) >> 32 == last >> 32 {
            self.asm.store_imm(field, address as i32, 4);
        } else {
            self.asm.mov_imm(R11, address);
            self.asm.store(field, R11, 8);
        }
    }
}
