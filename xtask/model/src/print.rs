//! Templates as text.
//!
//! The text is canonical: parsing it gives the tree back, and printing that gives the text back.

use std::fmt::{self, Display, Formatter, Write};

use crate::ast::{
    BinOp, Block, CellType, Elem, Exit, Expr, FieldType, File, Signature, Step, Stmt, Template,
    Type, UnOp,
};

/// From this value on, integers are flags or hashes rather than counts, and read better in hex.
const HEX_FROM: i128 = 0x1_0000;

/// One `.tmpl` file.
pub fn file(file: &File) -> String {
    let texts: Vec<String> = file.templates.iter().map(template).collect();
    texts.join("\n")
}

/// One template, attributes included, ending in a newline.
pub fn template(template: &Template) -> String {
    let mut out = String::new();
    if let Some(overrides) = &template.overrides {
        let hashes: Vec<String> = overrides.upstream.iter().map(|h| quoted(h)).collect();
        writeln!(out, "#[overrides({})]", quoted(&overrides.why)).expect(INFALLIBLE);
        writeln!(out, "#[upstream({})]", hashes.join(", ")).expect(INFALLIBLE);
    }
    if let Some(family) = &template.family {
        write!(out, "#[family({family})] ").expect(INFALLIBLE);
    }
    let releases: Vec<String> = template.releases.iter().map(|r| quoted(r)).collect();
    writeln!(
        out,
        "#[size({})] #[releases({})]",
        template.size,
        releases.join(", ")
    )
    .expect(INFALLIBLE);
    writeln!(out, "opcode {} {{", template.name).expect(INFALLIBLE);
    block(&mut out, &template.body, 1);
    out.push_str("}\n");
    out
}

/// The statements of a block, one a line, without braces.
pub fn statements(body: &Block) -> String {
    let mut out = String::new();
    block(&mut out, body, 0);
    out
}

const INFALLIBLE: &str = "writing to a string cannot fail";

fn quoted(text: &str) -> String {
    format!("{text:?}")
}

fn block(out: &mut String, body: &Block, depth: usize) {
    for stmt in body {
        indent(out, depth);
        statement(out, stmt, depth);
        out.push('\n');
    }
}

fn indent(out: &mut String, depth: usize) {
    for _ in 0..depth {
        out.push_str("    ");
    }
}

fn braced(out: &mut String, body: &Block, depth: usize) {
    out.push_str("{\n");
    block(out, body, depth + 1);
    indent(out, depth);
    out.push('}');
}

fn statement(out: &mut String, stmt: &Stmt, depth: usize) {
    match stmt {
        Stmt::If {
            cond,
            then,
            otherwise,
        } => conditional(out, cond, then, otherwise, depth),
        Stmt::While { cond, body } => {
            write!(out, "while {cond} ").expect(INFALLIBLE);
            braced(out, body, depth);
        }
        Stmt::Loop { body } => {
            out.push_str("loop ");
            braced(out, body, depth);
        }
        simple => write!(out, "{}", Simple(simple)).expect(INFALLIBLE),
    }
}

fn conditional(out: &mut String, cond: &Expr, then: &Block, otherwise: &Block, depth: usize) {
    write!(out, "if {cond} ").expect(INFALLIBLE);
    braced(out, then, depth);
    match otherwise.as_slice() {
        [] => {}
        [nested @ Stmt::If { .. }] => {
            out.push_str(" else ");
            statement(out, nested, depth);
        }
        _ => {
            out.push_str(" else ");
            braced(out, otherwise, depth);
        }
    }
}

/// A statement that has no block inside.
struct Simple<'a>(&'a Stmt);

impl Display for Simple<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.0 {
            Stmt::Let { name, ty, value } => write!(f, "let {name}: {ty} = {value};"),
            Stmt::Var { name, ty, value } => write!(f, "var {name}: {ty} = {value};"),
            Stmt::Cell {
                name,
                ty,
                value: None,
            } => write!(f, "cell {name}: {ty};"),
            Stmt::Cell {
                name,
                ty,
                value: Some(value),
            } => write!(f, "cell {name}: {ty} = {value};"),
            Stmt::Assign { place, value } => write!(f, "{place} = {value};"),
            Stmt::Expr(expr) => write!(f, "{expr};"),
            Stmt::Guard { cond, exit } => write!(f, "guard {cond} else {exit};"),
            Stmt::Break => f.write_str("break;"),
            Stmt::Continue => f.write_str("continue;"),
            Stmt::CheckEvalBreaker { depth, unit } => {
                write!(f, "check_eval_breaker({depth}, {unit});")
            }
            Stmt::Next { depth } => write!(f, "next({depth});"),
            Stmt::Jump { depth, unit } => write!(f, "jump({depth}, {unit});"),
            Stmt::Return { value } => write!(f, "return_({value});"),
            Stmt::EnterFrame { depth, frame, unit } => {
                write!(f, "enter_frame({depth}, {frame}, {unit});")
            }
            Stmt::Yield { depth, value } => write!(f, "yield_({depth}, {value});"),
            Stmt::Exit(exit) => write!(f, "{exit};"),
            Stmt::If { .. } | Stmt::While { .. } | Stmt::Loop { .. } => {
                unreachable!("statements with blocks are printed by `statement`")
            }
        }
    }
}

impl Display for Exit {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Exit::Deopt => f.write_str("deopt"),
            Exit::Error { depth } => write!(f, "error({depth})"),
            Exit::Reraise { depth } => write!(f, "reraise({depth})"),
            Exit::Interpret { why } => write!(f, "interpret({why:?})"),
            Exit::Unbound { local } => write!(f, "unbound({local})"),
        }
    }
}

impl Display for CellType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            CellType::One(ty) => write!(f, "{ty}"),
            CellType::Array(ty, length) => write!(f, "[{ty}; {length}]"),
        }
    }
}

impl Display for Type {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Type::Int { bits, signed: true } => write!(f, "i{bits}"),
            Type::Int {
                bits,
                signed: false,
            } => write!(f, "u{bits}"),
            Type::F64 => f.write_str("f64"),
            Type::F32 => f.write_str("f32"),
            Type::Object => f.write_str("object"),
            Type::Ref => f.write_str("ref"),
            Type::Ptr => f.write_str("ptr"),
            Type::Array(elem) => write!(f, "*{elem}"),
            Type::Void => f.write_str("void"),
        }
    }
}

impl Display for Elem {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Elem::Scalar(ty) => write!(f, "{ty}"),
            Elem::Struct(name) => f.write_str(name),
        }
    }
}

impl Display for FieldType {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            FieldType::Scalar(ty) => write!(f, "{ty}"),
            FieldType::Struct(name) => write!(f, "struct {name}"),
            FieldType::Array(elem, length) => write!(f, "[{elem}; {length}]"),
        }
    }
}

impl Display for Signature {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("fn(")?;
        list(f, &self.params)?;
        if self.variadic {
            f.write_str(if self.params.is_empty() {
                "..."
            } else {
                ", ..."
            })?;
        }
        f.write_str(")")?;
        if self.result != Type::Void {
            write!(f, " -> {}", self.result)?;
        }
        Ok(())
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::Int { value, suffix } => {
                if *value >= HEX_FROM {
                    write!(f, "{value:#x}")?;
                } else {
                    write!(f, "{value}")?;
                }
                match suffix {
                    Some(ty) => write!(f, "{ty}"),
                    None => Ok(()),
                }
            }
            Expr::Float(value) => write!(f, "{value:?}"),
            Expr::Null => f.write_str("NULL"),
            Expr::CStr(text) => write!(f, "c{text:?}"),
            Expr::Name(name) => f.write_str(name),
            Expr::Oparg => f.write_str("oparg"),
            Expr::Frame => f.write_str("frame"),
            Expr::Tstate => f.write_str("tstate"),
            Expr::Cache {
                object: true, unit, ..
            } => write!(f, "cache_obj({unit})"),
            Expr::Cache { bits, unit, .. } => write!(f, "cache_u{bits}({unit})"),
            Expr::UnitOparg(unit) => write!(f, "unit_oparg({unit})"),
            Expr::UnitOpcode(unit) => write!(f, "unit_opcode({unit})"),
            Expr::InstrPtr(unit) => write!(f, "instr_ptr({unit})"),
            Expr::Stack(index) => write!(f, "stack[{index}]"),
            Expr::StackPtr(index) => write!(f, "stack_ptr({index})"),
            Expr::Local(index) => write!(f, "local[{index}]"),
            Expr::LocalPtr(index) => write!(f, "local_ptr({index})"),
            Expr::Symbol { name, path } => {
                write!(f, "&{name}")?;
                steps(f, path)
            }
            Expr::Member {
                base,
                owner,
                path,
                address,
            } => {
                f.write_str(if *address { "&" } else { "" })?;
                base_of_postfix(f, base)?;
                write!(f, ".{owner}")?;
                steps(f, path)
            }
            Expr::Index {
                base,
                index,
                address,
            } => {
                f.write_str(if *address { "&" } else { "" })?;
                base_of_postfix(f, base)?;
                write!(f, "[{index}]")
            }
            Expr::AddrOf(name) => write!(f, "addr({name})"),
            Expr::Cast { value, ty } => {
                operand(f, value)?;
                write!(f, " as {ty}")
            }
            Expr::Unary { op, value } => unary(f, *op, value),
            Expr::Binary { op, left, right } => {
                operand(f, left)?;
                write!(f, " {} ", op.spelling())?;
                operand(f, right)
            }
            Expr::Select {
                cond,
                then,
                otherwise,
            } => write!(f, "select({cond}, {then}, {otherwise})"),
            Expr::Call { function, args } => {
                write!(f, "{function}(")?;
                list(f, args)?;
                f.write_str(")")
            }
            Expr::Indirect {
                signature,
                function,
                args,
            } => {
                write!(f, "indirect::<{signature}>({function}")?;
                for arg in args {
                    write!(f, ", {arg}")?;
                }
                f.write_str(")")
            }
        }
    }
}

impl BinOp {
    /// The operator as it is written.
    pub fn spelling(self) -> &'static str {
        match self {
            BinOp::Add => "+",
            BinOp::Sub => "-",
            BinOp::Mul => "*",
            BinOp::Div => "/",
            BinOp::Rem => "%",
            BinOp::And => "&",
            BinOp::Or => "|",
            BinOp::Xor => "^",
            BinOp::Shl => "<<",
            BinOp::Shr => ">>",
            BinOp::Eq => "==",
            BinOp::Ne => "!=",
            BinOp::Lt => "<",
            BinOp::Le => "<=",
            BinOp::Gt => ">",
            BinOp::Ge => ">=",
        }
    }
}

fn unary(f: &mut Formatter<'_>, op: UnOp, value: &Expr) -> fmt::Result {
    let sign = match op {
        UnOp::BitNot => return write!(f, "bitnot({value})"),
        UnOp::Neg => "-",
        UnOp::Not => "!",
    };
    // `-1` is a number; the negation of one is `-(1)`.
    if matches!(value, Expr::Int { .. } | Expr::Float(_)) {
        return write!(f, "{sign}({value})");
    }
    f.write_str(sign)?;
    operand(f, value)
}

/// An operand of an operator: nested operators are put in parentheses, whatever binds tighter.
fn operand(f: &mut Formatter<'_>, value: &Expr) -> fmt::Result {
    match value {
        Expr::Binary { .. } | Expr::Cast { .. } => write!(f, "({value})"),
        _ => write!(f, "{value}"),
    }
}

/// What stands before `.Struct.member` or `[index]`. A member there needs parentheses, since
/// the path of a member goes on as far as it can.
fn base_of_postfix(f: &mut Formatter<'_>, base: &Expr) -> fmt::Result {
    match base {
        Expr::Name(_)
        | Expr::Frame
        | Expr::Tstate
        | Expr::Stack(_)
        | Expr::Local(_)
        | Expr::StackPtr(_)
        | Expr::LocalPtr(_)
        | Expr::InstrPtr(_)
        | Expr::Cache { .. }
        | Expr::Call { .. }
        | Expr::Indirect { .. }
        | Expr::Index { address: false, .. } => write!(f, "{base}"),
        _ => write!(f, "({base})"),
    }
}

fn steps(f: &mut Formatter<'_>, path: &[Step]) -> fmt::Result {
    for step in path {
        match step {
            Step::Field(name) => write!(f, ".{name}")?,
            Step::Index(index) => write!(f, "[{index}]")?,
        }
    }
    Ok(())
}

fn list<T: Display>(f: &mut Formatter<'_>, items: &[T]) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
