//! The names that a template's variables get.

use std::collections::{HashMap, HashSet};

use cevalry_model::ast::Block;

use crate::c::lift::Name;

/// Words that a variable must not be called.
const TAKEN: &[&str] = &[
    "oparg",
    "frame",
    "tstate",
    "stack",
    "local",
    "NULL",
    "select",
    "addr",
    "bitnot",
    "next",
    "jump",
    "deopt",
    "error",
    "reraise",
    "guard",
    "cell",
    "var",
    "opcode",
    "interpret",
    "unbound",
    "as",
    "break",
    "const",
    "continue",
    "crate",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "Self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
    "async",
    "await",
    "dyn",
    "abstract",
    "become",
    "box",
    "do",
    "final",
    "macro",
    "override",
    "priv",
    "typeof",
    "unsized",
    "virtual",
    "yield",
    "try",
    "gen",
    "indirect",
    "stack_ptr",
    "local_ptr",
    "cache_u16",
    "cache_u32",
    "cache_u64",
    "cache_obj",
    "unit_oparg",
    "unit_opcode",
    "instr_ptr",
    "kwnames",
];

/// Gives every variable its C name where it has one, else `t1`, `t2`, ….
pub(super) fn rename(body: &mut Block, names: &HashMap<String, Name>) {
    let mut used: HashSet<String> = TAKEN.iter().map(|word| (*word).to_owned()).collect();
    let mut count = 0;
    cevalry_model::alpha::rename(body, &mut |old, _| {
        let hint = names.get(old).and_then(|info| info.hint.as_deref());
        let hint = hint
            .map(|hint| hint.trim_start_matches('_'))
            .filter(|hint| !hint.is_empty());
        if let Some(hint) = hint {
            let numbered = (1..).map(|n| {
                if n == 1 {
                    hint.to_owned()
                } else {
                    format!("{hint}_{n}")
                }
            });
            for name in numbered.take(100) {
                if used.insert(name.clone()) {
                    return name;
                }
            }
        }
        loop {
            count += 1;
            let name = format!("t{count}");
            if used.insert(name.clone()) {
                return name;
            }
        }
    });
}
