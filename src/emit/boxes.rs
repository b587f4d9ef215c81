//! Objects and their unboxed values.

use crate::jit::context::{Behind, Gpr, Known, Loc};
use crate::jit::facts::{self, DIGIT_BITS};
use crate::mechanisms::Mechanism;

use super::Emit;
use super::asm::{Alu, Cc, Mem, Shift};
use super::edge::EdgeKind;
use super::helpers;
use super::machine::{ARGUMENTS, R11, RAX, XMM0, XMM15};
use super::node::{Anchor, At, Domain, Id, Kind, NONE, Node, Table};
use super::offsets::OB_FVAL;
use super::types::{Flow, Stop, Ty, Val};

/// Offset of the lowest digit of an `int`, and of what tells its size and sign.
const DIGIT: i32 = facts::FIRST_DIGIT;
const SIZE: i32 = 16;

impl Emit<'_> {
    /// A pending box around a double.
    pub(crate) fn box_float(&mut self, raw: Id) -> Val {
        self.pending(Kind::BoxFloat(raw), facts::float_type())
    }

    /// A pending box around an integer of 64 bits.
    pub(crate) fn box_long(&mut self, raw: Id) -> Val {
        self.pending(Kind::BoxLong(raw), facts::long_type())
    }

    /// A pending box around a truth value.
    pub(crate) fn box_bool(&mut self, raw: Id) -> Val {
        if let Some(v) = self.node(raw).imm() {
            let id = self.object_constant(singleton(v != 0) as usize);
            let node = self.node_mut(id);
            node.known = Known::Type(facts::bool_type());
            node.due += 1;
            return Val(id);
        }
        self.pending(Kind::BoxBool(raw), facts::bool_type())
    }

    fn pending(&mut self, kind: Kind, ty: usize) -> Val {
        let mut node = Node::new(Ty::Object, kind);
        node.known = Known::Type(ty);
        node.due = 1;
        Val(self.st.add(node))
    }

    /// Makes an object of what is pending: somebody asks for the pointer.
    pub(crate) fn need_pointer(&mut self, id: Id) {
        if !self.node(id).is_pending() {
            return;
        }
        // A callee without a frame would have to take it back.
        self.effects |= self.is_frameless();
        match self.st.stale_local(id) {
            // It is to be written anyway, and may take the place of the number before it.
            Some(i) => self.write_local(i),
            None => self.materialise(id),
        }
    }

    /// Gives a pending object its pointer, with all its references.
    pub(crate) fn materialise(&mut self, id: Id) {
        let node = *self.node(id);
        // A callee without a frame would have to take it back.
        self.effects |= self.is_frameless() && node.is_pending();
        let (raw, helper) = match node.kind {
            Kind::BoxBool(raw) => return self.materialise_bool(id, raw),
            Kind::BoxFloat(raw) => return self.materialise_float(id, raw),
            Kind::BoxLong(raw) => (raw, self.view.shared.box_long),
            Kind::Slice(_) => return self.make_slice(id),
            _ => return,
        };
        if let Some(v) = self.node(raw).imm() {
            self.vacate_volatile();
            self.asm.mov_imm(ARGUMENTS[0], v);
        } else {
            let r = self.place(raw);
            self.vacate_volatile();
            self.asm.mov(ARGUMENTS[0], r);
        }
        self.call_address(helper);
        self.touch(RAX);
        self.have_object(id, raw, RAX, false);
    }

    /// The same for a float, which takes no register from others.
    fn materialise_float(&mut self, id: Id, raw: Id) {
        let x = self.place_xmm(raw);
        let r = self.free_gpr();
        self.asm.mov_f64(XMM15, x);
        self.call_address(self.view.shared.box_float);
        self.asm.mov(r, R11);
        self.have_object(id, raw, r, true);
    }

    /// The pointer of a pending object is there, with one reference.
    fn have_object(&mut self, id: Id, raw: Id, r: Gpr, mortal: bool) {
        let node = self.node_mut(id);
        node.kind = Kind::Bits;
        node.anchor = Anchor::Own;
        node.twin = raw;
        let due = std::mem::take(&mut node.due);
        self.st.put(id, Loc::Gpr(r));
        if due > 1 {
            self.add_references(r, due - 1, mortal);
        }
    }

    fn materialise_bool(&mut self, id: Id, raw: Id) {
        let truth = self.place(raw);
        let r = self.free_gpr();
        self.asm.mov_imm(r, singleton(true));
        self.asm.mov_imm(R11, singleton(false));
        self.asm.test(false, truth, truth);
        self.asm.cmov(Cc::E, r, R11);
        let node = self.node_mut(id);
        node.kind = Kind::Bits;
        node.anchor = Anchor::Own;
        let due = std::mem::take(&mut node.due);
        self.st.put(id, Loc::Gpr(r));
        if due > 0 && !cfg!(Py_3_12) {
            self.add_references(r, due, true);
        }
    }

    /// The double in a value that is known to be a `float`.
    pub(crate) fn unbox_float(&mut self, id: Id) -> Option<Id> {
        let node = *self.node(id);
        match node.kind {
            Kind::BoxFloat(raw) => return Some(raw),
            Kind::BoxLong(_) | Kind::BoxBool(_) | Kind::Slice(_) => return None,
            _ => {}
        }
        if node.known != Known::Type(facts::float_type()) {
            return None;
        }
        if node.twin != NONE {
            return Some(node.twin);
        }
        if let (Kind::Imm(address), true) = (node.kind, self.view.is_live()) {
            // SAFETY: a constant that is known to be a `float`.
            let bits = unsafe { crate::jit::code::read::<u64>(address as usize, OB_FVAL) };
            let raw = self.st.add(Node::new(Ty::F64, Kind::Imm(bits as i64)));
            self.node_mut(id).twin = raw;
            return Some(raw);
        }
        let p = self.place(id);
        let x = self.free_xmm();
        self.asm.load_f64(x, Mem::new(p, OB_FVAL));
        let raw = self.new_in_xmm(x);
        self.note_load(raw, id, Ty::F64, OB_FVAL);
        self.node_mut(id).twin = raw;
        Some(raw)
    }

    /// Whether the value is known to be exactly an `int`.
    pub(crate) fn is_long(&self, id: Id) -> bool {
        self.node(id).known == Known::Type(facts::long_type())
    }

    /// The unboxed value of an `int`, where that needs no code.
    pub(crate) fn unboxed_long(&mut self, id: Id) -> Option<Id> {
        let node = *self.node(id);
        match node.kind {
            Kind::BoxLong(raw) => Some(raw),
            _ if !self.is_long(id) => None,
            _ if node.twin != NONE => Some(node.twin),
            Kind::Imm(address) if self.view.is_live() => {
                let value = constant_long(address as usize)?;
                let raw = self.st.add(Node::new(Ty::I64, Kind::Imm(value)));
                self.node_mut(raw).sizes = 1 << size_of_long(value);
                self.node_mut(id).twin = raw;
                Some(raw)
            }
            _ => None,
        }
    }

    /// The unboxed value of an `int`; leaves the block where it has more than two digits.
    pub(crate) fn unbox_long(&mut self, id: Id) -> Flow<Id> {
        if let Some(raw) = self.unboxed_long(id) {
            return Ok(raw);
        }
        if matches!(self.node(id).kind, Kind::Imm(_)) {
            return Err(Stop::Unsupported("a constant that does not fit a register"));
        }
        self.settle(self.st.base);
        let p = self.place(id);
        let tag = self.free_gpr();
        let digit = self.free_gpr();
        let context = self.snapshot(self.st.base);
        self.asm.load(tag, Mem::new(p, SIZE), 8, false);
        let large = if cfg!(Py_3_12) {
            self.asm.alu_imm(Alu::Cmp, true, tag, 16);
            self.asm.jcc(Cc::AE)
        } else {
            self.asm.lea(R11, Mem::new(tag, 1));
            self.asm.alu_imm(Alu::Cmp, true, R11, 2);
            self.asm.jcc(Cc::A)
        };
        self.asm.load(digit, Mem::new(p, DIGIT), 4, false);
        if cfg!(Py_3_12) {
            // 0, 1 and 2 stand for plus, zero and minus.
            self.asm.alu_imm(Alu::And, false, tag, 3);
            self.asm.mov_imm(R11, 1);
            self.asm.alu(Alu::Sub, true, R11, tag);
            self.asm.imul(true, digit, R11);
        } else {
            self.asm.imul(true, digit, tag);
        }
        let (kind, unit) = self.way_out(EdgeKind::Deopt, self.instr.start);
        self.add_cold(&[large], false, move |e| {
            // Two digits, or out of the block.
            let negative = if cfg!(Py_3_12) {
                e.asm.mov(R11, tag);
                e.asm.shift_imm(Shift::Right, true, R11, 3);
                e.asm.alu_imm(Alu::Cmp, true, R11, 2);
                let site = e.asm.jcc(Cc::NE);
                e.add_edge(site, kind, unit, context);
                e.asm.test_imm(false, tag, 2);
                Cc::E
            } else {
                e.asm.lea(R11, Mem::new(tag, 2));
                e.asm.alu_imm(Alu::Cmp, true, R11, 4);
                let site = e.asm.jcc(Cc::A);
                e.add_edge(site, kind, unit, context);
                e.asm.test(true, tag, tag);
                Cc::NS
            };
            e.asm.load(digit, Mem::new(p, DIGIT + 4), 4, false);
            e.asm.load(R11, Mem::new(p, DIGIT), 4, false);
            // `lea` and `mov` keep the flags; a shift would not.
            let positive = e.asm.jcc_short(negative);
            e.asm.shift_imm(Shift::Left, true, digit, DIGIT_BITS);
            e.asm.alu(Alu::Or, true, digit, R11);
            e.asm.neg(true, digit);
            let done = e.asm.jmp_short();
            e.asm.bind_short(positive);
            e.asm.shift_imm(Shift::Left, true, digit, DIGIT_BITS);
            e.asm.alu(Alu::Or, true, digit, R11);
            e.asm.bind_short(done);
        });
        let raw = self.new_in_gpr(Ty::I64, digit);
        self.node_mut(raw).sizes = 0b0011_1110;
        self.note_long(raw, id);
        self.node_mut(id).twin = raw;
        Ok(raw)
    }

    /// `ob_size` of an unboxed int (3.11), or its `lv_tag` (3.12 and later), by its size.
    pub(crate) fn size_table(&mut self, raw: Id) -> Val {
        let values = std::array::from_fn(|i| {
            let size = i as i64 - 3;
            if !cfg!(Py_3_12) {
                return size;
            }
            let sign = match size {
                0 => 1,
                1.. => 0,
                _ => 2,
            };
            size.abs() << 3 | sign
        });
        self.table_val(
            Ty::I64,
            Table {
                domain: Domain::Size(raw),
                values,
            },
        )
    }

    /// The lowest digit of an unboxed int, in a fresh register.
    pub(crate) fn digit_bits(&mut self, raw: Id) -> Gpr {
        let r = self.copy(raw);
        if self.node(raw).sizes & 0b0000_0111 != 0 {
            // The digits are those of the absolute value.
            self.asm.mov(R11, r);
            self.asm.shift_imm(Shift::Arithmetic, true, R11, 63);
            self.asm.alu(Alu::Xor, true, r, R11);
            self.asm.alu(Alu::Sub, true, r, R11);
        }
        if self.node(raw).sizes & 0b0110_0011 != 0 {
            self.asm.alu_imm(Alu::And, false, r, (1 << DIGIT_BITS) - 1);
        }
        r
    }

    /// Writes a local that is held elsewhere into the frame's memory.
    pub(crate) fn write_local(&mut self, i: usize) {
        let id = self.st.locals[i].node;
        let slot = self.local_mem(i);
        let node = *self.node(id);
        let helper = match node.kind {
            Kind::BoxFloat(raw) => {
                let x = self.place_xmm(raw);
                self.vacate_volatile();
                self.asm.mov_f64(XMM0, x);
                helpers::float_writer()
            }
            Kind::BoxLong(raw) | Kind::BoxBool(raw) => {
                let r = self.place(raw);
                self.vacate_volatile();
                self.asm.mov(ARGUMENTS[1], r);
                match node.kind {
                    Kind::BoxLong(_) if Mechanism::Overwriting.is_on() => {
                        self.view.shared.write_long
                    }
                    Kind::BoxLong(_) => helpers::long_writer(),
                    _ => helpers::write_bool as *const () as usize,
                }
            }
            _ => {
                let r = self.place(id);
                self.vacate_volatile();
                self.asm.mov(ARGUMENTS[1], r);
                match node.due {
                    0 => helpers::write_object as *const () as usize,
                    _ => helpers::write_borrowed as *const () as usize,
                }
            }
        };
        self.asm.lea(ARGUMENTS[0], slot);
        self.call_address(helper);
        if let Kind::BoxFloat(raw) | Kind::BoxLong(raw) = node.kind {
            self.node_mut(id).twin = raw;
        }
        if node.is_pending() {
            self.node_mut(id).kind = Kind::Bits;
        }
        let node = self.node_mut(id);
        node.due = node.due.saturating_sub(1);
        if matches!(node.kind, Kind::Bits) {
            node.anchor = Anchor::Local(i as u16);
        }
        self.st.set_behind(i, Behind::Same);
    }

    /// Before arbitrary code runs: every local is in the frame's memory.
    pub(crate) fn write_locals(&mut self) {
        if !self.st.has_stale_locals() {
            return;
        }
        for i in 0..self.st.locals.len() {
            if self.st.locals[i].behind == Behind::Stale {
                self.write_local(i);
            }
        }
    }

    /// Drops the registers of locals that are in memory as well: arbitrary code ran.
    pub(crate) fn forget_registers(&mut self) {
        for id in 0..self.st.nodes.len() as Id {
            let node = *self.node(id);
            if matches!(node.anchor, Anchor::Local(_))
                && node.kind == Kind::Bits
                && node.at != At::None
            {
                self.unplace(id);
            }
        }
    }
}

/// The address of `True` or `False`.
pub(crate) fn singleton(truth: bool) -> i64 {
    use pyo3::ffi;
    // SAFETY: these are addresses of statics.
    let object = unsafe {
        if truth {
            ffi::Py_True()
        } else {
            ffi::Py_False()
        }
    };
    object as usize as i64
}

/// The value of an `int` object that outlives the code, where it fits.
pub(crate) fn constant_long(address: usize) -> Option<i64> {
    use pyo3::ffi;
    let mut overflow = 0;
    // SAFETY: a constant that is known to be exactly an `int`; this runs no code.
    let value =
        unsafe { ffi::PyLong_AsLongLongAndOverflow(address as *mut ffi::PyObject, &mut overflow) };
    (overflow == 0).then_some(value)
}

/// The index in a size table for a value.
pub(crate) fn size_of_long(value: i64) -> u8 {
    let digits = match value.unsigned_abs() {
        0 => 0,
        v if v < 1 << 30 => 1,
        v if v < 1 << 60 => 2,
        _ => 3,
    };
    if value < 0 { 3 - digits } else { 3 + digits }
}
