//! A random program: the same for the same seed, for every interpreter.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fastrand::Rng;

use super::calls::{COST_LIMIT, Signature, spelled};
use super::function::{Function, Place};
use super::grammar::{Flavour, Grammar, KINDS, Piece, Rule};

/// Functions that any function of a program may call. How deep recursion goes is told in hundreds:
/// calls of built-in functions around it count or not, as the interpreter has specialised them.
const HELPERS: &str = "\
def deep(n, x):
    return x if n <= 0 else deep(n - 1, x) + 1

def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)

def depth_reached(n=0):
    try:
        return depth_reached(n + 1)
    except RecursionError:
        return n // 100

def work_a(i0=1):
    x0 = i0
    for _ in range(20):
        x0 = x0 + 1
    return x0

def work_b(i0=2):
    x0 = i0
    for _ in range(20):
        x0 = x0 - 0.5
    return x0

";

/// Writes one program.
pub struct Generator<'a> {
    grammar: &'a Grammar,
    pub(super) rng: Rng,
    /// What each tag multiplies the weight of its rules by: every program has its own taste.
    taste: Vec<u32>,
    numbers: u32,
    pub(super) signatures: Vec<Signature>,
    pub(super) stack: Vec<Function>,
    globals: BTreeSet<String>,
    classes: usize,
    /// How many calls the present one is an argument of.
    pub(super) calls_around: u32,
}

impl<'a> Generator<'a> {
    /// A generator for the program with this seed.
    pub fn new(grammar: &'a Grammar, seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let taste = grammar
            .tags
            .iter()
            .map(|_| match rng.u32(..10) {
                0..3 => 0,
                3..8 => 2,
                _ => 10,
            })
            .collect();
        Self {
            grammar,
            rng,
            taste,
            numbers: 10,
            signatures: Vec::new(),
            stack: Vec::new(),
            globals: BTreeSet::new(),
            classes: 0,
            calls_around: 0,
        }
    }

    /// The program's text.
    pub fn program(mut self) -> String {
        let mut classes = String::new();
        for number in 0..self.rng.usize(1..4) {
            classes += &self.class(number);
            self.classes = number + 1;
        }
        let mut functions = Vec::new();
        let count = self.rng.usize(1..5);
        for number in (0..count).rev() {
            functions.push(self.module_function(number));
        }
        let mut drives = String::new();
        for number in 0..count {
            drives += &self.drive(number);
        }
        let mut text = "from fuzzlib import *\nimport math\n\n".to_owned();
        text += HELPERS;
        text += &classes;
        for name in std::mem::take(&mut self.globals) {
            let value = self.literal(kind_of(&name[1..]));
            let _ = writeln!(text, "{name} = {value}");
        }
        for function in functions.iter().rev() {
            text += "\n";
            text += function;
        }
        text += &drives;
        text
    }

    fn class(&mut self, number: usize) -> String {
        let mut class = Function::new(Flavour::Function, "", 1, 1);
        class.is_class = true;
        self.stack.push(class);
        let text = self.symbol_numbered("class", 3, Some(number as u32));
        self.stack.pop();
        text + "\n\n"
    }

    fn module_function(&mut self, number: usize) -> String {
        let parameters = self.parameters();
        let flavour = match self.rng.u32(..20) {
            0..4 => Flavour::Generator,
            4 => Flavour::Coroutine,
            5 => Flavour::AsyncGenerator,
            _ => Flavour::Function,
        };
        let result = KINDS[self.rng.usize(..9)].1.to_owned();
        let nesting = self.rng.usize(1..4);
        let name = format!("fn{number}");
        let (text, cost) = self.function(flavour, &name, &spelled(&parameters), &result, nesting);
        self.signatures.push(Signature {
            name,
            parameters,
            flavour,
            result,
            cost,
        });
        text
    }

    /// The text of a function, and what a call of it costs.
    fn function(
        &mut self,
        flavour: Flavour,
        name: &str,
        parameters: &str,
        result: &str,
        nesting: usize,
    ) -> (String, u64) {
        let mut function = Function::new(flavour, parameters, 1, nesting);
        if let Some(around) = self.stack.last() {
            function.weight = around.weight.max(20);
            function.room = 4;
        }
        let start = function.weight;
        self.stack.push(function);
        let mut body = self.block(false);
        if parameters.starts_with("self") {
            body.insert_str(0, "tick()\n");
        }
        if matches!(flavour, Flavour::Generator | Flavour::AsyncGenerator) {
            let value = self.symbol("any", 1);
            let _ = write!(body, "\nyield {value}");
        } else if self.rng.u32(..8) != 0 {
            let value = self.symbol(result, 2);
            let _ = write!(body, "\nreturn {value}");
        }
        let head = self.declarations();
        let cost = self.stack.pop().map_or(1, |done| done.cost) / start;
        let word = match flavour {
            Flavour::Function | Flavour::Generator => "def",
            Flavour::Coroutine | Flavour::AsyncGenerator => "async def",
        };
        let text = format!(
            "{word} {name}({parameters}):\n{head}    {}\n",
            body.replace('\n', "\n    ")
        );
        (text, cost)
    }

    /// The lines at the start of a function that make its variables what the body expects.
    pub(super) fn declarations(&mut self) -> String {
        let mut lines = String::new();
        let Some(function) = self.stack.last() else {
            return lines;
        };
        for (word, names) in [
            ("global", &function.global),
            ("nonlocal", &function.nonlocal),
        ] {
            if !names.is_empty() {
                let names: Vec<_> = names.iter().map(String::as_str).collect();
                let _ = writeln!(lines, "    {word} {}", names.join(", "));
            }
        }
        let locals: Vec<_> = function.locals().map(str::to_owned).collect();
        for name in locals {
            let value = self.literal(kind_of(&name));
            let _ = writeln!(lines, "    {name} = {value}");
            if self.rng.u32(..60) == 0 {
                let _ = writeln!(lines, "    del {name}");
            }
        }
        lines
    }

    fn literal(&mut self, kind: char) -> String {
        let symbol = KINDS
            .iter()
            .find(|(letter, _)| *letter == kind)
            .map_or("int", |(_, symbol)| symbol);
        self.symbol(&format!("{symbol}lit"), 1)
    }

    fn block(&mut self, in_loop: bool) -> String {
        let Some(function) = self.stack.last_mut() else {
            return "pass".to_owned();
        };
        let before = function.in_loop;
        function.in_loop |= in_loop;
        let nested = function.nesting;
        let most = if function.room == 0 { 2 } else { 5 };
        function.nesting = nested.saturating_sub(1);
        let mut lines = Vec::new();
        for _ in 0..self.rng.usize(1..most) {
            if let Some(function) = self.stack.last_mut() {
                function.cost += function.weight;
                function.room = function.room.saturating_sub(1);
            }
            let depth = self.rng.usize(1..5);
            lines.push(self.symbol("stmt", depth));
        }
        if let Some(function) = self.stack.last_mut() {
            function.in_loop = before;
            function.nesting = nested;
        }
        lines.join("\n")
    }

    pub(super) fn symbol(&mut self, name: &str, depth: usize) -> String {
        self.symbol_numbered(name, depth, None)
    }

    fn symbol_numbered(&mut self, name: &str, depth: usize, number: Option<u32>) -> String {
        let grammar = self.grammar;
        let Some(rule) = self.choose(grammar.rules(name), depth) else {
            return "None".to_owned();
        };
        self.expand(&rule.pieces, depth, number)
    }

    fn choose<'r>(&mut self, rules: &'r [Rule], depth: usize) -> Option<&'r Rule> {
        let weighted = |this: &Self, taste: bool| -> Vec<(u32, &'r Rule)> {
            rules
                .iter()
                .filter(|rule| this.fits(rule, depth))
                .map(|rule| (this.weight(rule, taste), rule))
                .collect()
        };
        let mut candidates = weighted(self, true);
        let mut total: u32 = candidates.iter().map(|(weight, _)| weight).sum();
        if total == 0 {
            candidates = weighted(self, false);
            total = candidates.iter().map(|(weight, _)| weight).sum();
        }
        if total == 0 {
            return rules.iter().min_by_key(|rule| (rule.nests, rule.depth));
        }
        let mut draw = self.rng.u32(..total);
        for (weight, rule) in candidates {
            if draw < weight {
                return Some(rule);
            }
            draw -= weight;
        }
        None
    }

    fn weight(&self, rule: &Rule, taste: bool) -> u32 {
        if !taste {
            return rule.weight;
        }
        rule.tags
            .iter()
            .fold(rule.weight * 2, |weight, tag| weight * self.taste[*tag] / 2)
    }

    fn fits(&self, rule: &Rule, depth: usize) -> bool {
        let Some(function) = self.stack.last() else {
            return rule.depth <= depth && rule.needs.is_empty();
        };
        rule.depth <= depth
            && rule
                .needs
                .iter()
                .all(|need| function.offers(*need, self.stack.len()))
            && (!rule.nests || function.nesting > 0 && function.room > 0)
    }

    /// The text of a rule. What a hole gives is indented like the line that the hole is in.
    fn expand(&mut self, pieces: &[Piece], depth: usize, number: Option<u32>) -> String {
        let holds_function = |piece| matches!(piece, &Piece::Function { .. });
        let mut number = match number {
            None if pieces.iter().any(holds_function) => Some(self.number()),
            given => given,
        };
        let weight = self.stack.last().map_or(1, |function| function.weight);
        let mut text = String::new();
        for piece in pieces {
            let filled = match piece {
                Piece::Text(plain) => {
                    text += plain;
                    continue;
                }
                Piece::Number => number.get_or_insert_with(|| self.number()).to_string(),
                Piece::Choice(words) => words[self.rng.usize(..words.len())].clone(),
                Piece::Variable { kind, bound } => self.variable(*kind, *bound),
                Piece::Count(most) => self.count(*most),
                Piece::Block { in_loop } => self.block(*in_loop),
                Piece::Function {
                    flavour,
                    head,
                    result,
                } => self.nested(*flavour, head, result, number),
                Piece::Call(kind) => self.call(kind),
                Piece::Class => match self.classes {
                    0 => "Plain".to_owned(),
                    count => format!("C{}", self.rng.usize(..count)),
                },
                Piece::Symbol(name) => self.symbol(name, depth.saturating_sub(1)),
            };
            let line = text.rsplit('\n').next().unwrap_or_default();
            let indent = line.len() - line.trim_start_matches(' ').len();
            text += &filled.replace('\n', &format!("\n{}", " ".repeat(indent)));
        }
        if let Some(function) = self.stack.last_mut() {
            function.weight = weight;
        }
        text
    }

    fn number(&mut self) -> u32 {
        self.numbers += 1;
        self.numbers
    }

    fn nested(
        &mut self,
        flavour: Flavour,
        head: &[Piece],
        result: &str,
        number: Option<u32>,
    ) -> String {
        let head = self.expand(head, 1, number);
        let (name, parameters) = head.split_once('(').unwrap_or((&head, ")"));
        let parameters = parameters.strip_suffix(')').unwrap_or(parameters);
        let nesting = self.rng.usize(..2);
        let (text, _) = self.function(flavour, name, parameters, result, nesting);
        text.trim_end().to_owned()
    }

    fn count(&mut self, most: u32) -> String {
        let Some(function) = self.stack.last_mut() else {
            return "1".to_owned();
        };
        let room = (COST_LIMIT / 4 / function.weight).clamp(2, u64::from(most)) as u32;
        let count = match self.rng.u32(..8) {
            0 => self.rng.u32(..3),
            1..4 => self.rng.u32(1..=room.div_ceil(4)),
            _ => self.rng.u32(room.div_ceil(2)..=room),
        };
        function.weight *= u64::from(count.max(1));
        count.to_string()
    }

    fn variable(&mut self, kind: char, bound: bool) -> String {
        let index = [0, 0, 0, 1, 1, 2][self.rng.usize(..6)];
        if self.rng.u32(..16) == 0 {
            let name = format!("G{kind}{index}");
            self.globals.insert(name.clone());
            if bound && let Some(function) = self.stack.last_mut() {
                function.global.insert(name.clone());
            }
            return name;
        }
        if kind == 'o'
            && !bound
            && self.rng.bool()
            && let Some(function) = self.stack.last()
            && function.places.contains_key("self")
        {
            return "self".to_owned();
        }
        let name = format!("{kind}{index}");
        if let Some(top) = self.stack.len().checked_sub(1) {
            self.place(&name, top, bound);
        }
        name
    }

    /// Settle where the function at this level of nesting finds a variable.
    fn place(&mut self, name: &str, level: usize, bound: bool) {
        let outside = level > 0 && !self.stack[level - 1].is_class && self.rng.u32(..10) < 4;
        let place = *self.stack[level]
            .places
            .entry(name.to_owned())
            .or_insert(if outside {
                Place::Outside
            } else {
                Place::Local
            });
        if place == Place::Outside {
            if bound {
                self.stack[level].nonlocal.insert(name.to_owned());
            }
            self.place(name, level - 1, bound);
        }
    }
}

/// The letter of a variable's kind.
fn kind_of(name: &str) -> char {
    name.chars().next().unwrap_or('i')
}
