//! `cargo xtask show`: one opcode seen through the whole line.

use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use cevalry_model::{emit, print, release};

use crate::release::Release;
use crate::repo::Repo;
use crate::synced::SyncedRelease;
use crate::templates::Templates;

/// Show one opcode: its place upstream, its template, and the emitter generated from it.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The opcode, such as BINARY_OP_ADD_FLOAT.
    pub opcode: String,
    /// The synced release; the newest one that has the opcode where left out.
    #[arg(long)]
    pub release: Option<Release>,
}

pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let synced = match &args.release {
        Some(release) => SyncedRelease::find(repo, release)?,
        None => newest(repo, &args.opcode)?,
    };
    let release = synced.release.to_string();
    let Some(opcode) = synced.opcodes.get(&args.opcode) else {
        bail!("{}: {release} has no such opcode", args.opcode);
    };
    println!("# {} of CPython {release}", args.opcode);
    println!(
        "\nnumber {}, {} code units of cache, {}",
        opcode.number,
        opcode.caches,
        synced.place(&args.opcode)
    );
    if opcode.base != args.opcode {
        println!("member of {}", opcode.base);
    }
    let templates = Templates::load(repo)?;
    let Some(template) = templates.of_release(&release).remove(args.opcode.as_str()) else {
        println!("\nno template: {}", synced.reason(opcode));
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(overrides) = &template.overrides {
        println!("\noverridden: {}", overrides.why);
    }
    println!("\n## Template\n\n{}", print::template(template).trim_end());
    let minor = u8::try_from(synced.release.minor).context("a minor version beyond 255")?;
    let data = release::Release::load(repo.root(), minor)?;
    let data = data.iter().find(|data| data.version.to_string() == release);
    let data = data.with_context(|| format!("{release} is not in cpython-versions/"))?;
    let emitter = emit::listing(data, template).map_err(anyhow::Error::msg)?;
    println!("\n## Emitter\n\n{}", emitter.trim_end());
    Ok(ExitCode::SUCCESS)
}

fn newest(repo: &Repo, opcode: &str) -> Result<SyncedRelease> {
    let found = SyncedRelease::all(repo)?
        .into_iter()
        .rfind(|synced| synced.opcodes.contains_key(opcode));
    match found {
        Some(synced) => Ok(synced),
        None => bail!("{opcode}: no synced release has this opcode"),
    }
}
