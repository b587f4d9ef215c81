//! What the interpreter trusts code objects in: that control never runs over the end, that jumps
//! lead somewhere, and that what arguments number exists. The runtime looks before it compiles one.

use proc_macro2::TokenStream;
use quote::quote;

use super::ident;
use crate::ast::{BinOp, Expr, Step, Stmt, Template};

/// Part of the argument: `argument >> shift & mask`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Part {
    shift: u8,
    mask: u32,
}

/// The members of a generic opcode's row that say where control goes and what it takes.
pub(super) fn ways(template: Option<&Template>) -> TokenStream {
    let body = template.map_or(&[][..], |template| &template.body);
    let goes_on = |stmt: &Stmt| {
        matches!(
            stmt,
            Stmt::Next { .. } | Stmt::Yield { .. } | Stmt::EnterFrame { .. }
        )
    };
    let falls_through = template.is_none() || any(body, &goes_on);
    let jumps_forwards = any(body, &|stmt| match stmt {
        Stmt::Jump { unit, .. } => adds_argument(unit),
        _ => false,
    });
    let reaches = template.map_or_else(Vec::new, reaches);
    quote! {
        falls_through: #falls_through,
        jumps_forwards: #jumps_forwards,
        reaches: &[#(#reaches),*],
    }
}

fn any(body: &[Stmt], such: &dyn Fn(&Stmt) -> bool) -> bool {
    body.iter().any(|stmt| {
        let mut found = such(stmt);
        stmt.each_inner(&mut |inner| found |= any(std::slice::from_ref(inner), such));
        found
    })
}

fn adds_argument(unit: &Expr) -> bool {
    match unit {
        Expr::Oparg => true,
        Expr::Cast { value, .. } => adds_argument(value),
        Expr::Binary {
            op: BinOp::Add,
            left,
            right,
        } => adds_argument(left) || adds_argument(right),
        _ => false,
    }
}

/// `Reach { … }` for each element that the template reaches by its argument.
fn reaches(template: &Template) -> Vec<TokenStream> {
    let mut found = Vec::new();
    walk(&template.body, &mut found);
    let rows = found.into_iter().map(|(table, Part { shift, mask })| {
        let table = ident(table);
        quote! { Reach { table: Table::#table, shift: #shift, mask: #mask } }
    });
    rows.collect()
}

fn walk(body: &[Stmt], found: &mut Vec<(&'static str, Part)>) {
    for stmt in body {
        stmt.each_expr(&mut |expr| look(expr, found));
        stmt.each_inner(&mut |inner| walk(std::slice::from_ref(inner), found));
    }
}

fn look(expr: &Expr, found: &mut Vec<(&'static str, Part)>) {
    match expr {
        Expr::Local(index) | Expr::LocalPtr(index) => note("Locals", index, found),
        Expr::Index { base, index, .. } => {
            if let Some(table) = table_of(base) {
                note(table, index, found);
            }
        }
        Expr::Member { base, path, .. } => {
            if let (Some(table), Some(Step::Index(index))) = (table_of(base), path.last()) {
                note(table, index, found);
            }
        }
        _ => {}
    }
    expr.each_child(&mut |child| look(child, found));
}

fn note(table: &'static str, index: &Expr, found: &mut Vec<(&'static str, Part)>) {
    if let Some(part) = part(index)
        && !found.contains(&(table, part))
    {
        found.push((table, part));
    }
}

/// The tuple of a code object that an expression is, or a member of.
fn table_of(expr: &Expr) -> Option<&'static str> {
    if let Expr::Member { owner, path, .. } = expr
        && owner == "PyCodeObject"
        && let [Step::Field(field)] = path.as_slice()
    {
        return match field.as_str() {
            "co_consts" => Some("Consts"),
            "co_names" => Some("Names"),
            _ => None,
        };
    }
    match expr {
        Expr::Member { base, .. } => table_of(base),
        Expr::Cast { value, .. } => table_of(value),
        _ => None,
    }
}

fn part(index: &Expr) -> Option<Part> {
    let number = |expr: &Expr| match expr {
        Expr::Int { value, .. } => Some(*value),
        _ => None,
    };
    match index {
        Expr::Oparg => Some(Part {
            shift: 0,
            mask: u32::MAX,
        }),
        Expr::Cast { value, .. } => part(value),
        Expr::Binary { op, left, right } => {
            let (inner, number) = (part(left)?, number(right)?);
            match op {
                BinOp::Shr => Some(Part {
                    shift: inner.shift.checked_add(u8::try_from(number).ok()?)?,
                    mask: inner.mask.checked_shr(u32::try_from(number).ok()?)?,
                }),
                BinOp::And => Some(Part {
                    mask: inner.mask & u32::try_from(number).ok()?,
                    ..inner
                }),
                _ => None,
            }
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::reaches;
    use crate::parse;

    #[test]
    fn finds_what_an_argument_says() {
        let text = r#"
            #[size(1)] #[releases("3.13.5")]
            opcode EXAMPLE {
                let names: object = ((frame._PyInterpreterFrame.f_executable).PyCodeObject.co_names).PyTupleObject.ob_item[oparg >> 2];
                stack[0] = local[oparg & 15];
                stack[1] = local[oparg & 15];
                next(2);
            }
        "#;
        let parsed = parse::file("example", text).expect("a template");
        let template = &parsed.file.templates[0];
        let found: Vec<String> = reaches(template).iter().map(ToString::to_string).collect();
        let expected = [
            "Reach { table : Table :: Names , shift : 2u8 , mask : 1073741823u32 }",
            "Reach { table : Table :: Locals , shift : 0u8 , mask : 15u32 }",
        ];
        assert_eq!(found, expected);
    }
}
