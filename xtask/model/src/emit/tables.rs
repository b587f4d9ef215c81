//! The table of opcodes, and the module that holds all generated code.

use std::collections::{BTreeMap, BTreeSet};

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::quote;

use super::constants::constants;
use super::members::{Member, template_of, variants};
use super::reach::ways;
use super::uses::Uses;
use super::{Functions, ident, matcher_ident};
use crate::ast::Step;
use crate::release::Release;

/// Generates everything for the releases of one minor, oldest first, from the templates of all
/// releases. Of two templates for one opcode and release the later one counts. An error names the
/// template by its `origin`.
pub fn module(
    releases: &[Release],
    templates: &[Member<'_>],
) -> Result<TokenStream, (usize, String)> {
    let Some(newest) = releases.last() else {
        return Ok(TokenStream::new());
    };
    let mut uses = Uses::new(newest);
    let mut bodies = TokenStream::new();
    let mut rows: BTreeMap<usize, TokenStream> = BTreeMap::new();
    for (name, opcode) in &newest.opcodes {
        let mut entries = Vec::new();
        for (i, variant) in variants(releases, newest, templates, name)?
            .into_iter()
            .enumerate()
        {
            let function = if i == 0 {
                name.clone()
            } else {
                format!("{name}_before_{i}")
            };
            match variant.functions {
                Some(functions) => {
                    let since = variant.since;
                    entries.push(entry(since, &function, &functions, variant.anywhere));
                    bodies.extend(functions.named(&function));
                    uses.merge(functions.uses);
                }
                None => {
                    let (entry, body) = not_there(variant.since, &function);
                    entries.push(entry);
                    bodies.extend(body);
                }
            }
        }
        let template = template_of(newest, templates, name);
        let ways = ways(template.map(|member| member.template));
        let row = row(newest, name, &entries, &ways);
        rows.insert(usize::from(opcode.number), row);
    }
    for name in &newest.needs.symbols {
        uses.symbol(name);
    }
    all_fields(newest, &mut uses);
    let constants = constants(releases, &uses);
    let roles = roles(newest);
    let minor = newest.version.minor;
    let oldest = oldest_patch(releases);
    let (numbers, rows) = (rows.keys(), rows.values());
    let code = quote! {
        /// The minor release that this build serves: 13 for 3.13.
        pub const MINOR: u8 = #minor;
        /// The oldest patch release of it that is served.
        pub const OLDEST_PATCH: u8 = #oldest;
        #constants
        #roles
        /// By number.
        pub static OPCODES: [Opcode; 256] = {
            let mut table = [const { Opcode::RESERVED }; 256];
            #(table[#numbers] = #rows;)*
            table
        };
        #bodies
    };
    let imports = imports(&code);
    Ok(quote! {
        #imports
        #code
    })
}

/// Where the types that generated code names come from.
const IMPORTS: &[(&str, &[&str])] = &[
    ("std::ffi", &["CStr"]),
    ("crate::emit", &["Emit"]),
    (
        "crate::emit::types",
        &[
            "Callee",
            "Effect",
            "Elem",
            "Exit",
            "Expected",
            "Flow",
            "Signature",
            "Stop",
            "Symbol",
            "Ty",
        ],
    ),
    ("crate::jit::live", &["Live"]),
    (
        "super::table",
        &["Opcode", "Place", "Reach", "Roles", "Table", "Variant"],
    ),
];

/// Imports of those types that the code names.
fn imports(code: &TokenStream) -> TokenStream {
    let mut named = BTreeSet::new();
    identifiers(code.clone(), &mut named);
    let mut imports = TokenStream::new();
    for (from, names) in IMPORTS {
        let path: TokenStream = from.parse().expect("a path is made of tokens");
        let names = names.iter().filter(|name| named.contains(**name));
        let names: Vec<Ident> = names.map(|name| ident(name)).collect();
        if !names.is_empty() {
            imports.extend(quote! { use #path::{#(#names),*}; });
        }
    }
    imports
}

fn identifiers(code: TokenStream, into: &mut BTreeSet<String>) {
    for token in code {
        match token {
            TokenTree::Ident(ident) => {
                into.insert(ident.to_string());
            }
            TokenTree::Group(group) => identifiers(group.stream(), into),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}

/// Notes every member of every struct of the release, and the members inside members that the
/// runtime asks for: it uses some that no template does.
fn all_fields(newest: &Release, uses: &mut Uses<'_>) {
    let direct = newest.layouts.iter().flat_map(|(owner, layout)| {
        let fields = layout.fields.keys();
        fields.map(move |field| format!("{owner}.{field}"))
    });
    let spelled: Vec<String> = direct.chain(newest.needs.members.iter().cloned()).collect();
    for spelled in &spelled {
        let mut parts = spelled.split('.').map(str::to_owned);
        let Some(owner) = parts.next() else { continue };
        let path: Vec<Step> = parts.map(Step::Field).collect();
        // A release may lack what another one has, and then nothing is noted.
        let _ = uses.field(newest, &owner, &path);
    }
}

fn entry(since: u8, name: &str, functions: &Functions<'_>, anywhere: bool) -> TokenStream {
    let matcher = match &functions.matcher {
        Some(_) => {
            let matcher = matcher_ident(name);
            quote! { Some(#matcher) }
        }
        None => quote! { None },
    };
    let emitter = ident(name);
    let symbols = functions.uses.symbols.keys().map(|name| ident(name));
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

fn row(release: &Release, name: &str, variants: &[TokenStream], ways: &TokenStream) -> TokenStream {
    let opcodes = &release.opcodes;
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
            #ways
            left: #left,
        }
    }
}

fn roles(release: &Release) -> TokenStream {
    let roles = &release.roles;
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

/// The oldest patch release that is served.
fn oldest_patch(releases: &[Release]) -> u8 {
    let patches = releases.iter().map(|release| release.version.patch);
    releases.last().map_or(0, |newest| {
        newest.needs.oldest_patch(newest.version.minor, patches)
    })
}
