//! The grammar of random programs: read from `grammar.txt`, whose head explains the format.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};

/// What a rule asks of the place where it is used.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Need {
    /// `break` and `continue` are allowed.
    Loop,
    /// A function that yields.
    Generator,
    /// A coroutine or an asynchronous generator.
    Async,
    /// A place where `return` with a value is allowed.
    Return,
    /// Not in a coroutine (`yield from`).
    Plain,
}

/// A part of a rule's text.
#[derive(Clone, Debug)]
pub enum Piece {
    Text(String),
    /// `{#}`: a number of this use of the rule's own.
    Number,
    /// `{?a b c}`: one of the words.
    Choice(Vec<String>),
    /// `{i}`, `{i=}`: a variable of a kind, read or bound.
    Variable {
        kind: char,
        bound: bool,
    },
    /// `{loop N}`: how often a loop runs, at most about N times; what follows in the rule is inside.
    Count(u32),
    /// `{block}`, or `{body}` inside a loop.
    Block {
        in_loop: bool,
    },
    /// `{def NAME(PARAMETERS) -> KIND}` and its relatives.
    Function {
        flavour: Flavour,
        head: Vec<Piece>,
        result: String,
    },
    /// `{call KIND}`: a call of one of the program's functions.
    Call(String),
    /// `{cls}`: one of the program's classes.
    Class,
    /// Another symbol of the grammar.
    Symbol(String),
}

/// The four sorts of functions that a program may define.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Flavour {
    Function,
    Generator,
    Coroutine,
    AsyncGenerator,
}

/// One way to write a symbol.
#[derive(Debug)]
pub struct Rule {
    pub weight: u32,
    /// The rule's subjects: places in the grammar's tags.
    pub tags: Vec<usize>,
    pub needs: Vec<Need>,
    pub pieces: Vec<Piece>,
    /// How deep an expansion goes at least.
    pub depth: usize,
    /// Whether the rule holds statements, and so needs room for nesting.
    pub nests: bool,
}

/// Every symbol with its rules.
#[derive(Debug)]
pub struct Grammar {
    symbols: BTreeMap<String, Vec<Rule>>,
    /// Every tag that some rule has.
    pub tags: Vec<String>,
}

/// Kinds of variables: the letter that their names begin with, and the symbol of their values.
pub const KINDS: [(char, &str); 11] = [
    ('i', "int"),
    ('f', "float"),
    ('s', "str"),
    ('a', "list"),
    ('t', "tuple"),
    ('d', "dict"),
    ('e', "set"),
    ('o', "obj"),
    ('x', "any"),
    ('g', "iter"),
    ('h', "func"),
];

impl Grammar {
    /// Read the text of a grammar.
    pub fn read(text: &str) -> Result<Self> {
        let mut symbols: BTreeMap<String, Vec<Rule>> = BTreeMap::new();
        let tags = tags(text);
        let mut symbol = None;
        let mut lines = text.lines().enumerate().peekable();
        while let Some((index, line)) = lines.next() {
            let place = || format!("grammar line {}", index + 1);
            if line.trim().is_empty() || line.starts_with("//") {
                continue;
            }
            if let Some(name) = line.strip_prefix("== ") {
                symbol = Some(name.trim().to_owned());
                symbols.entry(name.trim().to_owned()).or_default();
                continue;
            }
            let symbol = symbol
                .as_ref()
                .with_context(|| format!("{}: a rule before the first `== symbol`", place()))?;
            let (head, first) = line.split_once(' ').unwrap_or((line, ""));
            let mut body = first.to_owned();
            while let Some((_, more)) = lines.next_if(|(_, next)| next.starts_with('|')) {
                if !body.is_empty() {
                    body.push('\n');
                }
                body.push_str(more[1..].strip_prefix(' ').unwrap_or(&more[1..]));
            }
            let rule = rule(head, &body, &tags).with_context(place)?;
            symbols.entry(symbol.clone()).or_default().push(rule);
        }
        let mut grammar = Self { symbols, tags };
        grammar.measure()?;
        Ok(grammar)
    }

    /// The rules of a symbol, in the order of the text.
    pub fn rules(&self, symbol: &str) -> &[Rule] {
        self.symbols.get(symbol).map_or(&[], Vec::as_slice)
    }

    /// Find out how deep every rule goes at least.
    fn measure(&mut self) -> Result<()> {
        let mut least: BTreeMap<String, usize> = BTreeMap::new();
        loop {
            let mut changed = false;
            for (symbol, rules) in &self.symbols {
                for rule in rules {
                    let Some(depth) = depth(&rule.pieces, &least) else {
                        continue;
                    };
                    if least.get(symbol).is_none_or(|known| depth < *known) {
                        least.insert(symbol.clone(), depth);
                        changed = true;
                    }
                }
            }
            if !changed {
                break;
            }
        }
        for (symbol, rules) in &mut self.symbols {
            for rule in rules {
                rule.depth = depth(&rule.pieces, &least).with_context(|| {
                    format!("a rule of `{symbol}` uses a symbol without rules, or never ends")
                })?;
            }
        }
        Ok(())
    }
}

/// How deep these pieces go at least; nothing when a symbol in them is not yet measured.
fn depth(pieces: &[Piece], least: &BTreeMap<String, usize>) -> Option<usize> {
    let mut deepest = 0;
    for piece in pieces {
        if let Piece::Symbol(name) = piece {
            deepest = deepest.max(1 + least.get(name)?);
        }
    }
    Some(deepest)
}

/// Every subject in a grammar's text, in alphabetical order.
fn tags(text: &str) -> Vec<String> {
    let is_rule = |line: &&str| line.starts_with(|first: char| first.is_ascii_digit());
    let tags: BTreeSet<&str> = text
        .lines()
        .filter(is_rule)
        .flat_map(tags_of)
        .filter(|tag| !tag.starts_with('@'))
        .collect();
    tags.into_iter().map(str::to_owned).collect()
}

/// The tags at the head of a rule.
fn tags_of(line: &str) -> impl Iterator<Item = &str> {
    let head = line.split(' ').next().unwrap_or_default();
    let tags = head.split_once(':').map_or("", |(_, tags)| tags);
    tags.split(',').filter(|tag| !tag.is_empty())
}

fn rule(head: &str, body: &str, known: &[String]) -> Result<Rule> {
    let weight = head.split(':').next().unwrap_or(head);
    let weight = weight
        .parse()
        .with_context(|| format!("`{weight}` is not a weight"))?;
    let mut rule = Rule {
        weight,
        tags: Vec::new(),
        needs: Vec::new(),
        pieces: pieces(body)?,
        depth: 0,
        nests: false,
    };
    for tag in tags_of(head) {
        match tag {
            "@loop" => rule.needs.push(Need::Loop),
            "@gen" => rule.needs.push(Need::Generator),
            "@async" => rule.needs.push(Need::Async),
            "@return" => rule.needs.push(Need::Return),
            "@plain" => rule.needs.push(Need::Plain),
            _ => rule.tags.extend(known.iter().position(|one| one == tag)),
        }
    }
    rule.nests = rule
        .pieces
        .iter()
        .any(|piece| matches!(piece, Piece::Block { .. } | Piece::Function { .. }));
    Ok(rule)
}

fn pieces(text: &str) -> Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        plain.push_str(&rest[..at]);
        let brace = &rest[at..=at];
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(brace) {
            plain.push_str(brace);
            rest = after;
            continue;
        }
        if brace == "}" {
            bail!("a lone `}}` in `{text}` (write `}}}}`)");
        }
        let end = closing(rest).with_context(|| format!("a lone `{{` in `{text}`"))?;
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        pieces.push(hole(&rest[..end])?);
        rest = &rest[end + 1..];
    }
    plain.push_str(rest);
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

/// Where the brace closes that is open at the start of the text.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1;
    for (at, c) in text.char_indices() {
        match c {
            '{' => open += 1,
            '}' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return Some(at);
        }
    }
    None
}

fn hole(text: &str) -> Result<Piece> {
    if let Some(words) = text.strip_prefix('?') {
        return Ok(Piece::Choice(words.split(' ').map(str::to_owned).collect()));
    }
    let (word, rest) = text.split_once(' ').unwrap_or((text, ""));
    Ok(match word {
        "#" => Piece::Number,
        "loop" => Piece::Count(if rest.is_empty() { 80 } else { rest.parse()? }),
        "block" => Piece::Block { in_loop: false },
        "body" => Piece::Block { in_loop: true },
        "call" => Piece::Call(rest.to_owned()),
        "cls" => Piece::Class,
        "def" => function(Flavour::Function, rest)?,
        "gen" => function(Flavour::Generator, rest)?,
        "async" => function(Flavour::Coroutine, rest)?,
        "agen" => function(Flavour::AsyncGenerator, rest)?,
        _ => variable(word).unwrap_or_else(|| Piece::Symbol(word.to_owned())),
    })
}

fn function(flavour: Flavour, text: &str) -> Result<Piece> {
    let (head, result) = text.split_once(" -> ").unwrap_or((text, "any"));
    Ok(Piece::Function {
        flavour,
        head: pieces(head)?,
        result: result.to_owned(),
    })
}

fn variable(word: &str) -> Option<Piece> {
    let (kind, bound) = match word.strip_suffix('=') {
        Some(kind) => (kind, true),
        None => (word, false),
    };
    let mut letters = kind.chars();
    let kind = letters.next()?;
    (letters.next().is_none() && KINDS.iter().any(|(letter, _)| *letter == kind))
        .then_some(Piece::Variable { kind, bound })
}

#[cfg(test)]
mod tests {
    use super::Grammar;

    #[test]
    fn reports_what_is_wrong_with_a_grammar() {
        let told = |text| format!("{:#}", Grammar::read(text).unwrap_err());
        assert_eq!(
            told("1 x"),
            "grammar line 1: a rule before the first `== symbol`"
        );
        assert_eq!(
            told("== a\nx y"),
            "grammar line 2: `x` is not a weight: invalid digit found in string"
        );
        assert_eq!(
            told("== a\n1 f({b)"),
            "grammar line 2: a lone `{` in `f({b)`"
        );
        assert_eq!(
            told("== a\n1 {b}"),
            "a rule of `a` uses a symbol without rules, or never ends"
        );
    }
}
