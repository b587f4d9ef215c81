//! Types and signatures.

use syn::parse::ParseStream;
use syn::{LitInt, Token, bracketed, parenthesized, token};

use super::{any_ident, end};
use crate::ast::{Elem, FieldType, Signature, Type};

/// A value's type.
pub(super) fn scalar(input: ParseStream<'_>) -> syn::Result<Type> {
    if input.peek(Token![*]) {
        input.parse::<Token![*]>()?;
        return Ok(Type::Array(Box::new(elem(input)?)));
    }
    let name = any_ident(input)?;
    named(&name.to_string()).ok_or_else(|| {
        let message = format!(
            "unknown type `{name}`: expected i8 to i64, u8 to u64, f32, f64, object, ref, ptr or *TYPE"
        );
        syn::Error::new(name.span(), message)
    })
}

/// The scalar type of that name.
pub(super) fn named(name: &str) -> Option<Type> {
    let int = |bits, signed| Some(Type::Int { bits, signed });
    match name {
        "i8" => int(8, true),
        "i16" => int(16, true),
        "i32" => int(32, true),
        "i64" => int(64, true),
        "u8" => int(8, false),
        "u16" => int(16, false),
        "u32" => int(32, false),
        "u64" => int(64, false),
        "f32" => Some(Type::F32),
        "f64" => Some(Type::F64),
        "object" => Some(Type::Object),
        "ref" => Some(Type::Ref),
        "ptr" => Some(Type::Ptr),
        "void" => Some(Type::Void),
        _ => None,
    }
}

fn elem(input: ParseStream<'_>) -> syn::Result<Elem> {
    if input.peek(Token![*]) {
        return Ok(Elem::Scalar(scalar(input)?));
    }
    let name = any_ident(input)?.to_string();
    Ok(match named(&name) {
        Some(ty) => Elem::Scalar(ty),
        None => Elem::Struct(name),
    })
}

/// The type of a struct's member or of a variable.
pub(super) fn field(input: ParseStream<'_>) -> syn::Result<FieldType> {
    if input.peek(token::Bracket) {
        let inside;
        bracketed!(inside in input);
        let elem = field(&inside)?;
        inside.parse::<Token![;]>()?;
        let length = inside.parse::<LitInt>()?.base10_parse()?;
        end(&inside)?;
        return Ok(FieldType::Array(Box::new(elem), length));
    }
    if input.peek(Token![struct]) {
        input.parse::<Token![struct]>()?;
        return Ok(FieldType::Struct(any_ident(input)?.to_string()));
    }
    Ok(FieldType::Scalar(scalar(input)?))
}

/// `fn(TYPE, ...) -> TYPE`
pub(super) fn signature(input: ParseStream<'_>) -> syn::Result<Signature> {
    input.parse::<Token![fn]>()?;
    let inside;
    parenthesized!(inside in input);
    let mut params = Vec::new();
    let mut variadic = false;
    while !inside.is_empty() {
        if inside.peek(Token![...]) {
            inside.parse::<Token![...]>()?;
            variadic = true;
            break;
        }
        params.push(scalar(&inside)?);
        if inside.is_empty() {
            break;
        }
        inside.parse::<Token![,]>()?;
    }
    end(&inside)?;
    let mut result = Type::Void;
    if input.peek(Token![->]) {
        input.parse::<Token![->]>()?;
        result = scalar(input)?;
    }
    Ok(Signature {
        params,
        variadic,
        result,
    })
}
