//! Finding pieces of upstream text: the place and hash of what was read.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use cevalry_model::data::Upstream;

use crate::ctext;

/// Where macros and inline functions are defined, by folder, and how their names end.
const FOLDERS: [(&str, &str); 5] = [
    ("Include", ".h"),
    ("Include/cpython", ".h"),
    ("Include/internal", ".h"),
    ("Python", "ceval_macros.h"),
    ("Python", "ceval.c"),
];

/// The C files of a tree that have been read so far.
#[derive(Debug)]
pub struct UpstreamTexts {
    tree: PathBuf,
    texts: BTreeMap<String, Option<String>>,
}

impl UpstreamTexts {
    pub fn new(tree: &Path) -> Self {
        Self {
            tree: tree.to_owned(),
            texts: BTreeMap::new(),
        }
    }

    /// A file's text, if the tree has it.
    fn text(&mut self, file: &str) -> Result<Option<&str>> {
        if !self.texts.contains_key(file) {
            let path = self.tree.join(file);
            let text = if path.is_file() {
                let bytes = fs::read(&path).with_context(|| path.display().to_string())?;
                Some(String::from_utf8_lossy(&bytes).into_owned())
            } else {
                None
            };
            self.texts.insert(file.to_owned(), text);
        }
        Ok(self.texts[file].as_deref())
    }

    /// A function's definition in the first of these files that has one.
    pub fn function(&mut self, files: &[String], name: &str) -> Result<Option<Upstream>> {
        for file in files {
            if let Some(text) = self.text(file)?
                && let Some(found) = ctext::definition(file, text, name)
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// The body of an opcode, which starts at or shortly before a line of a file.
    pub fn opcode(&mut self, name: &str, file: &str, line: u32) -> Result<Option<Upstream>> {
        let Some(text) = self.text(file)? else {
            return Ok(None);
        };
        let label = format!("TARGET({name})");
        let Some(start) = text.find(&label) else {
            return Ok(None);
        };
        let Some(end) = ctext::block_end(&text[start..]) else {
            return Ok(None);
        };
        let first = text[..start].matches('\n').count() + 1;
        Ok(Some(Upstream {
            file: file.to_owned(),
            line: u32::try_from(first).unwrap_or(line),
            hash: ctext::hash(&text[start..start + end]),
        }))
    }

    /// Every definition of these names as a macro or an inline function. A name with several
    /// definitions, for other configurations, has one hash for all of them.
    pub fn vocabulary(&mut self, names: &BTreeSet<&str>) -> Result<BTreeMap<String, Upstream>> {
        let mut found: BTreeMap<String, (Upstream, String)> = BTreeMap::new();
        for file in self.headers()? {
            let Some(text) = self.text(&file)? else {
                continue;
            };
            for (name, start, end) in definitions(text, names) {
                let line = text[..start].matches('\n').count() + 1;
                let place = Upstream {
                    file: file.clone(),
                    line: u32::try_from(line).unwrap_or(u32::MAX),
                    hash: String::new(),
                };
                let (_, all) = found
                    .entry(name.to_owned())
                    .or_insert_with(|| (place, String::new()));
                all.push_str(&text[start..end]);
                all.push('\n');
            }
        }
        let hashed = found.into_iter().map(|(name, (place, text))| {
            let hash = ctext::hash(&text);
            (name, Upstream { hash, ..place })
        });
        Ok(hashed.collect())
    }

    fn headers(&self) -> Result<Vec<String>> {
        let mut headers = Vec::new();
        for (folder, ending) in FOLDERS {
            let path = self.tree.join(folder);
            if !path.is_dir() {
                continue;
            }
            for entry in fs::read_dir(&path).with_context(|| path.display().to_string())? {
                let entry = entry.with_context(|| path.display().to_string())?;
                let name = entry.file_name().to_string_lossy().into_owned();
                if name.ends_with(ending) && entry.path().is_file() {
                    headers.push(format!("{folder}/{name}"));
                }
            }
        }
        headers.sort();
        Ok(headers)
    }
}

/// Name, start and end of every definition of these names.
fn definitions<'a>(text: &str, names: &BTreeSet<&'a str>) -> Vec<(&'a str, usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let macro_name = line
            .trim_start()
            .strip_prefix('#')
            .and_then(|rest| rest.trim_start().strip_prefix("define"))
            .map(|rest| word(rest.trim_start()));
        if let Some(name) = macro_name.and_then(|name| names.get(name)) {
            found.push((*name, start, macro_end(text, start)));
            continue;
        }
        if let Some(name) = ctext::heads(line).and_then(|name| names.get(name))
            && let Some(end) = ctext::function_end(&text[start..])
        {
            found.push((*name, start, start + end));
        }
    }
    found
}

/// Behind the last line of a macro.
fn macro_end(text: &str, start: usize) -> usize {
    let mut end = start;
    for line in text[start..].split_inclusive('\n') {
        end += line.len();
        if !line.trim_end().ends_with('\\') {
            break;
        }
    }
    end
}

fn word(text: &str) -> &str {
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::definitions;

    #[test]
    fn macros_and_functions_are_found() {
        let text = "\
#define OTHER(x) DEC(x)
#ifdef A
#define DEC(x) do { \\
    drop(x); \\
} while (0)
#else
static inline void DEC(object *x);
static inline void
DEC(object *x)
{
    if (x) { drop(x); }
}
#endif
int use(void) { return DEC(0); }
";
        let names: BTreeSet<&str> = ["DEC"].into();
        let found: Vec<&str> = definitions(text, &names)
            .into_iter()
            .map(|(_, start, end)| &text[start..end])
            .collect();
        let expected = [
            "#define DEC(x) do { \\\n    drop(x); \\\n} while (0)\n",
            "DEC(object *x)\n{\n    if (x) { drop(x); }\n}",
        ];
        assert_eq!(found, expected);
    }
}
