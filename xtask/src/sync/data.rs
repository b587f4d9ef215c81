//! Merging one release's data into that of its minor release.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use cevalry_model::data::{self, Opcode, Upstream};
use cevalry_model::vocab;

use super::jumps::jumps;
use super::pack::{PerRelease, pack, unpack};
use crate::lifted::{Lifted, LiftedOpcode, Outcome};
use crate::minor::MinorData;
use crate::release::Release;
use crate::used::Used;

/// What the templates of a release and the runtime use.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    /// C functions and variables, by opcode.
    pub opcodes: BTreeMap<String, BTreeSet<String>>,
    pub structs: BTreeSet<String>,
}

impl Needs {
    /// `bodies`: opcode to what its template names.
    pub fn of(bodies: &BTreeMap<String, Used>) -> Self {
        let mut needs = Self::default();
        for (opcode, used) in bodies {
            let functions = used.calls.iter().filter(|name| vocab::find(name).is_none());
            let symbols: BTreeSet<String> = functions.chain(&used.symbols).cloned().collect();
            needs.structs.extend(used.structs.iter().cloned());
            needs.opcodes.insert(opcode.clone(), symbols);
        }
        needs
    }

    /// Every C function and variable that some opcode needs.
    pub fn symbols(&self) -> BTreeSet<&String> {
        self.opcodes.values().flatten().collect()
    }
}

/// The data with that of `release` replaced.
pub fn merge(
    existing: &MinorData,
    release: Release,
    lifted: &Lifted,
    needs: &Needs,
    mirrored: BTreeMap<String, Upstream>,
) -> Result<MinorData> {
    let name = release.to_string();
    let others: Vec<Release> = existing
        .releases()?
        .into_iter()
        .filter(|other| *other != release)
        .collect();
    let newest = others.last().is_none_or(|other| *other < release);

    let mut left: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for (opcode, entry) in &existing.opcodes.opcodes {
        let kept = entry.left.iter().filter(|(of, _)| **of != name);
        left.entry(opcode.clone())
            .or_default()
            .extend(kept.map(|(of, why)| (of.clone(), why.clone())));
    }
    for (opcode, lifted) in &lifted.opcodes {
        if let Outcome::Left { reason, file, line } = &lifted.outcome {
            left.entry(opcode.clone())
                .or_default()
                .insert(name.clone(), format!("{reason} ({file}:{line})"));
        }
    }

    let symbols = needs.symbols();
    let mut sources = existing.sources.clone();
    sources
        .releases
        .insert(name.clone(), source_entry(lifted, mirrored));
    let new = MinorData {
        opcodes: {
            let mut all = unpack(
                &existing.opcodes.opcodes,
                &existing.opcodes.differs,
                others.iter().copied(),
            );
            // Reasons stand by release in the common entry.
            for entry in all.values_mut().flat_map(BTreeMap::values_mut) {
                entry.left.clear();
            }
            all.insert(release, opcodes(lifted, needs));
            let (mut opcodes, differs) = pack(&all);
            for (opcode, entry) in &mut opcodes {
                entry.left = left.remove(opcode).unwrap_or_default();
            }
            data::Opcodes {
                opcodes,
                differs,
                roles: if newest {
                    lifted.roles.clone()
                } else {
                    existing.opcodes.roles.clone()
                },
            }
        },
        layouts: {
            let (structs, differs) = repack(
                &existing.layouts.structs,
                &existing.layouts.differs,
                &others,
                release,
                lifted.structs.clone(),
            );
            data::Layouts { structs, differs }
        },
        functions: {
            let (functions, differs) = repack(
                &existing.functions.functions,
                &existing.functions.differs,
                &others,
                release,
                only(&lifted.functions, &symbols),
            );
            let (globals, globals_differ) = repack(
                &existing.functions.globals,
                &existing.functions.globals_differ,
                &others,
                release,
                only(&lifted.globals, &symbols),
            );
            data::Functions {
                functions,
                globals,
                differs,
                globals_differ,
            }
        },
        sources,
    };
    Ok(new)
}

fn repack<T: Clone + PartialEq>(
    common: &BTreeMap<String, T>,
    differs: &data::Differs<T>,
    others: &[Release],
    release: Release,
    entries: BTreeMap<String, T>,
) -> (BTreeMap<String, T>, data::Differs<T>) {
    let mut all: PerRelease<T> = unpack(common, differs, others.iter().copied());
    all.insert(release, entries);
    pack(&all)
}

fn only<T: Clone>(entries: &BTreeMap<String, T>, names: &BTreeSet<&String>) -> BTreeMap<String, T> {
    entries
        .iter()
        .filter(|(name, _)| names.contains(name))
        .map(|(name, entry)| (name.clone(), entry.clone()))
        .collect()
}

fn opcodes(lifted: &Lifted, needs: &Needs) -> BTreeMap<String, Opcode> {
    let entry = |(name, opcode): (&String, &LiftedOpcode)| {
        let entry = Opcode {
            number: opcode.number,
            base: opcode.base.clone(),
            caches: opcode.caches,
            outside: match &opcode.outcome {
                Outcome::Outside(why) => Some(why.clone()),
                Outcome::Template(_) | Outcome::Left { .. } => None,
            },
            needs: needs
                .opcodes
                .get(name)
                .map(|symbols| symbols.iter().cloned().collect())
                .unwrap_or_default(),
            jumps: opcode
                .template()
                .map(|template| jumps(&template.body))
                .unwrap_or_default(),
            left: BTreeMap::new(),
        };
        (name.clone(), entry)
    };
    lifted.opcodes.iter().map(entry).collect()
}

fn source_entry(lifted: &Lifted, mirrored: BTreeMap<String, Upstream>) -> data::Release {
    data::Release {
        opcodes: lifted
            .opcodes
            .iter()
            .map(|(name, opcode)| (name.clone(), opcode.upstream.clone()))
            .collect(),
        macros: lifted.macros.clone(),
        inlined: lifted.inlined.clone(),
        mirrored,
    }
}
