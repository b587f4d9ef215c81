//! The types of expressions.

use std::collections::HashMap;

use crate::ast::{BinOp, CellType, Elem, Expr, FieldType, Signature, Step, Type, UnOp};
use crate::release::{Release, Walk};
use crate::vocab;

/// What a name of a template stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Binding {
    Let(Type),
    Var(Type),
    Cell(CellType),
}

/// The names that can be seen at a point of a template.
#[derive(Clone, Debug)]
pub struct Scope<'r> {
    pub release: &'r Release,
    blocks: Vec<HashMap<String, Binding>>,
}

const I32: Type = Type::Int {
    bits: 32,
    signed: true,
};

const U8: Type = Type::Int {
    bits: 8,
    signed: false,
};

type Typed<T = Type> = Result<T, String>;

impl<'r> Scope<'r> {
    /// The scope in which a template's body begins.
    pub fn new(release: &'r Release) -> Self {
        Scope {
            release,
            blocks: vec![HashMap::new()],
        }
    }

    /// Enters a block.
    pub fn enter(&mut self) {
        self.blocks.push(HashMap::new());
    }

    /// Leaves the innermost block.
    pub fn leave(&mut self) {
        self.blocks.pop();
    }

    /// Adds a name to the innermost block.
    pub fn declare(&mut self, name: &str, binding: Binding) {
        let block = self.blocks.last_mut().expect("the body is a block");
        block.insert(name.to_owned(), binding);
    }

    /// What a name stands for.
    pub fn find(&self, name: &str) -> Typed<&Binding> {
        let found = self.blocks.iter().rev().find_map(|block| block.get(name));
        found.ok_or_else(|| format!("`{name}` is not declared here"))
    }

    /// The type of an expression; `expected` types numbers without a suffix, and NULL.
    pub fn infer(&self, expr: &Expr, expected: Option<&Type>) -> Typed {
        match expr {
            Expr::Int { suffix, .. } => Ok(match (suffix, expected) {
                (Some(ty), _) => ty.clone(),
                (None, Some(ty @ Type::Int { .. })) => ty.clone(),
                (None, _) => I32,
            }),
            Expr::Float(_) => Ok(match expected {
                Some(Type::F32) => Type::F32,
                _ => Type::F64,
            }),
            Expr::Null => Ok(match expected {
                Some(ty) if is_pointer(ty) || *ty == Type::Ref => ty.clone(),
                _ => Type::Ptr,
            }),
            Expr::CStr(_) => Ok(array_of(Type::Int {
                bits: 8,
                signed: true,
            })),
            Expr::Name(name) => self.name(name),
            Expr::Oparg => Ok(I32),
            Expr::Frame | Expr::Tstate => Ok(Type::Ptr),
            Expr::Cache { bits, object, unit } => {
                self.number(unit)?;
                Ok(if *object {
                    Type::Object
                } else {
                    Type::Int {
                        bits: *bits,
                        signed: false,
                    }
                })
            }
            Expr::UnitOparg(unit) => self.number(unit).map(|()| I32),
            Expr::UnitOpcode(unit) => self.number(unit).map(|()| U8),
            Expr::InstrPtr(unit) => self.number(unit).map(|()| Type::Ptr),
            Expr::Stack(index) | Expr::Local(index) => {
                self.number(index)?;
                Ok(self.release.slot_type())
            }
            Expr::StackPtr(index) | Expr::LocalPtr(index) => {
                self.number(index)?;
                Ok(array_of(self.release.slot_type()))
            }
            Expr::Symbol { name, path } => self.symbol(name, path),
            Expr::Member {
                base,
                owner,
                path,
                address,
            } => self.member(base, owner, path, *address),
            Expr::Index {
                base,
                index,
                address,
            } => self.index(base, index, *address),
            Expr::AddrOf(name) => match self.find(name)? {
                Binding::Cell(CellType::One(ty) | CellType::Array(ty, _)) => {
                    Ok(array_of(ty.clone()))
                }
                _ => Err(format!("`{name}` is not a cell, so it has no address")),
            },
            Expr::Cast { value, ty } => self.cast(value, ty),
            Expr::Unary { op, value } => self.unary(*op, value, expected),
            Expr::Binary { op, left, right } => {
                let ty = self.operands(*op, left, right, expected)?;
                Ok(if is_comparison(*op) { I32 } else { ty })
            }
            Expr::Select {
                cond,
                then,
                otherwise,
            } => {
                self.condition(cond)?;
                self.agreeing(then, otherwise, expected, "the two values of `select`")
            }
            Expr::Call { function, args } => {
                let signature = self.signature(function, args)?;
                self.arguments(function, &signature, args)
            }
            Expr::Indirect {
                signature,
                function,
                args,
            } => {
                let ty = self.infer(function, Some(&Type::Ptr))?;
                if !is_pointer(&ty) {
                    return Err(format!("a call through a `{ty}`, which is not a pointer"));
                }
                self.arguments("indirect", signature, args)
            }
        }
    }

    /// An error unless the expression has a type that can stand where `wanted` is asked for.
    pub fn expect(&self, expr: &Expr, wanted: &Type, what: &str) -> Typed<()> {
        let found = self.infer(expr, Some(wanted))?;
        if agree(&found, wanted) {
            Ok(())
        } else {
            Err(format!("{what} is `{wanted}`, but `{expr}` is `{found}`"))
        }
    }

    /// An error unless the expression can be tested against 0.
    pub fn condition(&self, expr: &Expr) -> Typed<()> {
        match self.infer(expr, None)? {
            ty @ (Type::Void | Type::F32 | Type::F64 | Type::Ref) => {
                Err(format!("a condition of type `{ty}`"))
            }
            _ => Ok(()),
        }
    }

    /// An error unless the expression is an integer: an index, a depth, a code unit.
    pub fn number(&self, expr: &Expr) -> Typed<()> {
        match self.infer(expr, None)? {
            Type::Int { .. } => Ok(()),
            ty => Err(format!("`{expr}` is `{ty}`, but an integer belongs here")),
        }
    }

    /// The type at which an operator works, which is that of its operands.
    pub fn operands(&self, op: BinOp, left: &Expr, right: &Expr, expected: Option<&Type>) -> Typed {
        let expected = if is_comparison(op) { None } else { expected };
        if matches!(op, BinOp::Shl | BinOp::Shr) {
            self.number(right)?;
            let ty = self.infer(left, expected)?;
            return match ty {
                Type::Int { .. } => Ok(ty),
                _ => Err(format!("`{}` of a `{ty}`", op.spelling())),
            };
        }
        let what = format!("the operands of `{}`", op.spelling());
        let ty = self.agreeing(left, right, expected, &what)?;
        let fits = match (&ty, op) {
            (Type::Int { .. }, _) => true,
            (Type::F64 | Type::F32, op) => !matches!(
                op,
                BinOp::Rem | BinOp::And | BinOp::Or | BinOp::Xor | BinOp::Shl | BinOp::Shr
            ),
            (ty, op) => is_pointer(ty) && is_comparison(op),
        };
        if fits {
            Ok(ty)
        } else {
            Err(format!("`{}` of `{ty}` operands", op.spelling()))
        }
    }

    /// The signature of a primitive or C function that fits the arguments, or else comes closest.
    pub fn signature(&self, function: &str, args: &[Expr]) -> Typed<Signature> {
        if let Some(primitive) = vocab::find(function) {
            let mut candidates = primitive.signatures(args.len());
            let Some(first) = candidates.next() else {
                let known = primitive.signatures.join("` or `");
                return Err(format!(
                    "the primitive `{function}` is `{known}`, but has {} arguments here",
                    args.len()
                ));
            };
            let fits = |signature: &Signature| self.arguments(function, signature, args).is_ok();
            if fits(&first) {
                return Ok(first);
            }
            return Ok(candidates.find(fits).unwrap_or(first));
        }
        match self.release.functions.get(function) {
            Some(found) => Ok(found.signature.clone()),
            None => Err(format!(
                "`{function}` is neither in the vocabulary nor in functions.toml of {}",
                self.release.version
            )),
        }
    }

    /// Follows a member's path, stopping at an index that is not a number.
    pub fn walk(&self, owner: &str, path: &[Step]) -> Typed<Walk> {
        let start = FieldType::Struct(owner.to_owned());
        self.release.walk(&start, path, &literal)
    }

    /// The type that an element of what `base` points at has.
    pub fn element(&self, base: &Expr) -> Typed<Elem> {
        if let Expr::Name(name) = base
            && let Binding::Cell(CellType::Array(ty, _)) = self.find(name)?
        {
            return Ok(Elem::Scalar(ty.clone()));
        }
        match self.infer(base, None)? {
            Type::Array(elem) => Ok(*elem),
            ty => Err(format!("`{base}` is `{ty}`, which cannot be indexed")),
        }
    }

    fn name(&self, name: &str) -> Typed {
        Ok(match self.find(name)? {
            Binding::Let(ty) | Binding::Var(ty) | Binding::Cell(CellType::One(ty)) => ty.clone(),
            Binding::Cell(CellType::Array(ty, _)) => array_of(ty.clone()),
        })
    }

    fn symbol(&self, name: &str, path: &[Step]) -> Typed {
        if let Some(global) = self.release.globals.get(name) {
            self.indices(path)?;
            let ty = self.reach(&global.ty, path)?.0;
            return Ok(address_of(ty));
        }
        if self.release.functions.contains_key(name) && path.is_empty() {
            return Ok(Type::Ptr);
        }
        Err(format!(
            "`&{name}`: there is no such variable in functions.toml of {}",
            self.release.version
        ))
    }

    fn member(&self, base: &Expr, owner: &str, path: &[Step], address: bool) -> Typed {
        let ty = self.infer(base, Some(&Type::Ptr))?;
        if !is_pointer(&ty) {
            return Err(format!("`{base}` is `{ty}`, which is not a pointer"));
        }
        self.indices(path)?;
        let start = FieldType::Struct(owner.to_owned());
        let (ty, bits) = self.reach(&start, path)?;
        if address {
            return match bits {
                Some(_) => Err("a bit field has no address".to_owned()),
                None => Ok(address_of(ty)),
            };
        }
        match ty {
            FieldType::Scalar(ty) => Ok(ty),
            other => Err(format!(
                "a load of `{other}`: only scalars can be loaded; `&` gives its address"
            )),
        }
    }

    fn indices(&self, path: &[Step]) -> Typed<()> {
        path.iter().try_for_each(|step| match step {
            Step::Index(index) => self.number(index),
            Step::Field(_) => Ok(()),
        })
    }

    /// The type at the end of a path, whatever its indices are.
    fn reach(&self, start: &FieldType, path: &[Step]) -> Typed<(FieldType, Option<(u8, u8)>)> {
        let walk = self.release.walk(start, path, &|_| Some(0))?;
        Ok((walk.ty, walk.bits))
    }

    fn index(&self, base: &Expr, index: &Expr, address: bool) -> Typed {
        self.number(index)?;
        let elem = self.element(base)?;
        match elem {
            elem if address => Ok(Type::Array(Box::new(elem))),
            Elem::Scalar(ty) => Ok(ty),
            Elem::Struct(name) => Err(format!(
                "`{base}[…]` is a struct `{name}`: only its members and its address can be read"
            )),
        }
    }

    fn cast(&self, value: &Expr, to: &Type) -> Typed {
        let from = self.infer(value, None)?;
        let number = |ty: &Type| matches!(ty, Type::Int { .. } | Type::F64 | Type::F32);
        let word = |ty: &Type| matches!(ty, Type::Int { bits: 64, .. });
        let address = |ty: &Type| is_pointer(ty) || *ty == Type::Ref;
        let possible = (number(&from) && number(to))
            || (is_pointer(&from) && is_pointer(to))
            || (address(&from) && word(to))
            || (word(&from) && address(to));
        if possible {
            Ok(to.clone())
        } else {
            Err(format!("`{value}` is `{from}`, which cannot become `{to}`"))
        }
    }

    fn unary(&self, op: UnOp, value: &Expr, expected: Option<&Type>) -> Typed {
        if op == UnOp::Not {
            self.condition(value)?;
            return Ok(I32);
        }
        match self.infer(value, expected)? {
            ty @ Type::Int { .. } => Ok(ty),
            ty @ (Type::F64 | Type::F32) if op == UnOp::Neg => Ok(ty),
            ty => Err(format!("an arithmetic operator before a `{ty}`")),
        }
    }

    /// The one type of two expressions. Numbers without a suffix take the other one's.
    fn agreeing(&self, a: &Expr, b: &Expr, expected: Option<&Type>, what: &str) -> Typed {
        let (first, second) = if flexible(a) { (b, a) } else { (a, b) };
        let ty = self.infer(first, expected)?;
        let other = self.infer(second, Some(&ty))?;
        if !agree(&ty, &other) {
            let (a, b) = if flexible(a) {
                (&other, &ty)
            } else {
                (&ty, &other)
            };
            return Err(format!("{what} do not agree: `{a}` and `{b}`"));
        }
        Ok(ty)
    }

    fn arguments(&self, function: &str, signature: &Signature, args: &[Expr]) -> Typed {
        let params = signature.params.len();
        if args.len() < params || (args.len() > params && !signature.variadic) {
            return Err(format!(
                "`{function}` is `{signature}`, but has {} arguments here",
                args.len()
            ));
        }
        for (i, arg) in args.iter().enumerate() {
            match signature.params.get(i) {
                Some(ty) => {
                    let what = format!("argument {} of `{function}`", i + 1);
                    self.expect(arg, ty, &what)?;
                }
                None => {
                    self.infer(arg, None)?;
                }
            }
        }
        Ok(signature.result.clone())
    }
}

/// Whether a value of one type can stand for one of the other: pointers convert freely.
pub fn agree(a: &Type, b: &Type) -> bool {
    a == b || (is_pointer(a) && is_pointer(b))
}

pub(crate) fn is_pointer(ty: &Type) -> bool {
    matches!(ty, Type::Object | Type::Ptr | Type::Array(_))
}

pub(crate) fn is_comparison(op: BinOp) -> bool {
    matches!(
        op,
        BinOp::Eq | BinOp::Ne | BinOp::Lt | BinOp::Le | BinOp::Gt | BinOp::Ge
    )
}

/// The value of a number that is written out.
pub(crate) fn literal(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Int { value, .. } => Some(*value),
        _ => None,
    }
}

fn array_of(ty: Type) -> Type {
    Type::Array(Box::new(Elem::Scalar(ty)))
}

/// The type of a member's address. An array's address is that of its first element.
fn address_of(ty: FieldType) -> Type {
    Type::Array(Box::new(match ty {
        FieldType::Scalar(ty) => Elem::Scalar(ty),
        FieldType::Struct(name) => Elem::Struct(name),
        FieldType::Array(elem, _) => return address_of(*elem),
    }))
}

/// Whether an expression has no type of its own: made of numbers without a suffix, or NULL.
fn flexible(expr: &Expr) -> bool {
    match expr {
        Expr::Int { suffix, .. } => suffix.is_none(),
        Expr::Null => true,
        Expr::Unary { op, value } => *op != UnOp::Not && flexible(value),
        Expr::Binary { op, left, right } => {
            !is_comparison(*op) && flexible(left) && flexible(right)
        }
        Expr::Select {
            then, otherwise, ..
        } => flexible(then) && flexible(otherwise),
        _ => false,
    }
}
