//! One run of a package's tests: what becomes of each case.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::environment::{Environment, Package};
use crate::cases::{Fate, Fates, attribute, read_report, tail};

/// How many times the tests are begun again without the case that ended the process.
const MOST_DEATHS: usize = 8;

/// How long a run may take.
const PATIENCE: Duration = Duration::from_secs(1800);

/// How often to look whether a run has ended.
const PAUSE: Duration = Duration::from_millis(200);

/// Stands for what happens after the last case.
const THE_END: &str = "the end of the process";

/// How a package's tests are run.
pub struct Suite<'a> {
    pub environment: &'a Environment,
    pub package: &'a Package,
}

impl Suite<'_> {
    /// Run the tests with these variables set. A case that ends the process is noted, and the rest
    /// is run without it.
    pub fn run(&self, variables: &BTreeMap<&str, String>) -> Result<Fates> {
        let mut fates = Fates::new();
        let mut left_out: Vec<String> = Vec::new();
        loop {
            let scratch = tempfile::tempdir()?;
            let Some((node, words)) =
                self.run_process(variables, &left_out, scratch.path(), &mut fates)?
            else {
                return Ok(fates);
            };
            let again = fates.insert(case(&node), Fate::Died(words)).is_some();
            left_out.push(node);
            if again || left_out.len() > MOST_DEATHS {
                return Ok(fates);
            }
        }
    }

    /// One process; gives the node that ended it, if one did.
    fn run_process(
        &self,
        variables: &BTreeMap<&str, String>,
        left_out: &[String],
        scratch: &Path,
        fates: &mut Fates,
    ) -> Result<Option<(String, String)>> {
        let report = scratch.join("report.xml");
        let log = scratch.join("log");
        let mut command = self.environment.command();
        command
            // The package is the installed one, not what the current folder holds.
            .args(["-u", "-P", "-m", "pytest", "-v", "-p", "no:cacheprovider"])
            .arg("--junit-xml")
            .arg(&report)
            .args(left_out.iter().flat_map(|node| ["--deselect", node]))
            .args(&self.package.arguments)
            .current_dir(&self.environment.source)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| {
                let name = name.to_string_lossy();
                !["PYTHON", "CEVALRY", "PYTEST"]
                    .iter()
                    .any(|ours| name.starts_with(ours))
            }))
            // The order of sets is in what tests print and in the names of cases.
            .env("PYTHONHASHSEED", "0")
            .envs(variables)
            .stdin(Stdio::null())
            .stdout(fs::File::create(&log)?)
            .stderr(fs::File::options().append(true).open(&log)?);
        let status = finish(&mut command)?;
        let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let found = fs::read_to_string(&report).unwrap_or_default();
        // pytest's own exit codes end with 5.
        let ended = status.is_some_and(|status| status.code().is_some_and(|code| code <= 5));
        let how = status.map_or_else(
            || format!("not done after {} seconds", PATIENCE.as_secs()),
            |status| status.to_string(),
        );
        let died = format!("{how}\n{}", tail(&log));
        if found.is_empty() {
            let node = last_node(&log).unwrap_or_else(|| "pytest".to_owned());
            return Ok(Some((node, died)));
        }
        read_report(&found, fates, |case| {
            steady(&joined(
                &attribute(case, "classname"),
                &attribute(case, "name"),
            ))
        })?;
        if !ended {
            // All cases were done.
            fates.insert(THE_END.to_owned(), Fate::Died(died));
        } else if fates.is_empty() {
            fates.insert("pytest".to_owned(), Fate::Failed(tail(&log)));
        }
        Ok(None)
    }
}

/// How the process ended; `None` when it had to be stopped.
fn finish(command: &mut Command) -> Result<Option<ExitStatus>> {
    let mut child = command.spawn().context("cannot start pytest")?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if begun.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(PAUSE);
    }
}

fn joined(class: &str, name: &str) -> String {
    if class.is_empty() {
        name.to_owned()
    } else {
        format!("{class}.{name}")
    }
}

/// The name in the report of the case that a node of pytest's is.
fn case(node: &str) -> String {
    let (path, rest) = node.split_once("::").unwrap_or((node, ""));
    let module = path.trim_end_matches(".py").replace('/', ".");
    let (plain, parameters) = match rest.find('[') {
        Some(place) => rest.split_at(place),
        None => (rest, ""),
    };
    steady(&joined(
        &module,
        &format!("{}{parameters}", plain.replace("::", ".")),
    ))
}

/// The node that a verbose run names last: `tests/test_x.py::test_y PASSED [ 1%]`.
fn last_node(log: &str) -> Option<String> {
    let line = log.lines().rfind(|line| {
        line.split_once("::")
            .is_some_and(|(path, _)| path.ends_with(".py") && !path.contains(' '))
    })?;
    let outcomes = [
        " PASSED", " FAILED", " SKIPPED", " ERROR", " XFAIL", " XPASS",
    ];
    let end = outcomes
        .iter()
        .filter_map(|word| line.find(word))
        .min()
        .unwrap_or(line.len());
    Some(line[..end].trim_end().to_owned())
}

/// The name without addresses, which are different in each run.
fn steady(name: &str) -> String {
    let mut pieces = name.split("0x");
    let mut text = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        text.push_str("0x");
        let digits = piece.find(|letter: char| !letter.is_ascii_hexdigit());
        let digits = digits.unwrap_or(piece.len());
        // Short numbers are not addresses.
        text.push_str(if digits < 8 { piece } else { &piece[digits..] });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{case, last_node, steady};

    #[test]
    fn finds_the_case_that_was_running() {
        let log = "tests/test_a.py::test_x PASSED [ 1%]\n\
                   tests/test_a.py::A::test_y[b::c d] Fatal Python error";
        let node =
            last_node("tests/test_a.py::test_x PASSED [ 1%]\ntests/test_a.py::A::test_y[b c] ");
        assert_eq!(node.as_deref(), Some("tests/test_a.py::A::test_y[b c]"));
        assert!(last_node(log).is_some_and(|node| node.starts_with("tests/test_a.py::A::test_y")));
    }

    #[test]
    fn nodes_are_named_as_in_reports() {
        assert_eq!(
            case("tests/test_a.py::A::test_y[b::c]"),
            "tests.test_a.A.test_y[b::c]"
        );
    }

    #[test]
    fn addresses_are_left_out() {
        assert_eq!(steady("f[<o at 0x7f0011223344>-0x1f]"), "f[<o at 0x>-0x1f]");
    }
}
