//! Lifted templates that the build would refuse are not derived.

use anyhow::{Context, Result};
use cevalry_model::ast::{Block, Stmt};
use cevalry_model::data::RuntimeNeeds;
use cevalry_model::release::Spelled;
use cevalry_model::version::Version;
use cevalry_model::{check, emit, print, release};

use crate::lifted::{Lifted, Outcome};
use crate::release::Release;
use crate::vocabulary::Tables;

/// Turns every template that does not hold into a reason.
pub fn vet(lifted: &mut Lifted, of: Release, tables: &Tables) -> Result<()> {
    let data = data(lifted, of, tables)?;
    for opcode in lifted.opcodes.values_mut() {
        let Outcome::Template(template) = &opcode.outcome else {
            continue;
        };
        let mut template = template.clone();
        template.releases = vec![of.to_string()];
        let refused = match check::template(&data, &template) {
            Ok(()) => emit::generate(&data, &template).err(),
            Err(problem) => {
                let line = problem.statement.and_then(|n| nth(&template.body, n));
                Some(match line {
                    Some(line) => format!("{problem}, in `{line}`"),
                    None => problem.to_string(),
                })
            }
        };
        if let Some(reason) = refused {
            opcode.outcome = Outcome::Left {
                reason: format!("the lifted template does not hold: {reason}"),
                file: opcode.upstream.file.clone(),
                line: opcode.upstream.line,
            };
        }
    }
    Ok(())
}

fn data(lifted: &Lifted, of: Release, tables: &Tables) -> Result<release::Release> {
    let spelled = Spelled {
        layouts: lifted.structs.clone(),
        functions: lifted.functions.clone(),
        globals: lifted.globals.clone(),
        ..Spelled::default()
    };
    let version = Version::parse(&of.to_string()).context("a version beyond what fits")?;
    let needs = RuntimeNeeds::default();
    let data = release::Release::new(version, spelled, tables.functions.clone(), needs)?;
    Ok(data)
}

/// The text of statement `n`, outer ones before those inside them.
fn nth(body: &Block, n: usize) -> Option<String> {
    let mut statements = Vec::new();
    body.iter().for_each(|stmt| list(stmt, &mut statements));
    let text = print::statements(&vec![(*statements.get(n)?).clone()]);
    text.lines()
        .next()
        .map(|line| line.trim_end_matches(" {").to_owned())
}

fn list<'a>(stmt: &'a Stmt, into: &mut Vec<&'a Stmt>) {
    into.push(stmt);
    stmt.each_inner(&mut |inner| list(inner, into));
}
