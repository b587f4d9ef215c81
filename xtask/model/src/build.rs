//! What `build.rs` runs: from the folders of the repository to the generated code.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;

use crate::check;
use crate::emit::{self, Member};
use crate::error::{Place, SourceError};
use crate::parse::{self, Parsed};
use crate::release::{LoadError, Release};
use crate::version::Version;

/// Why nothing was generated.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    #[error(
        "Cevalry has no data for Python 3.{minor}: cpython-versions/ has {known}; `cargo xtask \
         sync-cpython` adds a release"
    )]
    Unsupported { minor: u8, known: String },
    #[error("cannot read {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error(transparent)]
    Load(#[from] LoadError),
    #[error("{}", lines(.0))]
    Templates(Vec<SourceError>),
}

fn lines(errors: &[SourceError]) -> String {
    let texts: Vec<String> = errors.iter().map(SourceError::to_string).collect();
    texts.join("\n")
}

/// A file of templates.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the repository.
    pub name: String,
    pub text: String,
    pub parsed: Parsed,
}

/// Generates the module for one minor release from the repository at `root`.
pub fn generate(root: &Path, minor: u8) -> Result<TokenStream, BuildError> {
    if !root.join(format!("cpython-versions/3.{minor}")).is_dir() {
        let known = known(root);
        return Err(BuildError::Unsupported { minor, known });
    }
    let releases = Release::load(root, minor)?;
    let sources = sources(root)?;
    let errors: Vec<SourceError> = sources
        .iter()
        .flat_map(|source| check::source(&releases, source))
        .collect();
    if !errors.is_empty() {
        return Err(BuildError::Templates(errors));
    }
    let mut members = Vec::new();
    let mut places = Vec::new();
    for source in &sources {
        for (template, at) in source
            .parsed
            .file
            .templates
            .iter()
            .zip(&source.parsed.places)
        {
            let origin = places.len();
            members.push(Member { template, origin });
            places.push((source, at.name));
        }
    }
    emit::module(&releases, &members).map_err(|(origin, message)| {
        let (source, place) = places[origin];
        BuildError::Templates(vec![source.error(place, message)])
    })
}

impl Source {
    /// An error that points into this file.
    pub fn error(&self, place: Place, message: impl Into<String>) -> SourceError {
        SourceError::new(&self.name, &self.text, place, message)
    }
}

/// Reads `templates/*.tmpl`, then `templates/overrides/*.tmpl`, each in order of name.
pub fn sources(root: &Path) -> Result<Vec<Source>, BuildError> {
    let mut found = Vec::new();
    let mut errors = Vec::new();
    for folder in ["templates", "templates/overrides"] {
        for name in template_files(&root.join(folder))? {
            let path = root.join(folder).join(&name);
            let text = fs::read_to_string(&path).map_err(|source| BuildError::Read {
                path: path.clone(),
                source,
            })?;
            let name = format!("{folder}/{name}");
            match parse::file(&name, &text) {
                Ok(parsed) => found.push(Source { name, text, parsed }),
                Err(error) => errors.push(error),
            }
        }
    }
    if errors.is_empty() {
        Ok(found)
    } else {
        Err(BuildError::Templates(errors))
    }
}

/// The names of the template files in a folder, sorted. A folder that is not there has none.
fn template_files(folder: &Path) -> Result<Vec<String>, BuildError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => {
            let path = folder.to_owned();
            return Err(BuildError::Read { path, source });
        }
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| BuildError::Read {
            path: folder.to_owned(),
            source,
        })?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.ends_with(".tmpl") {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The minor releases with data, for a sentence.
fn known(root: &Path) -> String {
    let folders = fs::read_dir(root.join("cpython-versions"));
    let mut minors: Vec<u8> = folders
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            Version::parse(&format!("{name}.0")).map(|version| version.minor)
        })
        .collect();
    minors.sort_unstable();
    let names: Vec<String> = minors.iter().map(|minor| format!("3.{minor}")).collect();
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}
