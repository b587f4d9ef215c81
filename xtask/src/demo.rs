//! `cargo xtask demo`: an example, interpreted and compiled, and the machine code of its loop.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::build;
use crate::process;
use crate::python::{self, Python};
use crate::repo::Repo;

/// Build for the `python3` that is found, and run an example interpreted and compiled.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The interpreter to show it on (a path or a command).
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
}

/// Run the command.
pub fn run(repo: &Repo, args: &Args) -> Result<()> {
    let python = python::preferred(args.python.as_deref())?;
    let import = build::build(repo, std::slice::from_ref(&python))?.swap_remove(0);
    let example = repo.root().join("examples/planets.py");
    println!("{}, {}", python.describe(), example.display());

    let code = example_with(&python, &import, &["--code"], &example)?;
    println!("\nThe machine code of its hot loop:\n\n{code}");
    let interpreted = seconds(&python, &import, &[], &example)?;
    println!("interpreted: {interpreted:.3} s");
    let compiled = seconds(&python, &import, &["-m", "cevalry", "--"], &example)?;
    println!(
        "compiled:    {compiled:.3} s, {:.2} times as fast",
        interpreted / compiled
    );
    Ok(())
}

/// What the example itself measured.
fn seconds(python: &Python, import: &Path, launcher: &[&str], example: &Path) -> Result<f64> {
    let mut command = Command::new(&python.command);
    command
        .args(launcher)
        .arg(example)
        .env("PYTHONPATH", import);
    let printed = process::output(&mut command)?;
    let last = printed.lines().last().unwrap_or_default();
    last.strip_suffix(" s")
        .and_then(|number| number.parse().ok())
        .with_context(|| {
            format!(
                "{} did not end with its time but with {last:?}",
                example.display()
            )
        })
}

fn example_with(
    python: &Python,
    import: &Path,
    options: &[&str],
    example: &Path,
) -> Result<String> {
    let mut command = Command::new(&python.command);
    command.arg(example).args(options).env("PYTHONPATH", import);
    process::output(&mut command)
}
