//! Names of keyword arguments, which 3.11 hands from one instruction to a later one.
//!
//! They are in no frame. An exit between the two instructions goes back to the first one, which
//! changes nothing else and may run again.

use super::Emit;
use super::edge::EdgeKind;
use super::types::{Flow, Stop, Ty, Val};

impl Emit<'_> {
    /// The names that were set for this call, or NULL.
    pub fn kwnames(&mut self) -> Flow<Val> {
        Ok(match self.st.keywords {
            Some((names, _)) => Val(self.object_constant(names as usize)),
            None => Val(self.imm(Ty::Object, 0)),
        })
    }

    /// Sets the names for the call that follows.
    pub fn set_kwnames(&mut self, names: Val) -> Flow<Val> {
        let known = self.node(names.0).imm();
        let names = known.ok_or(Stop::Unsupported("names of keywords that are not constant"))?;
        self.st.keywords = (names != 0).then_some((names, self.instr.start));
        Ok(self.null())
    }

    /// Whether names wait for their call: the block must not end here.
    pub fn expects_call(&self) -> bool {
        self.st.keywords.is_some()
    }

    /// Where an exit leads while names wait for their call.
    pub(crate) fn before_keywords(&self, kind: EdgeKind, unit: u32) -> (EdgeKind, u32) {
        match (self.st.keywords, kind) {
            (None, _)
            | (_, EdgeKind::Error | EdgeKind::Interrupted { .. } | EdgeKind::Reraise { .. }) => {
                (kind, unit)
            }
            (Some((_, start)), EdgeKind::Interpret(why)) => (EdgeKind::Interpret(why), start),
            (Some((_, start)), _) => (EdgeKind::Interpret("a call with keywords"), start),
        }
    }
}
