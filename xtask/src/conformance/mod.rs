//! `cargo xtask conformance`: CPython's own test suite, with Cevalry on and without it.

mod suite;

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
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

use suite::Suite;

/// The modules that are run when none is named.
const MODULES: &str = include_str!("modules.txt");

/// Cases that may differ, with the reason.
const ALLOWED: &str = include_str!("allowed.txt");

/// Stands for every module of the suite.
const ALL: &str = "all";

/// Run by every interpreter that starts with the folder on its path.
const STARTUP: &str = "import cevalry_startup\n";

/// Run CPython's own tests with Cevalry on and without it, and compare them case by case.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An interpreter to test on (a path or a command; may be given several times).
    /// Without it: every supported one on PATH and among pyenv's versions.
    #[arg(long = "python", value_name = "PATH")]
    pythons: Vec<PathBuf>,
    /// The threshold, or `default`; 0 compiles everything at first sight.
    #[arg(long, default_value = "0", value_name = "N|default")]
    threshold: Threshold,
    /// Import Cevalry from this folder instead of building it.
    #[arg(long, value_name = "FOLDER")]
    import: Option<PathBuf>,
    /// How many modules to run at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Write the counts into docs/conformance.md.
    #[arg(long)]
    record: bool,
    /// Modules of the test suite; without them, about a hundred telling ones. `all` is the whole suite.
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
        let found = compare(args, python, folder)?;
        differences += found.differences;
        if args.record {
            record(repo, &found.row(python, args))?;
        }
    }
    Ok(if differences == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// What a comparison found.
#[derive(Default)]
struct Found {
    modules: usize,
    cases: usize,
    differences: usize,
    allowed: usize,
}

impl Found {
    fn row(&self, python: &Python, args: &Args) -> Row {
        let whole = args.tests.first().is_some_and(|test| test == ALL);
        let part = if whole { "" } else { " (a part)" };
        let listed = match self.allowed {
            0 => String::new(),
            allowed => format!(" ({allowed} listed)"),
        };
        Row {
            what: format!("CPython's tests{part}"),
            python: python.version.clone(),
            when: args.threshold.to_string(),
            amount: format!("{} modules, {} cases{listed}", self.modules, self.cases),
            differences: self.differences,
        }
    }
}

fn compare(args: &Args, python: &Python, folder: &std::path::Path) -> Result<Found> {
    println!(
        "conformance of {}, threshold {}",
        python.describe(),
        args.threshold
    );
    let startup = tempfile::tempdir()?;
    fs::write(startup.path().join("sitecustomize.py"), STARTUP)?;
    let path = format!("{}:{}", startup.path().display(), folder.display());
    let with = |compiled| Suite {
        python: python.command.clone(),
        path: path.clone(),
        compiled,
    };
    let (without, with) = (with(None), with(Some(args.threshold)));
    let modules = modules(&args.tests, python)?;
    let allowed = allowed();
    let found = Mutex::new(Found::default());
    workers::each(modules, args.jobs, |module| {
        let expected = without.run(&module)?;
        let given = settle(&with, &module, &expected)?;
        tell(&module, &expected, &given, &allowed, &mut lock(&found));
        Ok(())
    })?;
    let found = found.into_inner().unwrap_or_else(PoisonError::into_inner);
    println!(
        "{}: {} modules, {} cases, {} differ, {} may differ",
        python.describe(),
        found.modules,
        found.cases,
        found.differences,
        found.allowed
    );
    Ok(found)
}

/// What becomes of the cases with Cevalry. Where something differs the module is run again, and a
/// case that then passes counts as passed: some tests depend on time.
fn settle(with: &Suite, module: &str, expected: &Fates) -> Result<Fates> {
    let mut given = with.run(module)?;
    if !differing(expected, &given).is_empty() {
        for (case, fate) in with.run(module)? {
            if fate == Fate::Passed {
                given.insert(case, fate);
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

fn tell(
    module: &str,
    expected: &Fates,
    given: &Fates,
    allowed: &BTreeMap<&str, &str>,
    found: &mut Found,
) {
    found.modules += 1;
    found.cases += expected.len();
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
        "{module}: {} cases{}",
        expected.len(),
        if lines.is_empty() { "" } else { ", differs" }
    );
    for line in lines {
        println!("{line}");
    }
}

fn allowed() -> BTreeMap<&'static str, &'static str> {
    ALLOWED
        .lines()
        .filter(|line| !line.starts_with('#'))
        .filter_map(|line| line.split_once(' '))
        .collect()
}

/// The modules to run: those named, the telling ones that this interpreter has, or all.
fn modules(named: &[String], python: &Python) -> Result<Vec<String>> {
    if !named.is_empty() && named[0] != ALL {
        return Ok(named.to_vec());
    }
    let output = std::process::Command::new(&python.command)
        .args(["-m", "test", "--list-tests"])
        .output()
        .with_context(|| format!("cannot start {}", python.command.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let known: Vec<String> = text
        .lines()
        .map(|line| line.trim_start_matches("test.").to_owned())
        .collect();
    if known.len() < 50 {
        bail!(
            "{} comes without its tests (Debian has them in the package libpython3.{}-testsuite)",
            python.describe(),
            python.minor()
        );
    }
    if !named.is_empty() {
        return Ok(known);
    }
    let chosen = MODULES.lines().filter(|line| !line.starts_with('#'));
    Ok(chosen
        .filter(|module| {
            let whole = module.split('.').next().unwrap_or(module);
            known
                .iter()
                .any(|one| one == module || one.split('.').next() == Some(whole))
        })
        .map(str::to_owned)
        .collect())
}
