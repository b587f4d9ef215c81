//! Cases of test suites: what becomes of each, read from reports in JUnit's format.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use anyhow::{Context, Result};
use roxmltree::Node;

/// How much of a line is shown.
const WIDTH: usize = 160;

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

impl Fate {
    /// What a reader is told, and the words that go with it.
    pub fn told(fate: Option<&Self>) -> (&'static str, &str) {
        match fate {
            Some(Self::Failed(words)) => ("fails", words),
            Some(Self::Died(words)) => ("ends the process", words),
            Some(Self::Skipped) => ("is skipped", ""),
            Some(Self::Passed) => ("passes", ""),
            None => ("does not run", ""),
        }
    }
}

/// Cases by name.
pub type Fates = BTreeMap<String, Fate>;

/// Take the cases from a report in JUnit's format.
pub fn read_report(
    text: &str,
    fates: &mut Fates,
    name: impl Fn(Node<'_, '_>) -> String,
) -> Result<()> {
    let document = roxmltree::Document::parse(text).context("the test suite's report")?;
    for case in document
        .descendants()
        .filter(|node| node.has_tag_name("testcase"))
    {
        let name = name(case);
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

/// The name that a report gives a case.
pub fn attribute(case: Node<'_, '_>, key: &str) -> String {
    case.attribute(key).unwrap_or_default().to_owned()
}

/// The last lines of a text.
pub fn tail(text: &str) -> String {
    let lines: Vec<_> = text.trim_end().lines().collect();
    lines[lines.len().saturating_sub(14)..].join("\n")
}

/// A case with what became of it, as lines for a reader.
pub fn line(case: &str, fate: Option<&Fate>) -> String {
    let (how, words) = Fate::told(fate);
    let mut text = format!("  {case} {how}");
    for line in words.lines() {
        // Some failures spell out whole outputs, several times.
        let line: String = line.chars().take(WIDTH).collect();
        // Writing to a string cannot fail.
        let _ = write!(text, "\n      {line}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Fate, Fates, attribute, line, read_report};

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
            |case| attribute(case, "name"),
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
    fn words_stand_under_the_case() {
        let fate = Fate::Failed("one\ntwo".to_owned());
        assert_eq!(line("a", Some(&fate)), "  a fails\n      one\n      two");
        assert_eq!(line("a", None), "  a does not run");
    }
}
