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

#[derive(Debug)]
pub(super) struct Uses<'r> {
    /// The release whose constants have plain names.
    newest: &'r Release,
    /// C functions and variables.
    pub symbols: BTreeSet<String>,
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
            symbols: BTreeSet::new(),
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
        let parts: Vec<String> = path
            .iter()
            .map(|step| match step {
                Step::Field(field) => field.clone(),
                Step::Index(index) => index.to_string(),
            })
            .collect();
        let mut name = parts.join("__");
        let found = field(release, owner, path)?;
        let newest = field(self.newest, owner, path);
        if newest.is_ok_and(|newest| newest != found) {
            let version = release.version.to_string().replace('.', "_");
            name = format!("{name}__in_{version}");
        }
        self.fields.insert((owner.to_owned(), name.clone()), found);
        Ok(name)
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
