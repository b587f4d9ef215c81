//! Whether a block compiled for one context may be entered with another, and what is lost.

use std::collections::HashSet;

use smallvec::SmallVec;

use crate::jit::context::{Behind, Context, Gpr, Held, Known, Loc, Slot, Xmm};
use crate::jit::facts;

/// What a lost piece of knowledge costs against a move of registers.
const LOSS: u32 = 10;
/// What boxing a value costs.
const BOX: u32 = 100;

/// The cost of turning `from` into a context of which the slots are given, those of the stack
/// before the locals. `None` where that claims more than `from` knows, or costs more than `most`.
pub fn distance(from: &Context, to: impl Iterator<Item = Slot>, most: u32) -> Option<u32> {
    let stack = from.stack.iter().map(|slot| (slot, false));
    let locals = from.locals.iter().map(|slot| (slot, true));
    let mut places = Places::default();
    stack
        .chain(locals)
        .zip(to)
        .try_fold(0, |sum: u32, ((from, local), to)| {
            let sum = sum + slot(from, &to, local)?;
            (sum <= most && places.take(from, &to)).then_some(sum)
        })
}

/// Slots in one place are one object.
#[derive(Default)]
struct Places {
    /// Where the values of slots are to be, and how they are held.
    taken: SmallVec<[(Loc, Held); 8]>,
    /// Where numbers are, and where they are to be.
    numbers: SmallVec<[(Loc, Option<Loc>); 8]>,
}

impl Places {
    /// Whether a slot's place is its own, or shared with slots of the same value, and whether slots that
    /// are the same number have one place: else there would be two objects once they are boxed.
    fn take(&mut self, from: &Slot, to: &Slot) -> bool {
        let at = location(&to.held);
        let shared = at.is_none_or(|at| self.may_share(at, from));
        let number = match from.held {
            Held::Float(number) | Held::Long(number) => number,
            _ => return shared,
        };
        match self.numbers.iter().find(|(other, _)| *other == number) {
            Some((_, before)) => shared && *before == at,
            None => {
                self.numbers.push((number, at));
                shared
            }
        }
    }

    fn may_share(&mut self, at: Loc, from: &Slot) -> bool {
        match self.taken.iter().find(|(other, _)| *other == at) {
            Some((_, held)) => match (location(held), location(&from.held)) {
                (None, None) => *held == from.held,
                (a, b) => a == b,
            },
            None => {
                self.taken.push((at, from.held));
                true
            }
        }
    }
}

fn slot(from: &Slot, to: &Slot, local: bool) -> Option<u32> {
    if from == to {
        return Some(0);
    }
    let known = known(known_type(from), known_type(to))?;
    let behind = match (local, from.behind, to.behind) {
        (true, Behind::Stale, Behind::Same) => match to.held {
            // Counted as boxing below.
            Held::Memory => 0,
            _ => BOX,
        },
        (true, Behind::Same, Behind::Stale) => match from.held {
            // The memory behind must be an exact float or int: it is, if it is the same value.
            Held::Float(_) | Held::Long(_) => 0,
            Held::FloatConstant(_) | Held::LongConstant(_) => 0,
            _ => return None,
        },
        _ => 0,
    };
    Some(known + behind + held(from, to, local)?)
}

/// What the slot's object is known to be, whether written down or implied by how it is held.
fn known_type(slot: &Slot) -> Known {
    match slot.held {
        Held::Float(_) | Held::FloatConstant(_) => Known::Type(facts::float_type()),
        Held::Long(_) | Held::LongConstant(_) => Known::Type(facts::long_type()),
        Held::Bool(_) => Known::Type(facts::bool_type()),
        _ => slot.known,
    }
}

fn known(from: Known, to: Known) -> Option<u32> {
    match (from, to) {
        (from, to) if from == to => Some(0),
        (_, Known::Nothing) => Some(LOSS),
        (Known::Type(_), Known::Bound) => Some(LOSS),
        _ => None,
    }
}

fn held(from: &Slot, to: &Slot, local: bool) -> Option<u32> {
    use Held::{Bool, Constant, Float, FloatConstant, Local, Long, LongConstant, Memory, Object};
    match (from.held, to.held) {
        (from, to) if from == to => Some(0),
        (Float(_), Float(_)) | (Long(_), Long(_)) | (Bool(_), Bool(_)) => Some(1),
        (LongConstant(_), Long(_)) | (FloatConstant(_), Float(_)) => Some(LOSS),
        (Object { owned: a, .. }, Object { owned: b, .. }) if a == b => Some(1),
        (Object { owned: false, .. } | Local(_) | Constant(_), Object { owned: true, .. }) => {
            Some(LOSS)
        }
        (Object { .. } | Local(_) | Constant(_), Memory) => Some(LOSS),
        (Float(_) | Long(_) | Bool(_) | FloatConstant(_) | LongConstant(_), Memory) => {
            if local && from.behind == Behind::Same {
                Some(LOSS)
            } else {
                Some(BOX)
            }
        }
        _ => None,
    }
}

/// The same context with numbers whose value is known turned into numbers in registers, so that
/// a loop closes on it.
pub fn generalise(context: &Context) -> Context {
    let mut context = context.clone();
    let mut taken: HashSet<Loc> = context
        .locals
        .iter()
        .chain(&context.stack)
        .filter_map(|slot| location(&slot.held))
        .collect();
    for slot in context.locals.iter_mut().chain(&mut context.stack) {
        slot.held = match slot.held {
            Held::LongConstant(value) => match free(&mut taken, GPRS.map(|r| Loc::Gpr(Gpr(r)))) {
                Some(at) => Held::Long(at),
                None => Held::LongConstant(value),
            },
            Held::FloatConstant(bits) => match free(&mut taken, XMMS.map(|x| Loc::Xmm(Xmm(x)))) {
                Some(at) => Held::Float(at),
                None => Held::FloatConstant(bits),
            },
            held => held,
        };
    }
    context
}

/// Registers that loops keep numbers in: those that survive calls first.
const GPRS: [u8; 7] = [3, 14, 15, 6, 7, 8, 9];
const XMMS: [u8; 8] = [8, 9, 10, 11, 12, 13, 14, 7];

fn free<const N: usize>(taken: &mut HashSet<Loc>, places: [Loc; N]) -> Option<Loc> {
    places.into_iter().find(|&at| taken.insert(at))
}

fn location(held: &Held) -> Option<Loc> {
    match *held {
        Held::Object { at, .. } | Held::Float(at) | Held::Long(at) | Held::Bool(at) => Some(at),
        _ => None,
    }
}
