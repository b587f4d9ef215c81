//! Frames: returning from one, calling one, and what may happen between.

use std::cell::Cell;
use std::rc::Rc;

use smallvec::SmallVec;

use crate::jit::context::{Behind, Gpr, Known, Loc};
use crate::jit::facts;
use crate::jit::pending;
use crate::jit::starts::ContextKey;
use crate::release::layout::{_PyInterpreterFrame, PyCodeObject, PyFunctionObject, PyThreadState};

use super::Emit;
use super::asm::{Alu, Cc, Mem};
use super::call::{Call, Target};
use super::cold::Dealloc;
use super::edge::EdgeKind;
use super::machine::{ARGUMENTS, FRAME, R11, RAX, RBX, TSTATE};
use super::node::{Anchor, Id, Kind, NONE};
use super::types::{Effect, Exit, Flow, Number, Stop, Ty, Val};
use super::watch::WATCHED;

/// A frame that lives on the thread's stack of frames.
const OWNED_BY_THREAD: i64 = 0;

impl Emit<'_> {
    /// Leaves the frame with a result that the caller owns.
    pub fn return_value(&mut self, v: Val) -> Flow {
        if self.is_frameless() {
            return self.return_frameless(v);
        }
        if self.view.suspends {
            return self.return_suspending(v);
        }
        self.outlive(v.0);
        let moved = self.moved_local(v.0);
        let r = match moved {
            Some(_) => self.place(v.0),
            None => self.give(v.0),
        };
        if r != RBX {
            self.vacate(RBX);
            self.asm.mov(RBX, r);
            self.unplace(v.0);
            self.st.put(v.0, Loc::Gpr(RBX));
        }
        self.vacate_volatile();
        self.unlink();
        for i in 0..self.st.locals.len() {
            if moved != Some(i) {
                self.drop_local(i);
            }
        }
        self.jump_address(self.view.shared.finish);
        Err(Stop::Ended)
    }

    /// The local whose reference becomes the result's.
    fn moved_local(&self, id: Id) -> Option<usize> {
        let node = self.node(id);
        match node.anchor {
            Anchor::Local(n) if node.kind == Kind::Bits && node.due == 1 => {
                let n = usize::from(n);
                (self.st.locals[n].behind == Behind::Same).then_some(n)
            }
            _ => None,
        }
    }

    /// Takes the frame off the thread's chain.
    pub(crate) fn unlink(&mut self) {
        let left = Mem::new(TSTATE, facts::RECURSION);
        self.asm.load(R11, left, 4, false);
        self.asm.alu_imm(Alu::Add, false, R11, 1);
        self.asm.store(left, R11, 4);
        let holder = self.holder();
        self.asm
            .load(R11, Mem::new(FRAME, facts::FRAME_PREVIOUS), 8, false);
        self.asm.store(Mem::new(holder, facts::CURRENT), R11, 8);
    }

    /// The struct that holds the running frame; `rax` is free.
    fn holder(&mut self) -> Gpr {
        match facts::CURRENT_VIA {
            None => TSTATE,
            Some(via) => {
                self.asm.load(RAX, Mem::new(TSTATE, via), 8, false);
                RAX
            }
        }
    }

    /// Drops what a local holds, in registers and in memory. Nobody looks at the frame any more.
    fn drop_local(&mut self, i: usize) {
        let local = self.st.locals[i];
        if local.behind == Behind::Stale && local.node != NONE {
            let node = *self.node(local.node);
            if node.kind == Kind::Bits && node.due == 0 && node.anchor == Anchor::Own {
                let r = self.place(local.node);
                self.asm.mov(ARGUMENTS[0], r);
                let bound = self.is_bound(local.node);
                self.drop_reference(ARGUMENTS[0], bound, Dealloc::Plain, false);
            }
        }
        let known = match (local.behind, local.node) {
            (Behind::Stale, _) => Known::Nothing,
            (Behind::Same, NONE) => local.known,
            (Behind::Same, id) if self.is_null(id) => Known::Unbound,
            (Behind::Same, id) => self.node(id).known,
        };
        if known == Known::Unbound {
            return;
        }
        let slot = self.local_mem(i);
        self.asm.load(ARGUMENTS[0], slot, 8, false);
        let bound = known != Known::Nothing;
        let lasting = self.holds_immortal(i);
        self.drop_reference(ARGUMENTS[0], bound, Dealloc::Plain, lasting);
    }

    /// Runs a frame that was pushed, which is cleared then. The result may be NULL.
    pub(crate) fn call_cleared(&mut self, tstate: Val, frame: Val) -> Flow<Val> {
        let pushed = self.pushed.filter(|&(pushed, _)| pushed == frame.0);
        let (target, args) = match pushed {
            Some((_, record)) => {
                let record = self.int(Ty::Ptr, record as i64);
                let target = self.view.shared.call_known;
                (target, SmallVec::from([tstate, frame, record]))
            }
            None => (
                self.view.shared.call_cleared,
                SmallVec::<[Val; 3]>::from_slice(&[tstate, frame]),
            ),
        };
        self.emit_call(&Call {
            target: Target::Address(target),
            result: Ty::Object,
            variadic: false,
            effect: Effect::Escapes,
            steals: 0,
            new_reference: true,
            args: &args,
        })
    }

    /// Runs a frame that was pushed; its result is pushed at depth `d`, and execution goes on
    /// `k` units from here.
    pub fn enter_frame(&mut self, d: impl Number<Self>, f: Val, k: impl Number<Self>) -> Flow {
        let depth: i32 = self.constant(d)?;
        // A generator's frame goes on behind this instruction when it yields, elsewhere when it
        // returns.
        let unit: i64 = self.constant(k)?;
        if let Some((stand, result)) = self.in_place.done.take()
            && stand == f.0
        {
            self.set_stack(d, Val(result))?;
            return self.jump(depth + 1, k);
        }
        if unit != i64::from(self.instr.size) {
            return self.resume_frame(depth, f, k);
        }
        self.count_stack();
        let tstate = self.tstate();
        let result = self.call_cleared(tstate, f)?;
        let null = self.null();
        let bound = self.ne(Ty::Object, result, null);
        self.guard(bound, Exit::Error(depth))?;
        self.node_mut(result.0).known = Known::Bound;
        self.set_stack(d, result)?;
        self.jump(depth + 1, k)
    }

    /// Serves signals, pending calls and other threads, and looks whether tools watch now.
    pub fn check_eval_breaker(&mut self, d: impl Number<Self>, k: impl Number<Self>) -> Flow {
        if self.is_frameless() {
            return self.breaker_frameless();
        }
        let depth = self.st.base as i64 + self.constant::<i64>(d)?;
        let depth = usize::try_from(depth).map_err(|_| Stop::Unsupported("a negative depth"))?;
        let unit = (i64::from(self.instr.unit) + self.constant::<i64>(k)?) as u32;
        let interrupted = match unit == self.instr.unit + self.instr.size {
            true => EdgeKind::Error,
            false => EdgeKind::Interrupted { gone_to: unit },
        };
        // Whatever is waiting may let go of what is on the heap.
        self.flush_heap();
        // The call is over that names of keywords have waited for.
        let keywords = self.st.keywords.take();
        let context = self.snapshot(depth);
        self.st.keywords = keywords;
        self.compare_breaker()?;
        let site = self.asm.jcc(Cc::NE);
        // Where execution goes on is what the jump says that follows.
        let goes_on = Rc::new(Cell::new(unit));
        self.breaker = Some(Rc::clone(&goes_on));
        self.pending_cold(site, goes_on, interrupted, context);
        if let (Some(via), Some(tracing)) = (facts::CURRENT_VIA, facts::USE_TRACING) {
            self.asm.load(R11, Mem::new(TSTATE, via), 8, false);
            self.asm.load(R11, Mem::new(R11, tracing), 1, false);
            self.asm.test(false, R11, R11);
            let site = self.asm.jcc(Cc::NE);
            self.add_edge(site, EdgeKind::Interpret(WATCHED), unit, context);
        }
        Ok(())
    }

    /// Looks whether something waits, or whether what is watched has changed: not equal then.
    pub(crate) fn compare_breaker(&mut self) -> Flow {
        match facts::WATCHED {
            Some(watch) => {
                let version = self
                    .version(watch)
                    .ok_or(Stop::Unsupported("too many changes of monitoring"))?;
                self.asm
                    .load(R11, Mem::new(TSTATE, facts::EVAL_BREAKER), 8, false);
                self.asm.alu_imm(Alu::Cmp, true, R11, version);
            }
            None => {
                let interp = Mem::new(TSTATE, PyThreadState::interp.offset);
                self.asm.load(R11, interp, 8, false);
                self.asm
                    .cmp_mem_imm(Mem::new(R11, facts::EVAL_BREAKER), 0, 4);
            }
        }
        Ok(())
    }

    fn pending_cold(
        &mut self,
        site: super::asm::Site,
        unit: Rc<Cell<u32>>,
        interrupted: EdgeKind,
        context: ContextKey,
    ) {
        let saved = self.live_volatile();
        let locals = self.stale_locals();
        let written = locals.clone();
        let here = self.instr.unit;
        let shown = self.unit_to_show();
        self.add_cold(&[site], true, move |e| {
            if facts::WATCHED.is_some() {
                // Only the version of monitoring differs: there is nothing to handle.
                e.asm.test_imm(false, R11, (1 << facts::EVENT_BITS) - 1);
                let site = e.asm.jcc(Cc::E);
                e.add_edge(site, EdgeKind::Interpret(WATCHED), unit.get(), context);
            }
            e.save(saved);
            e.store_instruction(shown);
            if !locals.is_empty() {
                e.asm.push_reg(R11);
                e.asm.push_reg(R11);
                e.write_locals_cold(&locals, saved, 16);
                e.asm.pop_reg(R11);
                e.asm.pop_reg(R11);
            }
            e.asm.mov(ARGUMENTS[0], TSTATE);
            e.call_address(pending::handle as *const () as usize);
            e.asm.mov(R11, RAX);
            e.restore(saved);
            e.asm.alu_imm(Alu::Cmp, false, R11, 0);
            let site = e.asm.jcc(Cc::L);
            e.add_edge(site, interrupted, here, context);
            let site = e.asm.jcc(Cc::G);
            e.add_edge(
                site,
                EdgeKind::Interpret("an exception from another thread"),
                unit.get(),
                context,
            );
        });
        self.cold_writes(written);
    }

    /// Whether the thread's stack of frames has room for this many words.
    pub fn py_thread_state_has_stack_space(&mut self, tstate: Val, size: Val) -> Flow<Val> {
        let top = self.load(tstate, &PyThreadState::datastack_top);
        let limit = self.load(tstate, &PyThreadState::datastack_limit);
        let room = self.sub(Ty::I64, limit, top);
        let size = self.cast(size, Ty::I32, Ty::I64);
        let shift = self.int(Ty::I32, 3);
        let size = self.shl(Ty::I64, size, shift);
        Ok(self.lt(Ty::I64, size, room))
    }

    /// A frame for a function, whose reference it takes over: locals from `from` on are NULL.
    pub fn py_frame_push_unchecked(&mut self, tstate: Val, func: Val, from: Val) -> Flow<Val> {
        let code = self.load(func, &PyFunctionObject::func_code);
        let frame = self.load(tstate, &PyThreadState::datastack_top);
        let words = self.frame_words(code);
        self.bump(tstate, frame, words)?;
        let locals = self.load(code, &PyCodeObject::co_nlocalsplus);
        self.initialise(frame, func, code, locals)?;
        self.clear_locals(frame, locals, from);
        Ok(frame)
    }

    /// The same for releases whose function for it grows the thread's stack of frames, and leaves
    /// locals as they are: the interpreter runs the instruction where there is no room.
    pub fn py_frame_push(&mut self, tstate: Val, func: Val) -> Flow<Val> {
        let code = self.load(func, &PyFunctionObject::func_code);
        let words = self.frame_words(code);
        let room = self.py_thread_state_has_stack_space(tstate, words)?;
        self.guard(room, Exit::Interpret("the stack of frames is full"))?;
        let frame = self.load(tstate, &PyThreadState::datastack_top);
        self.bump(tstate, frame, words)?;
        let locals = self.load(code, &PyCodeObject::co_nlocalsplus);
        self.initialise(frame, func, code, locals)?;
        Ok(frame)
    }

    /// The size of a frame of this code.
    pub(crate) fn frame_words(&mut self, code: Val) -> Val {
        #[cfg(Py_3_12)]
        {
            self.load(code, &PyCodeObject::co_framesize)
        }
        #[cfg(not(Py_3_12))]
        {
            let locals = self.load(code, &PyCodeObject::co_nlocalsplus);
            let stack = self.load(code, &PyCodeObject::co_stacksize);
            let sum = self.add(Ty::I32, locals, stack);
            let specials = self.int(Ty::I32, i64::from(facts::LOCALS / 8));
            self.add(Ty::I32, sum, specials)
        }
    }

    /// Moves the top of the thread's stack of frames past a frame of so many words.
    pub(crate) fn bump(&mut self, tstate: Val, frame: Val, words: Val) -> Flow {
        let words = self.cast(words, Ty::I32, Ty::I64);
        let shift = self.int(Ty::I32, 3);
        let bytes = self.shl(Ty::I64, words, shift);
        let top = self.add(Ty::I64, frame, bytes);
        self.set_top(tstate, top);
        Ok(())
    }

    /// Says where the thread's stack of frames ends.
    pub(crate) fn set_top(&mut self, tstate: Val, top: Val) {
        let field = &PyThreadState::datastack_top;
        self.store_to(tstate.0, field.offset, None, field.ty, top.0);
    }

    /// Fills the own members of a frame with so many locals.
    pub(crate) fn initialise(&mut self, frame: Val, func: Val, code: Val, locals: Val) -> Flow {
        use _PyInterpreterFrame as of;
        let record = self.record_of_code(code.0);
        self.pushed = record.map(|record| (frame.0, record));
        self.node_mut(frame.0).known = Known::Bound;
        self.give(func.0);
        let null = self.null();
        let code_ref = self.py_new_ref(code)?;
        let globals = self.load(func, &PyFunctionObject::func_globals);
        let builtins = self.load(func, &PyFunctionObject::func_builtins);
        #[cfg(Py_3_13)]
        {
            self.store(frame, &of::f_funcobj, func);
            self.store(frame, &of::f_executable, code_ref);
        }
        #[cfg(not(Py_3_13))]
        {
            self.store(frame, &of::f_func, func);
            self.store(frame, &of::f_code, code_ref);
            let _ = code_ref;
        }
        self.store(frame, &of::f_globals, globals);
        self.store(frame, &of::f_builtins, builtins);
        self.store(frame, &of::f_locals, null);
        self.store(frame, &of::frame_obj, null);
        self.store(frame, &of::stacktop, locals);
        let owner = self.int(Ty::I8, OWNED_BY_THREAD);
        self.store(frame, &of::owner, owner);
        let first = self.member(code, &PyCodeObject::co_code_adaptive);
        #[cfg(Py_3_13)]
        {
            self.store(frame, &of::instr_ptr, first);
            let zero = self.int(Ty::U16, 0);
            self.store(frame, &of::return_offset, zero);
        }
        #[cfg(not(Py_3_13))]
        {
            let back = self.int(Ty::I64, 2);
            let before = self.sub(Ty::I64, first, back);
            self.store(frame, &of::prev_instr, before);
            let zero = self.int(Ty::U8, 0);
            self.store(frame, &of::is_entry, zero);
        }
        Ok(())
    }

    /// Makes the locals of a new frame NULL from one on.
    pub(crate) fn clear_locals(&mut self, frame: Val, count: Val, from: Val) {
        let at = self.copy(frame.0);
        let count = self.copy(count.0);
        match self.node(from.0).imm() {
            Some(from) => {
                self.asm.alu_imm(Alu::Add, true, at, 8 * from as i32);
                self.asm.alu_imm(Alu::Sub, false, count, from as i32);
            }
            None => {
                let from = self.place(from.0);
                self.asm.alu(Alu::Sub, false, count, from);
                self.asm.mov32(R11, from);
                self.asm.shift_imm(super::asm::Shift::Left, true, R11, 3);
                self.asm.alu(Alu::Add, true, at, R11);
            }
        }
        let top = self.asm.here();
        self.asm.alu_imm(Alu::Sub, false, count, 1);
        let done = self.asm.jcc_short(Cc::S);
        self.asm.store_imm(Mem::new(at, facts::LOCALS), 0, 8);
        self.asm.alu_imm(Alu::Add, true, at, 8);
        let again = self.asm.jmp();
        self.asm.bind_to(again, top);
        self.asm.bind_short(done);
    }
}
