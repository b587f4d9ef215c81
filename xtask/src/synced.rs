//! A synced release, as the repository has it.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use cevalry_model::data::{Opcode, Release as Sources, of_release};

use crate::minor::{self, MinorData};
use crate::release::Release;
use crate::repo::Repo;

/// The data of one patch release.
#[derive(Clone, Debug)]
pub struct SyncedRelease {
    pub release: Release,
    pub opcodes: BTreeMap<String, Opcode>,
    pub sources: Sources,
}

impl SyncedRelease {
    /// Every synced release, oldest first.
    pub fn all(repo: &Repo) -> Result<Vec<Self>> {
        let mut all = Vec::new();
        for minor in minor::synced(repo)? {
            let data = MinorData::load(repo, &minor)?;
            for release in data.releases()? {
                let name = release.to_string();
                let mut opcodes = of_release(&data.opcodes.opcodes, &data.opcodes.differs, &name);
                // The common entries hold the reasons of all releases.
                for (opcode, entry) in &mut opcodes {
                    if let Some(common) = data.opcodes.opcodes.get(opcode) {
                        entry.left.clone_from(&common.left);
                    }
                }
                all.push(Self {
                    release,
                    opcodes,
                    sources: data
                        .sources
                        .releases
                        .get(&name)
                        .cloned()
                        .unwrap_or_default(),
                });
            }
        }
        all.sort_by_key(|synced| synced.release);
        Ok(all)
    }

    /// One synced release, or the list of those that there are.
    pub fn find(repo: &Repo, release: &Release) -> Result<Self> {
        let mut all = Self::all(repo)?;
        if let Some(at) = all.iter().position(|synced| synced.release == *release) {
            return Ok(all.swap_remove(at));
        }
        let names: Vec<String> = all.iter().map(|s| s.release.to_string()).collect();
        bail!(
            "{release} has not been synced; there are {}. Run `cargo xtask sync-cpython {release}` first",
            names.join(", ")
        );
    }

    /// Why an opcode has no template.
    pub fn reason(&self, opcode: &Opcode) -> String {
        if let Some(outside) = &opcode.outside {
            return format!("the interpreter's own: {outside}");
        }
        opcode
            .left
            .get(&self.release.to_string())
            .cloned()
            .unwrap_or_else(|| "it has no template".to_owned())
    }

    /// `Python/generated_cases.c.h:123`
    pub fn place(&self, opcode: &str) -> String {
        match self.sources.opcodes.get(opcode) {
            Some(upstream) => format!("{}:{}", upstream.file, upstream.line),
            None => "no place upstream".to_owned(),
        }
    }
}
