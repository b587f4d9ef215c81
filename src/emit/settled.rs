//! Ways out of a function that are taken often: code that writes the frame and leaves the rest to one
//! call.

use crate::jit::context::Context;
use crate::jit::outlive::return_written;
use crate::jit::raising::{Raised, raise_in, raise_out};

use super::Emit;
use super::asm::Alu;
use super::edge::EdgeKind;
use super::machine::{ARGUMENTS, FRAME, RAX, TSTATE};

impl Emit<'_> {
    /// An exception is set: the code goes to its handler, with what holds there, or leaves the
    /// function. `written` is the present context with everything in the frame.
    pub fn raise_written(
        &mut self,
        raised: &Raised,
        written: &Context,
        landing: Option<(u32, &Context)>,
    ) {
        self.conform(written);
        let how = i64::from(raised.how());
        let [top, level] = [raised.top, raised.level].map(i64::from);
        let unit = i64::from(raised.unit);
        let Some((unit_there, context)) = landing else {
            self.call_written(raise_out as *const () as usize, &[unit, how, top, level]);
            self.asm.alu(Alu::Xor, false, RAX, RAX);
            self.leave_function();
            return;
        };
        self.call_written(raise_in as *const () as usize, &[unit, how, top, level]);
        self.hold(context);
        self.leave(EdgeKind::Go, unit_there);
    }

    /// The instruction at `unit` returns what is on top of the stack from a frame that somebody
    /// holds an object of.
    pub fn return_written(&mut self, unit: u32, written: &Context) {
        self.conform(written);
        let top = (written.locals.len() + written.stack.len()) as i64;
        let function = return_written as *const () as usize;
        self.call_written(function, &[unit.into(), top]);
        self.leave_function();
    }

    /// Calls a function with the thread, the frame and numbers, where nothing is in registers.
    fn call_written(&mut self, function: usize, numbers: &[i64]) {
        self.asm.mov(ARGUMENTS[0], TSTATE);
        self.asm.mov(ARGUMENTS[1], FRAME);
        for (&to, &number) in ARGUMENTS[2..].iter().zip(numbers) {
            self.asm.mov_imm(to, number);
        }
        self.call_address(function);
    }

    /// Returns `rax`.
    fn leave_function(&mut self) {
        self.jump_address(self.view.shared.leave);
    }
}
