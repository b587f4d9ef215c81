//! Checks of templates, before anything is generated from them.

mod eval;
mod own;
mod paths;
mod shape;

use std::collections::BTreeSet;

use crate::ast::{Stmt, Template};
use crate::build::Source;
use crate::error::SourceError;
use crate::release::Release;

/// Something wrong in a template.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// The statement, counted from 0, outer ones before those inside them; `None` where the whole
    /// template is meant.
    pub statement: Option<usize>,
    pub message: String,
}

/// Checks a template against the data of a release that it holds for.
pub fn template(release: &Release, template: &Template) -> Result<(), Problem> {
    let numbers = Numbers::new(template);
    shape::check(release, template).map_err(|fault| numbers.problem(fault))?;
    paths::check(release, template).map_err(|fault| numbers.problem(fault))
}

/// Changes of stack depth, by the way in which a template goes on in its frame.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Depths {
    pub next: BTreeSet<i128>,
    pub jump: BTreeSet<i128>,
    /// Without the result of the frame that was entered.
    pub enter_frame: BTreeSet<i128>,
    /// At a suspension, and where an exit unwinds.
    pub other: BTreeSet<i128>,
}

/// The depths with which a template goes on for one argument, as far as they are known without
/// the code around it.
pub fn depths(release: &Release, template: &Template, oparg: u8) -> Result<Depths, Problem> {
    let numbers = Numbers::new(template);
    paths::depths(release, template, oparg.into()).map_err(|fault| numbers.problem(fault))
}

/// Checks the templates of a file, each against every one of the releases that it holds for.
pub fn source(releases: &[Release], source: &Source) -> Vec<SourceError> {
    let templates = source.parsed.file.templates.iter();
    templates
        .zip(&source.parsed.places)
        .filter_map(|(found, places)| {
            let mut holds = releases.iter().filter(|release| release.has(found));
            let problem = holds.find_map(|release| template(release, found).err())?;
            let statement = problem.statement.and_then(|i| places.statements.get(i));
            Some(source.error(*statement.unwrap_or(&places.name), problem.message))
        })
        .collect()
}

/// A problem at a statement of the tree that is being checked.
struct Fault<'a> {
    at: Option<&'a Stmt>,
    message: String,
}

impl<'a> Fault<'a> {
    fn at(stmt: &'a Stmt, message: impl Into<String>) -> Self {
        Fault {
            at: Some(stmt),
            message: message.into(),
        }
    }
}

/// The statements of a template in the order in which the parser meets them.
struct Numbers<'a> {
    statements: Vec<&'a Stmt>,
}

impl<'a> Numbers<'a> {
    fn new(template: &'a Template) -> Self {
        let mut statements = Vec::new();
        template
            .body
            .iter()
            .for_each(|stmt| list(stmt, &mut statements));
        Numbers { statements }
    }

    fn problem(&self, fault: Fault<'_>) -> Problem {
        let same = |at: &Stmt| {
            self.statements
                .iter()
                .position(|stmt| std::ptr::eq(*stmt, at))
        };
        Problem {
            statement: fault.at.and_then(same),
            message: fault.message,
        }
    }
}

fn list<'a>(stmt: &'a Stmt, into: &mut Vec<&'a Stmt>) {
    into.push(stmt);
    stmt.each_inner(&mut |inner| list(inner, into));
}
