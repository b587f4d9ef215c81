//! `cargo xtask diff`: the normal-form difference of two releases.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::process::ExitCode;

use anyhow::{Result, bail};
use cevalry_model::alpha;
use cevalry_model::ast::Template;

use crate::difference;
use crate::output;
use crate::release::Release;
use crate::repo::Repo;
use crate::synced::SyncedRelease;
use crate::templates::Templates;

/// Show how opcodes differ between two synced releases, in normal form.
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// The one release.
    pub a: Release,
    /// The other.
    pub b: Release,
    /// Only these opcodes.
    pub opcodes: Vec<String>,
}

pub fn run(repo: &Repo, args: &Args) -> Result<ExitCode> {
    let a = SyncedRelease::find(repo, &args.a)?;
    let b = SyncedRelease::find(repo, &args.b)?;
    let templates = Templates::load(repo)?;
    let of_a = templates.of_release(&args.a.to_string());
    let of_b = templates.of_release(&args.b.to_string());
    let both: BTreeSet<&String> = a.opcodes.keys().chain(b.opcodes.keys()).collect();
    for name in &args.opcodes {
        if !both.contains(name) {
            bail!("{name}: neither {} nor {} has this opcode", args.a, args.b);
        }
    }
    let mut equal = 0;
    let mut text = String::new();
    for name in both {
        if !args.opcodes.is_empty() && !args.opcodes.contains(name) {
            continue;
        }
        let texts = (
            side(&a, name, of_a.get(name.as_str()).copied()),
            side(&b, name, of_b.get(name.as_str()).copied()),
        );
        match texts {
            (Side::Template(old), Side::Template(new)) if same(old, new) => equal += 1,
            (Side::Template(old), Side::Template(new)) => {
                writeln!(text, "{name} ({}, {})", a.place(name), b.place(name))?;
                text.push_str(&difference::templates(old, new));
            }
            (Side::None(old), Side::None(new)) if old == new => equal += 1,
            (old, new) => {
                writeln!(text, "{name} ({}, {})", a.place(name), b.place(name))?;
                writeln!(text, "- {}", old.text(&a))?;
                writeln!(text, "+ {}", new.text(&b))?;
            }
        }
    }
    writeln!(
        text,
        "{equal} opcodes are equal in {} and {}",
        args.a, args.b
    )?;
    output::print(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// What a release has for an opcode.
enum Side<'a> {
    Template(&'a Template),
    /// Why not; the place upstream is not part of it.
    None(String),
    Absent,
}

impl Side<'_> {
    fn text(&self, synced: &SyncedRelease) -> String {
        let release = &synced.release;
        match self {
            Self::Template(template) => {
                format!("{release}: derived, {} statements", template.body.len())
            }
            Self::None(why) => format!("{release}: no template ({why})"),
            Self::Absent => format!("{release}: no such opcode"),
        }
    }
}

fn side<'a>(synced: &SyncedRelease, name: &str, template: Option<&'a Template>) -> Side<'a> {
    match (synced.opcodes.get(name), template) {
        (_, Some(template)) => Side::Template(template),
        (Some(opcode), None) => {
            let why = synced.reason(opcode);
            Side::None(why.split(" (").next().unwrap_or(&why).to_owned())
        }
        (None, None) => Side::Absent,
    }
}

fn same(a: &Template, b: &Template) -> bool {
    a.family == b.family && a.size == b.size && alpha::equal(&a.body, &b.body)
}
