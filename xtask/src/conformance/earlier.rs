//! Modules in which earlier runs found no difference: the whole suite takes hours.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::python::Python;
use crate::repo::Repo;
use crate::threshold::Threshold;

use super::Counts;

/// What is kept of one interpreter's modules, in a file under `target/`.
pub struct Earlier {
    file: PathBuf,
    known: BTreeMap<(String, String), Counts>,
}

impl Earlier {
    /// What is known of this interpreter; nothing, and what was known forgotten, unless the run goes on.
    pub fn open(repo: &Repo, python: &Python, go_on: bool) -> Result<Self> {
        let folder = repo.target().join("conformance");
        fs::create_dir_all(&folder)?;
        let file = folder.join(format!("{}-{}", python.version, python.tag()));
        let text = if go_on {
            fs::read_to_string(&file).unwrap_or_default()
        } else {
            String::new()
        };
        fs::write(&file, &text).with_context(|| format!("cannot write {}", file.display()))?;
        let known = text.lines().filter_map(read).collect();
        Ok(Self { file, known })
    }

    /// What an earlier run counted in this module.
    pub fn counts(&self, module: &str, threshold: Threshold) -> Option<Counts> {
        let key = (module.to_owned(), threshold.to_string());
        self.known.get(&key).copied()
    }

    /// Keep what was counted in a module without a difference.
    pub fn keep(&self, module: &str, threshold: Threshold, counts: Counts) -> Result<()> {
        let mut file = fs::File::options().append(true).open(&self.file)?;
        // One write: several modules may end at the same time.
        let line = line(module, threshold, counts);
        file.write_all(line.as_bytes())
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

fn line(module: &str, threshold: Threshold, counts: Counts) -> String {
    format!("{module} {threshold} {} {}\n", counts.cases, counts.allowed)
}

fn read(line: &str) -> Option<((String, String), Counts)> {
    let mut words = line.split(' ');
    let key = (words.next()?.to_owned(), words.next()?.to_owned());
    let cases = words.next()?.parse().ok()?;
    let allowed = words.next()?.parse().ok()?;
    let counts = Counts {
        cases,
        allowed,
        differences: 0,
    };
    Some((key, counts))
}

#[cfg(test)]
mod tests {
    use super::{Counts, Threshold, line, read};

    #[test]
    fn what_is_kept_is_read_again() {
        let counts = Counts {
            cases: 7,
            allowed: 1,
            differences: 0,
        };
        let kept = line("test_x", Threshold::Default, counts);
        let key = ("test_x".to_owned(), "default".to_owned());
        assert_eq!(read(kept.trim_end()), Some((key, counts)));
        assert_eq!(read("test_x default"), None);
    }
}
