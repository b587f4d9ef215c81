//! `cargo xtask build`: the extension module for each interpreter, in a folder to import it from.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::process;
use crate::python::{self, Python};
use crate::repo::Repo;

/// Build the extension module for interpreters and print the folders to put on PYTHONPATH.
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
    let folders = build(repo, &pythons)?;
    for (python, folder) in pythons.iter().zip(&folders) {
        eprintln!("{}: {}", python.describe(), folder.display());
    }
    for folder in &folders {
        println!("{}", folder.display());
    }
    Ok(())
}

/// Build for each interpreter; interpreters that load the same modules share one build.
/// Gives the folder to import from for each, in order.
pub fn build(repo: &Repo, pythons: &[Python]) -> Result<Vec<PathBuf>> {
    let mut built = BTreeMap::new();
    for python in python::one_of_each_tag(pythons) {
        built.insert(python.tag(), build_one(repo, python)?);
    }
    Ok(pythons
        .iter()
        .map(|python| built[&python.tag()].clone())
        .collect())
}

fn build_one(repo: &Repo, python: &Python) -> Result<PathBuf> {
    let target = python.target(repo);
    eprintln!("building for {}", python.describe());
    process::run(
        process::cargo(repo)
            .args([
                "build",
                "--release",
                "--lib",
                "--package",
                "cevalry",
                "--target-dir",
            ])
            .arg(&target)
            .env("PYO3_PYTHON", &python.command)
            .env("PYO3_BUILD_EXTENSION_MODULE", "1"),
    )?;
    let import = target.join("import");
    lay_out(
        &repo.root().join("python"),
        &target.join("release/libcevalry.so"),
        &import,
        python.suffix(),
    )?;
    compile_package(python, &import)?;
    Ok(import)
}

/// Compile the package's Python to bytecode, as installers do. Who imports it from here may be told to
/// write none, and compiling takes more time and memory than all the rest of an import. Bytecode that
/// goes by its source's hash stays valid where the folder is copied.
fn compile_package(python: &Python, import: &Path) -> Result<()> {
    process::run(
        Command::new(&python.command)
            .args([
                "-m",
                "compileall",
                "-q",
                "--invalidation-mode",
                "checked-hash",
            ])
            .arg(import.join("cevalry")),
    )
}

/// Put the Python package, what is installed beside it, and the compiled module together as an
/// importable folder.
fn lay_out(sources: &Path, library: &Path, import: &Path, suffix: &str) -> Result<()> {
    let package = import.join("cevalry");
    if package.exists() {
        fs::remove_dir_all(&package)
            .with_context(|| format!("cannot clear {}", package.display()))?;
    }
    copy_tree(&sources.join("cevalry"), &package)?;
    copy_tree(&sources.join("cevalry.data/purelib"), import)?;
    let module = package.join(format!("_cevalry{suffix}"));
    fs::copy(library, &module)
        .with_context(|| format!("cannot copy {} to {}", library.display(), module.display()))?;
    Ok(())
}

fn copy_tree(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        bail!(
            "{} is missing: the Python package lives there",
            from.display()
        );
    }
    for entry in walkdir::WalkDir::new(from).sort_by_file_name() {
        let entry = entry?;
        let place = to.join(entry.path().strip_prefix(from)?);
        if entry.file_type().is_dir() {
            if entry.file_name() != "__pycache__" {
                fs::create_dir_all(&place)?;
            }
        } else if entry
            .path()
            .extension()
            .is_none_or(|ending| ending != "pyc" && ending != "so")
        {
            fs::copy(entry.path(), &place)
                .with_context(|| format!("cannot write {}", place.display()))?;
        }
    }
    Ok(())
}
