//! `cargo xtask show`: one opcode seen through the whole line.

use std::fmt::Write;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use anyhow::{Context, Result, bail};
use cevalry_model::{emit, print, release};

use crate::build;
use crate::output;
use crate::python;
use crate::release::Release;
use crate::repo::Repo;
use crate::synced::SyncedRelease;
use crate::templates::Templates;

/// Show one opcode through the whole line: its place upstream, its template, the emitter generated
/// from it, and the machine code that the emitter gives where nothing is known of the operands.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The opcode, such as BINARY_OP_ADD_FLOAT.
    pub opcode: String,
    /// The synced release; the newest one that has the opcode where left out.
    #[arg(long)]
    pub release: Option<Release>,
    /// The argument that the machine code is for.
    #[arg(long, default_value_t = 1)]
    pub oparg: u8,
    /// An interpreter of that minor release, to build for and to run the emitter in; one that is
    /// found where left out.
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
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
    let mut text = format!(
        "# {} of CPython {release}\n\nnumber {}, {} code units of cache, {}\n",
        args.opcode,
        opcode.number,
        opcode.caches,
        synced.place(&args.opcode)
    );
    if opcode.base != args.opcode {
        writeln!(text, "member of {}", opcode.base)?;
    }
    let templates = Templates::load(repo)?;
    let Some(template) = templates.of_release(&release).remove(args.opcode.as_str()) else {
        writeln!(text, "\nno template: {}", synced.reason(opcode))?;
        output::print(&text)?;
        return Ok(ExitCode::SUCCESS);
    };
    if let Some(overrides) = &template.overrides {
        writeln!(text, "\noverridden: {}", overrides.why)?;
    }
    let template_text = print::template(template);
    writeln!(text, "\n## Template\n\n{}", template_text.trim_end())?;
    let minor = u8::try_from(synced.release.minor).context("a minor version beyond 255")?;
    let data = release::Release::load(repo.root(), minor)?;
    let data = data.iter().find(|data| data.version.to_string() == release);
    let data = data.with_context(|| format!("{release} is not in cpython-versions/"))?;
    let emitter = emit::listing(data, template).map_err(anyhow::Error::msg)?;
    writeln!(text, "\n## Emitter\n\n{}", emitter.trim_end())?;
    output::print(&text)?;
    let code = match machine_code(repo, args, minor) {
        Ok(code) => code,
        Err(error) => format!("none: {error:#}"),
    };
    output::print(&format!("\n## Machine code\n\n{}\n", code.trim_end()))?;
    Ok(ExitCode::SUCCESS)
}

/// What the emitter gives in the extension module built for an interpreter of the minor release.
fn machine_code(repo: &Repo, args: &Args, minor: u8) -> Result<String> {
    let commands: Vec<PathBuf> = args.python.iter().cloned().collect();
    let python = python::chosen(&commands)?
        .into_iter()
        .find(|python| python.minor() == u32::from(minor))
        .with_context(|| format!("no Python 3.{minor} was found; name one with --python"))?;
    let folders = build::build(repo, std::slice::from_ref(&python))?;
    let folder = folders.first().context("the build gave no folder")?;
    let script = format!(
        "from cevalry import _cevalry; print(_cevalry.machine_code({:?}, {}))",
        args.opcode, args.oparg
    );
    let output = Command::new(&python.command)
        .args(["-c", &script])
        .env("PYTHONPATH", folder)
        .output()
        .with_context(|| python.describe())?;
    if !output.status.success() {
        let error = String::from_utf8_lossy(&output.stderr);
        bail!("{}", error.trim().lines().last().unwrap_or("no message"));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
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
