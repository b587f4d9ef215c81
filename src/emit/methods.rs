//! Calls of special methods written in Python, where C would go a long way to them.

use std::ffi::CStr;

use crate::jit::context::Known;
use crate::jit::facts;
use crate::jit::methods::{self, Method};
use crate::jit::standins::operators::{self, Operation};
use crate::mechanisms::Mechanism;
use crate::release::layout::{PyInterpreterState, PyObject, PyThreadState, PyTypeObject};

use super::Emit;
use super::asm::Cc;
use super::pushing::{Callee, Outline};
use super::suppose::WAIT;
use super::types::{Exit, Flow, Stop, Ty, Val};

impl Emit<'_> {
    /// Calls the method that the class of the first operand has under a name, if that is a Python
    /// function of so many parameters. The operands are borrowed; the result may be NULL.
    pub(crate) fn special_method(&mut self, name: &CStr, args: &[Val]) -> Flow<Option<Val>> {
        let receiver = args[0];
        if !Mechanism::Operators.is_on() {
            return Ok(None);
        }
        let Some(class) = self.class_of(receiver)? else {
            return Ok(None);
        };
        let Some(method) = methods::look(class, name) else {
            return Ok(None);
        };
        self.suppose(receiver, class);
        self.call_method(method, args)
    }

    /// The binary operator of that number, where the left operand's class has a method for it that is
    /// tried first, written in Python.
    pub(crate) fn special_operator(&mut self, number: u8, args: &[Val]) -> Flow<Option<Val>> {
        let &[left, right] = args else {
            return Ok(None);
        };
        let Some(at) = operators::number(number).filter(|_| Mechanism::Operators.is_on()) else {
            return Ok(None);
        };
        let (Some(class), Some(other)) = (self.class_of(left)?, self.seen_type(right)?) else {
            return Ok(None);
        };
        let Some(operation) = Operation::look(at, class, other) else {
            return Ok(None);
        };
        self.suppose(left, operation.classes[0]);
        self.suppose(right, operation.classes[1]);
        let Some(result) = self.call_method(operation.method, args)? else {
            return Ok(None);
        };
        if self.node(result.0).is_pending() {
            return Ok(Some(result));
        }
        // Whoever gets it in the cold has a reference of its own.
        self.count_all(result.0);
        // Making objects of numbers moves what is in registers.
        self.need_pointer(left.0);
        self.need_pointer(right.0);
        for v in [left, right, result] {
            self.place(v.0);
        }
        let site = self.jump_if_word(result, Cc::E, operation.refusal);
        self.replace_in_cold(site, result, operation.go_on, &[left, right]);
        Ok(Some(result))
    }

    /// Calls a method of the first operand's class, which is known to be that.
    fn call_method(&mut self, method: Method, args: &[Val]) -> Flow<Option<Val>> {
        if !self.instr.guess {
            return Ok(None);
        }
        // SAFETY: the class has the function.
        let outline = unsafe { Outline::of(method.function, args.len() as i64) };
        let Some(outline) = outline.filter(Outline::runs_at_once) else {
            return Ok(None);
        };
        if self.may_be_frameless(method.function) {
            let callee = self.expect_method(method, outline, args)?;
            if let Some(result) = self.call_frameless(&callee, args, true)? {
                return Ok(Some(result));
            }
        }
        for arg in args {
            self.place(arg.0);
        }
        let frame = self.method_frame(method, outline, args)?;
        let tstate = self.tstate();
        self.call_cleared(tstate, frame).map(Some)
    }

    /// The class of an operand. One that is known still has to be looked at: it may be gone.
    pub(crate) fn class_of(&self, v: Val) -> Flow<Option<usize>> {
        if self.effects || self.instr.plain {
            return Ok(None);
        }
        let Some(object) = self.live(v) else {
            let built_in = matches!(self.node(v.0).known, Known::Type(t) if facts::is_built_in(t));
            return match !built_in && self.may_see(v) {
                true => Err(Stop::Unsupported(WAIT)),
                false => Ok(None),
            };
        };
        // SAFETY: the object is alive.
        let class = unsafe { crate::jit::code::read(object, super::offsets::OB_TYPE) };
        Ok(Some(class))
    }

    /// The method, behind guards that it is still there and takes the operands.
    fn expect_method(&mut self, method: Method, outline: Outline, args: &[Val]) -> Flow<Callee> {
        let tstate = self.tstate();
        self.expect_no_evaluator(tstate)?;
        let class = self.load(args[0], &PyObject::ob_type);
        let version = self.load(class, &PyTypeObject::tp_version_tag);
        let expected = self.int(Ty::U32, i64::from(method.version));
        let same = self.eq(Ty::U32, version, expected);
        self.guard(same, Exit::Deopt)?;
        let function = Val(self.object_constant(method.function));
        Ok(self.expect_callee(function, outline))
    }

    /// The callee's frame.
    fn method_frame(&mut self, method: Method, outline: Outline, args: &[Val]) -> Flow<Val> {
        let callee = self.expect_method(method, outline, args)?;
        let tstate = self.tstate();
        let room = self.make_room(tstate, &outline)?;
        self.py_incref(callee.function)?;
        let frame = self.push_callee(tstate, &callee, room)?;
        for (i, &arg) in args.iter().enumerate() {
            self.py_incref(arg)?;
            self.set_callee_local(frame, i as i64, arg);
        }
        self.clear_known_locals(frame, args.len() as i64, i64::from(outline.locals));
        Ok(frame)
    }

    /// Leaves where another evaluator than the interpreter's wants to see each call.
    pub(crate) fn expect_no_evaluator(&mut self, tstate: Val) -> Flow {
        let interp = self.load(tstate, &PyThreadState::interp);
        let evaluator = self.load(interp, &PyInterpreterState::eval_frame);
        let null = self.int(Ty::Ptr, 0);
        let own = self.eq(Ty::Ptr, evaluator, null);
        self.guard(own, Exit::Deopt)
    }
}
