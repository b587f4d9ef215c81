//! Which template an instruction is compiled with.

use crate::emit::edge::Instr;
use crate::emit::types::Stop;
use crate::emit::{Chooser, Chosen, Emit};
use crate::jit::code::{Decoded, decode, fingerprint, installed};
use crate::jit::live::{Live, Operands};
use crate::jit::maturity::{Pace, untried};
use crate::jit::record::{Avoid, Record};
use crate::jit::state::Jit;
use crate::mechanisms::Mechanism;
use crate::release::OPCODES;
use crate::release::table::{Opcode, Variant};

/// What to do with an instruction.
#[derive(Clone, Copy, Debug)]
pub enum Choice {
    Emit {
        opcode: u8,
        variant: &'static Variant,
        instr: Instr,
    },
    /// The operands' types decide, and they are not known, or the interpreter may have installed
    /// a member until then: end the block here, so that the
    /// operands can be looked at when control arrives.
    Defer,
    Leave(&'static str),
}

/// The answer of a matcher.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Verdict {
    Yes,
    /// As far as one can tell.
    Unknown,
    /// The same; a type is not known.
    Perhaps,
    No,
}

impl Jit {
    /// Chooses: the member that the interpreter has installed, if its guards may hold; else a
    /// member whose guards hold; else the generic member. `doubtful` says that such a choice has
    /// just failed, and that the next ones are worth a look at the operands.
    pub fn choose(
        &self,
        record: &Record,
        decoded: &Decoded,
        avoid: &Avoid,
        doubtful: bool,
        operands: Operands<'_>,
    ) -> Choice {
        let generic = &OPCODES[usize::from(decoded.opcode)];
        let installed = installed(&record.view, decoded.instr.unit);
        let verdict = |variant: &Variant| self.ask(record, decoded, variant, operands);

        if installed != decoded.opcode
            && Mechanism::Members.is_on()
            && generic.members.contains(&installed)
            && !avoided(record, decoded, avoid, installed)
            && let Some(variant) = self.variant(&OPCODES[usize::from(installed)])
        {
            match verdict(variant) {
                Verdict::Perhaps if doubtful && operands.may_wait() => return Choice::Defer,
                Verdict::No => {}
                verdict => {
                    let instr = Instr {
                        doubtful: verdict != Verdict::Yes
                            && (operands.may_wait() || decoded.instr.frameless),
                        live: operands.top(),
                        may_end: operands.may_wait(),
                        ..decoded.instr
                    };
                    return emit(installed, variant, instr);
                }
            }
        }
        let matching = Mechanism::Members.is_on() && Mechanism::Matching.is_on();
        let members: &[u8] = if matching { generic.members } else { &[] };
        let open = members
            .iter()
            .filter(|&&member| member != installed && !avoided(record, decoded, avoid, member));
        for &member in open {
            let Some(variant) = self.variant(&OPCODES[usize::from(member)]) else {
                continue;
            };
            if !variant.anywhere || variant.matcher.is_none() {
                continue;
            }
            match verdict(variant) {
                Verdict::Yes | Verdict::Unknown => return emit(member, variant, decoded.instr),
                Verdict::Perhaps if operands.may_wait() => return Choice::Defer,
                Verdict::Perhaps | Verdict::No => {}
            }
        }
        if self.pace == Pace::Patient && operands.may_wait() && untried(&record.view, decoded) {
            return Choice::Defer;
        }
        match self.variant(generic) {
            Some(variant) => {
                let instr = Instr {
                    plain: avoid.plain,
                    live: operands.top(),
                    waits: operands.may_wait(),
                    may_end: operands.may_wait(),
                    ..decoded.instr
                };
                emit(decoded.opcode, variant, instr)
            }
            None => Choice::Leave(self.why_not(generic)),
        }
    }

    /// Why a generic member has no variant here.
    pub fn why_not(&self, generic: &'static Opcode) -> &'static str {
        let variant = self.written(generic);
        variant
            .and_then(|variant| self.missing(variant.symbols))
            .unwrap_or(generic.left)
    }

    /// The variant of this patch release. Paths that need what this binary hides leave by themselves.
    pub fn variant(&self, opcode: &'static Opcode) -> Option<&'static Variant> {
        self.written(opcode)
    }

    /// Opcodes that need a symbol which is missing here, and why they leave to the interpreter.
    pub fn limited(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        OPCODES.iter().filter_map(|opcode| {
            let variant = self.written(opcode)?;
            Some((opcode.name, self.missing(variant.symbols)?))
        })
    }

    fn written(&self, opcode: &'static Opcode) -> Option<&'static Variant> {
        let variants = opcode.variants.iter();
        let mut variants = variants.filter(|variant| variant.since <= self.patch);
        variants.next().or(opcode.variants.last())
    }

    fn ask(
        &self,
        record: &Record,
        decoded: &Decoded,
        variant: &Variant,
        operands: Operands<'_>,
    ) -> Verdict {
        let Some(matcher) = variant.matcher else {
            return Verdict::Yes;
        };
        let (view, locals) = (&record.view, record.shape.locals);
        let mut live = Live::new(view, decoded.instr, operands, locals, self.items.take());
        let verdict = match matcher(&mut live) {
            Err(Stop::Ended) => Verdict::No,
            _ if live.asked_type() => Verdict::Perhaps,
            _ if live.is_blind() => Verdict::Unknown,
            _ => Verdict::Yes,
        };
        self.items.replace(live.into_items());
        verdict
    }
}

impl Chooser for Jit {
    fn choose_in_place(&self, record: &Record, unit: u32, e: &Emit<'_>) -> Option<Chosen> {
        let mut decoded = decode(&record.view.units, unit)?;
        // Callees' guesses are all made for the call, which is what is tried again.
        decoded.instr.guess = true;
        decoded.instr.frameless = true;
        let avoid = Avoid::default();
        match self.choose(record, &decoded, &avoid, false, Operands::Inside(e)) {
            Choice::Emit { variant, instr, .. } => Some((instr, variant.emitter)),
            Choice::Defer | Choice::Leave(_) => None,
        }
    }
}

fn avoided(record: &Record, decoded: &Decoded, avoid: &Avoid, member: u8) -> bool {
    !avoid.members.is_empty()
        && avoid
            .members
            .contains(&(member, fingerprint(&record.view, &decoded.instr)))
}

fn emit(opcode: u8, variant: &'static Variant, instr: Instr) -> Choice {
    Choice::Emit {
        opcode,
        variant,
        instr,
    }
}
