//! What can go wrong while a source tree is read.

use std::path::PathBuf;

use thiserror::Error;

/// A failure to read C that stops the whole release.
#[derive(Debug, Error)]
pub enum Error {
    #[error("{0} has no Python/ceval.c: is it a CPython source tree?")]
    NoEvaluationLoop(PathBuf),
    #[error("cannot read {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("cannot run the C preprocessor `gcc`: {0}; install gcc")]
    NoPreprocessor(std::io::Error),
    #[error("the C preprocessor failed on Python/ceval.c: {0}")]
    Preprocess(String),
    #[error("{place}: the C does not parse at `{near}`")]
    Syntax { place: Place, near: String },
    #[error("{place}: {what}")]
    Unknown { place: Place, what: String },
    #[error("Python/ceval.c: {0}")]
    Shape(String),
}

/// A line of an upstream file.
#[derive(Clone, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub struct Place {
    /// Relative to the tree: `Python/ceval.c`.
    pub file: String,
    pub line: u32,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
