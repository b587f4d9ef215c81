//! Reading a source tree: everything that a sync takes from it.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use cevalry_model::data::{Roles, Upstream};

use crate::c::parse::Unit;
use crate::c::preprocess::preprocess;
use crate::c::types::Types;
use crate::lifted::{Lifted, LiftedOpcode, Outcome};
use crate::opcode_tables;
use crate::vocabulary::Tables;

/// Lifts the release in `tree`.
pub fn derive(tree: &Path, tables: &Tables) -> Result<Lifted> {
    let unit = Unit::parse(preprocess(tree)?)?;
    let types = Types::collect(&unit);
    let mut lifted = Lifted::default();
    for (name, entry) in opcode_tables::read(tree)? {
        let opcode = LiftedOpcode {
            number: entry.number,
            base: entry.base,
            caches: entry.caches,
            upstream: Upstream::default(),
            outcome: Outcome::Left {
                reason: "not lifted yet".to_owned(),
                file: "Python/ceval.c".to_owned(),
                line: 1,
            },
        };
        lifted.opcodes.insert(name, opcode);
    }
    let layouts = tables
        .structs
        .structs
        .iter()
        .filter_map(|name| types.layout(name).map(|layout| (name.clone(), layout)));
    lifted.structs = layouts.collect::<BTreeMap<_, _>>();
    lifted.roles = Roles::default();
    Ok(lifted)
}
