//! Stubs: where a jump leads whose target has not been compiled.
//!
//! A stub is one call of the shared trampoline; its return address says which stub it was.
//! Stubs stand together in groups and are used again; a group that is empty is given back. Most
//! are never reached, so what is kept of each is packed.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::emit::edge::EdgeKind;
use crate::jit::arena::{Arena, Full, Offset};
use crate::jit::context::Context;
use crate::jit::record::{Exit, Record, Site};
use crate::jit::starts::{StartKey, Starts};
use crate::jit::trampoline::STUB_BYTES;

/// Stubs of a group.
const GROUP: usize = 64;
const GROUP_BYTES: usize = GROUP * STUB_BYTES;

/// An exit, packed.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
struct Kept {
    record: *mut Record,
    start: StartKey,
    unit: u32,
    /// What the site says besides what it is.
    site: u32,
    /// Which of `kinds`.
    kind: u16,
    site_is: SiteIs,
    backward: bool,
}

/// What a [`Site`] is.
#[derive(Clone, Copy, Debug)]
#[repr(u8)]
enum SiteIs {
    Jump,
    Entry,
    Resumption,
    Version,
    Shared,
}

impl Kept {
    fn site(&self) -> Site {
        match self.site_is {
            SiteIs::Jump => Site::Jump(Offset(self.site)),
            SiteIs::Entry => Site::Entry,
            SiteIs::Resumption => Site::Resumption(self.site),
            SiteIs::Version => Site::Version,
            SiteIs::Shared => Site::Shared,
        }
    }
}

fn split_site(site: Site) -> (SiteIs, u32) {
    match site {
        Site::Jump(at) => (SiteIs::Jump, at.0),
        Site::Entry => (SiteIs::Entry, 0),
        Site::Resumption(unit) => (SiteIs::Resumption, unit),
        Site::Version => (SiteIs::Version, 0),
        Site::Shared => (SiteIs::Shared, 0),
    }
}

/// A way out of compiled code that is to have a stub.
#[derive(Clone, Copy, Debug)]
pub struct NewExit {
    pub record: *mut Record,
    pub site: Site,
    pub kind: EdgeKind,
    pub backward: bool,
    pub unit: u32,
    pub start: StartKey,
}

/// An exit that control takes anew each time: what it needs to know.
#[derive(Debug)]
pub struct Taken {
    pub record: *mut Record,
    pub kind: EdgeKind,
    pub unit: u32,
    pub context: Rc<Context>,
    /// How often it was taken since it is kept unpacked.
    pub times: Cell<u32>,
}

/// How many exits are kept unpacked.
const RECENT: usize = 64;

/// Stubs that stand together.
#[derive(Debug)]
struct Group {
    at: Offset,
    /// Those that are not in use, as bits.
    free: u64,
    exits: Box<[Option<Kept>; GROUP]>,
}

/// All stubs. The number of one is its group's times `GROUP` plus its place in there.
#[derive(Debug, Default)]
pub struct Stubs {
    groups: Vec<Option<Group>>,
    /// The group that starts at each place.
    places: BTreeMap<Offset, u32>,
    /// Groups with room.
    open: BTreeSet<u32>,
    starts: Rc<Starts>,
    kinds: Vec<EdgeKind>,
    /// Exits that were taken lately, each at a number that follows from its place.
    recent: Vec<Option<(Offset, Rc<Taken>)>>,
}

impl Stubs {
    /// The starts of exits, which versions share.
    pub fn starts(&self) -> &Rc<Starts> {
        &self.starts
    }

    /// Makes a stub for an exit and gives its number and place.
    pub fn add(
        &mut self,
        arena: &mut Arena,
        trampoline: usize,
        exit: NewExit,
    ) -> Result<(u32, Offset), Full> {
        let group = match self.open.first() {
            Some(&group) => group,
            None => self.grow(arena, trampoline)?,
        };
        self.starts.share(exit.start);
        let kind = self.number_of(exit.kind);
        let (site_is, site) = split_site(exit.site);
        let kept = Kept {
            record: exit.record,
            start: exit.start,
            unit: exit.unit,
            site,
            kind,
            site_is,
            backward: exit.backward,
        };
        let known = self.group_mut(group);
        let inside = known.free.trailing_zeros();
        known.free &= known.free - 1;
        known.exits[inside as usize] = Some(kept);
        if known.free == 0 {
            self.open.remove(&group);
        }
        let number = group * GROUP as u32 + inside;
        Ok((number, self.place(number)))
    }

    /// Where a stub stands.
    pub fn place(&self, number: u32) -> Offset {
        let (group, inside) = split(number);
        let at = self.group(group).expect("a stub that is in use").at;
        Offset(at.0 + (inside * STUB_BYTES) as u32)
    }

    /// An exit that [`Stubs::remember`] keeps, by the place of its stub.
    pub fn recent(&self, at: Offset) -> Option<Rc<Taken>> {
        match self.recent.get(recent(at)) {
            Some(Some((place, taken))) if *place == at => Some(Rc::clone(taken)),
            _ => None,
        }
    }

    /// Keeps an exit unpacked that may be taken again soon.
    pub fn remember(&mut self, at: Offset, taken: &Rc<Taken>) {
        if self.recent.is_empty() {
            self.recent.resize(RECENT, None);
        }
        self.recent[recent(at)] = Some((at, Rc::clone(taken)));
    }

    /// What a stub is for.
    pub fn get(&self, number: u32) -> Option<Exit> {
        let (group, inside) = split(number);
        let kept = self.group(group)?.exits[inside]?;
        Some(Exit {
            record: kept.record,
            site: kept.site(),
            kind: self.kinds[usize::from(kept.kind)],
            backward: kept.backward,
            unit: kept.unit,
            context: self.starts.context(kept.start.context),
            avoid: self.starts.avoid(kept.start),
        })
    }

    /// The stub that stands at a place in code memory.
    pub fn at(&self, at: Offset) -> Option<u32> {
        let (first, group) = self.places.range(..=at).next_back()?;
        let inside = (at.0 - first.0) as usize / STUB_BYTES;
        (inside < GROUP).then(|| group * GROUP as u32 + inside as u32)
    }

    /// Gives a stub back that no jump leads to any more.
    pub fn remove(&mut self, arena: &mut Arena, trampoline: usize, number: u32) {
        if !self.drop_exit(number) {
            // It has become a jump.
            let at = self.place(number);
            arena.write(at, &[0xe8]);
            let linked = arena.link_far(Offset(at.0 + 1), trampoline);
            linked.expect("the page was linked with it before");
        }
        let (group, inside) = split(number);
        let known = self.group_mut(group);
        known.free |= 1 << inside;
        if known.free == u64::MAX {
            let at = known.at;
            arena.give_back(at, GROUP_BYTES);
            self.places.remove(&at);
            self.groups[group as usize] = None;
            self.open.remove(&group);
        } else {
            self.open.insert(group);
        }
    }

    /// Turns a stub into a jump: whoever jumps to it goes on to `target`.
    pub fn forward(&mut self, arena: &mut Arena, number: u32, target: Offset) {
        let at = self.place(number);
        arena.write(at, &[0xe9]);
        arena.link(Offset(at.0 + 1), target);
        self.drop_exit(number);
    }

    /// Bytes outside code memory.
    pub fn bytes(&self) -> usize {
        let exits = size_of::<[Option<Kept>; GROUP]>();
        let tree = size_of::<(Offset, u32)>() + size_of::<u32>();
        self.groups.capacity() * size_of::<Option<Group>>()
            + self.places.len() * (exits + tree)
            + self.kinds.capacity() * size_of::<EdgeKind>()
            + self.recent.capacity() * size_of::<Option<(Offset, Rc<Taken>)>>()
            + self.recent.iter().flatten().count() * size_of::<Taken>()
            + self.starts.bytes()
    }

    fn group(&self, group: u32) -> Option<&Group> {
        self.groups.get(group as usize)?.as_ref()
    }

    fn group_mut(&mut self, group: u32) -> &mut Group {
        let known = self.groups[group as usize].as_mut();
        known.expect("a group that is in use")
    }

    /// False if there was none.
    fn drop_exit(&mut self, number: u32) -> bool {
        let (group, inside) = split(number);
        let Some(kept) = self.group_mut(group).exits[inside].take() else {
            return false;
        };
        let at = self.place(number);
        if let Some(known) = self.recent.get_mut(recent(at))
            && known.as_ref().is_some_and(|(place, _)| *place == at)
        {
            *known = None;
        }
        self.starts.release(kept.start);
        true
    }

    fn number_of(&mut self, kind: EdgeKind) -> u16 {
        let known = self.kinds.iter().position(|k| *k == kind);
        let number = known.unwrap_or_else(|| {
            self.kinds.push(kind);
            self.kinds.len() - 1
        });
        u16::try_from(number).expect("reasons are few")
    }

    fn grow(&mut self, arena: &mut Arena, trampoline: usize) -> Result<u32, Full> {
        let at = arena.take(GROUP_BYTES)?;
        for i in 0..GROUP {
            let at = Offset(at.0 + (i * STUB_BYTES) as u32);
            arena.write(at, &[0xe8]);
            arena.link_far(Offset(at.0 + 1), trampoline)?;
        }
        let group = Group {
            at,
            free: u64::MAX,
            exits: Box::new([None; GROUP]),
        };
        let number = match self.groups.iter().position(Option::is_none) {
            Some(number) => {
                self.groups[number] = Some(group);
                number
            }
            None => {
                self.groups.push(Some(group));
                self.groups.len() - 1
            }
        } as u32;
        self.places.insert(at, number);
        self.open.insert(number);
        Ok(number)
    }
}

/// Where a stub's exit is among those taken lately.
fn recent(at: Offset) -> usize {
    at.0 as usize / STUB_BYTES % RECENT
}

/// Group, and place in there.
fn split(number: u32) -> (u32, usize) {
    (number / GROUP as u32, number as usize % GROUP)
}
