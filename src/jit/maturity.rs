//! Whether the interpreter has had its chance to specialise an instruction.
//!
//! Compiled code takes members of families from what the interpreter has installed. On a way that
//! is taken for the first time nothing is installed yet, and the generic member is slow and long.
//! So such a way is left to the interpreter a few times before it is compiled.
//!
//! Where everything is compiled at first sight, one call is the interpreter's: that in which it would
//! specialise what the calls before have run. They count as they would in the interpreter.

use crate::emit::view::CodeView;
use crate::jit::choose::Choice;
use crate::jit::code::{Decoded, decode, installed, read, write};
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

/// Calls that are the interpreter's at most where everything is compiled at first sight.
const EAGER_CALLS: u8 = 2;

/// Which calls are left to the interpreter, so that it specialises.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Pace {
    /// None.
    #[default]
    AtOnce,
    /// The first ones of a function that was found to be hot.
    Patient,
    /// The one in which it specialises, and none before it.
    Eager,
}

/// What is to become of a call that arrives at the stub of a function's entry.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Call {
    /// It runs compiled, and the next one comes here again.
    Early,
    /// It is the interpreter's.
    Interpreted,
    /// It and all that follow run compiled.
    Settled,
}

/// What has been left to the interpreter for now.
#[derive(Debug, Default)]
pub struct Patience {
    calls: u8,
    /// Calls have run compiled before the interpreter has specialised.
    early: bool,
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
    /// What a call is that arrives at an entry's stub where everything is compiled at first sight.
    pub fn call(&self, record: &mut Record) -> Call {
        if self.pace != Pace::Eager {
            return Call::Settled;
        }
        let next = match facts::WARM_UP {
            // SAFETY: the code object outlives its record.
            Some(count) => match unsafe { read::<i16>(record.view.object, count) } {
                0 => Call::Settled,
                -1 => Call::Interpreted,
                _ => Call::Early,
            },
            None if !record.patience.early && record.patience.calls == 0 => Call::Early,
            None if would_specialise(&record.view) => Call::Interpreted,
            None => Call::Settled,
        };
        let patience = &mut record.patience;
        match next {
            Call::Early => patience.early = true,
            Call::Interpreted if !patience.call(EAGER_CALLS) => return Call::Settled,
            // What the interpreter has specialised is to be compiled as that.
            Call::Settled if std::mem::take(&mut patience.early) => record.versions.clear(),
            Call::Interpreted | Call::Settled => {}
        }
        next
    }

    /// Counts that an instruction which is compiled runs, as the interpreter does.
    pub fn count_run(&self, view: &CodeView, decoded: &Decoded) {
        if self.pace == Pace::Eager
            && untried(view, decoded)
            && facts::NEVER_RUN == Some(counter(view, decoded))
            && let Some(next) = facts::ABOUT_TO_SPECIALISE
        {
            // SAFETY: the instruction has a cache, and its code outlives the view.
            unsafe { write(view.first_unit, 2 * (decoded.instr.unit as i32 + 1), next) }
        }
    }

    /// Whether to let the interpreter go on at a stub, since it would specialise the instruction
    /// that is to be compiled.
    pub fn too_early(
        &self,
        record: &mut Record,
        site: Site,
        start: &Start,
        registers: &Registers,
    ) -> bool {
        if self.pace != Pace::Patient {
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

/// Whether the interpreter would specialise an instruction that has run before, if it ran again.
fn would_specialise(view: &CodeView) -> bool {
    let mut unit = 0;
    while let Some(decoded) = decode(&view.units, unit) {
        let generic = &OPCODES[usize::from(decoded.opcode)];
        let ready = match generic.caches {
            // It needs to know nothing.
            0 => {
                !generic.members.is_empty() && installed(view, decoded.instr.unit) == decoded.opcode
            }
            _ => {
                untried(view, &decoded)
                    && Some(counter(view, &decoded)) == facts::ABOUT_TO_SPECIALISE
            }
        };
        if ready {
            return true;
        }
        unit = decoded.next();
    }
    false
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
