//! Getting a CPython source tree: a folder, an archive, or a download.

mod archive;
mod download;
mod hash;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use thiserror::Error;

use crate::release::Release;

pub use download::{Downloads, PYTHON_ORG};
pub use hash::{Sha256Text, sha256};

/// A source tree on disk; an unpacked one goes away with this value.
#[derive(Debug)]
pub struct Source {
    tree: PathBuf,
    _unpacked: Option<TempDir>,
}

/// Why there is no source tree. Each is a sentence that says what to do.
#[derive(Debug, Error)]
pub enum SourceError {
    #[error("{}: there is no such folder or archive", .0.display())]
    Missing(PathBuf),
    #[error("{}: not a source archive; give a folder, a .tgz, a .tar.gz or a .tar.xz", .0.display())]
    UnknownArchive(PathBuf),
    #[error("{}: the archive is truncated or damaged ({error}); get it again", path.display())]
    Damaged { path: PathBuf, error: io::Error },
    #[error("{}: not a CPython source tree, it has no Python/ceval.c", .0.display())]
    NoCeval(PathBuf),
    #[error("{}:{line}: this is the source of {found}, not of {wanted}; give the version that the source has", file.display())]
    OtherRelease {
        file: PathBuf,
        line: usize,
        found: String,
        wanted: Release,
    },
    #[error("{}: no PY_VERSION in this file, so the release of the source is unknown", .0.display())]
    NoVersion(PathBuf),
    #[error(
        "no SHA-256 is recorded for {0}; give the published one of Python-{0}.tar.xz with --sha256"
    )]
    NoHash(Release),
    #[error(
        "{url}: the archive has SHA-256 {found}, not {wanted}; it is not what was published, or --sha256 is wrong"
    )]
    WrongHash {
        url: String,
        found: String,
        wanted: String,
    },
    #[error("--sha256 says {given}, but {recorded} is recorded for {release}; leave --sha256 out")]
    OtherHash {
        release: Release,
        given: String,
        recorded: String,
    },
    #[error("{url}: {reason}; check the network, or give a folder or archive with --source")]
    Offline { url: String, reason: String },
    #[error("{url}: the download ended after {got} of {size} bytes; run the command again")]
    Truncated { url: String, got: u64, size: u64 },
    #[error("{}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
}

impl SourceError {
    fn io(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self::Io {
            path: path.to_owned(),
            error,
        }
    }
}

impl Source {
    /// A folder or an archive that the user has.
    pub fn local(path: &Path, release: &Release) -> Result<Self, SourceError> {
        let source = if path.is_dir() {
            Self {
                tree: path.to_owned(),
                _unpacked: None,
            }
        } else if path.is_file() {
            Self::unpack(path)?
        } else {
            return Err(SourceError::Missing(path.to_owned()));
        };
        source.check(path, release)?;
        Ok(source)
    }

    /// The release as published, from the user's cache or the network.
    pub fn download(
        downloads: &Downloads,
        release: &Release,
        hash: &Sha256Text,
    ) -> Result<Self, SourceError> {
        let archive = downloads.archive(release, hash)?;
        let source = Self::unpack(&archive)?;
        source.check(&archive, release)?;
        Ok(source)
    }

    pub fn tree(&self) -> &Path {
        &self.tree
    }

    fn unpack(archive: &Path) -> Result<Self, SourceError> {
        let folder = tempfile::Builder::new()
            .prefix("cevalry-source-")
            .tempdir()
            .map_err(SourceError::io(archive))?;
        let tree = archive::unpack(archive, folder.path())?;
        Ok(Self {
            tree,
            _unpacked: Some(folder),
        })
    }

    /// The tree is a source tree, and of this release. `given` is what the user knows it as.
    fn check(&self, given: &Path, release: &Release) -> Result<(), SourceError> {
        if !self.tree.join("Python/ceval.c").is_file() {
            return Err(SourceError::NoCeval(given.to_owned()));
        }
        let name = Path::new("Include/patchlevel.h");
        let text =
            fs::read_to_string(self.tree.join(name)).map_err(SourceError::io(&given.join(name)))?;
        for (index, line) in text.lines().enumerate() {
            if let Some(found) = python_version(line) {
                // A checkout between two releases calls itself `3.13.5+`.
                if found.trim_end_matches('+') == release.to_string() {
                    return Ok(());
                }
                return Err(SourceError::OtherRelease {
                    file: given.join(name),
                    line: index + 1,
                    found: found.to_owned(),
                    wanted: *release,
                });
            }
        }
        Err(SourceError::NoVersion(given.join(name)))
    }
}

/// The text of `#define PY_VERSION "3.13.5"`.
fn python_version(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("#define")?.trim_start();
    let rest = rest.strip_prefix("PY_VERSION")?.trim_start();
    rest.strip_prefix('"')?.split('"').next()
}

#[cfg(test)]
mod tests;
