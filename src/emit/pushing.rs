//! The frame of a function that is called with all its arguments, one after the other, where the
//! function can be looked at before.
//!
//! Guards compare what the code object says of its frames, not which one it is: methods of several
//! classes that look alike are served by the same machine code, and nothing has to outlive it.

use pyo3::ffi;
use smallvec::SmallVec;

use crate::jit::code::read;
use crate::jit::facts;
use crate::jit::starts::ContextKey;
use crate::release::layout::{
    PyCodeObject, PyFunctionObject, PyThreadState, PyTupleObject, PyVarObject,
};

use super::Emit;
use super::asm::{Alu, Cc, Mem};
use super::edge::EdgeKind;
use super::machine::R11;
use super::offsets::OB_TYPE;
use super::parameters::{Binding, Source};
use super::sight::Seen;
use super::suppose::WAIT;
use super::types::{Elem, Exit, Flow, Stop, Ty, Val};

/// Flags of code whose locals are in its frames only, and of code that gathers arguments.
const PLAIN: i32 = 0x1 | 0x2;
const GATHERS: i32 = 0x4 | 0x8;

/// Flags of code that is suspended and resumed.
const LATER: i32 = 0x20 | 0x80 | 0x200;

/// Locals that are made NULL one by one; more are cleared in a loop.
const FEW: i64 = 16;

/// What a code object says of its frames.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Outline {
    /// Members, and what they have to be.
    members: [(i32, i32); 5],
    pub locals: i32,
    pub words: i32,
}

impl Outline {
    /// Whether a call runs the code, rather than making a generator or a coroutine of it.
    pub fn runs_at_once(&self) -> bool {
        self.members[0].1 & LATER == 0
    }

    /// That of a function that takes so many arguments and can be called in this way.
    ///
    /// # Safety
    /// `function` is a live function.
    pub unsafe fn of(function: usize, count: i64) -> Option<Outline> {
        // SAFETY: by the caller; a function has a code object.
        let int = |offset: i32| unsafe {
            let code: usize = read(function, PyFunctionObject::func_code.offset);
            read::<i32>(code, offset)
        };
        let members = [
            PyCodeObject::co_flags.offset,
            PyCodeObject::co_argcount.offset,
            PyCodeObject::co_kwonlyargcount.offset,
            PyCodeObject::co_nlocalsplus.offset,
            PyCodeObject::co_stacksize.offset,
        ]
        .map(|offset| (offset, int(offset)));
        let [
            (_, flags),
            (_, wanted),
            (_, by_name),
            (_, locals),
            (_, stack),
        ] = members;
        let fits = flags & (PLAIN | GATHERS) == PLAIN && by_name == 0 && i64::from(wanted) == count;
        fits.then_some(Outline {
            members,
            locals,
            words: facts::LOCALS / 8 + locals + stack,
        })
    }
}

/// Memory for a frame, and where it ends.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Room {
    frame: Val,
    end: Val,
}

/// A function that is called, and its code, whose outline guards have found.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Callee {
    pub function: Val,
    pub code: Val,
    pub outline: Outline,
}

impl Emit<'_> {
    /// Pushes the frame of a function whose arguments lie on the stack from `first` on.
    pub(crate) fn push_called(&mut self, args: &[Val]) -> Flow<Option<Val>> {
        let &[tstate, function, locals, first, count, names] = args else {
            return Ok(None);
        };
        if !self.is_null(locals.0) || !self.instr.guess || self.effects {
            return Ok(None);
        }
        let (Some(count), Some(names)) = (self.node(count.0).imm(), self.node(names.0).imm())
        else {
            return Ok(None);
        };
        let Some(first) = self.stack_slot_of(first.0) else {
            return Ok(None);
        };
        let object = match self.seen(function.0) {
            Seen::Bits(object) => object as usize,
            Seen::Hidden => return Err(Stop::Unsupported(WAIT)),
            Seen::Unknown => return Ok(None),
        };
        // SAFETY: the object lies on the stack, and the other looks are at a function; names are a tuple
        // that is a constant of the code, or NULL.
        let known = unsafe {
            let is_function = read::<usize>(object, OB_TYPE) == function_type();
            let bound = is_function.then(|| Binding::of(object, count, names as usize));
            bound.flatten().and_then(|binding| {
                let outline = Outline::of(object, binding.sources.len() as i64)?;
                Some((outline, binding))
            })
        };
        let Some((outline, binding)) = known else {
            return Ok(None);
        };
        // Functions that look alike have other names.
        if names != 0 && !self.knows_code(function) {
            return Ok(None);
        }
        let mut callee = None;
        if names == 0 && !binding.has_defaults() && self.may_be_frameless(object) {
            let args = (0..count).map(|i| self.stack_argument(first, i));
            let args: SmallVec<[Val; 8]> = args.collect::<Flow<_>>()?;
            if self.hides(&args) {
                return Err(Stop::Unsupported(WAIT));
            }
            let known = self.expect_callee(function, outline);
            if let Some(result) = self.call_frameless(&known, &args, false)? {
                return Ok(Some(self.stand_for_frame(result)));
            }
            callee = Some(known);
        }
        for source in &binding.sources {
            if let Source::Argument(i) = *source {
                let argument = self.stack_argument(first, i)?;
                self.need_pointer(argument.0);
            }
        }
        let callee = match callee {
            Some(callee) => callee,
            None => self.expect_callee(function, outline),
        };
        let defaults = match binding.has_defaults() {
            true => self.expect_defaults(function, binding.defaults),
            false => self.null(),
        };
        let room = self.make_room(tstate, &outline)?;
        let frame = self.push_callee(tstate, &callee, room)?;
        for (parameter, source) in (0..).zip(&binding.sources) {
            let value = match *source {
                Source::Argument(i) => self.stack_argument(first, i)?,
                Source::Default(i) => self.default_item(defaults, i)?,
            };
            self.set_callee_local(frame, parameter, value);
        }
        let filled = binding.sources.len() as i64;
        self.clear_known_locals(frame, filled, i64::from(outline.locals));
        Ok(Some(frame))
    }

    /// The defaults of a function, behind a guard that there are so many.
    fn expect_defaults(&mut self, function: Val, count: i64) -> Val {
        let defaults = self.load(function, &PyFunctionObject::func_defaults);
        self.settle(self.st.base);
        self.place(defaults.0);
        let context = self.snapshot(self.st.base);
        let r = self.place(defaults.0);
        self.asm.test(true, r, r);
        self.refute_if(Cc::E, context);
        let size = Mem::new(r, PyVarObject::ob_size.offset);
        self.asm.cmp_mem_imm(size, count as i32, 8);
        self.refute_if(Cc::NE, context);
        defaults
    }

    /// One of them, with a reference of its own.
    fn default_item(&mut self, defaults: Val, i: i64) -> Flow<Val> {
        let elem = Elem {
            ty: Ty::Object,
            size: 8,
        };
        let items = self.member(defaults, &PyTupleObject::ob_item);
        let i = self.int(Ty::I64, i);
        let item = self.index(items, elem, i);
        self.py_incref(item)?;
        Ok(item)
    }

    /// Whether it is known which code a function has.
    fn knows_code(&mut self, function: Val) -> bool {
        let code = self.load(function, &PyFunctionObject::func_code);
        self.record_of_code(code.0).is_some()
    }

    /// The code of a function, behind guards that frames of it are as the outline says.
    pub(crate) fn expect_callee(&mut self, function: Val, outline: Outline) -> Callee {
        let code = self.load(function, &PyFunctionObject::func_code);
        if self.record_of_code(code.0).is_none() {
            self.expect_outline(code, &outline);
        }
        Callee {
            function,
            code,
            outline,
        }
    }

    /// An argument on the stack, of those that start at slot `first`.
    pub(crate) fn stack_argument(&mut self, first: usize, i: i64) -> Flow<Val> {
        let at = self.int(Ty::I64, (first as i64) + i - self.st.base as i64);
        self.stack(at)
    }

    /// Leaves where the thread's stack of frames has no room.
    pub(crate) fn make_room(&mut self, tstate: Val, outline: &Outline) -> Flow<Room> {
        let room = self.room(tstate, outline);
        let limit = self.load(tstate, &PyThreadState::datastack_limit);
        let fits = self.lt(Ty::I64, room.end, limit);
        self.guard(fits, Exit::Deopt)?;
        Ok(room)
    }

    /// The memory that the next frame gets, if there is room.
    pub(crate) fn room(&mut self, tstate: Val, outline: &Outline) -> Room {
        let frame = self.load(tstate, &PyThreadState::datastack_top);
        let bytes = self.int(Ty::I64, 8 * i64::from(outline.words));
        let end = self.add(Ty::I64, frame, bytes);
        Room { frame, end }
    }

    /// A frame for a function, whose reference it takes over.
    pub(crate) fn push_callee(
        &mut self,
        tstate: Val,
        callee: &Callee,
        Room { frame, end }: Room,
    ) -> Flow<Val> {
        self.set_top(tstate, end);
        let locals = self.int(Ty::I32, i64::from(callee.outline.locals));
        self.initialise(frame, callee.function, callee.code, locals)?;
        Ok(frame)
    }

    /// Gives a reference to a local of a new frame.
    pub(crate) fn set_callee_local(&mut self, frame: Val, i: i64, v: Val) {
        let to = facts::LOCALS + 8 * i as i32;
        self.store_to(frame.0, to, None, Ty::Object, v.0);
    }

    /// Leaves where a code object says something else of its frames.
    fn expect_outline(&mut self, code: Val, outline: &Outline) {
        self.settle(self.st.base);
        self.place(code.0);
        let context = self.snapshot(self.st.base);
        let r = self.place(code.0);
        for (offset, value) in outline.members {
            self.asm.cmp_mem_imm(Mem::new(r, offset), value, 4);
            self.refute_if(Cc::NE, context);
        }
    }

    /// Leaves where a value is not this word.
    pub(crate) fn expect_word(&mut self, v: Val, word: usize) {
        self.settle(self.st.base);
        self.place(v.0);
        let context = self.snapshot(self.st.base);
        let r = self.place(v.0);
        self.asm.mov_imm(R11, word as i64);
        self.asm.alu(Alu::Cmp, true, r, R11);
        self.refute_if(Cc::NE, context);
    }

    /// Leaves for a version of the instruction that has seen one more.
    pub(crate) fn refute_if(&mut self, cc: Cc, context: ContextKey) {
        let site = self.asm.jcc(cc);
        self.add_edge(site, EdgeKind::Refuted, self.instr.start, context);
    }

    /// Makes the locals of a new frame NULL from one on.
    pub(crate) fn clear_known_locals(&mut self, frame: Val, from: i64, end: i64) {
        if end - from > FEW {
            let (from, end) = (self.int(Ty::I32, from), self.int(Ty::I32, end));
            self.clear_locals(frame, end, from);
            return;
        }
        let r = self.place(frame.0);
        for i in from..end {
            let at = facts::LOCALS + 8 * i as i32;
            self.asm.store_imm(Mem::new(r, at), 0, 8);
        }
    }
}

fn function_type() -> usize {
    &raw const ffi::PyFunction_Type as usize
}
