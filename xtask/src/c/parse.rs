//! From preprocessed text to a syntax tree, with every node's upstream line.

use std::collections::BTreeSet;

use lang_c::ast::TranslationUnit;
use lang_c::driver::{Config, parse_preprocessed};
use lang_c::span::Span;

use super::error::{Error, Place};
use super::packed;

/// A parsed translation unit.
pub struct Unit {
    pub text: String,
    pub tree: TranslationUnit,
    /// Tags of packed structs.
    pub packed: BTreeSet<String>,
    lines: LineMap,
}

impl Unit {
    /// Parses preprocessed text.
    pub fn parse(text: String) -> Result<Self, Error> {
        let (text, packed) = packed::take(text);
        let lines = LineMap::new(&text);
        match parse_preprocessed(&Config::with_gcc(), text) {
            Ok(parsed) => Ok(Self {
                text: parsed.source,
                tree: parsed.unit,
                packed,
                lines,
            }),
            Err(error) => Err(Error::Syntax {
                place: lines.place(error.offset),
                near: near(&error.source, error.offset),
            }),
        }
    }

    /// The upstream line where a node starts.
    pub fn place(&self, span: Span) -> Place {
        self.lines.place(span.start)
    }

    /// The preprocessed text of a node.
    pub fn text(&self, span: Span) -> &str {
        self.text.get(span.start..span.end).unwrap_or("")
    }
}

fn near(source: &str, offset: usize) -> String {
    let rest = source.get(offset..).unwrap_or("");
    rest.lines()
        .next()
        .unwrap_or("")
        .trim()
        .chars()
        .take(60)
        .collect()
}

/// Where the lines of the preprocessed text come from.
struct LineMap {
    files: Vec<String>,
    /// Offset of a run of consecutive lines, its file and its first line.
    runs: Vec<(usize, usize, u32)>,
    /// Offset of every line.
    starts: Vec<usize>,
}

impl LineMap {
    fn new(text: &str) -> Self {
        let mut map = Self {
            files: Vec::new(),
            runs: Vec::new(),
            starts: Vec::new(),
        };
        let mut offset = 0;
        for line in text.split_inclusive('\n') {
            map.starts.push(offset);
            offset += line.len();
            if let Some((number, file)) = marker(line) {
                let index = map.file(file);
                map.runs.push((offset, index, number));
            }
        }
        map
    }

    fn file(&mut self, name: &str) -> usize {
        let name = name.strip_prefix("./").unwrap_or(name);
        if let Some(index) = self.files.iter().rposition(|known| known == name) {
            return index;
        }
        self.files.push(name.to_owned());
        self.files.len() - 1
    }

    fn place(&self, offset: usize) -> Place {
        let Some(run) = self
            .runs
            .partition_point(|run| run.0 <= offset)
            .checked_sub(1)
        else {
            return Place::default();
        };
        let (start, file, first) = self.runs[run];
        let line = |at: usize| self.starts.partition_point(|start| *start <= at) as u32;
        Place {
            file: self.files[file].clone(),
            line: first + line(offset) - line(start),
        }
    }
}

/// A line marker: `# 12 "Python/ceval.c" 2`.
fn marker(line: &str) -> Option<(u32, &str)> {
    let (number, rest) = line.strip_prefix("# ")?.split_once(' ')?;
    let file = rest.strip_prefix('"')?.split('"').next()?;
    Some((number.parse().ok()?, file))
}
