//! The constants that generated functions refer to.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::uses::{FieldUse, SymbolUse, Uses};
use super::{ident, ty};
use crate::ast::{Step, Type};
use crate::data::Effect;
use crate::release::Release;

/// Symbols, members, functions and function types.
pub(super) fn constants(releases: &[Release], uses: &Uses<'_>) -> TokenStream {
    let symbols = symbols(releases.last(), &uses.symbols);
    let layouts = layouts(&uses.fields);
    let callees = callees(releases, &uses.callees);
    let signatures = signatures(uses);
    quote! {
        #symbols
        #layouts
        #callees
        #signatures
    }
}

fn symbols(newest: Option<&Release>, uses: &BTreeMap<String, SymbolUse>) -> TokenStream {
    let constants = uses.keys().enumerate().map(|(i, name)| {
        let (name, i) = (ident(name), Literal::usize_unsuffixed(i));
        quote! { pub const #name: Symbol = Symbol(#i); }
    });
    let names = uses.values().map(|symbol| text(&symbol.name));
    let places = uses.iter().filter_map(|(constant, symbol)| {
        let place = symbol.place.as_ref()?;
        let symbol = ident(constant);
        let offset = Literal::u64_unsuffixed(place.offset);
        let moves = place.moves;
        let holds = match &place.text {
            Some(text) => quote! { Some(#text) },
            None => quote! { None },
        };
        Some(quote! {
            Place { symbol: sym::#symbol, offset: #offset, moves: #moves, text: #holds }
        })
    });
    let anchor = newest.and_then(|newest| {
        newest
            .needs
            .anchors
            .iter()
            .find_map(|spelled| anchor(newest, spelled))
    });
    let anchor = match anchor {
        Some((name, offset)) => {
            let (name, offset) = (text(&name), Literal::u64_unsuffixed(offset));
            quote! { Some((#name, #offset)) }
        }
        None => quote! { None },
    };
    quote! {
        /// C functions and variables, as indices into [`SYMBOLS`].
        pub mod sym {
            use super::Symbol;
            #(#constants)*
        }
        /// The names to resolve when the module loads.
        pub static SYMBOLS: &[&CStr] = &[#(#names),*];
        /// Symbols that are places inside the variable of their name.
        pub static PLACES: &[Place] = &[#(#places),*];
        /// The variable that holds the small ints, from -5 up, and how far inside.
        pub static SMALL_INTS: Option<(&CStr, usize)> = #anchor;
    }
}

/// The variable and offset of an anchor, where the release has it.
fn anchor(newest: &Release, spelled: &str) -> Option<(String, u64)> {
    let mut parts = spelled.split('.').map(str::to_owned);
    let name = parts.next()?;
    let path: Vec<Step> = parts.map(Step::Field).collect();
    let global = newest.globals.get(&name)?;
    let walk = newest.walk(&global.ty, &path, &|_| None).ok()?;
    Some((name, walk.offset))
}

fn text(name: &str) -> Literal {
    Literal::c_string(&CString::new(name).expect("a C name has no zero inside"))
}

fn callees(releases: &[Release], names: &BTreeSet<String>) -> TokenStream {
    let constants = names.iter().filter_map(|name| {
        // The newest release that has the function: its type does not change within a minor.
        let has = |release: &&Release| release.functions.contains_key(name);
        let release = releases.iter().rfind(has)?;
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
        Some(quote! {
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
        })
    });
    quote! {
        /// C functions that templates call.
        pub mod callee {
            use super::{Callee, Effect, Ty, sym};
            #(#constants)*
        }
    }
}

fn signatures(uses: &Uses<'_>) -> TokenStream {
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
