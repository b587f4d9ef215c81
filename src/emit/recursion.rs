//! Counting how deep calls are nested, as the interpreter counts them.

use crate::emit::types::{Exit, Field, Flow, Stop, Ty, Val};
use crate::release::layout::PyThreadState;

use super::Emit;

/// Calls of C functions that may still nest.
#[cfg(Py_3_12)]
const OF_C: &Field = &PyThreadState::c_recursion_remaining;
#[cfg(not(Py_3_12))]
const OF_C: &Field = &PyThreadState::recursion_remaining;

/// Calls of Python functions that may still nest.
#[cfg(Py_3_12)]
const OF_PYTHON: &Field = &PyThreadState::py_recursion_remaining;
#[cfg(not(Py_3_12))]
const OF_PYTHON: &Field = &PyThreadState::recursion_remaining;

impl Emit<'_> {
    /// Counts a call; the interpreter runs the instruction, and raises, where none is left.
    pub fn py_enter_recursive_call_tstate(&mut self, tstate: Val, place: Val) -> Flow<Val> {
        let _ = place;
        self.enter_recursion(tstate, OF_C)
    }

    pub fn py_enter_recursive_call_tstate_unchecked(&mut self, tstate: Val) -> Flow<Val> {
        self.count(tstate, OF_C, -1);
        Ok(self.null())
    }

    pub fn py_leave_recursive_call_tstate(&mut self, tstate: Val) -> Flow<Val> {
        self.count(tstate, OF_C, 1);
        Ok(self.null())
    }

    pub fn py_enter_recursive_py(&mut self, tstate: Val) -> Flow<Val> {
        self.enter_recursion(tstate, OF_PYTHON)
    }

    pub fn py_leave_recursive_call_py(&mut self, tstate: Val) -> Flow<Val> {
        self.count(tstate, OF_PYTHON, 1);
        Ok(self.null())
    }

    /// How many calls of C functions may still nest.
    pub(crate) fn c_calls_left(&mut self, tstate: Val) -> Val {
        self.load(tstate, OF_C)
    }

    /// Counts a call of a C function, or its end.
    pub(crate) fn count_c_call(&mut self, tstate: Val, by: i64) {
        self.count(tstate, OF_C, by);
    }

    fn enter_recursion(&mut self, tstate: Val, field: &'static Field) -> Flow<Val> {
        let left = self.load(tstate, field);
        let zero = self.int(Ty::I32, 0);
        let some = self.gt(Ty::I32, left, zero);
        self.guard(some, Exit::Interpret("the recursion limit is reached"))?;
        self.count(tstate, field, -1);
        Ok(self.int(Ty::I32, 0))
    }

    fn count(&mut self, tstate: Val, field: &'static Field, by: i64) {
        let left = self.load(tstate, field);
        let by = self.int(Ty::I32, by);
        let left = self.add(Ty::I32, left, by);
        self.store(tstate, field, left);
    }

    /// Frames of the function's own are never cleared by a template that is compiled.
    pub fn py_eval_frame_clear_and_pop(&mut self, tstate: Val, frame: Val) -> Flow<Val> {
        let _ = (tstate, frame);
        Err(Stop::Unsupported("a frame is cleared"))
    }

    pub fn py_thread_state_pop_frame(&mut self, tstate: Val, frame: Val) -> Flow<Val> {
        let _ = (tstate, frame);
        Err(Stop::Unsupported("a frame is popped"))
    }
}
