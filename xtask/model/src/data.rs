//! The data of a minor release: the files of `cpython-versions/<minor>/`.
//!
//! Maps are ordered, so that what is written depends on what was read and nothing else.
//!
//! A folder covers all synced patch releases of a minor release. Its maps hold the entries of
//! all of them, each as the newest release has it; where an older one differs, `differs` says so.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// How the entries of one patch release differ from the common ones.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(bound(deserialize = "T: Deserialize<'de>"))]
pub struct Differences<T> {
    /// Entries that this release has otherwise.
    #[serde(default = "BTreeMap::new", skip_serializing_if = "BTreeMap::is_empty")]
    pub changed: BTreeMap<String, T>,
    /// Entries that this release does not have or use.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub absent: BTreeSet<String>,
}

impl<T> Default for Differences<T> {
    fn default() -> Self {
        Self {
            changed: BTreeMap::new(),
            absent: BTreeSet::new(),
        }
    }
}

/// By release, for those that differ.
pub type Differs<T> = BTreeMap<String, Differences<T>>;

/// The entries of one patch release.
pub fn of_release<T: Clone>(
    common: &BTreeMap<String, T>,
    differs: &Differs<T>,
    release: &str,
) -> BTreeMap<String, T> {
    let mut entries = common.clone();
    if let Some(differences) = differs.get(release) {
        entries.retain(|name, _| !differences.absent.contains(name));
        entries.extend(differences.changed.clone());
    }
    entries
}

/// `opcodes.toml`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Opcodes {
    pub opcodes: BTreeMap<String, Opcode>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub differs: Differs<Opcode>,
    pub roles: Roles,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Opcode {
    pub number: u8,
    /// The opcode that this one de-specialises to; itself for a generic member.
    pub base: String,
    /// Code units of inline cache behind the instruction.
    pub caches: u8,
    /// Why the opcode has no template: `instrumented`, `adaptive`, `cache`, `reserved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outside: Option<String>,
    /// C functions and variables that the opcode's template uses, vocabulary aside.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// Where its argument makes it jump.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub jumps: BTreeSet<Jump>,
    /// Why the opcode could not be derived, with the upstream place, by release.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub left: BTreeMap<String, String>,
}

/// A direction.
#[derive(Clone, Copy, Debug, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Jump {
    Forward,
    Backward,
}

/// Opcodes that the decoder must know by what they do, found in the sources.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Roles {
    /// Extends the argument of the next instruction.
    pub extended_arg: u8,
    /// Inline cache.
    pub cache: u8,
    /// Opcodes (generic members) that jump backwards; empty where direction lies in the argument.
    pub backward_jumps: Vec<u8>,
    /// Makes the frame's generator.
    pub return_generator: u8,
    /// Starts a function or resumes a generator.
    pub resume: u8,
}

/// `layouts.toml`
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Layouts {
    pub structs: BTreeMap<String, Struct>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub differs: Differs<Struct>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Struct {
    pub size: u64,
    pub align: u64,
    pub fields: BTreeMap<String, Field>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Field {
    /// Bytes from the start of the struct, members of anonymous structs included.
    pub offset: u64,
    /// A scalar in the template language's spelling (`i32`, `object`, `*object`), `struct NAME`,
    /// or for an array member `[TYPE; N]`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Bit fields: first bit in the scalar at `offset`, and width.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<(u8, u8)>,
}

/// `functions.toml`: every C function that templates of this release call.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Functions {
    pub functions: BTreeMap<String, Function>,
    pub globals: BTreeMap<String, Global>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub differs: Differs<Function>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub globals_differ: Differs<Global>,
}

#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Function {
    /// `fn(object, object) -> object`; `fn(object, ...) -> object` where variadic.
    pub signature: String,
    /// `exported`, `hidden` (declared, not exported) or `static` in `ceval.c`.
    pub linkage: Linkage,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Linkage {
    Exported,
    Hidden,
    Static,
}

/// A C variable that templates take the address of.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Global {
    /// As in [`Field::ty`].
    #[serde(rename = "type")]
    pub ty: String,
    pub linkage: Linkage,
}

/// `sources.toml`: what the data was read from.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Sources {
    pub releases: BTreeMap<String, Release>,
}

/// One synced release.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Release {
    /// Opcode to the place and hash of its upstream text.
    pub opcodes: BTreeMap<String, Upstream>,
    /// The same for vocabulary macros, inlined functions and mirrored functions.
    pub macros: BTreeMap<String, Upstream>,
    pub inlined: BTreeMap<String, Upstream>,
    pub mirrored: BTreeMap<String, Upstream>,
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Upstream {
    pub file: String,
    pub line: u32,
    /// SHA-256 of the text, white space folded and comments removed.
    pub hash: String,
}

/// What running a C function may do, each including the ones before it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// Reads only.
    Pure,
    /// Allocates, or changes counts and memory, without raising.
    Allocates,
    /// May set an exception; runs no Python code.
    Raises,
    /// May run arbitrary Python code.
    #[default]
    Escapes,
}

/// `templates/vocabulary/functions.toml`: written by hand. A function that is not in it escapes,
/// takes over none of its arguments, and gives a new reference if it gives an object.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Vocabulary {
    pub functions: BTreeMap<String, FunctionEffect>,
    /// Where a minor release differs, by its name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub minors: BTreeMap<String, BTreeMap<String, FunctionEffect>>,
    /// Minor release to opcodes whose references upstream itself counts wrong on some path, or in a
    /// way that the check cannot follow, and why.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub deviations: BTreeMap<String, BTreeMap<String, String>>,
}

impl Vocabulary {
    /// The deviations of one minor release of Python 3.
    pub fn deviations_of(&self, minor: u8) -> BTreeMap<String, String> {
        let found = self.deviations.get(&format!("3.{minor}"));
        found.cloned().unwrap_or_default()
    }

    /// What holds for one minor release of Python 3.
    pub fn of_minor(mut self, minor: u8) -> Self {
        if let Some(differing) = self.minors.remove(&format!("3.{minor}")) {
            self.functions.extend(differing);
        }
        self
    }
}

#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FunctionEffect {
    pub effect: Effect,
    /// Arguments whose reference the function takes over, by position.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steals: Vec<usize>,
    /// The result is borrowed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub borrowed: bool,
}

/// `templates/vocabulary/runtime.toml`: written by hand. What the runtime itself needs of a
/// release, beside what templates use.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeNeeds {
    /// C functions and variables.
    pub symbols: Vec<String>,
    /// Members that never change after the object was made, as `Struct.member`.
    pub immutable: Vec<String>,
    /// Members inside members that the runtime uses, as `Struct.member.inner`; each becomes the
    /// constant `layout::Struct::member__inner` where the release has it.
    pub members: Vec<String>,
    /// Static objects whose address the interpreter tells, as `variable.member.inner`: the array of
    /// small ints. What stands under the same `variable.member` moves with it between patch
    /// releases.
    #[serde(default)]
    pub anchors: Vec<String>,
    /// By minor release, as `3.13`: the oldest patch release that is served, where it is older than
    /// the oldest that was read.
    #[serde(default)]
    pub older: BTreeMap<String, u8>,
}

impl RuntimeNeeds {
    /// The oldest patch release of a minor release that is served; `read` are those that were read.
    pub fn oldest_patch(&self, minor: u8, read: impl Iterator<Item = u8>) -> u8 {
        let older = self.older.get(&format!("3.{minor}")).copied();
        read.chain(older).min().unwrap_or_default()
    }
}
