//! The tables of a release, and the module that holds all generated code.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::members::{Member, anywhere, variants};
use super::uses::{FieldUse, Uses};
use super::{Functions, functions, ident, matcher_ident, ty};
use crate::ast::{FieldType, Step, Type};
use crate::data::Effect;
use crate::release::Release;

/// Everything generated for one minor release.
pub struct Module {
    pub code: TokenStream,
}

impl Module {
    /// Generates the module from the templates of all releases. Of two templates for one opcode
    /// and release the later one counts. An error names the template by its `origin`.
    pub fn generate(
        release: &Release,
        templates: &[Member<'_>],
    ) -> Result<Module, (usize, String)> {
        let mut uses = Uses::default();
        let mut bodies = TokenStream::new();
        let mut rows: BTreeMap<u8, TokenStream> = BTreeMap::new();
        for (name, opcode) in &release.opcodes.opcodes {
            let mut entries = Vec::new();
            for (i, variant) in variants(release, templates, name).iter().enumerate() {
                let function = if i == 0 {
                    name.clone()
                } else {
                    format!("{name}_before_{i}")
                };
                let (entry, body) = match variant.member {
                    Some(member) => {
                        let functions = functions(release, member.template, &function)
                            .map_err(|error| (member.origin, error))?;
                        let anywhere = anywhere(release, templates, member.template);
                        let entry = entry(variant.since, &function, &functions, anywhere);
                        uses.merge(functions.uses);
                        let (emitter, matcher) = (functions.emitter, functions.matcher);
                        (entry, quote! { #emitter #matcher })
                    }
                    None => not_there(variant.since, &function),
                };
                entries.push(entry);
                bodies.extend(body);
            }
            let row = row(release, name, &entries);
            rows.insert(opcode.number, row);
        }
        for name in &release.needs.symbols {
            uses.symbols.insert(name.clone());
        }
        all_fields(release, &mut uses);
        let symbols = symbols(&uses.symbols);
        let callees = callees(release, &uses.callees);
        let signatures = signatures(&uses);
        let layouts = layouts(&uses.fields);
        let rows = rows.iter().map(|(number, row)| {
            let number = usize::from(*number);
            quote! { table[#number] = #row; }
        });
        let roles = roles(release);
        let minor = release.minor;
        let code = quote! {
            /// The minor release that this build serves: 13 for 3.13.
            pub const MINOR: u8 = #minor;
            #symbols
            #layouts
            #callees
            #signatures
            #roles
            /// By number.
            pub static OPCODES: [Opcode; 256] = {
                let mut table = [const { Opcode::RESERVED }; 256];
                #(#rows)*
                table
            };
            #bodies
        };
        Ok(Module { code })
    }
}

fn entry(since: u8, name: &str, functions: &Functions, anywhere: bool) -> TokenStream {
    let matcher = match &functions.matcher {
        Some(_) => {
            let matcher = matcher_ident(name);
            quote! { Some(#matcher) }
        }
        None => quote! { None },
    };
    let emitter = ident(name);
    let symbols = functions.uses.symbols.iter().map(|name| ident(name));
    quote! {
        Variant {
            since: #since,
            emitter: #emitter,
            matcher: #matcher,
            anywhere: #anywhere,
            symbols: &[#(sym::#symbols),*],
        }
    }
}

/// An entry for patch releases whose template is missing while others have one.
fn not_there(since: u8, name: &str) -> (TokenStream, TokenStream) {
    let emitter = ident(name);
    let entry = quote! {
        Variant {
            since: #since,
            emitter: #emitter,
            matcher: None,
            anywhere: false,
            symbols: &[],
        }
    };
    let body = quote! {
        fn #emitter(_: &mut Emit<'_>) -> Flow {
            Err(Stop::Unsupported("not derived for this patch release"))
        }
    };
    (entry, body)
}

fn row(release: &Release, name: &str, variants: &[TokenStream]) -> TokenStream {
    let opcodes = &release.opcodes.opcodes;
    let opcode = &opcodes[name];
    let base = opcodes
        .get(&opcode.base)
        .map_or(opcode.number, |b| b.number);
    let mut members: Vec<u8> = opcodes
        .iter()
        .filter(|(member, data)| data.base == *name && *member != name && data.outside.is_none())
        .map(|(_, data)| data.number)
        .collect();
    members.sort_unstable();
    let left = match (&opcode.outside, opcode.left.last_key_value()) {
        _ if !variants.is_empty() => "",
        (Some(outside), _) => outside,
        (None, Some((_, reason))) => reason,
        (None, None) => "not derived",
    };
    let caches = opcode.caches;
    quote! {
        Opcode {
            name: #name,
            base: #base,
            caches: #caches,
            members: &[#(#members),*],
            variants: &[#(#variants),*],
            left: #left,
        }
    }
}

fn roles(release: &Release) -> TokenStream {
    let roles = &release.opcodes.roles;
    let (extended_arg, cache) = (roles.extended_arg, roles.cache);
    let (return_generator, resume) = (roles.return_generator, roles.resume);
    let backward_jumps = &roles.backward_jumps;
    quote! {
        pub static ROLES: Roles = Roles {
            extended_arg: #extended_arg,
            cache: #cache,
            return_generator: #return_generator,
            resume: #resume,
            backward_jumps: &[#(#backward_jumps),*],
        };
    }
}

fn symbols(names: &BTreeSet<String>) -> TokenStream {
    let constants = names.iter().enumerate().map(|(i, name)| {
        let (name, i) = (ident(name), i as u16);
        quote! { pub const #name: Symbol = Symbol(#i); }
    });
    let texts = names.iter().map(|name| {
        Literal::c_string(&CString::new(name.as_str()).expect("a C name has no zero inside"))
    });
    quote! {
        /// C functions and variables, as indices into [`SYMBOLS`].
        pub mod sym {
            use super::Symbol;
            #(#constants)*
        }
        /// The names to resolve when the module loads.
        pub static SYMBOLS: &[&CStr] = &[#(#texts),*];
    }
}

fn callees(release: &Release, names: &BTreeSet<String>) -> TokenStream {
    let constants = names.iter().map(|name| {
        let signature = &release.functions[name].signature;
        let declared = release.vocabulary.functions.get(name);
        let effect = match declared.map_or(Effect::Escapes, |declared| declared.effect) {
            Effect::Pure => quote! { Effect::Pure },
            Effect::Allocates => quote! { Effect::Allocates },
            Effect::Raises => quote! { Effect::Raises },
            Effect::Escapes => quote! { Effect::Escapes },
        };
        let steals = declared.map_or(0, |declared| {
            declared
                .steals
                .iter()
                .fold(0u32, |mask, arg| mask | 1 << arg)
        });
        let new_reference = matches!(signature.result, Type::Object | Type::Ref)
            && declared.is_none_or(|declared| !declared.borrowed);
        let params = signature.params.iter().map(ty);
        let result = ty(&signature.result);
        let variadic = signature.variadic;
        let constant = ident(name);
        quote! {
            pub static #constant: Callee = Callee {
                name: #name,
                symbol: sym::#constant,
                params: &[#(#params),*],
                result: #result,
                variadic: #variadic,
                effect: #effect,
                steals: #steals,
                new_reference: #new_reference,
            };
        }
    });
    quote! {
        /// C functions that templates call.
        pub mod callee {
            use super::{Callee, Effect, Ty, sym};
            #(#constants)*
        }
    }
}

fn signatures(uses: &Uses) -> TokenStream {
    let constants = uses.signatures.iter().map(|(name, signature)| {
        let name = ident(name);
        let params = signature.params.iter().map(ty);
        let result = ty(&signature.result);
        quote! {
            pub static #name: Signature = Signature {
                params: &[#(#params),*],
                result: #result,
            };
        }
    });
    quote! {
        /// Types of functions that templates call through pointers.
        pub mod signature {
            use super::{Signature, Ty};
            #(#constants)*
        }
    }
}

/// Notes every member of every struct of the release: the runtime uses some that no template does.
fn all_fields(release: &Release, uses: &mut Uses) {
    for (owner, layout) in &release.layouts {
        for (name, member) in &layout.fields {
            let field = FieldUse {
                display: format!("{owner}.{name}"),
                offset: member.offset,
                ty: match &member.ty {
                    FieldType::Scalar(ty) => ty.clone(),
                    FieldType::Struct(_) | FieldType::Array(..) => Type::Void,
                },
                bits: member.bits,
                immutable: release.needs.immutable.contains(&format!("{owner}.{name}")),
            };
            uses.fields.insert((owner.clone(), name.clone()), field);
        }
    }
    for spelled in &release.needs.members {
        let mut parts = spelled.split('.');
        let owner = parts.next().unwrap_or_default();
        let path: Vec<Step> = parts.map(|part| Step::Field(part.to_owned())).collect();
        // A release may lack what another one has.
        let _ = uses.field(release, owner, &path);
    }
}

fn layouts(fields: &BTreeMap<(String, String), FieldUse>) -> TokenStream {
    let mut modules: BTreeMap<&str, TokenStream> = BTreeMap::new();
    for ((owner, name), field) in fields {
        let name = ident(name);
        let display = &field.display;
        let offset = Literal::u64_unsuffixed(field.offset);
        let of = ty(&field.ty);
        let bits = match field.bits {
            Some((first, width)) => quote! { Some((#first, #width)) },
            None => quote! { None },
        };
        let immutable = field.immutable;
        modules.entry(owner).or_default().extend(quote! {
            pub const #name: Field = Field {
                name: #display,
                offset: #offset,
                ty: #of,
                bits: #bits,
                immutable: #immutable,
            };
        });
    }
    let modules = modules.into_iter().map(|(owner, constants)| {
        let owner = ident(owner);
        quote! {
            pub mod #owner {
                use crate::emit::types::{Field, Ty};
                #constants
            }
        }
    });
    quote! {
        /// Members of C structs.
        pub mod layout {
            #(#modules)*
        }
    }
}
