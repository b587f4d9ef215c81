//! `cargo xtask test`: every test, Rust and Python, on every supported interpreter.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, bail};

use crate::build;
use crate::process;
use crate::python::{self, Python};

/// Run all tests, Rust and Python, on every supported interpreter that is found.
#[derive(clap::Args)]
pub struct TestArgs {
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
pub fn run(args: &TestArgs) -> Result<()> {
    let pythons = python::chosen(&args.pythons)?;
    for python in &pythons {
        eprintln!("testing on {}", python.describe());
    }
    let mut failures = Vec::new();
    if !args.no_rust && args.cases.is_empty() {
        for python in one_of_each_minor(&pythons) {
            if let Err(error) = rust_tests(python) {
                failures.push(format!("Rust tests for {}: {error:#}", python.describe()));
            }
        }
    }
    let folders = build::build(&pythons)?;
    for (python, folder) in pythons.iter().zip(&folders) {
        println!("Python tests on {}", python.describe());
        let mut command = Command::new(&python.command);
        command
            .arg(process::root().join("tests/python/run.py"))
            .arg("--import")
            .arg(folder)
            .args(&args.cases)
            .current_dir(process::root());
        if let Err(error) = process::run(&mut command) {
            failures.push(format!("Python tests on {}: {error:#}", python.describe()));
        }
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    Ok(())
}

/// Rust tests depend on the minor release only, through the emitters made for it.
fn one_of_each_minor(pythons: &[Python]) -> Vec<&Python> {
    let mut minors = Vec::new();
    let mut chosen = Vec::new();
    for python in pythons {
        if !minors.contains(&python.minor()) {
            minors.push(python.minor());
            chosen.push(python);
        }
    }
    chosen
}

fn rust_tests(python: &Python) -> Result<()> {
    println!("Rust tests for {}", python.describe());
    process::run(
        process::cargo()
            .args(["test", "--workspace", "--target-dir"])
            .arg(process::target_dir().join("tests").join(python.tag()))
            .env("PYO3_PYTHON", &python.command),
    )
}
