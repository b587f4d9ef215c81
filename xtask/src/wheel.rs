//! `cargo xtask wheel`: a wheel for each interpreter.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::python::{self, Python};
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
        let described = describe(repo, python)?;
        process::run(
            Command::new(&tools)
                .args(["-m", "maturin", "build", "--release", "--out"])
                .arg(&wheels)
                .arg("--target-dir")
                .arg(python.target(repo))
                .env("PYO3_CONFIG_FILE", described)
                .current_dir(repo.root()),
        )?;
    }
    println!("{}", wheels.display());
    Ok(())
}

/// A file that tells maturin what it would ask the interpreter. Asked itself, an interpreter behind
/// a wrapper script names an executable that need not exist where maturin runs.
fn describe(repo: &Repo, python: &Python) -> Result<PathBuf> {
    let folder = python.target(repo);
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let file = folder.join("interpreter.txt");
    let text = format!(
        "implementation=CPython\nversion=3.{}\nshared=true\nabi3=false\npointer_width=64\n\
         build_flags=\nsuppress_build_script_link_lines=false\n",
        python.minor()
    );
    fs::write(&file, text).with_context(|| format!("cannot write {}", file.display()))?;
    Ok(file)
}
