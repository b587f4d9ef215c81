//! Short byte strings that many share, each counted, in chunks of which the last one grows.

/// Bytes in a chunk that is full.
const CHUNK: usize = 1 << 16;
/// The least that a chunk grows by.
const PAGE: usize = 1 << 12;
/// Strings start at multiples of this.
const ALIGN: usize = 4;
/// What stands before the bytes of a string: its length, and how often it is used.
const HEAD: usize = 4;
/// The longest string.
pub const LONGEST: usize = CHUNK - HEAD;

/// Where a string is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Key(u32);

/// All strings.
#[derive(Debug, Default)]
pub struct Slab {
    chunks: Vec<Vec<u8>>,
    /// Bytes in use of the last chunk.
    end: usize,
    /// Room that was given back, by its size in multiples of `ALIGN`.
    free: Vec<Vec<Key>>,
}

impl Slab {
    /// Keeps a string, used once.
    pub fn add(&mut self, bytes: &[u8]) -> Key {
        assert!(bytes.len() <= LONGEST);
        let size = size(bytes.len());
        let key = match self.free.get_mut(size / ALIGN).and_then(Vec::pop) {
            Some(key) => key,
            None => self.grow(size),
        };
        let room = self.room(key, HEAD + bytes.len());
        room[..2].copy_from_slice(&(bytes.len() as u16).to_le_bytes());
        room[2..HEAD].copy_from_slice(&1u16.to_le_bytes());
        room[HEAD..].copy_from_slice(bytes);
        key
    }

    /// Counts one more user. A string that has more users than can be counted stays.
    pub fn share(&mut self, key: Key) {
        let more = self.users(key).saturating_add(1);
        self.room(key, HEAD)[2..].copy_from_slice(&more.to_le_bytes());
    }

    /// Counts one user less, and gives the room back after the last.
    pub fn release(&mut self, key: Key) {
        let users = self.users(key);
        if users == u16::MAX {
            return;
        }
        let less = users - 1;
        self.room(key, HEAD)[2..].copy_from_slice(&less.to_le_bytes());
        if less == 0 {
            let size = size(self.len(key)) / ALIGN;
            if self.free.len() <= size {
                self.free.resize_with(size + 1, Vec::new);
            }
            self.free[size].push(key);
        }
    }

    /// A string.
    pub fn get(&self, key: Key) -> &[u8] {
        let at = key.0 as usize * ALIGN;
        &self.chunks[at / CHUNK][at % CHUNK + HEAD..][..self.len(key)]
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        let free: usize = self.free.iter().map(Vec::capacity).sum();
        let chunks: usize = self.chunks.iter().map(Vec::capacity).sum();
        chunks + free * size_of::<Key>()
    }

    fn len(&self, key: Key) -> usize {
        let at = key.0 as usize * ALIGN;
        let chunk = &self.chunks[at / CHUNK];
        u16::from_le_bytes([chunk[at % CHUNK], chunk[at % CHUNK + 1]]).into()
    }

    /// How many users were counted.
    pub fn users(&self, key: Key) -> u16 {
        let at = key.0 as usize * ALIGN;
        let chunk = &self.chunks[at / CHUNK];
        u16::from_le_bytes([chunk[at % CHUNK + 2], chunk[at % CHUNK + 3]])
    }

    fn room(&mut self, key: Key, len: usize) -> &mut [u8] {
        let at = key.0 as usize * ALIGN;
        &mut self.chunks[at / CHUNK][at % CHUNK..][..len]
    }

    fn grow(&mut self, size: usize) -> Key {
        if self.chunks.is_empty() || self.end + size > CHUNK {
            self.chunks.push(Vec::new());
            self.end = 0;
        }
        let at = (self.chunks.len() - 1) * CHUNK + self.end;
        self.end += size;
        // A quarter more than there is: little is there for nothing, and little is copied.
        let step = (at / 4).next_multiple_of(PAGE).clamp(PAGE, CHUNK);
        if let Some(chunk) = self.chunks.last_mut()
            && chunk.len() < self.end
        {
            let len = (chunk.len() + step).clamp(self.end, CHUNK);
            chunk.reserve_exact(len - chunk.len());
            chunk.resize(len, 0);
        }
        Key((at / ALIGN) as u32)
    }
}

/// The room that a string takes.
fn size(len: usize) -> usize {
    (HEAD + len).next_multiple_of(ALIGN)
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, Slab};

    #[test]
    fn strings_are_kept_until_the_last_user() {
        let mut slab = Slab::default();
        let one = slab.add(b"one");
        let two = slab.add(b"");
        slab.share(one);
        slab.release(one);
        assert_eq!(slab.get(one), b"one");
        slab.release(one);
        let again = slab.add(b"new");
        assert_eq!(again, one);
        assert_eq!(slab.get(two), b"");
        assert_eq!(slab.get(again), b"new");
    }

    #[test]
    fn a_string_with_countless_users_stays() {
        let mut slab = Slab::default();
        let key = slab.add(b"all");
        for _ in 0..70_000 {
            slab.share(key);
        }
        for _ in 0..70_000 {
            slab.release(key);
        }
        assert_eq!(slab.get(key), b"all");
        assert_ne!(slab.add(b"one"), key);
    }

    #[test]
    fn few_strings_take_little_room() {
        let mut slab = Slab::default();
        let keys: Vec<_> = (0..200u8).map(|n| slab.add(&[n; 10])).collect();
        assert!(slab.bytes() <= 1 << 12);
        for (key, n) in keys.iter().zip(0..) {
            assert_eq!(slab.get(*key), [n; 10]);
        }
        while slab.bytes() < 1 << 17 {
            slab.add(&[9; 1000]);
        }
        for (key, n) in keys.iter().zip(0..) {
            assert_eq!(slab.get(*key), [n; 10]);
        }
    }

    #[test]
    fn room_is_used_again() {
        let mut slab = Slab::default();
        for n in 0..100_000 {
            let key = slab.add(&vec![1; n % 100]);
            slab.release(key);
        }
        let long = slab.add(&vec![7; LONGEST]);
        assert_eq!(slab.get(long), vec![7; LONGEST]);
        assert!(slab.bytes() < 1 << 18);
    }
}
