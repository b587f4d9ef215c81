//! What was counted in each module, kept in the repository: the whole suite takes hours.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::python::Python;
use crate::repo::Repo;
use crate::threshold::Threshold;
use crate::writer::Output;

use super::{Counts, Found};

/// Says what stands on a line.
const HEAD: &str = "# module, threshold, cases, listed differences, other differences\n";

/// Modules and thresholds in the order of the file.
type Modules = BTreeMap<(String, String), Counts>;

/// What was counted with one version of the interpreter. A module that differed stays in, with its
/// differences, until it is run again: the table is the sum of the file.
pub struct Counted {
    root: PathBuf,
    /// From the root.
    file: PathBuf,
    modules: Modules,
}

impl Counted {
    /// What is kept of this interpreter's version.
    pub fn read(repo: &Repo, python: &Python) -> Result<Self> {
        Self::read_version(repo.root(), &python.version)
    }

    fn read_version(root: &Path, version: &str) -> Result<Self> {
        let file = PathBuf::from(format!("docs/conformance/{version}.txt"));
        let modules = match fs::read_to_string(root.join(&file)) {
            Ok(text) => read(&text),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Modules::new()),
            Err(error) => Err(error.into()),
        };
        Ok(Self {
            root: root.to_owned(),
            modules: modules.with_context(|| format!("cannot read {}", file.display()))?,
            file,
        })
    }

    /// What was counted in a module in which nothing differed.
    pub fn settled(&self, module: &str, threshold: Threshold) -> Option<Counts> {
        let key = (module.to_owned(), threshold.to_string());
        let counts = self.modules.get(&key).copied();
        counts.filter(|counts| counts.differences == 0)
    }

    /// Keep what was counted in a module, in place of what is known of it.
    pub fn keep(&mut self, module: &str, threshold: Threshold, counts: Counts) -> Result<()> {
        let key = (module.to_owned(), threshold.to_string());
        self.modules.insert(key, counts);
        let mut output = Output::default();
        output.write(&self.file, text(&self.modules));
        output.commit(&self.root)?;
        Ok(())
    }

    /// What was counted at a threshold in all.
    pub fn sum(&self, threshold: Threshold) -> Found {
        let threshold = threshold.to_string();
        let mut sum = Found::default();
        for ((_, at), counts) in &self.modules {
            if *at == threshold {
                sum.add(*counts);
            }
        }
        sum
    }
}

fn text(modules: &Modules) -> String {
    let lines = modules.iter().map(|((module, threshold), counts)| {
        format!(
            "{module} {threshold} {} {} {}\n",
            counts.cases, counts.allowed, counts.differences
        )
    });
    std::iter::once(HEAD.to_owned()).chain(lines).collect()
}

fn read(text: &str) -> Result<Modules> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let [module, threshold, cases, allowed, differences] = words[..] else {
                bail!("five words are expected in {line:?}");
            };
            let counts = Counts {
                cases: cases.parse()?,
                allowed: allowed.parse()?,
                differences: differences.parse()?,
            };
            Ok(((module.to_owned(), threshold.to_owned()), counts))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Counted, Counts, Threshold};

    fn counts(cases: usize, differences: usize) -> Counts {
        Counts {
            cases,
            allowed: 1,
            differences,
        }
    }

    #[test]
    fn what_is_kept_is_read_again_for_the_same_version() {
        let folder = tempfile::tempdir().unwrap();
        let read = |version| Counted::read_version(folder.path(), version).unwrap();
        let mut counted = read("3.11.2");
        let (zero, default) = (Threshold::Of(0), Threshold::Default);
        counted.keep("test_y", zero, counts(7, 0)).unwrap();
        counted.keep("test_x", default, counts(5, 0)).unwrap();
        counted.keep("test_x", zero, counts(5, 0)).unwrap();
        let text = fs::read_to_string(folder.path().join("docs/conformance/3.11.2.txt")).unwrap();
        let lines: Vec<&str> = text.lines().skip(1).collect();
        let expected = ["test_x 0 5 1 0", "test_x default 5 1 0", "test_y 0 7 1 0"];
        assert_eq!(lines, expected);
        let again = read("3.11.2");
        assert_eq!(again.settled("test_x", default), Some(counts(5, 0)));
        assert_eq!(again.settled("test_y", default), None);
        let sum = again.sum(zero);
        assert_eq!((sum.modules, sum.counts.cases), (2, 12));
        assert_eq!(read("3.11.7").settled("test_x", zero), None);
    }

    #[test]
    fn a_module_that_differs_counts_as_that_until_it_is_run_again() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Counted::read_version(folder.path(), "3.13.0").unwrap();
        let zero = Threshold::Of(0);
        read().keep("test_x", zero, counts(5, 0)).unwrap();
        read().keep("test_x", zero, counts(5, 2)).unwrap();
        assert_eq!(read().settled("test_x", zero), None);
        assert_eq!(read().sum(zero).counts, counts(5, 2));
        read().keep("test_x", zero, counts(5, 0)).unwrap();
        assert_eq!(read().settled("test_x", zero), Some(counts(5, 0)));
        assert_eq!(read().sum(zero).counts, counts(5, 0));
    }

    #[test]
    fn a_line_that_cannot_be_read_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("docs/conformance")).unwrap();
        let file = folder.path().join("docs/conformance/3.13.0.txt");
        fs::write(file, "test_x 0 5 0\n").unwrap();
        assert!(Counted::read_version(folder.path(), "3.13.0").is_err());
    }
}
