//! `cargo xtask bench`: pyperformance's benchmarks, with and without Cevalry, in alternation.

mod import_cost;
mod mechanisms;
mod plot;
mod suite;
mod table;

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use self::suite::{Benchmark, Suite};
use self::table::Row;
use crate::build;
use crate::process;
use crate::python::{self, Python};
use crate::repo::Repo;

/// Measure benchmarks of pyperformance on the same interpreter with and without Cevalry.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The interpreter to measure on (a path or a command).
    #[arg(long, value_name = "PATH")]
    python: Option<PathBuf>,
    /// How often each way is run, in alternation.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How long each run goes on measuring.
    #[arg(long, default_value_t = 3.0, value_name = "SECONDS")]
    seconds: f64,
    /// The threshold to run Cevalry with, in place of its default.
    #[arg(long, value_name = "N")]
    threshold: Option<u64>,
    /// Switch Cevalry on with a threshold that nothing reaches: what finding hot code costs.
    #[arg(long, conflicts_with = "threshold")]
    unreached: bool,
    /// Draw the ratios into this file as well.
    #[arg(long, value_name = "FILE.svg")]
    plot: Option<PathBuf>,
    /// A mechanism to do without (may be given several times); an unknown one is refused with a
    /// list of those there are.
    #[arg(long, value_name = "MECHANISM")]
    without: Vec<String>,
    /// In place of the interpreter alone, compare with doing without each mechanism in turn.
    #[arg(long, conflicts_with_all = ["without", "unreached", "plot"])]
    each_without: bool,
    /// Benchmarks to run, as pyperformance names them. Without any: those that the project's
    /// targets are about.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
}

/// The highest threshold: more samples than any process takes.
const UNREACHED: u64 = u32::MAX as u64;

impl Args {
    fn threshold(&self) -> Option<u64> {
        self.unreached.then_some(UNREACHED).or(self.threshold)
    }
}

/// What one run of a benchmark measured; times are seconds.
#[derive(Clone, Copy, Debug, Deserialize)]
struct Measured {
    first: f64,
    steady: f64,
    /// The shortest of the runs that `steady` is the middle of.
    best: f64,
    peak_kib: u64,
    compile_seconds: f64,
    code_bytes: u64,
    metadata_bytes: u64,
    bytecodes: u64,
}

/// Run the command.
pub fn run(repo: &Repo, args: &Args) -> Result<()> {
    let python = python::preferred(args.python.as_deref())?;
    let suite = Suite::install(repo)?;
    let benchmarks = suite.choose(&args.names)?;
    let import = build::build(repo, std::slice::from_ref(&python))?.swap_remove(0);
    mechanisms::check(&python, &import, &args.without)?;
    let threshold = args
        .threshold()
        .map_or("default threshold".to_owned(), |n| format!("threshold {n}"));
    let conditions = match &args.without[..] {
        [] => threshold,
        without => format!("{threshold}, without {}", without.join(", ")),
    };
    println!(
        "{}, {} rounds of {} s each way, {conditions}",
        python.describe(),
        args.rounds,
        args.seconds,
    );
    if args.each_without {
        return mechanisms::run(repo, args, &python, &import, &benchmarks);
    }
    println!("{}", import_cost::measure(&python, &import)?);
    println!("{}", table::heading());
    let mut rows = Vec::new();
    let mut failures = Vec::new();
    for benchmark in &benchmarks {
        match pair(repo, args, &python, &import, benchmark) {
            Ok(row) => {
                println!("{row}");
                rows.push(row);
            }
            Err(error) => {
                println!("{:<24}failed", benchmark.name);
                failures.push(format!("{}: {error:#}", benchmark.name));
            }
        }
    }
    println!("{}", table::summary(&rows));
    if let Some(file) = &args.plot {
        let drawing = plot::draw(&format!("Python {}, {conditions}", python.version), &rows)?;
        std::fs::write(file, drawing)
            .with_context(|| format!("cannot write {}", file.display()))?;
    }
    if !failures.is_empty() {
        bail!("{}", failures.join("\n"));
    }
    Ok(())
}

/// Both ways, round by round, so that what slows the machine down meets both alike.
fn pair(
    repo: &Repo,
    args: &Args,
    python: &Python,
    import: &Path,
    benchmark: &Benchmark,
) -> Result<Row> {
    let launcher = launcher(args);
    let without = &args.without;
    let mut pairs = Vec::new();
    for _ in 0..args.rounds {
        let alone = measure(repo, args, python, import, &[], &[], benchmark)?;
        let compiled = measure(repo, args, python, import, &launcher, without, benchmark)?;
        pairs.push((alone, compiled));
    }
    Ok(Row::new(&benchmark.name, &pairs))
}

/// What stands between the interpreter and a script that is to run compiled.
fn launcher(args: &Args) -> Vec<String> {
    let mut launcher = vec!["-m".to_owned(), "cevalry".to_owned()];
    if let Some(threshold) = args.threshold() {
        launcher.extend(["--threshold".to_owned(), threshold.to_string()]);
    }
    launcher.push("--".to_owned());
    launcher
}

fn measure(
    repo: &Repo,
    args: &Args,
    python: &Python,
    import: &Path,
    launcher: &[String],
    without: &[String],
    benchmark: &Benchmark,
) -> Result<Measured> {
    let stand_in = repo.root().join("benches/python");
    let path = std::env::join_paths([stand_in.as_path(), import])?;
    let printed = process::output(
        Command::new(&python.command)
            .args(launcher)
            .arg(&benchmark.script)
            .args(&benchmark.options)
            .env("PYTHONPATH", path)
            .env("PYTHONHASHSEED", "0")
            .env("CEVALRY_WITHOUT", without.join(","))
            .env("BENCH_NAME", &benchmark.name)
            .env("BENCH_SECONDS", args.seconds.to_string())
            .current_dir(repo.root()),
    )?;
    let line = printed
        .lines()
        .last()
        .with_context(|| format!("its script has no benchmark of the name {}", benchmark.name))?;
    serde_json::from_str(line).with_context(|| format!("it printed {line:?}, not its measurements"))
}
