//! The memory that machine code lives in.
//!
//! One region is mapped twice: once writable, once executable, never both. Code is written
//! through the first mapping and runs in the second. Pages are used when they are first
//! written, so that a generous limit costs nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs::File;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr;

/// The largest region: calls inside it and, where it could be placed near, to the interpreter
/// have 32-bit distances.
pub const REGION: usize = 1 << 30;
/// The limit unless another is set.
pub const DEFAULT_LIMIT: usize = 64 << 20;
/// Pieces of code start at multiples of this.
const ALIGN: u32 = 16;

/// So many bytes are written before the writable mapping is let go of.
const SETTLE: usize = 256 << 10;

/// A place in the region.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct Offset(pub u32);

/// Code memory is used up.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the limit of code memory is reached")]
pub struct Full;

/// Memory for machine code.
#[derive(Debug)]
pub struct Arena {
    writable: usize,
    executable: usize,
    limit: u32,
    /// Everything from here on was never used.
    end: u32,
    /// Bytes in use.
    used: usize,
    free: Free,
    /// Whether there was no room for something since room was last given back.
    full: bool,
    /// Bytes written since the writable mapping was last let go of.
    written: usize,
    /// Jumps to functions that are too far away for a direct call.
    far: HashMap<usize, Offset>,
}

impl Arena {
    /// Reserves the region, near `near` if there is room.
    pub fn new(near: usize) -> io::Result<Arena> {
        let file = region()?;
        // SAFETY: the file is a region, and stays mapped after it is closed.
        let (writable, executable) = unsafe {
            let file = file.as_raw_fd();
            let writable = map(0, libc::PROT_READ | libc::PROT_WRITE, 0, file)?;
            (writable, map_near(near, file)?)
        };
        Ok(Arena {
            writable,
            executable,
            limit: DEFAULT_LIMIT as u32,
            end: 0,
            used: 0,
            free: Free::default(),
            full: false,
            written: 0,
            far: HashMap::new(),
        })
    }

    /// A copy of the region's contents, for a child process.
    pub fn copy(&self) -> io::Result<OwnedFd> {
        let mut file = region()?;
        file.write_all(self.bytes(Offset(0), self.end as usize))?;
        Ok(file.into())
    }

    /// Goes on in a copy of the region, at the same addresses. Without one nothing may be written
    /// any more: the other process still runs what is here.
    pub fn adopt(&mut self, copy: Option<OwnedFd>) {
        let Some(copy) = copy else {
            self.limit = 0;
            return;
        };
        // SAFETY: both mappings are ours, and the copy holds the same bytes.
        let mapped = unsafe {
            let file = copy.as_raw_fd();
            let fixed = libc::MAP_FIXED;
            let writable = libc::PROT_READ | libc::PROT_WRITE;
            let executable = libc::PROT_READ | libc::PROT_EXEC;
            map(self.writable, writable, fixed, file)
                .and_then(|_| map(self.executable, executable, fixed, file))
        };
        if mapped.is_err() {
            self.limit = 0;
        }
    }

    /// Limits what may be used. What is in use stays.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes.min(REGION) as u32;
        self.full = false;
    }

    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.used
    }

    /// The address at which code at this place runs.
    pub fn address(&self, at: Offset) -> usize {
        self.executable + at.0 as usize
    }

    /// The place of an address inside the region.
    pub fn offset(&self, address: usize) -> Option<Offset> {
        let distance = address.checked_sub(self.executable)?;
        (distance < REGION).then_some(Offset(distance as u32))
    }

    /// Whether it is of no use to ask for more.
    pub fn is_full(&self) -> bool {
        self.full
    }

    /// Takes `len` bytes.
    pub fn take(&mut self, len: usize) -> Result<Offset, Full> {
        let found = self.find((len as u32).next_multiple_of(ALIGN));
        self.full = found.is_none();
        found.ok_or(Full)
    }

    fn find(&mut self, len: u32) -> Option<Offset> {
        if self.used + len as usize > self.limit as usize {
            return None;
        }
        let start = match self.free.take(len) {
            Some((start, size)) => {
                if size > len {
                    self.free.add(start + len, size - len);
                }
                start
            }
            None if (self.end + len) as usize > REGION => return None,
            None => {
                self.end += len;
                self.end - len
            }
        };
        self.used += len as usize;
        Some(Offset(start))
    }

    /// Takes room for code and writes it.
    pub fn add(&mut self, code: &[u8]) -> Result<Offset, Full> {
        let at = self.take(code.len())?;
        self.write(at, code);
        Ok(at)
    }

    /// Gives back what `take` gave.
    pub fn give_back(&mut self, at: Offset, len: usize) {
        let len = (len as u32).next_multiple_of(ALIGN);
        self.used -= len as usize;
        self.full = false;
        self.free.add(at.0, len);
    }

    /// Lets go of the pages that were written: the system counts them twice while they are in
    /// both mappings.
    pub fn settle(&mut self) {
        if self.written < SETTLE {
            return;
        }
        self.written = 0;
        // SAFETY: the mapping is ours and shared: what was written stays in the file.
        unsafe {
            libc::madvise(
                self.writable as *mut _,
                self.end as usize,
                libc::MADV_DONTNEED,
            )
        };
    }

    /// Bytes of memory outside the region.
    pub fn metadata_bytes(&self) -> usize {
        self.free.bytes() + self.far.capacity() * size_of::<(usize, Offset)>()
    }

    /// Writes bytes into room that was taken.
    pub fn write(&mut self, at: Offset, bytes: &[u8]) {
        assert!(at.0 as usize + bytes.len() <= self.end as usize);
        self.written += bytes.len();
        let target = (self.writable + at.0 as usize) as *mut u8;
        // SAFETY: the range is inside the region, and only the owner of the arena writes.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), target, bytes.len()) }
    }

    /// The bytes of a piece of code.
    pub fn bytes(&self, at: Offset, len: usize) -> &[u8] {
        assert!(at.0 as usize + len <= self.end as usize);
        // SAFETY: the range is inside the region and was written before.
        unsafe { std::slice::from_raw_parts((self.writable + at.0 as usize) as *const u8, len) }
    }

    /// Lets the jump or call whose 32-bit distance stands at `site` lead to `target`.
    pub fn link(&mut self, site: Offset, target: Offset) {
        let distance = target.0.wrapping_sub(site.0 + 4);
        self.write(site, &distance.to_le_bytes());
    }

    /// Lets the call at `site` lead to a function anywhere.
    pub fn link_far(&mut self, site: Offset, target: usize) -> Result<(), Full> {
        let from = self.address(Offset(site.0 + 4));
        let distance = target.wrapping_sub(from) as isize;
        if let Ok(near) = i32::try_from(distance) {
            self.write(site, &near.to_le_bytes());
            return Ok(());
        }
        let thunk = match self.far.get(&target) {
            Some(&thunk) => thunk,
            None => {
                // jmp [rip]; the address
                let mut code = vec![0xff, 0x25, 0, 0, 0, 0];
                code.extend(target.to_le_bytes());
                let thunk = self.add(&code)?;
                self.far.insert(target, thunk);
                thunk
            }
        };
        self.link(site, thunk);
        Ok(())
    }

    /// The function that a jump in code memory leads to, if it is one that `link_far` made.
    pub fn beyond(&self, at: Offset) -> Option<usize> {
        let mut jumps = self.far.iter();
        jumps.find_map(|(&target, &jump)| (jump == at).then_some(target))
    }
}

/// Pieces that were given back.
#[derive(Debug, Default)]
struct Free {
    /// Length by start.
    by_start: BTreeMap<u32, u32>,
    /// Length and start.
    by_len: BTreeSet<(u32, u32)>,
}

impl Free {
    /// The smallest piece of at least this length: start and length.
    fn take(&mut self, len: u32) -> Option<(u32, u32)> {
        let &(len, start) = self.by_len.range((len, 0)..).next()?;
        self.remove(start, len);
        Some((start, len))
    }

    /// Adds a piece, joined with its neighbours.
    fn add(&mut self, mut start: u32, mut len: u32) {
        let before = self.by_start.range(..start).next_back();
        if let Some((&before, &size)) = before
            && before + size == start
        {
            self.remove(before, size);
            (start, len) = (before, size + len);
        }
        if let Some(&size) = self.by_start.get(&(start + len)) {
            self.remove(start + len, size);
            len += size;
        }
        self.by_start.insert(start, len);
        self.by_len.insert((len, start));
    }

    fn remove(&mut self, start: u32, len: u32) {
        self.by_start.remove(&start);
        self.by_len.remove(&(len, start));
    }

    fn bytes(&self) -> usize {
        self.by_start.len() * 4 * size_of::<u32>()
    }
}

/// A file of the region's size, in memory.
fn region() -> io::Result<File> {
    // SAFETY: the name is a C string; the flags are those of the call.
    let file = unsafe { libc::memfd_create(c"cevalry".as_ptr(), libc::MFD_CLOEXEC) };
    if file < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the descriptor was made just now, and is nobody else's.
    let file = unsafe { File::from_raw_fd(file) };
    file.set_len(REGION as u64)?;
    Ok(file)
}

/// # Safety
/// `file` is at least `REGION` bytes long. With `MAP_FIXED` in `flags`, what is at `hint` belongs
/// to the caller.
unsafe fn map(hint: usize, protection: i32, flags: i32, file: i32) -> io::Result<usize> {
    // SAFETY: it replaces nothing, or what the caller says.
    let at = unsafe {
        libc::mmap(
            hint as *mut _,
            REGION,
            protection,
            libc::MAP_SHARED | libc::MAP_NORESERVE | flags,
            file,
            0,
        )
    };
    if at == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    Ok(at as usize)
}

/// Maps the file executable so that calls of `near` have 32-bit distances, if possible.
///
/// # Safety
/// As for `map`.
unsafe fn map_near(near: usize, file: i32) -> io::Result<usize> {
    let reach = (i32::MAX as usize) - REGION;
    let step = 64 << 20;
    let below = (1..reach / step).map(|i| near.checked_sub(REGION + i * step));
    let above = (1..reach / step).map(|i| near.checked_add(i * step));
    for hint in above.chain(below).flatten() {
        let hint = hint & !0xfff;
        // SAFETY: as for the caller. A mapping that landed elsewhere is taken away again.
        unsafe {
            let at = map(hint, libc::PROT_READ | libc::PROT_EXEC, 0, file)?;
            if at.abs_diff(near) < reach {
                return Ok(at);
            }
            libc::munmap(at as *mut _, REGION);
        }
    }
    // SAFETY: as for the caller.
    unsafe { map(0, libc::PROT_READ | libc::PROT_EXEC, 0, file) }
}
