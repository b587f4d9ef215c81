//! What each mechanism is worth: every benchmark with all of them, and without each in turn.

use std::fmt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::table::{geometric_mean, median};
use super::{Args, Benchmark, Measured, launcher, measure};
use crate::process;
use crate::python::Python;
use crate::repo::Repo;

/// How many rows are named that lose most.
const SHOWN: usize = 4;

/// Losses below this are not named.
const SEEN: f64 = 1.02;

/// A mechanism, as the module that is measured lists them.
struct Mechanism {
    name: String,
    what: String,
    /// How many times as long each benchmark takes without it.
    losses: Vec<(String, f64)>,
}

/// Measures the benchmarks without each mechanism, and prints what was lost.
pub fn run(
    repo: &Repo,
    args: &Args,
    python: &Python,
    import: &Path,
    benchmarks: &[Benchmark],
) -> Result<()> {
    let mut mechanisms = list(python, import)?;
    for benchmark in benchmarks {
        eprintln!("measuring {}", benchmark.name);
        let time = |without: &[String]| -> Result<Measured> {
            measure(
                repo,
                args,
                python,
                import,
                &launcher(args),
                without,
                benchmark,
            )
        };
        let mut ratios = vec![Vec::new(); mechanisms.len()];
        for _ in 0..args.rounds {
            let with = time(&[])?;
            for (mechanism, ratios) in mechanisms.iter().zip(&mut ratios) {
                let without = time(std::slice::from_ref(&mechanism.name))?;
                ratios.push(without.best / with.best);
            }
        }
        for (mechanism, ratios) in mechanisms.iter_mut().zip(ratios) {
            let name = benchmark.name.clone();
            mechanism.losses.push((name, median(ratios)));
        }
    }
    for mechanism in &mut mechanisms {
        mechanism.losses.sort_by(|a, b| b.1.total_cmp(&a.1));
        println!("{mechanism}");
    }
    Ok(())
}

/// Refuses names of what there is not.
pub fn check(python: &Python, import: &Path, names: &[String]) -> Result<()> {
    let known: Vec<String> = match names {
        [] => return Ok(()),
        _ => list(python, import)?.into_iter().map(|m| m.name).collect(),
    };
    match names.iter().find(|name| !known.contains(name)) {
        Some(name) => bail!("there is no mechanism {name:?}, only {}", known.join(", ")),
        None => Ok(()),
    }
}

/// What can be switched off in this build.
fn list(python: &Python, import: &Path) -> Result<Vec<Mechanism>> {
    const SCRIPT: &str = "import cevalry._cevalry as c\n\
        for name, what in c.MECHANISMS: print(name, what)";
    let mut command = Command::new(&python.command);
    command.args(["-c", SCRIPT]).env("PYTHONPATH", import);
    let printed = process::output(&mut command)?;
    let lines = printed.lines().map(|line| {
        let (name, what) = line
            .split_once(' ')
            .with_context(|| format!("{line:?} is no mechanism with what it is"))?;
        Ok(Mechanism {
            name: name.to_owned(),
            what: what.to_owned(),
            losses: Vec::new(),
        })
    });
    lines.collect()
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mean = geometric_mean(self.losses.iter().map(|(_, loss)| *loss));
        write!(f, "{:<20}{mean:>6.3}  ", self.name)?;
        let seen = self.losses.iter().filter(|(_, loss)| *loss >= SEEN);
        for (i, (name, loss)) in seen.take(SHOWN).enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{name} {loss:.2}")?;
        }
        write!(f, "\n    {}", self.what)
    }
}

#[cfg(test)]
mod tests {
    use super::Mechanism;

    #[test]
    fn names_the_rows_that_lose_most() {
        let losses = [("a", 2.0), ("b", 1.5), ("c", 1.01), ("d", 0.66)];
        let mechanism = Mechanism {
            name: "unboxing".to_owned(),
            what: "values have no objects".to_owned(),
            losses: losses.map(|(name, loss)| (name.to_owned(), loss)).to_vec(),
        };
        assert_eq!(
            mechanism.to_string(),
            "unboxing             1.189  a 2.00, b 1.50\n    values have no objects"
        );
    }
}
