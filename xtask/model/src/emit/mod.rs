//! Rust from templates: emitters, matchers and the tables around them.
//!
//! What the generated code calls is described in `docs/architecture.md`, "The emitter interface".

mod body;
mod branches;
mod constants;
mod expr;
mod live;
mod matcher;
mod members;
mod reach;
mod tables;
mod uses;

use proc_macro2::{Ident, Literal, Span, TokenStream};
use quote::quote;

use crate::ast::{Elem, Template, Type};
use crate::release::{Release, scalar_size};

pub use members::Member;
pub use tables::module;
use uses::Uses;

/// The functions generated from one template for one release, without their names.
struct Functions<'r> {
    emitter: TokenStream,
    matcher: Option<TokenStream>,
    uses: Uses<'r>,
}

impl<'r> Functions<'r> {
    /// Generates them. Constants are named as those of `newest` where they agree with it.
    fn of(release: &Release, newest: &'r Release, template: &Template) -> Result<Self, String> {
        let mut uses = Uses::new(newest);
        let emitter = live::annotate(body::emitter(release, &template.body, &mut uses)?)?;
        let matcher = matcher::matcher(release, &template.body, &mut uses)?;
        Ok(Functions {
            emitter,
            matcher,
            uses,
        })
    }

    /// The functions under a name.
    fn named(&self, name: &str) -> TokenStream {
        let (emitter, body) = (ident(name), &self.emitter);
        let matcher = self.matcher.as_ref().map(|body| {
            let matcher = matcher_ident(name);
            quote! {
                fn #matcher(l: &mut Live<'_>) -> Flow {
                    #body
                }
            }
        });
        quote! {
            fn #emitter(e: &mut Emit<'_>) -> Flow {
                #body
            }
            #matcher
        }
    }
}

/// The emitter and, where there is one, the matcher of a template.
pub fn generate(release: &Release, template: &Template) -> Result<TokenStream, String> {
    Ok(Functions::of(release, release, template)?.named(&template.name))
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
