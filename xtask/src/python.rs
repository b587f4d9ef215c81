//! The Python interpreters that builds, tests and benchmarks are for.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use cevalry_model::release::Release;

use crate::repo::Repo;

/// Minor releases of Python 3 that the runtime is made for.
pub const SUPPORTED_MINORS: [u32; 2] = [11, 13];

/// Minor releases of Python 3 whose commands are looked for on `PATH`.
const LOOKED_FOR: std::ops::RangeInclusive<u32> = 11..=15;

/// What an interpreter is asked. The answer is one `key=value` a line.
const PROBE: &str = r"
import sys, sysconfig, platform
var = sysconfig.get_config_var
print('implementation=' + sys.implementation.name)
print('version=' + platform.python_version())
print('minor=%d' % sys.version_info[1])
print('patch=%d' % sys.version_info[2])
print('suffix=' + str(var('EXT_SUFFIX')))
print('home=' + sys.base_prefix)
print('library=' + '/'.join((str(var('LIBDIR')), str(var('LDLIBRARY')))))
print('machine=' + platform.machine())
print('debug=%d' % hasattr(sys, 'gettotalrefcount'))
print('threaded=%d' % bool(var('Py_GIL_DISABLED')))
print('compiler=' + ' '.join(sys.version.split()))
";

/// An interpreter, as it describes itself.
#[derive(Clone, Debug)]
pub struct Python {
    /// The command that starts it. It may be a wrapper script, so it is never resolved further.
    pub command: PathBuf,
    /// `3.11.2`.
    pub version: String,
    minor: u32,
    suffix: String,
    identity: String,
    libpython: PathBuf,
    refusal: Option<String>,
}

impl Python {
    /// Ask the interpreter behind `command` what it is.
    pub fn probe(command: &Path) -> Result<Self> {
        let output = Command::new(command)
            .args(["-c", PROBE])
            .output()
            .with_context(|| format!("cannot start {}", command.display()))?;
        if !output.status.success() {
            bail!(
                "{} does not run as a Python interpreter: {}",
                command.display(),
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        let text = String::from_utf8_lossy(&output.stdout);
        let answer = |key: &str| {
            text.lines()
                .filter_map(|line| line.split_once('='))
                .find(|(name, _)| *name == key)
                .map(|(_, value)| value.to_owned())
                .with_context(|| format!("{} does not tell its {key}", command.display()))
        };
        let minor = answer("minor")?.parse()?;
        let patch = answer("patch")?.parse()?;
        Ok(Self {
            command: std::path::absolute(command)?,
            version: answer("version")?,
            minor,
            suffix: answer("suffix")?,
            identity: format!("{} {}", answer("home")?, answer("compiler")?),
            libpython: PathBuf::from(answer("library")?),
            refusal: refusal(
                &answer("implementation")?,
                (minor, patch),
                &answer("machine")?,
                answer("debug")? == "1",
                answer("threaded")? == "1",
            ),
        })
    }

    /// The file name ending of extension modules for this interpreter.
    pub fn suffix(&self) -> &str {
        &self.suffix
    }

    /// Name of the folder that builds for this interpreter share with all interpreters that
    /// load the same extension modules.
    pub fn tag(&self) -> String {
        self.suffix
            .trim_start_matches('.')
            .trim_end_matches(".so")
            .to_owned()
    }

    /// Cargo's target folder for builds that this interpreter can load.
    pub fn target(&self, repo: &Repo) -> PathBuf {
        repo.target().join("pythons").join(self.tag())
    }

    /// The folder of the library to link tests with, where there is one.
    pub fn libpython_folder(&self) -> Option<&Path> {
        self.libpython
            .is_file()
            .then(|| self.libpython.parent())
            .flatten()
    }

    /// The minor release: 11 for Python 3.11.
    pub fn minor(&self) -> u32 {
        self.minor
    }

    /// One line that tells a reader which interpreter this is.
    pub fn describe(&self) -> String {
        format!("Python {} ({})", self.version, self.command.display())
    }
}

/// The oldest patch release of a minor release that the module does not refuse.
fn oldest_patch(minor: u32) -> Option<u32> {
    let repo = Repo::here().ok()?;
    let oldest = Release::oldest_patch(repo.root(), u8::try_from(minor).ok()?);
    oldest.ok().map(u32::from)
}

fn refusal(
    implementation: &str,
    (minor, patch): (u32, u32),
    machine: &str,
    debug: bool,
    threaded: bool,
) -> Option<String> {
    if implementation != "cpython" {
        Some(format!("it is {implementation}, not CPython"))
    } else if !SUPPORTED_MINORS.contains(&minor) {
        Some(format!("Python 3.{minor} is not supported"))
    } else if let Some(oldest) = oldest_patch(minor).filter(|oldest| patch < *oldest) {
        Some(format!(
            "Python 3.{minor} is known from 3.{minor}.{oldest} on"
        ))
    } else if machine != "x86_64" {
        Some(format!("it runs on {machine}, not x86-64"))
    } else if debug {
        Some("it is a debug build".to_owned())
    } else if threaded {
        Some("it is a free-threaded build".to_owned())
    } else {
        None
    }
}

/// The interpreters named by the user, or all supported ones that are found.
pub fn chosen(commands: &[PathBuf]) -> Result<Vec<Python>> {
    if commands.is_empty() {
        let found = discover();
        if found.is_empty() {
            bail!(
                "no supported Python found on PATH (looked for 3.{}); name one with --python PATH",
                SUPPORTED_MINORS
                    .map(|minor| minor.to_string())
                    .join(" and 3.")
            );
        }
        return Ok(found);
    }
    commands
        .iter()
        .map(|command| {
            let command = resolve(command)
                .with_context(|| format!("{} is neither a file nor on PATH", command.display()))?;
            let python = Python::probe(&command)?;
            match &python.refusal {
                Some(why) => bail!("{} cannot be used: {why}", python.describe()),
                None => Ok(python),
            }
        })
        .collect()
}

/// The interpreter that a plain `python3` starts, or else the first supported one.
pub fn preferred(command: Option<&Path>) -> Result<Python> {
    let commands: Vec<_> = command.map(Path::to_owned).into_iter().collect();
    let mut pythons = chosen(&commands)?;
    Ok(pythons.swap_remove(0))
}

/// One interpreter for each kind of extension module that they load, in order.
pub fn one_of_each_tag(pythons: &[Python]) -> Vec<&Python> {
    let mut tags = BTreeSet::new();
    pythons
        .iter()
        .filter(|python| tags.insert(python.tag()))
        .collect()
}

/// Every supported interpreter on `PATH` and among pyenv's versions, each once.
fn discover() -> Vec<Python> {
    let mut known = BTreeSet::new();
    candidates()
        .iter()
        .filter_map(|command| Python::probe(command).ok())
        .filter(|python| python.refusal.is_none())
        .filter(|python| known.insert(python.identity.clone()))
        .collect()
}

fn candidates() -> Vec<PathBuf> {
    let mut names = vec!["python3".to_owned()];
    names.extend(LOOKED_FOR.map(|minor| format!("python3.{minor}")));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut found: Vec<PathBuf> = std::env::split_paths(&path)
        .flat_map(|folder| {
            names
                .iter()
                .map(move |name| folder.join(name))
                .collect::<Vec<_>>()
        })
        .collect();
    if let Some(root) = std::env::var_os("PYENV_ROOT")
        && let Ok(versions) = std::fs::read_dir(Path::new(&root).join("versions"))
    {
        let mut versions: Vec<_> = versions.flatten().map(|entry| entry.path()).collect();
        versions.sort();
        found.extend(versions.iter().map(|version| version.join("bin/python")));
    }
    found.retain(|command| command.is_file());
    found
}

fn resolve(command: &Path) -> Option<PathBuf> {
    if command.components().count() > 1 {
        return command.is_file().then(|| command.to_owned());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(command))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::refusal;

    #[test]
    fn refuses_what_the_runtime_is_not_made_for() {
        let told = |implementation, minor, machine, debug, threaded| {
            refusal(implementation, (minor, 9), machine, debug, threaded).unwrap_or_default()
        };
        assert_eq!(told("cpython", 11, "x86_64", false, false), "");
        assert_eq!(
            told("pypy", 11, "x86_64", false, false),
            "it is pypy, not CPython"
        );
        assert_eq!(
            told("cpython", 10, "x86_64", false, false),
            "Python 3.10 is not supported"
        );
        assert_eq!(
            refusal("cpython", (11, 1), "x86_64", false, false).unwrap_or_default(),
            "Python 3.11 is known from 3.11.2 on"
        );
        assert_eq!(
            told("cpython", 13, "aarch64", false, false),
            "it runs on aarch64, not x86-64"
        );
        assert_eq!(
            told("cpython", 13, "x86_64", true, false),
            "it is a debug build"
        );
        assert_eq!(
            told("cpython", 13, "x86_64", false, true),
            "it is a free-threaded build"
        );
    }
}
