//! Functions of a random program as they are called: parameters, and arguments that fit or do not.

use std::fmt::Write as _;

use super::function::Function;
use super::generate::Generator;
use super::grammar::{Flavour, KINDS};

/// About how many statements a call of a function may run.
pub(super) const COST_LIMIT: u64 = 6000;

/// About how many statements all calls of one function may run.
const DRIVE_LIMIT: u64 = 12000;

/// How many calls an argument may be in that is a call itself. A program may like calls so much that
/// each has more than one in its arguments.
const CALLS_AROUND: u32 = 6;

/// A function of the program that those written later may call.
pub(super) struct Signature {
    pub name: String,
    pub parameters: Vec<Parameter>,
    pub flavour: Flavour,
    pub result: String,
    pub cost: u64,
}

pub(super) struct Parameter {
    name: String,
    symbol: &'static str,
    by_position: bool,
    by_keyword: bool,
    has_default: bool,
}

impl Generator<'_> {
    pub(super) fn parameters(&mut self) -> Vec<Parameter> {
        let count = self.rng.usize(..5);
        let positional_only = if self.rng.u32(..8) == 0 {
            self.rng.usize(..=count)
        } else {
            0
        };
        let keyword_only = if self.rng.u32(..8) == 0 {
            self.rng.usize(..=count - positional_only)
        } else {
            0
        };
        let mut used = Vec::new();
        let mut defaults = false;
        (0..count)
            .map(|index| {
                let (letter, symbol) = loop {
                    let candidate = KINDS[self.rng.usize(..10)];
                    if used.len() > 6 || !used.contains(&candidate.0) || self.rng.u32(..3) == 0 {
                        break candidate;
                    }
                };
                let name = format!(
                    "{letter}{}",
                    used.iter().filter(|known| **known == letter).count()
                );
                used.push(letter);
                defaults |= self.rng.u32(..6) == 0;
                Parameter {
                    name,
                    symbol,
                    by_position: index < count - keyword_only,
                    by_keyword: index >= positional_only,
                    has_default: defaults,
                }
            })
            .collect()
    }

    /// A loop that calls a function often with arguments of its own kinds, then with odd ones.
    pub(super) fn drive(&mut self, number: usize) -> String {
        let Some(position) = self
            .signatures
            .iter()
            .position(|known| known.name == format!("fn{number}"))
        else {
            return String::new();
        };
        let cost = self.signatures[position].cost;
        let often = (DRIVE_LIMIT / cost.max(1)).clamp(3, 70);
        let mut lines = String::new();
        self.stack.push(Function::new(Flavour::Function, "", 1, 0));
        for (round, (times, odd)) in [(often, 0), (3, 30), (2, 60), (often.min(12), 0)]
            .into_iter()
            .enumerate()
        {
            if odd > 0 && self.rng.u32(..3) == 0 {
                continue;
            }
            let call = self.call_of(position, odd, true);
            let call = match self.signatures[position].flavour {
                Flavour::Function => call,
                Flavour::Generator => format!("consume({call}, k)"),
                Flavour::Coroutine => format!("run({call}, k)"),
                Flavour::AsyncGenerator => format!("run_all({call}, k)"),
            };
            // Where functions are compiled midway, the interpreter has the first calls to itself.
            let midway = match round {
                0 => format!("        if k == {}: midway()\n", times / 2),
                _ => String::new(),
            };
            let _ = write!(
                lines,
                "    for k in range({times}):\n{midway}        try:\n            show({call})\n        \
                 except BaseException as error:\n            show_error(error)\n"
            );
        }
        let head = self.declarations();
        self.stack.pop();
        format!("\ndef drive{number}():\n{head}{lines}\nstart()\ndrive{number}()\n")
    }

    pub(super) fn call(&mut self, kind: &str) -> String {
        let weight = self.stack.last().map_or(1, |function| function.weight);
        let fitting: Vec<usize> = (0..self.signatures.len())
            .filter(|index| {
                let known = &self.signatures[*index];
                known.flavour == Flavour::Function
                    && (known.result == kind || kind == "any")
                    && known.cost * weight <= COST_LIMIT
            })
            .collect();
        if fitting.is_empty() || self.calls_around == CALLS_AROUND {
            return self.symbol(&format!("{kind}lit"), 1);
        }
        let chosen = fitting[self.rng.usize(..fitting.len())];
        let cost = self.signatures[chosen].cost;
        if let Some(function) = self.stack.last_mut() {
            function.cost += cost * weight;
        }
        self.calls_around += 1;
        let text = self.call_of(chosen, 4, false);
        self.calls_around -= 1;
        text
    }

    /// A call of a function; `odd` in a hundred arguments are not of the kind that is expected.
    fn call_of(&mut self, position: usize, odd: u32, driven: bool) -> String {
        let mut arguments = Vec::new();
        let mut keywords_only = false;
        for index in 0..self.signatures[position].parameters.len() {
            let parameter = &self.signatures[position].parameters[index];
            let (name, symbol) = (parameter.name.clone(), parameter.symbol);
            let (by_position, by_keyword, has_default) = (
                parameter.by_position,
                parameter.by_keyword,
                parameter.has_default,
            );
            if has_default && self.rng.u32(..3) == 0 || self.rng.u32(..100) * 2 < odd / 20 {
                keywords_only = true;
                continue;
            }
            let value = if self.rng.u32(..100) < odd {
                self.symbol("odd", 2)
            } else if driven && symbol == "int" && self.rng.bool() {
                self.symbol("counted", 1)
            } else {
                self.symbol(symbol, 1)
            };
            keywords_only |= !by_position || by_keyword && self.rng.u32(..8) == 0;
            arguments.push(if keywords_only && by_keyword {
                format!("{name}={value}")
            } else if keywords_only {
                continue;
            } else {
                value
            });
        }
        let name = &self.signatures[position].name;
        if arguments.is_empty() || arguments.iter().any(|one| one.contains('=')) {
            return format!("{name}({})", arguments.join(", "));
        }
        match self.rng.u32(..12) {
            0 => format!("{name}(*[{}])", arguments.join(", ")),
            1 => format!("{name}({}, *())", arguments.join(", ")),
            2 => format!("{name}({}, **{{}})", arguments.join(", ")),
            _ => format!("{name}({})", arguments.join(", ")),
        }
    }
}

/// A parameter list as it is written.
pub(super) fn spelled(parameters: &[Parameter]) -> String {
    let mut words = Vec::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let first_keyword =
            !parameter.by_position && (index == 0 || parameters[index - 1].by_position);
        if index > 0 && parameter.by_keyword && !parameters[index - 1].by_keyword {
            words.push("/".to_owned());
        }
        if first_keyword {
            words.push("*".to_owned());
        }
        words.push(if parameter.has_default {
            format!("{}=default_{}", parameter.name, parameter.symbol)
        } else {
            parameter.name.clone()
        });
    }
    if parameters.last().is_some_and(|last| !last.by_keyword) {
        words.push("/".to_owned());
    }
    words.join(", ")
}
