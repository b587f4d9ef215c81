//! Names of keyword arguments, which 3.11 hands from one instruction to a later one.

use crate::jit::context::Keywords;

use super::Emit;
use super::absent_frame::NO_FRAME;
use super::types::{Flow, Stop, Ty, Val};

impl Emit<'_> {
    /// The names that were set for this call, or NULL.
    pub fn kwnames(&mut self) -> Flow<Val> {
        Ok(match self.st.keywords {
            Some(keywords) => Val(self.object_constant(keywords.names)),
            None => Val(self.imm(Ty::Object, 0)),
        })
    }

    /// Sets the names for the call that follows.
    pub fn set_kwnames(&mut self, names: Val) -> Flow<Val> {
        let known = self.node(names.0).imm();
        let names = known.ok_or(Stop::Unsupported("names of keywords that are not constant"))?;
        if names != 0 && self.is_frameless() {
            return Err(Stop::Unsupported(NO_FRAME));
        }
        self.st.keywords = (names != 0).then_some(Keywords {
            names: names as usize,
            set_at: self.instr.start,
        });
        Ok(self.null())
    }
}
