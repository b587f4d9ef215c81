//! From a lifted release to what is written and reported.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::Result;
use cevalry_model::ast::Template;
use cevalry_model::data::Upstream;

use super::data::{self, Needs};
use super::report::{Attention, Kind, OpcodeReport, Report, Status};
use super::{attention, merge};
use crate::difference;
use crate::lifted::{Lifted, LiftedOpcode, Outcome};
use crate::minor::{MinorData, synced};
use crate::release::Release;
use crate::repo::Repo;
use crate::templates::{Templates, file_name, files};
use crate::used::Used;
use crate::vocabulary::Tables;
use crate::writer::Output;

/// What a sync is going to do.
#[derive(Debug)]
pub struct Plan {
    pub output: Output,
    /// Its list of files is empty.
    pub report: Report,
}

/// Everything about one earlier sync that the report compares with.
struct Baseline<'a> {
    release: String,
    /// It is a patch release of the same minor release.
    same_minor: bool,
    templates: BTreeMap<&'a str, &'a Template>,
    numbers: BTreeMap<String, u8>,
    upstream: BTreeMap<String, Upstream>,
}

impl Plan {
    pub fn new(
        repo: &Repo,
        release: Release,
        tree: &Path,
        lifted: &Lifted,
        tables: &Tables,
    ) -> Result<Self> {
        let name = release.to_string();
        let before = Templates::load(repo)?;
        let existing = MinorData::load(repo, &release.minor())?;
        let mirrored = attention::mirrored(tree, tables)?;

        let mut derived: Vec<Template> = Vec::new();
        let mut bodies: BTreeMap<String, Used> = BTreeMap::new();
        for (opcode, lifted) in &lifted.opcodes {
            if let Some(template) = before.override_of(opcode, &name) {
                bodies.insert(opcode.clone(), Used::of(&template.body));
            } else if let Outcome::Template(template) = &lifted.outcome {
                bodies.insert(opcode.clone(), Used::of(&template.body));
                derived.push(template.clone());
            }
        }
        let needs = Needs::of(&bodies);

        let mut attention = attention::of_vocabulary(release, lifted, &needs, &mirrored, tables);
        let baseline = Baseline::find(repo, release, &before)?;
        let opcodes = compare(&name, lifted, baseline.as_ref(), &before, &mut attention);

        let mut output = Output::default();
        let folder = PathBuf::from("templates");
        for path in files(&repo.templates())? {
            if let Some(name) = path.file_name() {
                output.remove(folder.join(name));
            }
        }
        let merged = merge::merge(before.derived.clone(), release, derived)?;
        for (name, text) in merge::files(&merged)? {
            output.write(folder.join(name), text);
        }
        let minor = release.minor();
        let data = data::merge(&existing, release, lifted, &needs, mirrored)?;
        let folder = PathBuf::from("cpython-versions").join(&minor);
        for (name, text) in data.texts(&minor)? {
            output.write(folder.join(name), text);
        }
        let report = Report {
            release: name,
            compared_with: baseline.map(|baseline| baseline.release),
            opcodes,
            attention,
            files: Vec::new(),
            check: false,
        };
        Ok(Self { output, report })
    }
}

impl<'a> Baseline<'a> {
    /// The release itself where it was synced before, else the newest one before it.
    fn find(repo: &Repo, release: Release, templates: &'a Templates) -> Result<Option<Self>> {
        let mut found: Option<(Release, MinorData)> = None;
        for minor in synced(repo)? {
            let data = MinorData::load(repo, &minor)?;
            let earlier = data.releases()?.into_iter().rfind(|r| *r <= release);
            if let Some(earlier) = earlier
                && found.as_ref().is_none_or(|(other, _)| *other < earlier)
            {
                found = Some((earlier, data));
            }
        }
        let Some((earlier, data)) = found else {
            return Ok(None);
        };
        let name = earlier.to_string();
        let opcodes =
            cevalry_model::data::of_release(&data.opcodes.opcodes, &data.opcodes.differs, &name);
        let upstream = data
            .sources
            .releases
            .get(&name)
            .cloned()
            .unwrap_or_default();
        Ok(Some(Self {
            templates: templates.of_release(&name),
            numbers: opcodes
                .into_iter()
                .map(|(op, entry)| (op, entry.number))
                .collect(),
            upstream: upstream.opcodes,
            same_minor: earlier.minor() == release.minor(),
            release: name,
        }))
    }
}

fn compare(
    release: &str,
    lifted: &Lifted,
    baseline: Option<&Baseline<'_>>,
    before: &Templates,
    attention: &mut Vec<Attention>,
) -> BTreeMap<String, OpcodeReport> {
    let mut reports = BTreeMap::new();
    for (name, opcode) in &lifted.opcodes {
        let old_number = baseline.and_then(|baseline| baseline.numbers.get(name).copied());
        let renumbered = old_number
            .filter(|old| *old != opcode.number)
            .map(|old| (old, opcode.number));
        let status = match before.override_of(name, release) {
            Some(template) => overridden(name, release, opcode, template, attention),
            None => status(name, opcode, baseline, renumbered.is_some(), attention),
        };
        let place = match &opcode.outcome {
            Outcome::Left { file, line, .. } => format!("{file}:{line}"),
            _ => format!("{}:{}", opcode.upstream.file, opcode.upstream.line),
        };
        let report = OpcodeReport {
            status,
            place,
            renumbered,
        };
        reports.insert(name.clone(), report);
    }
    let Some(baseline) = baseline else {
        return reports;
    };
    for (name, upstream) in &baseline.upstream {
        if !lifted.opcodes.contains_key(name) {
            let report = OpcodeReport {
                status: Status::Removed,
                place: format!("{}:{}", upstream.file, upstream.line),
                renumbered: None,
            };
            reports.insert(name.clone(), report);
        }
    }
    reports
}

fn overridden(
    name: &str,
    release: &str,
    opcode: &LiftedOpcode,
    template: &Template,
    attention: &mut Vec<Attention>,
) -> Status {
    let overrides = template.overrides.as_ref();
    let at = template.releases.iter().position(|r| r == release);
    let hash = overrides.and_then(|overrides| overrides.upstream.get(at?));
    if hash != Some(&opcode.upstream.hash) {
        attention.push(Attention {
            kind: Kind::Override,
            name: name.to_owned(),
            text: format!(
                "{}:{}: the override stands in for another text; compare them and write {} as its \
                 hash for {release} in templates/overrides/{}",
                opcode.upstream.file,
                opcode.upstream.line,
                opcode.upstream.hash,
                file_name(template)
            ),
        });
    }
    Status::Overridden {
        why: overrides.map(|o| o.why.clone()).unwrap_or_default(),
    }
}

fn status(
    name: &str,
    opcode: &LiftedOpcode,
    baseline: Option<&Baseline<'_>>,
    renumbered: bool,
    attention: &mut Vec<Attention>,
) -> Status {
    let old = baseline.and_then(|baseline| baseline.templates.get(name).copied());
    let new = match &opcode.outcome {
        Outcome::Outside(reason) => {
            return Status::Outside {
                reason: reason.clone(),
            };
        }
        Outcome::Left { reason, file, line } => {
            // Other minor releases have other opcodes of the same name.
            if let Some(baseline) = baseline
                && baseline.same_minor
                && old.is_some()
            {
                attention.push(Attention {
                    kind: Kind::Lost,
                    name: name.to_owned(),
                    text: format!(
                        "{file}:{line}: {reason}; {} had a template, now the interpreter runs it",
                        baseline.release
                    ),
                });
            }
            return Status::NotDerived {
                reason: reason.clone(),
            };
        }
        Outcome::Template(template) => template,
    };
    let Some(old) = old else {
        return Status::Added;
    };
    if !merge::same(old, new) {
        return Status::Changed {
            diff: difference::templates(old, new),
        };
    }
    let upstream = baseline.and_then(|baseline| baseline.upstream.get(name));
    match upstream {
        _ if renumbered => Status::Renumbered,
        Some(upstream) if upstream.hash == opcode.upstream.hash => Status::Unchanged,
        _ => Status::SpellingOnly,
    }
}
