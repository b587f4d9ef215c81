//! Reading a source tree: everything that a sync takes from it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, Result};
use cevalry_model::ast::{Block, FieldType, Signature, Template};
use cevalry_model::data::{Function, Global, Jump, Linkage, Roles, Upstream};
use cevalry_model::vocab;

use super::jumps::jumps;
use crate::c::ctype::FunctionType;
use crate::c::lift::{self, lift_release};
use crate::c::preprocess::vocabulary_macros;
use crate::c::types::Types;
use crate::ctext;
use crate::lifted::{Lifted, LiftedOpcode, Outcome};
use crate::templates::Templates;
use crate::upstream::UpstreamTexts;
use crate::used::Used;
use crate::vocabulary::Tables;

/// What opcodes that the decoder must know are called in every release.
const EXTENDED_ARG: &str = "EXTENDED_ARG";
const CACHE: &str = "CACHE";
const RETURN_GENERATOR: &str = "RETURN_GENERATOR";
const RESUME: &str = "RESUME";

/// Lifts the release in `tree`, and collects what its templates and the runtime name.
pub fn derive(tree: &Path, tables: &Tables, templates: &Templates) -> Result<Lifted> {
    let read = lift_release(tree)?;
    let mut texts = UpstreamTexts::new(tree);
    let mut lifted = Lifted::default();
    let mut inlined = BTreeSet::new();
    for opcode in read.opcodes {
        inlined.extend(opcode.inlined.iter().cloned());
        let (name, opcode) = convert(opcode, &mut texts)?;
        lifted.opcodes.insert(name, opcode);
    }
    for name in inlined {
        if let Some(function) = read.types.functions.get(&name) {
            let file = function.place.file.clone();
            if let Some(upstream) = texts.function(&[file], &name)? {
                lifted.inlined.insert(name, upstream);
            }
        }
    }
    let names: BTreeSet<&str> = vocabulary_macros()
        .chain(vocab::PRIMITIVES.iter().map(|primitive| primitive.name))
        .collect();
    lifted.macros = texts.vocabulary(&names)?;
    let mut bodies: Vec<&Block> = templates.overrides.iter().map(|t| &t.body).collect();
    let derived = lifted.opcodes.values().filter_map(LiftedOpcode::template);
    bodies.extend(derived.map(|template| &template.body));
    let outside = outside(&read.types, tables, &bodies);
    (lifted.functions, lifted.globals, lifted.structs) = outside;
    lifted.roles = roles(&lifted)?;
    Ok(lifted)
}

fn convert(opcode: lift::Opcode, texts: &mut UpstreamTexts) -> Result<(String, LiftedOpcode)> {
    let place = &opcode.place;
    let upstream = texts.opcode(&opcode.name, &place.file, place.line)?;
    let outcome = match (opcode.outside, opcode.result) {
        (Some(why), _) => Outcome::Outside(why.to_owned()),
        (None, Ok(template)) => Outcome::Template(template),
        (None, Err(left)) => Outcome::Left {
            reason: left.reason,
            file: left.place.file,
            line: left.place.line,
        },
    };
    let converted = LiftedOpcode {
        number: opcode.number,
        base: opcode.base,
        caches: opcode.caches,
        upstream: upstream.unwrap_or_else(|| Upstream {
            file: place.file.clone(),
            line: place.line,
            hash: ctext::hash(&opcode.text),
        }),
        outcome,
    };
    Ok((opcode.name, converted))
}

type Outside = (
    BTreeMap<String, Function>,
    BTreeMap<String, Global>,
    BTreeMap<String, cevalry_model::data::Struct>,
);

/// Prototypes, variables and structs that templates name or the runtime asks for.
fn outside(types: &Types, tables: &Tables, bodies: &[&Block]) -> Outside {
    let mut functions = BTreeMap::new();
    let mut globals = BTreeMap::new();
    let mut structs: BTreeSet<String> = tables.structs.structs.iter().cloned().collect();
    for used in bodies.iter().map(|body| Used::of(body)) {
        for name in used.calls.iter().chain(&used.symbols) {
            if let Some(function) = types.functions.get(name) {
                let entry = Function {
                    signature: signature(types, &function.ty).to_string(),
                    linkage: if function.place.file.starts_with('/') {
                        // The C library's.
                        Linkage::Exported
                    } else {
                        function.linkage
                    },
                };
                functions.insert(name.clone(), entry);
            } else if let Some(variable) = types.variables.get(name) {
                let entry = Global {
                    ty: types.field_type(&variable.ty).to_string(),
                    linkage: variable.linkage,
                };
                globals.insert(name.clone(), entry);
            }
        }
        structs.extend(used.structs);
        for path in &used.paths {
            members(types, path, &mut structs);
        }
    }
    let layouts = structs
        .into_iter()
        .filter_map(|name| types.layout(&name).map(|layout| (name, layout)))
        .collect();
    (functions, globals, layouts)
}

/// Adds the structs that a path leads through.
fn members(types: &Types, path: &crate::used::Path, structs: &mut BTreeSet<String>) {
    let mut ty = if path.symbol {
        match types.variables.get(&path.start) {
            Some(variable) => types.field_type(&variable.ty),
            None => return,
        }
    } else {
        FieldType::Struct(path.start.clone())
    };
    for field in &path.fields {
        while let FieldType::Array(element, _) = ty {
            ty = *element;
        }
        let FieldType::Struct(name) = &ty else { return };
        structs.insert(name.clone());
        let Some(id) = types.record_named(name) else {
            return;
        };
        let Some(member) = types.member(id, field) else {
            return;
        };
        ty = types.field_type(&member.ty);
    }
    while let FieldType::Array(element, _) = ty {
        ty = *element;
    }
    // The address of a struct, or an element of an array of them: its size counts.
    if let FieldType::Struct(name) = ty {
        structs.insert(name);
    }
}

fn signature(types: &Types, ty: &FunctionType) -> Signature {
    Signature {
        params: ty
            .params
            .iter()
            .map(|param| types.template_type(param))
            .collect(),
        variadic: ty.variadic,
        result: types.template_type(&ty.result),
    }
}

fn roles(lifted: &Lifted) -> Result<Roles> {
    let number = |name: &str| {
        let opcode = lifted.opcodes.get(name);
        opcode.map(|opcode| opcode.number).with_context(|| {
            format!("the release has no opcode {name}; see xtask/src/sync/derive.rs")
        })
    };
    let backward = lifted.opcodes.iter().filter(|(name, opcode)| {
        **name == opcode.base
            && opcode
                .template()
                .is_some_and(|template| jumps(&template.body).contains(&Jump::Backward))
    });
    Ok(Roles {
        extended_arg: number(EXTENDED_ARG)?,
        cache: number(CACHE)?,
        backward_jumps: backward.map(|(_, opcode)| opcode.number).collect(),
        return_generator: number(RETURN_GENERATOR)?,
        resume: number(RESUME)?,
    })
}

impl LiftedOpcode {
    pub fn template(&self) -> Option<&Template> {
        match &self.outcome {
            Outcome::Template(template) => Some(template),
            Outcome::Outside(_) | Outcome::Left { .. } => None,
        }
    }
}
