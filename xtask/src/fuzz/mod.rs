//! `cargo xtask fuzz`: random programs, run by the interpreter and compiled, and compared.

mod calls;
mod function;
mod generate;
mod grammar;
mod run;
mod shrink;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::build;
use crate::python::{self, Python};
use crate::record::{Row, record, recorded};
use crate::repo::Repo;
use crate::threshold::Threshold;
use crate::workers;

use generate::Generator;
use grammar::Grammar;
use run::{Shown, Way, When, Workshop};
use shrink::{Difference, Pair};

const GRAMMAR: &str = include_str!("grammar.txt");

/// How many programs one process runs: what it compiles of itself is a small part then.
const BATCH: u64 = 240;

/// How many lines of a difference are shown.
const SHOWN_LINES: usize = 8;

/// Run random programs by the interpreter alone and compiled, and compare what they show.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// An interpreter to test on (a path or a command; may be given several times).
    /// Without it: every supported one on PATH and among pyenv's versions.
    #[arg(long = "python", value_name = "PATH")]
    pythons: Vec<PathBuf>,
    /// How long to go on with each interpreter.
    #[arg(long, default_value_t = 60)]
    seconds: u64,
    /// The seed of the first program; the others follow from it. Without it: from the clock.
    #[arg(long)]
    seed: Option<u64>,
    /// How many batches of programs to run at the same time.
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// The threshold of the compiled runs, or `default`; 0 compiles everything at first sight.
    #[arg(long, default_value = "0", value_name = "N|default")]
    threshold: Threshold,
    /// Leave the first half of the calls of each function to the interpreter, then compile it at once:
    /// instructions are specialised by then.
    #[arg(long, conflicts_with = "threshold")]
    midway: bool,
    /// Stop with an interpreter after so many failing programs.
    #[arg(long, default_value_t = 5)]
    failures: usize,
    /// Import Cevalry from this folder instead of building it.
    #[arg(long, value_name = "FOLDER")]
    import: Option<PathBuf>,
    /// Compare the interpreter with itself: a check of the fuzzer.
    #[arg(long)]
    plain: bool,
    /// Keep failing programs as they are, without a search for smaller ones.
    #[arg(long)]
    whole: bool,
    /// Write the counts into docs/conformance.md. Seeds begin where what is written there ended.
    #[arg(long, conflicts_with = "seed")]
    record: bool,
    /// Print the program with this seed and do nothing else.
    #[arg(long, value_name = "SEED")]
    print: Option<u64>,
    /// Run these programs instead of random ones, and shrink those that fail.
    #[arg(value_name = "PROGRAM")]
    programs: Vec<PathBuf>,
}

impl Args {
    fn when(&self) -> When {
        if self.midway {
            When::Midway
        } else {
            When::Threshold(self.threshold)
        }
    }
}

/// Run the command: exit code 1 when a program behaves differently.
pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let grammar = Grammar::read(GRAMMAR)?;
    if let Some(seed) = args.print {
        print!("{}", Generator::new(&grammar, seed).program());
        return Ok(ExitCode::SUCCESS);
    }
    let pythons = python::chosen(&args.pythons)?;
    let folders = match &args.import {
        _ if args.plain => vec![None; pythons.len()],
        Some(folder) => vec![Some(std::path::absolute(folder)?); pythons.len()],
        None => build::build(repo, &pythons)?
            .into_iter()
            .map(Some)
            .collect(),
    };
    let drawn = fastrand::u64(..1 << 40);
    let mut failed = 0;
    for (python, folder) in pythons.iter().zip(folders) {
        let seed = match args.seed {
            Some(seed) => seed,
            None if args.record => recorded(repo, &row(args, python))?,
            None => drawn,
        };
        failed += Session {
            args,
            python,
            grammar: &grammar,
            repo,
            keep: repo.root().join("tests/fuzz"),
        }
        .run(folder, seed)?;
    }
    Ok(if failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The row of the table, without counts.
fn row(args: &Args, python: &Python) -> Row {
    Row {
        what: "random programs".to_owned(),
        python: python.version.clone(),
        when: args.when().to_string(),
        amount: String::new(),
        differences: 0,
    }
}

/// What came of random programs.
#[derive(Debug, Default)]
struct Tally {
    ran: u64,
    failed: usize,
    /// The interpreter itself did not finish them.
    unfinished: usize,
    /// The seed of the first that differs.
    first: Option<u64>,
}

/// A batch of programs, from a seed on, and what they show where the interpreter finishes them.
struct Batch {
    first: u64,
    programs: Vec<String>,
    shown: Vec<Option<(Shown, Shown)>>,
}

/// The work on one interpreter.
struct Session<'a> {
    args: &'a Args,
    python: &'a Python,
    grammar: &'a Grammar,
    repo: &'a Repo,
    keep: PathBuf,
}

impl Session<'_> {
    /// The number of programs that differ.
    fn run(&self, folder: Option<PathBuf>, seed: u64) -> Result<usize> {
        let workshop = Workshop::new()?;
        let alone = Way {
            python: self.python.command.clone(),
            compiled: None,
            turns: self.args.when().turns(),
        };
        let compiled = Way {
            compiled: folder.map(|folder| (folder, self.args.when())),
            ..alone.clone()
        };
        let pair = Pair {
            workshop: &workshop,
            alone: &alone,
            compiled: &compiled,
        };
        println!("fuzzing {}, seed {seed}", self.python.describe());
        let mut tally = Tally {
            failed: self.named(&pair)?,
            ..Tally::default()
        };
        let mut next = seed;
        if self.args.programs.is_empty() {
            next = self.random(&pair, seed, &mut tally)?;
        }
        println!(
            "{}: {} programs, {} differ, {} not finished by the interpreter itself",
            self.python.describe(),
            tally.ran,
            tally.failed,
            tally.unfinished
        );
        if self.args.record {
            let row = Row {
                amount: format!("{} programs", tally.first.unwrap_or(next)),
                differences: tally.failed,
                ..row(self.args, self.python)
            };
            record(self.repo, &row)?;
        }
        Ok(tally.failed)
    }

    /// Run random programs until there is no more time, or there are enough that differ. Several
    /// batches run at the same time; they are judged in the order of their seeds, which ends with
    /// the seed that is given back.
    fn random(&self, pair: &Pair, seed: u64, tally: &mut Tally) -> Result<u64> {
        let end = Instant::now() + Duration::from_secs(self.args.seconds);
        let enough = AtomicBool::new(false);
        let firsts = (seed..)
            .step_by(BATCH as usize)
            .take_while(|_| Instant::now() < end && !enough.load(Relaxed));
        let (done, batches) = mpsc::channel();
        std::thread::scope(|scope| {
            let workers = scope.spawn(|| {
                let done = done;
                workers::each(firsts, self.args.jobs, |first| {
                    // Nobody listens any more where judging has ended with an error.
                    let _ = done.send(self.batch(pair, first)?);
                    Ok(())
                })
            });
            let mut early = BTreeMap::new();
            let mut next = seed;
            let mut judged = Ok(());
            for batch in batches {
                early.insert(batch.first, batch);
                while judged.is_ok()
                    && let Some(batch) = early.remove(&next)
                {
                    judged = self.judge(pair, &batch, tally);
                    next += BATCH;
                    if judged.is_err() || tally.failed >= self.args.failures {
                        enough.store(true, Relaxed);
                    }
                }
            }
            let worked = workers.join();
            judged?;
            worked.map_err(|_| anyhow::anyhow!("a thread of the fuzzer panicked"))??;
            Ok(next)
        })
    }

    fn batch(&self, pair: &Pair, first: u64) -> Result<Batch> {
        let programs: Vec<String> = (first..first + BATCH)
            .map(|seed| Generator::new(self.grammar, seed).program())
            .collect();
        let shown = pair.run(&programs)?;
        Ok(Batch {
            first,
            programs,
            shown,
        })
    }

    /// Count what a batch has shown, and look into what differs.
    fn judge(&self, pair: &Pair, batch: &Batch, tally: &mut Tally) -> Result<()> {
        for (index, shown) in batch.shown.iter().enumerate() {
            if tally.failed >= self.args.failures {
                break;
            }
            tally.ran += 1;
            let Some((alone, compiled)) = shown else {
                tally.unfinished += 1;
                continue;
            };
            let text = |lines: &[String]| lines[0].starts_with("not a program");
            tally.unfinished += usize::from(matches!(alone, Shown::Lines(lines) if text(lines)));
            if let Some(kind) = shrink::difference(alone, compiled) {
                let seed = batch.first + index as u64;
                let programs = &batch.programs[..=index];
                let name = format!("seed-{seed}");
                if self.report(pair, &name, programs, kind, (alone, compiled))? {
                    tally.failed += 1;
                    tally.first.get_or_insert(seed);
                }
            }
        }
        Ok(())
    }

    /// Run the programs named on the command line, or all that were kept.
    fn named(&self, pair: &Pair) -> Result<usize> {
        let mut paths = self.args.programs.clone();
        if paths.is_empty() && self.keep.is_dir() {
            paths = fs::read_dir(&self.keep)?
                .map(|entry| Ok(entry?.path()))
                .collect::<Result<_>>()?;
            paths.retain(|path| path.extension().is_some_and(|ending| ending == "py"));
            paths.sort();
        }
        let programs: Vec<String> = paths
            .iter()
            .map(|path| {
                fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))
            })
            .collect::<Result<_>>()?;
        let mut failed = 0;
        for ((path, program), shown) in paths.iter().zip(&programs).zip(pair.run(&programs)?) {
            let Some((alone, compiled)) = shown else {
                continue;
            };
            let Some(kind) = shrink::difference(&alone, &compiled) else {
                continue;
            };
            failed += 1;
            println!("{} differs:", path.display());
            tell(&alone, &compiled);
            if !self.args.programs.is_empty() {
                let small = pair.shrink(&self.python.command, program, kind)?;
                println!("shrunk:\n{small}");
            }
        }
        Ok(failed)
    }

    /// Confirm, shrink and keep a failing program: the last of those given. The others ran before
    /// it in the same process. Says whether it is a failure.
    fn report(
        &self,
        pair: &Pair,
        name: &str,
        programs: &[String],
        kind: Difference,
        (alone, compiled): (&Shown, &Shown),
    ) -> Result<bool> {
        let Some(program) = programs.last() else {
            return Ok(false);
        };
        let confirmed = pair.differs_alone(program)?;
        let Some(kind) = confirmed else {
            let again = pair.run(programs)?;
            let still = again
                .last()
                .and_then(Option::as_ref)
                .and_then(|(alone, compiled)| shrink::difference(alone, compiled));
            if still != Some(kind) {
                return Ok(false);
            }
            println!(
                "{name} differs only after the {} programs before it:",
                programs.len() - 1
            );
            tell(alone, compiled);
            return Ok(true);
        };
        println!("{name} differs:");
        tell(alone, compiled);
        let small = if self.args.whole {
            program.clone()
        } else {
            pair.shrink(&self.python.command, program, kind)?
        };
        let path = self.keep(name, &small)?;
        println!("kept as {}", path.display());
        if !self.args.whole {
            println!("{small}\n");
        }
        Ok(true)
    }

    fn keep(&self, name: &str, program: &str) -> Result<PathBuf> {
        fs::create_dir_all(&self.keep)?;
        let path = self.keep.join(format!("{name}.py"));
        write(&path, program)?;
        Ok(path)
    }
}

fn write(path: &Path, program: &str) -> Result<()> {
    fs::write(path, format!("{}\n", program.trim_end()))
        .with_context(|| format!("cannot write {}", path.display()))
}

/// Print where two runs part.
fn tell(alone: &Shown, compiled: &Shown) {
    let (Shown::Lines(expected), Shown::Lines(given)) = (alone, compiled) else {
        if let Shown::Died(how) = compiled {
            println!("    the process died: {}", how.replace('\n', "\n    "));
        } else {
            println!("    it does not end");
        }
        return;
    };
    let first = expected
        .iter()
        .zip(given)
        .position(|(one, other)| one != other)
        .unwrap_or(expected.len().min(given.len()));
    for (sign, lines) in [("interpreter", expected), ("compiled   ", given)] {
        for line in lines.iter().skip(first).take(SHOWN_LINES / 2) {
            println!("    {sign} {line}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{GRAMMAR, Generator, Grammar};

    #[test]
    fn a_seed_gives_the_same_program_every_time() {
        let grammar = Grammar::read(GRAMMAR).unwrap();
        for seed in 0..200 {
            let program = Generator::new(&grammar, seed).program();
            assert_eq!(program, Generator::new(&grammar, seed).program());
            assert!(program.contains("drive0()"), "seed {seed}:\n{program}");
        }
    }

    #[test]
    fn a_program_that_likes_calls_ends() {
        let grammar = Grammar::read(GRAMMAR).unwrap();
        let program = Generator::new(&grammar, 93639).program();
        assert!(program.contains("drive0()"), "{program}");
    }
}
