//! What makes compiled code fast, with a switch for each: to measure what each is worth.
//!
//! All are on unless `CEVALRY_WITHOUT` names them. Where one is off, its place does what it would do
//! where the mechanism does not apply, so that programs run as they do otherwise. What cannot be
//! switched at one place is not here: `docs/performance.md` names it.

use std::fmt::Write;
use std::sync::atomic::{AtomicU64, Ordering};

/// The environment variable with the names of what to do without, separated by commas.
pub const VARIABLE: &str = "CEVALRY_WITHOUT";

/// A mechanism, in the order of [`ALL`].
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Mechanism {
    UnboxedFloats,
    UnboxedInts,
    UnboxedBools,
    PendingIncrements,
    PendingSlices,
    Overwriting,
    Members,
    Matching,
    Supposing,
    ForeseenBranches,
    NumberFunctions,
    Subscripts,
    Iterators,
    Unpacking,
    GlobalsInPlace,
    PushedFrames,
    KnownCode,
    FramelessCalls,
    Initializers,
    Operators,
    InstanceStandIns,
    OperatorStandIns,
    InstanceDrops,
    AttributeAnswers,
    AttributesInPlace,
    InstanceChecks,
    SteadyWords,
    FreshInstances,
    FreeFloats,
    Generators,
    MainLoops,
    Patience,
    Needs,
    Alignment,
    ImmortalHints,
}

use Mechanism::*;

/// Every mechanism: its name, and what it is and where.
pub const ALL: [(Mechanism, &str, &str); 35] = [
    (
        UnboxedFloats,
        "unboxed-floats",
        "floats stay unboxed from one instruction to the next (src/emit/at_once.rs)",
    ),
    (
        UnboxedInts,
        "unboxed-ints",
        "so do ints (src/emit/at_once.rs)",
    ),
    (
        UnboxedBools,
        "unboxed-bools",
        "so do the outcomes of comparisons (src/emit/at_once.rs)",
    ),
    (
        PendingIncrements,
        "pending-increments",
        "increments of counts wait for their decrements beyond the instruction (src/emit/at_once.rs)",
    ),
    (
        PendingSlices,
        "pending-slices",
        "slices are their bounds until an object is needed (src/emit/slices.rs)",
    ),
    (
        Overwriting,
        "overwriting",
        "numbers that only one local has are overwritten in place (src/emit/helpers.rs)",
    ),
    (
        Members,
        "members",
        "members of families are compiled in place of the generic member (src/jit/choose.rs)",
    ),
    (
        Matching,
        "matching",
        "so are members that the interpreter has not installed (src/jit/choose.rs)",
    ),
    (
        Supposing,
        "supposing",
        "operands are taken for what they are while the block is compiled (src/emit/suppose.rs)",
    ),
    (
        ForeseenBranches,
        "foreseen-branches",
        "so are the conditions of branches inside an instruction (src/emit/sight.rs)",
    ),
    (
        NumberFunctions,
        "number-functions",
        "C functions on numbers have forms without objects (src/emit/intrinsics.rs)",
    ),
    (
        Subscripts,
        "subscripts",
        "so have those on subscripts of lists, tuples and arrays (src/emit/subscripts.rs)",
    ),
    (
        Iterators,
        "iterators",
        "items of known iterators are taken in place (src/emit/iterators.rs)",
    ),
    (
        Unpacking,
        "unpacking",
        "lists and tuples are unpacked in place (src/emit/unpacking.rs)",
    ),
    (
        GlobalsInPlace,
        "globals-in-place",
        "globals that no cache holds are loaded in place (src/emit/globals.rs)",
    ),
    (
        PushedFrames,
        "pushed-frames",
        "frames of functions that are called are pushed in place (src/emit/pushing.rs)",
    ),
    (
        KnownCode,
        "known-code",
        "a callee that is compiled is told by its code object (src/emit/mentions.rs)",
    ),
    (
        FramelessCalls,
        "frameless-calls",
        "small callees run without frames where they can (src/emit/frameless.rs)",
    ),
    (
        Initializers,
        "initializers",
        "frames of `__init__` are pushed in place (src/emit/instances.rs)",
    ),
    (
        Operators,
        "operators",
        "so are those of operators' and subscripts' methods (src/emit/methods.rs)",
    ),
    (
        InstanceStandIns,
        "instance-stand-ins",
        "calls of classes lead straight to `__init__` (src/jit/standins/instances.rs)",
    ),
    (
        OperatorStandIns,
        "operator-stand-ins",
        "operators and subscripts lead straight to methods (src/jit/standins/operators.rs)",
    ),
    (
        InstanceDrops,
        "instance-drops",
        "instances of classes written in Python are freed here (src/jit/standins/drops.rs)",
    ),
    (
        AttributeAnswers,
        "attribute-answers",
        "where attributes are is remembered by class (src/jit/standins/attributes.rs)",
    ),
    (
        AttributesInPlace,
        "attributes-in-place",
        "attributes of more classes than the interpreter specialises for (src/emit/attributes.rs)",
    ),
    (
        InstanceChecks,
        "instance-checks",
        "what `isinstance` answers is known from both classes (src/emit/isinstance.rs)",
    ),
    (
        SteadyWords,
        "steady-words",
        "what a guard has found in memory is not asked again before arbitrary code runs (src/emit/words.rs)",
    ),
    (
        FreshInstances,
        "fresh-instances",
        "a small `__init__` runs without a frame, knowing what a new object holds (src/emit/fresh.rs)",
    ),
    (
        FreeFloats,
        "free-floats",
        "floats are made and freed through the interpreter's list of free ones (src/jit/floats.rs)",
    ),
    (
        Generators,
        "generators",
        "generators and coroutines are resumed at once (src/emit/suspend.rs, src/entry/slots.rs)",
    ),
    (
        MainLoops,
        "main-loops",
        "functions of the main module with loops wait for no samples (src/entry/policy.rs)",
    ),
    (
        Patience,
        "patience",
        "the interpreter gets to specialise first (src/jit/maturity.rs)",
    ),
    (
        Needs,
        "needs",
        "values that are not needed any more lose their registers (src/emit/keep.rs)",
    ),
    (
        Alignment,
        "alignment",
        "instructions on counts stand at odd addresses (src/emit/asm.rs)",
    ),
    (
        ImmortalHints,
        "immortal-hints",
        "counting what seems to live forever is out of line (src/emit/sight.rs)",
    ),
];

/// A bit for each mechanism that is off.
static OFF: AtomicU64 = AtomicU64::new(0);

impl Mechanism {
    /// Whether nobody has switched it off.
    #[inline]
    pub fn is_on(self) -> bool {
        OFF.load(Ordering::Relaxed) & self.bit() == 0
    }

    const fn bit(self) -> u64 {
        1 << self as u32
    }
}

/// Whether everything is on.
#[inline]
pub fn all_on() -> bool {
    OFF.load(Ordering::Relaxed) == 0
}

/// Switches off what the environment says. The error is a sentence about a name that is not known.
pub fn obey_environment() -> Result<(), String> {
    let Some(names) = std::env::var_os(VARIABLE) else {
        return Ok(());
    };
    let off = off(&names.to_string_lossy())?;
    OFF.store(off, Ordering::Relaxed);
    Ok(())
}

fn off(names: &str) -> Result<u64, String> {
    let names = names.split(',').map(str::trim);
    let mut off = 0;
    for name in names.filter(|name| !name.is_empty()) {
        let found = ALL.iter().find(|(_, known, _)| *known == name);
        let Some((mechanism, _, _)) = found else {
            return Err(unknown(name));
        };
        off |= mechanism.bit();
    }
    Ok(off)
}

fn unknown(name: &str) -> String {
    let mut text = format!("{VARIABLE} knows no mechanism {name:?}, only ");
    for (i, (_, known, _)) in ALL.iter().enumerate() {
        let before = match i {
            0 => "",
            _ if i + 1 == ALL.len() => " and ",
            _ => ", ",
        };
        write!(text, "{before}{known}").expect("writing to a string");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{ALL, off};

    #[test]
    fn the_list_is_in_the_order_of_the_bits() {
        for (i, (mechanism, name, _)) in ALL.iter().enumerate() {
            assert_eq!(*mechanism as usize, i, "{name}");
        }
    }

    #[test]
    fn names_are_separated_by_commas() {
        assert_eq!(off(""), Ok(0));
        assert_eq!(off("unboxed-floats"), Ok(1));
        assert_eq!(off(" unboxed-ints , unboxed-floats,"), Ok(3));
    }

    #[test]
    fn what_is_not_known_is_refused_with_what_is() {
        let why = off("unboxed-ints,boxes").unwrap_err();
        let start = "CEVALRY_WITHOUT knows no mechanism \"boxes\", only unboxed-floats, ";
        assert!(why.starts_with(start), "{why}");
        assert!(why.ends_with(", alignment and immortal-hints"), "{why}");
    }
}
