//! Addresses of code objects in the machine code of others.
//!
//! A call is compared with the code object that it has called before. That one may die first, and
//! another object may get its address: then the comparison is made one that never holds.

use crate::jit::arena::{Arena, Offset};
use crate::jit::record::Record;

/// What stands in the place of the address of a code object that is gone.
const NOBODY: u64 = 0;

/// Which code objects mention which.
#[derive(Debug, Default)]
pub struct Mentions {
    /// Those that this one's machine code compares others with.
    made: Vec<*mut Record>,
    /// Where the address of this one stands in the machine code of others.
    of_this: Vec<(*mut Record, Offset)>,
}

impl Mentions {
    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        self.made.capacity() * size_of::<*mut Record>()
            + self.of_this.capacity() * size_of::<(*mut Record, Offset)>()
    }
}

/// Notes that the address of a code object stands in the machine code of another.
///
/// # Safety
/// Both records are alive.
pub unsafe fn note(by: &mut Record, of: *mut Record, at: Offset) {
    // What mentions itself goes when it does.
    if std::ptr::eq(by, of) {
        return;
    }
    if !by.mentions.made.contains(&of) {
        by.mentions.made.push(of);
    }
    // SAFETY: by the caller; the two are not the same.
    unsafe { (*of).mentions.of_this.push((by, at)) };
}

/// Puts an end to all mentions by and of a code object.
///
/// # Safety
/// All records that have mentions are alive, and no machine code of theirs is running.
pub unsafe fn forget(record: &mut Record, arena: &mut Arena) {
    let itself: *mut Record = record;
    for (other, at) in std::mem::take(&mut record.mentions.of_this) {
        arena.write(at, &NOBODY.to_le_bytes());
        // SAFETY: by the caller; no record mentions itself.
        unsafe { (*other).mentions.made.retain(|&of| of != itself) };
    }
    for other in std::mem::take(&mut record.mentions.made) {
        // SAFETY: as above.
        unsafe { (*other).mentions.of_this.retain(|&(by, _)| by != itself) };
    }
}
