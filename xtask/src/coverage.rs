//! `cargo xtask coverage`: how many opcodes of each release are derived.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::ExitCode;

use anyhow::Result;
use serde::Serialize;

use crate::output;
use crate::repo::Repo;
use crate::synced::SyncedRelease;
use crate::templates::Templates;

/// Count derived, overridden and left opcodes of each synced release.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Serialize)]
struct Coverage {
    releases: BTreeMap<String, ReleaseCoverage>,
}

/// Instrumented, adaptive, cache and reserved opcodes do not count.
#[derive(Debug, Default, Serialize)]
struct ReleaseCoverage {
    opcodes: usize,
    derived: usize,
    overridden: usize,
    left: Vec<Left>,
}

#[derive(Debug, Serialize)]
struct Left {
    opcode: String,
    reason: String,
}

pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let templates = Templates::load(repo)?;
    let all = SyncedRelease::all(repo)?;
    let coverages: Vec<(String, ReleaseCoverage)> = all
        .iter()
        .map(|synced| (synced.release.to_string(), of_release(synced, &templates)))
        .collect();
    if args.json {
        let coverage = Coverage {
            releases: coverages.into_iter().collect(),
        };
        output::print(&(serde_json::to_string_pretty(&coverage)? + "\n"))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut text = "release      opcodes  derived  overridden  left\n".to_owned();
    for (release, coverage) in &coverages {
        let percent = 100.0 * coverage.derived as f64 / coverage.opcodes.max(1) as f64;
        writeln!(
            text,
            "{release:<12} {:>7} {:>8} {:>11} {:>5}   {percent:.1}% derived",
            coverage.opcodes,
            coverage.derived,
            coverage.overridden,
            coverage.left.len()
        )?;
    }
    for (release, coverage) in &coverages {
        for left in &coverage.left {
            writeln!(
                text,
                "{release}: {} is left to the interpreter: {}",
                left.opcode, left.reason
            )?;
        }
    }
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

fn of_release(synced: &SyncedRelease, templates: &Templates) -> ReleaseCoverage {
    let release = synced.release.to_string();
    let of_release = templates.of_release(&release);
    let mut coverage = ReleaseCoverage::default();
    for (name, opcode) in &synced.opcodes {
        if opcode.outside.is_some() {
            continue;
        }
        coverage.opcodes += 1;
        if templates.override_of(name, &release).is_some() {
            coverage.overridden += 1;
        } else if of_release.contains_key(name.as_str()) {
            coverage.derived += 1;
        } else {
            coverage.left.push(Left {
                opcode: name.clone(),
                reason: synced.reason(opcode),
            });
        }
    }
    coverage
}
