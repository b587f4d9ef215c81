//! Words of memory that stay as they are until arbitrary code runs: what was found out of one by a
//! guard holds for all later ones, and is not asked again.
//!
//! A word is named by the way to it: a value, or a pointer that is itself such a word, and a distance.
//! Members that count are those of [`STEADY`]: no template stores there, and C functions that do may run
//! any code.

use crate::jit::context::Known;
use crate::mechanisms::Mechanism;

use super::Emit;
use super::identity::{Identified, Identity};
use super::node::{FRAME_NODE, Id, Kind, NONE, TSTATE_NODE};
use super::offsets::OB_TYPE;
use super::state::State;
use super::types::{Elem, Field, Ty, Val};
use super::value::shape;

/// Members that only change while arbitrary code runs.
const STEADY: [&str; 16] = [
    "PyTypeObject.tp_version_tag",
    "PyTypeObject.tp_flags",
    "PyTypeObject.tp_basicsize",
    "PyHeapTypeObject.ht_cached_keys",
    "PyDictObject.ma_keys",
    "PyDictKeysObject.dk_version",
    "PyDictKeysObject.dk_nentries",
    "PyDictKeysObject.dk_kind",
    "PyDictKeysObject.dk_log2_index_bytes",
    "PyFunctionObject.func_version",
    "PyFunctionObject.vectorcall",
    "PyThreadState.interp",
    "PyThreadState.cframe",
    "PyInterpreterState.eval_frame",
    "PyManagedDictPointer.dict",
    "PyDictValues.valid",
];

/// Members that may change at any time, but are looked at between the interpreter's own points only, and
/// no two of those are far apart in callees without frames.
const LOOKED_AT: [&str; 2] = [
    "PyInterpreterState.ceval.eval_breaker._value",
    "PyThreadState.eval_breaker",
];

/// Whether a member only changes while arbitrary code runs.
pub(crate) fn is_steady(field: &Field) -> bool {
    STEADY.contains(&field.name)
}

/// More are not kept: what follows rarely asks for them, and each load looks through all.
const MOST: usize = 32;

/// Where the way to a word begins.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Base {
    Node(Id),
    Address(i64),
    /// What another word points at.
    Word(u16),
}

/// The way to a word.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Key {
    base: Base,
    offset: i32,
    ty: Ty,
}

/// What entering a callee asks of the thread, which other code has to change.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Check {
    /// Whether tools watch.
    Unwatched,
    /// Whether the eval breaker has something to do.
    Breaker,
    /// How many calls may still nest.
    Depth,
}

/// A word, and what is known of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    key: Key,
    /// The value that was loaded, and the same as a wider integer.
    node: Id,
    wide: Id,
    is: Option<i64>,
    /// It is not 0.
    bound: bool,
    /// The object whose version it is, and what that says, where it is known.
    version_of: Option<(usize, Identity)>,
}

/// Memory of a new object that holds NULL where no word says something else.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Zeroed {
    pub base: Base,
    pub first: i32,
    pub end: i32,
}

impl Base {
    /// The way to what is there at a distance.
    pub fn at(self, offset: i32, ty: Ty) -> Key {
        Key {
            base: self,
            offset,
            ty,
        }
    }
}

impl Key {
    #[cfg(Py_3_12)]
    pub fn base(self) -> Base {
        self.base
    }

    /// Whether storing to the one changes the other, if both begin at the same place.
    fn overlaps(self, other: Key) -> bool {
        let bytes = |key: Key| i32::from(shape(key.ty).0);
        self.offset < other.offset + bytes(other) && other.offset < self.offset + bytes(self)
    }
}

impl Word {
    fn new(key: Key) -> Word {
        Word {
            key,
            node: NONE,
            wide: NONE,
            is: None,
            bound: false,
            version_of: None,
        }
    }

    /// What is known of it on two ways.
    fn common(&self, other: &Word) -> Word {
        let node = if self.node == other.node {
            self.node
        } else {
            NONE
        };
        Word {
            node,
            wide: NONE,
            is: self.is.filter(|_| self.is == other.is),
            bound: self.bound && other.bound,
            version_of: self
                .version_of
                .filter(|_| self.version_of == other.version_of),
            ..*self
        }
    }
}

impl State {
    /// What both ways have found out, of which one is this one's. New objects are known as long as both
    /// ways have asked the same: what only one has stored there would be missed.
    pub fn join_words(&mut self, other: &State, nodes: usize) {
        let inside = |id: Id| id != NONE && id as usize >= nodes;
        let mut common = 0;
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            let arms_own = matches!(word.key.base, Base::Node(id) if inside(id));
            if word.key != other.key || arms_own {
                break;
            }
            *word = word.common(other);
            if inside(word.node) {
                word.node = NONE;
            }
            common += 1;
        }
        let alike = common == self.words.len()
            && common == other.words.len()
            && self.zeroed == other.zeroed;
        let new = !self.zeroed.is_empty() || !other.zeroed.is_empty();
        if new && !alike {
            self.words.clear();
            self.zeroed.clear();
            return;
        }
        self.words.truncate(common);
    }

    /// Whether the way to a word begins at this value.
    pub fn has_words_of(&self, id: Id) -> bool {
        let mut words = self.words.iter();
        words.any(|word| word.key.base == Base::Node(id))
            || self
                .zeroed
                .iter()
                .any(|zeroed| zeroed.base == Base::Node(id))
    }

    /// Values have new numbers, and those that have none are gone.
    pub fn renumber_words(&mut self, map: &[Id]) {
        let mut kept: Vec<Option<u16>> = Vec::with_capacity(self.words.len());
        let mut next = 0;
        self.words.retain_mut(|word| {
            let base = match word.key.base {
                Base::Node(id) => Some(map[id as usize])
                    .filter(|&id| id != NONE)
                    .map(Base::Node),
                Base::Word(i) => kept[usize::from(i)].map(Base::Word),
                base => Some(base),
            };
            kept.push(base.map(|_| next));
            let Some(base) = base else {
                return false;
            };
            next += 1;
            word.key.base = base;
            (word.node, word.wide) = (NONE, NONE);
            true
        });
        self.zeroed.retain_mut(|zeroed| {
            let base = match zeroed.base {
                Base::Node(id) => Some(map[id as usize])
                    .filter(|&id| id != NONE)
                    .map(Base::Node),
                Base::Word(i) => kept[usize::from(i)].map(Base::Word),
                base => Some(base),
            };
            base.inspect(|&base| zeroed.base = base).is_some()
        });
    }
}

impl Emit<'_> {
    /// The way to a member that is steady.
    pub(crate) fn steady_key(&mut self, x: Id, field: &Field) -> Option<Key> {
        let looked_at = self.is_frameless() && LOOKED_AT.contains(&field.name);
        if !(looked_at || is_steady(field)) || !Mechanism::SteadyWords.is_on() {
            return None;
        }
        self.word_key(x, field.offset, field.ty)
    }

    /// The way to an element that is a pointer, which only instances have, to their values or their dict;
    /// and to others of a new object.
    pub(crate) fn element_key(&mut self, p: Id, elem: Elem, i: Id) -> Option<Key> {
        let offset = self.node(i).imm()? as i32 * elem.size as i32;
        match elem.ty {
            Ty::Ptr if Mechanism::SteadyWords.is_on() => self.word_key(p, offset, elem.ty),
            _ => self.zeroed_key(p, offset, elem.ty),
        }
    }

    /// The way to something that may be known of a new object.
    pub(crate) fn zeroed_key(&mut self, x: Id, offset: i32, ty: Ty) -> Option<Key> {
        if self.st.zeroed.is_empty() {
            return None;
        }
        let key = self.word_key(x, offset, ty)?;
        self.is_in_new(key).then_some(key)
    }

    /// Whether a way leads into a new object, or what it has.
    fn is_in_new(&self, key: Key) -> bool {
        self.st.zeroed.iter().any(|zeroed| zeroed.base == key.base)
    }

    pub(crate) fn word_key(&mut self, x: Id, offset: i32, ty: Ty) -> Option<Key> {
        let (mut x, mut offset) = (x, offset);
        while let Kind::Address { base, disp } = self.node(x).kind {
            offset += disp;
            x = base;
        }
        if x == FRAME_NODE {
            return None;
        }
        let base = match self.node(x).kind {
            Kind::Imm(address) => Base::Address(address),
            Kind::TypeOf(object) => {
                let key = self.word_key(object, OB_TYPE, Ty::Object)?;
                Base::Word(self.word(key)?)
            }
            _ => {
                let mut words = self.st.words.iter();
                match words.position(|word| word.node == x) {
                    Some(i) => Base::Word(i as u16),
                    None => Base::Node(x),
                }
            }
        };
        Some(Key { base, offset, ty })
    }

    /// The place of a word, which is new if need be.
    fn word(&mut self, key: Key) -> Option<u16> {
        let words = &mut self.st.words;
        if let Some(i) = words.iter().position(|word| word.key == key) {
            return Some(i as u16);
        }
        if words.len() >= MOST {
            return None;
        }
        words.push(Word::new(key));
        Some((words.len() - 1) as u16)
    }

    /// The value of a word of `x` without a load.
    pub(crate) fn known_word(&mut self, x: Id, key: Key) -> Option<Val> {
        let Some(word) = self.st.words.iter().find(|word| word.key == key).copied() else {
            let mut zeroed = self.st.zeroed.iter();
            let null = |z: &Zeroed| z.base == key.base && (z.first..z.end).contains(&key.offset);
            return zeroed.any(null).then(|| Val(self.imm(key.ty, 0)));
        };
        if let Some(v) = word.is {
            if let Some((object, identity)) = word.version_of {
                self.identified.push(Identified::new(x, object, identity));
            }
            return Some(Val(self.imm(key.ty, v)));
        }
        // Who is given an object counts it, each time as if nobody else did.
        let again = key.ty != Ty::Object && word.node != NONE && !self.is_lost(word.node);
        again.then_some(Val(word.node))
    }

    /// A word was loaded.
    pub(crate) fn keep_word(&mut self, key: Key, id: Id) {
        let Some(i) = self.word(key) else {
            return;
        };
        let word = &mut self.st.words[usize::from(i)];
        (word.node, word.wide) = (id, NONE);
        if word.bound {
            self.node_mut(id).known = Known::Bound;
        }
    }

    /// A word reads as this from now on.
    pub(crate) fn word_reads(&mut self, key: Option<Key>, v: i64) {
        if let Some(i) = key.and_then(|key| self.word(key)) {
            self.st.words[usize::from(i)].is = Some(v);
        }
    }

    /// A word is not 0.
    #[cfg(not(Py_3_12))]
    pub(crate) fn word_is_bound(&mut self, key: Key) {
        if let Some(i) = self.word(key) {
            self.st.words[usize::from(i)].bound = true;
        }
    }

    /// Where a word points to.
    #[cfg(not(Py_3_12))]
    pub(crate) fn behind(&mut self, key: Key) -> Option<Base> {
        self.word(key).map(Base::Word)
    }

    /// Whether memory of a new object certainly holds NULL.
    pub(crate) fn is_null_word(&mut self, x: Id, offset: i32) -> bool {
        let key = self.zeroed_key(x, offset, Ty::Object);
        let word = key.and_then(|key| self.known_word(x, key));
        word.is_some_and(|v| self.is_null(v.0))
    }

    /// Something is stored, at a known distance or anywhere: what is known of new objects changes.
    pub(crate) fn store_word(&mut self, x: Id, offset: i32, scaled: bool, ty: Ty, v: Id) {
        if self.st.zeroed.is_empty() {
            return;
        }
        let Some(key) = self.word_key(x, offset, ty).filter(|_| !scaled) else {
            return self.forget_words();
        };
        if !self.is_in_new(key) {
            // It may be the same object by another way.
            let mut words = self.st.words.iter();
            if ty == Ty::Object
                || words.any(|word| self.is_in_new(word.key) && key.overlaps(word.key))
            {
                self.forget_words();
            }
            return;
        }
        let (is, bound) = (self.node(v).imm(), self.is_bound(v));
        let overlapping =
            |word: &Word| word.key != key && word.key.base == key.base && key.overlaps(word.key);
        if self.st.words.iter().any(overlapping) {
            return self.forget_words();
        }
        let Some(i) = self.word(key) else {
            return self.forget_words();
        };
        let word = &mut self.st.words[usize::from(i)];
        (word.node, word.wide) = (NONE, NONE);
        word.is = is.filter(|&v| ty != Ty::Object || v == 0);
        word.bound = bound;
    }

    /// An integer was made wider.
    pub(crate) fn note_wider(&mut self, id: Id, wide: Id) {
        if let Some(word) = self.st.words.iter_mut().find(|word| word.node == id) {
            word.wide = wide;
            if word.bound {
                self.node_mut(wide).known = Known::Bound;
            }
        }
    }

    /// A value is this number, or is not 0.
    pub(crate) fn learn_word(&mut self, id: Id, is: Option<i64>) {
        let found = |word: &&mut Word| word.node == id || word.wide == id;
        let Some(word) = self.st.words.iter_mut().find(found) else {
            return;
        };
        match is {
            Some(v) => word.is = Some(v),
            None => {
                word.bound = true;
                let node = self.node_mut(id);
                if node.known == Known::Nothing {
                    node.known = Known::Bound;
                }
            }
        }
    }

    /// A value is the version of an object.
    pub(crate) fn learn_version(&mut self, id: Id, object: usize, identity: Identity) {
        if let Some(word) = self.st.words.iter_mut().find(|word| word.node == id) {
            word.version_of = Some((object, identity));
        }
    }

    /// Whether a check was made already, for so much at least. It is made otherwise.
    pub(crate) fn was_checked(&mut self, check: Check, level: i32) -> bool {
        if !Mechanism::SteadyWords.is_on() {
            return false;
        }
        let key = Key {
            base: Base::Node(TSTATE_NODE),
            offset: check as i32,
            ty: Ty::Void,
        };
        let level = i64::from(level);
        match self.word(key) {
            Some(i) => {
                let word = &mut self.st.words[usize::from(i)];
                let known = word.is.is_some_and(|known| known >= level);
                word.is = word.is.max(Some(level));
                known
            }
            None => false,
        }
    }

    /// Arbitrary code may run.
    pub(crate) fn forget_words(&mut self) {
        self.st.words.clear();
        self.st.zeroed.clear();
    }
}
