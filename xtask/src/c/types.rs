//! The declarations of a translation unit: types, constants, functions, variables.

use std::collections::HashMap;
use std::rc::Rc;

use lang_c::ast::{
    ArraySize, Declaration, DeclarationSpecifier, Declarator, DeclaratorKind, DerivedDeclarator,
    Ellipsis, EnumType, Extension, ExternalDeclaration, FunctionDefinition, FunctionSpecifier,
    SpecifierQualifier, StorageClassSpecifier, StructDeclaration, StructKind, StructType, TypeName,
    TypeSpecifier,
};
use lang_c::span::{Node, Span};

use super::ctype::{CType, FieldDecl, FunctionType, Record, RecordId};
use super::error::Place;
use super::parse::Unit;
use cevalry_model::data::Linkage;

/// A function's declarations, as far as seen.
#[derive(Clone, Debug)]
pub struct FunctionDecl {
    pub ty: FunctionType,
    pub linkage: Linkage,
    pub inline: bool,
    pub body: Option<Rc<FunctionDefinition>>,
    pub span: Span,
    pub place: Place,
}

/// A variable at file scope.
#[derive(Clone, Debug)]
pub struct VariableDecl {
    pub ty: CType,
    pub linkage: Linkage,
}

/// Everything declared in a unit.
#[derive(Debug, Default)]
pub struct Types {
    pub records: Vec<Record>,
    pub functions: HashMap<String, FunctionDecl>,
    pub variables: HashMap<String, VariableDecl>,
    pub constants: HashMap<String, i128>,
    typedefs: HashMap<String, CType>,
    tags: HashMap<String, RecordId>,
    enum_tags: HashMap<String, CType>,
    /// Records by the place of their definition, so that looking twice gives the same one.
    spans: HashMap<usize, RecordId>,
}

/// What the specifiers of a declaration say, besides the type.
#[derive(Clone, Copy, Debug, Default)]
pub struct Storage {
    pub typedef: bool,
    pub is_static: bool,
    pub inline: bool,
    pub exported: bool,
}

impl Types {
    /// Reads all declarations of a unit.
    pub fn collect(unit: &Unit) -> Self {
        let mut types = Self::default();
        for item in &unit.tree.0 {
            match &item.node {
                ExternalDeclaration::Declaration(declaration) => {
                    types.file_scope(&declaration.node, unit, item.span);
                }
                ExternalDeclaration::FunctionDefinition(function) => {
                    types.definition(&function.node, unit, item.span);
                }
                ExternalDeclaration::StaticAssert(_) => {}
            }
        }
        for record in &mut types.records {
            let packed = |name: &String| unit.packed.contains(name);
            record.packed = record.name.as_ref().is_some_and(packed);
        }
        types.name_members();
        types
    }

    fn file_scope(&mut self, declaration: &Declaration, unit: &Unit, span: Span) {
        let (base, mut storage) = self.specifiers(&declaration.specifiers);
        for declarator in &declaration.declarators {
            let node = &declarator.node.declarator.node;
            let Some((name, mut ty)) = self.declarator(node, base.clone()) else {
                continue;
            };
            storage.exported |= exported(&node.extensions);
            if let (CType::Array(element, None), Some(initializer)) =
                (&ty, &declarator.node.initializer)
            {
                let length = super::layout::initializer_length(&initializer.node);
                ty = CType::Array(element.clone(), length);
            }
            self.declare(name, ty, storage, unit, span);
        }
    }

    fn declare(&mut self, name: String, ty: CType, storage: Storage, unit: &Unit, span: Span) {
        if storage.typedef {
            if let CType::Record(id) = &ty {
                let record = &mut self.records[id.0];
                let tag = record.name.clone().filter(|known| {
                    // A tag gives way to the first typedef; a typedef does not.
                    self.tags.get(known) != Some(id)
                });
                record.name = Some(tag.unwrap_or_else(|| name.clone()));
            }
            self.typedefs.insert(name, ty);
            return;
        }
        let linkage = linkage(storage);
        match ty {
            CType::Function(ty) => {
                let place = unit.place(span);
                let entry = self.functions.entry(name).or_insert_with(|| FunctionDecl {
                    ty: (*ty).clone(),
                    linkage,
                    inline: storage.inline,
                    body: None,
                    span,
                    place,
                });
                entry.inline |= storage.inline;
                if linkage == Linkage::Exported {
                    entry.linkage = linkage;
                }
            }
            ty => {
                let entry = self.variables.entry(name).or_insert_with(|| VariableDecl {
                    ty: ty.clone(),
                    linkage,
                });
                if matches!(entry.ty, CType::Array(_, None)) {
                    entry.ty = ty;
                }
                if linkage == Linkage::Exported {
                    entry.linkage = linkage;
                }
            }
        }
    }

    fn definition(&mut self, function: &FunctionDefinition, unit: &Unit, span: Span) {
        let (base, storage) = self.specifiers(&function.specifiers);
        let Some((name, ty)) = self.declarator(&function.declarator.node, base) else {
            return;
        };
        self.declare(name.clone(), ty, storage, unit, span);
        if let Some(entry) = self.functions.get_mut(&name) {
            entry.body = Some(Rc::new(function.clone()));
            entry.span = span;
            entry.place = unit.place(span);
        }
    }

    /// The type and storage that a declaration's specifiers give.
    pub fn specifiers(&mut self, list: &[Node<DeclarationSpecifier>]) -> (CType, Storage) {
        let mut storage = Storage::default();
        let mut types = Vec::new();
        for specifier in list {
            match &specifier.node {
                DeclarationSpecifier::StorageClass(class) => match class.node {
                    StorageClassSpecifier::Typedef => storage.typedef = true,
                    StorageClassSpecifier::Static => storage.is_static = true,
                    _ => {}
                },
                DeclarationSpecifier::TypeSpecifier(ty) => types.push(ty),
                DeclarationSpecifier::Function(function) => {
                    storage.inline |= function.node == FunctionSpecifier::Inline;
                }
                DeclarationSpecifier::Extension(extensions) => {
                    storage.exported |= exported(extensions);
                }
                _ => {}
            }
        }
        (self.base(&types), storage)
    }

    /// The type that a list of specifiers and qualifiers gives.
    pub fn qualified(&mut self, list: &[Node<SpecifierQualifier>]) -> CType {
        let types: Vec<_> = list
            .iter()
            .filter_map(|node| match &node.node {
                SpecifierQualifier::TypeSpecifier(ty) => Some(ty),
                _ => None,
            })
            .collect();
        self.base(&types)
    }

    /// The type that a cast or `sizeof` names.
    pub fn type_name(&mut self, name: &TypeName) -> CType {
        let base = self.qualified(&name.specifiers);
        match &name.declarator {
            Some(declarator) => self.derive(&declarator.node, base).1,
            None => base,
        }
    }

    /// A typedef's type.
    pub fn typedef(&self, name: &str) -> Option<&CType> {
        self.typedefs.get(name)
    }

    fn base(&mut self, specifiers: &[&Node<TypeSpecifier>]) -> CType {
        let (mut longs, mut signed, mut base) = (0, true, None);
        for specifier in specifiers {
            match &specifier.node {
                TypeSpecifier::Void => base = Some(CType::Void),
                TypeSpecifier::Bool => base = Some(CType::Bool),
                TypeSpecifier::Char => {
                    base = Some(CType::Int {
                        bits: 8,
                        signed: true,
                    })
                }
                TypeSpecifier::Short => {
                    base = Some(CType::Int {
                        bits: 16,
                        signed: true,
                    })
                }
                TypeSpecifier::Float => base = Some(CType::Float),
                TypeSpecifier::Double => base = Some(CType::Double),
                TypeSpecifier::Long => longs += 1,
                TypeSpecifier::Unsigned => signed = false,
                TypeSpecifier::Struct(node) => base = Some(self.record(&node.node, node.span)),
                TypeSpecifier::Enum(node) => base = Some(self.enumeration(&node.node)),
                TypeSpecifier::TypedefName(name) => {
                    base = Some(self.named(&name.node.name));
                }
                TypeSpecifier::Atomic(name) => base = Some(self.type_name(&name.node)),
                _ => {}
            }
        }
        match base {
            Some(CType::Int { bits, .. }) if !signed => CType::Int { bits, signed },
            Some(CType::Double) if longs > 0 => CType::LongDouble,
            Some(base) => base,
            None if longs > 0 => CType::Int { bits: 64, signed },
            None => CType::Int { bits: 32, signed },
        }
    }

    fn named(&self, name: &str) -> CType {
        match (self.typedefs.get(name), name) {
            (Some(ty), _) => ty.clone(),
            // The compiler's own: an array of one record of 24 bytes.
            (None, "__builtin_va_list") => CType::Array(
                Rc::new(CType::Int {
                    bits: 64,
                    signed: false,
                }),
                Some(3),
            ),
            (None, _) => CType::INT,
        }
    }

    fn record(&mut self, node: &StructType, span: Span) -> CType {
        let union = node.kind.node == StructKind::Union;
        let tag = node.identifier.as_ref().map(|id| id.node.name.clone());
        let known = match &tag {
            Some(tag) => self.tags.get(tag).copied(),
            None => self.spans.get(&span.start).copied(),
        };
        let id = known.unwrap_or_else(|| {
            self.records.push(Record {
                name: tag.clone(),
                union,
                packed: false,
                fields: None,
            });
            RecordId(self.records.len() - 1)
        });
        match tag {
            Some(tag) => self.tags.insert(tag, id),
            None => self.spans.insert(span.start, id),
        };
        if let (Some(declarations), None) = (&node.declarations, &self.records[id.0].fields) {
            let fields = self.fields(declarations);
            self.records[id.0].fields = Some(fields);
        }
        CType::Record(id)
    }

    fn fields(&mut self, declarations: &[Node<StructDeclaration>]) -> Vec<FieldDecl> {
        let mut fields = Vec::new();
        for declaration in declarations {
            let StructDeclaration::Field(field) = &declaration.node else {
                continue;
            };
            let base = self.qualified(&field.node.specifiers);
            if field.node.declarators.is_empty() {
                fields.push(FieldDecl {
                    name: None,
                    ty: base,
                    bits: None,
                });
                continue;
            }
            for declarator in &field.node.declarators {
                let (name, ty) = match &declarator.node.declarator {
                    Some(node) => self.derive(&node.node, base.clone()),
                    None => (None, base.clone()),
                };
                let width = declarator.node.bit_width.as_ref();
                let bits = width
                    .and_then(|width| self.constant(width))
                    .map(|n| n as u32);
                fields.push(FieldDecl { name, ty, bits });
            }
        }
        fields
    }

    fn enumeration(&mut self, node: &EnumType) -> CType {
        let tag = node.identifier.as_ref().map(|id| id.node.name.clone());
        if node.enumerators.is_empty() {
            let known = tag.and_then(|tag| self.enum_tags.get(&tag).cloned());
            return known.unwrap_or(CType::Int {
                bits: 32,
                signed: false,
            });
        }
        let (mut next, mut signed) = (0, false);
        for enumerator in &node.enumerators {
            let given = enumerator.node.expression.as_ref();
            let value = given.and_then(|value| self.constant(value)).unwrap_or(next);
            signed |= value < 0;
            self.constants
                .insert(enumerator.node.identifier.node.name.clone(), value);
            next = value + 1;
        }
        let ty = CType::Int { bits: 32, signed };
        if let Some(tag) = tag {
            self.enum_tags.insert(tag, ty.clone());
        }
        ty
    }

    /// The name and type of a declarator that has a name.
    pub fn declarator(&mut self, node: &Declarator, base: CType) -> Option<(String, CType)> {
        let (name, ty) = self.derive(node, base);
        Some((name?, ty))
    }

    fn derive(&mut self, node: &Declarator, mut ty: CType) -> (Option<String>, CType) {
        let is_pointer = |d: &&Node<DerivedDeclarator>| {
            matches!(
                d.node,
                DerivedDeclarator::Pointer(_) | DerivedDeclarator::Block(_)
            )
        };
        for _ in node.derived.iter().filter(is_pointer) {
            ty = ty.pointer();
        }
        for suffix in node.derived.iter().filter(|d| !is_pointer(d)).rev() {
            ty = match &suffix.node {
                DerivedDeclarator::Array(array) => {
                    let length = match &array.node.size {
                        ArraySize::VariableExpression(size) | ArraySize::StaticExpression(size) => {
                            self.constant(size).and_then(|n| u64::try_from(n).ok())
                        }
                        _ => None,
                    };
                    CType::Array(Rc::new(ty), length)
                }
                DerivedDeclarator::Function(function) => {
                    let params = self.parameters(&function.node.parameters);
                    CType::Function(Rc::new(FunctionType {
                        params: params.into_iter().map(|(_, ty)| ty).collect(),
                        variadic: function.node.ellipsis == Ellipsis::Some,
                        result: ty,
                    }))
                }
                _ => CType::Function(Rc::new(FunctionType {
                    params: Vec::new(),
                    variadic: false,
                    result: ty,
                })),
            };
        }
        match &node.kind.node {
            DeclaratorKind::Abstract => (None, ty),
            DeclaratorKind::Identifier(id) => (Some(id.node.name.clone()), ty),
            DeclaratorKind::Declarator(inner) => self.derive(&inner.node, ty),
        }
    }

    /// Names and types of a function's parameters; `void` alone is none.
    pub fn parameters(
        &mut self,
        list: &[Node<lang_c::ast::ParameterDeclaration>],
    ) -> Vec<(Option<String>, CType)> {
        let mut params = Vec::new();
        for parameter in list {
            let (base, _) = self.specifiers(&parameter.node.specifiers);
            let (name, ty) = match &parameter.node.declarator {
                Some(declarator) => self.derive(&declarator.node, base),
                None => (None, base),
            };
            if ty != CType::Void {
                params.push((name, ty.decayed()));
            }
        }
        params
    }
}

/// The parameter list of a function's declarator.
pub fn parameter_nodes(node: &Declarator) -> &[Node<lang_c::ast::ParameterDeclaration>] {
    for derived in &node.derived {
        if let DerivedDeclarator::Function(function) = &derived.node {
            return &function.node.parameters;
        }
    }
    match &node.kind.node {
        DeclaratorKind::Declarator(inner) => parameter_nodes(&inner.node),
        _ => &[],
    }
}

fn linkage(storage: Storage) -> Linkage {
    match storage {
        Storage {
            is_static: true, ..
        } => Linkage::Static,
        Storage { exported: true, .. } => Linkage::Exported,
        _ => Linkage::Hidden,
    }
}

fn exported(extensions: &[Node<Extension>]) -> bool {
    extensions.iter().any(|extension| match &extension.node {
        Extension::Attribute(attribute) => {
            attribute.name.node.trim_matches('_') == "visibility"
                && format!("{:?}", attribute.arguments).contains("default")
        }
        _ => false,
    })
}
