//! One module of the interpreter's own test suite: what becomes of each case.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};

/// How many times a module is begun again without the case that ended the process.
const MOST_DEATHS: usize = 8;

/// How long a module may take, in seconds.
const PATIENCE: u32 = 900;

/// What became of a case.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Fate {
    Passed,
    Skipped,
    /// With what the test suite says about it.
    Failed(String),
    /// The process ended in it, with its last words.
    Died(String),
}

/// Cases by name.
pub type Fates = BTreeMap<String, Fate>;

/// How a module is run.
pub struct Suite {
    pub python: PathBuf,
    /// Folders to import from.
    pub path: String,
    /// The threshold, when Cevalry is on.
    pub threshold: Option<u32>,
}

impl Suite {
    /// Run one module. A case that ends the process is noted, and the rest is run without it.
    pub fn run(&self, module: &str) -> Result<Fates> {
        let mut fates = Fates::new();
        let mut left_out = Vec::new();
        loop {
            let scratch = tempfile::tempdir()?;
            let death = self.run_process(module, &left_out, scratch.path(), &mut fates)?;
            let Some((case, words)) = death else {
                return Ok(fates);
            };
            let again = fates.insert(case.clone(), Fate::Died(words)).is_some();
            left_out.push(case);
            if again || left_out.len() > MOST_DEATHS {
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
        let mut command = Command::new(&self.python);
        command
            .args(["-u", "-m", "test", "-v", "--timeout"])
            .arg(PATIENCE.to_string())
            .arg("--junit-xml")
            .arg(&report)
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
        if let Some(threshold) = self.threshold {
            command
                .env("CEVALRY", "1")
                .env("CEVALRY_THRESHOLD", threshold.to_string());
        }
        let status = command
            .status()
            .with_context(|| format!("cannot start {}", self.python.display()))?;
        let log = String::from_utf8_lossy(&fs::read(&log)?).into_owned();
        let found = fs::read_to_string(&report).unwrap_or_default();
        if status.code().is_some_and(|code| code < 100) && !found.is_empty() {
            read_report(&found, fates)?;
            if fates.is_empty() && !status.success() {
                fates.insert(module.to_owned(), Fate::Failed(tail(&log)));
            }
            return Ok(None);
        }
        let case = last_case(&log).unwrap_or_else(|| module.to_owned());
        Ok(Some((case, format!("{status}\n{}", tail(&log)))))
    }
}

/// Take the cases from a report in JUnit's format.
fn read_report(text: &str, fates: &mut Fates) -> Result<()> {
    let document = roxmltree::Document::parse(text).context("the test suite's report")?;
    for case in document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
    {
        let name = case.attribute("name").unwrap_or_default().to_owned();
        let child = |tags: &[&str]| {
            case.children()
                .find(|child| tags.iter().any(|tag| child.has_tag_name(*tag)))
        };
        let fate = if let Some(failure) = child(&["failure", "error"]) {
            let texts = failure.descendants().filter(|node| node.is_text());
            let words = texts.filter_map(|node| node.text());
            let said = failure.attribute("message").into_iter();
            Fate::Failed(tail(&words.chain(said).collect::<Vec<_>>().join("\n")))
        } else if child(&["skipped"]).is_some() {
            Fate::Skipped
        } else {
            Fate::Passed
        };
        // Subtests repeat a case: the worst counts.
        match (fates.get(&name), &fate) {
            (Some(Fate::Failed(_) | Fate::Died(_)), _) => {}
            _ => {
                fates.insert(name, fate);
            }
        }
    }
    Ok(())
}

/// The case that the last line of a verbose run names: `test_x (test.test_y.Z.test_x) ... `.
fn last_case(log: &str) -> Option<String> {
    log.lines().rev().find_map(|line| {
        let (_, rest) = line.split_once(" (test.")?;
        let (name, rest) = rest.split_once(')')?;
        (rest.trim_start().is_empty() || rest.contains("...")).then(|| format!("test.{name}"))
    })
}

fn tail(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(14)..].join("\n")
}

#[cfg(test)]
mod tests {
    use super::{Fate, Fates, last_case, read_report};

    #[test]
    fn reads_reports() {
        let mut fates = Fates::new();
        read_report(
            r#"<testsuites><testsuite>
            <testcase name="a"/>
            <testcase name="b"><skipped>why</skipped></testcase>
            <testcase name="c"><failure message="no">trace</failure></testcase>
            <testcase name="c"/>
            </testsuite></testsuites>"#,
            &mut fates,
        )
        .unwrap();
        let expected = [
            ("a", Fate::Passed),
            ("b", Fate::Skipped),
            ("c", Fate::Failed("trace\nno".to_owned())),
        ]
        .map(|(name, fate)| (name.to_owned(), fate));
        assert_eq!(fates.into_iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn finds_the_case_that_was_running() {
        let log = "test_a (test.test_x.T.test_a) ... ok\n\
                   test_b (test.test_x.T.test_b)\nA text about it. ... Fatal Python error";
        assert_eq!(last_case(log).as_deref(), Some("test.test_x.T.test_b"));
    }
}
