//! C types, resolved.

use std::rc::Rc;

/// A type with typedefs and enums resolved.
#[derive(Clone, Debug, PartialEq)]
pub enum CType {
    Void,
    Bool,
    Int {
        bits: u8,
        signed: bool,
    },
    Float,
    Double,
    LongDouble,
    Pointer(Rc<CType>),
    /// An array; its length where it is known.
    Array(Rc<CType>, Option<u64>),
    Record(RecordId),
    Function(Rc<FunctionType>),
}

/// A struct or union, as an index into [`super::types::Types::records`].
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct RecordId(pub usize);

#[derive(Clone, Debug, PartialEq)]
pub struct FunctionType {
    pub params: Vec<CType>,
    pub variadic: bool,
    pub result: CType,
}

/// A struct or union.
#[derive(Clone, Debug)]
pub struct Record {
    /// The first typedef that names it, or its tag.
    pub name: Option<String>,
    pub union: bool,
    /// Without padding.
    pub packed: bool,
    /// `None` while only declared.
    pub fields: Option<Vec<FieldDecl>>,
}

#[derive(Clone, Debug)]
pub struct FieldDecl {
    /// `None` for an anonymous struct or union, or padding bits.
    pub name: Option<String>,
    pub ty: CType,
    pub bits: Option<u32>,
}

impl CType {
    pub const INT: Self = Self::Int {
        bits: 32,
        signed: true,
    };
    pub const LONG: Self = Self::Int {
        bits: 64,
        signed: true,
    };
    pub const SIZE: Self = Self::Int {
        bits: 64,
        signed: false,
    };

    /// A pointer to this type.
    pub fn pointer(self) -> Self {
        Self::Pointer(Rc::new(self))
    }

    /// What a pointer or array points at.
    pub fn pointee(&self) -> Option<&CType> {
        match self {
            Self::Pointer(inner) | Self::Array(inner, _) => Some(inner),
            _ => None,
        }
    }

    pub fn is_integer(&self) -> bool {
        matches!(self, Self::Int { .. } | Self::Bool)
    }

    pub fn is_float(&self) -> bool {
        matches!(self, Self::Float | Self::Double)
    }

    /// Pointers, and what decays to one.
    pub fn is_pointer(&self) -> bool {
        matches!(self, Self::Pointer(_) | Self::Array(..) | Self::Function(_))
    }

    /// The type of a value of this type: arrays and functions decay.
    pub fn decayed(&self) -> Self {
        match self {
            Self::Array(element, _) => Self::Pointer(element.clone()),
            Self::Function(_) => self.clone().pointer(),
            other => other.clone(),
        }
    }
}
