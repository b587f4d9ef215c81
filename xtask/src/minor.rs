//! The data files of a minor release.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use cevalry_model::data::{Functions, Layouts, Opcodes, Sources};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::release::Release;
use crate::repo::Repo;
use crate::toml_text;

/// What `cpython-versions/<minor>/` holds; empty where the minor release is new.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MinorData {
    pub opcodes: Opcodes,
    pub layouts: Layouts,
    pub functions: Functions,
    pub sources: Sources,
}

const OPCODES: &str = "opcodes.toml";
const LAYOUTS: &str = "layouts.toml";
const FUNCTIONS: &str = "functions.toml";
const SOURCES: &str = "sources.toml";

impl MinorData {
    pub fn load(repo: &Repo, minor: &str) -> Result<Self> {
        let folder = repo.minor(minor);
        Ok(Self {
            opcodes: read_or_default(&folder.join(OPCODES))?,
            layouts: read_or_default(&folder.join(LAYOUTS))?,
            functions: read_or_default(&folder.join(FUNCTIONS))?,
            sources: read_or_default(&folder.join(SOURCES))?,
        })
    }

    /// Synced releases, oldest first.
    pub fn releases(&self) -> Result<Vec<Release>> {
        let mut releases = self
            .sources
            .releases
            .keys()
            .map(|name| name.parse())
            .collect::<Result<Vec<Release>, _>>()?;
        releases.sort();
        Ok(releases)
    }

    /// File names and texts.
    pub fn texts(&self, minor: &str) -> Result<Vec<(&'static str, String)>> {
        fn text(minor: &str, what: &str, data: &impl Serialize) -> Result<String> {
            let about = format!(
                "{what} of CPython {minor}. Written by `cargo xtask sync-cpython`; do not edit."
            );
            Ok(toml_text::print(&about, data)?)
        }
        Ok(vec![
            (OPCODES, text(minor, "Opcodes", &self.opcodes)?),
            (LAYOUTS, text(minor, "Struct layouts", &self.layouts)?),
            (
                FUNCTIONS,
                text(minor, "Functions and variables", &self.functions)?,
            ),
            (
                SOURCES,
                text(minor, "Places and hashes of what was read", &self.sources)?,
            ),
        ])
    }
}

/// The minor releases that have been synced, oldest first.
pub fn synced(repo: &Repo) -> Result<Vec<String>> {
    let folder = repo.versions();
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error).with_context(|| folder.display().to_string()),
    };
    let mut minors = Vec::new();
    for entry in entries {
        let entry = entry.with_context(|| folder.display().to_string())?;
        let name = entry.file_name().to_string_lossy().into_owned();
        // A folder named after a minor release: its first patch release has a proper name.
        if let Ok(first) = format!("{name}.0").parse::<Release>()
            && entry.path().join(SOURCES).is_file()
        {
            minors.push((first, name));
        }
    }
    minors.sort();
    Ok(minors.into_iter().map(|(_, name)| name).collect())
}

/// A TOML file as data; the error names file and line.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    toml::from_str(&text).with_context(|| path.display().to_string())
}

pub fn read_or_default<T: DeserializeOwned + Default>(path: &Path) -> Result<T> {
    if path.exists() {
        read(path)
    } else {
        Ok(T::default())
    }
}
