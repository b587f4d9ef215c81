//! Text as templates.

mod expr;
mod stmt;
mod ty;

use std::collections::HashSet;

use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Ident, LitInt, LitStr, Token, bracketed, parenthesized};

use crate::ast::{FieldType, File, Override, Signature, Template, Type};
use crate::error::{Place, SourceError};

/// A parsed file, and where in it everything stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    pub file: File,
    /// One for each template.
    pub places: Vec<Places>,
}

/// Where the parts of a template stand.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places {
    pub name: Place,
    /// One for each statement, outer ones before those inside them.
    pub statements: Vec<Place>,
}

/// Parses a `.tmpl` file; `name` is for errors.
pub fn file(name: &str, text: &str) -> Result<Parsed, SourceError> {
    let parser = |input: ParseStream<'_>| {
        let mut parsed = Parsed {
            file: File {
                templates: Vec::new(),
            },
            places: Vec::new(),
        };
        while !input.is_empty() {
            let (template, places) = template(input)?;
            parsed.file.templates.push(template);
            parsed.places.push(places);
        }
        Ok(parsed)
    };
    parser
        .parse_str(text)
        .map_err(|error| SourceError::from_syn(name, text, &error))
}

/// Parses a type as in `let x: TYPE`.
pub fn scalar_type(text: &str) -> Result<Type, SourceError> {
    ty::scalar
        .parse_str(text)
        .map_err(|error| SourceError::from_syn("type", text, &error))
}

/// Parses the type of a member or variable: `TYPE`, `struct NAME` or `[TYPE; N]`.
pub fn field_type(text: &str) -> Result<FieldType, SourceError> {
    ty::field
        .parse_str(text)
        .map_err(|error| SourceError::from_syn("member type", text, &error))
}

/// Parses `fn(TYPE, ...) -> TYPE`.
pub fn signature(text: &str) -> Result<Signature, SourceError> {
    ty::signature
        .parse_str(text)
        .map_err(|error| SourceError::from_syn("signature", text, &error))
}

/// What the parser carries through one template.
struct Scope {
    /// Names declared so far: `&x.S.f` is a member's address for those, and a symbol otherwise.
    declared: HashSet<String>,
    places: Places,
}

fn template(input: ParseStream<'_>) -> syn::Result<(Template, Places)> {
    let attributes = attributes(input)?;
    let keyword = any_ident(input)?;
    if keyword != "opcode" {
        return Err(syn::Error::new(keyword.span(), "expected `opcode NAME {`"));
    }
    let name = any_ident(input)?;
    let mut scope = Scope {
        declared: HashSet::new(),
        places: Places {
            name: Place::from(name.span()),
            statements: Vec::new(),
        },
    };
    let body = stmt::braced(input, &mut scope)?;
    let missing = |what: &str| syn::Error::new(name.span(), format!("missing `#[{what}]`"));
    let template = Template {
        size: attributes.size.ok_or_else(|| missing("size(n)"))?,
        releases: attributes
            .releases
            .ok_or_else(|| missing("releases(\"x.y.z\")"))?,
        family: attributes.family,
        overrides: match (attributes.why, attributes.upstream) {
            (Some(why), Some(upstream)) => Some(Override { why, upstream }),
            (None, None) => None,
            (Some(_), None) => return Err(missing("upstream(\"hash\")")),
            (None, Some(_)) => return Err(missing("overrides(\"why\")")),
        },
        name: name.to_string(),
        body,
    };
    Ok((template, scope.places))
}

#[derive(Default)]
struct Attributes {
    family: Option<String>,
    size: Option<u32>,
    releases: Option<Vec<String>>,
    why: Option<String>,
    upstream: Option<Vec<String>>,
}

fn attributes(input: ParseStream<'_>) -> syn::Result<Attributes> {
    let mut found = Attributes::default();
    while input.peek(Token![#]) {
        input.parse::<Token![#]>()?;
        let brackets;
        bracketed!(brackets in input);
        let name = any_ident(&brackets)?;
        let value;
        parenthesized!(value in brackets);
        match name.to_string().as_str() {
            "family" => found.family = Some(any_ident(&value)?.to_string()),
            "size" => found.size = Some(value.parse::<LitInt>()?.base10_parse()?),
            "releases" => found.releases = Some(strings(&value)?),
            "overrides" => found.why = Some(value.parse::<LitStr>()?.value()),
            "upstream" => found.upstream = Some(strings(&value)?),
            _ => {
                let message =
                    "unknown attribute: expected family, size, releases, overrides or upstream";
                return Err(syn::Error::new(name.span(), message));
            }
        }
        end(&value)?;
        end(&brackets)?;
    }
    Ok(found)
}

fn strings(input: ParseStream<'_>) -> syn::Result<Vec<String>> {
    let list = input.parse_terminated(|item| item.parse::<LitStr>(), Token![,])?;
    Ok(list.iter().map(LitStr::value).collect())
}

/// A C name may be a Rust keyword.
fn any_ident(input: ParseStream<'_>) -> syn::Result<Ident> {
    input.call(Ident::parse_any)
}

/// An error unless everything between the delimiters was read.
fn end(input: ParseStream<'_>) -> syn::Result<()> {
    if input.is_empty() {
        Ok(())
    } else {
        Err(input.error("unexpected token"))
    }
}
