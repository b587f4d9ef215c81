//! What generated functions refer to.

use std::collections::{BTreeMap, BTreeSet};

use crate::ast::{FieldType, Signature, Step, Type};
use crate::release::Release;
use crate::typing::literal;

/// A constant that names a member, or a member inside a member.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct FieldUse {
    /// As a template spells it.
    pub display: String,
    pub offset: u64,
    /// `Void` where the member is no scalar.
    pub ty: Type,
    pub bits: Option<(u8, u8)>,
    pub immutable: bool,
}

/// A C function or variable, or a place inside a variable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct SymbolUse {
    /// The C name.
    pub name: String,
    pub place: Option<Place>,
}

/// A place inside a variable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub offset: u64,
    /// The place is where the static objects are, which move between patch releases.
    pub moves: bool,
    /// The text of the static string that stands there.
    pub text: Option<String>,
}

#[derive(Debug)]
pub(super) struct Uses<'r> {
    /// The release whose constants have plain names.
    newest: &'r Release,
    /// By the name of the constant.
    pub symbols: BTreeMap<String, SymbolUse>,
    /// C functions that are called.
    pub callees: BTreeSet<String>,
    /// Types of functions called through a pointer, by the name of the constant.
    pub signatures: BTreeMap<String, Signature>,
    /// By struct and the name of the constant.
    pub fields: BTreeMap<(String, String), FieldUse>,
}

impl<'r> Uses<'r> {
    pub fn new(newest: &'r Release) -> Self {
        Uses {
            newest,
            symbols: BTreeMap::new(),
            callees: BTreeSet::new(),
            signatures: BTreeMap::new(),
            fields: BTreeMap::new(),
        }
    }

    pub fn merge(&mut self, other: Uses<'_>) {
        self.symbols.extend(other.symbols);
        self.callees.extend(other.callees);
        self.signatures.extend(other.signatures);
        self.fields.extend(other.fields);
    }

    /// Notes a member and gives its constant's name: `member__2__inner`, and the release behind it
    /// where the newest one has the member elsewhere.
    pub fn field(
        &mut self,
        release: &Release,
        owner: &str,
        path: &[Step],
    ) -> Result<String, String> {
        let mut name = parts(path).join("__");
        let found = field(release, owner, path)?;
        let newest = field(self.newest, owner, path);
        if newest.is_ok_and(|newest| newest != found) {
            name = format!("{name}__{}", release.suffix());
        }
        self.fields.insert((owner.to_owned(), name.clone()), found);
        Ok(name)
    }

    /// Notes a C function or variable.
    pub fn symbol(&mut self, name: &str) {
        let found = SymbolUse {
            name: name.to_owned(),
            place: None,
        };
        self.symbols.insert(name.to_owned(), found);
    }

    /// Notes a place inside a variable and gives its constant's name.
    pub fn place(
        &mut self,
        release: &Release,
        name: &str,
        path: &[Step],
    ) -> Result<String, String> {
        let mut constant = [name.to_owned()]
            .into_iter()
            .chain(parts(path))
            .collect::<Vec<String>>()
            .join("__");
        let mut found = place(release, name, path)?;
        match place(self.newest, name, path) {
            // Those are found at run time, wherever they are.
            Ok(newest) if newest.moves => found = newest,
            Ok(newest) if newest == found => {}
            _ => constant = format!("{constant}__{}", release.suffix()),
        }
        let symbol = SymbolUse {
            name: name.to_owned(),
            place: Some(found),
        };
        self.symbols.insert(constant.clone(), symbol);
        Ok(constant)
    }

    /// Notes a function type and gives its constant's name.
    pub fn signature(&mut self, signature: &Signature) -> String {
        let spelled = |ty: &Type| match ty {
            Type::Array(_) => "ptr".to_owned(),
            ty => ty.to_string(),
        };
        let mut name = String::from("of");
        for param in &signature.params {
            name.push('_');
            name.push_str(&spelled(param));
        }
        name.push_str("_gives_");
        name.push_str(&spelled(&signature.result));
        self.signatures.insert(name.clone(), signature.clone());
        name
    }
}

/// The steps of a path whose indices are numbers.
fn parts(path: &[Step]) -> Vec<String> {
    path.iter()
        .map(|step| match step {
            Step::Field(field) => field.clone(),
            Step::Index(index) => index.to_string(),
        })
        .collect()
}

fn place(release: &Release, name: &str, path: &[Step]) -> Result<Place, String> {
    let global = release.globals.get(name);
    let global = global.ok_or_else(|| format!("there is no variable `{name}`"))?;
    let walk = release.walk(&global.ty, path, &literal)?;
    let moves = match path.first() {
        Some(Step::Field(first)) => {
            let start = format!("{name}.{first}.");
            let mut anchors = release.needs.anchors.iter();
            anchors.any(|anchor| anchor.starts_with(&start))
        }
        _ => false,
    };
    // `identifiers._name` is the string "name"; since 3.12 it is `identifiers._py_name`.
    let text = path.windows(2).find_map(|steps| match steps {
        [Step::Field(all), Step::Field(one)] if all == "identifiers" => {
            one.strip_prefix("_py_").or(one.strip_prefix('_'))
        }
        [Step::Field(all), Step::Field(one)] if all == "literals" => {
            one.ends_with("_empty").then_some("")
        }
        _ => None,
    });
    // Strings of one character stand in arrays, in order.
    let first = match path.last() {
        Some(Step::Field(all)) if all == "ascii" => Some("\0"),
        Some(Step::Field(all)) if all == "latin1" => Some("\u{80}"),
        _ => None,
    };
    let text = text.or(first);
    Ok(Place {
        offset: walk.offset,
        moves,
        text: text.map(str::to_owned),
    })
}

fn field(release: &Release, owner: &str, path: &[Step]) -> Result<FieldUse, String> {
    let start = FieldType::Struct(owner.to_owned());
    let walk = release.walk(&start, path, &literal)?;
    let mut display = owner.to_owned();
    for step in path {
        match step {
            Step::Field(field) => display.push_str(&format!(".{field}")),
            Step::Index(index) => display.push_str(&format!("[{index}]")),
        }
    }
    let first = match path.first() {
        Some(Step::Field(first)) => format!("{owner}.{first}"),
        _ => owner.to_owned(),
    };
    Ok(FieldUse {
        immutable: release.needs.immutable.contains(&first),
        display,
        offset: walk.offset,
        ty: match walk.ty {
            FieldType::Scalar(ty) => ty,
            FieldType::Struct(_) | FieldType::Array(..) => Type::Void,
        },
        bits: walk.bits,
    })
}
