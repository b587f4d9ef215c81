//! What a sync found: for people and for programs.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::PathBuf;

use serde::Serialize;

use crate::writer::Change;

/// The end of a sync.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub release: String,
    /// The release that the opcodes are compared with: the same one as it was synced before, else
    /// the one before it. None for the first sync.
    pub compared_with: Option<String>,
    pub opcodes: BTreeMap<String, OpcodeReport>,
    pub attention: Vec<Attention>,
    /// Files that were written, or with `--check` would be.
    pub files: Vec<FileReport>,
    pub check: bool,
}

/// One opcode.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OpcodeReport {
    #[serde(flatten)]
    pub status: Status,
    /// Where it stands upstream.
    pub place: String,
    /// The old and the new number, where they differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renumbered: Option<(u8, u8)>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum Status {
    Unchanged,
    /// Other upstream text, same normal form.
    SpellingOnly,
    /// With the difference of the normal forms.
    Changed {
        diff: String,
    },
    Added,
    Removed,
    /// Nothing but the number changed.
    Renumbered,
    Overridden {
        why: String,
    },
    NotDerived {
        reason: String,
    },
    /// The interpreter's own: instrumented, adaptive, cache, reserved.
    Outside {
        reason: String,
    },
}

impl Status {
    /// In the order of the report.
    const TITLES: [&'static str; 9] = [
        "unchanged",
        "spelling only",
        "renumbered",
        "the interpreter's own",
        "added",
        "removed",
        "changed",
        "overridden",
        "not derived",
    ];

    fn title(&self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::SpellingOnly => "spelling only",
            Self::Renumbered => "renumbered",
            Self::Outside { .. } => "the interpreter's own",
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed { .. } => "changed",
            Self::Overridden { .. } => "overridden",
            Self::NotDerived { .. } => "not derived",
        }
    }
}

/// Something that a person must look at.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
pub struct Attention {
    pub kind: Kind,
    pub name: String,
    /// What it is, and what to do.
    pub text: String,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    Macro,
    Mirrored,
    Hidden,
    Unknown,
    Override,
    Lost,
}

impl Kind {
    fn title(self) -> &'static str {
        match self {
            Self::Macro => "macro",
            Self::Mirrored => "mirrored function",
            Self::Hidden => "hidden",
            Self::Unknown => "unknown function",
            Self::Override => "override",
            Self::Lost => "no longer derived",
        }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct FileReport {
    pub path: PathBuf,
    pub change: Change,
}

impl Report {
    /// 0: done. 1: `--check` found differences. 3: a person must look.
    pub fn exit_code(&self) -> u8 {
        if self.check && !self.files.is_empty() {
            1
        } else if !self.attention.is_empty() {
            3
        } else {
            0
        }
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        let against = match &self.compared_with {
            Some(release) if *release == self.release => ", compared with its last sync".to_owned(),
            Some(release) => format!(", compared with {release}"),
            None => ", the first release".to_owned(),
        };
        line(
            &mut out,
            &format!(
                "CPython {}: {} opcodes{against}",
                self.release,
                self.opcodes.len()
            ),
        );
        for title in Status::TITLES {
            self.section(&mut out, title);
        }
        if !self.attention.is_empty() {
            line(&mut out, "\nA person must look at:");
            for item in &self.attention {
                line(
                    &mut out,
                    &format!("  {} {}: {}", item.kind.title(), item.name, item.text),
                );
            }
        }
        self.files_text(&mut out);
        out
    }

    fn section(&self, out: &mut String, title: &str) {
        let members: Vec<(&String, &OpcodeReport)> = self
            .opcodes
            .iter()
            .filter(|(_, opcode)| opcode.status.title() == title)
            .collect();
        if members.is_empty() {
            return;
        }
        line(out, &format!("\n{title}: {}", members.len()));
        let brief = title == "unchanged" || title == "the interpreter's own";
        if brief {
            let names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            wrap(out, &names);
            return;
        }
        for (name, opcode) in members {
            let mut text = format!("  {name} ({})", opcode.place);
            if let Some((old, new)) = opcode.renumbered {
                let _ = write!(text, ", number {old} is now {new}");
            }
            match &opcode.status {
                Status::Changed { diff } => {
                    line(out, &text);
                    for changed in diff.lines() {
                        line(out, &format!("    {changed}"));
                    }
                }
                Status::Overridden { why: reason } | Status::NotDerived { reason } => {
                    line(out, &format!("{text}: {reason}"));
                }
                _ => line(out, &text),
            }
        }
    }

    fn files_text(&self, out: &mut String) {
        let verb = if self.check {
            "would change"
        } else {
            "written"
        };
        if self.files.is_empty() {
            line(out, "\nNo file changes.");
            return;
        }
        line(out, &format!("\nFiles {verb}: {}", self.files.len()));
        for file in &self.files {
            let change = match file.change {
                Change::Added => "added  ",
                Change::Changed => "changed",
                Change::Removed => "removed",
            };
            line(out, &format!("  {change} {}", file.path.display()));
        }
        if self.check {
            let release = &self.release;
            line(
                out,
                &format!("Run `cargo xtask sync-cpython {release}` to bring them up to date."),
            );
        }
    }
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

/// Names side by side, in lines of about a hundred characters.
fn wrap(out: &mut String, names: &[&str]) {
    let mut row = String::new();
    for name in names {
        if !row.is_empty() && row.len() + name.len() > 98 {
            line(out, &row);
            row.clear();
        }
        row.push_str(if row.is_empty() { "  " } else { " " });
        row.push_str(name);
    }
    line(out, &row);
}
