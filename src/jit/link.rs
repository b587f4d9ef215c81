//! Letting the ways out of a block lead somewhere.

use std::rc::Rc;

use smallvec::SmallVec;

use crate::emit::edge::{BlockCode, Edge, EdgeKind};
use crate::jit::arena::{Full, Offset};
use crate::jit::compile::{Emitted, Start};
use crate::jit::record::{Avoid, Record, Site};
use crate::jit::starts::{AvoidKey, StartKey, Starts};
use crate::jit::state::Jit;
use crate::jit::stubs::NewExit;

/// How many exits are looked through for one that leads to the same.
const NEIGHBOURS: usize = 8;

impl Jit {
    /// Lets a block's calls and edges lead somewhere; those edges whose target is not compiled
    /// to stubs.
    pub(super) fn link(
        &mut self,
        record: &mut Record,
        start: &Start,
        at: Offset,
        code: &BlockCode,
        emitted: &[Emitted],
    ) -> Result<(), Full> {
        for call in &code.calls {
            self.arena.link_far(Offset(at.0 + call.site), call.target)?;
        }
        let starts = Rc::clone(self.stubs.starts());
        let mut block = Linked {
            starts: &starts,
            start,
            itself: starts.keep(&start.context, &start.avoid),
            at,
            emitted,
            last: None,
        };
        let linked = self.link_edges(record, &code.edges, &mut block);
        block.release();
        starts.release(block.itself);
        linked
    }

    fn link_edges(
        &mut self,
        record: &mut Record,
        edges: &[Edge],
        block: &mut Linked<'_>,
    ) -> Result<(), Full> {
        let last = block.emitted.last().map(|last| last.start);
        let itself = (block.start.unit, block.itself);
        let mut shared: SmallVec<[(&Edge, Offset); NEIGHBOURS]> = SmallVec::new();
        for edge in edges {
            let site = Offset(block.at.0 + edge.site);
            let target = StartKey {
                context: edge.context,
                avoid: block.avoided(edge),
            };
            if matches!(
                edge.kind,
                EdgeKind::Go | EdgeKind::Refuted | EdgeKind::NeedsFrame
            ) {
                let target = match last.is_some() && (edge.unit, target) == itself {
                    true => Some(block.at),
                    false => record.versions.of(edge.unit, target),
                };
                if let Some(target) = target {
                    self.arena.link(site, target);
                    continue;
                }
            }
            // Nobody looks at where such an exit is taken: the next one may lead there as well.
            let fixed = matches!(
                edge.kind,
                EdgeKind::Error
                    | EdgeKind::Interrupted { .. }
                    | EdgeKind::Reraise { .. }
                    | EdgeKind::Interpret(_)
                    | EdgeKind::Refuted
                    | EdgeKind::NeedsFrame
            );
            let same = |(before, _): &&(&Edge, Offset)| {
                before.kind == edge.kind
                    && before.unit == edge.unit
                    && before.context == edge.context
            };
            if fixed && let Some((_, stub)) = shared.iter().rev().take(NEIGHBOURS).find(same) {
                self.arena.link(site, *stub);
                continue;
            }
            let exit = NewExit {
                record,
                site: match edge.kind {
                    EdgeKind::Refuted | EdgeKind::NeedsFrame => Site::Shared,
                    _ => Site::Jump(site),
                },
                kind: edge.kind,
                backward: edge.kind == EdgeKind::Go && last.is_some_and(|last| edge.unit <= last),
                unit: edge.unit,
                start: target,
            };
            let trampoline = self.trampolines.stub;
            let (number, stub) = self.stubs.add(&mut self.arena, trampoline, exit)?;
            record.stubs.push(number);
            self.arena.link(site, stub);
            if fixed {
                shared.push((edge, stub));
            }
        }
        Ok(())
    }
}

/// A block that is being linked.
struct Linked<'a> {
    starts: &'a Starts,
    start: &'a Start,
    itself: StartKey,
    at: Offset,
    emitted: &'a [Emitted],
    /// What is to be avoided behind the edge before, which is mostly one of the same instruction.
    last: Option<((u32, EdgeKind), AvoidKey)>,
}

impl Linked<'_> {
    /// What is to be avoided behind an edge. It is kept until the next is asked for.
    fn avoided(&mut self, edge: &Edge) -> AvoidKey {
        if !matches!(
            edge.kind,
            EdgeKind::Deopt | EdgeKind::Refuted | EdgeKind::NeedsFrame
        ) {
            return self.starts.nothing();
        }
        if let Some((asked, key)) = self.last
            && asked == (edge.unit, edge.kind)
        {
            return key;
        }
        self.release();
        let mut avoid = self.before(edge.unit);
        match edge.kind {
            EdgeKind::Refuted => avoid.refuted += 1,
            EdgeKind::NeedsFrame => avoid.framed += 1,
            _ => match self.emitted.iter().find(|e| e.start == edge.unit) {
                Some(Emitted {
                    member: Some(member),
                    ..
                }) => avoid.members.push(*member),
                _ => avoid.plain = true,
            },
        }
        let key = self.starts.keep_avoid(&avoid);
        self.last = Some(((edge.unit, edge.kind), key));
        key
    }

    /// What was avoided when an instruction of the block was compiled.
    fn before(&self, unit: u32) -> Avoid {
        if unit == self.start.unit {
            self.start.avoid.clone()
        } else {
            Avoid::default()
        }
    }

    fn release(&mut self) {
        if let Some((_, key)) = self.last.take() {
            self.starts.release_avoid(key);
        }
    }
}
