//! Expressions.

use syn::ext::IdentExt;
use syn::parse::ParseStream;
use syn::{Ident, Lit, LitFloat, LitInt, Token, bracketed, parenthesized, token};

use super::{Scope, any_ident, end, ty};
use crate::ast::{BinOp, Expr, Step, UnOp};

/// Operators by how tightly they bind, loosest first: as in Rust.
const LEVELS: u8 = 8;

/// An expression.
pub(super) fn expr(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Expr> {
    binary(input, scope, 0)
}

/// `(a, b, …)`
pub(super) fn arguments(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Vec<Expr>> {
    let inside;
    parenthesized!(inside in input);
    let mut found = Vec::new();
    while !inside.is_empty() {
        found.push(expr(&inside, scope)?);
        if inside.is_empty() {
            break;
        }
        inside.parse::<Token![,]>()?;
    }
    Ok(found)
}

fn binary(input: ParseStream<'_>, scope: &mut Scope, level: u8) -> syn::Result<Expr> {
    if level == LEVELS {
        return cast(input, scope);
    }
    let mut left = binary(input, scope, level + 1)?;
    while let Some(op) = operator(input, level)? {
        let right = binary(input, scope, level + 1)?;
        left = Expr::Binary {
            op,
            left: Box::new(left),
            right: Box::new(right),
        };
    }
    Ok(left)
}

/// Reads an operator of that level, where one stands there.
fn operator(input: ParseStream<'_>, level: u8) -> syn::Result<Option<BinOp>> {
    macro_rules! take {
        ($($token:tt => $op:ident),*) => {
            {$(if input.peek(Token![$token]) {
                input.parse::<Token![$token]>()?;
                return Ok(Some(BinOp::$op));
            })*}
        };
    }
    if input.peek(Token![&&]) || input.peek(Token![||]) {
        return Err(input.error("there is no `&&` or `||`: use guards, `if`, `&` or `|`"));
    }
    match level {
        0 => take!(== => Eq, != => Ne),
        1 => {
            // `<<` and `>>` begin with the same characters.
            if !input.peek(Token![<<]) && !input.peek(Token![>>]) {
                take!(<= => Le, >= => Ge, < => Lt, > => Gt);
            }
        }
        2 => take!(| => Or),
        3 => take!(^ => Xor),
        4 => take!(& => And),
        5 => take!(<< => Shl, >> => Shr),
        6 => take!(+ => Add, - => Sub),
        _ => take!(* => Mul, / => Div, % => Rem),
    }
    Ok(None)
}

fn cast(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Expr> {
    let mut value = unary(input, scope)?;
    while input.peek(Token![as]) {
        input.parse::<Token![as]>()?;
        value = Expr::Cast {
            value: Box::new(value),
            ty: ty::scalar(input)?,
        };
    }
    Ok(value)
}

fn unary(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Expr> {
    if input.peek(Token![-]) {
        input.parse::<Token![-]>()?;
        if input.peek(LitInt) || input.peek(LitFloat) {
            return literal(input, true);
        }
        let value = Box::new(unary(input, scope)?);
        let op = UnOp::Neg;
        return Ok(Expr::Unary { op, value });
    }
    if input.peek(Token![!]) {
        input.parse::<Token![!]>()?;
        let value = Box::new(unary(input, scope)?);
        let op = UnOp::Not;
        return Ok(Expr::Unary { op, value });
    }
    if input.peek(Token![&]) {
        return address(input, scope);
    }
    postfix(input, scope)
}

fn literal(input: ParseStream<'_>, negative: bool) -> syn::Result<Expr> {
    if input.peek(LitFloat) {
        let value: f64 = input.parse::<LitFloat>()?.base10_parse()?;
        return Ok(Expr::Float(if negative { -value } else { value }));
    }
    let literal: LitInt = input.parse()?;
    let value: i128 = literal.base10_parse()?;
    let suffix = match literal.suffix() {
        "" => None,
        suffix => Some(ty::named(suffix).ok_or_else(|| {
            syn::Error::new(literal.span(), format!("unknown suffix `{suffix}`"))
        })?),
    };
    Ok(Expr::Int {
        value: if negative { -value } else { value },
        suffix,
    })
}

/// `&Symbol.path`, `&x.Struct.member` or `&p[i]`.
fn address(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Expr> {
    let ampersand = input.parse::<Token![&]>()?;
    let fork = input.fork();
    if let Ok(word) = fork.call(Ident::parse_any) {
        let word = word.to_string();
        let known = scope.declared.contains(&word) || is_word(&word);
        if !known && !fork.peek(token::Paren) && !fork.peek(Token![::]) {
            any_ident(input)?;
            let path = steps(input, scope)?;
            return Ok(Expr::Symbol { name: word, path });
        }
    }
    match postfix(input, scope)? {
        Expr::Member {
            base, owner, path, ..
        } => Ok(Expr::Member {
            base,
            owner,
            path,
            address: true,
        }),
        Expr::Index { base, index, .. } => Ok(Expr::Index {
            base,
            index,
            address: true,
        }),
        _ => Err(syn::Error::new(
            ampersand.span,
            "`&` goes before a symbol, a member or an element; a cell's address is `addr(x)`",
        )),
    }
}

/// Words that name something else than a C variable.
fn is_word(word: &str) -> bool {
    matches!(
        word,
        "oparg" | "frame" | "tstate" | "NULL" | "stack" | "local"
    )
}

fn postfix(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Expr> {
    let mut value = primary(input, scope)?;
    loop {
        if input.peek(token::Bracket) {
            value = Expr::Index {
                base: Box::new(value),
                index: Box::new(bracketed_expr(input, scope)?),
                address: false,
            };
        } else if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            let owner = any_ident(input)?;
            let path = steps(input, scope)?;
            if !matches!(path.first(), Some(Step::Field(_))) {
                let message = format!("expected `.member` after the struct's name `{owner}`");
                return Err(syn::Error::new(owner.span(), message));
            }
            value = Expr::Member {
                base: Box::new(value),
                owner: owner.to_string(),
                path,
                address: false,
            };
        } else {
            return Ok(value);
        }
    }
}

fn steps(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Vec<Step>> {
    let mut path = Vec::new();
    loop {
        if input.peek(Token![.]) {
            input.parse::<Token![.]>()?;
            path.push(Step::Field(any_ident(input)?.to_string()));
        } else if input.peek(token::Bracket) {
            path.push(Step::Index(bracketed_expr(input, scope)?));
        } else {
            return Ok(path);
        }
    }
}

fn bracketed_expr(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Expr> {
    let inside;
    bracketed!(inside in input);
    let index = expr(&inside, scope)?;
    end(&inside)?;
    Ok(index)
}

fn primary(input: ParseStream<'_>, scope: &mut Scope) -> syn::Result<Expr> {
    if input.peek(token::Paren) {
        let inside;
        parenthesized!(inside in input);
        let value = expr(&inside, scope)?;
        end(&inside)?;
        return Ok(value);
    }
    if input.peek(LitInt) || input.peek(LitFloat) {
        return literal(input, false);
    }
    if input.peek(Lit) {
        return match input.parse::<Lit>()? {
            Lit::CStr(text) => match text.value().into_string() {
                Ok(value) => Ok(Expr::CStr(value)),
                Err(_) => Err(syn::Error::new(text.span(), "the string is not UTF-8")),
            },
            other => Err(syn::Error::new(
                other.span(),
                "expected a number or a C string `c\"…\"`",
            )),
        };
    }
    if !input.peek(Ident::peek_any) {
        return Err(input.error("expected an expression"));
    }
    let word = any_ident(input)?;
    if input.peek(token::Paren) {
        return call(input, scope, word);
    }
    match word.to_string().as_str() {
        "indirect" if input.peek(Token![::]) => indirect(input, scope, &word),
        "stack" if input.peek(token::Bracket) => {
            Ok(Expr::Stack(Box::new(bracketed_expr(input, scope)?)))
        }
        "local" if input.peek(token::Bracket) => {
            Ok(Expr::Local(Box::new(bracketed_expr(input, scope)?)))
        }
        "oparg" => Ok(Expr::Oparg),
        "frame" => Ok(Expr::Frame),
        "tstate" => Ok(Expr::Tstate),
        "NULL" => Ok(Expr::Null),
        name => Ok(Expr::Name(name.to_owned())),
    }
}

fn indirect(input: ParseStream<'_>, scope: &mut Scope, word: &Ident) -> syn::Result<Expr> {
    input.parse::<Token![::]>()?;
    input.parse::<Token![<]>()?;
    let signature = ty::signature(input)?;
    input.parse::<Token![>]>()?;
    let mut args = arguments(input, scope)?;
    if args.is_empty() {
        return Err(syn::Error::new(
            word.span(),
            "`indirect` needs the function's address as its first argument",
        ));
    }
    let function = Box::new(args.remove(0));
    Ok(Expr::Indirect {
        signature,
        function,
        args,
    })
}

/// A call, or a form of the language that looks like one.
fn call(input: ParseStream<'_>, scope: &mut Scope, word: Ident) -> syn::Result<Expr> {
    let function = word.to_string();
    let args = arguments(input, scope)?;
    let count = args.len();
    let wrong = |takes: usize| {
        let message = format!("`{function}` takes {takes} arguments, not {count}");
        syn::Error::new(word.span(), message)
    };
    macro_rules! exactly {
        ($n:literal) => {
            <[Expr; $n]>::try_from(args).map_err(|_| wrong($n))?
        };
    }
    let cache = |[unit]: [Expr; 1], bits, object| Expr::Cache {
        bits,
        object,
        unit: Box::new(unit),
    };
    Ok(match function.as_str() {
        "cache_u16" => cache(exactly!(1), 16, false),
        "cache_u32" => cache(exactly!(1), 32, false),
        "cache_u64" => cache(exactly!(1), 64, false),
        "cache_obj" => cache(exactly!(1), 64, true),
        "unit_oparg" => one(exactly!(1), Expr::UnitOparg),
        "unit_opcode" => one(exactly!(1), Expr::UnitOpcode),
        "instr_ptr" => one(exactly!(1), Expr::InstrPtr),
        "stack_ptr" => one(exactly!(1), Expr::StackPtr),
        "local_ptr" => one(exactly!(1), Expr::LocalPtr),
        "bitnot" => one(exactly!(1), |value| Expr::Unary {
            op: UnOp::BitNot,
            value,
        }),
        "addr" => match exactly!(1) {
            [Expr::Name(name)] => Expr::AddrOf(name),
            _ => return Err(syn::Error::new(word.span(), "`addr` takes a cell's name")),
        },
        "select" => {
            let [cond, then, otherwise] = exactly!(3);
            Expr::Select {
                cond: Box::new(cond),
                then: Box::new(then),
                otherwise: Box::new(otherwise),
            }
        }
        _ => Expr::Call { function, args },
    })
}

fn one([value]: [Expr; 1], make: impl FnOnce(Box<Expr>) -> Expr) -> Expr {
    make(Box::new(value))
}
