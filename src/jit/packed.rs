//! Contexts as bytes, for keeping: a slot of which nothing is known costs nothing or one byte.
//!
//! Equal contexts have equal bytes.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use crate::jit::context::{Behind, Context, Gpr, Held, Keywords, Known, Loc, Slot, Xmm};
use crate::jit::record::{Avoid, FRAMELESS, GUESSES};

/// Types that got a number, which is shorter than an address.
#[derive(Debug, Default)]
pub struct Types {
    known: RefCell<Numbered>,
}

#[derive(Debug, Default)]
struct Numbered {
    addresses: Vec<usize>,
    numbers: FxHashMap<usize, usize>,
}

/// Programs that make types without end get no more numbers.
const MOST_TYPES: usize = 4096;

impl Types {
    /// An even number for a numbered type, an odd one for an address.
    fn number(&self, address: usize) -> u64 {
        let mut known = self.known.borrow_mut();
        let next = known.addresses.len();
        let number = match known.numbers.get(&address) {
            Some(&number) => number,
            None if next == MOST_TYPES => return (address as u64) << 1 | 1,
            None => {
                known.addresses.push(address);
                known.numbers.insert(address, next);
                next
            }
        };
        (number as u64) << 1
    }

    fn address(&self, number: u64) -> usize {
        match number & 1 {
            0 => self.known.borrow().addresses[(number >> 1) as usize],
            _ => (number >> 1) as usize,
        }
    }

    /// Bytes of memory.
    pub fn bytes(&self) -> usize {
        let known = self.known.borrow();
        known.addresses.capacity() * size_of::<usize>()
            + known.numbers.capacity() * size_of::<(usize, usize)>()
    }
}

/// Writes a context, slot by slot.
#[derive(Debug)]
pub struct Packer<'a> {
    bytes: &'a mut Vec<u8>,
    types: &'a Types,
    /// Locals since the last that was written.
    left_out: u64,
}

impl<'a> Packer<'a> {
    /// Starts a context of that size. The slots of the stack are written first, then the locals.
    pub fn new(bytes: &'a mut Vec<u8>, types: &'a Types, size: Size) -> Packer<'a> {
        number(
            bytes,
            (size.stack as u64) << 1 | u64::from(size.keywords.is_some()),
        );
        if let Some(keywords) = size.keywords {
            number(bytes, keywords.set_at.into());
            number(bytes, keywords.names as u64);
        }
        number(bytes, size.locals as u64);
        Packer {
            bytes,
            types,
            left_out: 0,
        }
    }

    /// The next slot of the stack.
    pub fn stack(&mut self, item: &Slot) {
        slot(self.bytes, item, self.types);
    }

    /// The next local.
    pub fn local(&mut self, item: &Slot) {
        // Locals that are in memory and unknown are left out.
        if item.held == Held::Memory && item.behind == Behind::Same {
            return self.local_in_memory(item.known);
        }
        number(self.bytes, self.left_out);
        self.left_out = 0;
        slot(self.bytes, item, self.types);
    }

    /// All locals, as [`Packer::written`] gave them.
    pub fn locals(&mut self, packed: &[u8]) {
        self.bytes.extend_from_slice(packed);
    }

    /// The bytes that are written meanwhile.
    pub fn written(&mut self, write: impl FnOnce(&mut Self)) -> &[u8] {
        let from = self.bytes.len();
        write(self);
        &self.bytes[from..]
    }

    /// The next local, which is in the frame's memory.
    pub fn local_in_memory(&mut self, known: Known) {
        if known == Known::Nothing {
            self.left_out += 1;
            return;
        }
        number(self.bytes, self.left_out);
        self.left_out = 0;
        let item = Slot {
            known,
            ..Slot::MEMORY
        };
        slot(self.bytes, &item, self.types);
    }
}

/// How many slots a context has, and what else there is in it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Size {
    pub stack: usize,
    pub locals: usize,
    pub keywords: Option<Keywords>,
}

impl Size {
    pub fn of(context: &Context) -> Size {
        Size {
            stack: context.stack.len(),
            locals: context.locals.len(),
            keywords: context.keywords,
        }
    }
}

/// Writes a context.
pub fn pack(context: &Context, types: &Types, bytes: &mut Vec<u8>) {
    let mut packer = Packer::new(bytes, types, Size::of(context));
    context.stack.iter().for_each(|item| packer.stack(item));
    context.locals.iter().for_each(|item| packer.local(item));
}

/// The size of a packed context.
pub fn size(bytes: &[u8]) -> Size {
    header(bytes).0
}

/// The size of a packed context, and its slots.
fn header(bytes: &[u8]) -> (Size, &[u8]) {
    let (head, mut rest) = number_at(bytes);
    let mut next = || {
        let (number, behind) = number_at(rest);
        rest = behind;
        number
    };
    let keywords = (head & 1 != 0).then(|| Keywords {
        set_at: next() as u32,
        names: next() as usize,
    });
    let size = Size {
        stack: (head >> 1) as usize,
        locals: next() as usize,
        keywords,
    };
    (size, rest)
}

/// What [`pack`] wrote.
pub fn unpack(bytes: &[u8], types: &Types) -> Context {
    let size = size(bytes);
    let mut slots = slots(bytes, types);
    let mut some = |count: usize| {
        let mut some = Vec::with_capacity(count);
        some.extend(slots.by_ref().take(count));
        some.into_boxed_slice()
    };
    let stack = some(size.stack);
    Context {
        locals: some(size.locals),
        stack,
        keywords: size.keywords,
    }
}

/// The slots of a packed context: those of the stack, then the locals, and then unknown ones
/// without end.
pub fn slots<'a>(bytes: &'a [u8], types: &'a Types) -> Slots<'a> {
    let (size, bytes) = header(bytes);
    Slots {
        reader: Reader { bytes, types },
        stack: size.stack,
        unknown: None,
    }
}

/// See [`slots`].
pub struct Slots<'a> {
    reader: Reader<'a>,
    /// Those of the stack that are left.
    stack: usize,
    /// Locals that were left out before the next that is there, once that was read.
    unknown: Option<u64>,
}

impl Iterator for Slots<'_> {
    type Item = Slot;

    fn next(&mut self) -> Option<Slot> {
        if self.stack > 0 {
            self.stack -= 1;
            return Some(self.reader.slot());
        }
        let unknown = match self.unknown {
            Some(unknown) => unknown,
            None if self.reader.bytes.is_empty() => return Some(Slot::MEMORY),
            None => self.reader.number(),
        };
        if unknown > 0 {
            self.unknown = Some(unknown - 1);
            return Some(Slot::MEMORY);
        }
        self.unknown = None;
        Some(self.reader.slot())
    }
}

/// Writes what is to be avoided; nothing where that is nothing.
pub fn pack_avoid(avoid: &Avoid, bytes: &mut Vec<u8>) {
    if avoid.is_empty() {
        return;
    }
    let framed = avoid.framed.min(FRAMELESS);
    bytes.push(framed << 3 | avoid.refuted.min(GUESSES) << 1 | u8::from(avoid.plain));
    for (opcode, cache) in &avoid.members {
        bytes.push(*opcode);
        bytes.extend(cache.to_le_bytes());
    }
}

/// What [`pack_avoid`] wrote.
pub fn unpack_avoid(bytes: &[u8], types: &Types) -> Avoid {
    let mut reader = Reader { bytes, types };
    if bytes.is_empty() {
        return Avoid::default();
    }
    let head = reader.byte();
    let mut members = Vec::with_capacity(reader.bytes.len() / (1 + size_of::<u64>()));
    while !reader.bytes.is_empty() {
        members.push((reader.byte(), reader.word()));
    }
    Avoid {
        members,
        plain: head & 1 == 1,
        refuted: head >> 1 & 3,
        framed: head >> 3,
    }
}

// A slot's first byte: how it is held, what is behind it, what is known.
const MEMORY: u8 = 0;
const OWNED: u8 = 1;
const BORROWED: u8 = 2;
const LOCAL: u8 = 3;
const CONSTANT: u8 = 4;
const FLOAT: u8 = 5;
const LONG: u8 = 6;
const LONG_CONSTANT: u8 = 7;
const FLOAT_CONSTANT: u8 = 8;
const BOOL: u8 = 9;
const HELD: u8 = 0x0f;
const STALE: u8 = 0x10;
const BOUND: u8 = 0x20;
const UNBOUND: u8 = 0x40;
const TYPE: u8 = 0x60;

// Registers and native slots share a byte.
const XMMS: u8 = 0x10;
const NATIVES: u8 = 0x20;

fn slot(bytes: &mut Vec<u8>, slot: &Slot, types: &Types) {
    let held = match slot.held {
        Held::Memory => MEMORY,
        Held::Object { owned: true, .. } => OWNED,
        Held::Object { owned: false, .. } => BORROWED,
        Held::Local(_) => LOCAL,
        Held::Constant(_) => CONSTANT,
        Held::Float(_) => FLOAT,
        Held::Long(_) => LONG,
        Held::LongConstant(_) => LONG_CONSTANT,
        Held::FloatConstant(_) => FLOAT_CONSTANT,
        Held::Bool(_) => BOOL,
    };
    let behind = match slot.behind {
        Behind::Same => 0,
        Behind::Stale => STALE,
    };
    let known = match slot.known {
        Known::Nothing => 0,
        Known::Bound => BOUND,
        Known::Unbound => UNBOUND,
        Known::Type(_) => TYPE,
    };
    bytes.push(held | behind | known);
    match slot.held {
        Held::Memory => {}
        Held::Object { at, .. } | Held::Float(at) | Held::Long(at) | Held::Bool(at) => {
            bytes.push(match at {
                Loc::Gpr(r) => r.0,
                Loc::Xmm(x) => XMMS + x.0,
                Loc::Native(n) => NATIVES + n as u8,
            });
        }
        Held::Local(n) => number(bytes, n.into()),
        Held::Constant(address) => number(bytes, address as u64),
        Held::LongConstant(v) => number(bytes, ((v << 1) ^ (v >> 63)) as u64),
        Held::FloatConstant(bits) => bytes.extend(bits.to_le_bytes()),
    }
    if let Known::Type(address) = slot.known {
        number(bytes, types.number(address));
    }
}

/// Seven bits a byte, the lowest first.
fn number(bytes: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        bytes.push(n as u8 | 0x80);
        n >>= 7;
    }
    bytes.push(n as u8);
}

/// The number that `bytes` start with, and what follows.
fn number_at(bytes: &[u8]) -> (u64, &[u8]) {
    let mut n = 0;
    for (i, byte) in bytes.iter().enumerate() {
        n |= u64::from(byte & 0x7f) << (7 * i);
        if *byte < 0x80 {
            return (n, &bytes[i + 1..]);
        }
    }
    unreachable!("what was packed is whole")
}

struct Reader<'a> {
    bytes: &'a [u8],
    types: &'a Types,
}

impl Reader<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.bytes.split_first().expect("what was packed is whole");
        self.bytes = rest;
        *first
    }

    fn word(&mut self) -> u64 {
        let (first, rest) = self
            .bytes
            .split_first_chunk()
            .expect("what was packed is whole");
        self.bytes = rest;
        u64::from_le_bytes(*first)
    }

    fn number(&mut self) -> u64 {
        let (n, rest) = number_at(self.bytes);
        self.bytes = rest;
        n
    }

    fn place(&mut self) -> Loc {
        match self.byte() {
            r if r < XMMS => Loc::Gpr(Gpr(r)),
            x if x < NATIVES => Loc::Xmm(Xmm(x - XMMS)),
            n => Loc::Native((n - NATIVES).into()),
        }
    }

    fn slot(&mut self) -> Slot {
        let head = self.byte();
        let held = match head & HELD {
            MEMORY => Held::Memory,
            OWNED => Held::Object {
                at: self.place(),
                owned: true,
            },
            BORROWED => Held::Object {
                at: self.place(),
                owned: false,
            },
            LOCAL => Held::Local(self.number() as u16),
            CONSTANT => Held::Constant(self.number() as usize),
            FLOAT => Held::Float(self.place()),
            LONG => Held::Long(self.place()),
            LONG_CONSTANT => {
                let n = self.number();
                Held::LongConstant((n >> 1) as i64 ^ -((n & 1) as i64))
            }
            FLOAT_CONSTANT => Held::FloatConstant(self.word()),
            _ => Held::Bool(self.place()),
        };
        let known = match head & TYPE {
            0 => Known::Nothing,
            BOUND => Known::Bound,
            UNBOUND => Known::Unbound,
            _ => {
                let number = self.number();
                Known::Type(self.types.address(number))
            }
        };
        let behind = match head & STALE {
            0 => Behind::Same,
            _ => Behind::Stale,
        };
        Slot {
            held,
            behind,
            known,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Size, Types, pack, pack_avoid, size, slots, unpack, unpack_avoid};
    use crate::jit::context::{Behind, Context, Gpr, Held, Keywords, Known, Loc, Slot, Xmm};
    use crate::jit::record::{Avoid, FRAMELESS, GUESSES};

    fn slot(held: Held, known: Known) -> Slot {
        Slot {
            held,
            behind: Behind::Stale,
            known,
        }
    }

    #[test]
    fn what_is_packed_comes_back() {
        let stack = [
            slot(Held::Memory, Known::Type(0x7fff_ffff_ffff)),
            slot(
                Held::Object {
                    at: Loc::Gpr(Gpr(15)),
                    owned: true,
                },
                Known::Bound,
            ),
            slot(
                Held::Object {
                    at: Loc::Native(31),
                    owned: false,
                },
                Known::Unbound,
            ),
            slot(Held::Local(999), Known::Nothing),
            slot(Held::Constant(0x7fff_1234_5678), Known::Type(0x9a_bcd0)),
            slot(Held::Float(Loc::Xmm(Xmm(15))), Known::Nothing),
            slot(Held::Long(Loc::Gpr(Gpr(0))), Known::Nothing),
            slot(Held::LongConstant(i64::MIN), Known::Nothing),
            slot(Held::LongConstant(i64::MAX), Known::Nothing),
            slot(Held::FloatConstant((-0.5f64).to_bits()), Known::Nothing),
            slot(Held::Bool(Loc::Native(0)), Known::Nothing),
        ];
        let mut locals = vec![Slot::MEMORY; 300];
        locals[0] = stack[3];
        locals[299] = stack[7];
        let context = Context {
            locals: locals.into(),
            stack: stack.into(),
            keywords: Some(Keywords {
                names: 0x7fff_1234_5670,
                set_at: 70_000,
            }),
        };
        let mut bytes = Vec::new();
        let types = Types::default();
        pack(&context, &types, &mut bytes);
        assert_eq!(size(&bytes), Size::of(&context));
        assert_eq!(unpack(&bytes, &types), context);
        let both = context.stack.iter().chain(&context.locals);
        assert!(
            slots(&bytes, &types)
                .take(stack.len() + 300)
                .eq(both.copied())
        );
    }

    #[test]
    fn what_is_to_be_avoided_comes_back() {
        let some = Avoid {
            members: vec![(7, u64::MAX), (200, 0)],
            plain: true,
            refuted: GUESSES,
            framed: FRAMELESS,
        };
        let only_plain = Avoid {
            plain: true,
            ..Avoid::default()
        };
        for avoid in [some, only_plain, Avoid::default()] {
            let mut bytes = Vec::new();
            pack_avoid(&avoid, &mut bytes);
            assert_eq!(bytes.is_empty(), avoid.is_empty());
            assert_eq!(unpack_avoid(&bytes, &Types::default()), avoid);
        }
    }

    #[test]
    fn types_without_a_number_come_back_too() {
        let types = Types::default();
        let addresses = (1..=5000).map(|n| n << 4);
        let numbers: Vec<u64> = addresses.clone().map(|a| types.number(a)).collect();
        for (address, number) in addresses.zip(numbers) {
            assert_eq!(types.number(address), number);
            assert_eq!(types.address(number), address);
        }
    }

    #[test]
    fn what_is_not_known_costs_nothing() {
        let context = Context {
            locals: vec![Slot::MEMORY; 1000].into(),
            stack: Box::default(),
            keywords: None,
        };
        let mut bytes = Vec::new();
        pack(&context, &Types::default(), &mut bytes);
        assert_eq!(bytes.len(), 3);
    }
}
