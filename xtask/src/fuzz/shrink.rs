//! Making a failing program small.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Result;

use super::run::{Shown, Way, Workshop};

/// How long the search for a smaller program may take.
const PATIENCE: Duration = Duration::from_secs(90);

/// How many candidates one process runs.
const BATCH: usize = 30;

/// How two runs of a program differ.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Difference {
    Died,
    Hung,
    Output,
}

/// How a compiled run differs from the interpreter's; programs that the interpreter itself does not
/// finish say nothing.
pub fn difference(alone: &Shown, compiled: &Shown) -> Option<Difference> {
    match (alone, compiled) {
        (Shown::Lines(expected), Shown::Lines(given)) => {
            (expected != given).then_some(Difference::Output)
        }
        (Shown::Lines(_), Shown::Died(_)) => Some(Difference::Died),
        (Shown::Lines(_), Shown::Hung) => Some(Difference::Hung),
        _ => None,
    }
}

/// Both ways, for shrinking and comparing.
pub struct Pair<'a> {
    pub workshop: &'a Workshop,
    pub alone: &'a Way,
    pub compiled: &'a Way,
}

impl Pair<'_> {
    /// Run programs both ways. Those that the interpreter does not finish have nothing to compare
    /// with, and are not run a second time: `None`.
    pub fn run(&self, programs: &[String]) -> Result<Vec<Option<(Shown, Shown)>>> {
        let alone = self.workshop.run(self.alone, programs, None)?;
        let finished: Vec<String> = programs
            .iter()
            .zip(&alone)
            .filter(|(_, shown)| matches!(shown, Shown::Lines(_)))
            .map(|(program, _)| program.clone())
            .collect();
        let mut compiled = self
            .workshop
            .run(self.compiled, &finished, None)?
            .into_iter();
        Ok(alone
            .into_iter()
            .map(|shown| match shown {
                Shown::Lines(_) => Some((shown, compiled.next()?)),
                _ => None,
            })
            .collect())
    }

    /// How a program differs when it runs by itself, if the interpreter agrees with itself on it.
    pub fn differs_alone(&self, program: &str) -> Result<Option<Difference>> {
        let twice = [program.to_owned(), program.to_owned()];
        let both = self.workshop.run(self.alone, &twice, None)?;
        if both[0] != both[1] {
            return Ok(None);
        }
        let again = self.workshop.run(self.alone, &twice[..1], None)?;
        if both[0] != again[0] {
            return Ok(None);
        }
        let compiled = self.workshop.run(self.compiled, &twice[..1], None)?;
        Ok(difference(&both[0], &compiled[0]))
    }

    /// The smallest program found that still fails like this one.
    pub fn shrink(&self, python: &Path, program: &str, kind: Difference) -> Result<String> {
        let end = Instant::now() + PATIENCE;
        let mut best = program.to_owned();
        let mut start = 0;
        let mut found_in_round = false;
        while Instant::now() < end {
            let (looked_at, candidates) = self.workshop.smaller(python, &best, (start, BATCH))?;
            if looked_at == 0 {
                if !found_in_round {
                    break;
                }
                (start, found_in_round) = (0, false);
                continue;
            }
            let texts: Vec<String> = candidates.iter().map(|(_, text)| text.clone()).collect();
            match self.first_failing(&texts, kind)? {
                Some(index) => {
                    start = candidates[index].0;
                    best.clone_from(&texts[index]);
                    found_in_round |= start > 0;
                }
                None => start += looked_at,
            }
        }
        Ok(best)
    }

    fn first_failing(&self, programs: &[String], kind: Difference) -> Result<Option<usize>> {
        if programs.is_empty() {
            return Ok(None);
        }
        let alone = self.workshop.run(self.alone, programs, None)?;
        let fails = |index: usize, shown: &Shown| difference(&alone[index], shown) == Some(kind);
        let compiled = self.workshop.run(self.compiled, programs, Some(&fails))?;
        let last = compiled.len() - 1;
        if !fails(last, &compiled[last]) {
            return Ok(None);
        }
        let itself = self.differs_alone(&programs[last])? == Some(kind);
        Ok(itself.then_some(last))
    }
}
