//! `cargo xtask test`: every test, Rust and Python, on every supported interpreter.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::build;
use crate::process;
use crate::python::{self, Python};
use crate::repo::Repo;
use crate::venv;

/// What Python cases need from PyPI.
const PACKAGES: &[&str] = &["coverage==7.17.3", "greenlet==3.5.6"];

/// Run all tests, Rust and Python, on every supported interpreter that is found.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An interpreter to test on (a path or a command; may be given several times).
    /// Without it: every supported one on PATH and among pyenv's versions.
    #[arg(long = "python", value_name = "PATH")]
    pythons: Vec<PathBuf>,
    /// Leave out the Rust tests.
    #[arg(long)]
    no_rust: bool,
    /// Only Python cases whose path contains one of these words (implies --no-rust).
    #[arg(value_name = "CASE")]
    cases: Vec<String>,
}

/// Run the command.
pub fn run(repo: &Repo, args: &Args) -> Result<()> {
    let pythons = python::chosen(&args.pythons)?;
    for python in &pythons {
        eprintln!("testing on {}", python.describe());
    }
    let mut failures = Vec::new();
    if !args.no_rust && args.cases.is_empty() {
        failures.extend(rust_tests(repo, &pythons));
    }
    let folders = build::build(repo, &pythons)?;
    for (python, folder) in pythons.iter().zip(&folders) {
        println!("Python tests on {}", python.describe());
        let packages = venv::wheels(repo, python.minor(), PACKAGES)?;
        let mut command = Command::new(&python.command);
        command
            .arg(repo.root().join("tests/python/run.py"))
            .arg("--import")
            .arg(folder)
            .arg("--packages")
            .arg(packages)
            .args(&args.cases)
            .current_dir(repo.root());
        if let Err(error) = process::run(&mut command) {
            failures.push(format!("Python tests on {}: {error:#}", python.describe()));
        }
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    Ok(())
}

/// The Rust tests: those of the runtime for one interpreter of each minor release, which decides on
/// the emitters in it, and all others once.
fn rust_tests(repo: &Repo, pythons: &[Python]) -> Vec<String> {
    let mut failures = Vec::new();
    let mut test = |scope: &[&str], python: &Python| {
        let mut command = process::cargo(repo);
        command
            .arg("test")
            .args(scope)
            .env("PYO3_PYTHON", &python.command);
        if let Some(folder) = python.libpython_folder() {
            command.env("LD_LIBRARY_PATH", folder);
        }
        if let Err(error) = process::run(&mut command) {
            failures.push(format!("Rust tests for {}: {error:#}", python.describe()));
        }
    };
    if let Some(first) = pythons.first() {
        println!("Rust tests of the tools");
        test(&["--workspace", "--exclude", "cevalry"], first);
    }
    let mut minors: Vec<u32> = pythons.iter().map(Python::minor).collect();
    minors.sort_unstable();
    minors.dedup();
    for minor in minors {
        let mut candidates = pythons.iter().filter(|python| python.minor() == minor);
        match candidates.find(|python| python.libpython_folder().is_some()) {
            Some(python) => {
                println!("Rust tests of the runtime for {}", python.describe());
                test(&["--package", "cevalry"], python);
            }
            None => println!(
                "no Rust tests of the runtime for Python 3.{minor}: none has a libpython to link with"
            ),
        }
    }
    failures
}
