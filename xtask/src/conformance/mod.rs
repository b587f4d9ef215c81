//! `cargo xtask conformance`: CPython's own test suite, with Cevalry on and without it.

mod counted;
mod suite;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};

use crate::build;
use crate::cases::{Fate, Fates, line};
use crate::python::{self, Python};
use crate::record::{Row, record};
use crate::repo::Repo;
use crate::threshold::Threshold;
use crate::workers::{self, lock};

use counted::Counted;
use suite::Suite;

/// The modules that are run when none is named.
const MODULES: &str = include_str!("modules.txt");

/// Cases that may differ, with the reason.
const ALLOWED: &str = include_str!("allowed.txt");

/// Stands for every module of the suite.
const ALL: &str = "all";

/// Run by every interpreter that starts with the folder on its path.
const STARTUP: &str = "import cevalry_startup\n";

/// Gives every interpreter the means to look for leaks.
const REFERENCES: &str = include_str!("references.py");

/// Run CPython's own tests with Cevalry on and without it, and compare them case by case.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An interpreter to test on (a path or a command; may be given several times).
    /// Without it: every supported one on PATH and among pyenv's versions.
    #[arg(long = "python", value_name = "PATH")]
    pythons: Vec<PathBuf>,
    /// The threshold, or `default` (may be given several times); 0 compiles everything at first sight.
    #[arg(long = "threshold", default_value = "0", value_name = "N|default")]
    thresholds: Vec<Threshold>,
    /// Import Cevalry from this folder instead of building it.
    #[arg(long, value_name = "FOLDER")]
    import: Option<PathBuf>,
    /// How many modules to run at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Keep the counts of each module in docs/conformance/, and their sums in docs/conformance.md.
    #[arg(long)]
    record: bool,
    /// Run each module six times over, and look whether references, memory blocks or files leak
    /// where they do not without Cevalry.
    #[arg(long, conflicts_with = "resume")]
    leaks: bool,
    /// Count modules in which a recorded run found no difference without running them again.
    #[arg(long)]
    resume: bool,
    /// Modules of the test suite; without them, some sixty telling ones. `all` is the whole suite.
    #[arg(value_name = "TEST")]
    tests: Vec<String>,
}

/// Run the command: exit code 1 when a case that passes without Cevalry does not pass with it.
pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let pythons = python::chosen(&args.pythons)?;
    let folders = match &args.import {
        Some(folder) => vec![std::path::absolute(folder)?; pythons.len()],
        None => build::build(repo, &pythons)?,
    };
    let mut differences = 0;
    for (python, folder) in pythons.iter().zip(&folders) {
        let listed = listed(python)?;
        let found = compare(repo, args, python, folder, &listed)?;
        let counted = Counted::read(repo, python)?;
        for (found, threshold) in found.iter().zip(&args.thresholds) {
            differences += found.counts.differences;
            if args.record && args.leaks {
                record(repo, &found.leaks(python, *threshold, args))?;
            } else if args.record {
                let sum = counted.sum(*threshold);
                record(repo, &sum.row(python, *threshold, listed.len()))?;
            }
        }
    }
    Ok(if differences == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What was counted in a module, or in all of them.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
struct Counts {
    cases: usize,
    differences: usize,
    /// Differences that are listed.
    allowed: usize,
}

/// What a comparison found at one threshold.
#[derive(Clone, Default)]
struct Found {
    modules: usize,
    counts: Counts,
}

impl Found {
    fn add(&mut self, counts: Counts) {
        self.modules += 1;
        self.counts.cases += counts.cases;
        self.counts.differences += counts.differences;
        self.counts.allowed += counts.allowed;
    }

    /// The table's row, where the suite has so many modules.
    fn row(&self, python: &Python, threshold: Threshold, listed: usize) -> Row {
        let modules = match self.modules {
            part if part < listed => format!("{part} of {listed} modules"),
            all => format!("{all} modules"),
        };
        let listed = match self.counts.allowed {
            0 => String::new(),
            allowed => format!(" ({allowed} listed)"),
        };
        Row {
            what: "CPython's tests".to_owned(),
            python: python.version.clone(),
            when: threshold.to_string(),
            amount: format!("{modules}, {} cases{listed}", self.counts.cases),
            differences: self.counts.differences,
        }
    }

    /// The table's row for leaks.
    fn leaks(&self, python: &Python, threshold: Threshold, args: &Args) -> Row {
        let whole = args.tests.first().is_some_and(|test| test == ALL);
        let part = if whole { "" } else { " (a part)" };
        Row {
            what: format!("leaks in CPython's tests{part}"),
            python: python.version.clone(),
            when: threshold.to_string(),
            amount: format!("{} modules", self.modules),
            differences: self.counts.differences,
        }
    }
}

/// What is found at each threshold; without Cevalry a module is run once for all of them.
fn compare(
    repo: &Repo,
    args: &Args,
    python: &Python,
    folder: &Path,
    listed: &[String],
) -> Result<Vec<Found>> {
    println!("conformance of {}", python.describe());
    let startup = tempfile::tempdir()?;
    let references = if args.leaks { REFERENCES } else { "" };
    fs::write(
        startup.path().join("sitecustomize.py"),
        format!("{STARTUP}{references}"),
    )?;
    let path = format!("{}:{}", startup.path().display(), folder.display());
    let suite = |compiled| Suite {
        python: python.command.clone(),
        path: path.clone(),
        compiled,
        leaks: args.leaks,
    };
    let without = suite(None);
    let modules = modules(&args.tests, listed);
    let allowed = allowed();
    let counted = Mutex::new(Counted::read(repo, python)?);
    let found = Mutex::new(vec![Found::default(); args.thresholds.len()]);
    workers::each(modules, args.jobs, |module| {
        let mut plain = None;
        for (place, threshold) in args.thresholds.iter().enumerate() {
            let known = lock(&counted).settled(&module, *threshold);
            let counts = match known.filter(|_| args.resume) {
                Some(counts) => counts,
                None => {
                    let mut expected = match plain.take() {
                        Some(fates) => fates,
                        None => without.run(&module)?,
                    };
                    let with = suite(Some(*threshold));
                    let given = settle(&without, &with, &module, &mut expected)?;
                    let told = format!("{module} at threshold {threshold}");
                    let counts = tell(&told, &expected, &given, &allowed);
                    plain = Some(expected);
                    // A part of a module would count twice.
                    if args.record && !args.leaks && listed.contains(&module) {
                        lock(&counted).keep(&module, *threshold, counts)?;
                    }
                    counts
                }
            };
            lock(&found)[place].add(counts);
        }
        Ok(())
    })?;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    for (found, threshold) in found.iter().zip(&args.thresholds) {
        println!(
            "{}, threshold {threshold}: {} modules, {} cases, {} differ, {} may differ",
            python.describe(),
            found.modules,
            found.counts.cases,
            found.counts.differences,
            found.counts.allowed
        );
    }
    Ok(found)
}

/// What becomes of the cases with Cevalry. Where something differs the module is run again both
/// ways, and what a case came to at its better time counts with Cevalry, at its worse time without
/// it: some tests depend on time.
fn settle(without: &Suite, with: &Suite, module: &str, expected: &mut Fates) -> Result<Fates> {
    let mut given = with.run(module)?;
    if !differing(expected, &given).is_empty() {
        for (case, fate) in with.run(module)? {
            if fate == Fate::Passed {
                given.insert(case, fate);
            }
        }
    }
    if !differing(expected, &given).is_empty() {
        for (case, fate) in without.run(module)? {
            if fate != Fate::Passed {
                expected.insert(case, fate);
            }
        }
    }
    Ok(given)
}

/// Cases that pass without Cevalry and do not pass with it.
fn differing<'a>(expected: &'a Fates, given: &Fates) -> Vec<&'a String> {
    expected
        .iter()
        .filter(|(case, fate)| **fate == Fate::Passed && given.get(*case) != Some(&Fate::Passed))
        .map(|(case, _)| case)
        .collect()
}

fn tell(told: &str, expected: &Fates, given: &Fates, allowed: &BTreeMap<&str, &str>) -> Counts {
    let mut found = Counts {
        cases: expected.len(),
        ..Counts::default()
    };
    let mut lines = Vec::new();
    for case in differing(expected, given) {
        if allowed.contains_key(case.as_str()) {
            found.allowed += 1;
            continue;
        }
        found.differences += 1;
        lines.push(line(case, given.get(case)));
    }
    for (case, fate) in given {
        if matches!(fate, Fate::Died(_)) && !expected.contains_key(case) {
            found.differences += 1;
            lines.push(line(case, Some(fate)));
        }
    }
    println!(
        "{told}: {} cases{}",
        expected.len(),
        if lines.is_empty() { "" } else { ", differs" }
    );
    for line in lines {
        println!("{line}");
    }
    found
}

fn allowed() -> BTreeMap<&'static str, &'static str> {
    ALLOWED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect()
}

/// The modules of this interpreter's suite.
fn listed(python: &Python) -> Result<Vec<String>> {
    let output = std::process::Command::new(&python.command)
        .args(["-m", "test", "--list-tests"])
        .output()
        .with_context(|| format!("cannot start {}", python.command.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let listed: Vec<String> = text
        .lines()
        .map(|line| line.trim_start_matches("test.").to_owned())
        .collect();
    if listed.len() < 50 {
        bail!(
            "{} comes without its tests (Debian has them in the package libpython3.{}-testsuite)",
            python.describe(),
            python.minor()
        );
    }
    Ok(listed)
}

/// The modules to run: those named, the telling ones that this interpreter has, or all.
fn modules(named: &[String], listed: &[String]) -> Vec<String> {
    match named.first() {
        Some(name) if name == ALL => return listed.to_vec(),
        Some(_) => return named.to_vec(),
        None => {}
    }
    let chosen = MODULES.lines().filter(|line| !line.starts_with('#'));
    chosen
        .filter(|module| {
            let whole = module.split('.').next().unwrap_or(module);
            listed
                .iter()
                .any(|one| one == module || one.split('.').next() == Some(whole))
        })
        .map(str::to_owned)
        .collect()
}
