//! Keys of dictionaries that are all strings, and how names are searched for among them.

use pyo3::ffi;

use crate::jit::code::read;
use crate::jit::facts;
use crate::release::layout::{
    PyASCIIObject, PyDictKeysObject, PyDictObject, PyDictUnicodeEntry, PyObject,
};

/// `DICT_KEYS_UNICODE`: all keys are strings, and the values stand beside them.
const ALL_STRINGS: u8 = 1;

/// `DKIX_EMPTY`, which ends a search.
pub const EMPTY: i32 = -1;

/// The keys of a plain dictionary, all of them strings, as they are now.
#[derive(Clone, Copy, Debug)]
pub struct StringKeys {
    pub address: usize,
    /// Base-2 logarithms of the number of places and of the bytes that those take.
    size: u8,
    bytes: u8,
}

/// What a search finds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Search {
    /// The name is there: where its key is.
    At(i32),
    Absent,
    /// Another string has the same hash, and may be equal.
    Unsure,
}

/// The places that a search looks at, one after the other, without end: where each is, and what
/// stands there, the number of an entry, [`EMPTY`], or that there was one. The order is that of
/// `unicodekeys_lookup_unicode` in `Objects/dictobject.c`.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    keys: StringKeys,
    place: u64,
    perturb: u64,
}

impl StringKeys {
    /// Those of a dictionary, if it is a plain one with such keys of its own.
    ///
    /// # Safety
    /// A live object; the GIL is held.
    #[inline]
    pub unsafe fn of(dict: usize) -> Option<Self> {
        // SAFETY: by the caller; what is no plain dictionary is not looked into.
        unsafe {
            let plain = &raw const ffi::PyDict_Type as usize;
            if read::<usize>(dict, PyObject::ob_type.offset) != plain {
                return None;
            }
            let address: usize = read(dict, PyDictObject::ma_keys.offset);
            let kind: u8 = read(address, PyDictKeysObject::dk_kind.offset);
            let keys = Self {
                address,
                size: read(address, PyDictKeysObject::dk_log2_size.offset),
                bytes: read(address, PyDictKeysObject::dk_log2_index_bytes.offset),
            };
            // Those that all new dictionaries share have no entries, and fewer places than memory.
            let own = keys.size >= 3 && (keys.size..=keys.size + 2).contains(&keys.bytes);
            (kind == ALL_STRINGS && own && keys.bytes < 24).then_some(keys)
        }
    }

    /// Size, size of the places and kind, a byte each, which say where everything is.
    pub fn shape(self) -> i32 {
        i32::from_le_bytes([0, self.size, self.bytes, ALL_STRINGS])
    }

    /// How many bytes a place takes.
    pub fn width(self) -> u8 {
        1 << (self.bytes - self.size)
    }

    /// Where the key of an entry is.
    #[inline]
    pub fn key_at(self, entry: i32) -> i32 {
        let first = PyDictKeysObject::dk_indices.offset + (1 << self.bytes);
        first + facts::DICT_ENTRY * entry + PyDictUnicodeEntry::me_key.offset
    }

    /// The places that a search for a string with this hash looks at.
    ///
    /// # Safety
    /// The keys are those of a live dictionary while they are looked at.
    #[inline]
    pub unsafe fn places(self, hash: i64) -> Places {
        Places {
            keys: self,
            place: hash as u64 & self.mask(),
            perturb: hash as u64,
        }
    }

    /// Searches for a name that code has, with its hash.
    ///
    /// # Safety
    /// The keys are those of a live dictionary, and the name is a string.
    #[inline]
    pub unsafe fn search(self, name: usize, hash: i64) -> Search {
        // SAFETY: by the caller; indices are those of entries, and keys are strings.
        unsafe {
            for (_, index) in self.places(hash) {
                if index == EMPTY {
                    break;
                }
                if index < 0 {
                    continue;
                }
                let at = self.key_at(index);
                let key: usize = read(self.address, at);
                if key == name {
                    return Search::At(at);
                }
                if read::<i64>(key, PyASCIIObject::hash.offset) == hash {
                    return Search::Unsure;
                }
            }
        }
        Search::Absent
    }

    #[inline]
    fn mask(self) -> u64 {
        (1 << self.size) - 1
    }
}

impl Iterator for Places {
    type Item = (i32, i32);

    #[inline]
    fn next(&mut self) -> Option<(i32, i32)> {
        let keys = self.keys;
        let width = keys.width();
        let at = PyDictKeysObject::dk_indices.offset + i32::from(width) * self.place as i32;
        // SAFETY: the mask keeps the place inside the keys, which whoever made this keeps alive.
        let index = unsafe {
            match width {
                1 => i32::from(read::<i8>(keys.address, at)),
                2 => i32::from(read::<i16>(keys.address, at)),
                _ => read(keys.address, at),
            }
        };
        self.perturb >>= 5;
        let next = self.place.wrapping_mul(5).wrapping_add(self.perturb);
        self.place = next.wrapping_add(1) & keys.mask();
        Some((at, index))
    }
}

/// Where the value is whose key is there.
#[inline]
pub fn value_at(key: i32) -> i32 {
    key - PyDictUnicodeEntry::me_key.offset + PyDictUnicodeEntry::me_value.offset
}
