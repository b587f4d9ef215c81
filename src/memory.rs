//! The compiler's own memory, of which some is kept for when there is no more.
//!
//! Where an allocation of Rust's fails, the process ends. A program that runs into its limit goes on
//! with `MemoryError`, and what it calls then may be compiled for the first time. Such allocations come
//! out of a region that is mapped when the compiler is made, and takes no memory until it is used;
//! nothing more is compiled until there is memory again.

use std::alloc::{GlobalAlloc, Layout, System};
use std::ptr::{self, null_mut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// Bytes of the region: what one block, or the preparation of one large function, may ask for, and
/// tables of all that is compiled, which double. Little beside the addresses that code has.
const REGION: usize = 64 << 20;

/// An allocation of so many bytes says that there is memory again.
const PROBE: usize = 256 << 10;

/// The smallest piece of the region, and the largest that a piece is aligned to, as powers of two.
const SMALLEST: u32 = 4;
const PAGE: usize = 4096;

/// Where the region is; 0 without one.
static BASE: AtomicUsize = AtomicUsize::new(0);

/// Whether something came out of the region since there was memory.
static SHORT: AtomicBool = AtomicBool::new(false);

static PIECES: Mutex<Pieces> = Mutex::new(Pieces {
    used: 0,
    free: [0; usize::BITS as usize],
});

#[global_allocator]
static MEMORY: Memory = Memory;

/// The system's allocator, and the region behind it.
struct Memory;

/// What the region is cut into.
struct Pieces {
    /// Bytes from its start that were cut up.
    used: usize,
    /// By the power of two that is their size: the first piece that was given back, in which the
    /// address of the next one stands.
    free: [usize; usize::BITS as usize],
}

/// Maps the region, once.
pub fn provide() {
    if BASE.load(Relaxed) != 0 {
        return;
    }
    // SAFETY: a new mapping, of which nobody else knows.
    let base = unsafe {
        libc::mmap(
            null_mut(),
            REGION,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
            -1,
            0,
        )
    };
    if base != libc::MAP_FAILED {
        BASE.store(base as usize, Relaxed);
    }
}

/// Whether there is no memory for compiling.
pub fn is_short() -> bool {
    if !SHORT.load(Relaxed) {
        return false;
    }
    let probe = Layout::new::<[u8; PROBE]>();
    // SAFETY: the layout is not empty, and what it gave is given back.
    unsafe {
        let memory = System.alloc(probe);
        if memory.is_null() {
            return true;
        }
        System.dealloc(memory, probe);
    }
    SHORT.store(false, Relaxed);
    false
}

/// The power of two that is the size of the piece for an allocation.
fn class(layout: Layout) -> usize {
    let size = layout.size().max(layout.align()).max(1 << SMALLEST);
    size.next_power_of_two().trailing_zeros() as usize
}

fn in_region(address: usize) -> bool {
    address.wrapping_sub(BASE.load(Relaxed)) < REGION && BASE.load(Relaxed) != 0
}

/// A piece of the region; NULL where none is left.
#[cold]
fn piece(layout: Layout) -> *mut u8 {
    let base = BASE.load(Relaxed);
    let class = class(layout);
    if base == 0 || layout.align() > PAGE || layout.size() > REGION {
        return null_mut();
    }
    SHORT.store(true, Relaxed);
    let mut pieces = PIECES.lock().unwrap_or_else(PoisonError::into_inner);
    let first = pieces.free[class];
    if first != 0 {
        // SAFETY: a piece that was given back is nobody's, and holds an address.
        pieces.free[class] = unsafe { ptr::read(first as *const usize) };
        return first as *mut u8;
    }
    let size = 1 << class;
    let start = pieces.used.next_multiple_of(size.min(PAGE));
    if start + size > REGION {
        return null_mut();
    }
    pieces.used = start + size;
    (base + start) as *mut u8
}

/// Takes a piece back.
#[cold]
fn give_back(address: usize, layout: Layout) {
    let class = class(layout);
    let mut pieces = PIECES.lock().unwrap_or_else(PoisonError::into_inner);
    // SAFETY: the piece has room for an address, and is nobody's any more.
    unsafe { ptr::write(address as *mut usize, pieces.free[class]) };
    pieces.free[class] = address;
}

// SAFETY: memory is the system's or a piece of the region, which is as large and as aligned as was
// asked for and nobody else's until it is given back.
unsafe impl GlobalAlloc for Memory {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller.
        let memory = unsafe { System.alloc(layout) };
        match memory.is_null() {
            true => piece(layout),
            false => memory,
        }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: by the caller; a piece is as large as the layout says.
        unsafe {
            let memory = System.alloc_zeroed(layout);
            if !memory.is_null() {
                return memory;
            }
            let memory = piece(layout);
            if !memory.is_null() {
                ptr::write_bytes(memory, 0, layout.size());
            }
            memory
        }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if in_region(memory as usize) {
            give_back(memory as usize, layout);
        } else {
            // SAFETY: by the caller; what is not of the region is the system's.
            unsafe { System.dealloc(memory, layout) }
        }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: by the caller; as for the others.
        unsafe {
            if !in_region(memory as usize) {
                let moved = System.realloc(memory, layout, size);
                if !moved.is_null() {
                    return moved;
                }
            }
            let moved = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !moved.is_null() {
                ptr::copy_nonoverlapping(memory, moved, layout.size().min(size));
                self.dealloc(memory, layout);
            }
            moved
        }
    }
}

#[cfg(test)]
mod tests {
    use std::alloc::Layout;

    use super::{give_back, in_region, piece, provide};

    #[test]
    fn pieces_of_the_region_do_not_overlap_and_come_back() {
        provide();
        let layouts = [(1, 1), (24, 8), (100, 64), (5000, 16), (4096, 4096)]
            .map(|(size, align)| Layout::from_size_align(size, align).unwrap());
        let pieces = layouts.map(|layout| (piece(layout) as usize, layout));
        for (i, (start, layout)) in pieces.iter().enumerate() {
            assert!(in_region(*start) && start % layout.align() == 0);
            for (other, _) in &pieces[..i] {
                assert!(other < start || start + layout.size() <= *other);
            }
        }
        for (start, layout) in pieces {
            give_back(start, layout);
            assert_eq!(piece(layout) as usize, start);
        }
        assert!(piece(Layout::from_size_align(128 << 20, 8).unwrap()).is_null());
    }
}
