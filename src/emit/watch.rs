//! Leaving compiled code because somebody looks at the frame.

use crate::jit::code::read;
use crate::jit::context::{Behind, Context, Held, Known, Slot};
use crate::jit::facts;
#[cfg(Py_3_13)]
use crate::jit::overwritten;
use crate::release::layout::_PyInterpreterFrame;

use super::Emit;
use super::asm::{Alu, Cc, Mem};
use super::edge::EdgeKind;
use super::machine::{FRAME, R11, TSTATE};
use super::node::{Id, Kind};
use super::types::Exit;

impl Emit<'_> {
    /// Leaves before a return where a frame object exists: it is given the locals.
    pub(crate) fn outlive(&mut self, result: Id) {
        let (_, unit, context) = self.exit_edge(Exit::Interpret(OUTLIVES));
        let taken = Mem::new(FRAME, _PyInterpreterFrame::frame_obj.offset);
        self.asm.cmp_mem_imm(taken, 0, 8);
        let site = self.asm.jcc(Cc::NE);
        let top = self.st.base.checked_sub(1);
        let on_top = top.is_some_and(|top| self.st.stack[top] == result);
        match self.node(result).kind {
            _ if on_top => self.add_edge(site, EdgeKind::Return { pushed: false }, unit, context),
            Kind::Imm(address) => {
                let context = with_constant(&self.starts.context(context), address as usize);
                let context = self.pin_whole(&context);
                self.add_edge(site, EdgeKind::Return { pushed: true }, unit, context);
            }
            _ => self.add_edge(site, EdgeKind::Interpret(OUTLIVES), unit, context),
        }
    }

    /// Leaves where tools watch the running thread or this code, or where somebody has overwritten
    /// locals that the stack may have the values of.
    pub fn leave_if_observed(&mut self, kind: Option<EdgeKind>, unit: u32) {
        self.leave_if_watched(kind.unwrap_or(EdgeKind::Interpret(WATCHED)), unit);
        #[cfg(Py_3_13)]
        self.leave_if_overwritten(kind.unwrap_or(EdgeKind::Interpret(OVERWRITTEN)), unit);
    }

    fn leave_if_watched(&mut self, kind: EdgeKind, unit: u32) {
        let context = self.context_key();
        let watched = |e: &mut Self| {
            let site = e.asm.jcc(Cc::NE);
            e.add_edge(site, kind, unit, context);
        };
        if let (Some(via), Some(tracing)) = (facts::CURRENT_VIA, facts::USE_TRACING) {
            self.asm.load(R11, Mem::new(TSTATE, via), 8, false);
            self.asm.load(R11, Mem::new(R11, tracing), 1, false);
            self.asm.test(false, R11, R11);
            watched(self);
        }
        if let Some(watch) = facts::WATCHED {
            self.asm
                .load(R11, Mem::new(FRAME, facts::FRAME_CODE), 8, false);
            self.asm.cmp_mem_imm(Mem::new(R11, watch.monitoring), 0, 8);
            watched(self);
            self.asm
                .load(R11, Mem::new(TSTATE, facts::EVAL_BREAKER), 8, false);
            self.asm
                .alu_imm(Alu::And, true, R11, -(1 << facts::EVENT_BITS));
            match self.version(watch) {
                Some(version) => {
                    self.asm.alu_imm(Alu::Cmp, true, R11, version);
                    watched(self);
                }
                None => self.leave(kind, unit),
            }
        }
    }

    #[cfg(Py_3_13)]
    fn leave_if_overwritten(&mut self, kind: EdgeKind, unit: u32) {
        let context = self.context_key();
        self.asm.mov_imm(R11, overwritten::count() as i64);
        self.asm.cmp_mem_imm(Mem::new(R11, 0), 0, 8);
        let site = self.asm.jcc(Cc::NE);
        self.add_edge(site, kind, unit, context);
    }

    /// The version of instrumentation that the code was compiled for, where it fits a compare.
    pub(crate) fn version(&self, watch: facts::Watched) -> Option<i32> {
        match self.view.object {
            0 => Some(0),
            // SAFETY: the code object is alive.
            object => i32::try_from(unsafe { read::<i64>(object, watch.version) }).ok(),
        }
    }
}

/// Why compiled code is left when a tool starts to watch.
pub(crate) const WATCHED: &str = "tracing, profiling or monitoring is on";
#[cfg(Py_3_13)]
const OVERWRITTEN: &str = "somebody else writes locals";
const OUTLIVES: &str = "a frame outlives its call";

/// The context with one more slot on the stack.
fn with_constant(context: &Context, address: usize) -> Context {
    let constant = Slot {
        held: Held::Constant(address),
        behind: Behind::Same,
        known: Known::Bound,
    };
    let stack = context.stack.iter().copied().chain([constant]).collect();
    Context {
        locals: context.locals.clone(),
        stack,
        keywords: context.keywords,
    }
}
