//! pyperformance from PyPI: which script runs a benchmark, and with which options.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::repo::Repo;
use crate::venv;

/// Figures can only be compared while the programs stay the same.
const PYPERFORMANCE: &str = "pyperformance==1.14.0";

/// The benchmarks that the project's targets are about.
const TARGETS: [&str; 21] = [
    "nbody",
    "spectral_norm",
    "scimark_sor",
    "scimark_lu",
    "scimark_fft",
    "scimark_sparse_mat_mult",
    "scimark_monte_carlo",
    "fannkuch",
    "float",
    "richards",
    "raytrace",
    "chaos",
    "go",
    "nqueens",
    "generators",
    "comprehensions",
    "deepcopy",
    "pickle_pure_python",
    "regex_compile",
    "async_tree_none",
    "unpack_sequence",
];

/// One benchmark, ready to run.
#[derive(Debug)]
pub struct Benchmark {
    pub name: String,
    pub script: PathBuf,
    pub options: Vec<String>,
}

/// The installed suite.
pub struct Suite {
    folder: PathBuf,
}

#[derive(Deserialize)]
struct Metadata {
    tool: Tools,
}

#[derive(Deserialize)]
struct Tools {
    pyperformance: Options,
}

#[derive(Deserialize)]
struct Options {
    #[serde(default)]
    extra_opts: Vec<String>,
}

impl Suite {
    /// Install the suite into the environment under `target/`.
    pub fn install(repo: &Repo) -> Result<Self> {
        let python = venv::with(repo, PYPERFORMANCE)?;
        let folder = venv::packages(&python)?.join("pyperformance/data-files/benchmarks");
        Ok(Self { folder })
    }

    /// The benchmarks of these names, or all that the targets are about.
    pub fn choose(&self, names: &[String]) -> Result<Vec<Benchmark>> {
        if names.is_empty() {
            return TARGETS.iter().map(|name| self.find(name)).collect();
        }
        names.iter().map(|name| self.find(name)).collect()
    }

    /// A benchmark is a folder, a variant with a file of its own in a folder, or one of
    /// several that a folder's script runs.
    fn find(&self, name: &str) -> Result<Benchmark> {
        let manifest = self.folder.join("MANIFEST");
        let listed = std::fs::read_to_string(&manifest)
            .with_context(|| format!("cannot read {}", manifest.display()))?;
        let (folder, metadata) = locate(&listed, name)
            .with_context(|| format!("pyperformance has no benchmark named {name}"))?;
        let folder = self.folder.join(format!("bm_{folder}"));
        Ok(Benchmark {
            name: name.to_owned(),
            script: folder.join("run_benchmark.py"),
            options: options(&folder.join(metadata))?,
        })
    }
}

/// The folder and the metadata file of a benchmark, by the suite's manifest.
fn locate(manifest: &str, name: &str) -> Option<(String, String)> {
    let folders = manifest.lines().filter_map(|line| {
        let (listed, place) = line.split_once('\t')?;
        match place.strip_prefix("<local:") {
            Some(folder) => Some((listed, folder.trim_end_matches('>'))),
            None if place == "<local>" => Some((listed, listed)),
            None => None,
        }
    });
    let mut best: Option<(&str, &str)> = None;
    for (listed, folder) in folders {
        let belongs = name == listed
            || name
                .strip_prefix(listed)
                .is_some_and(|rest| rest.starts_with('_'));
        if belongs && best.is_none_or(|(known, _)| known.len() < listed.len()) {
            best = Some((listed, folder));
        }
    }
    let (listed, folder) = best?;
    let metadata = if listed == folder {
        "pyproject.toml".to_owned()
    } else {
        format!("bm_{listed}.toml")
    };
    Some((folder.to_owned(), metadata))
}

fn options(metadata: &Path) -> Result<Vec<String>> {
    let text = std::fs::read_to_string(metadata)
        .with_context(|| format!("cannot read {}", metadata.display()))?;
    match toml::from_str::<Metadata>(&text) {
        Ok(metadata) => Ok(metadata.tool.pyperformance.extra_opts),
        Err(error) => bail!("{}: {error}", metadata.display()),
    }
}

#[cfg(test)]
mod tests {
    use super::locate;

    const MANIFEST: &str = "[benchmarks]\n\nname\tmetafile\n\
        nbody\t<local>\npickle\t<local>\npickle_pure_python\t<local:pickle>\n\
        async_tree\t<local>\nscimark\t<local>\n";

    #[test]
    fn finds_folders_variants_and_parts() {
        let found = |name| locate(MANIFEST, name).map(|(folder, file)| format!("{folder} {file}"));
        assert_eq!(found("nbody").as_deref(), Some("nbody pyproject.toml"));
        assert_eq!(
            found("pickle_pure_python").as_deref(),
            Some("pickle bm_pickle_pure_python.toml")
        );
        assert_eq!(
            found("async_tree_none").as_deref(),
            Some("async_tree pyproject.toml")
        );
        assert_eq!(
            found("scimark_sor").as_deref(),
            Some("scimark pyproject.toml")
        );
        assert_eq!(found("nbodyish"), None);
    }
}
