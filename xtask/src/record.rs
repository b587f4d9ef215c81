//! The table in `docs/conformance.md`, written by the commands that count.

use std::fs;

use anyhow::{Context, Result};

use crate::repo::Repo;

/// A line of the table. What is measured, the Python and when functions are compiled
/// tell lines apart.
pub struct Row {
    pub what: String,
    pub python: String,
    /// A threshold, or words.
    pub when: String,
    pub amount: String,
    pub differences: usize,
}

impl Row {
    fn key(&self) -> String {
        format!("| {} | {} | {} |", self.what, self.python, self.when)
    }

    fn line(&self) -> String {
        format!("{} {} | {} |", self.key(), self.amount, self.differences)
    }
}

/// The number that the amount of a row for the same begins with; 0 without one.
pub fn recorded(repo: &Repo, row: &Row) -> Result<u64> {
    let path = repo.root().join("docs/conformance.md");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(number_in(&text, row))
}

fn number_in(text: &str, row: &Row) -> u64 {
    let key = row.key();
    let rest = text.lines().find_map(|line| line.strip_prefix(&key));
    let number = rest.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// Put the row into the table, in place of an older one for the same.
pub fn record(repo: &Repo, row: &Row) -> Result<()> {
    let path = repo.root().join("docs/conformance.md");
    let text =
        fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
    fs::write(&path, with_row(&text, row))
        .with_context(|| format!("cannot write {}", path.display()))
}

fn with_row(text: &str, row: &Row) -> String {
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| what");
    let mut rows: Vec<&str> = text.lines().filter(is_row).collect();
    let line = row.line();
    rows.retain(|known| !known.starts_with(&row.key()));
    rows.push(&line);
    rows.sort_unstable();
    let mut out = String::new();
    for line in text.lines().filter(|line| !is_row(line)) {
        out.push_str(line);
        out.push('\n');
        if line.starts_with("|--") {
            for row in &rows {
                out.push_str(row);
                out.push('\n');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{Row, number_in, with_row};

    #[test]
    fn replaces_the_row_for_the_same() {
        let text = "Head\n\n| what | x |\n|--|--|\n| b | 3.11.2 | 0 | old | 1 |\n\nFoot\n";
        let row = |what: &str| Row {
            what: what.to_owned(),
            python: "3.11.2".to_owned(),
            when: "0".to_owned(),
            amount: "new".to_owned(),
            differences: 0,
        };
        let once = with_row(text, &row("b"));
        assert_eq!(once, text.replace("old | 1", "new | 0"));
        assert_eq!(number_in(text, &row("b")), 0);
        let counted = Row {
            amount: "12 programs".to_owned(),
            ..row("b")
        };
        assert_eq!(number_in(&with_row(text, &counted), &row("b")), 12);
        let twice = with_row(&once, &row("a"));
        assert!(twice.contains("|--|--|\n| a | 3.11.2 | 0 | new | 0 |\n| b |"));
    }
}
