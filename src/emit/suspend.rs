//! Frames of generators and coroutines: leaving one by a yield or a return, and resuming one.

use crate::jit::context::Loc;
use crate::jit::facts;
use crate::mechanisms::Mechanism;
use crate::release::layout::{_PyInterpreterFrame, PyGenObject};

use super::Emit;
use super::asm::Mem;
use super::call::{Call, Target};
use super::machine::{FRAME, RAX, RBX};
use super::types::{Effect, Exit, Flow, Number, Stop, Ty, Val};

impl Emit<'_> {
    /// Suspends the frame at depth `d`, giving `v`. It goes on behind this instruction, with what
    /// is sent on top of the stack.
    pub fn yield_value(&mut self, d: impl Number<Self>, v: Val) -> Flow {
        let d: i64 = self.constant(d)?;
        let depth = usize::try_from(self.st.base as i64 + d)
            .map_err(|_| Stop::Unsupported("a stack below its bottom"))?;
        let behind = self.instr.unit + self.instr.size;
        self.put_away(v, depth, behind.wrapping_add_signed(facts::RESUME_BIAS))?;
        self.unlink();
        if cfg!(Py_3_12) {
            self.asm
                .store_imm(Mem::new(FRAME, facts::FRAME_PREVIOUS), 0, 8);
        }
        self.asm.mov(RAX, RBX);
        self.end_in(self.view.shared.suspend)
    }

    /// Returns from a body that could be suspended: what its frame holds is dropped by whoever
    /// clears it, when the generator says that it is over.
    pub(crate) fn return_suspending(&mut self, v: Val) -> Flow {
        self.put_away(v, 0, self.instr.unit)?;
        self.unlink();
        self.end_in(self.view.shared.retire)
    }

    /// Writes the whole frame, with `v` in `rbx`.
    fn put_away(&mut self, v: Val, depth: usize, unit: u32) -> Flow {
        self.flush_heap();
        let r = self.give(v.0);
        if r != RBX {
            self.vacate(RBX);
            self.asm.mov(RBX, r);
            self.unplace(v.0);
            self.st.put(v.0, Loc::Gpr(RBX));
        }
        self.set_depth(depth);
        self.write_stack_from(0);
        self.write_locals();
        let top = (self.st.locals.len() + depth) as i32;
        let stacktop = Mem::new(FRAME, _PyInterpreterFrame::stacktop.offset);
        self.asm.store_imm(stacktop, top, 4);
        self.store_instruction(Some(unit));
        Ok(())
    }

    fn end_in(&mut self, target: usize) -> Flow {
        self.jump_address(target);
        Err(Stop::Ended)
    }

    /// Sends a value, with the result at an address. Generators and coroutines go on at once where
    /// that is not what the template says.
    pub(crate) fn send(&mut self, receiver: Val, v: Val, to: Val) -> Flow<Option<Val>> {
        if self.view.shared.send == 0 || !Mechanism::Generators.is_on() {
            return Ok(None);
        }
        let how = self.emit_call(&Call {
            target: Target::Address(self.view.shared.send),
            result: Ty::I32,
            variadic: false,
            effect: Effect::Escapes,
            steals: 0,
            new_reference: false,
            args: &[receiver, v, to],
        })?;
        Ok(Some(how))
    }

    /// Whether shared code comes back by a jump: returns that the processor does not foresee any more,
    /// once calls are nested deeper than it keeps count, cost more than jumps to where most lead.
    pub(crate) fn is_left_by_jump(&self, address: usize) -> bool {
        let shared = &self.view.shared;
        address != 0 && [shared.send, shared.next, shared.call_suspended].contains(&address)
    }

    /// Calls such code.
    pub(crate) fn jump_and_back(&mut self, target: usize) {
        self.asm.push_behind_jump();
        self.jump_address(target);
    }

    /// Resumes a generator's frame. What it gives is pushed at depth `depth`; execution goes on
    /// behind this instruction when it has yielded, and `k` units from here when it has returned.
    pub(crate) fn resume_frame(&mut self, depth: i32, f: Val, k: impl Number<Self>) -> Flow {
        let tstate = self.tstate();
        let args = [tstate, f];
        let result = self.emit_call(&Call {
            target: Target::Address(self.view.shared.call_suspended),
            result: Ty::Object,
            variadic: false,
            effect: Effect::Escapes,
            steals: 0,
            new_reference: true,
            args: &args,
        })?;
        let null = self.null();
        let bound = self.ne(Ty::Object, result, null);
        self.guard(bound, Exit::Error(depth))?;
        self.node_mut(result.0).known = crate::jit::context::Known::Bound;
        let at = PyGenObject::gi_frame_state.offset - PyGenObject::gi_iframe.offset;
        let state = self.mem_base(f.0, at);
        let state = Val(self.load_from(state, Ty::I8));
        let zero = self.int(Ty::I8, 0);
        let over = self.ge(Ty::I8, state, zero);
        let d = self.int(Ty::I32, i64::from(depth));
        self.set_stack(d, result)?;
        let d = self.int(Ty::I32, i64::from(depth) + 1);
        self.branch(over, |e| e.jump(d, k), |e| e.next(d))
    }
}
