//! Where exits and versions start, for keeping: each context once, however many have it.

use std::cell::RefCell;
use std::hash::Hasher;
use std::rc::Rc;

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::jit::context::Context;
use crate::jit::distance::distance;
use crate::jit::packed::{self, Packer, Size, Types};
use crate::jit::record::Avoid;
use crate::jit::slab::{Key, Slab};

/// Contexts that are remembered as they are: a block's exits have few.
const RECENT: usize = 8;

/// A context that is kept. Equal ones have equal keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct ContextKey(Key);

/// What is to be avoided, kept.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct AvoidKey(Key);

/// A context, and what is to be avoided there. Equal ones have equal keys.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct StartKey {
    pub context: ContextKey,
    pub avoid: AvoidKey,
}

/// All starts.
#[derive(Debug)]
pub struct Starts {
    kept: RefCell<Kept>,
}

#[derive(Debug)]
struct Kept {
    slab: Slab,
    /// The strings of the slab, by what they say.
    known: HashTable<Key>,
    types: Types,
    packing: Vec<u8>,
    /// Each counts as one user.
    recent: [Option<(Rc<Context>, Key)>; RECENT],
    next: usize,
    /// Nothing is to be avoided. It is not counted.
    nothing: AvoidKey,
}

impl Default for Starts {
    fn default() -> Starts {
        let mut slab = Slab::default();
        let nothing = AvoidKey(slab.add(&[]));
        let kept = Kept {
            slab,
            known: HashTable::new(),
            types: Types::default(),
            packing: Vec::new(),
            recent: Default::default(),
            next: 0,
            nothing,
        };
        Starts {
            kept: RefCell::new(kept),
        }
    }
}

impl Starts {
    /// Keeps a start until it is released.
    pub fn keep(&self, context: &Rc<Context>, avoid: &Avoid) -> StartKey {
        let mut kept = self.kept.borrow_mut();
        let context = kept.context(context);
        kept.slab.share(context.0);
        let avoid = kept.avoid(avoid);
        StartKey { context, avoid }
    }

    /// Keeps a start once more.
    pub fn share(&self, start: StartKey) {
        let mut kept = self.kept.borrow_mut();
        kept.slab.share(start.context.0);
        if start.avoid != kept.nothing {
            kept.slab.share(start.avoid.0);
        }
    }

    /// Keeps a context of which `write` says the slots, those of the stack and then the locals, as
    /// many as are given, until it is released.
    pub fn keep_context(&self, size: Size, write: impl FnOnce(&mut Packer<'_>)) -> ContextKey {
        let mut kept = self.kept.borrow_mut();
        let Kept { packing, types, .. } = &mut *kept;
        packing.clear();
        write(&mut Packer::new(packing, types, size));
        ContextKey(kept.string())
    }

    /// Keeps what is to be avoided until it is released.
    pub fn keep_avoid(&self, avoid: &Avoid) -> AvoidKey {
        self.kept.borrow_mut().avoid(avoid)
    }

    /// Undoes what `keep_context` did.
    pub fn release_context(&self, context: ContextKey) {
        self.kept.borrow_mut().release(context.0);
    }

    /// The same for several.
    pub fn release_contexts(&self, contexts: &[ContextKey]) {
        let mut kept = self.kept.borrow_mut();
        contexts.iter().for_each(|context| kept.release(context.0));
    }

    /// Undoes what `keep_avoid` did.
    pub fn release_avoid(&self, avoid: AvoidKey) {
        let mut kept = self.kept.borrow_mut();
        if avoid != kept.nothing {
            kept.release(avoid.0);
        }
    }

    /// What is said of a start at which nothing is to be avoided.
    pub fn nothing(&self) -> AvoidKey {
        self.kept.borrow().nothing
    }

    /// Whether two contexts of a block hold the first `slots` of the stack and the locals in the
    /// same way, whatever is known of them.
    pub fn hold_alike(&self, a: ContextKey, b: ContextKey, slots: usize) -> bool {
        let kept = self.kept.borrow();
        let slots = |key: ContextKey| {
            let bytes = kept.slab.get(key.0);
            let slots = packed::slots(bytes, &kept.types).take(slots);
            slots.map(|slot| (slot.held, slot.behind))
        };
        a == b || slots(a).eq(slots(b))
    }

    /// The key of a start that somebody else keeps, if anybody does.
    pub fn find(&self, context: &Rc<Context>, avoid: &Avoid) -> Option<StartKey> {
        let mut kept = self.kept.borrow_mut();
        let avoid = kept.find_avoid(avoid)?;
        let context = kept.context(context);
        Some(StartKey { context, avoid })
    }

    /// Undoes what `keep` did.
    pub fn release(&self, start: StartKey) {
        let mut kept = self.kept.borrow_mut();
        kept.release(start.context.0);
        if start.avoid != kept.nothing {
            kept.release(start.avoid.0);
        }
    }

    /// A context that is kept.
    pub fn context(&self, context: ContextKey) -> Rc<Context> {
        self.kept.borrow_mut().unpack(context)
    }

    /// What is to be avoided at a start that is kept.
    pub fn avoid(&self, start: StartKey) -> Avoid {
        let kept = self.kept.borrow();
        packed::unpack_avoid(kept.slab.get(start.avoid.0), &kept.types)
    }

    /// That of `starts` with the least distance from a context, and how many came before it.
    /// None where nothing is to be avoided but `avoid`, or where the distance is above `most`.
    pub fn nearest(
        &self,
        starts: impl Iterator<Item = StartKey>,
        context: &Context,
        avoid: &Avoid,
        mut most: u32,
    ) -> Option<(usize, StartKey)> {
        let mut kept = self.kept.borrow_mut();
        let avoid = kept.find_avoid(avoid)?;
        let mut best = None;
        let size = Size::of(context);
        for (i, start) in starts.enumerate() {
            let bytes = kept.slab.get(start.context.0);
            if start.avoid != avoid || packed::size(bytes) != size {
                continue;
            }
            let Some(far) = distance(context, packed::slots(bytes, &kept.types), most) else {
                continue;
            };
            best = Some((i, start));
            match far.checked_sub(1) {
                Some(less) => most = less,
                None => break,
            }
        }
        best
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        let kept = self.kept.borrow();
        kept.slab.bytes()
            + kept.known.allocation_size()
            + kept.types.bytes()
            + kept.packing.capacity()
    }
}

impl Kept {
    /// The key of a context, which is kept for a while only.
    fn context(&mut self, context: &Rc<Context>) -> ContextKey {
        let mut recent = self.recent.iter().flatten();
        if let Some((_, key)) = recent.find(|(known, _)| Rc::ptr_eq(known, context)) {
            return ContextKey(*key);
        }
        self.packing.clear();
        packed::pack(context, &self.types, &mut self.packing);
        let key = self.string();
        self.remember(context, key);
        ContextKey(key)
    }

    /// Remembers a context, and counts that as use of the key, which the caller had counted.
    fn remember(&mut self, context: &Rc<Context>, key: Key) {
        let old = self.recent[self.next].replace((Rc::clone(context), key));
        self.next = (self.next + 1) % RECENT;
        if let Some((_, old)) = old {
            self.release(old);
        }
    }

    fn unpack(&mut self, ContextKey(key): ContextKey) -> Rc<Context> {
        let mut recent = self.recent.iter().flatten();
        if let Some((context, _)) = recent.find(|(_, known)| *known == key) {
            return Rc::clone(context);
        }
        let context = Rc::new(packed::unpack(self.slab.get(key), &self.types));
        self.slab.share(key);
        self.remember(&context, key);
        context
    }

    fn avoid(&mut self, avoid: &Avoid) -> AvoidKey {
        if avoid.is_empty() {
            return self.nothing;
        }
        self.packing.clear();
        packed::pack_avoid(avoid, &mut self.packing);
        AvoidKey(self.string())
    }

    fn find_avoid(&mut self, avoid: &Avoid) -> Option<AvoidKey> {
        if avoid.is_empty() {
            return Some(self.nothing);
        }
        self.packing.clear();
        packed::pack_avoid(avoid, &mut self.packing);
        let Kept { known, slab, .. } = &*self;
        let found = known.find(hash(&self.packing), |&key| slab.get(key) == self.packing);
        found.copied().map(AvoidKey)
    }

    /// What has been packed, with one user more.
    fn string(&mut self) -> Key {
        let Kept {
            slab,
            known,
            packing,
            ..
        } = self;
        let hashed = hash(packing);
        if let Some(&key) = known.find(hashed, |&key| slab.get(key) == *packing) {
            slab.share(key);
            return key;
        }
        let key = slab.add(packing);
        known.insert_unique(hashed, key, |&key| hash(slab.get(key)));
        key
    }

    fn release(&mut self, key: Key) {
        if self.slab.users(key) == 1 {
            let hashed = hash(self.slab.get(key));
            if let Ok(entry) = self.known.find_entry(hashed, |&known| known == key) {
                entry.remove();
            }
        }
        self.slab.release(key);
    }
}

fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(bytes);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::{RECENT, Starts};
    use crate::jit::context::{Context, Slot};
    use crate::jit::record::Avoid;

    fn context(locals: usize) -> Rc<Context> {
        Rc::new(Context {
            locals: vec![Slot::MEMORY; locals].into(),
            stack: Box::default(),
            keywords: None,
        })
    }

    fn plain() -> Avoid {
        Avoid {
            plain: true,
            ..Avoid::default()
        }
    }

    #[test]
    fn equal_starts_have_equal_keys() {
        let starts = Starts::default();
        let one = starts.keep(&context(3), &plain());
        assert_eq!(starts.keep(&context(3), &plain()), one);
        assert_eq!(starts.find(&context(3), &plain()), Some(one));
        assert_ne!(starts.keep(&context(3), &Avoid::default()), one);
        assert_ne!(starts.keep(&context(4), &plain()), one);
        assert_eq!(starts.context(one.context), context(3));
        assert_eq!(starts.avoid(one), plain());
    }

    #[test]
    fn starts_are_kept_until_they_are_released() {
        let starts = Starts::default();
        let kept = starts.keep(&context(0), &plain());
        let other = starts.keep(&context(0), &plain());
        for locals in 1..=2 * RECENT {
            starts.release(starts.keep(&context(locals), &Avoid::default()));
        }
        starts.release(other);
        assert_eq!(starts.context(kept.context), context(0));
        assert_eq!(starts.avoid(kept), plain());
        starts.release(kept);
        for locals in 1..=2 * RECENT {
            starts.find(&context(locals), &Avoid::default());
        }
        let kept = starts.kept.borrow();
        assert_eq!(kept.known.len(), RECENT);
    }
}
