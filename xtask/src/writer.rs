//! The one gate through which derived files are written.
//!
//! A command collects everything it wants to write, and commits it at the end: all of it, or
//! nothing.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use tempfile::NamedTempFile;
use thiserror::Error;

/// Files to write or to remove, by their path in the repository.
#[derive(Debug, Default)]
pub struct Output {
    files: BTreeMap<PathBuf, Option<String>>,
}

/// What committing an output does to one file.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Added,
    Changed,
    Removed,
}

#[derive(Debug, Error)]
#[error("{}: {error}; nothing was written", path.display())]
pub struct WriteError {
    path: PathBuf,
    error: io::Error,
}

impl WriteError {
    fn at(path: &Path) -> impl FnOnce(io::Error) -> Self + '_ {
        move |error| Self {
            path: path.to_owned(),
            error,
        }
    }
}

impl Output {
    /// The file is to hold this text.
    pub fn write(&mut self, path: impl Into<PathBuf>, text: String) {
        self.files.insert(path.into(), Some(text));
    }

    /// The file is to be gone.
    pub fn remove(&mut self, path: impl Into<PathBuf>) {
        self.files.insert(path.into(), None);
    }

    /// The files that differ from what stands under `root`.
    pub fn changes(&self, root: &Path) -> Result<BTreeMap<PathBuf, Change>, WriteError> {
        let mut changes = BTreeMap::new();
        for (path, text) in &self.files {
            let now = read(&root.join(path))?;
            let change = match (&now, text) {
                (None, Some(_)) => Change::Added,
                (Some(_), None) => Change::Removed,
                (Some(now), Some(text)) if now != text.as_bytes() => Change::Changed,
                _ => continue,
            };
            changes.insert(path.clone(), change);
        }
        Ok(changes)
    }

    /// Makes the repository under `root` look like this. Every new text is on disk before the
    /// first file changes; if a file cannot be replaced, those before it are put back.
    pub fn commit(&self, root: &Path) -> Result<BTreeMap<PathBuf, Change>, WriteError> {
        let changes = self.changes(root)?;
        let mut staged = Vec::new();
        for path in changes.keys() {
            let target = root.join(path);
            let new = match &self.files[path] {
                Some(text) => Some(stage(&target, text).map_err(WriteError::at(&target))?),
                None => None,
            };
            let old = read(&target)?;
            staged.push((target, old, new));
        }
        let mut done: Vec<(PathBuf, Option<Vec<u8>>)> = Vec::new();
        for (target, old, new) in staged {
            let replaced = match new {
                Some(file) => file
                    .persist(&target)
                    .map(drop)
                    .map_err(|failed| failed.error),
                None => fs::remove_file(&target),
            };
            if let Err(error) = replaced {
                put_back(&done);
                return Err(WriteError {
                    path: target,
                    error,
                });
            }
            done.push((target, old));
        }
        Ok(changes)
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, WriteError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(WriteError::at(path)(error)),
    }
}

/// The text in a file beside its target, so that a rename is enough.
fn stage(target: &Path, text: &str) -> io::Result<NamedTempFile> {
    let folder = target.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // An ordinary file's permissions; a temporary file is for its owner alone.
        builder.permissions(fs::Permissions::from_mode(0o644));
    }
    let mut file = builder.prefix(".cevalry-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// As well as it goes: the error that led here is the one to report.
fn put_back(done: &[(PathBuf, Option<Vec<u8>>)]) {
    for (target, old) in done {
        let _ = match old {
            Some(bytes) => fs::write(target, bytes),
            None => fs::remove_file(target),
        };
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Change, Output};

    fn output() -> Output {
        let mut output = Output::default();
        output.write("a.txt", "new\n".to_owned());
        output.write("b/c.txt", "made\n".to_owned());
        output.write("same.txt", "same\n".to_owned());
        output.remove("gone.txt");
        output
    }

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("a.txt", "old\n"),
            ("same.txt", "same\n"),
            ("gone.txt", "x"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        folder
    }

    fn names(root: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(root)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_commit_writes_what_differs() {
        let folder = folder();
        let expected = [
            (PathBuf::from("a.txt"), Change::Changed),
            (PathBuf::from("b/c.txt"), Change::Added),
            (PathBuf::from("gone.txt"), Change::Removed),
        ];
        let changes = output().commit(folder.path()).unwrap();
        assert_eq!(changes.into_iter().collect::<Vec<_>>(), expected);
        assert_eq!(names(folder.path()), ["a.txt", "b", "same.txt"]);
        assert_eq!(
            fs::read_to_string(folder.path().join("a.txt")).unwrap(),
            "new\n"
        );
        assert!(output().changes(folder.path()).unwrap().is_empty());
    }

    #[test]
    fn a_commit_that_fails_leaves_everything_as_it_was() {
        let folder = folder();
        let mut output = output();
        // A folder stands where a file is to go.
        fs::create_dir_all(folder.path().join("z.txt/inside")).unwrap();
        output.write("z.txt", "never\n".to_owned());
        let error = output.commit(folder.path()).unwrap_err().to_string();
        assert!(error.ends_with("nothing was written"), "{error}");
        assert_eq!(
            names(folder.path()),
            ["a.txt", "gone.txt", "same.txt", "z.txt"]
        );
        assert_eq!(
            fs::read_to_string(folder.path().join("a.txt")).unwrap(),
            "old\n"
        );
    }
}
