//! `cargo xtask packages`: the tests of packages from PyPI, with Cevalry on and without it.

mod environment;
mod suite;

use std::collections::{BTreeMap, BTreeSet};
use std::mem::discriminant;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Mutex;

use anyhow::{Result, bail};

use crate::build;
use crate::cases::{Fate, Fates, line};
use crate::python::{self, Python};
use crate::record::{Row, record};
use crate::repo::Repo;
use crate::workers::{self, lock};

use environment::{Environment, Package};
use suite::Suite;

/// Run the tests of packages from PyPI with Cevalry on and without it, and compare them case by case.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An interpreter to test on (a path or a command; may be given several times).
    /// Without it: every supported one on PATH and among pyenv's versions.
    #[arg(long = "python", value_name = "PATH")]
    pythons: Vec<PathBuf>,
    /// The threshold; 0 compiles everything at first sight. Without it: what a user has.
    #[arg(long)]
    threshold: Option<u32>,
    /// Import Cevalry from this folder instead of building it.
    #[arg(long, value_name = "FOLDER")]
    import: Option<PathBuf>,
    /// How many packages to test at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Write the counts into docs/conformance.md.
    #[arg(long)]
    record: bool,
    /// Packages of `xtask/src/packages/packages.toml`; all of them without a name.
    #[arg(value_name = "PACKAGE")]
    packages: Vec<String>,
}

/// Run the command: exit code 1 when a case does not end as it does without Cevalry.
pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let packages = environment::choose(&args.packages)?;
    let pythons = python::chosen(&args.pythons)?;
    let folders = match &args.import {
        Some(folder) => vec![std::path::absolute(folder)?; pythons.len()],
        None => build::build(repo, &pythons)?,
    };
    let failed = Mutex::new(false);
    for (python, folder) in pythons.iter().zip(&folders) {
        println!(
            "packages on {}, threshold {}",
            python.describe(),
            args.when()
        );
        workers::each(&packages, args.jobs, |(name, package)| {
            let outcome = compare(repo, args, python, folder, (name, package));
            let found = match outcome {
                Ok(found) => found,
                Err(error) => {
                    println!("{name}: {error:#}");
                    *lock(&failed) = true;
                    return Ok(());
                }
            };
            found.tell(name, package);
            let mut failed = lock(&failed);
            *failed |= !found.differences.is_empty();
            if args.record {
                record(repo, &found.row(name, package, python, args))?;
            }
            Ok(())
        })?;
    }
    let failed = *lock(&failed);
    Ok(if failed {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    })
}

impl Args {
    fn when(&self) -> String {
        self.threshold
            .map_or_else(|| "default".to_owned(), |threshold| threshold.to_string())
    }

    /// What switches Cevalry on.
    fn variables(&self) -> BTreeMap<&'static str, String> {
        let mut variables = BTreeMap::from([("CEVALRY", "1".to_owned())]);
        if let Some(threshold) = self.threshold {
            variables.insert("CEVALRY_THRESHOLD", threshold.to_string());
        }
        variables
    }
}

/// What a comparison found.
struct Found {
    expected: Fates,
    given: Fates,
    differences: BTreeSet<String>,
}

impl Found {
    fn tell(&self, name: &str, package: &Package) {
        let passed = self.expected.values().filter(|fate| **fate == Fate::Passed);
        let mut text = format!(
            "{name} {}: {} cases, {} pass, {} differ",
            package.version,
            self.expected.len(),
            passed.count(),
            self.differences.len()
        );
        for case in &self.differences {
            text.push('\n');
            text.push_str(&line(case, self.given.get(case)));
            let (how, _) = Fate::told(self.expected.get(case));
            text.push_str(&format!("\n    and without Cevalry {how}"));
        }
        println!("{text}");
    }

    fn row(&self, name: &str, package: &Package, python: &Python, args: &Args) -> Row {
        let some = if package.part.is_some() {
            " (a part)"
        } else {
            ""
        };
        Row {
            what: format!("{name} {}{some}", package.version),
            python: python.version.clone(),
            when: args.when(),
            amount: format!("{} cases", self.expected.len()),
            differences: self.differences.len(),
        }
    }
}

/// Both ways; where something differs, both ways again: a case counts that differs twice, since
/// some tests depend on time.
fn compare(
    repo: &Repo,
    args: &Args,
    python: &Python,
    import: &Path,
    (name, package): (&str, &Package),
) -> Result<Found> {
    let environment = Environment::prepare(repo, python, (name, package), import)?;
    let suite = Suite {
        environment: &environment,
        package,
    };
    let (without, with) = (BTreeMap::new(), args.variables());
    let expected = suite.run(&without)?;
    if !expected.values().any(|fate| *fate == Fate::Passed) {
        let told: Vec<String> = expected
            .iter()
            .map(|(case, fate)| line(case, Some(fate)))
            .collect();
        bail!("no case passes without Cevalry\n{}", told.join("\n"));
    }
    let given = suite.run(&with)?;
    let mut differences = differing(&expected, &given);
    if !differences.is_empty() {
        let again = differing(&suite.run(&without)?, &suite.run(&with)?);
        differences.retain(|case| again.contains(case));
    }
    Ok(Found {
        expected,
        given,
        differences,
    })
}

/// Cases that do not end the same way.
fn differing(expected: &Fates, given: &Fates) -> BTreeSet<String> {
    let cases: BTreeSet<&String> = expected.keys().chain(given.keys()).collect();
    cases
        .into_iter()
        .filter(|case| expected.get(*case).map(discriminant) != given.get(*case).map(discriminant))
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests {
    use super::differing;
    use crate::cases::{Fate, Fates};

    #[test]
    fn cases_differ_by_how_they_end() {
        let fates = |list: &[(&str, Fate)]| -> Fates {
            let named = |(name, fate): &(&str, Fate)| ((*name).to_owned(), fate.clone());
            list.iter().map(named).collect()
        };
        let expected = fates(&[
            ("a", Fate::Passed),
            ("b", Fate::Failed("x".to_owned())),
            ("c", Fate::Skipped),
            ("d", Fate::Passed),
        ]);
        let given = fates(&[
            ("a", Fate::Passed),
            ("b", Fate::Failed("y".to_owned())),
            ("c", Fate::Passed),
            ("e", Fate::Passed),
        ]);
        let found: Vec<_> = differing(&expected, &given).into_iter().collect();
        assert_eq!(found, ["c", "d", "e"]);
    }
}
