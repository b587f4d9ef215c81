//! The versions of a code object's blocks: for which context each was compiled.

use std::rc::Rc;

use crate::jit::arena::Offset;
use crate::jit::context::Context;
use crate::jit::distance::distance;
use crate::jit::packed::{self, Types};
use crate::jit::record::Avoid;

/// A block, entered at its start.
#[derive(Clone, Copy, Debug)]
struct Version {
    unit: u32,
    at: Offset,
    /// Where the packed context starts and ends in `starts`, with what is to be avoided.
    start: u32,
    end: u32,
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
    starts: Vec<u8>,
    types: Rc<Types>,
    /// Where handlers of exceptions are entered, by their first unit.
    landings: Vec<(u32, Offset)>,
}

impl Versions {
    pub fn new(types: Rc<Types>) -> Versions {
        Versions {
            list: Vec::new(),
            starts: Vec::new(),
            types,
            landings: Vec::new(),
        }
    }

    /// The version for this very context.
    pub fn exact(&self, unit: u32, context: &Context, avoid: &Avoid) -> Option<Offset> {
        let versions = self.at(unit);
        if versions.is_empty() {
            return None;
        }
        let mut packed = Vec::new();
        packed::pack(context, avoid, &self.types, &mut packed);
        let found = versions.iter().find(|v| *self.packed(v) == *packed);
        found.map(|v| v.at)
    }

    /// The version that loses least of what the context knows, and how much it loses.
    pub fn nearest(&self, unit: u32, context: &Context, avoid: &Avoid) -> Option<(u32, Found)> {
        let mut best: Option<(u32, Found)> = None;
        for version in self.at(unit) {
            let packed = self.packed(version);
            if packed::depth(packed) != context.stack.len() {
                continue;
            }
            let (other, avoided) = packed::unpack(packed, &self.types);
            if avoided != *avoid {
                continue;
            }
            if let Some(far) = distance(context, &other)
                && best.as_ref().is_none_or(|(least, _)| far < *least)
            {
                let found = Found {
                    context: other,
                    at: version.at,
                };
                best = Some((far, found));
            }
        }
        best
    }

    /// The version of a handler's first unit of which nothing is known, once it was looked for.
    pub fn landing(&self, unit: u32) -> Option<Offset> {
        let found = self.landings.iter().find(|(known, _)| *known == unit);
        found.map(|(_, at)| *at)
    }

    pub fn add_landing(&mut self, unit: u32, at: Offset) {
        self.landings.push((unit, at));
    }

    /// Enters a version; it takes the place of one that was promised.
    pub fn add(&mut self, unit: u32, context: &Context, avoid: &Avoid, at: Offset) {
        let start = self.starts.len();
        packed::pack(context, avoid, &self.types, &mut self.starts);
        let (known, packed) = self.starts.split_at(start);
        let end = self.list.partition_point(|v| v.unit <= unit);
        let same = |v: &&mut Version| known[v.start as usize..v.end as usize] == *packed;
        let others = self.list[..end].iter_mut().rev();
        match others.take_while(|v| v.unit == unit).find(same) {
            Some(version) => {
                version.at = at;
                self.starts.truncate(start);
            }
            None => {
                let version = Version {
                    unit,
                    at,
                    start: start as u32,
                    end: self.starts.len() as u32,
                };
                self.list.insert(end, version);
            }
        }
    }

    pub fn count(&self, unit: u32) -> usize {
        self.at(unit).len()
    }

    pub fn clear(&mut self) {
        *self = Versions::new(Rc::clone(&self.types));
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.list.capacity() * size_of::<Version>()
            + self.starts.capacity()
            + self.landings.capacity() * size_of::<(u32, Offset)>()
    }

    fn at(&self, unit: u32) -> &[Version] {
        let first = self.list.partition_point(|v| v.unit < unit);
        let len = self.list[first..].partition_point(|v| v.unit == unit);
        &self.list[first..first + len]
    }

    fn packed(&self, version: &Version) -> &[u8] {
        &self.starts[version.start as usize..version.end as usize]
    }
}
