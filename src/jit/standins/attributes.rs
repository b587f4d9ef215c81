//! Attributes of instances of classes written in Python, where a place meets so many classes that
//! the interpreter does not specialise it.
//!
//! What a class has under a name, and where its instances have it, holds as long as the class has
//! the same version and its instances' keys are as many: keys that instances share are only ever
//! added to. The interpreter's own functions look both up each time.

use std::cell::UnsafeCell;
use std::ffi::c_int;

use pyo3::ffi::{self, PyObject, PyTypeObject};

use super::StandIn;
use crate::jit::code::{read, write};
use crate::jit::facts;
use crate::jit::string_keys::{Search, StringKeys, value_at};
use crate::release::layout::{
    PyASCIIObject, PyDictKeysObject, PyDictUnicodeEntry, PyDictValues, PyHeapTypeObject,
    PyObject as Head, PyTypeObject as Class,
};

/// Functions that the interpreter exports and that compiled code calls in another form.
pub const INSTEAD: &[StandIn] = &[
    ("PyObject_GetAttr", get as *const ()),
    ("PyObject_SetAttr", set as *const ()),
    ("_PyObject_GetMethod", get_method as *const ()),
];

unsafe extern "C" {
    fn _PyObject_GetMethod(
        object: *mut PyObject,
        name: *mut PyObject,
        method: *mut *mut PyObject,
    ) -> c_int;
    /// What a class has under a name, a borrowed reference or NULL; gives the class a version if it can.
    pub(crate) fn _PyType_Lookup(class: *mut PyTypeObject, name: *mut PyObject) -> *mut PyObject;
}

/// Instances have a dict, or the values of one.
pub const MANAGED_DICT: std::ffi::c_ulong = 1 << 4;
/// Instances have the values of a dict, from 3.12 on behind their own members.
#[cfg(Py_3_12)]
pub const WITH_VALUES: std::ffi::c_ulong = 1 << 2;
#[cfg(not(Py_3_12))]
pub const WITH_VALUES: std::ffi::c_ulong = MANAGED_DICT;
/// Where an instance has a pointer to its dict, and on 3.11 to the values that it has instead.
pub const DICT: i32 = -24;
#[cfg(not(Py_3_12))]
pub const VALUES: i32 = -32;

/// How many answers are remembered.
const ANSWERS: usize = 1024;
/// The number of keys of a class whose instances have none.
const NO_KEYS: i64 = -1;

/// What there is under a name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Found {
    /// Something that only the interpreter deals with.
    Other,
    /// A method of the class, for instances without anything of their own.
    Plain(usize),
    /// The same, for instances that have a dict only where this distance leads to one.
    Lazy(usize, i32),
    /// The same, for instances whose values have another name.
    Shadowable(usize),
    /// The value of an instance with this index, or what its dict has where it has one instead.
    Value(i32),
    /// What the dict of an instance has, which may have one.
    Own,
}

/// What was found out about a class and a name.
#[derive(Clone, Copy, Debug)]
struct Answer {
    class: usize,
    name: usize,
    hash: i64,
    keys: i64,
    version: u32,
    found: Found,
}

const NO_ANSWER: Answer = Answer {
    class: 0,
    name: 0,
    hash: 0,
    keys: 0,
    version: 0,
    found: Found::Other,
};

struct Answers(UnsafeCell<[Answer; ANSWERS]>);

// SAFETY: only touched by functions that are called with the GIL held, and never while Python runs.
unsafe impl Sync for Answers {}

static REMEMBERED: Answers = Answers(UnsafeCell::new([NO_ANSWER; ANSWERS]));

/// The keys that instances of a class share; 0 where there are none.
///
/// # Safety
/// A live class.
#[inline]
unsafe fn shared_keys(class: usize) -> usize {
    // SAFETY: by the caller. Only classes that are no built-in ones are larger than others.
    unsafe {
        match (*(class as *mut PyTypeObject)).tp_flags & ffi::Py_TPFLAGS_HEAPTYPE {
            0 => 0,
            _ => read(class, PyHeapTypeObject::ht_cached_keys.offset),
        }
    }
}

/// How many those are.
///
/// # Safety
/// A live class.
#[inline]
pub unsafe fn key_count(class: usize) -> i64 {
    // SAFETY: by the caller.
    unsafe {
        match shared_keys(class) {
            0 => NO_KEYS,
            keys => read(keys, PyDictKeysObject::dk_nentries.offset),
        }
    }
}

/// The class of an object, and what its instances have under a name.
///
/// # Safety
/// As for [`look`], of a live object.
#[inline]
unsafe fn look_at(object: *mut PyObject, name: *mut PyObject) -> (usize, Found) {
    // SAFETY: by the caller.
    unsafe {
        let class: usize = read(object as usize, Head::ob_type.offset);
        (class, look(class, name))
    }
}

/// What instances of a class have under a name.
///
/// # Safety
/// A live class and a string; the GIL is held.
#[inline]
pub unsafe fn look(class: usize, name: *mut PyObject) -> Found {
    // SAFETY: by the caller.
    unsafe {
        let version: u32 = read(class, Class::tp_version_tag.offset);
        let hash: i64 = read(name as usize, PyASCIIObject::hash.offset);
        let keys = key_count(class);
        let place = (version as usize ^ (name as usize >> 4)) % ANSWERS;
        let answers = REMEMBERED.0.get().cast::<Answer>();
        let (first, second) = (answers.add(place), answers.add(place ^ 1));
        let holds = |answer: *const Answer| {
            (*answer).version == version
                && (*answer).class == class
                && (*answer).name == name as usize
                && (*answer).hash == hash
                && (*answer).keys == keys
        };
        if version != 0 {
            if holds(first) {
                return (*first).found;
            }
            if holds(second) {
                return (*second).found;
            }
        }
        learn(class, name, [first, second], keys)
    }
}

/// The same for what is not remembered.
///
/// # Safety
/// As for `look`; the answers are where this one may be, and the older one gives way.
#[cold]
#[inline(never)]
unsafe fn learn(
    class: usize,
    name: *mut PyObject,
    [newer, older]: [*mut Answer; 2],
    keys: i64,
) -> Found {
    // SAFETY: by the caller.
    unsafe {
        if ffi::PyUnicode_CheckExact(name) == 0 {
            return Found::Other;
        }
        let hash: i64 = read(name as usize, PyASCIIObject::hash.offset);
        // The interpreter's functions look there first too; what is found has a version then.
        let attribute = _PyType_Lookup(class as *mut PyTypeObject, name);
        let version: u32 = read(class, Class::tp_version_tag.offset);
        if !ffi::PyErr_Occurred().is_null() {
            ffi::PyErr_Clear();
            return Found::Other;
        }
        let found = find(class, name, attribute);
        if version != 0 && hash != -1 {
            *older = *newer;
            *newer = Answer {
                class,
                name: name as usize,
                hash,
                keys,
                version,
                found,
            };
        }
        found
    }
}

/// What a class has under a name, where its attribute of that name is known.
///
/// # Safety
/// As for `look`.
unsafe fn find(class: usize, name: *mut PyObject, attribute: *mut PyObject) -> Found {
    // SAFETY: by the caller.
    unsafe {
        let ty = class as *mut PyTypeObject;
        let reads = (*ty).tp_getattro.map(|f| f as usize);
        let writes = (*ty).tp_setattro.map(|f| f as usize);
        let usual = reads == Some(ffi::PyObject_GenericGetAttr as *const () as usize)
            && writes == Some(ffi::PyObject_GenericSetAttr as *const () as usize);
        if !usual {
            return Found::Other;
        }
        let method = !attribute.is_null()
            && (*ffi::Py_TYPE(attribute)).tp_flags & ffi::Py_TPFLAGS_METHOD_DESCRIPTOR != 0;
        if (*ty).tp_flags & MANAGED_DICT == 0 {
            return match (method, (*ty).tp_dictoffset) {
                (true, 0) => Found::Plain(attribute as usize),
                (true, at @ 1..) => Found::Lazy(attribute as usize, at as i32),
                _ => Found::Other,
            };
        }
        if !has_values(ty) {
            return Found::Other;
        }
        match (index_of(class, name), attribute.is_null()) {
            (Some(index), true) => Found::Value(index),
            (None, true) => Found::Own,
            (None, false) if method => Found::Shadowable(attribute as usize),
            _ => Found::Other,
        }
    }
}

/// Whether instances of a class keep values for keys that they share.
///
/// # Safety
/// A live class that is no built-in one.
pub unsafe fn has_values(ty: *mut PyTypeObject) -> bool {
    // SAFETY: by the caller.
    unsafe { (*ty).tp_flags & WITH_VALUES != 0 && shared_keys(ty as usize) != 0 }
}

/// The index of a name among the keys that instances of a class share. Those and names in code are
/// interned.
///
/// # Safety
/// A live class whose instances share keys.
unsafe fn index_of(class: usize, name: *mut PyObject) -> Option<i32> {
    // SAFETY: by the caller; shared keys are strings.
    unsafe {
        let keys = shared_keys(class);
        let bytes = 1i32 << read::<u8>(keys, PyDictKeysObject::dk_log2_index_bytes.offset);
        let count: i64 = read(keys, PyDictKeysObject::dk_nentries.offset);
        let first = PyDictKeysObject::dk_indices.offset + bytes + PyDictUnicodeEntry::me_key.offset;
        (0..count as i32).find(|&i| {
            let key: *mut PyObject = read(keys, first + facts::DICT_ENTRY * i);
            key == name || !key.is_null() && ffi::PyUnicode_Compare(key, name) == 0
        })
    }
}

/// The values of an instance, 0 where it has a dict instead.
///
/// # Safety
/// A live instance of a class whose instances have values.
#[inline]
unsafe fn values(object: *mut PyObject, class: usize) -> usize {
    // SAFETY: by the caller.
    unsafe {
        #[cfg(Py_3_12)]
        {
            let size = (*(class as *mut PyTypeObject)).tp_basicsize;
            let values = object as usize + size as usize;
            match read::<u8>(values, PyDictValues::valid.offset) {
                0 => 0,
                _ => values,
            }
        }
        #[cfg(not(Py_3_12))]
        {
            let _ = class;
            read(object as usize, VALUES)
        }
    }
}

/// Whether an instance has values of its own, and no dict.
///
/// # Safety
/// A live instance of a live class that is no built-in one.
pub unsafe fn has_own_values(object: *mut PyObject, class: *mut PyTypeObject) -> bool {
    // SAFETY: by the caller.
    unsafe {
        has_values(class)
            && values(object, class as usize) != 0
            && read::<usize>(object as usize, DICT) == 0
    }
}

/// Where an instance has the value with an index.
///
/// # Safety
/// As for `values`; the class's keys have that index.
#[inline]
pub unsafe fn value(object: *mut PyObject, class: usize, index: i32) -> Option<(usize, i32)> {
    // SAFETY: by the caller.
    let values = unsafe { values(object, class) };
    let at = PyDictValues::values.offset + index * size_of::<usize>() as i32;
    (values != 0).then_some((values, at))
}

/// The dict of an instance that has one instead of values, 0 where there is none.
///
/// # Safety
/// As for `values`.
#[inline]
unsafe fn dict(object: *mut PyObject, class: usize) -> usize {
    // SAFETY: by the caller.
    unsafe {
        match values(object, class) {
            0 => read(object as usize, DICT),
            _ => 0,
        }
    }
}

/// What the dict of an instance has under a name: NULL where it has nothing; `None` where it takes
/// more to tell, or the instance has no dict.
///
/// # Safety
/// As for `values`; the name is a string.
#[inline]
unsafe fn in_dict(
    object: *mut PyObject,
    class: usize,
    name: *mut PyObject,
) -> Option<*mut PyObject> {
    // SAFETY: by the caller; an instance's dict is a live one.
    unsafe {
        let dict = dict(object, class);
        if dict == 0 {
            return None;
        }
        let hash: i64 = read(name as usize, PyASCIIObject::hash.offset);
        if hash == -1 {
            return None;
        }
        let keys = StringKeys::of(dict)?;
        match keys.search(name as usize, hash) {
            Search::At(key) => Some(read(keys.address, value_at(key))),
            Search::Absent => Some(std::ptr::null_mut()),
            Search::Unsure => None,
        }
    }
}

/// Stands for `PyObject_GetAttr`.
unsafe extern "C" fn get(object: *mut PyObject, name: *mut PyObject) -> *mut PyObject {
    // SAFETY: by the caller.
    unsafe {
        if let Some(found) = own(object, name, look_at(object, name)) {
            return ffi::Py_NewRef(found);
        }
        ffi::PyObject_GetAttr(object, name)
    }
}

/// The attribute that an instance has of its own, where that can be told at once.
///
/// # Safety
/// As for `look_at`, which has found this.
#[inline]
unsafe fn own(
    object: *mut PyObject,
    name: *mut PyObject,
    (class, found): (usize, Found),
) -> Option<*mut PyObject> {
    // SAFETY: by the caller.
    unsafe {
        let found = match found {
            Found::Value(index) => match value(object, class, index) {
                Some((values, at)) => read(values, at),
                None => in_dict(object, class, name)?,
            },
            Found::Own => in_dict(object, class, name)?,
            Found::Other | Found::Plain(_) | Found::Lazy(..) | Found::Shadowable(_) => return None,
        };
        (!found.is_null()).then_some(found)
    }
}

/// Stands for `PyObject_SetAttr`: another value for what has one, and what goes into a dict.
unsafe extern "C" fn set(object: *mut PyObject, name: *mut PyObject, v: *mut PyObject) -> c_int {
    // SAFETY: by the caller.
    unsafe {
        if !v.is_null()
            && let (class, found @ (Found::Value(_) | Found::Own)) = look_at(object, name)
        {
            if let Found::Value(index) = found
                && read::<usize>(object as usize, DICT) == 0
                && let Some((values, at)) = value(object, class, index)
            {
                let old: *mut PyObject = read(values, at);
                if !old.is_null() {
                    write(values, at, ffi::Py_NewRef(v));
                    ffi::Py_DECREF(old);
                    return 0;
                }
            } else {
                let dict = dict(object, class);
                if dict != 0 {
                    return ffi::PyDict_SetItem(dict as *mut PyObject, name, v);
                }
            }
        }
        ffi::PyObject_SetAttr(object, name, v)
    }
}

/// Stands for `_PyObject_GetMethod`.
unsafe extern "C" fn get_method(
    object: *mut PyObject,
    name: *mut PyObject,
    method: *mut *mut PyObject,
) -> c_int {
    // SAFETY: by the caller.
    unsafe {
        match look_at(object, name) {
            (_, Found::Plain(function)) => {
                *method = ffi::Py_NewRef(function as *mut PyObject);
                return 1;
            }
            (_, Found::Lazy(function, at)) if read::<usize>(object as usize, at) == 0 => {
                *method = ffi::Py_NewRef(function as *mut PyObject);
                return 1;
            }
            (class, Found::Shadowable(function)) if shadows_nothing(object, class, name) => {
                *method = ffi::Py_NewRef(function as *mut PyObject);
                return 1;
            }
            found => {
                if let Some(found) = own(object, name, found) {
                    *method = ffi::Py_NewRef(found);
                    return 0;
                }
            }
        }
        _PyObject_GetMethod(object, name, method)
    }
}

/// Whether an instance certainly has nothing of its own under a name that its class has a function for,
/// and that is none of the keys that instances share.
///
/// # Safety
/// As for `values`; the name is a string.
#[inline]
pub unsafe fn shadows_nothing(object: *mut PyObject, class: usize, name: *mut PyObject) -> bool {
    // SAFETY: by the caller.
    unsafe {
        let bare = match cfg!(Py_3_12) {
            true => values(object, class) != 0,
            false => read::<usize>(object as usize, DICT) == 0,
        };
        bare || in_dict(object, class, name).is_some_and(|found| found.is_null())
    }
}
