//! Small callees that run without a frame, as part of the instruction that calls them.
//!
//! Their instructions are emitted in place, along the way that they would take now, on slots above
//! the caller's stack. As long as nothing has happened that could not happen again, every exit leads
//! back to the call: what holds there is what held before it, and the call is made anew, with a frame.
//! So nobody sees that there was none. Where an instruction of the callee does more than that, the
//! whole call is emitted with a frame.
//!
//! Counts of references are such a thing: increments and decrements of the callee only meet each
//! other, in what is known of values. An exit is described with the counts from before the call.

use pyo3::ffi;
use smallvec::SmallVec;

use crate::jit::code::read;
use crate::jit::facts;
use crate::jit::record::{Record, UNFIT};
use crate::jit::starts::ContextKey;
use crate::mechanisms::Mechanism;
use crate::release::layout::{PyFunctionObject, PyVarObject};

use super::asm::{Cc, Mem};
use super::edge::{EdgeKind, Instr};
use super::fresh::{Fresh, INIT_DEPTH};
use super::machine::{R11, TSTATE};
use super::node::{Anchor, Id, Kind};
use super::pushing::Callee;
use super::sight::Seen;
use super::types::{Flow, Stop, Ty, Val};
use super::view::CodeView;
use super::words::Check;
use super::{CROWDED, Emit, LOST, WAIT};

/// Code units of a callee that is small.
const SMALL: usize = 120;
/// Callees that may run in each other.
const DEEPEST: usize = 3;
/// Instructions of all callees of an instruction.
const LONGEST: u32 = 120;

/// An instruction of a callee, and what it is emitted by.
pub type Chosen = (Instr, fn(&mut Emit<'_>) -> Flow);

/// Who knows which members instructions are emitted as.
pub trait Chooser {
    /// The instruction of a callee at a unit, with the operands that `e` has for it.
    fn choose_in_place(&self, record: &Record, unit: u32, e: &Emit<'_>) -> Option<Chosen>;
}

/// A callee that runs without a frame.
pub(crate) struct Frameless<'a> {
    /// The stack slot of its first local, and how many it has.
    pub(super) first: usize,
    pub(super) locals: usize,
    pub(super) function: Id,
    /// The instance that it initialises: it is made when the callee asks for it.
    pub(super) fresh: Option<Fresh>,
    pub(super) made: Option<Val>,
    /// What its caller goes on with.
    view: &'a CodeView,
    instr: Instr,
    base: usize,
}

impl Frameless<'_> {
    /// How many calls the interpreter would nest for it.
    fn depth(&self) -> i32 {
        match self.fresh {
            Some(_) => INIT_DEPTH,
            None => 1,
        }
    }
}

/// What is needed to run callees without frames.
#[derive(Default)]
pub(crate) struct InPlace<'a> {
    pub chooser: Option<&'a dyn Chooser>,
    /// What the block's first instruction calls, where that is not compiled yet.
    pub awaits: Option<usize>,
    /// Whether the instruction calls something that is not compiled yet, and should start a block that
    /// waits for it.
    pub starts_block: bool,
    /// The callees at the present point, the innermost last.
    pub(super) callees: Vec<Frameless<'a>>,
    /// Before the outermost call: the depth of the stack, the increments that were due of each
    /// node, and the unit where the instruction starts.
    pub(super) base: usize,
    pub(super) due: Vec<u16>,
    pub(super) start: u32,
    /// The result of the innermost callee, which has returned.
    pub(super) returned: Option<Id>,
    /// Instructions of the callees so far, and of those of the block's earlier instructions.
    emitted: u32,
    pub settled: u32,
    /// The callee that the instruction calls without a frame.
    pub tried: Option<&'a Record>,
    /// What stands for the frame that was not pushed, and the result of the call.
    pub done: Option<(Id, Id)>,
}

impl InPlace<'_> {
    /// The instruction is emitted for good.
    pub fn settle(&mut self) {
        self.settled += self.emitted;
        self.emitted = 0;
    }

    /// Before an instruction is emitted.
    pub fn begin(&mut self) {
        self.callees.clear();
        self.returned = None;
        self.emitted = 0;
        self.starts_block = false;
        self.tried = None;
        self.done = None;
    }
}

/// What became of an instruction of a callee.
enum Went {
    On(u32),
    Back(Id),
}

impl<'a> Emit<'a> {
    /// Lets small callees run without frames.
    pub fn choose_by(&mut self, chooser: &'a dyn Chooser) {
        self.in_place.chooser = Some(chooser);
    }

    /// Whether a callee without a frame is being emitted.
    pub(crate) fn is_frameless(&self) -> bool {
        !self.in_place.callees.is_empty()
    }

    /// Whether a call of a function is to be tried without a frame, before anything is emitted for it.
    pub(crate) fn may_be_frameless(&mut self, function: usize) -> bool {
        let depth = self.in_place.callees.len();
        let open = Mechanism::FramelessCalls.is_on()
            && self.in_place.chooser.is_some()
            && self.instr.frameless
            && depth < DEEPEST
            && self.nest == 0
            && self.is_untouched();
        if !open {
            return false;
        }
        // SAFETY: what was seen is alive.
        let code = unsafe { read::<usize>(function, PyFunctionObject::func_code.offset) };
        if self.runnable(code).is_some() {
            return true;
        }
        // SAFETY: a code object's size is the number of its code units.
        let units = unsafe { read::<usize>(code, PyVarObject::ob_size.offset) };
        if units <= SMALL && self.compiled(code).is_none() {
            if self.is_first() {
                self.in_place.awaits = Some(code);
            } else if self.outermost().may_end {
                self.in_place.starts_block = true;
                self.fail(WAIT);
            }
        }
        false
    }

    /// The instruction of the block, whatever callee is being emitted for it.
    fn outermost(&self) -> &Instr {
        let mut callees = self.in_place.callees.iter();
        callees.next().map_or(&self.instr, |callee| &callee.instr)
    }

    /// Whether control stood before the instruction, with which the block starts, whatever callee is
    /// being emitted for it.
    fn is_first(&self) -> bool {
        let instr = self.outermost();
        !instr.waits && instr.start == self.block_unit
    }

    /// The record of code that may run without a frame.
    fn runnable(&self, code: usize) -> Option<*mut Record> {
        let callers = self.in_place.callees.iter().map(|f| f.view.object);
        if callers
            .chain([self.view.object])
            .any(|object| object == code)
        {
            return None;
        }
        let record = self.compiled(code)?;
        // SAFETY: a record lives as long as its code object, and nothing but the caller's is being
        // changed.
        let known = unsafe { &*record };
        let current = facts::WATCHED.is_none_or(|watch| {
            // SAFETY: the code object is alive.
            unsafe {
                read::<usize>(code, watch.monitoring) == 0
                    && read::<usize>(code, watch.version) == known.version
            }
        });
        let small = known.view.units.len() <= SMALL && !known.view.suspends;
        let fit = known.unfit.get() < UNFIT && is_warm(code);
        (small && fit && current).then_some(record)
    }

    /// The result of a call whose callee, of known code, runs without a frame. The references to the
    /// function and to the arguments are taken over, unless they are borrowed.
    pub(crate) fn call_frameless(
        &mut self,
        callee: &Callee,
        args: &[Val],
        borrowed: bool,
    ) -> Flow<Option<Val>> {
        self.run_frameless(callee, args, borrowed, None)
    }

    /// The same, for what may be an instance that is to be initialised.
    pub(super) fn run_frameless(
        &mut self,
        callee: &Callee,
        args: &[Val],
        borrowed: bool,
        fresh: Option<Fresh>,
    ) -> Flow<Option<Val>> {
        let Some(code) = self.known_code(callee.code.0) else {
            return Ok(None);
        };
        let Some(record) = self.runnable(code).filter(|_| self.is_untouched()) else {
            return Ok(None);
        };
        // SAFETY: a record lives as long as its code object, which a guard has found to be the
        // callee's and which the function keeps alive while this is emitted; what is changed
        // meanwhile is the caller's record.
        let record: &'a Record = unsafe { &*record };
        if !self.is_frameless() {
            self.in_place.tried = Some(record);
            self.settle(self.st.base);
            self.in_place.base = self.st.base;
            self.in_place.start = self.instr.start;
            self.in_place.due.clear();
            let due = self.st.nodes.iter().map(|node| node.due);
            self.in_place.due.extend(due);
        }
        self.in_place.callees.push(Frameless {
            first: self.st.stack.len(),
            locals: callee.outline.locals as usize,
            function: callee.function.0,
            fresh,
            made: None,
            view: self.view,
            instr: self.instr,
            base: self.st.base,
        });
        if borrowed {
            self.py_incref(callee.function)?;
        }
        for &arg in args {
            if borrowed && !self.is_null(arg.0) {
                self.py_incref(arg)?;
            }
            self.st.stack.push(arg.0);
        }
        for _ in args.len()..callee.outline.locals as usize {
            let null = self.null();
            self.st.stack.push(null.0);
        }
        self.expect_unwatched(callee.code);
        let result = self.run_callee(record);
        if result.is_ok() {
            self.make_if_asked(0)?;
        }
        let Some(frameless) = self.in_place.callees.pop() else {
            return Err(Stop::Unsupported("a callee that is gone"));
        };
        self.view = frameless.view;
        self.instr = frameless.instr;
        self.st.base = frameless.base;
        let result = self.leave_callee(&frameless, result?)?;
        match frameless.made {
            Some(made) => self.finish_fresh(made, result).map(Some),
            None => Ok(Some(result)),
        }
    }

    /// Whether a member that pushes a frame by itself is not worth it: the generic one calls a C function
    /// that has a form for methods written in Python, without a frame where that can be.
    pub(crate) fn does_better_in_c(&self) -> bool {
        let both = Mechanism::FramelessCalls.is_on() && Mechanism::Operators.is_on();
        both && !cfg!(Py_3_12) && self.in_place.chooser.is_some()
    }

    /// Whether an argument could be seen if the block ended before the instruction.
    pub(crate) fn hides(&self, args: &[Val]) -> bool {
        let hidden = |v: &Val| self.seen(v.0) == Seen::Hidden;
        self.instr.waits && !self.is_frameless() && args.iter().any(hidden)
    }

    fn known_code(&self, code: Id) -> Option<usize> {
        let known = self.node(code).imm().map(|address| address as usize);
        known.or_else(|| self.identified_object(code))
    }

    /// What entering a frame would ask: whether calls may nest so deep, and whether tools watch.
    fn expect_unwatched(&mut self, code: Val) {
        let depth = self.in_place.callees.iter().map(Frameless::depth).sum();
        self.place(code.0);
        let context = self.snapshot(0);
        let r = self.place(code.0);
        if let Some(watch) = facts::WATCHED {
            self.asm.cmp_mem_imm(Mem::new(r, watch.monitoring), 0, 8);
            self.need_frame_if(Cc::NE, context);
        }
        if let (Some(via), Some(tracing)) = (facts::CURRENT_VIA, facts::USE_TRACING)
            && !self.was_checked(Check::Unwatched, 0)
        {
            self.asm.load(R11, Mem::new(TSTATE, via), 8, false);
            self.asm.cmp_mem_imm(Mem::new(R11, tracing), 0, 1);
            self.need_frame_if(Cc::NE, context);
        }
        if !self.was_checked(Check::Depth, depth) {
            self.asm
                .cmp_mem_imm(Mem::new(TSTATE, facts::RECURSION), depth, 4);
            self.need_frame_if(Cc::L, context);
        }
    }

    pub(crate) fn need_frame_if(&mut self, cc: Cc, context: ContextKey) {
        let site = self.asm.jcc(cc);
        self.add_edge(site, EdgeKind::NeedsFrame, self.in_place.start, context);
    }

    fn run_callee(&mut self, record: &'a Record) -> Flow<Id> {
        self.view = &record.view;
        let mut unit = 0;
        loop {
            self.in_place.emitted += 1;
            if self.in_place.emitted > LONGEST {
                return Err(Stop::Unsupported("a callee that is too long"));
            }
            match self.step_frameless(record, unit)? {
                Went::On(next) if next > unit => unit = next,
                Went::On(_) => return Err(Stop::Unsupported("a callee with a loop")),
                Went::Back(result) => return Ok(result),
            }
        }
    }

    fn step_frameless(&mut self, record: &Record, unit: u32) -> Flow<Went> {
        self.st.base = self.st.stack.len();
        let chooser = self.in_place.chooser;
        let chosen = chooser.and_then(|chooser| chooser.choose_in_place(record, unit, self));
        let Some((instr, emitter)) = chosen else {
            return Err(Stop::Unsupported("a callee's instruction that is left"));
        };
        let vars = self.st.vars.len();
        self.instr = instr;
        let flow = emitter(self);
        // What is lost or has no room is looked for once more when all is emitted.
        if let Some(why) = self.failed.filter(|why| ![LOST, CROWDED].contains(why)) {
            return Err(Stop::Unsupported(why));
        }
        match flow {
            Err(Stop::Ended) => {}
            Err(Stop::Unsupported(why)) => return Err(Stop::Unsupported(why)),
            _ => return Err(Stop::Unsupported("a template without an end")),
        }
        self.st.vars.truncate(vars);
        let returned = self.in_place.returned.take();
        let functions: SmallVec<[Id; DEEPEST]> =
            self.in_place.callees.iter().map(|f| f.function).collect();
        self.keep_only(functions.into_iter().chain(returned));
        match (returned, self.going_on.take()) {
            (Some(result), _) => Ok(Went::Back(result)),
            (None, Some(next)) => Ok(Went::On(next)),
            (None, None) => Err(Stop::Unsupported("a callee that always leaves")),
        }
    }

    /// Drops what the frame of a callee that has returned would hold, as returning does.
    fn leave_callee(&mut self, frameless: &Frameless<'_>, result: Id) -> Flow<Val> {
        let Frameless { first, locals, .. } = *frameless;
        self.st.stack.truncate(first + locals);
        self.st.stack.push(result);
        if !self.is_frameless() {
            self.own_constant(first + locals);
        }
        for i in first..first + locals {
            let null = self.null().0;
            let old = std::mem::replace(&mut self.st.stack[i], null);
            if !self.is_null(old) {
                self.kept = None;
                self.py_decref(Val(old))?;
            }
        }
        self.py_decref(Val(frameless.function))?;
        let result = self.st.stack[first + locals];
        self.st.stack.truncate(first);
        Ok(Val(result))
    }

    /// A constant of the callee's lives as long as the callee: whoever gets it needs a reference.
    fn own_constant(&mut self, slot: usize) {
        let id = self.st.stack[slot];
        let node = *self.node(id);
        let Kind::Imm(address) = node.kind else {
            return;
        };
        // SAFETY: the GIL is held while something is compiled.
        let lasting = unsafe { [ffi::Py_None(), ffi::Py_True(), ffi::Py_False()] };
        let lasts = lasting.iter().any(|&object| object as i64 == address);
        if address == 0 || lasts || self.is_immortal_constant(id) {
            return;
        }
        let r = self.copy(id);
        let owned = self.new_in_gpr(Ty::Object, r);
        self.node_mut(owned).anchor = Anchor::Own;
        self.node_mut(owned).known = node.known;
        self.effects = true;
        self.add_references(r, 1, false);
        self.st.stack[slot] = owned;
        let node = self.node_mut(id);
        node.due = node.due.saturating_sub(1);
    }

    /// The instruction is emitted, or has to be with a frame, where it has tried to do without. Whether
    /// it has tried.
    pub(crate) fn judge_callee(&mut self, is_fit: bool) -> bool {
        let Some(callee) = self.in_place.tried.take() else {
            return false;
        };
        match is_fit {
            true => callee.unfit.set(0),
            // What waits for another callee may do better then.
            false if self.in_place.awaits.is_some() => {}
            false => callee.unfit.set(callee.unfit.get().saturating_add(1)),
        }
        true
    }
}

/// Whether the interpreter has run code for so long that it specialises it.
fn is_warm(code: usize) -> bool {
    #[cfg(not(Py_3_12))]
    {
        // SAFETY: a live code object.
        unsafe { read::<i16>(code, crate::release::layout::PyCodeObject::co_warmup.offset) == 0 }
    }
    #[cfg(Py_3_12)]
    {
        code != 0
    }
}
