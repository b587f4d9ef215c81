//! Calls whose callees were not compiled yet when the block was.
//!
//! Once the callee is compiled, more can be made of such a call: the block that starts with it is
//! compiled anew when control next arrives there.

use crate::emit::edge::EdgeKind;
use crate::jit::arena::Offset;
use crate::jit::record::{Record, Site};
use crate::jit::starts::StartKey;
use crate::jit::state::Jit;
use crate::jit::stubs::NewExit;

/// How often the blocks of one unit wait: where it is always another function, that never ends.
const MOST: u8 = 4;

/// A jump with a distance of 32 bits.
const JUMP: u8 = 0xe9;

/// A block that starts with such a call.
#[derive(Clone, Copy, Debug)]
pub struct Awaiting {
    pub record: *mut Record,
    pub unit: u32,
    pub start: StartKey,
    pub at: Offset,
}

impl Jit {
    /// Notes that a block calls a code object that is not compiled.
    pub fn wait_for(&mut self, object: usize, awaiting: Awaiting) {
        // SAFETY: the block's record is alive.
        let waits = unsafe { &mut (*awaiting.record).waits };
        let times = waits.entry(awaiting.unit).or_default();
        if *times < MOST {
            *times += 1;
            self.awaiting.entry(object).or_default().push(awaiting);
        }
    }

    /// A code object is compiled now: blocks that wait for it become jumps to where they are
    /// compiled anew.
    ///
    /// # Safety
    /// All records that wait are alive, and no compiling is going on.
    pub unsafe fn wake(&mut self, object: usize) {
        for Awaiting {
            record,
            unit,
            start,
            at,
        } in self.awaiting.remove(&object).unwrap_or_default()
        {
            // SAFETY: by the caller.
            let known = unsafe { &mut *record };
            if known.versions.of(unit, start) != Some(at) {
                continue;
            }
            let exit = NewExit {
                record,
                site: Site::Version,
                kind: EdgeKind::Go,
                backward: false,
                unit,
                start,
            };
            let trampoline = self.trampolines.stub;
            let Ok((number, stub)) = self.stubs.add(&mut self.arena, trampoline, exit) else {
                continue;
            };
            known.stubs.push(number);
            known.versions.replace(unit, start, stub);
            // Blocks are entered at their start, and frames that are inside return behind this.
            self.arena.write(at, &[JUMP]);
            self.arena.link(Offset(at.0 + 1), stub);
        }
        self.arena.settle();
    }

    /// Forgets the blocks of a record that wait.
    pub fn wait_no_more(&mut self, record: *const Record) {
        self.awaiting.retain(|_, all| {
            all.retain(|awaiting| !std::ptr::eq(awaiting.record, record));
            !all.is_empty()
        });
    }
}
