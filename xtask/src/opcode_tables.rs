//! Opcode numbers, families and inline caches, as the release's headers list them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// Headers that define opcode numbers; releases have one or both.
const NUMBERS: [&str; 2] = ["Include/opcode_ids.h", "Include/opcode.h"];
/// Headers that hold the tables; releases have one of them with content.
const TABLES: [&str; 2] = [
    "Include/internal/pycore_opcode_metadata.h",
    "Include/internal/pycore_opcode.h",
];

/// One opcode in the tables.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entry {
    pub number: u8,
    /// What the opcode de-specialises to; itself for a generic member.
    pub base: String,
    /// Code units of inline cache behind the instruction.
    pub caches: u8,
}

/// All opcodes that can stand in a code object.
pub fn read(tree: &Path) -> Result<BTreeMap<String, Entry>> {
    let mut numbers = BTreeMap::new();
    for name in NUMBERS {
        if let Some(text) = text(tree, name)? {
            // The first definition holds: 3.11 lists operators under further names below.
            for (name, number) in defines(&text) {
                numbers.entry(name).or_insert(number);
            }
        }
    }
    let mut bases = BTreeMap::new();
    let mut caches = BTreeMap::new();
    for name in TABLES {
        if let Some(text) = text(tree, name)? {
            bases.extend(table(&text, "_PyOpcode_Deopt[256] = {"));
            caches.extend(table(&text, "_PyOpcode_Caches[256] = {"));
        }
    }
    if bases.is_empty() || caches.is_empty() {
        bail!(
            "{}: no tables _PyOpcode_Deopt and _PyOpcode_Caches in it; a release before 3.11 has none",
            tree.join(TABLES[1]).display()
        );
    }
    let taken: BTreeSet<u8> = bases
        .keys()
        .filter_map(|name| numbers.get(name).copied())
        .collect();
    let mut entries = BTreeMap::new();
    for (name, number) in &numbers {
        // Operators and limits have numbers too; an opcode without a base has a number of its own.
        let is_opcode = bases.contains_key(name) || is_reserved(name) && !taken.contains(number);
        if !is_opcode {
            continue;
        }
        let base = bases.get(name).unwrap_or(name);
        let cache = caches.get(base).map_or(Ok(0), |count| count.parse());
        let cache = cache.with_context(|| format!("the inline caches of {base}"))?;
        let entry = Entry {
            number: *number,
            base: base.clone(),
            caches: cache,
        };
        entries.insert(name.clone(), entry);
    }
    Ok(entries)
}

/// Numbers that no compiler emits and that the table of families may leave out.
fn is_reserved(name: &str) -> bool {
    matches!(name, "RESERVED" | "DO_TRACING")
}

fn text(tree: &Path, name: &str) -> Result<Option<String>> {
    let path = tree.join(name);
    if !path.is_file() {
        return Ok(None);
    }
    let text = fs::read_to_string(&path).with_context(|| path.display().to_string())?;
    Ok(Some(text))
}

/// `#define NAME number`, where the number fits an opcode.
fn defines(text: &str) -> Vec<(String, u8)> {
    let define = |line: &str| {
        let mut words = line.strip_prefix("#define")?.split_whitespace();
        let name = words.next()?;
        let number = words.next()?.parse().ok()?;
        (words.next().is_none()).then(|| (name.to_owned(), number))
    };
    text.lines().filter_map(define).collect()
}

/// `[KEY] = value,` lines of the initialiser behind `start`.
fn table(text: &str, start: &str) -> Vec<(String, String)> {
    let Some(at) = text.find(start) else {
        return Vec::new();
    };
    let body = &text[at + start.len()..];
    let body = &body[..body.find("};").unwrap_or(body.len())];
    let entry = |line: &str| {
        let (key, value) = line.trim().strip_prefix('[')?.split_once("] =")?;
        let value = value.trim().trim_end_matches(',');
        // Unused numbers stand for themselves in later releases.
        key.starts_with(|c: char| c.is_ascii_alphabetic())
            .then(|| (key.to_owned(), value.to_owned()))
    };
    body.lines().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{Entry, read};

    #[test]
    fn tables_are_joined_by_name() {
        let tree = tempfile::tempdir().unwrap();
        fs::create_dir_all(tree.path().join("Include/internal")).unwrap();
        let ids = "#define CACHE 0\n#define ADD 4\n#define ADD_INT 5\n#define HAVE_ARGUMENT 4\n\
                   #define DO_TRACING 255\n#define JUMP 256\n#define NB_ADD 0\n";
        fs::write(tree.path().join("Include/opcode.h"), ids).unwrap();
        let tables = "const uint8_t _PyOpcode_Caches[256] = {\n    [ADD] = 2,\n};\n\
                      const uint8_t _PyOpcode_Deopt[256] = {\n    [9] = 9,\n    [ADD] = ADD,\n    \
                      [ADD_INT] = ADD,\n    [CACHE] = CACHE,\n};\n";
        fs::write(tree.path().join("Include/internal/pycore_opcode.h"), tables).unwrap();
        let entry = |number, base: &str, caches| Entry {
            number,
            base: base.to_owned(),
            caches,
        };
        let expected = [
            ("ADD".to_owned(), entry(4, "ADD", 2)),
            ("ADD_INT".to_owned(), entry(5, "ADD", 2)),
            ("CACHE".to_owned(), entry(0, "CACHE", 0)),
            ("DO_TRACING".to_owned(), entry(255, "DO_TRACING", 0)),
        ];
        assert_eq!(read(tree.path()).unwrap(), expected.into());
    }

    #[test]
    fn a_tree_without_tables_is_told_so() {
        let tree = tempfile::tempdir().unwrap();
        let message = read(tree.path()).unwrap_err().to_string();
        assert!(
            message.ends_with("a release before 3.11 has none"),
            "{message}"
        );
    }
}
