//! Statements, terminators and exits.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, LitInt, LitStr, Token, braced, bracketed, parenthesized, token};

use super::expr::expr;
use super::{Scope, any_ident, end, ty};
use crate::ast::{Block, CellType, Exit, Expr, Stmt};
use crate::error::Place;

/// `{ … }`
pub(super) fn braced(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Block> {
    let inside;
    braced!(inside in input);
    let mut body = Vec::new();
    while !inside.is_empty() {
        body.push(statement(&inside, scope)?);
    }
    Ok(body)
}

fn statement(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Stmt> {
    scope.places.statements.push(Place::from(input.span()));
    if input.peek(Token![if]) {
        return conditional(input, scope);
    }
    if input.peek(Token![while]) {
        input.parse::<Token![while]>()?;
        let cond = expr(input, scope)?;
        let body = braced(input, scope)?;
        return Ok(Stmt::While { cond, body });
    }
    if input.peek(Token![loop]) && input.peek2(token::Brace) {
        input.parse::<Token![loop]>()?;
        let body = braced(input, scope)?;
        return Ok(Stmt::Loop { body });
    }
    let stmt = simple(input, scope)?;
    input.parse::<Token![;]>()?;
    Ok(stmt)
}

fn conditional(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Stmt> {
    input.parse::<Token![if]>()?;
    let cond = expr(input, scope)?;
    let then = braced(input, scope)?;
    let mut otherwise = Vec::new();
    if input.peek(Token![else]) {
        input.parse::<Token![else]>()?;
        if input.peek(Token![if]) {
            otherwise.push(statement(input, scope)?);
        } else {
            otherwise = braced(input, scope)?;
        }
    }
    Ok(Stmt::If {
        cond,
        then,
        otherwise,
    })
}

fn simple(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Stmt> {
    let fork = input.fork();
    if let Ok(word) = fork.call(Ident::parse_any) {
        let word = word.to_string();
        if fork.peek(Ident::peek_any) && matches!(word.as_str(), "let" | "var" | "cell") {
            return declaration(input, scope, &word);
        }
        if word == "guard" && !fork.peek(Token![=]) && !fork.peek(Token![.]) {
            any_ident(input)?;
            let cond = expr(input, scope)?;
            input.parse::<Token![else]>()?;
            let name = any_ident(input)?;
            let exit = exit(input, scope, &name.to_string())?
                .ok_or_else(|| syn::Error::new(name.span(), UNKNOWN_EXIT))?;
            return Ok(Stmt::Guard { cond, exit });
        }
        if let Some(stmt) = terminator(input, scope, &word)? {
            return Ok(stmt);
        }
    }
    let place = expr(input, scope)?;
    if !input.peek(Token![=]) {
        return match place {
            Expr::Call { .. } | Expr::Indirect { .. } => Ok(Stmt::Expr(place)),
            _ => Err(input.error("expected `=`: only a call is a statement by itself")),
        };
    }
    let equals = input.parse::<Token![=]>()?;
    let assignable = match &place {
        Expr::Name(_) | Expr::Stack(_) | Expr::Local(_) => true,
        Expr::Member { address, .. } | Expr::Index { address, .. } => !address,
        _ => false,
    };
    if !assignable {
        let message = "the left side is not a variable, slot, member or element";
        return Err(syn::Error::new(equals.span, message));
    }
    let value = expr(input, scope)?;
    Ok(Stmt::Assign { place, value })
}

const UNKNOWN_EXIT: &str =
    "unknown exit: expected deopt, error(d), reraise(d), interpret(\"why\") or unbound(i)";

/// `let`, `var` or `cell`.
fn declaration(input: ParseStream<'_>, scope: &mut Scope, word: &str) -> syn::Result<Stmt> {
    any_ident(input)?;
    let name = any_ident(input)?.to_string();
    input.parse::<Token![:]>()?;
    if word == "cell" {
        let ty = if input.peek(token::Bracket) {
            let inside;
            bracketed!(inside in input);
            let elem = ty::scalar(&inside)?;
            inside.parse::<Token![;]>()?;
            let length = inside.parse::<LitInt>()?.base10_parse()?;
            end(&inside)?;
            CellType::Array(elem, length)
        } else {
            CellType::One(ty::scalar(input)?)
        };
        let value = if input.peek(Token![=]) {
            input.parse::<Token![=]>()?;
            Some(expr(input, scope)?)
        } else {
            None
        };
        scope.declared.insert(name.clone());
        return Ok(Stmt::Cell { name, ty, value });
    }
    let ty = ty::scalar(input)?;
    input.parse::<Token![=]>()?;
    let value = expr(input, scope)?;
    scope.declared.insert(name.clone());
    Ok(if word == "let" {
        Stmt::Let { name, ty, value }
    } else {
        Stmt::Var { name, ty, value }
    })
}

/// A statement that starts with a word of the language; nothing is read when it does not.
fn terminator(input: ParseStream<'_>, scope: &mut Scope, word: &str) -> syn::Result<Option<Stmt>> {
    let alone = input.peek2(Token![;]);
    let called = input.peek2(token::Paren);
    let stmt = match word {
        "break" if alone => {
            any_ident(input)?;
            Stmt::Break
        }
        "continue" if alone => {
            any_ident(input)?;
            Stmt::Continue
        }
        "deopt" if alone => {
            any_ident(input)?;
            Stmt::Exit(Exit::Deopt)
        }
        "error" | "reraise" | "interpret" | "unbound" if called => {
            any_ident(input)?;
            match exit(input, scope, word)? {
                Some(exit) => Stmt::Exit(exit),
                None => return Ok(None),
            }
        }
        "next" if called => {
            let [depth] = args(input, scope)?;
            Stmt::Next { depth }
        }
        "jump" if called => {
            let [depth, unit] = args(input, scope)?;
            Stmt::Jump { depth, unit }
        }
        "return_" if called => {
            let [value] = args(input, scope)?;
            Stmt::Return { value }
        }
        "enter_frame" if called => {
            let [depth, frame, unit] = args(input, scope)?;
            Stmt::EnterFrame { depth, frame, unit }
        }
        "yield_" if called => {
            let [depth, value] = args(input, scope)?;
            Stmt::Yield { depth, value }
        }
        "check_eval_breaker" if called => {
            let [depth, unit] = args(input, scope)?;
            Stmt::CheckEvalBreaker { depth, unit }
        }
        _ => return Ok(None),
    };
    Ok(Some(stmt))
}

/// The exit of that name, whose name has been read.
fn exit(input: ParseStream<'_>, scope: &mut Scope, name: &str) -> syn::Result<Option<Exit>> {
    if name == "deopt" {
        return Ok(Some(Exit::Deopt));
    }
    if !matches!(name, "error" | "reraise" | "interpret" | "unbound") {
        return Ok(None);
    }
    let inside;
    parenthesized!(inside in input);
    let exit = match name {
        "interpret" => Exit::Interpret {
            why: inside.parse::<LitStr>()?.value(),
        },
        "error" => Exit::Error {
            depth: expr(&inside, scope)?,
        },
        "reraise" => Exit::Reraise {
            depth: expr(&inside, scope)?,
        },
        _ => Exit::Unbound {
            local: expr(&inside, scope)?,
        },
    };
    end(&inside)?;
    Ok(Some(exit))
}

/// The word and exactly `N` arguments.
fn args<const N: usize>(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<[Expr; N]> {
    let word = any_ident(input)?;
    let found = super::expr::arguments(input, scope)?;
    let count = found.len();
    found.try_into().map_err(|_| {
        let message = format!("`{word}` takes {N} arguments, not {count}");
        syn::Error::new(word.span(), message)
    })
}
