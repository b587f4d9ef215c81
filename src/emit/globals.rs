//! Globals without a look-up, where the interpreter's cache does not hold or has never been filled.
//!
//! A name has one entry among the keys of a dictionary, and keeps it until they are made anew. A guard on
//! the shape of the keys says that there is such an entry, one on its key that it is this name's. That a
//! name is not there is what the places say at which a look-up would search for it. Other than a version,
//! both stay so while the dictionary takes more names.

use smallvec::SmallVec;

use crate::jit::code::read;
use crate::jit::context::Known;
use crate::jit::string_keys::{EMPTY, Search, StringKeys, value_at};
use crate::release::layout::{PyASCIIObject, PyDictKeysObject, PyDictObject};

use super::Emit;
use super::asm::{Alu, Cc, Mem, Shift};
use super::machine::R11;
use super::node::Id;
use super::sight::Seen;
use super::types::{Flow, Ty, Val};

/// So many places at most are looked at to say that a name is not there.
const PROBES: usize = 3;

/// A place that a search looks at.
struct Probe {
    /// Where it is, and what stands there: the number of an entry, or that there is none.
    at: i32,
    index: i32,
    /// Where the key of that entry is, and its hash, which the name does not have.
    other: Option<(i32, i64)>,
}

/// Where the key of the entry with this name is, if that has a value.
///
/// # Safety
/// The keys are those of a live dictionary, and the name is a string that names in code are made of.
pub(crate) unsafe fn find(keys: StringKeys, name: usize) -> Option<i32> {
    // SAFETY: by the caller.
    unsafe {
        let hash: i64 = read(name, PyASCIIObject::hash.offset);
        match keys.search(name, hash) {
            Search::At(at) if hash != -1 => {
                (read::<usize>(keys.address, value_at(at)) != 0).then_some(at)
            }
            _ => None,
        }
    }
}

/// What a search for a name that is not there looks at, if that is little.
///
/// # Safety
/// As for `find`.
unsafe fn probes(keys: StringKeys, name: usize) -> Option<SmallVec<[Probe; PROBES]>> {
    // SAFETY: by the caller; each index is that of an entry, whose key is a string.
    unsafe {
        let hash: i64 = read(name, PyASCIIObject::hash.offset);
        if hash == -1 {
            return None;
        }
        let mut probes = SmallVec::new();
        for (at, index) in keys.places(hash).take(PROBES) {
            let mut other = None;
            if index >= 0 {
                let at = keys.key_at(index);
                let key: usize = read(keys.address, at);
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
        }
        None
    }
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
        let (globals, builtins) = unsafe {
            (
                StringKeys::of(globals as usize),
                StringKeys::of(builtins as usize),
            )
        };
        let Some(globals) = globals else {
            return Ok(None);
        };
        // SAFETY: as above.
        if let Some(at) = unsafe { find(globals, key) } {
            let keys = self.keys(dicts[0].0, globals);
            return self.global(keys, at, key).map(Some);
        }
        // SAFETY: as above.
        let absent = unsafe { probes(globals, key) };
        // SAFETY: as above.
        let present = builtins.and_then(|keys| Some((keys, unsafe { find(keys, key) }?)));
        let (Some(absent), Some((builtins, at))) = (absent, present) else {
            return Ok(None);
        };
        let keys = self.keys(dicts[0].0, globals);
        let width = globals.width();
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
        self.global(keys, at, key).map(Some)
    }

    /// The keys of a dictionary, behind a guard on their shape.
    pub(crate) fn keys(&mut self, dict: Id, expected: StringKeys) -> Id {
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

    /// The value of a global or builtin.
    fn global(&mut self, keys: Id, at: i32, key: usize) -> Flow<Val> {
        let value = self.entry(keys, at, key);
        // Since 3.13 the function gives a reference of its own.
        if cfg!(Py_3_13) {
            self.py_incref(value)?;
        }
        Ok(value)
    }

    /// The value of the entry whose key is there, behind a guard on that.
    pub(crate) fn entry(&mut self, keys: Id, at: i32, key: usize) -> Val {
        self.leave_unless_word(keys, at, key);
        let r = self.place(keys);
        let value = Val(self.load_from(Mem::new(r, value_at(at)), Ty::Object));
        let context = self.snapshot(self.st.base);
        let r = self.place(value.0);
        self.asm.test(true, r, r);
        self.leave_if(Cc::E, context);
        self.node_mut(value.0).known = Known::Bound;
        value
    }
}
