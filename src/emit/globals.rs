//! Globals without a look-up, where the interpreter's cache does not hold or has never been filled.
//!
//! A name has one entry among the keys of a dictionary, and keeps it until they are made anew. A guard on
//! the shape of the keys says that there is such an entry, one on its key that it is this name's. That a
//! name is not there is what the places say at which a look-up would search for it. Other than a version,
//! both stay so while the dictionary takes more names.

use pyo3::ffi;
use smallvec::SmallVec;

use crate::jit::code::read;
use crate::jit::context::Known;
use crate::jit::facts;
use crate::release::layout::{
    PyASCIIObject, PyDictKeysObject, PyDictObject, PyDictUnicodeEntry, PyObject,
};

use super::Emit;
use super::asm::{Alu, Cc, Mem, Shift};
use super::machine::R11;
use super::node::Id;
use super::sight::Seen;
use super::types::{Flow, Ty, Val};

/// `DICT_KEYS_UNICODE`: all keys are strings, and the values stand beside them.
const ALL_STRINGS: u8 = 1;

/// `DKIX_EMPTY`, which ends a search.
const EMPTY: i32 = -1;

/// So many places at most are looked at to say that a name is not there.
const PROBES: usize = 3;

/// The keys of a plain dictionary, all of them strings, as they are now.
#[derive(Clone, Copy)]
struct Keys {
    address: usize,
    /// Base-2 logarithms of the number of places and of the bytes that those take.
    size: u8,
    bytes: u8,
}

/// A place that a search looks at.
struct Probe {
    /// Where it is, and what stands there: the number of an entry, or that there is none.
    at: i32,
    index: i32,
    /// Where the key of that entry is, and its hash, which the name does not have.
    other: Option<(i32, i64)>,
}

impl Keys {
    /// # Safety
    /// A live object; the GIL is held.
    unsafe fn of(dict: usize) -> Option<Self> {
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
    fn shape(self) -> i32 {
        i32::from_le_bytes([0, self.size, self.bytes, ALL_STRINGS])
    }

    /// Where the key of an entry is.
    fn key_at(self, entry: i32) -> i32 {
        let first = PyDictKeysObject::dk_indices.offset + (1 << self.bytes);
        first + facts::DICT_ENTRY * entry + PyDictUnicodeEntry::me_key.offset
    }

    /// Where the key of the entry with this name is, if that has a value.
    ///
    /// # Safety
    /// The keys are those of a live dictionary.
    unsafe fn find(self, name: usize) -> Option<i32> {
        // SAFETY: by the caller; there are so many entries.
        unsafe {
            let count: i64 = read(self.address, PyDictKeysObject::dk_nentries.offset);
            let entry =
                (0..count as i32).find(|&i| read::<usize>(self.address, self.key_at(i)) == name)?;
            let key = self.key_at(entry);
            (read::<usize>(self.address, value_at(key)) != 0).then_some(key)
        }
    }

    /// What a search for a name that is not there looks at, if that is little. The order is that of
    /// `unicodekeys_lookup_unicode` in `Objects/dictobject.c`.
    ///
    /// # Safety
    /// The keys are those of a live dictionary, and the name is a string that names in code are made of.
    unsafe fn probes(self, name: usize) -> Option<SmallVec<[Probe; PROBES]>> {
        // SAFETY: by the caller; each place is one of the keys' places, each index one of their entries.
        unsafe {
            let hash: i64 = read(name, PyASCIIObject::hash.offset);
            if hash == -1 {
                return None;
            }
            let width = 1i32 << (self.bytes - self.size);
            let mask = (1u64 << self.size) - 1;
            let mut perturb = hash as u64;
            let mut place = perturb & mask;
            let mut probes = SmallVec::new();
            while probes.len() < PROBES {
                let at = PyDictKeysObject::dk_indices.offset + width * place as i32;
                let index = match width {
                    1 => i32::from(read::<i8>(self.address, at)),
                    2 => i32::from(read::<i16>(self.address, at)),
                    _ => read(self.address, at),
                };
                let mut other = None;
                if index >= 0 {
                    let at = self.key_at(index);
                    let key: usize = read(self.address, at);
                    let known: i64 = read(key, PyASCIIObject::hash.offset);
                    if known == hash {
                        return None;
                    }
                    other = Some((at, known));
                }
                probes.push(Probe { at, index, other });
                if index == EMPTY {
                    return Some(probes);
                }
                perturb >>= 5;
                place = place.wrapping_mul(5).wrapping_add(perturb).wrapping_add(1) & mask;
            }
            None
        }
    }
}

/// Where the value is whose key is there.
fn value_at(key: i32) -> i32 {
    key - PyDictUnicodeEntry::me_key.offset + PyDictUnicodeEntry::me_value.offset
}

impl Emit<'_> {
    /// The value of a name that one of two dictionaries has now.
    pub(crate) fn load_global(&mut self, dicts: [Val; 2], name: Val) -> Flow<Option<Val>> {
        if self.instr.plain || self.effects {
            return Ok(None);
        }
        let [Seen::Bits(globals), Seen::Bits(builtins)] = dicts.map(|dict| self.seen(dict.0))
        else {
            return Ok(None);
        };
        let Some(key) = self.node(name.0).imm().map(|name| name as usize) else {
            return Ok(None);
        };
        // SAFETY: the interpreter would look into the same dictionaries now, for the same string.
        let (globals, builtins) =
            unsafe { (Keys::of(globals as usize), Keys::of(builtins as usize)) };
        let Some(globals) = globals else {
            return Ok(None);
        };
        // SAFETY: as above.
        if let Some(at) = unsafe { globals.find(key) } {
            let keys = self.keys(dicts[0].0, globals);
            return self.entry(keys, at, key).map(Some);
        }
        // SAFETY: as above.
        let absent = unsafe { globals.probes(key) };
        // SAFETY: as above.
        let present = builtins.and_then(|keys| Some((keys, unsafe { keys.find(key) }?)));
        let (Some(absent), Some((builtins, at))) = (absent, present) else {
            return Ok(None);
        };
        let keys = self.keys(dicts[0].0, globals);
        let width = 1u8 << (globals.bytes - globals.size);
        for probe in absent {
            let context = self.snapshot(self.st.base);
            let r = self.place(keys);
            self.asm.load(R11, Mem::new(r, probe.at), width, true);
            self.asm.alu_imm(Alu::Cmp, false, R11, probe.index);
            self.leave_if(Cc::NE, context);
            if let Some((at, hash)) = probe.other {
                let r = self.place(keys);
                let other = self.load_from(Mem::new(r, at), Ty::Ptr);
                self.leave_unless_word(other, PyASCIIObject::hash.offset, hash as usize);
            }
        }
        let keys = self.keys(dicts[1].0, builtins);
        self.entry(keys, at, key).map(Some)
    }

    /// The keys of a dictionary, behind a guard on their shape.
    fn keys(&mut self, dict: Id, expected: Keys) -> Id {
        self.settle(self.st.base);
        let from = self.place(dict);
        let to = self.free_gpr();
        let at = Mem::new(from, PyDictObject::ma_keys.offset);
        self.asm.load(to, at, 8, false);
        let keys = self.new_in_gpr(Ty::Ptr, to);
        let context = self.snapshot(self.st.base);
        let r = self.place(keys);
        let shape = Mem::new(r, PyDictKeysObject::dk_log2_size.offset);
        self.asm.load(R11, shape, 4, false);
        // The byte behind the kind is nobody's.
        self.asm.shift_imm(Shift::Left, false, R11, 8);
        self.asm.alu_imm(Alu::Cmp, false, R11, expected.shape());
        self.leave_if(Cc::NE, context);
        keys
    }

    /// The value of the entry whose key is there, behind a guard on that.
    fn entry(&mut self, keys: Id, at: i32, key: usize) -> Flow<Val> {
        self.leave_unless_word(keys, at, key);
        let r = self.place(keys);
        let value = Val(self.load_from(Mem::new(r, value_at(at)), Ty::Object));
        let context = self.snapshot(self.st.base);
        let r = self.place(value.0);
        self.asm.test(true, r, r);
        self.leave_if(Cc::E, context);
        self.node_mut(value.0).known = Known::Bound;
        // Since 3.13 the function gives a reference of its own.
        if cfg!(Py_3_13) {
            self.py_incref(value)?;
        }
        Ok(value)
    }
}
