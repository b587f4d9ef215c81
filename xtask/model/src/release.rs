//! The data of one minor release, with its spelled types parsed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::ast::{FieldType, Signature, Step, Type};
use crate::data::{Functions, Layouts, Linkage, Opcodes, RuntimeNeeds, Sources, Vocabulary};
use crate::error::SourceError;
use crate::parse;
use crate::version::Version;

/// Why the data of a release cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    #[error("cannot read {path}: {source}")]
    Read {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{path}: {source}")]
    Toml {
        path: PathBuf,
        source: Box<toml::de::Error>,
    },
    #[error("{path}: `{name}` has a type that cannot be read: {source}")]
    Type {
        path: PathBuf,
        name: String,
        source: SourceError,
    },
}

/// A struct with its members' types.
#[derive(Clone, Debug)]
pub struct Layout {
    pub size: u64,
    pub align: u64,
    pub fields: BTreeMap<String, Member>,
}

/// A member of a struct.
#[derive(Clone, Debug)]
pub struct Member {
    pub offset: u64,
    pub ty: FieldType,
    pub bits: Option<(u8, u8)>,
}

/// A C function that templates call.
#[derive(Clone, Debug)]
pub struct CFunction {
    pub signature: Signature,
    pub linkage: Linkage,
}

/// A C variable that templates take the address of.
#[derive(Clone, Debug)]
pub struct CGlobal {
    pub ty: FieldType,
    pub linkage: Linkage,
}

/// Everything that checking and generating need to know of a minor release.
#[derive(Clone, Debug)]
pub struct Release {
    pub minor: u8,
    pub opcodes: Opcodes,
    pub layouts: BTreeMap<String, Layout>,
    pub functions: BTreeMap<String, CFunction>,
    pub globals: BTreeMap<String, CGlobal>,
    pub vocabulary: Vocabulary,
    pub needs: RuntimeNeeds,
    /// The releases of this minor that were synced, oldest first.
    pub synced: Vec<Version>,
}

impl Release {
    /// Reads `cpython-versions/3.MINOR/` and `templates/vocabulary/` below `root`.
    pub fn load(root: &Path, minor: u8) -> Result<Release, LoadError> {
        let folder = root.join(format!("cpython-versions/3.{minor}"));
        let vocabulary = root.join("templates/vocabulary");
        let sources: Sources = read(&folder.join("sources.toml"))?;
        Release::new(
            minor,
            read(&folder.join("opcodes.toml"))?,
            &read(&folder.join("layouts.toml"))?,
            &read(&folder.join("functions.toml"))?,
            read(&vocabulary.join("functions.toml"))?,
            read(&vocabulary.join("runtime.toml"))?,
            sources.releases.keys().map(String::as_str),
        )
    }

    /// The same from data at hand.
    pub fn new<'a>(
        minor: u8,
        opcodes: Opcodes,
        layouts: &Layouts,
        functions: &Functions,
        vocabulary: Vocabulary,
        needs: RuntimeNeeds,
        synced: impl Iterator<Item = &'a str>,
    ) -> Result<Release, LoadError> {
        let bad = |file: &str, name: &str| {
            let path = PathBuf::from(format!("cpython-versions/3.{minor}/{file}"));
            let name = name.to_owned();
            move |source| LoadError::Type { path, name, source }
        };
        let mut parsed_layouts = BTreeMap::new();
        for (name, layout) in &layouts.structs {
            let mut fields = BTreeMap::new();
            for (field, data) in &layout.fields {
                let full = format!("{name}.{field}");
                let ty = parse::field_type(&data.ty).map_err(bad("layouts.toml", &full))?;
                let member = Member {
                    offset: data.offset,
                    ty,
                    bits: data.bits,
                };
                fields.insert(field.clone(), member);
            }
            let layout = Layout {
                size: layout.size,
                align: layout.align,
                fields,
            };
            parsed_layouts.insert(name.clone(), layout);
        }
        let mut parsed_functions = BTreeMap::new();
        for (name, data) in &functions.functions {
            let signature =
                parse::signature(&data.signature).map_err(bad("functions.toml", name))?;
            let linkage = data.linkage;
            parsed_functions.insert(name.clone(), CFunction { signature, linkage });
        }
        let mut globals = BTreeMap::new();
        for (name, data) in &functions.globals {
            let ty = parse::field_type(&data.ty).map_err(bad("functions.toml", name))?;
            let linkage = data.linkage;
            globals.insert(name.clone(), CGlobal { ty, linkage });
        }
        let mut synced: Vec<Version> = synced.filter_map(Version::parse).collect();
        synced.retain(|version| version.minor == minor);
        synced.sort();
        Ok(Release {
            minor,
            opcodes,
            layouts: parsed_layouts,
            functions: parsed_functions,
            globals,
            vocabulary: vocabulary.of_minor(minor),
            needs,
            synced,
        })
    }

    /// What a stack slot or a local holds.
    pub fn slot_type(&self) -> Type {
        if self.minor >= 14 {
            Type::Ref
        } else {
            Type::Object
        }
    }

    /// Follows `.field` and `[index]` from `ty` as far as the steps are known: the offset passed,
    /// the type reached, the bits of a bit field, and how many steps were taken.
    pub fn walk(
        &self,
        ty: &FieldType,
        path: &[Step],
        constant: &dyn Fn(&crate::ast::Expr) -> Option<i128>,
    ) -> Result<Walk, String> {
        let mut walk = Walk {
            offset: 0,
            ty: ty.clone(),
            bits: None,
            steps: 0,
        };
        for step in path {
            match (step, &walk.ty) {
                (Step::Field(name), FieldType::Struct(owner)) => {
                    let member = self.member(owner, name)?;
                    walk.offset += member.offset;
                    walk.bits = member.bits;
                    walk.ty = member.ty.clone();
                }
                (Step::Index(index), FieldType::Array(elem, _)) => {
                    let Some(index) = constant(index) else {
                        return Ok(walk);
                    };
                    let size = i128::from(self.size(elem)?);
                    let offset = i128::from(walk.offset) + index * size;
                    walk.offset = u64::try_from(offset)
                        .map_err(|_| format!("index {index} is outside of the array"))?;
                    walk.ty = (**elem).clone();
                }
                (Step::Field(name), other) => {
                    return Err(format!("`.{name}` of `{other}`, which is not a struct"));
                }
                (Step::Index(_), other) => {
                    return Err(format!("an index of `{other}`, which is not an array"));
                }
            }
            walk.steps += 1;
        }
        Ok(walk)
    }

    /// A member of a struct by name.
    pub fn member(&self, owner: &str, name: &str) -> Result<&Member, String> {
        let layout = self.layouts.get(owner).ok_or_else(|| {
            format!(
                "struct `{owner}` is not in layouts.toml of 3.{}",
                self.minor
            )
        })?;
        layout
            .fields
            .get(name)
            .ok_or_else(|| format!("`{owner}` has no member `{name}` in 3.{}", self.minor))
    }

    /// Bytes that a member of that type takes.
    pub fn size(&self, ty: &FieldType) -> Result<u64, String> {
        match ty {
            FieldType::Scalar(ty) => Ok(u64::from(scalar_size(ty))),
            FieldType::Struct(name) => match self.layouts.get(name) {
                Some(layout) => Ok(layout.size),
                None => Err(format!(
                    "struct `{name}` is not in layouts.toml of 3.{}",
                    self.minor
                )),
            },
            FieldType::Array(elem, length) => Ok(self.size(elem)? * length),
        }
    }
}

/// Where [`Release::walk`] came to.
#[derive(Clone, Debug)]
pub struct Walk {
    pub offset: u64,
    pub ty: FieldType,
    pub bits: Option<(u8, u8)>,
    pub steps: usize,
}

/// Bytes that a value of that type takes.
pub fn scalar_size(ty: &Type) -> u32 {
    match ty {
        Type::Int { bits, .. } => u32::from(*bits) / 8,
        Type::F32 => 4,
        Type::Void => 1,
        Type::F64 | Type::Object | Type::Ref | Type::Ptr | Type::Array(_) => 8,
    }
}

/// Reads one file of data.
pub fn read<T: DeserializeOwned>(path: &Path) -> Result<T, LoadError> {
    let text = fs::read_to_string(path).map_err(|source| LoadError::Read {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| LoadError::Toml {
        path: path.to_owned(),
        source: Box::new(source),
    })
}
