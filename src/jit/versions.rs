//! The versions of a code object's blocks: for which context each was compiled.

use std::rc::Rc;

use crate::jit::arena::Offset;
use crate::jit::context::Context;
use crate::jit::record::Avoid;
use crate::jit::starts::{StartKey, Starts};

/// A block, entered at its start.
#[derive(Clone, Copy, Debug)]
struct Version {
    unit: u32,
    at: Offset,
    start: StartKey,
}

/// A version that was looked for.
#[derive(Clone, Debug)]
pub struct Found {
    pub context: Rc<Context>,
    pub at: Offset,
}

/// All versions, by unit.
#[derive(Debug)]
pub struct Versions {
    list: Vec<Version>,
    starts: Rc<Starts>,
    /// Where handlers of exceptions are entered, by their first unit and the depth of the stack.
    landings: Vec<((u32, usize), Offset)>,
}

impl Versions {
    pub fn new(starts: Rc<Starts>) -> Versions {
        Versions {
            list: Vec::new(),
            starts,
            landings: Vec::new(),
        }
    }

    /// The version for this very context.
    pub fn exact(&self, unit: u32, context: &Rc<Context>, avoid: &Avoid) -> Option<Offset> {
        let versions = self.at(unit);
        if versions.is_empty() {
            return None;
        }
        let start = self.starts.find(context, avoid)?;
        self.of(unit, start)
    }

    /// The version for this very start.
    pub fn of(&self, unit: u32, start: StartKey) -> Option<Offset> {
        let found = self.at(unit).iter().find(|v| v.start == start);
        found.map(|v| v.at)
    }

    /// The version that loses least of what the context knows, if it loses no more than `most`.
    pub fn nearest(&self, unit: u32, context: &Context, avoid: &Avoid, most: u32) -> Option<Found> {
        let versions = self.at(unit);
        let starts = versions.iter().map(|v| v.start);
        let (i, start) = self.starts.nearest(starts, context, avoid, most)?;
        Some(Found {
            context: self.starts.context(start.context),
            at: versions[i].at,
        })
    }

    /// The version of a handler's first unit of which nothing is known but how many values are on
    /// the stack, once it was looked for.
    pub fn landing(&self, unit: u32, depth: usize) -> Option<Offset> {
        let mut landings = self.landings.iter();
        let found = landings.find(|(known, _)| *known == (unit, depth));
        found.map(|(_, at)| *at)
    }

    pub fn add_landing(&mut self, unit: u32, depth: usize, at: Offset) {
        self.landings.push(((unit, depth), at));
    }

    /// Enters a version, whose start has been counted for that; it takes the place of one that was
    /// promised.
    pub fn add(&mut self, unit: u32, start: StartKey, at: Offset) {
        let end = self.list.partition_point(|v| v.unit <= unit);
        let others = self.list[..end].iter_mut().rev();
        let mut others = others.take_while(|v| v.unit == unit);
        match others.find(|v| v.start == start) {
            Some(version) => {
                version.at = at;
                self.starts.release(start);
            }
            None => self.list.insert(end, Version { unit, at, start }),
        }
    }

    /// Moves a version elsewhere.
    pub fn replace(&mut self, unit: u32, start: StartKey, at: Offset) {
        let mut all = self.list.iter_mut();
        if let Some(version) = all.find(|v| v.unit == unit && v.start == start) {
            version.at = at;
        }
    }

    pub fn count(&self, unit: u32) -> usize {
        self.at(unit).len()
    }

    pub fn clear(&mut self) {
        *self = Versions::new(Rc::clone(&self.starts));
    }

    /// Bytes of memory, without those of starts.
    pub fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<Version>()
            + self.landings.capacity() * size_of::<((u32, usize), Offset)>()
    }

    fn at(&self, unit: u32) -> &[Version] {
        let first = self.list.partition_point(|v| v.unit < unit);
        let len = self.list[first..].partition_point(|v| v.unit == unit);
        &self.list[first..first + len]
    }
}

impl Drop for Versions {
    fn drop(&mut self) {
        for version in &self.list {
            self.starts.release(version.start);
        }
    }
}
