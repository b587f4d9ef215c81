//! Calls of classes whose `__init__` is written in Python, where the class can be looked at before.
//!
//! Mirrors `_PyObject_MakeTpCall`, `type_call` and `slot_tp_init`, behind guards that the class is
//! that one and has not changed.

use pyo3::ffi;
use smallvec::SmallVec;

use crate::jit::context::Known;
use crate::jit::facts;
use crate::jit::standins::instances::{self, Making};
use crate::mechanisms::Mechanism;
use crate::release::layout::PyTypeObject;

use super::Emit;
use super::asm::{Cc, Mem};
use super::call::{Call, Target};
use super::fresh::Fresh;
use super::keep::Kept;
use super::pushing::{Callee, Outline};
use super::sight::Seen;
use super::suppose::WAIT;
use super::types::{Effect, Exit, Flow, Stop, Ty, Val};

/// The bit in the number of arguments that lets the slot before them be written.
const OFFSET: i64 = i64::MIN;

/// A class that is called.
struct Class {
    making: Making,
    init: Callee,
    /// The stack slot of the first argument, and how many there are.
    first: usize,
    count: i64,
}

impl Emit<'_> {
    /// The new instance, or NULL, where the called object is a class of that kind now.
    pub(crate) fn make_instance(&mut self, args: &[Val], kept: Option<&Kept>) -> Flow<Option<Val>> {
        let &[called, first, count, names] = args else {
            return Ok(None);
        };
        if !self.is_null(names.0) || !self.instr.guess || self.effects || self.st.keywords.is_some()
        {
            return Ok(None);
        }
        let (Some(count), Some(first)) = (self.node(count.0).imm(), self.stack_slot_of(first.0))
        else {
            return Ok(None);
        };
        if count & OFFSET == 0 {
            return Ok(None);
        }
        let count = count & !OFFSET;
        let class = match self.seen(called.0) {
            Seen::Bits(object) => object as usize,
            // A guard on what is hidden may have hidden the rest.
            Seen::Unknown if !self.instr.waits && !self.instr.doubtful => return Ok(None),
            Seen::Hidden | Seen::Unknown => return Err(Stop::Unsupported(WAIT)),
        };
        let Some(making) = Making::look(class) else {
            return Ok(None);
        };
        // SAFETY: the class has the function.
        let Some(outline) = (unsafe { Outline::of(making.init.function, count + 1) }) else {
            return Ok(None);
        };
        let object = class;
        let frameless =
            Mechanism::FreshInstances.is_on() && self.may_be_frameless(making.init.function);
        let args = (0..count).map(|i| self.stack_argument(first, i));
        let args: SmallVec<[Val; 8]> = args.collect::<Flow<_>>()?;
        if frameless && self.hides(&args) {
            return Err(Stop::Unsupported(WAIT));
        }
        self.expect_word(called, class);
        // A class whose own class is `type` keeps that.
        self.node_mut(called.0).known = Known::Type(&raw const ffi::PyType_Type as usize);
        let version = self.load(called, &PyTypeObject::tp_version_tag);
        let expected = self.int(Ty::U32, i64::from(making.init.version));
        let same = self.eq(Ty::U32, version, expected);
        self.guard(same, Exit::Deopt)?;
        let function = Val(self.object_constant(making.init.function));
        let init = self.expect_callee(function, outline);
        if frameless
            && let Some(fresh) = Fresh::of(object, called, making.init.version)
            && let Some(made) = self.init_frameless(&init, &args, fresh)?
        {
            return Ok(Some(made));
        }
        let class = Class {
            making,
            init,
            first,
            count,
        };
        self.call_class(called, &class, kept).map(Some)
    }

    fn call_class(&mut self, called: Val, class: &Class, kept: Option<&Kept>) -> Flow<Val> {
        let tstate = self.tstate();
        self.expect_no_evaluator(tstate)?;
        let left = self.c_calls_left(tstate);
        let zero = self.int(Ty::I32, 0);
        let some = self.gt(Ty::I32, left, zero);
        self.guard(some, Exit::Deopt)?;
        self.make_room(tstate, &class.init.outline)?;
        let Callee { function, code, .. } = class.init;
        let (allocate, operands) = if facts::ALLOCATING_RUNS_CODE {
            // Which may give the class another `__init__`.
            self.py_incref(code)?;
            self.count_own(code.0, 1);
            self.py_incref(function)?;
            self.count_own(function.0, 1);
            let allocate = instances::allocate_counted as *const () as usize;
            (allocate, [called, function, code])
        } else {
            let nothing = Val(self.object_constant(instances::nothing() as usize));
            let null = self.null();
            (class.making.allocate, [called, nothing, null])
        };
        self.count_stack();
        self.kept = kept.map(|kept| kept.with(&[code]));
        let object = self.emit_call(&Call {
            target: Target::Address(allocate),
            result: Ty::Object,
            variadic: false,
            effect: Effect::Escapes,
            steals: 0,
            new_reference: true,
            args: &operands,
        })?;
        let null = self.null();
        let some = self.ne(Ty::Object, object, null);
        self.guard(some, Exit::Error(0))?;
        self.node_mut(object.0).known = Known::Bound;
        let frame = self.init_frame(object, class)?;
        let tstate = self.tstate();
        self.kept = kept.map(|kept| kept.with(&[object]));
        let result = self.call_cleared(tstate, frame)?;
        let made = self.initialised(object, result);
        self.count_c_call(tstate, 1);
        for i in 0..class.count {
            let argument = self.stack_argument(class.first, i)?;
            self.py_decref_no_dealloc(argument)?;
        }
        Ok(made)
    }

    /// The frame of `__init__`, with a reference to each argument.
    fn init_frame(&mut self, object: Val, class: &Class) -> Flow<Val> {
        let tstate = self.tstate();
        let Callee {
            function,
            code,
            outline,
        } = class.init;
        self.count_c_call(tstate, -1);
        if facts::ALLOCATING_RUNS_CODE {
            self.py_decref_no_dealloc(code)?;
        } else {
            self.py_incref(function)?;
        }
        let room = self.room(tstate, &outline);
        let frame = self.push_callee(tstate, &class.init, room)?;
        self.py_incref(object)?;
        self.set_callee_local(frame, 0, object);
        for i in 0..class.count {
            let argument = self.stack_argument(class.first, i)?;
            // One for the frame, and one for the tuple that the interpreter has meanwhile.
            self.py_incref(argument)?;
            self.py_incref(argument)?;
            self.count_own(argument.0, 2);
            self.set_callee_local(frame, i + 1, argument);
        }
        self.clear_known_locals(frame, class.count + 1, i64::from(outline.locals));
        Ok(frame)
    }

    /// The new object, or NULL where `__init__` has not returned None.
    fn initialised(&mut self, object: Val, result: Val) -> Val {
        self.place(object.0);
        // SAFETY: the GIL is held while something is compiled.
        let none = unsafe { ffi::Py_None() } as usize;
        let site = self.jump_if_word(result, Cc::NE, none);
        if !facts::IMMORTALS {
            let r = self.place(result.0);
            self.asm.at_odd();
            self.asm.add_mem_imm(Mem::new(r, 0), -1);
        }
        let target = instances::initialised as *const () as usize;
        self.replace_in_cold(site, object, target, &[object, result]);
        self.unplace(result.0);
        object
    }
}
