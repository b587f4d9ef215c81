//! The normal form: what two spellings of the same body have in common.

use std::collections::{HashMap, HashSet};

use cevalry_model::ast::{Block, Exit, Expr, Stmt, Type};

use super::merge::names as each_name;
use super::{Name, fold, vocab};

/// Brings a body into normal form and gives its variables their names.
pub fn normalise(mut body: Block, names: &HashMap<String, Name>) -> Block {
    loop {
        let before = body.clone();
        simplify(&mut body, names);
        remove_dead(&mut body);
        let mut counts = HashMap::new();
        reads(&body, &mut counts);
        drop_last_stores(&mut body, &counts);
        substitute(&mut body);
        if body == before {
            break;
        }
    }
    rename(&mut body, names);
    body
}

/// The number of statements.
pub fn size(block: &[Stmt]) -> usize {
    block
        .iter()
        .map(|stmt| match stmt {
            Stmt::If {
                then, otherwise, ..
            } => 1 + size(then) + size(otherwise),
            Stmt::While { body, .. } | Stmt::Loop { body } => 1 + size(body),
            _ => 1,
        })
        .sum()
}

/// A body that clears its frame on one path leaves it for good on all; on the others whoever
/// called the evaluation function clears it.
pub fn settle_returns(mut body: Block) -> Block {
    fn returns(body: &[Stmt]) -> bool {
        body.iter().any(|stmt| {
            let mut found = matches!(stmt, Stmt::Return { .. });
            stmt.each_inner(&mut |inner| found |= returns(std::slice::from_ref(inner)));
            found
        })
    }
    fn settle(stmt: &mut Stmt) {
        if let Stmt::Yield { value, .. } = stmt {
            *stmt = Stmt::Return {
                value: value.clone(),
            };
        }
        stmt.each_inner_mut(&mut settle);
    }
    if returns(&body) {
        body.iter_mut().for_each(settle);
    }
    body
}

/// Rewrites control flow to its plainest form.
fn simplify(body: &mut Block, names: &HashMap<String, Name>) {
    drop_equal_tails(body);
    let mut out: Block = Vec::new();
    for mut stmt in std::mem::take(body) {
        match &mut stmt {
            Stmt::If {
                then, otherwise, ..
            } => {
                simplify(then, names);
                simplify(otherwise, names);
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => simplify(body, names),
            _ => {}
        }
        match stmt {
            Stmt::If {
                cond,
                then,
                otherwise,
            } => branch(cond, then, otherwise, names, &mut out),
            Stmt::Loop { body } => out.push(rotated(body, names)),
            Stmt::Return { .. } | Stmt::Yield { .. } => {
                // Leaving a frame gives back its room for recursion.
                out.retain(|stmt| !is_leave(stmt));
                out.push(stmt);
            }
            stmt => out.push(stmt),
        }
    }
    *body = out;
}

/// `if c { rest } rest` is `rest`.
fn drop_equal_tails(body: &mut Block) {
    let mut index = 0;
    while index < body.len() {
        let redundant = match &body[index] {
            Stmt::If {
                then,
                otherwise,
                cond,
            } if otherwise.is_empty() && is_pure(cond) => {
                cevalry_model::alpha::equal(then, &body[index + 1..].to_vec())
            }
            _ => false,
        };
        if redundant {
            body.remove(index);
        } else {
            index += 1;
        }
    }
}

fn branch(
    cond: Expr,
    then: Block,
    otherwise: Block,
    names: &HashMap<String, Name>,
    out: &mut Block,
) {
    if cevalry_model::alpha::equal(&then, &otherwise) {
        out.extend(then);
        return;
    }
    let ordered = !is_float(&cond, names);
    if then.is_empty() {
        let cond = fold::not(&cond, ordered);
        return branch(cond, otherwise, then, names, out);
    }
    if let [Stmt::Exit(exit)] = then.as_slice() {
        out.push(Stmt::Guard {
            cond: fold::not(&cond, ordered),
            exit: Exit::clone(exit),
        });
        out.extend(otherwise);
        return;
    }
    if let [Stmt::Exit(exit)] = otherwise.as_slice() {
        out.push(Stmt::Guard {
            cond,
            exit: Exit::clone(exit),
        });
        out.extend(then);
        return;
    }
    out.push(Stmt::If {
        cond,
        then,
        otherwise,
    });
}

/// `loop { if !c { break } … }` as `while c { … }`.
fn rotated(mut body: Block, names: &HashMap<String, Name>) -> Stmt {
    if let Some(Stmt::If {
        cond,
        then,
        otherwise,
    }) = body.first()
        && otherwise.is_empty()
        && matches!(then.as_slice(), [Stmt::Break])
    {
        let cond = fold::not(cond, !is_float(cond, names));
        body.remove(0);
        return Stmt::While { cond, body };
    }
    Stmt::Loop { body }
}

fn is_leave(stmt: &Stmt) -> bool {
    matches!(stmt, Stmt::Expr(Expr::Call { function, .. }) if function.starts_with("_Py_LeaveRecursiveCall"))
}

fn is_float(expr: &Expr, names: &HashMap<String, Name>) -> bool {
    match expr {
        Expr::Float(_) => true,
        Expr::Name(name) => {
            matches!(
                names.get(name),
                Some(Name {
                    ty: Type::F64 | Type::F32,
                    ..
                })
            )
        }
        Expr::Cast { ty, .. } => matches!(ty, Type::F64 | Type::F32),
        Expr::Member { .. } | Expr::Index { .. } => false,
        other => {
            let mut found = false;
            other.each_child(&mut |child| found |= is_float(child, names));
            found
        }
    }
}

/// How often each name is read; an assignment to a variable is no read of it.
fn reads(body: &[Stmt], counts: &mut HashMap<String, usize>) {
    for stmt in body {
        let mut count = |expr: &Expr| {
            each_name(expr, &mut |name| {
                *counts.entry(name.to_owned()).or_insert(0) += 1
            });
        };
        match stmt {
            Stmt::Assign {
                place: Expr::Name(_),
                value,
            } => count(value),
            stmt => stmt.each_expr(&mut |expr| count(expr)),
        }
        stmt.each_inner(&mut |inner| reads(std::slice::from_ref(inner), counts));
    }
}

/// Takes away what nobody reads.
fn remove_dead(body: &mut Block) {
    loop {
        let mut counts = HashMap::new();
        reads(body, &mut counts);
        if !sweep(body, &counts) {
            return;
        }
    }
}

/// Takes away assignments just before a `break` to variables that only the loop reads.
fn drop_last_stores(body: &mut [Stmt], total: &HashMap<String, usize>) {
    for stmt in body {
        stmt.each_inner_mut(&mut |inner| drop_last_stores(std::slice::from_mut(inner), total));
        if let Stmt::Loop { body } | Stmt::While { body, .. } = stmt {
            let mut inside = HashMap::new();
            reads(body, &mut inside);
            drop_before_break(body, total, &inside);
        }
    }
}

fn drop_before_break(
    body: &mut Block,
    total: &HashMap<String, usize>,
    inside: &HashMap<String, usize>,
) {
    if let [.., Stmt::Break] = body.as_slice() {
        while let [
            ..,
            Stmt::Assign {
                place: Expr::Name(name),
                value,
            },
            Stmt::Break,
        ] = body.as_slice()
        {
            if total.get(name) != inside.get(name) || !is_pure(value) {
                break;
            }
            body.remove(body.len() - 2);
        }
    }
    for stmt in body {
        if let Stmt::If {
            then, otherwise, ..
        } = stmt
        {
            drop_before_break(then, total, inside);
            drop_before_break(otherwise, total, inside);
        }
    }
}

fn sweep(body: &mut Block, counts: &HashMap<String, usize>) -> bool {
    let before = body.len();
    let dead = |name: &String| !counts.contains_key(name);
    body.retain(|stmt| match stmt {
        Stmt::Let { name, value, .. } | Stmt::Var { name, value, .. } => {
            !(dead(name) && is_pure(value))
        }
        Stmt::Cell { name, .. } => !dead(name),
        Stmt::Assign {
            place: Expr::Name(name),
            value,
        } => !(dead(name) && is_pure(value)),
        Stmt::If {
            then, otherwise, ..
        } => !(then.is_empty() && otherwise.is_empty()),
        _ => true,
    });
    let mut changed = body.len() != before;
    for stmt in body {
        match stmt {
            // A call's result that nobody reads.
            Stmt::Let { name, value, .. } if dead(name) => {
                *stmt = Stmt::Expr(value.clone());
                changed = true;
            }
            Stmt::If {
                then, otherwise, ..
            } => {
                changed |= sweep(then, counts);
                changed |= sweep(otherwise, counts);
            }
            Stmt::While { body, .. } | Stmt::Loop { body } => changed |= sweep(body, counts),
            _ => {}
        }
    }
    changed
}

/// Whether evaluating an expression does nothing else.
fn is_pure(expr: &Expr) -> bool {
    let own = match expr {
        Expr::Call { function, .. } => vocab::pure(function) || function == "kwnames",
        Expr::Indirect { .. } => false,
        _ => true,
    };
    let mut pure = own;
    expr.each_child(&mut |child| pure &= is_pure(child));
    pure
}

/// Whether an expression's value can change by a store or call in between.
fn is_load(expr: &Expr, variables: &HashSet<String>) -> bool {
    let own = match expr {
        Expr::Stack(_) | Expr::Local(_) => true,
        Expr::Member { address, .. } | Expr::Index { address, .. } => !address,
        Expr::Call { .. } | Expr::Indirect { .. } => true,
        Expr::Name(name) => variables.contains(name),
        _ => false,
    };
    let mut load = own;
    expr.each_child(&mut |child| load |= is_load(child, variables));
    load
}

/// Whether a value is kept under its name even where it is read once.
fn keeps_name(expr: &Expr) -> bool {
    match expr {
        Expr::Stack(_) | Expr::Local(_) | Expr::Indirect { .. } => true,
        Expr::Call { function, .. } => !vocab::pure(function),
        _ => false,
    }
}

/// Whether an expression is as cheap to repeat as to name.
fn is_atom(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::Int { .. }
            | Expr::Float(_)
            | Expr::Null
            | Expr::Name(_)
            | Expr::Oparg
            | Expr::Frame
            | Expr::Tstate
            | Expr::CStr(_)
            | Expr::Cache { .. }
    )
}

/// Puts values in the place of names that are read once, and atoms in the place of all.
fn substitute(body: &mut Block) {
    let mut counts = HashMap::new();
    reads(body, &mut counts);
    let mut variables = HashSet::new();
    assigned(body, &mut variables);
    let mut once = Inliner { counts, variables };
    once.block(body);
}

fn assigned(body: &[Stmt], out: &mut HashSet<String>) {
    for stmt in body {
        if let Stmt::Var { name, .. } | Stmt::Cell { name, .. } = stmt {
            out.insert(name.clone());
        }
        stmt.each_inner(&mut |inner| assigned(std::slice::from_ref(inner), out));
    }
}

struct Inliner {
    counts: HashMap<String, usize>,
    variables: HashSet<String>,
}

impl Inliner {
    fn block(&mut self, body: &mut Block) {
        let mut index = 0;
        while index < body.len() {
            if let Stmt::Let { name, value, .. } = &body[index]
                && self.try_inline(&name.clone(), &value.clone(), index, body)
            {
                body.remove(index);
                continue;
            }
            match &mut body[index] {
                Stmt::If {
                    then, otherwise, ..
                } => {
                    self.block(then);
                    self.block(otherwise);
                }
                Stmt::While { body, .. } | Stmt::Loop { body } => self.block(body),
                _ => {}
            }
            index += 1;
        }
    }

    /// Whether the `let` at `index` went into its reader.
    fn try_inline(&mut self, name: &str, value: &Expr, index: usize, body: &mut Block) -> bool {
        if keeps_name(value) || matches!(value, Expr::Symbol { .. }) && self.is_base(name, body) {
            return false;
        }
        let load = is_load(value, &self.variables);
        if is_atom(value) && !load && !self.is_base(name, body) {
            for stmt in &mut body[index + 1..] {
                replace_in(stmt, name, value);
            }
            return true;
        }
        if self.counts.get(name) != Some(&1) || self.is_base(name, body) {
            return false;
        }
        for stmt in &mut body[index + 1..] {
            let mut found = false;
            stmt.each_expr(&mut |expr| each_name(expr, &mut |known| found |= known == name));
            if found {
                // A `while` evaluates its condition again each time round.
                if load && matches!(stmt, Stmt::While { .. }) {
                    return false;
                }
                stmt.each_expr_mut(&mut |expr| replace(expr, name, value));
                return true;
            }
            if load && !is_quiet(stmt) {
                return false;
            }
            if !load {
                let mut inside = false;
                stmt.each_inner(&mut |inner| inside |= mentions(inner, name));
                if inside {
                    if matches!(stmt, Stmt::While { .. } | Stmt::Loop { .. }) {
                        return false;
                    }
                    replace_in(stmt, name, value);
                    return true;
                }
            }
        }
        false
    }

    /// Whether a name is the pointer of an indexed access, whose type the name carries.
    fn is_base(&self, name: &str, body: &[Stmt]) -> bool {
        fn in_expr(expr: &Expr, name: &str) -> bool {
            let own = matches!(expr, Expr::Index { base, .. } if matches!(&**base, Expr::Name(known) if known == name));
            let mut found = own;
            expr.each_child(&mut |child| found |= in_expr(child, name));
            found
        }
        fn in_stmt(stmt: &Stmt, name: &str) -> bool {
            let mut found = false;
            stmt.each_expr(&mut |expr| found |= in_expr(expr, name));
            stmt.each_inner(&mut |inner| found |= in_stmt(inner, name));
            found
        }
        body.iter().any(|stmt| in_stmt(stmt, name))
    }
}

/// Whether loads may be moved past a statement.
fn is_quiet(stmt: &Stmt) -> bool {
    match stmt {
        Stmt::Let { value, .. } | Stmt::Var { value, .. } => is_pure(value),
        Stmt::Cell { value, .. } => value.as_ref().is_none_or(is_pure),
        Stmt::Assign {
            place: Expr::Stack(_),
            value,
        } => is_pure(value),
        Stmt::Guard { cond, .. } => is_pure(cond),
        _ => false,
    }
}

fn mentions(stmt: &Stmt, name: &str) -> bool {
    let mut found = false;
    stmt.each_expr(&mut |expr| each_name(expr, &mut |known| found |= known == name));
    stmt.each_inner(&mut |inner| found |= mentions(inner, name));
    found
}

fn replace_in(stmt: &mut Stmt, name: &str, value: &Expr) {
    stmt.each_expr_mut(&mut |expr| replace(expr, name, value));
    stmt.each_inner_mut(&mut |inner| replace_in(inner, name, value));
}

fn replace(expr: &mut Expr, name: &str, value: &Expr) {
    if matches!(expr, Expr::Name(known) if known == name) {
        *expr = value.clone();
        return;
    }
    expr.each_child_mut(&mut |child| replace(child, name, value));
}

/// Words that a variable must not be called.
const TAKEN: &[&str] = &[
    "oparg",
    "frame",
    "tstate",
    "stack",
    "local",
    "NULL",
    "select",
    "addr",
    "bitnot",
    "next",
    "jump",
    "deopt",
    "error",
    "reraise",
    "guard",
    "cell",
    "var",
    "opcode",
    "interpret",
    "unbound",
    "as",
    "break",
    "const",
    "continue",
    "crate",
    "else",
    "enum",
    "extern",
    "false",
    "fn",
    "for",
    "if",
    "impl",
    "in",
    "let",
    "loop",
    "match",
    "mod",
    "move",
    "mut",
    "pub",
    "ref",
    "return",
    "self",
    "Self",
    "static",
    "struct",
    "super",
    "trait",
    "true",
    "type",
    "unsafe",
    "use",
    "where",
    "while",
    "async",
    "await",
    "dyn",
    "abstract",
    "become",
    "box",
    "do",
    "final",
    "macro",
    "override",
    "priv",
    "typeof",
    "unsized",
    "virtual",
    "yield",
    "try",
    "gen",
    "indirect",
    "stack_ptr",
    "local_ptr",
    "cache_u16",
    "cache_u32",
    "cache_u64",
    "cache_obj",
    "unit_oparg",
    "unit_opcode",
    "instr_ptr",
    "kwnames",
];

/// Gives every variable its C name where it has one, else `t1`, `t2`, ….
fn rename(body: &mut Block, names: &HashMap<String, Name>) {
    let mut used: HashSet<String> = TAKEN.iter().map(|word| (*word).to_owned()).collect();
    let mut count = 0;
    cevalry_model::alpha::rename(body, &mut |old, _| {
        let hint = names.get(old).and_then(|info| info.hint.as_deref());
        let hint = hint
            .map(|hint| hint.trim_start_matches('_'))
            .filter(|hint| !hint.is_empty());
        if let Some(hint) = hint {
            let numbered = (1..).map(|n| {
                if n == 1 {
                    hint.to_owned()
                } else {
                    format!("{hint}_{n}")
                }
            });
            for name in numbered.take(100) {
                if used.insert(name.clone()) {
                    return name;
                }
            }
        }
        loop {
            count += 1;
            let name = format!("t{count}");
            if used.insert(name.clone()) {
                return name;
            }
        }
    });
}
