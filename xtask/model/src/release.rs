//! The data of one minor release, with its spelled types parsed.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use crate::ast::{FieldType, Signature, Step, Template, Type};
use crate::data::{
    Function, Functions, Global, Layouts, Linkage, Opcode, Opcodes, Roles, RuntimeNeeds, Sources,
    Struct, Vocabulary, of_release,
};
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
    #[error("data of CPython {version}: `{name}` has a type that cannot be read: {source}")]
    Type {
        version: Version,
        name: String,
        source: SourceError,
    },
    #[error("{0}/sources.toml names no release")]
    NothingSynced(PathBuf),
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

/// Everything that checking and generating need to know of a release.
#[derive(Clone, Debug)]
pub struct Release {
    pub version: Version,
    pub opcodes: BTreeMap<String, Opcode>,
    pub roles: Roles,
    pub layouts: BTreeMap<String, Layout>,
    pub functions: BTreeMap<String, CFunction>,
    pub globals: BTreeMap<String, CGlobal>,
    pub vocabulary: Vocabulary,
    pub needs: RuntimeNeeds,
    /// Opcodes whose references upstream counts otherwise than it should, and why.
    pub deviations: BTreeMap<String, String>,
}

/// The derived data of one release, as its files spell it.
#[derive(Clone, Debug, Default)]
pub struct Spelled {
    pub opcodes: BTreeMap<String, Opcode>,
    pub roles: Roles,
    pub layouts: BTreeMap<String, Struct>,
    pub functions: BTreeMap<String, Function>,
    pub globals: BTreeMap<String, Global>,
}

impl Release {
    /// Reads `cpython-versions/3.MINOR/` and `templates/vocabulary/` below `root`: every synced
    /// release of that minor, oldest first.
    pub fn load(root: &Path, minor: u8) -> Result<Vec<Release>, LoadError> {
        let folder = root.join(format!("cpython-versions/3.{minor}"));
        let vocabulary = root.join("templates/vocabulary");
        let sources: Sources = read(&folder.join("sources.toml"))?;
        let opcodes: Opcodes = read(&folder.join("opcodes.toml"))?;
        let layouts: Layouts = read(&folder.join("layouts.toml"))?;
        let functions: Functions = read(&folder.join("functions.toml"))?;
        let effects: Vocabulary = read(&vocabulary.join("functions.toml"))?;
        let needs: RuntimeNeeds = read(&vocabulary.join("runtime.toml"))?;
        let mut names: Vec<(Version, &String)> = sources
            .releases
            .keys()
            .filter_map(|name| Version::parse(name).map(|version| (version, name)))
            .filter(|(version, _)| version.minor == minor)
            .collect();
        names.sort();
        if names.is_empty() {
            return Err(LoadError::NothingSynced(folder));
        }
        let release = |(version, name): (Version, &String)| {
            let spelled = Spelled {
                opcodes: of_release(&opcodes.opcodes, &opcodes.differs, name),
                roles: opcodes.roles.clone(),
                layouts: of_release(&layouts.structs, &layouts.differs, name),
                functions: of_release(&functions.functions, &functions.differs, name),
                globals: of_release(&functions.globals, &functions.globals_differ, name),
            };
            Release::new(version, spelled, effects.clone(), needs.clone())
        };
        names.into_iter().map(release).collect()
    }

    /// The oldest patch release of that minor that is served.
    pub fn oldest_patch(root: &Path, minor: u8) -> Result<u8, LoadError> {
        let sources: Sources =
            read(&root.join(format!("cpython-versions/3.{minor}/sources.toml")))?;
        let needs: RuntimeNeeds = read(&root.join("templates/vocabulary/runtime.toml"))?;
        let versions = sources.releases.keys();
        let versions = versions.filter_map(|name| Version::parse(name));
        Ok(needs.oldest_patch(minor, versions.map(|version| version.patch)))
    }

    /// The same from data at hand.
    pub fn new(
        version: Version,
        spelled: Spelled,
        vocabulary: Vocabulary,
        needs: RuntimeNeeds,
    ) -> Result<Release, LoadError> {
        let deviations = vocabulary.deviations_of(version.minor);
        let bad = |name: &str| {
            let name = name.to_owned();
            move |source| LoadError::Type {
                version,
                name,
                source,
            }
        };
        let mut layouts = BTreeMap::new();
        for (name, layout) in spelled.layouts {
            let mut fields = BTreeMap::new();
            for (field, data) in layout.fields {
                let ty = parse::field_type(&data.ty).map_err(bad(&format!("{name}.{field}")))?;
                let member = Member {
                    offset: data.offset,
                    ty,
                    bits: data.bits,
                };
                fields.insert(field, member);
            }
            let layout = Layout {
                size: layout.size,
                align: layout.align,
                fields,
            };
            layouts.insert(name, layout);
        }
        let mut functions = BTreeMap::new();
        for (name, data) in spelled.functions {
            let signature = parse::signature(&data.signature).map_err(bad(&name))?;
            let linkage = data.linkage;
            functions.insert(name, CFunction { signature, linkage });
        }
        let mut globals = BTreeMap::new();
        for (name, data) in spelled.globals {
            let ty = parse::field_type(&data.ty).map_err(bad(&name))?;
            let linkage = data.linkage;
            globals.insert(name, CGlobal { ty, linkage });
        }
        Ok(Release {
            version,
            opcodes: spelled.opcodes,
            roles: spelled.roles,
            layouts,
            functions,
            globals,
            vocabulary: vocabulary.of_minor(version.minor),
            needs,
            deviations,
        })
    }

    /// Whether a template says that it holds for this release.
    pub fn has(&self, template: &Template) -> bool {
        let mut versions = template.releases.iter().map(|text| Version::parse(text));
        versions.any(|version| version == Some(self.version))
    }

    /// What the names of constants end in where this release differs from the newest one.
    pub fn suffix(&self) -> String {
        format!("in_{}", self.version.to_string().replace('.', "_"))
    }

    /// Whether some objects are never freed, whatever their count.
    pub fn has_immortal_objects(&self) -> bool {
        self.version.minor >= 12
    }

    /// What a stack slot or a local holds.
    pub fn slot_type(&self) -> Type {
        if self.version.minor >= 14 {
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
                "struct `{owner}` is not in layouts.toml of {}",
                self.version
            )
        })?;
        layout
            .fields
            .get(name)
            .ok_or_else(|| format!("`{owner}` has no member `{name}` in {}", self.version))
    }

    /// Bytes that a member of that type takes.
    pub fn size(&self, ty: &FieldType) -> Result<u64, String> {
        match ty {
            FieldType::Scalar(ty) => Ok(u64::from(scalar_size(ty))),
            FieldType::Struct(name) => match self.layouts.get(name) {
                Some(layout) => Ok(layout.size),
                None => Err(format!(
                    "struct `{name}` is not in layouts.toml of {}",
                    self.version
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
