//! One module of the interpreter's own test suite: what becomes of each case.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

use crate::cases::{Fate, Fates, attribute, read_report, tail};
use crate::threshold::Threshold;

/// How many times a module is begun again without the case that ended the process.
const MOST_DEATHS: usize = 8;

/// How long a module may take, in seconds.
const PATIENCE: u32 = 900;

/// Three times to warm up, three times to look.
const ROUNDS: [&str; 2] = ["-R", "3:3"];

/// How a module is run.
pub struct Suite {
    pub python: PathBuf,
    /// Folders to import from.
    pub path: String,
    /// When functions are compiled, if Cevalry is on.
    pub compiled: Option<Threshold>,
    /// Look for leaks: a module is one case.
    pub leaks: bool,
}

impl Suite {
    /// Run one module. A case that ends the process is noted, and the rest is run without it.
    pub fn run(&self, module: &str) -> Result<Fates> {
        let mut fates = Fates::new();
        // Where a module is one case, a listed case would be the module's.
        let mut left_out: Vec<String> = match self.leaks {
            true => super::allowed().into_keys().map(str::to_owned).collect(),
            false => Vec::new(),
        };
        let listed = left_out.len();
        loop {
            let scratch = tempfile::tempdir()?;
            let death = self.run_process(module, &left_out, scratch.path(), &mut fates)?;
            let Some((case, words)) = death else {
                return Ok(fates);
            };
            let again = fates.insert(case.clone(), Fate::Died(words)).is_some();
            left_out.push(case);
            if again || left_out.len() - listed > MOST_DEATHS {
                return Ok(fates);
            }
        }
    }

    /// One process; gives the case that ended it, if one did.
    fn run_process(
        &self,
        module: &str,
        left_out: &[String],
        scratch: &Path,
        fates: &mut Fates,
    ) -> Result<Option<(String, String)>> {
        let report = scratch.join("report.xml");
        let log = scratch.join("log");
        // Shells let programs in the background ignore interrupts, for which some tests wait.
        let mut command = Command::new("env");
        command
            .arg("--default-signal=INT")
            .arg(&self.python)
            .args(["-u", "-m", "test", "-v", "--timeout"])
            .arg(PATIENCE.to_string())
            .arg("--junit-xml")
            .arg(&report)
            .args(self.leaks.then_some(ROUNDS).into_iter().flatten())
            .args(left_out.iter().flat_map(|case| ["-i", case]))
            .arg(module)
            .current_dir(scratch)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| {
                let name = name.to_string_lossy();
                !name.starts_with("PYTHON") && !name.starts_with("CEVALRY")
            }))
            .env("PYTHONPATH", &self.path)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&log)?)
            .stderr(fs::File::options().append(true).open(&log)?);
        if let Some(threshold) = self.compiled {
            command.env("CEVALRY", "1");
            if let Threshold::Of(threshold) = threshold {
                command.env("CEVALRY_THRESHOLD", threshold.to_string());
            }
        }
        let status = command
            .status()
            .with_context(|| format!("cannot start {}", self.python.display()))?;
        let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let found = fs::read_to_string(&report).unwrap_or_default();
        if self.leaks {
            let fate = if status.success() {
                Fate::Passed
            } else {
                Fate::Failed(tail(&log))
            };
            fates.insert(module.to_owned(), fate);
            return Ok(None);
        }
        if status.code().is_some_and(|code| code < 100) && !found.is_empty() {
            read_report(&found, fates, |case| attribute(case, "name"))?;
            if fates.is_empty() && !status.success() {
                fates.insert(module.to_owned(), Fate::Failed(tail(&log)));
            }
            return Ok(None);
        }
        let case = last_case(&log).unwrap_or_else(|| module.to_owned());
        Ok(Some((case, format!("{status}\n{}", tail(&log)))))
    }
}

/// The case that the last line of a verbose run names: `test_x (test.test_y.Z.test_x) ... `.
fn last_case(log: &str) -> Option<String> {
    log.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(" (test.")?;
        let (name, rest) = rest.split_once(')')?;
        (rest.trim_start().is_empty() || rest.contains("...")).then(|| format!("test.{name}"))
    })
}

#[cfg(test)]
mod tests {
    use super::last_case;

    #[test]
    fn finds_the_case_that_was_running() {
        let log = "test_a (test.test_x.T.test_a) ... ok\n\
                   test_b (test.test_x.T.test_b)\nA text about it. ... Fatal Python error";
        assert_eq!(last_case(log).as_deref(), Some("test.test_x.T.test_b"));
    }
}
