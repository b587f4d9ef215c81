//! C functions and macros that templates keep by name.

use cevalry_model::ast::{Signature, Type};
use cevalry_model::data::Effect;
use cevalry_model::vocab;

use super::Lifter;
use super::value::Value;
use crate::c::ctype::{CType, FunctionType};

/// Functions that clear the frame they are given and take it off the thread's stack.
pub const CLEAR_FRAME: &[&str] = &[
    "_PyEval_FrameClearAndPop",
    "_PyEvalFrameClearAndPop",
    "pop_frame",
];

/// A primitive's own name, where a header calls the function behind the macro of that name.
pub fn spelled(name: &str) -> &str {
    match name.strip_prefix('_') {
        Some(plain) if plain.starts_with("PyStackRef_") && vocab::find(plain).is_some() => plain,
        _ => name,
    }
}

/// Whether a call neither changes nor runs anything.
pub fn pure(name: &str) -> bool {
    vocab::find(name).is_some_and(|primitive| primitive.effect == Effect::Pure)
}

/// Positions of arguments whose reference a call takes.
pub fn steals(name: &str) -> &'static [usize] {
    vocab::find(name).map_or(&[], |primitive| primitive.steals)
}

/// The plain count that a function giving back its argument makes.
pub fn counting(name: &str) -> Option<&'static str> {
    match name {
        "Py_NewRef" | "_Py_NewRef" => Some("Py_INCREF"),
        "Py_XNewRef" | "_Py_XNewRef" => Some("Py_XINCREF"),
        _ => None,
    }
}

/// What a function that does nothing for NULL does for any other object.
pub fn unless_null(name: &str) -> Option<&'static str> {
    match name {
        "Py_XINCREF" => Some("Py_INCREF"),
        "Py_XDECREF" => Some("Py_DECREF"),
        "Py_XNewRef" | "_Py_XNewRef" => Some("Py_NewRef"),
        _ => None,
    }
}

/// Calls that count a reference up, or not at all, and change nothing else.
pub fn counts_only(name: &str) -> bool {
    vocab::find(name).is_some_and(|primitive| primitive.counts_up)
        && !name.contains("_X")
        && !name.contains("_XN")
}

impl Lifter<'_> {
    /// The type of a primitive for these arguments: C's where it agrees, else the vocabulary's.
    pub fn primitive(&self, name: &str, args: &[Value]) -> Option<FunctionType> {
        let primitive = vocab::find(name)?;
        let found: Vec<Type> = args
            .iter()
            .map(|arg| self.types.template_type(&arg.ty))
            .collect();
        let mut signatures: Vec<Signature> = primitive.signatures(args.len()).collect();
        signatures.sort_by_key(|signature| signature.params != found);
        let signature = signatures.into_iter().next()?;
        let declared = self.types.functions.get(name).map(|function| &function.ty);
        let params = signature.params.iter().enumerate().map(|(index, ty)| {
            let known = declared.and_then(|function| function.params.get(index));
            self.agreed(known, ty)
        });
        let known = declared.map(|function| &function.result);
        Some(FunctionType {
            params: params.collect(),
            variadic: false,
            result: self.agreed(known, &signature.result),
        })
    }

    fn agreed(&self, known: Option<&CType>, ty: &Type) -> CType {
        match known {
            Some(known) if self.types.template_type(known) == *ty => known.clone(),
            _ => self.c_type(ty),
        }
    }

    /// A C type that templates write so.
    fn c_type(&self, ty: &Type) -> CType {
        match ty {
            Type::Int { bits, signed } => CType::Int {
                bits: *bits,
                signed: *signed,
            },
            Type::F64 => CType::Double,
            Type::F32 => CType::Float,
            Type::Object => self.object_type(),
            Type::Ref => match self.types.typedef("_PyStackRef") {
                Some(ty) => ty.clone(),
                None => CType::Void,
            },
            Type::Array(_) => self.object_type().pointer(),
            Type::Ptr => CType::Void.pointer(),
            Type::Void => CType::Void,
        }
    }
}
