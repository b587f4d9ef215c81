//! Where things stand in the repository.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

/// The repository that this xtask was built from.
#[derive(Clone, Debug)]
pub struct Repo {
    root: PathBuf,
}

impl Repo {
    /// The repository around this crate.
    pub fn here() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        match root.canonicalize() {
            Ok(root) => Ok(Self { root }),
            Err(error) => bail!(
                "the repository at {} is gone ({error}); run cargo xtask inside it, so that it is built again",
                root.display()
            ),
        }
    }

    /// A repository somewhere else; for tests.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Derived templates, one file per family.
    pub fn templates(&self) -> PathBuf {
        self.root.join("templates")
    }

    /// Hand-written templates that stand in for derived ones.
    pub fn overrides(&self) -> PathBuf {
        self.root.join("templates/overrides")
    }

    /// Hand-written tables about C functions, structs and macros.
    pub fn vocabulary(&self) -> PathBuf {
        self.root.join("templates/vocabulary")
    }

    /// Derived data, one folder per minor release.
    pub fn versions(&self) -> PathBuf {
        self.root.join("cpython-versions")
    }

    /// Cargo's target folder, in which everything that the commands build is kept.
    pub fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR")
            .map_or_else(|| self.root.join("target"), |folder| self.root.join(folder))
    }

    pub fn minor(&self, minor: &str) -> PathBuf {
        self.versions().join(minor)
    }
}
