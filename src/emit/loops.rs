//! Loops of a template.

use crate::jit::context::{Loc, Xmm};

use super::absent_frame::NO_FRAME;
use super::machine::{ALLOCATABLE, ALLOCATABLE_XMM, NATIVE_SLOTS, native};
use super::node::{At, Id, Kind, NONE, Node};
use super::state::State;
use super::types::{Flow, Stop, Ty, Val, Var};
use super::{Emit, LOST};

/// Iterations of a loop that is unrolled while emitting.
const MOST_ITERATIONS: u32 = 300;

impl Emit<'_> {
    /// Unrolled as long as the condition is known while emitting; else a loop at run time.
    pub fn while_loop<C, B>(&mut self, vars: &[Var], mut cond: C, mut body: B) -> Flow
    where
        C: FnMut(&mut Self) -> Flow<Val>,
        B: FnMut(&mut Self) -> Flow,
    {
        for _ in 0..MOST_ITERATIONS {
            let (before, computed) = (self.copy_state(), self.computed.len());
            let (versions, identified) = (self.versions.len(), self.identified.len());
            let code = self.asm.here();
            let c = cond(self)?;
            match self.node(c.0).imm() {
                Some(0) => {
                    self.recycle(before);
                    return Ok(());
                }
                Some(_) => self.recycle(before),
                None => {
                    // The condition is emitted again where the loop starts.
                    self.asm.truncate(code);
                    self.replace_state(before);
                    self.computed.truncate(computed);
                    self.versions.truncate(versions);
                    self.identified.truncate(identified);
                    return self.run_time_loop(vars, &mut cond, &mut body);
                }
            }
            match body(self) {
                Ok(()) | Err(Stop::Continue) => {}
                Err(Stop::Break) => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
        Err(Stop::Unsupported("a loop that is too long to unroll"))
    }

    pub fn endless_loop<B>(&mut self, _vars: &[Var], mut body: B) -> Flow
    where
        B: FnMut(&mut Self) -> Flow,
    {
        for _ in 0..MOST_ITERATIONS {
            match body(self) {
                Ok(()) | Err(Stop::Continue) => {}
                Err(Stop::Break) => return Ok(()),
                Err(stop) => return Err(stop),
            }
        }
        Err(Stop::Unsupported("a loop that is too long to unroll"))
    }

    /// A loop whose variables live in native slots. Between iterations no value is in a register.
    fn run_time_loop(
        &mut self,
        vars: &[Var],
        cond: &mut dyn FnMut(&mut Self) -> Flow<Val>,
        body: &mut dyn FnMut(&mut Self) -> Flow,
    ) -> Flow {
        if self.is_frameless() {
            return Err(Stop::Unsupported(NO_FRAME));
        }
        self.lose_sight();
        self.flush_heap();
        let mut slots = Vec::new();
        for var in vars {
            let id = self.st.vars[var.0 as usize];
            let ty = self.node(id).ty;
            if ty == Ty::F64 {
                return Err(Stop::Unsupported("a loop over doubles"));
            }
            let r = self.place(id);
            let free = (0..NATIVE_SLOTS).find(|&n| self.st.native[usize::from(n)] == NONE);
            let slot = free.ok_or(Stop::Unsupported("too many values at once"))?;
            self.asm.store(native(slot), r, 8);
            let held = self.st.add(Node::new(ty, Kind::Bits));
            self.st.put(held, Loc::Native(slot));
            self.st.vars[var.0 as usize] = held;
            slots.push((*var, held, slot));
        }
        for r in ALLOCATABLE {
            self.vacate(r);
        }
        for x in 0..ALLOCATABLE_XMM {
            self.vacate_xmm(Xmm(x));
        }
        if self.failed.is_some() {
            return Err(Stop::Unsupported(LOST));
        }
        self.computed.clear();
        self.st.stored = None;
        let start = self.copy_state();
        self.st.pinned = true;
        let head = self.asm.here();
        let c = cond(self)?;
        let test = self.test(c.0);
        let leave = self.jump_if(test.not());
        let mut after = self.copy_state();
        after.pinned = start.pinned;
        let nest = self.nest;
        self.nest = nest + 1;
        let flow = body(self);
        self.nest = nest;
        match flow {
            Ok(()) | Err(Stop::Continue) => {}
            Err(Stop::Unsupported(why)) => return Err(Stop::Unsupported(why)),
            Err(_) => return Err(Stop::Unsupported("a loop that is left in the middle")),
        }
        for &(var, _, slot) in &slots {
            let id = self.st.vars[var.0 as usize];
            let r = self.place(id);
            self.asm.store(native(slot), r, 8);
        }
        self.close_loop(&start)?;
        let back = self.asm.jmp();
        self.asm.bind_to(back, head);
        for site in leave {
            self.asm.bind(site);
        }
        self.replace_state(after);
        self.recycle(start);
        self.computed.clear();
        Ok(())
    }

    /// Checks that an iteration leaves what the next one starts from.
    fn close_loop(&mut self, start: &State) -> Flow {
        let same_stack = self.st.stack == start.stack;
        let locals = self.st.locals.iter().zip(&start.locals);
        let same_locals = locals
            .into_iter()
            .all(|(a, b)| a.behind == b.behind && (a.node == b.node || b.node == NONE));
        if !same_stack || !same_locals {
            return Err(Stop::Unsupported("a loop that changes slots"));
        }
        for id in 2..start.nodes.len() as Id {
            let (before, after) = (start.nodes[id as usize], *self.node(id));
            if after.kind != before.kind || after.due < before.due {
                return Err(Stop::Unsupported("a loop that uses values up"));
            }
            if after.due > before.due && !after.is_pending() {
                self.flush_by(id, after.due - before.due);
            }
            let held = matches!(before.at, At::None | At::Native(_) | At::Stack(_));
            if !held {
                return Err(Stop::Unsupported("a loop that moves values"));
            }
        }
        Ok(())
    }
}
