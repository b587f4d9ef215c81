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

#[derive(Debug, Default)]
pub(super) struct Uses {
    /// C functions and variables.
    pub symbols: BTreeSet<String>,
    /// C functions that are called.
    pub callees: BTreeSet<String>,
    /// Types of functions called through a pointer, by the name of the constant.
    pub signatures: BTreeMap<String, Signature>,
    /// By struct and the name of the constant.
    pub fields: BTreeMap<(String, String), FieldUse>,
}

impl Uses {
    pub fn merge(&mut self, other: Uses) {
        self.symbols.extend(other.symbols);
        self.callees.extend(other.callees);
        self.signatures.extend(other.signatures);
        self.fields.extend(other.fields);
    }

    /// Notes a member and gives its constant's name.
    pub fn field(
        &mut self,
        release: &Release,
        owner: &str,
        path: &[Step],
    ) -> Result<String, String> {
        let start = FieldType::Struct(owner.to_owned());
        let walk = release.walk(&start, path, &literal)?;
        let mut name = String::new();
        let mut display = owner.to_owned();
        for step in path {
            let part = match step {
                Step::Field(field) => field.clone(),
                Step::Index(index) => index.to_string(),
            };
            if !name.is_empty() {
                name.push_str("__");
            }
            name.push_str(&part);
            match step {
                Step::Field(_) => display.push_str(&format!(".{part}")),
                Step::Index(_) => display.push_str(&format!("[{part}]")),
            }
        }
        let first = match path.first() {
            Some(Step::Field(first)) => format!("{owner}.{first}"),
            _ => owner.to_owned(),
        };
        let field = FieldUse {
            immutable: release.needs.immutable.contains(&first),
            display,
            offset: walk.offset,
            ty: match walk.ty {
                FieldType::Scalar(ty) => ty,
                FieldType::Struct(_) | FieldType::Array(..) => Type::Void,
            },
            bits: walk.bits,
        };
        self.fields.insert((owner.to_owned(), name.clone()), field);
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
