//! Arithmetic of C scalars.

use crate::jit::context::Gpr;
use crate::jit::fold::{self, Op};

use super::Emit;
use super::asm::{Alu, Cc, Mem, Shift, Sse};
use super::machine::{R11, RAX, RCX, RDX, XMM15};
use super::node::{Domain, Id, Kind};
use super::types::{Ty, Val};
use super::value::shape;

impl Emit<'_> {
    pub fn add(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Add, ty, a, b)
    }

    pub fn sub(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Sub, ty, a, b)
    }

    pub fn mul(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Mul, ty, a, b)
    }

    pub fn div(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Div, ty, a, b)
    }

    pub fn rem(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Rem, ty, a, b)
    }

    pub fn and(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::And, ty, a, b)
    }

    pub fn or(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Or, ty, a, b)
    }

    pub fn xor(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Xor, ty, a, b)
    }

    pub fn shl(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Shl, ty, a, b)
    }

    pub fn shr(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.binary(Op::Shr, ty, a, b)
    }

    pub fn eq(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.compare(Op::Eq, ty, a, b)
    }

    pub fn ne(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.compare(Op::Ne, ty, a, b)
    }

    pub fn lt(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.compare(Op::Lt, ty, a, b)
    }

    pub fn le(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.compare(Op::Le, ty, a, b)
    }

    pub fn gt(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.compare(Op::Gt, ty, a, b)
    }

    pub fn ge(&mut self, ty: Ty, a: Val, b: Val) -> Val {
        self.compare(Op::Ge, ty, a, b)
    }

    fn binary(&mut self, op: Op, ty: Ty, a: Val, b: Val) -> Val {
        if let (Some(x), Some(y)) = (self.node(a.0).imm(), self.node(b.0).imm())
            && let Some(v) = fold::binary(op, ty, x as u64, y as u64)
        {
            return Val(self.imm(ty, v as i64));
        }
        let key = (op, ty, a.0, b.0);
        let known = self.computed.iter().find(|(k, _)| *k == key);
        if let Some((_, v)) = known
            && !self.is_lost(v.0)
        {
            return *v;
        }
        let v = self.compute(op, ty, a, b);
        self.note_result(v.0, a.0, b.0, |a, b| fold::binary(op, ty, a, b));
        self.computed.push((key, v));
        v
    }

    fn compute(&mut self, op: Op, ty: Ty, a: Val, b: Val) -> Val {
        if ty == Ty::F64 {
            return self.float_op(op, a.0, b.0);
        }
        if let Some(v) = self.table_op(op, ty, ty, a.0, b.0) {
            return v;
        }
        if let Some(v) = self.identity(op, ty, a.0, b.0) {
            return v;
        }
        match op {
            Op::Div | Op::Rem => self.divide_op(op, ty, a.0, b.0),
            Op::Shl | Op::Shr => self.shift_op(op, ty, a.0, b.0),
            _ => self.int_op(op, ty, a.0, b.0),
        }
    }

    /// Operations that leave an operand as it is, and pointers plus distances.
    fn identity(&mut self, op: Op, ty: Ty, a: Id, b: Id) -> Option<Val> {
        if op == Op::Mul {
            // The size of an int of at most one digit is its sign: times the digit, it is the int.
            let parts = [(a, b), (b, a)];
            for (sign, digit) in parts {
                if let (Some(table), Kind::Digit(raw)) =
                    (self.as_table(sign), self.node(digit).kind)
                    && table.domain == Domain::Size(raw)
                    && self.node(raw).sizes & !0b0001_1100 == 0
                    && table.values[2] == -1
                    && table.values[4] == 1
                {
                    return Some(Val(raw));
                }
            }
        }
        let v = self.node(b).imm()?;
        match (op, v) {
            (Op::Add | Op::Sub | Op::Or | Op::Xor | Op::Shl | Op::Shr, 0)
            | (Op::Mul | Op::Div, 1) => Some(Val(a)),
            (Op::And | Op::Mul, 0) => Some(Val(self.imm(ty, 0))),
            (Op::Add, _) if ty == Ty::Ptr => {
                let disp = i32::try_from(v).ok()?;
                Some(Val(self.address(a, disp)))
            }
            _ => None,
        }
    }

    fn int_op(&mut self, op: Op, ty: Ty, a: Id, b: Id) -> Val {
        let wide = shape(ty).0 == 8;
        let commutes = op != Op::Sub;
        let (a, b) = if commutes && self.node(a).imm().is_some() {
            (b, a)
        } else {
            (a, b)
        };
        if let (Op::Add | Op::Sub, true, Some(v)) = (op, wide, self.node(b).imm())
            && let Ok(v) = i32::try_from(if op == Op::Sub { v.wrapping_neg() } else { v })
        {
            let from = self.place(a);
            let r = self.free_gpr();
            self.asm.lea(r, Mem::new(from, v));
            return Val(self.new_in_gpr(ty, r));
        }
        let r = self.copy(a);
        match op {
            Op::Mul => match self.node(b).imm().map(i32::try_from) {
                Some(Ok(v)) => self.asm.imul_imm(r, r, v),
                _ => {
                    let b = self.place(b);
                    self.asm.imul(wide, r, b);
                }
            },
            _ => {
                let alu = match op {
                    Op::Add => Alu::Add,
                    Op::Sub => Alu::Sub,
                    Op::And => Alu::And,
                    Op::Or => Alu::Or,
                    _ => Alu::Xor,
                };
                self.alu_node(alu, wide, r, b);
            }
        }
        Val(self.new_in_gpr(ty, r))
    }

    /// Whether a register is free, after making it so.
    fn take(&mut self, r: Gpr) {
        self.vacate(r);
        self.touch(r);
    }

    fn divide_op(&mut self, op: Op, ty: Ty, a: Id, b: Id) -> Val {
        let (bytes, signed) = shape(ty);
        let by = self.place(b);
        self.asm.mov(R11, by);
        let from = self.place(a);
        self.take(RDX);
        if from != RAX {
            self.take(RAX);
            self.asm.mov(RAX, from);
        } else {
            self.vacate(RAX);
            self.touch(RAX);
        }
        self.asm.divide(bytes == 8, signed, R11);
        Val(self.new_in_gpr(ty, if op == Op::Div { RAX } else { RDX }))
    }

    fn shift_op(&mut self, op: Op, ty: Ty, a: Id, b: Id) -> Val {
        let (bytes, signed) = shape(ty);
        let wide = bytes == 8;
        let shift = match (op, signed) {
            (Op::Shl, _) => Shift::Left,
            (_, true) => Shift::Arithmetic,
            (_, false) => Shift::Right,
        };
        if let Some(v) = self.node(b).imm() {
            let r = self.copy(a);
            self.asm.shift_imm(shift, wide, r, v as u8 & 63);
            return Val(self.new_in_gpr(ty, r));
        }
        let by = self.place(b);
        self.asm.mov(R11, by);
        self.take(RCX);
        let r = self.copy(a);
        self.asm.mov(RCX, R11);
        self.asm.shift_cl(shift, wide, r);
        Val(self.new_in_gpr(ty, r))
    }

    /// Arithmetic of doubles.
    pub(crate) fn float_op(&mut self, op: Op, a: Id, b: Id) -> Val {
        let sse = match op {
            Op::Add => Sse::Add,
            Op::Sub => Sse::Sub,
            Op::Mul => Sse::Mul,
            Op::Div => Sse::Div,
            _ => return self.fail("an operation that doubles do not have"),
        };
        let y = self.place_xmm(b);
        let x = self.copy_xmm(a);
        self.asm.sse(sse, x, y);
        let v = self.new_in_xmm(x);
        self.note_result(v, a, b, |a, b| fold::binary(op, Ty::F64, a, b));
        Val(v)
    }

    pub fn neg(&mut self, ty: Ty, a: Val) -> Val {
        if ty == Ty::F64 {
            let x = self.copy_xmm(a.0);
            self.asm.mov_imm(R11, i64::MIN);
            self.asm.mov_to_xmm(XMM15, R11);
            self.asm.xor_xmm(x, XMM15);
            return Val(self.new_in_xmm(x));
        }
        if let Some(v) = self.node(a.0).imm() {
            return Val(self.imm(ty, v.wrapping_neg()));
        }
        let r = self.copy(a.0);
        self.asm.neg(shape(ty).0 == 8, r);
        Val(self.new_in_gpr(ty, r))
    }

    pub fn not(&mut self, ty: Ty, a: Val) -> Val {
        let zero = Val(self.imm(ty, 0));
        self.compare(Op::Eq, ty, a, zero)
    }

    pub fn bitnot(&mut self, ty: Ty, a: Val) -> Val {
        if let Some(v) = self.node(a.0).imm() {
            return Val(self.imm(ty, !v));
        }
        let r = self.copy(a.0);
        self.asm.not(r);
        Val(self.new_in_gpr(ty, r))
    }

    pub fn select(&mut self, ty: Ty, c: Val, a: Val, b: Val) -> Val {
        if let Some(v) = self.node(c.0).imm() {
            return if v != 0 { a } else { b };
        }
        if a == b {
            return a;
        }
        if let Some(v) = self.select_known(ty, c, a, b) {
            return v;
        }
        if ty == Ty::F64 {
            return self.fail("a choice between doubles");
        }
        let pick = self.place(a.0);
        let r = self.copy(b.0);
        let pick = if self.node(a.0).at == super::node::At::Gpr(pick) {
            pick
        } else {
            self.place(a.0)
        };
        let test = self.test(c.0);
        self.touch(r);
        match test {
            super::table::Test::Known(true) => self.asm.mov(r, pick),
            super::table::Test::Known(false) => {}
            super::table::Test::One(cc) => self.asm.cmov(cc, r, pick),
            super::table::Test::Either(x, y) => {
                self.asm.cmov(x, r, pick);
                self.asm.cmov(y, r, pick);
            }
            super::table::Test::Both(x, y) => {
                let skip = self.asm.jcc_short(x.not());
                self.asm.cmov(y, r, pick);
                self.asm.bind_short(skip);
            }
        }
        let id = self.new_in_gpr(ty, r);
        if ty == Ty::Object {
            self.node_mut(id).anchor = super::node::Anchor::Heap;
        }
        Val(id)
    }

    /// A choice between `True` and `False`, or between numbers after a compare.
    fn select_known(&mut self, ty: Ty, c: Val, a: Val, b: Val) -> Option<Val> {
        let x = self.node(a.0).imm()?;
        let y = self.node(b.0).imm()?;
        let (yes, no) = (
            super::boxes::singleton(true),
            super::boxes::singleton(false),
        );
        if (x, y) == (yes, no) || (x, y) == (no, yes) {
            let truth = if x == yes {
                match self.as_table(c.0) {
                    Some(_) => c,
                    None => {
                        let zero = self.small(0);
                        let ty = self.node(c.0).ty;
                        self.compare(Op::Ne, ty, c, zero)
                    }
                }
            } else {
                let ty = self.node(c.0).ty;
                self.not(ty, c)
            };
            if let Some(same) = self.same_bool(truth.0) {
                return Some(Val(same));
            }
            let v = self.box_bool(truth.0);
            // A constant is borrowed until the template counts it.
            self.node_mut(v.0).due = 0;
            return Some(v);
        }
        let mut table = self.as_table(c.0)?;
        if ty == Ty::Object {
            return None;
        }
        table.values = table.values.map(|v| if v != 0 { x } else { y });
        Some(self.table_val(ty, table))
    }

    /// The truth value that an earlier mention of the same choice has made.
    fn same_bool(&self, truth: Id) -> Option<Id> {
        let table = self.as_table(truth)?;
        let nodes = self.st.nodes.iter();
        let same = nodes.enumerate().rev().find(|(_, node)| match node.kind {
            Kind::BoxBool(raw) => self.as_table(raw) == Some(table),
            _ => false,
        });
        same.map(|(id, _)| id as Id)
    }

    /// Adds, subtracts or multiplies unboxed ints. Leaves where that overflows.
    pub(crate) fn long_op(&mut self, op: Op, a: Id, b: Id) -> Id {
        self.settle(self.st.base);
        let (left, right_id) = (a, b);
        let (a, b) = if op != Op::Sub && self.node(a).imm().is_some() {
            (b, a)
        } else {
            (a, b)
        };
        let right = match self.node(b).imm().map(i32::try_from) {
            Some(Ok(v)) if op != Op::Mul => Err(v),
            _ => Ok(self.place(b)),
        };
        let r = self.copy(a);
        // Only now is everything where it stays: a copy may have put something aside.
        let context = self.snapshot(self.st.base);
        match (op, right) {
            (Op::Add, Ok(b)) => self.asm.alu(Alu::Add, true, r, b),
            (Op::Sub, Ok(b)) => self.asm.alu(Alu::Sub, true, r, b),
            (_, Ok(b)) => self.asm.imul(true, r, b),
            (Op::Add, Err(v)) => self.asm.alu_imm(Alu::Add, true, r, v),
            (_, Err(v)) => self.asm.alu_imm(Alu::Sub, true, r, v),
        }
        self.leave_if(Cc::O, context);
        let v = self.new_in_gpr(Ty::I64, r);
        self.note_result(v, left, right_id, |a, b| {
            fold::exact(op, a as i64, b as i64)
        });
        v
    }
}
