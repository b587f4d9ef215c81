//! C source as text: folding it for hashes, and finding a function's definition.

use cevalry_model::data::Upstream;

use crate::source::sha256;

/// The text with comments removed and white space folded, so that its hash is blind to layout.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for piece in Pieces::new(text) {
        match piece.kind {
            Kind::Blank => {
                if !folded.is_empty() && !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            Kind::Literal | Kind::Code => folded.push_str(piece.text),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// The hash that `sources.toml` keeps of a piece of upstream text.
pub fn hash(text: &str) -> String {
    sha256(fold(text).as_bytes()).to_string()
}

/// Place and hash of a function's, table's or macro's definition; `file` is for the answer only.
pub fn definition(file: &str, text: &str, name: &str) -> Option<Upstream> {
    let (start, end) = span(text, name)
        .or_else(|| table_span(text, name))
        .or_else(|| macro_span(text, name))?;
    let line = text[..start].matches('\n').count() + 1;
    Some(Upstream {
        file: file.to_owned(),
        line: u32::try_from(line).ok()?,
        hash: hash(&text[start..end]),
    })
}

/// Behind the brace that closes the first one in the text.
pub fn block_end(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    for piece in Pieces::new(text).filter(|piece| piece.kind == Kind::Code) {
        match piece.text {
            "{" => depth += 1,
            "}" if depth <= 1 => return Some(piece.end),
            "}" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Behind the body of the function whose head the text starts with; none where a prototype stands.
pub fn function_end(text: &str) -> Option<usize> {
    for piece in Pieces::new(text).filter(|piece| piece.kind == Kind::Code) {
        match piece.text {
            ";" | "#" | "=" => return None,
            "{" => return block_end(text),
            _ => {}
        }
    }
    None
}

/// From the start of the line with the function's name to its closing brace. CPython writes that
/// name at the start of a line, or behind the function's type; braces before it say nothing, since
/// branches for other configurations need not balance.
fn span(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        if heads(line) == Some(name)
            && let Some(end) = function_end(&text[start..])
        {
            return Some((start, start + end));
        }
    }
    None
}

/// The same for a macro, with the lines that its own goes on in.
fn macro_span(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    let mut start = None;
    for line in text.split_inclusive('\n') {
        start = start.or_else(|| defines(line, name).then_some(at));
        at += line.len();
        if let Some(start) = start
            && !line.trim_end_matches(['\r', '\n']).ends_with('\\')
        {
            return Some((start, at));
        }
    }
    None
}

/// Whether the line begins the definition of a macro.
fn defines(line: &str, name: &str) -> bool {
    let directive = line.trim_start().strip_prefix('#').map(str::trim_start);
    let Some(rest) = directive.and_then(|directive| directive.strip_prefix("define")) else {
        return false;
    };
    let behind = rest.trim_start().strip_prefix(name);
    behind.is_some_and(|behind| behind.starts_with(['(', ' ', '\t']))
}

/// The same for an array with its initialiser.
fn table_span(text: &str, name: &str) -> Option<(usize, usize)> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let declares = |head: &str| head.split([' ', '*']).next_back() == Some(name);
        let starts = !line.starts_with([' ', '\t', '#', '/', '}', '{']);
        if starts
            && line.contains('=')
            && line.split_once('[').is_some_and(|(head, _)| declares(head))
            && let Some(end) = block_end(&text[start..])
        {
            return Some((start, start + end));
        }
    }
    None
}

/// The function whose definition or prototype may stand in a line.
pub fn heads(line: &str) -> Option<&str> {
    if line.starts_with([' ', '\t', '#', '/', '}', '{']) {
        return None;
    }
    let before = line[..line.find('(')?].trim_end();
    let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let name = &before[start.map_or(0, |at| at + 1)..];
    (!name.is_empty()).then_some(name)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// White space or a comment.
    Blank,
    /// A string or a character.
    Literal,
    /// A word or a single sign.
    Code,
}

struct Piece<'a> {
    kind: Kind,
    text: &'a str,
    end: usize,
}

/// A text cut into blanks, literals, words and signs.
struct Pieces<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Pieces<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }
}

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let rest = &self.text[self.at..];
        let first = rest.chars().next()?;
        let (kind, length) = if first.is_whitespace() {
            let length = rest.find(|c: char| !c.is_whitespace());
            (Kind::Blank, length.unwrap_or(rest.len()))
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let length = comment.find("*/").map(|at| at + 4);
            (Kind::Blank, length.unwrap_or(rest.len()))
        } else if rest.starts_with("//") {
            (Kind::Blank, rest.find('\n').unwrap_or(rest.len()))
        } else if first == '"' || first == '\'' {
            (Kind::Literal, literal(rest, first))
        } else if first.is_ascii() && is_word(first as u8) {
            let length = rest.bytes().position(|b| !is_word(b));
            (Kind::Code, length.unwrap_or(rest.len()))
        } else {
            (Kind::Code, first.len_utf8())
        };
        let start = self.at;
        self.at += length;
        Some(Piece {
            kind,
            text: &self.text[start..self.at],
            end: self.at,
        })
    }
}

/// The length of the literal that `text` starts with.
fn literal(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // An apostrophe in a disabled part of the file ends with its line.
            '\n' => return at,
            _ if c == quote => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{definition, fold, hash};

    #[test]
    fn folding_is_blind_to_layout_and_comments() {
        let one = "if (x) {  /* why */\n    y(\"a  /* b */\");  // more\n}\n";
        let other = "if (x) {\n y(\"a  /* b */\");\n}";
        assert_eq!(fold(one), "if (x) { y(\"a  /* b */\"); }");
        assert_eq!(hash(one), hash(other));
        assert_ne!(hash(one), hash("if (z) {\n y(\"a  /* b */\");\n}"));
    }

    #[test]
    fn a_definition_is_told_from_a_prototype_and_a_call() {
        let text = "\
static int twice(int);
static int table[] = { twice(1), 2 };
int other(void) { return twice(2); }

static int
twice(int x)
{
    if (x) { return 2 * x; }
    return 0;
}
int last(int (*f)(int)) { return f(1); }
";
        let found = definition("a.c", text, "twice").unwrap();
        assert_eq!(found.line, 6);
        assert_eq!(
            found.hash,
            hash("twice(int x) { if (x) { return 2 * x; } return 0; }")
        );
        assert_eq!(definition("a.c", text, "last").unwrap().line, 11);
        let table = definition("a.c", text, "table").unwrap();
        assert_eq!(table.line, 2);
        assert_eq!(table.hash, hash("static int table[] = { twice(1), 2 }"));
        assert!(definition("a.c", text, "f").is_none());
        assert!(definition("a.c", text, "none").is_none());
    }

    #[test]
    fn a_macro_ends_with_its_last_line() {
        let text = "\
#ifdef LIMITED
#  define ROOM_LEFT 1
#endif
#define ROOM 50
#define BEGIN(op) \\
    do { \\
        take(op);
int end(void);
";
        let found = definition("a.h", text, "ROOM").unwrap();
        assert_eq!((found.line, found.hash), (4, hash("#define ROOM 50")));
        let found = definition("a.h", text, "BEGIN").unwrap();
        let begin = "#define BEGIN(op) \\\n do { \\\n take(op);";
        assert_eq!((found.line, found.hash), (5, hash(begin)));
        assert!(definition("a.h", text, "END").is_none());
    }

    #[test]
    fn odd_text_is_no_trouble() {
        for text in [
            "",
            "f(",
            "f()",
            "f() {",
            "\"",
            "'\n",
            "/*",
            "//",
            "}})",
            "f(x){}}",
            "#",
            "#define",
            "#define f",
            "#define f(\\",
        ] {
            fold(text);
            definition("a.c", text, "f");
        }
    }
}
