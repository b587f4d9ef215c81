//! Primitives of the vocabulary that matchers may use.
//!
//! Where an answer is not computed, a matcher counts it as unknown.

use crate::emit::types::{Flow, Val};
use crate::jit::facts;
use crate::jit::live::Live;

impl Live<'_> {
    /// Whether the number has at most one digit.
    pub fn py_long_is_compact(&mut self, x: Val) -> Flow<Val> {
        Ok(self.of_long(x, |digits, _| digits <= 1))
    }

    pub fn py_long_is_non_negative_compact(&mut self, x: Val) -> Flow<Val> {
        Ok(self.of_long(x, |digits, negative| digits <= 1 && !negative))
    }

    pub fn py_long_compact_value(&mut self, x: Val) -> Flow<Val> {
        let _ = x;
        Ok(self.unknown())
    }

    pub fn kwnames(&mut self) -> Flow<Val> {
        Ok(self.unknown())
    }

    pub fn py_is_immortal_loose(&mut self, x: Val) -> Flow<Val> {
        let _ = x;
        Ok(self.unknown())
    }

    pub fn py_thread_state_has_stack_space(&mut self, tstate: Val, size: Val) -> Flow<Val> {
        let _ = (tstate, size);
        Ok(self.unknown())
    }

    /// Asks about the digits and the sign of an `int`.
    fn of_long(&mut self, x: Val, question: fn(u64, bool) -> bool) -> Val {
        match self.pointer(x) {
            Some(object) => {
                // SAFETY: the guards before have established an `int`.
                let (digits, negative) = unsafe { facts::long_size(object) };
                self.bits(u64::from(question(digits, negative)))
            }
            None => self.unknown(),
        }
    }
}

macro_rules! unknown {
    ($($name:ident)*) => {
        impl Live<'_> {
            $(pub fn $name(&mut self, x: Val) -> Flow<Val> {
                let _ = x;
                Ok(self.unknown())
            })*
        }
    };
}

// Stack references (3.14 and later).
unknown!(
    py_stack_ref_is_null
    py_stack_ref_is_none
    py_stack_ref_is_true
    py_stack_ref_is_false
    py_stack_ref_is_error
    py_stack_ref_is_valid
    py_stack_ref_is_heap_safe
    py_stack_ref_is_tagged_int
    py_stack_ref_tag_int
    py_stack_ref_untag_int
    py_stack_ref_increment_tagged_int_no_overflow
    py_stack_ref_wrap
    py_stack_ref_unwrap
    py_stack_ref_as_py_object_borrow
    py_stack_ref_borrow
    py_stack_ref_from_py_object_borrow
    py_stack_ref_from_py_object_immortal
    py_stack_ref_from_py_object_steal
    py_stack_ref_from_py_object_steal_mortal
);

macro_rules! constants {
    ($($name:ident)*) => {
        impl Live<'_> {
            $(pub fn $name(&mut self) -> Flow<Val> {
                Ok(self.unknown())
            })*
        }
    };
}

constants!(py_stack_ref_null py_stack_ref_none py_stack_ref_true py_stack_ref_false);
