//! Stubs: where a jump leads whose target has not been compiled.
//!
//! A stub is one call of the shared trampoline; its return address says which stub it was.
//! Stubs stand together on pages of their own and are used again.

use std::collections::HashMap;

use crate::jit::arena::{Arena, Full, Offset};
use crate::jit::record::Exit;
use crate::jit::trampoline::STUB_BYTES;

const PAGE: usize = 4096;
const PER_PAGE: usize = PAGE / STUB_BYTES;

/// All stubs.
#[derive(Debug, Default)]
pub struct Stubs {
    /// The page at each place, in order of making.
    pages: Vec<Offset>,
    /// Page number inside code memory to index in `pages`.
    index: HashMap<u32, usize>,
    exits: Vec<Option<Exit>>,
    free: Vec<u32>,
}

impl Stubs {
    /// Makes a stub for an exit and gives its number and place.
    pub fn add(
        &mut self,
        arena: &mut Arena,
        trampoline: usize,
        exit: Exit,
    ) -> Result<(u32, Offset), Full> {
        if self.free.is_empty() {
            self.grow(arena, trampoline)?;
        }
        let Some(number) = self.free.pop() else {
            return Err(Full);
        };
        self.exits[number as usize] = Some(exit);
        Ok((number, self.place(number)))
    }

    /// Where a stub stands.
    pub fn place(&self, number: u32) -> Offset {
        let number = number as usize;
        let page = self.pages[number / PER_PAGE];
        Offset(page.0 + (number % PER_PAGE * STUB_BYTES) as u32)
    }

    /// The stub whose call returns to this address.
    pub fn number(&self, arena: &Arena, back: usize) -> Option<u32> {
        self.at(arena.offset(back - STUB_BYTES)?)
    }

    pub fn get(&self, number: u32) -> Option<&Exit> {
        self.exits.get(number as usize)?.as_ref()
    }

    /// The stub that stands at a place in code memory.
    pub fn at(&self, at: Offset) -> Option<u32> {
        let page = self.index.get(&(at.0 / PAGE as u32))?;
        let inside = at.0 as usize % PAGE / STUB_BYTES;
        Some((page * PER_PAGE + inside) as u32)
    }

    /// Gives a stub back that no jump leads to any more.
    pub fn remove(&mut self, number: u32) -> Option<Exit> {
        let exit = self.exits.get_mut(number as usize)?.take()?;
        self.free.push(number);
        Some(exit)
    }

    /// Turns a stub into a jump: whoever jumps to it goes on to `target`.
    pub fn forward(&mut self, arena: &mut Arena, number: u32, target: Offset) {
        let at = self.place(number);
        arena.write(at, &[0xe9]);
        arena.link(Offset(at.0 + 1), target);
        self.exits[number as usize] = None;
    }

    /// Bytes outside code memory.
    pub fn bytes(&self) -> usize {
        self.exits.capacity() * size_of::<Option<Exit>>() + self.free.capacity() * 4
    }

    fn grow(&mut self, arena: &mut Arena, trampoline: usize) -> Result<(), Full> {
        let page = arena.take(PAGE, PAGE as u32)?;
        for i in 0..PER_PAGE {
            let at = Offset(page.0 + (i * STUB_BYTES) as u32);
            arena.write(at, &[0xe8]);
            arena.link_far(Offset(at.0 + 1), trampoline)?;
        }
        let first = self.exits.len();
        self.index.insert(page.0 / PAGE as u32, self.pages.len());
        self.pages.push(page);
        self.exits.extend((0..PER_PAGE).map(|_| None));
        self.free
            .extend((first..first + PER_PAGE).rev().map(|n| n as u32));
        Ok(())
    }
}
