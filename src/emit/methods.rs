//! Calls of special methods written in Python, where C would go a long way to them.

use std::ffi::CStr;

use crate::jit::context::Known;
use crate::jit::facts;
use crate::jit::methods::{self, Method};
use crate::release::layout::{
    PyCodeObject, PyFunctionObject, PyInterpreterState, PyThreadState, PyTypeObject,
};

use super::Emit;
use super::call::{Call, Target};
use super::suppose::WAIT;
use super::types::{Effect, Exit, Flow, Stop, Ty, Val};

/// Flags of code with a frame of its own, and of code that is called in another way.
const PLAIN_CODE: i64 = 0x3;
const SPECIAL_CODE: i64 = 0x4 | 0x8 | 0x20 | 0x80 | 0x200;

impl Emit<'_> {
    /// Calls the method that the class of the first operand has under a name, if that is a Python
    /// function of so many parameters. The operands are borrowed; the result may be NULL.
    pub(crate) fn special_method(&mut self, name: &CStr, args: &[Val]) -> Flow<Option<Val>> {
        let receiver = args[0];
        let Some(class) = self.class_of(receiver)? else {
            return Ok(None);
        };
        let Some(method) = methods::look(class, name) else {
            return Ok(None);
        };
        self.suppose(receiver, class);
        for arg in args {
            self.place(arg.0);
        }
        let frame = self.method_frame(class, method, args)?;
        let tstate = self.tstate();
        let result = self.emit_call(&Call {
            target: Target::Address(self.view.shared.call_cleared),
            result: Ty::Object,
            variadic: false,
            effect: Effect::Escapes,
            steals: 0,
            new_reference: true,
            args: &[tstate, frame],
        })?;
        Ok(Some(result))
    }

    /// The class of an operand. One that is known still has to be looked at: it may be gone.
    fn class_of(&self, v: Val) -> Flow<Option<usize>> {
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

    /// The callee's frame, behind guards that the method is still there and takes the operands.
    fn method_frame(&mut self, class: usize, method: Method, args: &[Val]) -> Flow<Val> {
        let tstate = self.tstate();
        let interp = self.load(tstate, &PyThreadState::interp);
        let evaluator = self.load(interp, &PyInterpreterState::eval_frame);
        let null = self.int(Ty::Ptr, 0);
        let own = self.eq(Ty::Ptr, evaluator, null);
        self.guard(own, Exit::Deopt)?;
        let class = Val(self.imm(Ty::Ptr, class as i64));
        let version = self.load(class, &PyTypeObject::tp_version_tag);
        let expected = self.int(Ty::U32, i64::from(method.version));
        let same = self.eq(Ty::U32, version, expected);
        self.guard(same, Exit::Deopt)?;
        let function = Val(self.imm(Ty::Ptr, method.function as i64));
        let code = self.load(function, &PyFunctionObject::func_code);
        for (field, mask, expected) in [
            (&PyCodeObject::co_argcount, -1, args.len() as i64),
            (&PyCodeObject::co_kwonlyargcount, -1, 0),
            (
                &PyCodeObject::co_flags,
                PLAIN_CODE | SPECIAL_CODE,
                PLAIN_CODE,
            ),
        ] {
            let value = self.load(code, field);
            let mask = self.int(Ty::I32, mask);
            let value = self.and(Ty::I32, value, mask);
            let expected = self.int(Ty::I32, expected);
            let same = self.eq(Ty::I32, value, expected);
            self.guard(same, Exit::Deopt)?;
        }
        let words = self.frame_words(code);
        let room = self.py_thread_state_has_stack_space(tstate, words)?;
        self.guard(room, Exit::Deopt)?;
        let function = Val(self.object_constant(method.function));
        self.py_incref(function)?;
        let from = self.int(Ty::I32, args.len() as i64);
        let frame = self.py_frame_push_unchecked(tstate, function, from)?;
        for (i, &arg) in args.iter().enumerate() {
            self.py_incref(arg)?;
            self.store_to(
                frame.0,
                facts::LOCALS + 8 * i as i32,
                None,
                Ty::Object,
                arg.0,
            );
        }
        Ok(frame)
    }
}
