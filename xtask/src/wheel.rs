//! `cargo xtask wheel`: a wheel for each interpreter.

use std::path::PathBuf;
use std::process::Command;

use anyhow::Result;

use crate::process;
use crate::python;
use crate::repo::Repo;
use crate::venv;

const MATURIN: &str = "maturin>=1.10,<2";

/// Build a wheel for each interpreter and print the folder that they are in.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An interpreter to build for (a path or a command; may be given several times).
    /// Without it: every supported one on PATH and among pyenv's versions.
    #[arg(long = "python", value_name = "PATH")]
    pythons: Vec<PathBuf>,
}

/// Run the command.
pub fn run(repo: &Repo, args: &Args) -> Result<()> {
    let pythons = python::chosen(&args.pythons)?;
    let tools = venv::with(repo, MATURIN)?;
    let wheels = repo.target().join("wheels");
    for python in python::one_of_each_tag(&pythons) {
        process::run(
            Command::new(&tools)
                .args(["-m", "maturin", "build", "--release", "--interpreter"])
                .arg(&python.command)
                .arg("--out")
                .arg(&wheels)
                .arg("--target-dir")
                .arg(python.target(repo))
                .current_dir(repo.root()),
        )?;
    }
    println!("{}", wheels.display());
    Ok(())
}
