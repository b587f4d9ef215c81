//! Instructions with a memory operand, each in its shortest form.

use crate::jit::context::{Gpr, Xmm};

use super::asm::Asm;

/// A memory operand.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Mem {
    pub base: Gpr,
    /// Index register and scale (1, 2, 4 or 8).
    pub index: Option<(Gpr, u8)>,
    pub disp: i32,
}

impl Mem {
    pub fn new(base: Gpr, disp: i32) -> Mem {
        Mem {
            base,
            index: None,
            disp,
        }
    }
}

/// An instruction without its operands.
#[derive(Clone, Copy, Debug, Default)]
struct Form {
    /// `0x66`, `0xf2`, `0xf3`, or 0 for none.
    prefix: u8,
    /// Whether the operands have 64 bits.
    wide: bool,
    /// Whether the register is one of the low bytes.
    byte: bool,
    /// Whether `0x0f` stands before the opcode.
    escape: bool,
    opcode: u8,
}

const fn narrow(opcode: u8) -> Form {
    Form {
        prefix: 0,
        wide: false,
        byte: false,
        escape: false,
        opcode,
    }
}

const fn wide(opcode: u8) -> Form {
    Form {
        wide: true,
        ..narrow(opcode)
    }
}

const fn prefixed(prefix: u8, opcode: u8) -> Form {
    Form {
        prefix,
        ..narrow(opcode)
    }
}

const fn escaped(form: Form) -> Form {
    Form {
        escape: true,
        ..form
    }
}

/// The longest instruction up to its immediate, and then some, so that all of it is copied at once.
const ROOM: usize = 16;

/// Bits in `ModRM` and `SIB` that say that something else follows.
const INDEXED: u8 = 4;
const NO_INDEX: u8 = 4;
/// What `rbp` and `r13` look like as a base, which have no form without a distance.
const NEEDS_DISTANCE: u8 = 5;

impl Asm {
    /// Everything up to the immediate; `reg` is a register or a digit of the opcode.
    fn with_mem(&mut self, form: Form, reg: u8, m: Mem) {
        let mut bytes = [0; ROOM];
        let mut len = 0;
        let mut byte = |byte: u8| {
            bytes[len & (ROOM - 1)] = byte;
            len += 1;
        };
        let index = m.index.map_or(0, |(i, _)| i.0);
        let rex = u8::from(form.wide) << 3 | (reg >> 3) << 2 | (index >> 3) << 1 | m.base.0 >> 3;
        if form.prefix != 0 {
            byte(form.prefix);
        }
        if rex != 0 || (form.byte && reg >= 4) {
            byte(0x40 | rex);
        }
        if form.escape {
            byte(0x0f);
        }
        byte(form.opcode);
        let base = m.base.0 & 7;
        let near = i8::try_from(m.disp);
        let mode = match near {
            Ok(0) if base != NEEDS_DISTANCE => 0,
            Ok(_) => 1,
            Err(_) => 2,
        };
        let sib = match m.index {
            Some((i, scale)) => Some((scale.trailing_zeros() as u8) << 6 | (i.0 & 7) << 3 | base),
            None if base == INDEXED => Some(NO_INDEX << 3 | base),
            None => None,
        };
        let rm = sib.map_or(base, |_| INDEXED);
        byte(mode << 6 | (reg & 7) << 3 | rm);
        if let Some(sib) = sib {
            byte(sib);
        }
        match (mode, near) {
            (0, _) => {}
            (1, Ok(near)) => byte(near as u8),
            _ => m.disp.to_le_bytes().into_iter().for_each(byte),
        }
        self.some_of(&bytes, len);
    }

    /// An arithmetic instruction on memory and an immediate.
    fn arithmetic(&mut self, digit: u8, m: Mem, value: i32, is_wide: bool) {
        let opcode = match i8::try_from(value) {
            Ok(_) => 0x83,
            Err(_) => 0x81,
        };
        let form = if is_wide {
            wide(opcode)
        } else {
            narrow(opcode)
        };
        self.with_mem(form, digit, m);
        match i8::try_from(value) {
            Ok(value) => self.byte(value as u8),
            Err(_) => self.bytes(&value.to_le_bytes()),
        }
    }

    /// Loads `bytes` bytes, extended to 64 bits.
    pub fn load(&mut self, to: Gpr, m: Mem, bytes: u8, signed: bool) {
        let form = match (bytes, signed) {
            (1, false) => escaped(narrow(0xb6)),
            (1, true) => escaped(wide(0xbe)),
            (2, false) => escaped(narrow(0xb7)),
            (2, true) => escaped(wide(0xbf)),
            (4, false) => narrow(0x8b),
            (4, true) => wide(0x63),
            _ => wide(0x8b),
        };
        self.with_mem(form, to.0, m);
    }

    pub fn store(&mut self, m: Mem, from: Gpr, bytes: u8) {
        let form = match bytes {
            1 => Form {
                byte: true,
                ..narrow(0x88)
            },
            2 => prefixed(0x66, 0x89),
            4 => narrow(0x89),
            _ => wide(0x89),
        };
        self.with_mem(form, from.0, m);
    }

    pub fn store_imm(&mut self, m: Mem, value: i32, bytes: u8) {
        let form = match bytes {
            1 => narrow(0xc6),
            2 => prefixed(0x66, 0xc7),
            4 => narrow(0xc7),
            _ => wide(0xc7),
        };
        self.with_mem(form, 0, m);
        let immediate = value.to_le_bytes();
        self.bytes(&immediate[..usize::from(bytes.min(4))]);
    }

    pub fn lea(&mut self, to: Gpr, m: Mem) {
        self.with_mem(wide(0x8d), to.0, m);
    }

    /// Compares a register with memory.
    pub fn cmp_mem(&mut self, a: Gpr, m: Mem) {
        self.with_mem(wide(0x3b), a.0, m);
    }

    /// Adds memory to a register.
    pub fn add_from_mem(&mut self, a: Gpr, m: Mem) {
        self.with_mem(wide(0x03), a.0, m);
    }

    /// Compares memory with an immediate.
    pub fn cmp_mem_imm(&mut self, m: Mem, value: i32, bytes: u8) {
        if bytes == 1 {
            self.with_mem(narrow(0x80), 7, m);
            self.byte(value as u8);
        } else {
            self.arithmetic(7, m, value, bytes == 8);
        }
    }

    pub fn add_mem_imm(&mut self, m: Mem, value: i32) {
        match value {
            1 => self.with_mem(wide(0xff), 0, m),
            -1 => self.with_mem(wide(0xff), 1, m),
            _ => self.arithmetic(0, m, value, true),
        }
    }

    /// Adds the carry.
    pub fn add_carry(&mut self, m: Mem) {
        self.arithmetic(2, m, 0, true);
    }

    /// Takes the carry off.
    pub fn subtract_carry(&mut self, m: Mem) {
        self.arithmetic(3, m, 0, true);
    }

    pub fn load_f64(&mut self, to: Xmm, m: Mem) {
        self.with_mem(escaped(prefixed(0xf2, 0x10)), to.0, m);
    }

    pub fn store_f64(&mut self, m: Mem, from: Xmm) {
        self.with_mem(escaped(prefixed(0xf2, 0x11)), from.0, m);
    }

    pub fn load_f32(&mut self, to: Xmm, m: Mem) {
        self.with_mem(escaped(prefixed(0xf3, 0x5a)), to.0, m);
    }
}

#[cfg(test)]
mod tests {
    use iced_x86::{Decoder, DecoderOptions, Formatter, IntelFormatter};

    use super::{Asm, Gpr, Mem, Xmm};

    fn text(emit: impl FnOnce(&mut Asm)) -> (String, usize) {
        let mut asm = Asm::default();
        emit(&mut asm);
        let code = asm.code();
        let mut text = String::new();
        let mut decoder = Decoder::new(64, code, DecoderOptions::NONE);
        IntelFormatter::new().format(&decoder.decode(), &mut text);
        assert!(!decoder.can_decode(), "more than one instruction");
        (text, code.len())
    }

    #[test]
    fn every_base_and_index() {
        let names = [
            "rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi", "r8", "r9", "r10", "r11",
            "r12", "r13", "r14", "r15",
        ];
        for (b, base) in names.iter().enumerate() {
            for (disp, tail) in [(0, ""), (8, "+8"), (-8, "-8"), (0x1000, "+1000h")] {
                let m = Mem::new(Gpr(b as u8), disp);
                let (line, len) = text(|asm| asm.load(Gpr(9), m, 8, false));
                assert_eq!(line, format!("mov r9,[{base}{tail}]"));
                let sib = usize::from(b & 7 == 4);
                let bytes = match disp {
                    0 if b & 7 != 5 => 0,
                    0x1000 => 4,
                    _ => 1,
                };
                assert_eq!(len, 3 + sib + bytes, "{line}");
                for (i, index) in names.iter().enumerate().filter(|&(i, _)| i != 4) {
                    for (scale, times) in [(1, ""), (2, "*2"), (4, "*4"), (8, "*8")] {
                        let index_reg = Some((Gpr(i as u8), scale));
                        let m = Mem {
                            index: index_reg,
                            ..m
                        };
                        let (line, _) = text(|asm| asm.lea(Gpr(2), m));
                        assert_eq!(line, format!("lea rdx,[{base}+{index}{times}{tail}]"));
                    }
                }
            }
        }
    }

    #[test]
    fn every_width() {
        let m = Mem::new(Gpr(3), 16);
        type Case = (fn(&mut Asm, Mem), &'static str);
        let cases: [Case; 18] = [
            (
                |a, m| a.load(Gpr(6), m, 1, false),
                "movzx esi,byte ptr [rbx+10h]",
            ),
            (
                |a, m| a.load(Gpr(6), m, 2, true),
                "movsx rsi,word ptr [rbx+10h]",
            ),
            (|a, m| a.load(Gpr(6), m, 4, false), "mov esi,[rbx+10h]"),
            (|a, m| a.load(Gpr(6), m, 4, true), "movsxd rsi,[rbx+10h]"),
            (|a, m| a.store(m, Gpr(6), 1), "mov [rbx+10h],sil"),
            (|a, m| a.store(m, Gpr(2), 1), "mov [rbx+10h],dl"),
            (|a, m| a.store(m, Gpr(14), 2), "mov [rbx+10h],r14w"),
            (|a, m| a.store(m, Gpr(14), 8), "mov [rbx+10h],r14"),
            (|a, m| a.store_imm(m, -1, 1), "mov byte ptr [rbx+10h],0FFh"),
            (|a, m| a.store_imm(m, 7, 2), "mov word ptr [rbx+10h],7"),
            (|a, m| a.store_imm(m, 7, 8), "mov qword ptr [rbx+10h],7"),
            (|a, m| a.cmp_mem_imm(m, 0, 8), "cmp qword ptr [rbx+10h],0"),
            (
                |a, m| a.cmp_mem_imm(m, 4096, 4),
                "cmp dword ptr [rbx+10h],1000h",
            ),
            (|a, m| a.add_mem_imm(m, 2), "add qword ptr [rbx+10h],2"),
            (|a, m| a.add_carry(m), "adc qword ptr [rbx+10h],0"),
            (|a, m| a.subtract_carry(m), "sbb qword ptr [rbx+10h],0"),
            (|a, m| a.store_f64(m, Xmm(9)), "movsd [rbx+10h],xmm9"),
            (|a, m| a.load_f32(Xmm(1), m), "cvtss2sd xmm1,[rbx+10h]"),
        ];
        for (emit, expected) in cases {
            assert_eq!(text(|asm| emit(asm, m)).0, expected);
        }
    }
}
