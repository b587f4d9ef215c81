//! The hand-written tables in `templates/vocabulary/`.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cevalry_model::data::{RuntimeNeeds, Vocabulary};
use serde::Deserialize;

use crate::minor::read;
use crate::repo::Repo;

/// What is known by hand, and what a sync compares upstream with.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// `functions.toml`: effects of C functions.
    pub functions: Vocabulary,
    /// `macros.toml`: the definitions that the primitives of the same names stand for.
    pub macros: Macros,
    /// `mirrored.toml`: functions that have a stand-in in the runtime.
    pub mirrored: MirroredFunctions,
    /// `hidden.toml`: functions that templates call although libpython hides them.
    pub hidden: Hidden,
    /// `runtime.toml`: symbols and members that the runtime uses.
    pub needs: RuntimeNeeds,
    /// `runtime_structs.toml`: structs that the runtime uses.
    pub structs: RuntimeStructs,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Macros {
    /// Macro to the hashes of the texts that its primitive has been compared with.
    pub macros: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MirroredFunctions {
    pub functions: BTreeMap<String, Mirrored>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mirrored {
    /// Upstream files that the function may stand in.
    pub files: Vec<String>,
    /// Hashes of the texts that the stand-in does the same as.
    pub hashes: BTreeSet<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hidden {
    /// Function or variable to the minor releases that are known to hide it. Opcodes that need it
    /// are left to the interpreter there, unless the runtime finds another way.
    pub symbols: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuntimeStructs {
    /// Typedef names or tags, as templates spell them. A release may lack some.
    pub structs: Vec<String>,
}

impl Tables {
    pub fn load(repo: &Repo) -> Result<Self> {
        let folder = repo.vocabulary();
        Ok(Self {
            functions: read(&folder.join("functions.toml"))?,
            macros: read(&folder.join("macros.toml"))?,
            mirrored: read(&folder.join("mirrored.toml"))?,
            hidden: read(&folder.join("hidden.toml"))?,
            needs: read(&folder.join("runtime.toml"))?,
            structs: read(&folder.join("runtime_structs.toml"))?,
        })
    }
}
