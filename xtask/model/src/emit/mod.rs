//! Rust from templates: emitters, matchers and the tables around them.
//!
//! What the generated code calls is described in `docs/architecture.md`, "The emitter interface".

mod body;
mod expr;
mod matcher;
mod members;
mod tables;
mod uses;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::ast::{Elem, Template, Type};
use crate::release::{Release, scalar_size};

pub use members::Member;
pub use tables::Module;
use uses::Uses;

/// The functions generated from one template.
struct Functions {
    emitter: TokenStream,
    matcher: Option<TokenStream>,
    uses: Uses,
}

/// Generates the functions of a template under the given name.
fn functions(release: &Release, template: &Template, name: &str) -> Result<Functions, String> {
    let mut uses = Uses::default();
    let body = body::emitter(release, &template.body, &mut uses)?;
    let ident = ident(name);
    let emitter = quote! {
        fn #ident(e: &mut Emit<'_>) -> Flow {
            #body
        }
    };
    let matcher = matcher::matcher(release, &template.body, &mut uses)?.map(|body| {
        let ident = matcher_ident(name);
        quote! {
            fn #ident(l: &mut Live<'_>) -> Flow {
                #body
            }
        }
    });
    Ok(Functions {
        emitter,
        matcher,
        uses,
    })
}

/// The emitter and, where there is one, the matcher of a template.
pub fn generate(release: &Release, template: &Template) -> Result<TokenStream, String> {
    let functions = functions(release, template, &template.name)?;
    let (emitter, matcher) = (functions.emitter, functions.matcher);
    Ok(quote! { #emitter #matcher })
}

/// The same, formatted for reading.
pub fn listing(release: &Release, template: &Template) -> Result<String, String> {
    let file = syn::parse2(generate(release, template)?)
        .map_err(|error| format!("the generated code does not parse: {error}"))?;
    Ok(prettyplease::unparse(&file))
}

fn matcher_ident(name: &str) -> Ident {
    ident(&format!("match_{name}"))
}

/// A Rust name for a C name.
fn ident(name: &str) -> Ident {
    if syn::parse_str::<Ident>(name).is_ok() {
        return Ident::new(name, Span::call_site());
    }
    match name {
        "self" | "Self" | "super" | "crate" | "_" => {
            Ident::new(&format!("{name}_"), Span::call_site())
        }
        _ => Ident::new_raw(name, Span::call_site()),
    }
}

fn ty(ty: &Type) -> TokenStream {
    let name = match ty {
        Type::Int { bits, signed } => format!("{}{bits}", if *signed { 'I' } else { 'U' }),
        Type::F64 => "F64".to_owned(),
        Type::F32 => "F32".to_owned(),
        Type::Object => "Object".to_owned(),
        Type::Ref => "Ref".to_owned(),
        Type::Ptr | Type::Array(_) => "Ptr".to_owned(),
        Type::Void => "Void".to_owned(),
    };
    let name = Ident::new(&name, Span::call_site());
    quote! { Ty::#name }
}

fn elem(release: &Release, elem: &Elem) -> Result<TokenStream, String> {
    let (ty, size) = match elem {
        Elem::Scalar(scalar) => (ty(scalar), u64::from(scalar_size(scalar))),
        Elem::Struct(name) => {
            let field = crate::ast::FieldType::Struct(name.clone());
            (quote! { Ty::Void }, release.size(&field)?)
        }
    };
    let size = Literal::u64_unsuffixed(size);
    Ok(quote! { Elem { ty: #ty, size: #size } })
}
