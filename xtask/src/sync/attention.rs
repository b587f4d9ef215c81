//! What a person must look at after a sync.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cevalry_model::data::{Linkage, Upstream};
use cevalry_model::vocab;

use super::data::Needs;
use super::report::{Attention, Kind};
use crate::ctext;
use crate::lifted::Lifted;
use crate::release::Release;
use crate::vocabulary::Tables;

/// Place and hash of every function that the runtime mirrors, as far as this tree has it.
pub fn mirrored(tree: &Path, tables: &Tables) -> Result<BTreeMap<String, Upstream>> {
    let mut found = BTreeMap::new();
    for (name, mirrored) in &tables.mirrored.functions {
        for file in &mirrored.files {
            let path = tree.join(file);
            if !path.is_file() {
                continue;
            }
            let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
            if let Some(upstream) = ctext::definition(file, &text, name) {
                found.insert(name.clone(), upstream);
                break;
            }
        }
    }
    Ok(found)
}

/// Macros, mirrored functions and symbols that nobody has looked at yet.
pub fn of_vocabulary(
    release: Release,
    lifted: &Lifted,
    needs: &Needs,
    mirrored: &BTreeMap<String, Upstream>,
    tables: &Tables,
) -> Vec<Attention> {
    let mut list = Vec::new();
    for (name, upstream) in &lifted.macros {
        let known = tables.macros.macros.get(name);
        if !known.is_some_and(|hashes| hashes.contains(&upstream.hash)) {
            let what = if known.is_some() { "changed" } else { "is new" };
            list.push(Attention {
                kind: Kind::Macro,
                name: name.clone(),
                text: format!(
                    "{}:{}: its definition {what}; compare it with the primitive in src/emit/ and \
                     add {} to templates/vocabulary/macros.toml",
                    upstream.file, upstream.line, upstream.hash
                ),
            });
        }
    }
    for (name, upstream) in mirrored {
        if !tables.mirrored.functions[name]
            .hashes
            .contains(&upstream.hash)
        {
            list.push(Attention {
                kind: Kind::Mirrored,
                name: name.clone(),
                text: format!(
                    "{}:{}: its text changed; compare it with the stand-in in src/ and add {} to \
                     templates/vocabulary/mirrored.toml",
                    upstream.file, upstream.line, upstream.hash
                ),
            });
        }
    }
    for name in needs.symbols() {
        symbol(&mut list, name, release, lifted, tables);
    }
    list.sort();
    list
}

fn symbol(
    list: &mut Vec<Attention>,
    name: &str,
    release: Release,
    lifted: &Lifted,
    tables: &Tables,
) {
    let function = lifted.functions.get(name).map(|f| f.linkage);
    let linkage = function.or_else(|| lifted.globals.get(name).map(|g| g.linkage));
    let minor = release.minor();
    let known = tables
        .hidden
        .symbols
        .get(name)
        .is_some_and(|minors| minors.contains(&minor));
    let mirrored = tables.mirrored.functions.contains_key(name);
    if linkage.is_some_and(|linkage| linkage != Linkage::Exported) && !known && !mirrored {
        list.push(Attention {
            kind: Kind::Hidden,
            name: name.to_owned(),
            text: format!(
                "libpython {minor} does not export it, so opcodes that need it are left to the \
                 interpreter; write a stand-in (templates/vocabulary/mirrored.toml), or accept \
                 that by adding \"{minor}\" to templates/vocabulary/hidden.toml"
            ),
        });
    }
    let listed = tables.functions.functions.contains_key(name) || vocab::find(name).is_some();
    if function.is_some() && !listed {
        list.push(Attention {
            kind: Kind::Unknown,
            name: name.to_owned(),
            text: "its effect is not known, so it counts as running any Python code; add it to \
                   templates/vocabulary/functions.toml"
                .to_owned(),
        });
    }
}
