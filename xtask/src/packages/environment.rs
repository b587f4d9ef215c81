//! A package with its tests, in a virtual environment of its own under `target/`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use flate2::read::GzDecoder;
use serde::Deserialize;

use crate::process;
use crate::python::Python;
use crate::repo::Repo;

/// The packages that are known.
const LIST: &str = include_str!("packages.toml");

/// What runs the tests, unless it is the package itself.
const PYTEST: &str = "pytest==8.4.2";

/// Started by the interpreter's command, which may be a wrapper: goes on as the environment's.
const ENTER: &str = "import os, sys; os.execv(sys.argv[1], sys.argv[1:])";

/// A comparison of the interpreter with itself would find nothing.
const IS_ON: &str = "import sys; sys.exit(not sys.modules['cevalry'].is_enabled())";

/// How a package is tested.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Package {
    pub version: String,
    /// What the tests need beside the package.
    #[serde(default)]
    requires: Vec<String>,
    /// For pytest.
    pub arguments: Vec<String>,
    /// Why only a part of the tests is run.
    pub part: Option<String>,
}

/// The packages of these names, or all.
pub fn choose(names: &[String]) -> Result<BTreeMap<String, Package>> {
    let all: BTreeMap<String, Package> =
        toml::from_str(LIST).context("xtask/src/packages/packages.toml")?;
    for name in names {
        if !all.contains_key(name) {
            bail!("{name} is not in xtask/src/packages/packages.toml");
        }
    }
    Ok(all
        .into_iter()
        .filter(|(name, _)| names.is_empty() || names.contains(name))
        .collect())
}

/// A package that is ready to be tested.
pub struct Environment {
    outer: PathBuf,
    inner: PathBuf,
    /// The unpacked archive.
    pub source: PathBuf,
}

impl Environment {
    /// Make it, unless an earlier run has. `import` is the folder that Cevalry comes from.
    pub fn prepare(
        repo: &Repo,
        python: &Python,
        (name, package): (&str, &Package),
        import: &Path,
    ) -> Result<Self> {
        let folder = repo
            .target()
            .join("packages")
            .join(format!("{}-{}", python.version, python.tag()))
            .join(format!("{name}-{}", package.version));
        let ready = folder.join("ready");
        let environment = Self {
            outer: python.command.clone(),
            inner: folder.join("venv/bin/python"),
            source: folder.join("source"),
        };
        // A changed list of requirements shows here.
        let wanted = format!("{package:?}");
        if fs::read_to_string(&ready).ok().as_ref() != Some(&wanted) {
            if folder.exists() {
                fs::remove_dir_all(&folder)?;
            }
            fs::create_dir_all(&folder)?;
            environment
                .fill(&folder, name, package)
                .with_context(|| format!("cannot set up {name} for {}", python.describe()))?;
            fs::write(&ready, wanted)?;
        }
        environment.bring_in(repo, import)?;
        Ok(environment)
    }

    /// The environment's interpreter.
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.outer);
        command.args(["-I", "-S", "-c", ENTER]).arg(&self.inner);
        command
    }

    fn fill(&self, folder: &Path, name: &str, package: &Package) -> Result<()> {
        let mut venv = Command::new(&self.outer);
        process::output(venv.args(["-m", "venv"]).arg(folder.join("venv")))?;
        let archives = folder.join("archives");
        self.pip(|pip| {
            pip.args(["download", "--no-deps", "--no-binary", name, "--dest"])
                .arg(&archives)
                .arg(format!("{name}=={}", package.version))
        })?;
        unpack(&archives, &self.source)?;
        let pytest = (name != "pytest").then_some(PYTEST);
        self.pip(|pip| {
            pip.arg("install")
                .args(&package.requires)
                .args(pytest)
                .arg(&self.source)
        })
    }

    fn pip(&self, fill: impl Fn(&mut Command) -> &mut Command) -> Result<()> {
        let mut command = self.command();
        command.args(["-m", "pip", "--quiet", "--disable-pip-version-check"]);
        process::output(fill(&mut command)).map(drop)
    }

    /// What the wheel does, for a folder that is not installed.
    fn bring_in(&self, repo: &Repo, import: &Path) -> Result<()> {
        let script = "import sysconfig; print(sysconfig.get_path('purelib'))";
        let site = process::output(self.command().args(["-I", "-c", script]))?;
        let start = repo.root().join("python/cevalry.data/purelib/cevalry.pth");
        let start = fs::read_to_string(&start)
            .with_context(|| format!("cannot read {}", start.display()))?;
        fs::write(
            Path::new(site.trim_end()).join("cevalry.pth"),
            format!("{}\n{start}", import.display()),
        )?;
        let mut look = self.command();
        look.args(["-c", IS_ON]).env("CEVALRY", "1");
        process::output(&mut look)
            .with_context(|| format!("Cevalry of {} does not come on", import.display()))?;
        Ok(())
    }
}

fn unpack(archives: &Path, place: &Path) -> Result<()> {
    let archive = fs::read_dir(archives)?
        .next()
        .context("pip has downloaded nothing")??
        .path();
    let scratch = tempfile::tempdir_in(archives)?;
    let mut contents = tar::Archive::new(GzDecoder::new(fs::File::open(&archive)?));
    // Some archives date their files before the years that a wheel can express.
    contents.set_preserve_mtime(false);
    contents
        .unpack(scratch.path())
        .with_context(|| format!("cannot unpack {}", archive.display()))?;
    let top = fs::read_dir(scratch.path())?
        .next()
        .context("the archive is empty")??
        .path();
    fs::rename(&top, place)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::choose;

    #[test]
    fn the_list_is_well_formed() {
        assert!(choose(&[]).unwrap().len() >= 8);
        assert_eq!(choose(&["attrs".to_owned()]).unwrap().len(), 1);
        assert!(choose(&["no-such-package".to_owned()]).is_err());
    }
}
