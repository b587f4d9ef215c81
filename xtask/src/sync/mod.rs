//! `cargo xtask sync-cpython`: derive templates and data from a CPython release.

mod attention;
mod data;
mod derive;
mod jumps;
mod merge;
mod pack;
mod plan;
mod report;
mod unsupported;
mod vet;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Result, bail};
use serde::{Deserialize, Serialize};

use crate::minor::read_or_default;
use crate::output;
use crate::release::Release;
use crate::repo::Repo;
use crate::source::{Downloads, PYTHON_ORG, Sha256Text, Source, SourceError};
use crate::templates::Templates;
use crate::toml_text;
use crate::vocabulary::Tables;

use plan::Plan;
use report::FileReport;

/// Derive templates and data from a CPython release.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The release, such as 3.13.5 or 3.15.0rc1.
    pub version: Release,
    /// An unpacked source tree, or a .tgz or .tar.xz archive of one, instead of a download.
    #[arg(long, value_name = "DIR|TARBALL")]
    pub source: Option<PathBuf>,
    /// Write nothing; exit with 1 and the list of files that would change.
    #[arg(long)]
    pub check: bool,
    /// SHA-256 of Python-VERSION.tar.xz as published, for a release without a recorded one.
    #[arg(long, value_name = "HEX", conflicts_with = "source")]
    pub sha256: Option<Sha256Text>,
    /// Where to download from, as python.org lays it out.
    #[arg(long, value_name = "URL", default_value = PYTHON_ORG, conflicts_with = "source")]
    pub mirror: String,
    /// Report as JSON.
    #[arg(long)]
    pub json: bool,
}

/// `cpython-versions/archives.toml`: hashes of the archives as published, by release. Recorded
/// when a release is first downloaded.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Archives {
    sha256: BTreeMap<String, String>,
}

const ARCHIVES: &str = "archives.toml";

/// Exit code 0: done. 1: failed, or `--check` found differences. 3: done, and a person must look.
pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let release = args.version;
    let mut archives: Archives = read_or_default(&repo.versions().join(ARCHIVES))?;
    let source = match &args.source {
        Some(path) => Source::local(path, &release)?,
        None => download(args, &mut archives)?,
    };
    if unsupported::is_unsupported(release) {
        return unsupported::report(release, source.tree(), args.json);
    }
    let tables = Tables::load(repo)?;
    let mut lifted = derive::derive(source.tree(), &tables, &Templates::load(repo)?)?;
    vet::vet(&mut lifted, release, &tables)?;
    let mut plan = Plan::new(repo, release, source.tree(), &lifted, &tables)?;
    if args.source.is_none() {
        let about = "SHA-256 of Python-VERSION.tar.xz as published on python.org.";
        let text = toml_text::print(about, &archives)?;
        plan.output
            .write(Path::new("cpython-versions").join(ARCHIVES), text);
    }
    let changes = if args.check {
        plan.output.changes(repo.root())?
    } else {
        plan.output.commit(repo.root())?
    };
    let mut report = plan.report;
    report.check = args.check;
    report.files = changes
        .into_iter()
        .map(|(path, change)| FileReport { path, change })
        .collect();
    if args.json {
        output::print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else {
        output::print(&report.text())?;
    }
    Ok(ExitCode::from(report.exit_code()))
}

fn download(args: &Args, archives: &mut Archives) -> Result<Source> {
    let release = args.version;
    let recorded = archives.sha256.get(&release.to_string());
    let hash = match (recorded, &args.sha256) {
        (Some(recorded), Some(given)) if *recorded != given.to_string() => {
            bail!(SourceError::OtherHash {
                release,
                given: given.to_string(),
                recorded: recorded.clone(),
            });
        }
        (Some(recorded), _) => recorded.parse()?,
        (None, Some(given)) => given.clone(),
        (None, None) => bail!(SourceError::NoHash(release)),
    };
    let downloads = Downloads::from_server(&args.mirror)?;
    let source = Source::download(&downloads, &release, &hash)?;
    archives
        .sha256
        .insert(release.to_string(), hash.to_string());
    Ok(source)
}

#[cfg(test)]
mod tests;
