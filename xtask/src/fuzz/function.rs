//! The function that is being written: its variables and where they live, and what it costs to run.

use std::collections::{BTreeMap, BTreeSet};

use super::grammar::{Flavour, Need};

/// Where a function finds a variable.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Place {
    Parameter,
    Local,
    /// In a function around this one.
    Outside,
}

/// A function while its body is written.
#[derive(Debug)]
pub struct Function {
    pub flavour: Flavour,
    /// The body of a class of the module: no function, and nothing around its methods.
    pub is_class: bool,
    pub in_loop: bool,
    /// How often the statement being written runs in one call.
    pub weight: u64,
    /// About how many statements a call runs.
    pub cost: u64,
    /// How many more blocks may nest.
    pub nesting: usize,
    /// How many more statements there is room for.
    pub room: usize,
    pub places: BTreeMap<String, Place>,
    pub nonlocal: BTreeSet<String>,
    pub global: BTreeSet<String>,
}

impl Function {
    /// A function whose text in parentheses is `parameters`.
    pub fn new(flavour: Flavour, parameters: &str, weight: u64, nesting: usize) -> Self {
        Self {
            flavour,
            is_class: false,
            in_loop: false,
            weight,
            cost: 1,
            nesting,
            room: 14,
            places: parameter_names(parameters)
                .map(|name| (name, Place::Parameter))
                .collect(),
            nonlocal: BTreeSet::new(),
            global: BTreeSet::new(),
        }
    }

    /// Whether the place that is being written has what a rule needs.
    pub fn offers(&self, need: Need, depth: usize) -> bool {
        match need {
            Need::Loop => self.in_loop,
            Need::Generator => matches!(self.flavour, Flavour::Generator | Flavour::AsyncGenerator),
            Need::Async => matches!(self.flavour, Flavour::Coroutine | Flavour::AsyncGenerator),
            Need::Return => self.flavour != Flavour::AsyncGenerator,
            Need::Plain => {
                matches!(self.flavour, Flavour::Function | Flavour::Generator) && depth == 1
            }
        }
    }

    /// The variables that the function itself must bind.
    pub fn locals(&self) -> impl Iterator<Item = &str> {
        self.places
            .iter()
            .filter(|(_, place)| **place == Place::Local)
            .map(|(name, _)| name.as_str())
    }
}

/// The names in a parameter list.
fn parameter_names(text: &str) -> impl Iterator<Item = String> {
    let mut open = 0;
    text.split(move |c| {
        match c {
            '(' | '[' | '{' => open += 1,
            ')' | ']' | '}' => open -= 1,
            _ => {}
        }
        c == ',' && open == 0
    })
    .filter_map(|parameter| {
        let name = parameter.trim().trim_start_matches('*');
        let end = name
            .find(|c: char| !c.is_alphanumeric() && c != '_')
            .unwrap_or(name.len());
        (end > 0).then(|| name[..end].to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::parameter_names;

    #[test]
    fn finds_the_names_of_parameters() {
        let names: Vec<_> =
            parameter_names("i0, /, f0=g(1, 2), *t0, s0: str = 'a', **d0").collect();
        assert_eq!(names, ["i0", "f0", "t0", "s0", "d0"]);
    }
}
