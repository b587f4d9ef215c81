//! A virtual environment of our own under `target/`, for the Python tools that commands need.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::process;
use crate::python;
use crate::repo::Repo;

/// The environment's interpreter, with `requirement` (as pip spells it) installed.
pub fn with(repo: &Repo, requirement: &str) -> Result<PathBuf> {
    let folder = repo.target().join("venv");
    let python = folder.join("bin/python");
    if !python.exists() {
        create(&folder)?;
    }
    process::run(
        Command::new(&python)
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .arg(requirement),
    )
    .with_context(|| format!("cannot install {requirement} from PyPI"))?;
    Ok(python)
}

/// A folder with these packages from PyPI, each with its version, as wheels for a minor release. They
/// need nothing else.
pub fn wheels(repo: &Repo, minor: u32, packages: &[&str]) -> Result<PathBuf> {
    let folder = repo.target().join(format!("test-packages/3.{minor}"));
    let ready = folder.join("ready");
    let wanted = packages.join("\n");
    if fs::read_to_string(&ready).ok().as_ref() == Some(&wanted) {
        return Ok(folder);
    }
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    let python = with(repo, "pip")?;
    process::run(
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-deps"])
            .args(["--disable-pip-version-check", "--only-binary", ":all:"])
            .arg(format!("--python-version=3.{minor}"))
            .arg("--target")
            .arg(&folder)
            .args(packages),
    )
    .with_context(|| format!("cannot install {} from PyPI", packages.join(" ")))?;
    fs::write(&ready, wanted)?;
    Ok(folder)
}

/// The folder into which the environment's packages are installed.
pub fn packages(python: &Path) -> Result<PathBuf> {
    let script = "import sysconfig; print(sysconfig.get_path('purelib'))";
    let path = process::output(Command::new(python).args(["-c", script]))?;
    Ok(PathBuf::from(path.trim_end()))
}

fn create(folder: &Path) -> Result<()> {
    let python = python::preferred(None)?;
    process::run(
        Command::new(&python.command)
            .args(["-m", "venv", "--clear"])
            .arg(folder),
    )
    .with_context(|| {
        format!(
            "{} cannot make a virtual environment (on Debian, install python3-venv)",
            python.describe()
        )
    })
}
