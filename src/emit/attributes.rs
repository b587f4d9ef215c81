//! Attributes of instances of classes written in Python, at places where the interpreter has
//! specialised for another class or not at all: what is there now is taken behind a guard on the
//! version of the class, and another class gets a version of the instruction of its own.

use pyo3::ffi::{PyObject, PyTypeObject};

use crate::jit::code::read;
use crate::jit::context::Known;
use crate::jit::standins::attributes::{self, DICT, Found, key_count, look};
use crate::jit::string_keys::StringKeys;
use crate::mechanisms::Mechanism;
use crate::release::layout::{PyDictKeysObject, PyDictValues, PyHeapTypeObject};
use crate::release::layout::{PyObject as Head, PyTypeObject as Class};

use super::Emit;
use super::globals;
use super::types::{Elem, Flow, Ty, Val};

/// An element of an array of objects.
const OBJECT: Elem = Elem {
    ty: Ty::Object,
    size: 8,
};

/// An attribute that an object may have now.
#[derive(Clone, Copy)]
struct Attribute {
    object: usize,
    name: usize,
    class: usize,
    version: u32,
    found: Found,
}

impl Emit<'_> {
    /// What `PyObject_GetAttr` gives where an instance has a value of its own.
    pub(crate) fn get_attribute(&mut self, owner: Val, name: Val) -> Flow<Option<Val>> {
        let Some(attribute) = self.seen_attribute(owner, name)? else {
            return Ok(None);
        };
        let value = match attribute.found {
            Found::Value(index) if attribute.has_value(index) => {
                self.own_value(owner, attribute, index)?
            }
            Found::Value(_) | Found::Own => self.dict_value(owner, attribute)?,
            _ => None,
        };
        if let Some(value) = value {
            self.py_incref(value)?;
        }
        Ok(value)
    }

    /// The same for `_PyObject_GetMethod`, which tells whether what it has put at an address is a
    /// function of the class.
    pub(crate) fn get_method(&mut self, owner: Val, name: Val, to: Val) -> Flow<Option<Val>> {
        let Some(word) = self.forwarding_word(to) else {
            return Ok(None);
        };
        let Some(attribute) = self.seen_attribute(owner, name)? else {
            return Ok(None);
        };
        let (method, of_class) = match attribute.found {
            Found::Plain(function) => {
                self.expect_version(owner, attribute.version)?;
                (self.cached_object(function), true)
            }
            Found::Lazy(function, at) => {
                if attribute.word(at) != 0 {
                    return Ok(None);
                }
                self.expect_version(owner, attribute.version)?;
                self.expect_null(owner, at)?;
                (self.cached_object(function), true)
            }
            Found::Shadowable(function) => {
                if !self.expect_not_shadowed(owner, attribute)? {
                    return Ok(None);
                }
                (self.cached_object(function), true)
            }
            Found::Value(index) => match self.own_value(owner, attribute, index)? {
                Some(value) => (value, false),
                None => return Ok(None),
            },
            Found::Own | Found::Other => return Ok(None),
        };
        self.py_incref(method)?;
        self.forward(word, method);
        Ok(Some(self.small(i64::from(of_class))))
    }

    /// The same for `PyObject_SetAttr` where an instance has a value of its own, which is replaced.
    pub(crate) fn set_attribute(&mut self, owner: Val, name: Val, v: Val) -> Flow<Option<Val>> {
        if self.is_null(v.0) {
            return Ok(None);
        }
        let Some(attribute) = self.seen_attribute(owner, name)? else {
            return Ok(None);
        };
        let Found::Value(index) = attribute.found else {
            return Ok(None);
        };
        if !attribute.has_value(index) || !attribute.has_no_dict() {
            return Ok(None);
        }
        let (values, old) = self.expect_value(owner, attribute, index)?;
        if cfg!(Py_3_12) {
            self.expect_null(owner, DICT)?;
        }
        self.py_incref(v)?;
        let i = self.int(Ty::I64, i64::from(index));
        self.set_index(values, OBJECT, i, v);
        self.py_decref(old)?;
        Ok(Some(self.small(0)))
    }

    /// The attribute that the operand has under a name now, as far as its class tells.
    fn seen_attribute(&mut self, owner: Val, name: Val) -> Flow<Option<Attribute>> {
        if !Mechanism::AttributesInPlace.is_on() || !self.instr.guess || !self.is_untouched() {
            return Ok(None);
        }
        let Some(name) = self.node(name.0).imm() else {
            return Ok(None);
        };
        let (Some(class), Some(object)) = (self.class_of(owner)?, self.live(owner)) else {
            return Ok(None);
        };
        // SAFETY: the object lives while the instruction is emitted, and names are strings. The class
        // has a version by the time that it is asked for.
        let (found, version) = unsafe {
            let found = look(class, name as *mut PyObject);
            (found, (*(class as *mut PyTypeObject)).tp_version_tag)
        };
        Ok((version != 0).then_some(Attribute {
            object,
            name: name as usize,
            class,
            version,
            found,
        }))
    }

    /// The value that an instance has, behind guards that it has one there.
    fn own_value(&mut self, owner: Val, attribute: Attribute, index: i32) -> Flow<Option<Val>> {
        if !attribute.has_value(index) {
            return Ok(None);
        }
        let (_, value) = self.expect_value(owner, attribute, index)?;
        Ok(Some(value))
    }

    /// What the dict of an instance has under the name, behind guards that it has it there.
    fn dict_value(&mut self, owner: Val, attribute: Attribute) -> Flow<Option<Val>> {
        let Some((keys, at)) = attribute.in_dict() else {
            return Ok(None);
        };
        self.expect_version(owner, attribute.version)?;
        let dict = self.word_at(owner, DICT);
        let null = self.null();
        let some = self.ne(Ty::Ptr, dict, null);
        self.expect(some)?;
        let keys = self.keys(dict.0, keys);
        Ok(Some(self.entry(keys, at, attribute.name)))
    }

    /// Where an instance has its values, and the value with an index, which is not NULL.
    fn expect_value(&mut self, owner: Val, attribute: Attribute, index: i32) -> Flow<(Val, Val)> {
        self.expect_version(owner, attribute.version)?;
        let values = self.expect_values(owner, attribute.class)?;
        let values = self.member(values, &PyDictValues::values);
        let i = self.int(Ty::I64, i64::from(index));
        let value = self.index(values, OBJECT, i);
        let null = self.null();
        let some = self.ne(Ty::Object, value, null);
        self.expect(some)?;
        self.node_mut(value.0).known = Known::Bound;
        Ok((values, value))
    }

    /// Leaves where an object's class has not this version.
    fn expect_version(&mut self, owner: Val, version: u32) -> Flow {
        let class = self.load(owner, &Head::ob_type);
        self.expect_class_version(class, version)
    }

    /// The same for the class itself.
    pub(crate) fn expect_class_version(&mut self, class: Val, version: u32) -> Flow {
        let now = self.load(class, &Class::tp_version_tag);
        let expected = self.int(Ty::U32, i64::from(version));
        let same = self.eq(Ty::U32, now, expected);
        self.expect(same)
    }

    /// The values of an instance, which has no dict in their place.
    #[cfg(not(Py_3_12))]
    fn expect_values(&mut self, owner: Val, _class: usize) -> Flow<Val> {
        let values = self.word_at(owner, attributes::VALUES);
        let null = self.null();
        let some = self.ne(Ty::Ptr, values, null);
        self.expect(some)?;
        Ok(values)
    }

    #[cfg(Py_3_12)]
    fn expect_values(&mut self, owner: Val, class: usize) -> Flow<Val> {
        // SAFETY: a live class. The size of its instances does not change.
        let size = unsafe { (*(class as *mut PyTypeObject)).tp_basicsize };
        let size = self.int(Ty::I64, size as i64);
        let bytes = Elem {
            ty: Ty::I8,
            size: 1,
        };
        let values = self.element(owner, bytes, size);
        let valid = self.load(values, &PyDictValues::valid);
        let zero = self.int(Ty::U8, 0);
        let valid = self.ne(Ty::U8, valid, zero);
        self.expect(valid)?;
        Ok(values)
    }

    /// Leaves where a word of an object is not NULL.
    fn expect_null(&mut self, owner: Val, at: i32) -> Flow {
        let word = self.word_at(owner, at);
        let null = self.null();
        let none = self.eq(Ty::Ptr, word, null);
        self.expect(none)
    }

    /// Leaves where an instance may have something of its own under the name of a function of its class.
    fn expect_not_shadowed(&mut self, owner: Val, attribute: Attribute) -> Flow<bool> {
        let Attribute {
            object,
            name,
            class,
            ..
        } = attribute;
        // SAFETY: as in `seen_attribute`; the class's instances share keys.
        let (keys, shadowed) = unsafe {
            let keys = key_count(class);
            let name = name as *mut PyObject;
            (
                keys,
                !attribute.has_no_dict()
                    || !attributes::shadows_nothing(object as *mut PyObject, class, name),
            )
        };
        if shadowed {
            return Ok(false);
        }
        self.expect_version(owner, attribute.version)?;
        let class_now = self.load(owner, &Head::ob_type);
        let now = self.load(class_now, &PyHeapTypeObject::ht_cached_keys);
        let now = self.load(now, &PyDictKeysObject::dk_nentries);
        let expected = self.int(Ty::I64, keys);
        let same = self.eq(Ty::I64, now, expected);
        self.expect(same)?;
        if cfg!(Py_3_12) {
            self.expect_values(owner, class)?;
        } else {
            self.expect_null(owner, DICT)?;
        }
        Ok(true)
    }

    /// A word of an object, at a distance from its start.
    fn word_at(&mut self, owner: Val, at: i32) -> Val {
        let words = Elem {
            ty: Ty::Ptr,
            size: 8,
        };
        let i = self.int(Ty::I32, i64::from(at / 8));
        self.index(owner, words, i)
    }
}

impl Attribute {
    /// Whether the instance has a value with that index now.
    fn has_value(&self, index: i32) -> bool {
        // SAFETY: the object is alive, and its class's instances have values.
        unsafe {
            attributes::value(self.object as *mut PyObject, self.class, index)
                .is_some_and(|(values, at)| read::<usize>(values, at) != 0)
        }
    }

    /// The keys of the dict that it has now, and where the name's is among them.
    fn in_dict(&self) -> Option<(StringKeys, i32)> {
        match self.word(DICT) {
            0 => None,
            // SAFETY: the object is alive, and so is its dict; names in code are strings.
            dict => unsafe {
                let keys = StringKeys::of(dict)?;
                Some((keys, globals::find(keys, self.name)?))
            },
        }
    }

    /// Whether it has no dict now.
    fn has_no_dict(&self) -> bool {
        self.word(DICT) == 0
    }

    /// A word that the instance has now.
    fn word(&self, at: i32) -> usize {
        // SAFETY: the object is alive, and its class's instances have such a word.
        unsafe { read(self.object, at) }
    }
}
