//! x86-64 encodings, one method an instruction form.
#![expect(
    clippy::useless_conversion,
    reason = "the macro converts register numbers, whatever their type"
)]

use std::iter::Extend;

use dynasmrt::{AssemblyOffset, DynasmApi, dynasm};

use crate::jit::context::{Gpr, Xmm};
use crate::mechanisms::Mechanism;

pub(crate) use super::operand::Mem;

/// Does nothing, in one byte.
pub(super) const NOP: u8 = 0x90;

/// Machine code under construction.
#[derive(Debug, Default)]
pub(crate) struct Asm {
    code: Vec<u8>,
    /// Jumps inside the block.
    jumps: Vec<Jump>,
}

/// A jump whose distance stands at `site`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jump {
    pub site: u32,
    pub target: u32,
    /// Whether the distance has 8 bits.
    pub short: bool,
}

/// Two-operand integer instructions.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Alu {
    Add,
    Sub,
    And,
    Or,
    Xor,
    Cmp,
}

/// Two-operand instructions on doubles.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sse {
    Add,
    Sub,
    Mul,
    Div,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Shift {
    Left,
    Right,
    Arithmetic,
}

/// A condition, by its encoding in `jcc`, `setcc` and `cmovcc`.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Cc(pub u8);

impl Cc {
    pub const O: Cc = Cc(0);
    pub const B: Cc = Cc(2);
    pub const AE: Cc = Cc(3);
    pub const E: Cc = Cc(4);
    pub const NE: Cc = Cc(5);
    pub const BE: Cc = Cc(6);
    pub const A: Cc = Cc(7);
    pub const S: Cc = Cc(8);
    pub const NS: Cc = Cc(9);
    pub const P: Cc = Cc(10);
    pub const NP: Cc = Cc(11);
    pub const L: Cc = Cc(12);
    pub const GE: Cc = Cc(13);
    pub const LE: Cc = Cc(14);
    pub const G: Cc = Cc(15);

    /// The opposite condition.
    pub fn not(self) -> Cc {
        Cc(self.0 ^ 1)
    }
}

/// A place in the code that jumps here are to be bound to.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Site(pub u32);

/// The same for a jump over at most 127 bytes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Short(u32);

impl Extend<u8> for Asm {
    fn extend<T: IntoIterator<Item = u8>>(&mut self, iter: T) {
        self.code.extend(iter);
    }
}

impl<'a> Extend<&'a u8> for Asm {
    fn extend<T: IntoIterator<Item = &'a u8>>(&mut self, iter: T) {
        self.code.extend(iter);
    }
}

impl DynasmApi for Asm {
    fn offset(&self) -> AssemblyOffset {
        AssemblyOffset(self.code.len())
    }

    fn push(&mut self, byte: u8) {
        self.code.push(byte);
    }

    fn align(&mut self, alignment: usize, with: u8) {
        while !self.code.len().is_multiple_of(alignment) {
            self.code.push(with);
        }
    }
}

/// One arm for each two-operand integer instruction.
macro_rules! each_alu {
    ($self:ident, $op:ident, $($operands:tt)*) => {
        match $op {
            Alu::Add => dynasm!($self ; .arch x64 ; add $($operands)*),
            Alu::Sub => dynasm!($self ; .arch x64 ; sub $($operands)*),
            Alu::And => dynasm!($self ; .arch x64 ; and $($operands)*),
            Alu::Or => dynasm!($self ; .arch x64 ; or $($operands)*),
            Alu::Xor => dynasm!($self ; .arch x64 ; xor $($operands)*),
            Alu::Cmp => dynasm!($self ; .arch x64 ; cmp $($operands)*),
        }
    };
}

impl Asm {
    pub fn here(&self) -> u32 {
        self.code.len() as u32
    }

    pub fn truncate(&mut self, len: u32) {
        self.code.truncate(len as usize);
        self.jumps.retain(|jump| jump.site < len);
    }

    /// Forgets all code, and keeps the memory.
    pub fn clear(&mut self) {
        self.code.clear();
        self.jumps.clear();
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.code.push(byte);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.code.extend_from_slice(bytes);
    }

    /// Lets the next instruction start at an odd address.
    ///
    /// The processor foresees by the lowest bits of its address whether a load may go ahead of
    /// stores that wait for their own addresses. Loads of counts may not: an object is counted up
    /// shortly after it was counted down through another pointer. In code with thousands of loads
    /// they would slow down all others, so they share their half of the addresses with few.
    pub fn at_odd(&mut self) {
        if self.code.len().is_multiple_of(2) && Mechanism::Alignment.is_on() {
            self.code.push(NOP);
        }
    }

    /// Lets the next instruction start at an even address: it loads an object that may be counted
    /// down soon, and must not wait.
    pub fn at_even(&mut self) {
        if !self.code.len().is_multiple_of(2) && Mechanism::Alignment.is_on() {
            self.code.push(NOP);
        }
    }

    /// The first of some bytes.
    pub(super) fn some_of(&mut self, bytes: &[u8; 16], len: usize) {
        let end = self.code.len() + len;
        self.code.extend_from_slice(bytes);
        self.code.truncate(end);
    }

    #[cfg(test)]
    pub fn code(&self) -> &[u8] {
        &self.code
    }

    /// The code, and the jumps in it in order.
    pub fn parts(&mut self) -> (&[u8], &[Jump]) {
        self.jumps.sort_unstable_by_key(|jump| jump.site);
        (&self.code, &self.jumps)
    }

    /// Lets the jump or call at `site` lead here.
    pub fn bind(&mut self, site: Site) {
        self.bind_to(site, self.here());
    }

    pub fn bind_to(&mut self, site: Site, target: u32) {
        self.jumps.push(Jump {
            site: site.0,
            target,
            short: false,
        });
        let at = site.0 as usize;
        let distance = target as i32 - (site.0 as i32 + 4);
        self.code[at..at + 4].copy_from_slice(&distance.to_le_bytes());
    }

    fn site(&self) -> Site {
        Site(self.here() - 4)
    }

    pub fn jcc(&mut self, cc: Cc) -> Site {
        self.code.extend([0x0f, 0x80 | cc.0, 0, 0, 0, 0]);
        self.site()
    }

    /// A conditional jump over a few bytes, to be bound by `bind_short`.
    pub fn jcc_short(&mut self, cc: Cc) -> Short {
        self.code.extend([0x70 | cc.0, 0]);
        Short(self.here() - 1)
    }

    /// A jump over a few bytes.
    pub fn jmp_short(&mut self) -> Short {
        self.code.extend([0xeb, 0]);
        Short(self.here() - 1)
    }

    pub fn bind_short(&mut self, site: Short) {
        let distance = self.here() - (site.0 + 1);
        assert!(distance < 128, "a short jump over {distance} bytes");
        self.jumps.push(Jump {
            site: site.0,
            target: self.here(),
            short: true,
        });
        self.code[site.0 as usize] = distance as u8;
    }

    pub fn jmp(&mut self) -> Site {
        self.code.extend([0xe9, 0, 0, 0, 0]);
        self.site()
    }

    pub fn call(&mut self) -> Site {
        self.code.extend([0xe8, 0, 0, 0, 0]);
        self.site()
    }

    /// Pushes the address behind the jump that comes next, in `r11`.
    pub fn push_behind_jump(&mut self) {
        const PUSH_AND_JUMP: i32 = 2 + 5;
        dynasm!(self ; .arch x64 ; lea r11, [rip + PUSH_AND_JUMP] ; push r11);
    }

    pub fn ret(&mut self) {
        dynasm!(self ; .arch x64 ; ret);
    }

    pub fn call_reg(&mut self, target: Gpr) {
        dynasm!(self ; .arch x64 ; call Rq(target.0));
    }

    pub fn push_reg(&mut self, r: Gpr) {
        dynasm!(self ; .arch x64 ; push Rq(r.0));
    }

    pub fn pop_reg(&mut self, r: Gpr) {
        dynasm!(self ; .arch x64 ; pop Rq(r.0));
    }

    pub fn mov(&mut self, to: Gpr, from: Gpr) {
        if to != from {
            dynasm!(self ; .arch x64 ; mov Rq(to.0), Rq(from.0));
        }
    }

    pub fn mov32(&mut self, to: Gpr, from: Gpr) {
        dynasm!(self ; .arch x64 ; mov Rd(to.0), Rd(from.0));
    }

    /// Does not touch the flags.
    pub fn mov_imm(&mut self, to: Gpr, value: i64) {
        if let Ok(v) = u32::try_from(value) {
            dynasm!(self ; .arch x64 ; mov Rd(to.0), v as i32);
        } else if let Ok(v) = i32::try_from(value) {
            dynasm!(self ; .arch x64 ; mov Rq(to.0), v);
        } else {
            dynasm!(self ; .arch x64 ; mov Rq(to.0), QWORD value);
        }
    }

    /// The same with all 64 bits in the code: the offset at which they stand.
    pub fn mov_word(&mut self, to: Gpr, value: i64) -> u32 {
        dynasm!(self ; .arch x64 ; mov Rq(to.0), QWORD value);
        self.here() - 8
    }

    pub fn alu(&mut self, op: Alu, wide: bool, a: Gpr, b: Gpr) {
        if wide {
            each_alu!(self, op, Rq(a.0), Rq(b.0));
        } else {
            each_alu!(self, op, Rd(a.0), Rd(b.0));
        }
    }

    pub fn alu_imm(&mut self, op: Alu, wide: bool, a: Gpr, value: i32) {
        if let Ok(v) = i8::try_from(value) {
            let digit = match op {
                Alu::Add => 0,
                Alu::Or => 1,
                Alu::And => 4,
                Alu::Sub => 5,
                Alu::Xor => 6,
                Alu::Cmp => 7,
            };
            let rex = 0x40 | (u8::from(wide) << 3) | (a.0 >> 3);
            if rex != 0x40 {
                self.code.push(rex);
            }
            self.code
                .extend([0x83, 0xc0 | (digit << 3) | (a.0 & 7), v as u8]);
        } else if wide {
            each_alu!(self, op, Rq(a.0), DWORD value);
        } else {
            each_alu!(self, op, Rd(a.0), DWORD value);
        }
    }

    pub fn test(&mut self, wide: bool, a: Gpr, b: Gpr) {
        if wide {
            dynasm!(self ; .arch x64 ; test Rq(a.0), Rq(b.0));
        } else {
            dynasm!(self ; .arch x64 ; test Rd(a.0), Rd(b.0));
        }
    }

    pub fn test_imm(&mut self, wide: bool, a: Gpr, value: i32) {
        if (0..0x80).contains(&value) {
            // The low byte decides; rsi and rdi need a prefix for theirs.
            if a.0 >= 4 {
                self.byte(0x40 | a.0 >> 3);
            }
            self.bytes(&[0xf6, 0xc0 | (a.0 & 7), value as u8]);
        } else if wide && value < 0 {
            dynasm!(self ; .arch x64 ; test Rq(a.0), DWORD value);
        } else {
            dynasm!(self ; .arch x64 ; test Rd(a.0), DWORD value);
        }
    }

    pub fn imul(&mut self, wide: bool, a: Gpr, b: Gpr) {
        if wide {
            dynasm!(self ; .arch x64 ; imul Rq(a.0), Rq(b.0));
        } else {
            dynasm!(self ; .arch x64 ; imul Rd(a.0), Rd(b.0));
        }
    }

    pub fn imul_imm(&mut self, to: Gpr, a: Gpr, value: i32) {
        dynasm!(self ; .arch x64 ; imul Rq(to.0), Rq(a.0), DWORD value);
    }

    pub fn neg(&mut self, wide: bool, a: Gpr) {
        if wide {
            dynasm!(self ; .arch x64 ; neg Rq(a.0));
        } else {
            dynasm!(self ; .arch x64 ; neg Rd(a.0));
        }
    }

    pub fn not(&mut self, a: Gpr) {
        dynasm!(self ; .arch x64 ; not Rq(a.0));
    }

    /// Divides `rdx:rax`, which this extends from `rax` first.
    pub fn divide(&mut self, wide: bool, signed: bool, by: Gpr) {
        match (wide, signed) {
            (true, true) => dynasm!(self ; .arch x64 ; cqo ; idiv Rq(by.0)),
            (true, false) => dynasm!(self ; .arch x64 ; xor edx, edx ; div Rq(by.0)),
            (false, true) => dynasm!(self ; .arch x64 ; cdq ; idiv Rd(by.0)),
            (false, false) => dynasm!(self ; .arch x64 ; xor edx, edx ; div Rd(by.0)),
        }
    }

    pub fn shift_imm(&mut self, op: Shift, wide: bool, a: Gpr, by: u8) {
        let by = by as i8;
        match (op, wide) {
            (Shift::Left, true) => dynasm!(self ; .arch x64 ; shl Rq(a.0), by),
            (Shift::Left, false) => dynasm!(self ; .arch x64 ; shl Rd(a.0), by),
            (Shift::Right, true) => dynasm!(self ; .arch x64 ; shr Rq(a.0), by),
            (Shift::Right, false) => dynasm!(self ; .arch x64 ; shr Rd(a.0), by),
            (Shift::Arithmetic, true) => dynasm!(self ; .arch x64 ; sar Rq(a.0), by),
            (Shift::Arithmetic, false) => dynasm!(self ; .arch x64 ; sar Rd(a.0), by),
        }
    }

    /// Shifts by `cl`.
    pub fn shift_cl(&mut self, op: Shift, wide: bool, a: Gpr) {
        match (op, wide) {
            (Shift::Left, true) => dynasm!(self ; .arch x64 ; shl Rq(a.0), cl),
            (Shift::Left, false) => dynasm!(self ; .arch x64 ; shl Rd(a.0), cl),
            (Shift::Right, true) => dynasm!(self ; .arch x64 ; shr Rq(a.0), cl),
            (Shift::Right, false) => dynasm!(self ; .arch x64 ; shr Rd(a.0), cl),
            (Shift::Arithmetic, true) => dynasm!(self ; .arch x64 ; sar Rq(a.0), cl),
            (Shift::Arithmetic, false) => dynasm!(self ; .arch x64 ; sar Rd(a.0), cl),
        }
    }

    /// Narrows to `bytes` and extends again to 64 bits.
    pub fn extend_from(&mut self, to: Gpr, from: Gpr, bytes: u8, signed: bool) {
        match (bytes, signed) {
            (1, false) => dynasm!(self ; .arch x64 ; movzx Rd(to.0), Rb(from.0)),
            (1, true) => dynasm!(self ; .arch x64 ; movsx Rq(to.0), Rb(from.0)),
            (2, false) => dynasm!(self ; .arch x64 ; movzx Rd(to.0), Rw(from.0)),
            (2, true) => dynasm!(self ; .arch x64 ; movsx Rq(to.0), Rw(from.0)),
            (4, false) => self.mov32(to, from),
            (4, true) => dynasm!(self ; .arch x64 ; movsxd Rq(to.0), Rd(from.0)),
            _ => self.mov(to, from),
        }
    }

    /// Sets the low byte to 0 or 1; the rest keeps its value.
    pub fn setcc(&mut self, cc: Cc, to: Gpr) {
        // `setcc` needs a REX prefix for the low bytes of rsi and rdi.
        self.code
            .extend([0x40 | (to.0 >> 3), 0x0f, 0x90 | cc.0, 0xc0 | (to.0 & 7)]);
    }

    pub fn cmov(&mut self, cc: Cc, to: Gpr, from: Gpr) {
        self.code.extend([
            0x48 | ((to.0 >> 3) << 2) | (from.0 >> 3),
            0x0f,
            0x40 | cc.0,
            0xc0 | ((to.0 & 7) << 3) | (from.0 & 7),
        ]);
    }

    pub fn mov_f64(&mut self, to: Xmm, from: Xmm) {
        if to != from {
            dynasm!(self ; .arch x64 ; movaps Rx(to.0), Rx(from.0));
        }
    }

    /// Bits of a general register into a vector register.
    pub fn mov_to_xmm(&mut self, to: Xmm, from: Gpr) {
        dynasm!(self ; .arch x64 ; movq Rx(to.0), Rq(from.0));
    }

    pub fn mov_from_xmm(&mut self, to: Gpr, from: Xmm) {
        dynasm!(self ; .arch x64 ; movq Rq(to.0), Rx(from.0));
    }

    pub fn zero_xmm(&mut self, to: Xmm) {
        dynasm!(self ; .arch x64 ; xorps Rx(to.0), Rx(to.0));
    }

    pub fn xor_xmm(&mut self, to: Xmm, from: Xmm) {
        dynasm!(self ; .arch x64 ; xorps Rx(to.0), Rx(from.0));
    }

    pub fn sse(&mut self, op: Sse, a: Xmm, b: Xmm) {
        match op {
            Sse::Add => dynasm!(self ; .arch x64 ; addsd Rx(a.0), Rx(b.0)),
            Sse::Sub => dynasm!(self ; .arch x64 ; subsd Rx(a.0), Rx(b.0)),
            Sse::Mul => dynasm!(self ; .arch x64 ; mulsd Rx(a.0), Rx(b.0)),
            Sse::Div => dynasm!(self ; .arch x64 ; divsd Rx(a.0), Rx(b.0)),
        }
    }

    /// Compares doubles: carry for less, zero for equal, parity for unordered.
    pub fn compare_f64(&mut self, a: Xmm, b: Xmm) {
        dynasm!(self ; .arch x64 ; ucomisd Rx(a.0), Rx(b.0));
    }

    pub fn int_to_f64(&mut self, to: Xmm, from: Gpr) {
        dynasm!(self ; .arch x64 ; xorps Rx(to.0), Rx(to.0) ; cvtsi2sd Rx(to.0), Rq(from.0));
    }

    pub fn f64_to_int(&mut self, to: Gpr, from: Xmm) {
        dynasm!(self ; .arch x64 ; cvttsd2si Rq(to.0), Rx(from.0));
    }
}
