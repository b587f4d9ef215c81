//! The code object of a function that is called, where it is compiled: behind a guard that it is that one.

use crate::jit::init::record_of;
use crate::jit::record::Record;
use crate::mechanisms::Mechanism;

use super::Emit;
use super::asm::{Alu, Cc};
use super::edge::Mention;
use super::identity::Identified;
use super::machine::R11;
use super::node::Id;
use super::sight::Seen;

impl Emit<'_> {
    /// Takes the code of a function, which was just loaded, for what it is now, if it has machine code.
    /// Places where that has failed before meet several: they are served by what is alike in all.
    pub(crate) fn foresee_code(&mut self, function: Id, code: Id) {
        let (Seen::Bits(callee), Seen::Bits(object)) = (self.seen(function), self.seen(code))
        else {
            return;
        };
        let object = object as usize;
        let guess = Mechanism::KnownCode.is_on() && self.instr.guess && !self.instr.refuted;
        if !guess || !self.view.is_live() || !self.is_untouched() {
            return;
        }
        let Some(record) = self.compiled(object) else {
            return;
        };
        self.settle(self.st.base);
        let r = self.place(code);
        let context = self.guard_context();
        let site = self.asm.mov_word(R11, object as i64);
        self.mentions.push(Mention { site, record });
        self.asm.alu(Alu::Cmp, true, r, R11);
        self.refute_if(Cc::NE, context);
        self.aliases.push((object as i64, code));
        let itself = Identified::itself(code, object);
        let code = Identified::code_of(function, callee as usize);
        self.identified.extend([itself, code]);
    }

    /// The record of a code object that can be entered.
    pub(crate) fn compiled(&self, object: usize) -> Option<*mut Record> {
        // SAFETY: what was seen is alive, and the GIL is held while something is compiled. A record
        // lives as long as its code object.
        unsafe {
            let record = record_of(self.view.extra_index, object)?;
            (std::ptr::eq(object as *const u8, (*record).view.object as *const u8)
                && (*record).entry != 0)
                .then_some(record)
        }
    }

    /// The record of a code object that is known to be a certain one, if it can be entered.
    pub(crate) fn record_of_code(&self, code: Id) -> Option<*mut Record> {
        let known = self.node(code).imm().map(|address| address as usize);
        let object = known.or_else(|| self.identified_object(code))?;
        self.compiled(object)
    }
}
