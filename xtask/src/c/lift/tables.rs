//! Numbers, caches and fallbacks of opcodes, read from the headers that hold them as tables.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::c::error::Error;

/// What the opcode headers say.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    pub numbers: BTreeMap<String, u8>,
    /// Inline cache units, by generic opcode.
    pub caches: BTreeMap<String, u8>,
    /// The generic opcode that each opcode falls back to.
    pub bases: BTreeMap<String, String>,
}

const NUMBERS: [&str; 2] = ["Include/opcode_ids.h", "Include/opcode.h"];
const TABLES: [&str; 2] = [
    "Include/internal/pycore_opcode_metadata.h",
    "Include/internal/pycore_opcode.h",
];

impl Tables {
    pub fn read(tree: &Path) -> Result<Self, Error> {
        let numbers = first(tree, &NUMBERS)?;
        let tables = first(tree, &TABLES)?;
        let mut out = Self::default();
        for line in numbers.lines() {
            let mut words = line.split_whitespace();
            if words.next() == Some("#define")
                && let (Some(name), Some(number)) = (words.next(), words.next())
                && let Ok(number) = number.parse()
                && !name.starts_with("NB_")
                && !name.starts_with("HAVE_")
                && !name.starts_with("MIN_")
            {
                out.numbers.insert(name.to_owned(), number);
            }
        }
        for (name, value) in array(&tables, "_PyOpcode_Caches") {
            if let Ok(value) = value.parse() {
                out.caches.insert(name, value);
            }
        }
        out.bases = array(&tables, "_PyOpcode_Deopt").into_iter().collect();
        if out.numbers.is_empty() || out.bases.is_empty() {
            return Err(Error::Shape("no table of opcodes in Include/".to_owned()));
        }
        Ok(out)
    }

    /// The generic member of an opcode's family, itself if it is one.
    pub fn base<'a>(&'a self, name: &'a str) -> &'a str {
        self.bases.get(name).map_or(name, String::as_str)
    }

    pub fn cache_units(&self, name: &str) -> u8 {
        self.caches.get(self.base(name)).copied().unwrap_or(0)
    }
}

fn first(tree: &Path, names: &[&str]) -> Result<String, Error> {
    let path = names
        .iter()
        .map(|name| tree.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| tree.join(names[0]));
    fs::read_to_string(&path).map_err(|source| Error::Read { path, source })
}

/// The entries `[KEY] = VALUE` of the first array that `name` defines.
fn array(text: &str, name: &str) -> Vec<(String, String)> {
    let Some(start) = text.find(&format!("{name}[256] = {{")) else {
        return Vec::new();
    };
    let body = text[start..].split("};").next().unwrap_or("");
    body.split([',', '{'])
        .filter_map(|entry| {
            let (key, value) = entry.trim().strip_prefix('[')?.split_once("] =")?;
            Some((key.trim().to_owned(), value.trim().to_owned()))
        })
        .collect()
}
