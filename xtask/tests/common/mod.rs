//! What the tests against installed interpreters share.

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use xtask::release::Release;
use xtask::repo::Repo;

/// This repository.
pub fn repo() -> Repo {
    Repo::here().unwrap()
}

/// Interpreters of the synced minor releases: those on `PATH` and those of pyenv, one a release.
pub fn interpreters() -> BTreeMap<Release, PathBuf> {
    let mut commands = Vec::new();
    for minor in xtask::minor::synced(&repo()).unwrap() {
        for folder in env::split_paths(&env::var_os("PATH").unwrap_or_default()) {
            commands.push(folder.join(format!("python{minor}")));
        }
        if let Some(root) = pyenv() {
            let versions = fs::read_dir(root.join("versions")).into_iter().flatten();
            let of_minor = format!("{minor}.");
            for version in versions.flatten() {
                if version.file_name().to_string_lossy().starts_with(&of_minor) {
                    commands.push(version.path().join("bin/python"));
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    for command in commands.into_iter().filter(|command| command.exists()) {
        let script = "import platform; print(platform.python_version())";
        if let Some(text) = ask(&command, script, &[])
            && let Ok(release) = String::from_utf8_lossy(&text).trim().parse()
        {
            found.entry(release).or_insert(command);
        }
    }
    found
}

fn pyenv() -> Option<PathBuf> {
    let root = env::var_os("PYENV_ROOT").map(PathBuf::from);
    root.or_else(|| Some(PathBuf::from(env::var_os("HOME")?).join(".pyenv")))
}

/// Standard output of a script.
pub fn ask(python: &Path, script: &str, args: &[&str]) -> Option<Vec<u8>> {
    let output = Command::new(python)
        .args(["-I", "-c", script])
        .args(args)
        .output()
        .ok()?;
    output.status.success().then_some(output.stdout)
}

/// Sends the interpreter's headers as an archive: it may live in a root folder of its own.
const SEND_HEADERS: &str = r"
import os, sys, sysconfig, tarfile
include = sysconfig.get_path('include')
more = os.path.join('/usr/include', str(sysconfig.get_config_var('MULTIARCH')), os.path.basename(include))
with tarfile.open(fileobj=sys.stdout.buffer, mode='w|') as tar:
    tar.add(include, '.')
    if os.path.isdir(more):
        tar.add(more, '/'.join(more.split('/')[3:]))
";

/// The headers of an interpreter, where internal ones are installed. `path()` is the folder to
/// include from.
pub struct Headers {
    folder: tempfile::TempDir,
}

impl Headers {
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

pub fn headers(python: &Path) -> Option<Headers> {
    let folder = tempfile::tempdir().unwrap();
    let archive = ask(python, SEND_HEADERS, &[])?;
    tar::Archive::new(archive.as_slice())
        .unpack(folder.path())
        .ok()?;
    let found = folder.path().join("internal/pycore_frame.h").is_file();
    found.then_some(Headers { folder })
}

/// A C compiler that knows the headers.
pub fn compiler(include: &Path) -> Command {
    let mut command = Command::new("cc");
    command
        .args(["-w", "-std=c11", "-D_GNU_SOURCE", "-I"])
        .arg(include)
        .arg("-I")
        .arg(include.join("internal"))
        .arg("-I")
        .arg(include.join("internal/mimalloc"));
    command
}

/// The synced release that an interpreter is compared with: the newest one that is not newer than
/// it, else the oldest.
pub fn closest(release: &Release) -> Release {
    let data = xtask::minor::MinorData::load(&repo(), &release.minor()).unwrap();
    let synced = data.releases().unwrap();
    let older = synced.iter().rfind(|synced| *synced <= release);
    *older.unwrap_or(&synced[0])
}
