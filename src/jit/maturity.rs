//! Whether the interpreter has had its chance to specialise an instruction.
//!
//! Compiled code takes members of families from what the interpreter has installed. On a way that
//! is taken for the first time nothing is installed yet, and the generic member is slow and long.
//! So such a way is left to the interpreter a few times before it is compiled.

use crate::emit::view::CodeView;
use crate::jit::choose::Choice;
use crate::jit::code::{Decoded, decode, installed, read};
use crate::jit::compile::Start;
use crate::jit::facts;
use crate::jit::live::{Operands, Registers};
use crate::jit::record::{Record, Site};
use crate::jit::state::Jit;
use crate::release::{OPCODES, ROLES};

/// Arrivals at an instruction that are left to the interpreter at most: it specialises when it
/// runs the instruction for the second time.
const ARRIVALS: u8 = 3;
/// Calls of a function that are left to the interpreter at most, once it was found to be hot.
const CALLS: u8 = 8;
/// The same of a function that has a loop, whose calls may take long.
const LOOPING_CALLS: u8 = 2;

/// Bits of an inline cache's counter that say how often specialising has failed.
const BACKOFF: u16 = 15;

/// The reason of such an exit.
pub const TOO_EARLY: &str = "the interpreter has not specialised the instruction yet";

/// What has been left to the interpreter for now.
#[derive(Debug, Default)]
pub struct Patience {
    calls: u8,
    /// The calls when a sample last met the function.
    met: Option<u8>,
    /// One call was met by two samples.
    long: bool,
    /// Units, and how often control was sent away there.
    arrivals: Vec<(u32, u8)>,
}

impl Patience {
    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.arrivals.capacity() * size_of::<(u32, u8)>()
    }

    /// A sample has met the function. Each call that begins is counted, so that two samples
    /// without one between them have met the same.
    pub fn meet(&mut self) {
        self.long |= self.met == Some(self.calls);
        self.met = Some(self.calls);
    }

    /// Whether one more call may be left to the interpreter.
    fn call(&mut self, limit: u8) -> bool {
        self.calls += u8::from(self.calls <= limit);
        self.calls <= limit
    }

    /// Whether one more arrival may be.
    fn arrival(&mut self, unit: u32) -> bool {
        match self.arrivals.iter_mut().find(|(at, _)| *at == unit) {
            Some((_, times)) => {
                *times += u8::from(*times <= ARRIVALS);
                *times <= ARRIVALS
            }
            None => {
                self.arrivals.push((unit, 1));
                true
            }
        }
    }
}

impl Jit {
    /// Whether to let the interpreter go on at a stub, since it would specialise the instruction
    /// that is to be compiled.
    pub fn too_early(
        &self,
        record: &mut Record,
        site: Site,
        start: &Start,
        registers: &Registers,
    ) -> bool {
        if !self.patient {
            return false;
        }
        if site == Site::Entry
            && let Some(unsettled) = unsettled(&record.view)
        {
            // A call that runs long leaves something specialised behind, and needs no other.
            let looping = unsettled == Unsettled::Partly && loops_ahead(&record.view, start.unit);
            if looping && record.patience.long {
                return false;
            }
            return record
                .patience
                .call(if looping { LOOPING_CALLS } else { CALLS });
        }
        let Some(decoded) = decode(&record.view.units, start.unit) else {
            return false;
        };
        // A frame that leaves stays with the interpreter, which is long where it loops.
        if !untried(&record.view, &decoded) || loops_ahead(&record.view, start.unit) {
            return false;
        }
        let operands = Operands::Arrived {
            context: &start.context,
            registers,
        };
        let choice = self.choose(record, &decoded, &start.avoid, false, operands);
        let generic = matches!(choice, Choice::Emit { opcode, .. } if opcode == decoded.opcode);
        generic && record.patience.arrival(start.unit)
    }
}

/// Whether the interpreter has never tried to specialise an instruction that has such members.
pub fn untried(view: &CodeView, decoded: &Decoded) -> bool {
    let generic = &OPCODES[usize::from(decoded.opcode)];
    generic.caches > 0
        && !generic.members.is_empty()
        && !generic
            .members
            .contains(&installed(view, decoded.instr.unit))
        && counter(view, decoded) & BACKOFF == facts::FRESH_BACKOFF
}

/// What one more call in the interpreter would change.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Unsettled {
    /// Nothing has been specialised yet.
    Entirely,
    /// Some instruction has run that the interpreter will specialise when it runs again.
    Partly,
}

fn unsettled(view: &CodeView) -> Option<Unsettled> {
    let (mut unit, mut any, mut specialised, mut about_to) = (0, false, false, false);
    while let Some(decoded) = decode(&view.units, unit) {
        let generic = &OPCODES[usize::from(decoded.opcode)];
        if generic.caches > 0 && !generic.members.is_empty() {
            any = true;
            let fresh = untried(view, &decoded);
            about_to |= fresh && Some(counter(view, &decoded)) == facts::ABOUT_TO_SPECIALISE;
            specialised |= !fresh;
        }
        unit = decoded.next();
    }
    match (specialised, about_to) {
        (false, _) => any.then_some(Unsettled::Entirely),
        (true, true) => Some(Unsettled::Partly),
        (true, false) => None,
    }
}

/// Whether a loop begins or goes on behind a unit.
fn loops_ahead(view: &CodeView, mut unit: u32) -> bool {
    while let Some(decoded) = decode(&view.units, unit) {
        if ROLES.backward_jumps.contains(&decoded.opcode) {
            return true;
        }
        unit = decoded.next();
    }
    false
}

/// The counter in an instruction's inline cache.
fn counter(view: &CodeView, decoded: &Decoded) -> u16 {
    let unit = decoded.instr.unit + 1;
    assert!((unit as usize) < view.units.len(), "code unit {unit}");
    // SAFETY: the unit is inside the code, which outlives its view.
    unsafe { read(view.first_unit, 2 * unit as i32) }
}

#[cfg(test)]
mod tests {
    use super::Patience;

    #[test]
    fn a_call_that_two_samples_meet_is_long() {
        let mut patience = Patience::default();
        patience.meet();
        assert!(patience.call(2));
        patience.meet();
        assert!(!patience.long, "another call has begun between them");
        patience.meet();
        assert!(patience.long);
    }
}
