//! What reading one release gives: the lifter makes it, the other commands use it.

use std::collections::BTreeMap;

use cevalry_model::ast::Template;
use cevalry_model::data::{Function, Global, Roles, Struct, Upstream};

/// Everything derived from one source tree, before it is merged into the repository.
#[derive(Clone, Debug, Default)]
pub struct Lifted {
    /// By name.
    pub opcodes: BTreeMap<String, LiftedOpcode>,
    pub roles: Roles,
    /// Vocabulary macros that the switch uses: place and hash of their definitions.
    pub macros: BTreeMap<String, Upstream>,
    /// Static inline functions and static functions of `ceval.c` that were inlined.
    pub inlined: BTreeMap<String, Upstream>,
    /// Prototypes of all functions that templates call.
    pub functions: BTreeMap<String, Function>,
    /// All global variables that templates name.
    pub globals: BTreeMap<String, Global>,
    /// Layouts of all structs that templates name, or that were asked for.
    pub structs: BTreeMap<String, Struct>,
}

#[derive(Clone, Debug)]
pub struct LiftedOpcode {
    pub number: u8,
    /// The opcode that this one de-specialises to; itself for a generic member.
    pub base: String,
    /// Code units of inline cache behind the instruction.
    pub caches: u8,
    /// Where the body stands, and the hash of its text.
    pub upstream: Upstream,
    pub outcome: Outcome,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    /// `releases` is empty; whoever merges the template fills it in.
    Template(Template),
    /// The opcode belongs to the interpreter: `instrumented`, `adaptive`, `cache`, `reserved`.
    Outside(String),
    /// It could not be derived.
    Left {
        reason: String,
        file: String,
        line: u32,
    },
}
