//! Downloading a release, with a cache in the user's folder.

use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use indicatif::{ProgressBar, ProgressStyle};

use super::{Sha256Text, SourceError, sha256};
use crate::release::Release;

/// Where releases are published.
pub const PYTHON_ORG: &str = "https://www.python.org/ftp/python";

/// Where archives come from and where they are kept.
#[derive(Clone, Debug)]
pub struct Downloads {
    server: String,
    cache: PathBuf,
}

impl Downloads {
    /// From `server`, kept in the user's cache folder.
    pub fn from_server(server: &str) -> Result<Self, SourceError> {
        let base = etcetera::choose_base_strategy().map_err(|error| SourceError::Io {
            path: PathBuf::from("the user's cache folder"),
            error: std::io::Error::other(error),
        })?;
        Ok(Self::new(server, base.cache_dir().join("cevalry")))
    }

    pub fn new(server: &str, cache: PathBuf) -> Self {
        Self {
            server: server.trim_end_matches('/').to_owned(),
            cache,
        }
    }

    /// The archive's path in the cache; it has this hash.
    pub(super) fn archive(
        &self,
        release: &Release,
        hash: &Sha256Text,
    ) -> Result<PathBuf, SourceError> {
        let name = format!("Python-{release}.tar.xz");
        let kept = self.cache.join(&name);
        // A kept archive with another hash is damaged: fetch it again.
        if fs::read(&kept).is_ok_and(|bytes| sha256(&bytes) == *hash) {
            return Ok(kept);
        }
        let url = format!("{}/{}/{name}", self.server, release.folder());
        let bytes = fetch(&url)?;
        let found = sha256(&bytes);
        if found != *hash {
            return Err(SourceError::WrongHash {
                url,
                found: found.to_string(),
                wanted: hash.to_string(),
            });
        }
        self.keep(&kept, &bytes)?;
        Ok(kept)
    }

    fn keep(&self, path: &Path, bytes: &[u8]) -> Result<(), SourceError> {
        fs::create_dir_all(&self.cache).map_err(SourceError::io(&self.cache))?;
        let mut part =
            tempfile::NamedTempFile::new_in(&self.cache).map_err(SourceError::io(&self.cache))?;
        part.write_all(bytes).map_err(SourceError::io(path))?;
        part.persist(path)
            .map_err(|error| SourceError::io(path)(error.error))?;
        Ok(())
    }
}

fn fetch(url: &str) -> Result<Vec<u8>, SourceError> {
    let offline = |error: &dyn std::fmt::Display| SourceError::Offline {
        url: url.to_owned(),
        reason: error.to_string(),
    };
    let mut response = ureq::get(url).call().map_err(|error| offline(&error))?;
    let size = response.body().content_length();
    let bar = progress(size, url);
    let mut reader = bar.wrap_read(response.body_mut().as_reader());
    let mut bytes = Vec::new();
    let ended = reader.read_to_end(&mut bytes);
    bar.finish_and_clear();
    let got = bytes.len() as u64;
    match (ended, size) {
        // A connection that closes early is an error of the reader, or only a short body.
        (_, Some(size)) if got < size => Err(SourceError::Truncated {
            url: url.to_owned(),
            got,
            size,
        }),
        (Err(error), _) => Err(offline(&error)),
        (Ok(_), _) => Ok(bytes),
    }
}

/// Drawn on standard error, and only where that is a terminal.
fn progress(size: Option<u64>, url: &str) -> ProgressBar {
    let (bar, template) = match size {
        Some(size) => (
            ProgressBar::new(size),
            "{msg} {bar:40} {bytes}/{total_bytes} {bytes_per_sec} {eta}",
        ),
        None => (ProgressBar::new_spinner(), "{msg} {spinner} {bytes}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(url.rsplit('/').next().unwrap_or(url).to_owned());
    bar
}
