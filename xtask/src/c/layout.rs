//! Sizes, offsets and constant expressions, after the x86-64 System V ABI.

use std::collections::BTreeMap;

use cevalry_model::ast::{Elem, FieldType, Step, Type};
use cevalry_model::data::{Field, Struct};
use lang_c::ast::{
    BinaryOperator, Constant, Expression, Initializer, IntegerBase, OffsetMember,
    OffsetOfExpression, UnaryOperator,
};
use lang_c::span::Node;

use super::ctype::{CType, FieldDecl, RecordId};
use super::types::Types;

/// A member found by name: the way to it and its type.
#[derive(Clone, Debug)]
pub struct Member {
    /// From the start of the record, anonymous members included.
    pub offset: u64,
    pub ty: CType,
    pub bits: Option<(u8, u8)>,
}

/// Where a record's fields lie.
struct Placed {
    size: u64,
    align: u64,
    /// Byte offset, and first bit and width of a bit field.
    fields: Vec<(u64, Option<(u8, u8)>)>,
}

impl Types {
    /// Size and alignment; `None` for an incomplete type.
    pub fn size_align(&self, ty: &CType) -> Option<(u64, u64)> {
        Some(match ty {
            CType::Void | CType::Function(_) => (1, 1),
            CType::Bool => (1, 1),
            CType::Int { bits, .. } => (u64::from(*bits) / 8, u64::from(*bits) / 8),
            CType::Float => (4, 4),
            CType::Double | CType::Pointer(_) => (8, 8),
            CType::LongDouble => (16, 16),
            CType::Array(element, length) => {
                let (size, align) = self.size_align(element)?;
                (size * length.unwrap_or(0), align)
            }
            CType::Record(id) => {
                let placed = self.place_fields(*id)?;
                (placed.size, placed.align)
            }
        })
    }

    /// Size, alignment, and every field's byte offset and bit position.
    fn place_fields(&self, id: RecordId) -> Option<Placed> {
        let record = self.records.get(id.0)?;
        let (mut bit, mut align, mut size) = (0u64, 1u64, 0u64);
        let mut places = Vec::new();
        for field in record.fields.as_ref()? {
            let (field_size, mut field_align) = self.size_align(&field.ty)?;
            if record.packed {
                field_align = 1;
            }
            if record.union {
                bit = 0;
            }
            let place = match field.bits {
                Some(0) => {
                    bit = bit.next_multiple_of(field_size * 8);
                    (bit / 8, None)
                }
                Some(width) => {
                    let unit = field_size * 8;
                    if bit % unit + u64::from(width) > unit {
                        bit = bit.next_multiple_of(unit);
                    }
                    let first = bit % unit;
                    let offset = (bit - first) / 8;
                    bit += u64::from(width);
                    (offset, Some((first as u8, width as u8)))
                }
                None => {
                    bit = bit.next_multiple_of(field_align * 8);
                    let offset = bit / 8;
                    bit += field_size * 8;
                    (offset, None)
                }
            };
            if field.bits.is_none() || field.name.is_some() {
                align = align.max(field_align);
            }
            size = size.max(bit.div_ceil(8));
            places.push(place);
        }
        Some(Placed {
            size: size.next_multiple_of(align),
            align,
            fields: places,
        })
    }

    /// Finds a member by name, looking into anonymous structs and unions.
    pub fn member(&self, id: RecordId, name: &str) -> Option<Member> {
        let places = self.place_fields(id)?.fields;
        let fields = self.records[id.0].fields.as_ref()?;
        for (field, (offset, bits)) in fields.iter().zip(&places) {
            match (&field.name, &field.ty) {
                (Some(known), ty) if known == name => {
                    return Some(Member {
                        offset: *offset,
                        ty: ty.clone(),
                        bits: *bits,
                    });
                }
                (None, CType::Record(inner)) => {
                    if let Some(found) = self.member(*inner, name) {
                        return Some(Member {
                            offset: offset + found.offset,
                            ..found
                        });
                    }
                }
                _ => {}
            }
        }
        None
    }

    /// The type of a member that a template names.
    pub fn path_type(&self, owner: &str, path: &[Step]) -> Option<CType> {
        let id = self.record_named(owner)?;
        self.steps(CType::Record(id), path)
    }

    /// The type at the end of a way into a type.
    pub fn steps(&self, mut ty: CType, path: &[Step]) -> Option<CType> {
        for step in path {
            ty = match (step, &ty) {
                (Step::Field(name), CType::Record(id)) => self.member(*id, name)?.ty,
                (Step::Index(_), CType::Array(element, _)) => (**element).clone(),
                _ => return None,
            };
        }
        Some(ty)
    }

    /// The value of `offsetof`.
    pub fn offset_of(&mut self, node: &OffsetOfExpression) -> Option<u64> {
        let mut ty = self.type_name(&node.type_name.node);
        let mut offset = 0;
        let base = OffsetMember::Member(node.designator.node.base.clone());
        let members = node
            .designator
            .node
            .members
            .iter()
            .map(|member| &member.node);
        for member in std::iter::once(&base).chain(members) {
            match (member, &ty) {
                (OffsetMember::Member(name), CType::Record(id)) => {
                    let found = self.member(*id, &name.node.name)?;
                    offset += found.offset;
                    ty = found.ty;
                }
                (OffsetMember::Index(index), CType::Array(element, _)) => {
                    let element = (**element).clone();
                    let (size, _) = self.size_align(&element)?;
                    offset += size * u64::try_from(self.constant(index)?).ok()?;
                    ty = element;
                }
                _ => return None,
            }
        }
        Some(offset)
    }

    /// The record that templates call `name`.
    pub fn record_named(&self, name: &str) -> Option<RecordId> {
        if let Some(CType::Record(id)) = self.typedef(name) {
            return Some(*id);
        }
        let named = |record: &&super::ctype::Record| record.name.as_deref() == Some(name);
        let found = self.records.iter().position(|record| named(&record))?;
        Some(RecordId(found))
    }

    /// The layout of the record that templates call `name`, fields of anonymous members included.
    pub fn layout(&self, name: &str) -> Option<Struct> {
        let id = self.record_named(name)?;
        let Placed { size, align, .. } = self.place_fields(id)?;
        let mut fields = BTreeMap::new();
        self.add_fields(id, 0, &mut fields)?;
        Some(Struct {
            size,
            align,
            fields,
        })
    }

    fn add_fields(&self, id: RecordId, base: u64, out: &mut BTreeMap<String, Field>) -> Option<()> {
        let places = self.place_fields(id)?.fields;
        for (field, (offset, bits)) in self.records[id.0].fields.as_ref()?.iter().zip(places) {
            let FieldDecl { name, ty, .. } = field;
            match (name, ty) {
                (Some(name), ty) => {
                    let ty = self.field_type(ty).to_string();
                    out.insert(
                        name.clone(),
                        Field {
                            offset: base + offset,
                            ty,
                            bits,
                        },
                    );
                }
                (None, CType::Record(inner)) => self.add_fields(*inner, base + offset, out)?,
                _ => {}
            }
        }
        Some(())
    }

    /// A member's or variable's type as the data files spell it.
    pub fn field_type(&self, ty: &CType) -> FieldType {
        match ty {
            CType::Record(_) if !self.is_stack_ref(ty) => {
                FieldType::Struct(self.record_name(ty).unwrap_or_default())
            }
            CType::Array(element, length) => {
                FieldType::Array(Box::new(self.field_type(element)), length.unwrap_or(0))
            }
            scalar => FieldType::Scalar(self.template_type(scalar)),
        }
    }

    /// A scalar's type in the template language.
    pub fn template_type(&self, ty: &CType) -> Type {
        match ty {
            CType::Void => Type::Void,
            CType::Bool => Type::Int {
                bits: 8,
                signed: false,
            },
            CType::Int { bits, signed } => Type::Int {
                bits: *bits,
                signed: *signed,
            },
            CType::Float => Type::F32,
            CType::Double | CType::LongDouble => Type::F64,
            CType::Record(_) if self.is_stack_ref(ty) => Type::Ref,
            CType::Record(_) | CType::Function(_) => Type::Ptr,
            CType::Pointer(inner) | CType::Array(inner, _) => self.pointer_type(inner),
        }
    }

    fn pointer_type(&self, pointee: &CType) -> Type {
        match pointee {
            CType::Record(_) if self.is_object(pointee) => Type::Object,
            CType::Record(_) if self.is_stack_ref(pointee) => {
                Type::Array(Box::new(Elem::Scalar(Type::Ref)))
            }
            CType::Void | CType::Function(_) | CType::Record(_) | CType::Array(..) => Type::Ptr,
            scalar => match self.template_type(scalar) {
                Type::Array(_) => Type::Array(Box::new(Elem::Scalar(Type::Ptr))),
                inner => Type::Array(Box::new(Elem::Scalar(inner))),
            },
        }
    }

    /// What indexing a pointer to this type steps over.
    pub fn element_type(&self, pointee: &CType) -> Elem {
        match pointee {
            CType::Record(_) if !self.is_stack_ref(pointee) => {
                Elem::Struct(self.record_name(pointee).unwrap_or_default())
            }
            scalar => match self.template_type(scalar) {
                Type::Array(_) => Elem::Scalar(Type::Ptr),
                inner => Elem::Scalar(inner),
            },
        }
    }

    /// The name of a record type in templates.
    pub fn record_name(&self, ty: &CType) -> Option<String> {
        match ty {
            CType::Record(id) => self.records[id.0].name.clone(),
            _ => None,
        }
    }

    /// A tagged stack reference, handled as one value.
    pub fn is_stack_ref(&self, ty: &CType) -> bool {
        self.record_name(ty).as_deref() == Some("_PyStackRef")
    }

    /// A struct that begins with an object's head.
    pub fn is_object(&self, ty: &CType) -> bool {
        let CType::Record(id) = ty else {
            return false;
        };
        let record = &self.records[id.0];
        if record.name.as_deref() == Some("PyObject") {
            return true;
        }
        match &record.fields {
            // Object types that this unit sees only a declaration of.
            None => record
                .name
                .as_deref()
                .is_some_and(|name| name.ends_with("Object")),
            Some(fields) => {
                !record.union
                    && fields
                        .first()
                        .is_some_and(|field| self.is_object(&field.ty))
            }
        }
    }

    /// The value of an integer constant expression.
    pub fn constant(&mut self, node: &Node<Expression>) -> Option<i128> {
        match &node.node {
            Expression::Constant(constant) => match &constant.node {
                Constant::Integer(integer) => integer_value(&integer.base, &integer.number),
                Constant::Character(text) => character(text),
                Constant::Float(_) => None,
            },
            Expression::Identifier(id) => self.constants.get(&id.node.name).copied(),
            Expression::SizeOfTy(size) => {
                let ty = self.type_name(&size.node.0.node);
                self.size_align(&ty).map(|(size, _)| i128::from(size))
            }
            Expression::SizeOfVal(size) => match &size.node.0.node {
                Expression::StringLiteral(pieces) => string_size(&pieces.node),
                _ => None,
            },
            Expression::OffsetOf(offset) => self.offset_of(&offset.node).map(i128::from),
            Expression::Cast(cast) => {
                let ty = self.type_name(&cast.node.type_name.node);
                self.constant(&cast.node.expression)
                    .map(|value| wrap(value, &ty))
            }
            Expression::UnaryOperator(unary) => {
                let value = self.constant(&unary.node.operand)?;
                match unary.node.operator.node {
                    UnaryOperator::Minus => Some(-value),
                    UnaryOperator::Plus => Some(value),
                    UnaryOperator::Complement => Some(!value),
                    UnaryOperator::Negate => Some(i128::from(value == 0)),
                    _ => None,
                }
            }
            Expression::BinaryOperator(binary) => {
                let left = self.constant(&binary.node.lhs)?;
                let right = self.constant(&binary.node.rhs)?;
                fold(&binary.node.operator.node, left, right)
            }
            Expression::Conditional(conditional) => {
                match self.constant(&conditional.node.condition)? {
                    0 => self.constant(&conditional.node.else_expression),
                    _ => self.constant(&conditional.node.then_expression),
                }
            }
            _ => None,
        }
    }
}

fn fold(op: &BinaryOperator, left: i128, right: i128) -> Option<i128> {
    let flag = |b: bool| Some(i128::from(b));
    match op {
        BinaryOperator::Plus => left.checked_add(right),
        BinaryOperator::Minus => left.checked_sub(right),
        BinaryOperator::Multiply => left.checked_mul(right),
        BinaryOperator::Divide => left.checked_div(right),
        BinaryOperator::Modulo => left.checked_rem(right),
        BinaryOperator::ShiftLeft => left.checked_shl(u32::try_from(right).ok()?),
        BinaryOperator::ShiftRight => left.checked_shr(u32::try_from(right).ok()?),
        BinaryOperator::BitwiseAnd => Some(left & right),
        BinaryOperator::BitwiseOr => Some(left | right),
        BinaryOperator::BitwiseXor => Some(left ^ right),
        BinaryOperator::Less => flag(left < right),
        BinaryOperator::Greater => flag(left > right),
        BinaryOperator::LessOrEqual => flag(left <= right),
        BinaryOperator::GreaterOrEqual => flag(left >= right),
        BinaryOperator::Equals => flag(left == right),
        BinaryOperator::NotEquals => flag(left != right),
        BinaryOperator::LogicalAnd => flag(left != 0 && right != 0),
        BinaryOperator::LogicalOr => flag(left != 0 || right != 0),
        _ => None,
    }
}

/// A value as a type of limited width holds it.
pub fn wrap(value: i128, ty: &CType) -> i128 {
    match ty {
        CType::Bool => i128::from(value != 0),
        CType::Int { bits, signed } => {
            let span = 1i128 << *bits;
            let low = value.rem_euclid(span);
            if *signed && low >= span / 2 {
                low - span
            } else {
                low
            }
        }
        _ => value,
    }
}

/// The value of an integer literal's digits.
pub fn integer_value(base: &IntegerBase, digits: &str) -> Option<i128> {
    let radix = match base {
        IntegerBase::Decimal => 10,
        IntegerBase::Octal => 8,
        IntegerBase::Hexadecimal => 16,
        IntegerBase::Binary => 2,
    };
    i128::from_str_radix(digits, radix).ok()
}

/// The value of a character literal such as `'a'` or `'\n'`.
pub fn character(text: &str) -> Option<i128> {
    let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
    let mut chars = inner.chars();
    let value = match (chars.next()?, chars.next()) {
        (c, None) => c as u32,
        ('\\', Some('n')) => 10,
        ('\\', Some('t')) => 9,
        ('\\', Some('r')) => 13,
        ('\\', Some('0')) => 0,
        ('\\', Some(c @ ('\\' | '\'' | '"'))) => c as u32,
        _ => return None,
    };
    Some(i128::from(value))
}

/// The size of a string literal, given as its pieces with their quotes.
fn string_size(pieces: &[String]) -> Option<i128> {
    let mut size = 1;
    for piece in pieces {
        let inner = piece.strip_prefix('"')?.strip_suffix('"')?;
        let mut bytes = inner.bytes();
        while let Some(byte) = bytes.next() {
            // Escapes of more than one character do not occur in sizes.
            if byte == b'\\' && matches!(bytes.next()?, b'x' | b'u' | b'U' | b'0'..=b'7') {
                return None;
            }
            size += 1;
        }
    }
    Some(size)
}

/// The number of elements that an initializer gives an array of unknown length.
pub fn initializer_length(initializer: &Initializer) -> Option<u64> {
    match initializer {
        Initializer::List(items) if items.iter().all(|item| item.node.designation.is_empty()) => {
            Some(items.len() as u64)
        }
        _ => None,
    }
}
