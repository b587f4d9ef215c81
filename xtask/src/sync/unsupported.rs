//! Releases that can be read but not compiled for.

use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use serde::Serialize;

use crate::c::parse::Unit;
use crate::c::preprocess::preprocess;
use crate::output;
use crate::release::Release;

/// The oldest minor release of Python 3 whose evaluation loop templates can describe.
const FIRST_MINOR: u16 = 11;

#[derive(Debug, Serialize)]
struct Unsupported {
    release: String,
    supported: bool,
    reason: String,
    /// Cases of the evaluation loop.
    opcodes: usize,
}

/// Whether a release is too old.
pub fn is_unsupported(release: Release) -> bool {
    (release.major, release.minor) < (3, FIRST_MINOR)
}

/// Reads the source as far as that goes, and says why nothing follows from it.
pub fn report(release: Release, tree: &Path, json: bool) -> Result<ExitCode> {
    Unit::parse(preprocess(tree)?)?;
    let path = tree.join("Python/ceval.c");
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    let report = Unsupported {
        release: release.to_string(),
        supported: false,
        reason: format!(
            "not a supported release: before 3.{FIRST_MINOR} handlers of exceptions stand on a block \
             stack at run time, not in tables beside the code"
        ),
        opcodes: text.matches("case TARGET(").count(),
    };
    if json {
        output::print(&(serde_json::to_string_pretty(&report)? + "\n"))?;
    } else {
        output::print(&format!(
            "CPython {}: {}\nPython/ceval.c parses, with {} opcodes. Nothing was written.\n",
            report.release, report.reason, report.opcodes
        ))?;
    }
    Ok(ExitCode::FAILURE)
}
