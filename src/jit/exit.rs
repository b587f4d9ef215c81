//! What happens when compiled code reaches a stub.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use crate::emit::edge::EdgeKind;
use crate::jit::arena::{Full, Offset};
use crate::jit::code::{decode, read, write};
use crate::jit::compile::Start;
use crate::jit::context::Context;
use crate::jit::distance::generalise;
use crate::jit::facts;
use crate::jit::live::Registers;
use crate::jit::maturity::{Call, TOO_EARLY};
use crate::jit::outlive::{leave_frame, return_outlived};
use crate::jit::raising::{Raised, drop_values, place_raise, push, push_lasti};
use crate::jit::record::{Avoid, Exit, Record, Site};
use crate::jit::report;
use crate::jit::reserve;
use crate::jit::state::{Jit, NO_MEMORY, full, with};
use crate::jit::stubs::Taken;
#[cfg(not(Py_3_12))]
use crate::jit::tell::enter_unnoticed;
#[cfg(Py_3_13)]
use crate::jit::tell::{Event, raised_here, tell, tell_line};
use crate::jit::trampoline::{STUB_BYTES, Trampolines};
use crate::jit::unwind::{add_traceback, handler, take_exception};
use crate::jit::writeback::{set_instruction, set_resume, settle_frame, unlink};
use crate::memory;
use crate::release::layout::_PyInterpreterFrame as frame;

/// What to do about a stub, decided with the compiler at hand. What may run Python code is
/// done afterwards, without it.
enum Action {
    Go(usize),
    Interpret(Rc<Taken>),
    Raise(Rc<Taken>),
    Return(Rc<Taken>),
}

/// Called by the shared trampoline: `back` is the return address of the stub's call. Gives the
/// address at which execution goes on.
///
/// # Safety
/// Called by compiled code only.
pub unsafe extern "C" fn stub_hit(back: usize, registers: &mut Registers) -> usize {
    let result = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: compiled code holds the GIL.
        let (action, trampolines) = unsafe {
            with(|jit| (jit.at_stub(back, registers), jit.trampolines))
                .expect("compiled code runs after the compiler was made")
        };
        // SAFETY: the registers are those of the stub.
        unsafe {
            match action {
                Action::Go(address) => address,
                Action::Interpret(exit) => {
                    let keywords = exit.context.keywords;
                    let unit = keywords.map_or(exit.unit, |keywords| keywords.set_at);
                    interpret(registers, trampolines, unit, &exit.context)
                }
                Action::Raise(exit) => raise(registers, trampolines, &exit),
                Action::Return(exit) => return_outlived(registers, trampolines, &exit),
            }
        }
    }));
    // SAFETY: the frame runs, and a record lives as long as its code object.
    result.unwrap_or_else(|_| unsafe { report::failed(registers.frame()) })
}

impl Jit {
    fn at_stub(&mut self, back: usize, registers: &Registers) -> Action {
        let Some(at) = self.arena.offset(back - STUB_BYTES) else {
            panic!("no stub returns to {back:#x}");
        };
        report::forget();
        if let Some(taken) = self.stubs.recent(at) {
            report::note(taken.record, taken.unit);
            let settled = self.settle(at, &taken, registers);
            return settled.map_or_else(|| self.take(taken), Action::Go);
        }
        let Some(number) = self.stubs.at(at) else {
            panic!("no stub returns to {back:#x}");
        };
        let Some(exit) = self.stubs.get(number) else {
            panic!("stub {number} was given back");
        };
        report::note(exit.record, exit.unit);
        let taken = Rc::new(Taken {
            record: exit.record,
            kind: exit.kind,
            unit: exit.unit,
            context: Rc::clone(&exit.context),
            times: Cell::new(1),
        });
        // SAFETY: a record lives as long as its code object, which the frame holds.
        let record = unsafe { &mut *exit.record };
        let result = match exit.kind {
            EdgeKind::Go | EdgeKind::Deopt | EdgeKind::Refuted | EdgeKind::NeedsFrame => {
                self.go(record, number, exit, registers)
            }
            EdgeKind::Forget => self.forget_locals(record, number, exit),
            _ => {
                self.stubs.remember(at, &taken);
                return self.take(taken);
            }
        };
        match result {
            Ok(address) => Action::Go(address),
            Err(why) => self.give_up(taken, why),
        }
    }

    /// An exit that is not followed by code of its own.
    fn take(&mut self, taken: Rc<Taken>) -> Action {
        match taken.kind {
            EdgeKind::Return { .. } => Action::Return(taken),
            EdgeKind::Error | EdgeKind::Interrupted { .. } | EdgeKind::Reraise { .. } => {
                Action::Raise(taken)
            }
            EdgeKind::Interpret(why) => self.give_up(taken, why),
            EdgeKind::Go
            | EdgeKind::Deopt
            | EdgeKind::Refuted
            | EdgeKind::NeedsFrame
            | EdgeKind::Forget => {
                unreachable!("such exits are compiled")
            }
        }
    }

    /// Leaves to the interpreter.
    fn give_up(&mut self, taken: Rc<Taken>, why: &'static str) -> Action {
        // SAFETY: a record lives as long as its code object, which the frame holds.
        self.count_exit(unsafe { &mut *taken.record }, why);
        Action::Interpret(taken)
    }

    /// Compiles what a jump leads to, and lets the jump lead there from now on.
    fn go(
        &mut self,
        record: &mut Record,
        number: u32,
        exit: Exit,
        registers: &Registers,
    ) -> Result<usize, &'static str> {
        let (site, backward) = (exit.site, exit.backward);
        let start = Start {
            unit: exit.unit,
            context: exit.context,
            avoid: exit.avoid,
        };
        if memory::is_short() {
            return Err(NO_MEMORY);
        }
        let call = match site {
            Site::Entry => self.call(record),
            _ => Call::Settled,
        };
        if call == Call::Interpreted || self.too_early(record, site, &start, registers) {
            return Err(TOO_EARLY);
        }
        let at = match site {
            // The version that was promised is the one that is found.
            Site::Version => self.compile(record, &start, registers),
            _ if backward => self.arrive_backwards(record, &start, registers),
            _ => self.version(record, &start, Some(registers)),
        };
        let at = at.map_err(full)?;
        match site {
            Site::Version | Site::Shared => self.stubs.forward(&mut self.arena, number, at),
            Site::Jump(site) => {
                self.unlink_stub(record, number);
                self.arena.link(site, at);
            }
            Site::Entry if call == Call::Early => {}
            Site::Entry => {
                self.unlink_stub(record, number);
                record.entry = self.arena.address(at);
            }
            Site::Resumption(unit) => {
                self.unlink_stub(record, number);
                record.resumptions[unit as usize] = at.0;
            }
        }
        Ok(self.arena.address(at))
    }

    /// A jump backwards goes to a version that the loop can close on.
    fn arrive_backwards(
        &mut self,
        record: &mut Record,
        start: &Start,
        registers: &Registers,
    ) -> Result<Offset, Full> {
        let general = generalise(&start.context);
        if general == *start.context {
            return self.version(record, start, Some(registers));
        }
        let target = Start {
            context: Rc::new(general),
            ..start.clone()
        };
        let at = self.version(record, &target, None)?;
        self.adapter(record, start, &target.context, at)
    }

    pub fn unlink_stub(&mut self, record: &mut Record, number: u32) {
        if let Some(at) = record.stubs.iter().rposition(|&n| n == number) {
            record.stubs.swap_remove(at);
        }
        let trampoline = self.trampolines.stub;
        self.stubs.remove(&mut self.arena, trampoline, number);
    }
}

/// Whether the interpreter must see every step of the frame's function.
///
/// # Safety
/// The frame runs on that thread.
pub unsafe fn watched(tstate: usize, base: usize) -> bool {
    // SAFETY: by the caller.
    unsafe { code_is_watched(tstate, read(base, facts::FRAME_CODE)) }
}

/// The same for a code object that is to be run.
///
/// # Safety
/// A live code object, and the running thread's state.
#[inline]
pub unsafe fn code_is_watched(tstate: usize, code: usize) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let holder = match facts::CURRENT_VIA {
            Some(via) => read(tstate, via),
            None => tstate,
        };
        if let Some(tracing) = facts::USE_TRACING {
            return read::<u8>(holder, tracing) != 0;
        }
        let Some(watch) = facts::WATCHED else {
            return false;
        };
        let monitoring: usize = read(code, watch.monitoring);
        monitoring != 0 || facts::version(tstate) != read::<usize>(code, watch.version)
    }
}

/// Leaves the function: the interpreter goes on at `unit`.
///
/// # Safety
/// `context` holds, and the registers are those of compiled code.
unsafe fn interpret(
    registers: &mut Registers,
    trampolines: &Trampolines,
    unit: u32,
    context: &Context,
) -> usize {
    // SAFETY: by the caller.
    unsafe {
        let complete = settle_frame(registers, context);
        if !complete {
            reserve::raised();
        }
        hand_over(registers, trampolines, unit, !complete)
    }
}

/// Hands a written frame to the interpreter.
///
/// # Safety
/// As for `interpret`; an exception is set if `throw`.
pub unsafe fn hand_over(
    registers: &mut Registers,
    trampolines: &Trampolines,
    unit: u32,
    throw: bool,
) -> usize {
    let (tstate, base) = (registers.tstate(), registers.frame());
    // SAFETY: by the caller.
    unsafe {
        #[cfg(Py_3_13)]
        let throw = throw || (watched(tstate, base) && !tell_line(tstate, base, unit));
        if throw {
            set_instruction(base, unit);
            #[cfg(not(Py_3_12))]
            enter_unnoticed(tstate);
        } else {
            set_resume(base, unit);
        }
        unlink(tstate, base);
    }
    registers.gpr[RDI] = tstate as u64;
    registers.gpr[RSI] = base as u64;
    registers.gpr[RDX] = u64::from(throw);
    trampolines.interpret
}

pub const RAX: usize = 0;
const RDX: usize = 2;
const RSI: usize = 6;
const RDI: usize = 7;

/// Finds the handler of the exception that is set and goes there, or leaves the function.
///
/// # Safety
/// As for `interpret`; an exception is set.
unsafe fn raise(registers: &mut Registers, trampolines: &Trampolines, exit: &Taken) -> usize {
    let (tstate, base) = (registers.tstate(), registers.frame());
    // SAFETY: the frame runs and is written first; what is dropped below was owned by the stack.
    unsafe {
        let record = &mut *exit.record;
        let unit = decode(&record.view.units, exit.unit).map_or(exit.unit, |d| d.instr.unit);
        settle_frame(registers, &exit.context);
        let handler = match exit.kind {
            EdgeKind::Interrupted { gone_to: 0 } => None,
            EdgeKind::Interrupted { gone_to } => handler(record.view.object, gone_to - 1),
            _ => handler(record.view.object, unit),
        };
        let reraised = matches!(exit.kind, EdgeKind::Reraise { .. });
        if handler.is_some_and(|handler| !record.shape.has_room(&handler, &exit.context)) {
            return hand_over(registers, trampolines, unit, true);
        }
        let watched = watched(tstate, base);
        #[cfg(not(Py_3_13))]
        if watched {
            return hand_over(registers, trampolines, unit, true);
        }
        let (locals, depth) = (record.shape.locals, exit.context.stack.len());
        let raised = Raised::new(exit.kind, unit, locals, depth, handler);
        place_raise(base, unit, raised.how());
        // Where the interpreter says that the frame is.
        #[cfg(Py_3_13)]
        let told = match raised_here() {
            true => decode(&record.view.units, exit.unit).map_or(unit, |d| d.next() - 1),
            // A Python function that was called has raised.
            false => unit.saturating_sub(1),
        };
        if !reraised {
            add_traceback(tstate, base);
            #[cfg(Py_3_13)]
            if watched {
                tell(tstate, base, Event::Raise, told);
            }
        }
        drop_values(base, raised.top, raised.level);
        let Some(handler) = handler else {
            #[cfg(Py_3_13)]
            if watched {
                tell(tstate, base, Event::Unwind, told);
            }
            leave_frame(tstate, base);
            registers.gpr[RAX] = 0;
            return trampolines.leave;
        };
        let number = push_lasti(base, raised.level, raised.how());
        #[cfg(Py_3_13)]
        if watched && !tell(tstate, base, Event::Handled, handler.unit) {
            return hand_over(registers, trampolines, handler.unit, true);
        }
        push(base, number, take_exception());
        #[cfg(Py_3_13)]
        if watched {
            return hand_over(registers, trampolines, handler.unit, false);
        }
        let depth = number as usize + 1 - locals;
        let address = with(|jit| {
            let at = match record.versions.landing(handler.unit, depth) {
                Some(at) => at,
                None => {
                    let start = Start {
                        unit: handler.unit,
                        context: Rc::new(record.shape.anything(depth)),
                        avoid: Avoid::default(),
                    };
                    let at = jit.version(record, &start, Some(&*registers))?;
                    record.versions.add_landing(handler.unit, depth, at);
                    at
                }
            };
            Ok::<_, Full>(jit.arena.address(at))
        });
        match address {
            Some(Ok(address)) => {
                write(base, frame::stacktop.offset, facts::RUNNING);
                address
            }
            _ => hand_over(registers, trampolines, handler.unit, false),
        }
    }
}
