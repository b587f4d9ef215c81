//! C functions on objects that have a form without objects where the operands' types are known.

use pyo3::ffi;

use crate::jit::fold::Op;
use crate::mechanisms::Mechanism;
use crate::release::SYMBOLS;

use super::Emit;
use super::asm::{Alu, Cc, Shift};
use super::boxes::size_of_long;
use super::call::{Call, Target};
use super::edge::EdgeKind;
use super::helpers;
use super::keep::Kept;
use super::machine::{R11, RAX, RDX};
use super::node::Id;
use super::subscripts::{GET_ITEM, SET_ITEM};
use super::types::{Effect, Flow, Symbol, Ty, Val};

/// What a C function computes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Intrinsic {
    Arith(Op),
    TrueDivide,
    Power,
    FloorDivide,
    Remainder,
    Bits(Op),
    Negative,
    RichCompare,
    IsTrue,
    GetItem,
    SetItem,
    DelItem,
    NewSlice,
    BuildSlice,
    Send,
    Unpack,
    PushFrame,
    LoadGlobal,
    Call,
    GetAttribute,
    SetAttribute,
    GetMethod,
    IsInstance,
    Bool,
}

impl Intrinsic {
    /// Whether the mechanism that it is part of is on; some look for themselves.
    fn is_on(self) -> bool {
        match self {
            Intrinsic::GetItem | Intrinsic::SetItem | Intrinsic::DelItem => true,
            Intrinsic::NewSlice | Intrinsic::BuildSlice | Intrinsic::Send => true,
            Intrinsic::Unpack => Mechanism::Unpacking.is_on(),
            Intrinsic::PushFrame => Mechanism::PushedFrames.is_on(),
            Intrinsic::LoadGlobal => Mechanism::GlobalsInPlace.is_on(),
            Intrinsic::Call => Mechanism::Initializers.is_on(),
            Intrinsic::GetAttribute | Intrinsic::SetAttribute | Intrinsic::GetMethod => true,
            Intrinsic::IsInstance => true,
            Intrinsic::Bool => true,
            _ => Mechanism::NumberFunctions.is_on(),
        }
    }
}

/// The one table of such functions.
const TABLE: &[(&str, Intrinsic)] = &[
    ("PyNumber_Add", Intrinsic::Arith(Op::Add)),
    ("PyNumber_InPlaceAdd", Intrinsic::Arith(Op::Add)),
    ("PyNumber_Subtract", Intrinsic::Arith(Op::Sub)),
    ("PyNumber_InPlaceSubtract", Intrinsic::Arith(Op::Sub)),
    ("PyNumber_Multiply", Intrinsic::Arith(Op::Mul)),
    ("PyNumber_InPlaceMultiply", Intrinsic::Arith(Op::Mul)),
    ("PyNumber_TrueDivide", Intrinsic::TrueDivide),
    ("PyNumber_InPlaceTrueDivide", Intrinsic::TrueDivide),
    ("PyNumber_FloorDivide", Intrinsic::FloorDivide),
    ("PyNumber_InPlaceFloorDivide", Intrinsic::FloorDivide),
    ("PyNumber_Remainder", Intrinsic::Remainder),
    ("PyNumber_InPlaceRemainder", Intrinsic::Remainder),
    ("PyNumber_And", Intrinsic::Bits(Op::And)),
    ("PyNumber_InPlaceAnd", Intrinsic::Bits(Op::And)),
    ("PyNumber_Or", Intrinsic::Bits(Op::Or)),
    ("PyNumber_InPlaceOr", Intrinsic::Bits(Op::Or)),
    ("PyNumber_Xor", Intrinsic::Bits(Op::Xor)),
    ("PyNumber_InPlaceXor", Intrinsic::Bits(Op::Xor)),
    ("PyNumber_Lshift", Intrinsic::Bits(Op::Shl)),
    ("PyNumber_InPlaceLshift", Intrinsic::Bits(Op::Shl)),
    ("PyNumber_Rshift", Intrinsic::Bits(Op::Shr)),
    ("PyNumber_InPlaceRshift", Intrinsic::Bits(Op::Shr)),
    ("PyNumber_Power", Intrinsic::Power),
    ("PyNumber_Negative", Intrinsic::Negative),
    ("PyObject_RichCompare", Intrinsic::RichCompare),
    ("PyObject_IsTrue", Intrinsic::IsTrue),
    (GET_ITEM, Intrinsic::GetItem),
    (SET_ITEM, Intrinsic::SetItem),
    ("PyObject_DelItem", Intrinsic::DelItem),
    ("PySlice_New", Intrinsic::NewSlice),
    ("_PyBuildSlice_ConsumeRefs", Intrinsic::BuildSlice),
    ("PyIter_Send", Intrinsic::Send),
    ("unpack_iterable", Intrinsic::Unpack),
    ("_PyEval_UnpackIterable", Intrinsic::Unpack),
    ("_PyEvalFramePushAndInit", Intrinsic::PushFrame),
    ("_PyDict_LoadGlobal", Intrinsic::LoadGlobal),
    ("PyObject_Vectorcall", Intrinsic::Call),
    ("PyObject_GetAttr", Intrinsic::GetAttribute),
    ("PyObject_SetAttr", Intrinsic::SetAttribute),
    ("_PyObject_GetMethod", Intrinsic::GetMethod),
    ("PyObject_IsInstance", Intrinsic::IsInstance),
    ("PyBool_FromLong", Intrinsic::Bool),
];

/// The functions of the binary operators, in the order of the instruction's argument.
const OPERATORS: [&str; 13] = [
    "PyNumber_Add",
    "PyNumber_And",
    "PyNumber_FloorDivide",
    "PyNumber_Lshift",
    "PyNumber_MatrixMultiply",
    "PyNumber_Multiply",
    "PyNumber_Remainder",
    "PyNumber_Or",
    "PyNumber_Power",
    "PyNumber_Rshift",
    "PyNumber_Subtract",
    "PyNumber_TrueDivide",
    "PyNumber_Xor",
];

impl Emit<'_> {
    /// The result without the call, where what is known of the operands allows it. `kept` is needed
    /// behind it.
    pub(crate) fn intrinsic(
        &mut self,
        name: &str,
        args: &[Val],
        kept: Option<&Kept>,
    ) -> Flow<Option<Val>> {
        let Some(&(_, intrinsic)) = TABLE.iter().find(|(n, _)| *n == name) else {
            return Ok(None);
        };
        if !intrinsic.is_on() {
            return Ok(None);
        }
        match (intrinsic, args) {
            (Intrinsic::IsTrue, &[x]) => self.is_true(x),
            (Intrinsic::Negative, &[x]) => self.negative(x),
            (Intrinsic::GetItem, &[container, sub]) => self.get_item(container, sub),
            (Intrinsic::SetItem, &[container, sub, v]) => self.set_item(container, sub, v),
            (Intrinsic::DelItem, &[container, sub]) => self.delete_item(container, sub),
            (Intrinsic::NewSlice, &[start, stop, step]) => self.new_slice([start, stop, step]),
            (Intrinsic::BuildSlice, &[start, stop]) => self.build_slice(start, stop),
            (Intrinsic::Send, &[receiver, v, to]) => self.send(receiver, v, to),
            (Intrinsic::Unpack, &[_, items, count, after, end]) => {
                self.unpack_items(items, count, after, end)
            }
            (Intrinsic::LoadGlobal, &[globals, builtins, name]) => {
                self.load_global([globals, builtins], name)
            }
            (Intrinsic::PushFrame, args) => self.push_called(args),
            (Intrinsic::Call, args) => self.make_instance(args, kept),
            (Intrinsic::GetAttribute, &[owner, name]) => self.get_attribute(owner, name),
            (Intrinsic::SetAttribute, &[owner, name, v]) => self.set_attribute(owner, name, v),
            (Intrinsic::GetMethod, &[owner, name, to]) => self.get_method(owner, name, to),
            (Intrinsic::IsInstance, &[object, class]) => self.is_instance(object, class),
            (Intrinsic::Bool, &[v]) => self.bool_of(v),
            (Intrinsic::RichCompare, &[a, b, op]) => self.rich_compare(a, b, op),
            (_, &[a, b]) => self.binary_intrinsic(intrinsic, a, b),
            _ => Ok(None),
        }
    }

    fn binary_intrinsic(&mut self, intrinsic: Intrinsic, a: Val, b: Val) -> Flow<Option<Val>> {
        self.suppose_numbers(&[a, b])?;
        let long = |e: &Self, v: Val| e.is_long(v.0);
        if long(self, a) && long(self, b) {
            return match intrinsic {
                Intrinsic::Arith(op) => Ok(Some(self.long_arith(op, a, b)?)),
                Intrinsic::Bits(op) => self.long_bits(op, a, b),
                Intrinsic::FloorDivide | Intrinsic::Remainder => {
                    self.long_divide(intrinsic == Intrinsic::FloorDivide, a, b)
                }
                Intrinsic::TrueDivide => self.long_true_divide(a, b),
                _ => Ok(None),
            };
        }
        let number = |e: &Self, v: Val| e.is_long(v.0) || e.is_float(v.0);
        if !number(self, a) || !number(self, b) {
            return Ok(None);
        }
        if intrinsic == Intrinsic::Power {
            return self.float_power(a, b);
        }
        let op = match intrinsic {
            Intrinsic::Arith(op) => op,
            Intrinsic::TrueDivide => Op::Div,
            _ => return Ok(None),
        };
        let (Some(x), Some(y)) = (self.as_double(a.0)?, self.as_double(b.0)?) else {
            return Ok(None);
        };
        if op == Op::Div {
            self.nonzero_double(y);
        }
        let v = self.float_op(op, x, y);
        Ok(Some(self.box_float(v.0)))
    }

    /// Leaves where a divisor is zero: the generic member raises.
    fn nonzero_double(&mut self, y: Id) {
        if let Some(v) = self.node(y).imm()
            && f64::from_bits(v as u64) != 0.0
        {
            return;
        }
        let context = self.snapshot(self.st.base);
        let zero = self.float(0.0);
        let divisor = self.place_xmm(y);
        let zero = self.place_xmm(zero.0);
        self.asm.compare_f64(divisor, zero);
        // A NaN compares as equal too, but is no zero.
        let nan = self.asm.jcc_short(Cc::P);
        let site = self.asm.jcc(Cc::E);
        self.asm.bind_short(nan);
        let unit = self.instr.start;
        self.add_edge(site, EdgeKind::Deopt, unit, context);
    }

    /// Powers of positive numbers, as long as nothing overflows: no exception and no complex
    /// number comes of those.
    fn float_power(&mut self, a: Val, b: Val) -> Flow<Option<Val>> {
        let Some(y) = self.unbox_float(b.0) else {
            return Ok(None);
        };
        let Some(x) = self.as_double(a.0)? else {
            return Ok(None);
        };
        let exponent = self.node(y).imm().map(|v| f64::from_bits(v as u64));
        if !exponent.is_some_and(f64::is_finite) {
            return Ok(None);
        }
        let context = self.snapshot(self.st.base);
        let unit = self.instr.start;
        let zero = self.float(0.0);
        let infinity = self.float(f64::INFINITY);
        // Greater than 0 and less than infinity; a NaN is neither.
        for (greater, less) in [(x, zero.0), (infinity.0, x)] {
            let greater = self.place_xmm(greater);
            let less = self.place_xmm(less);
            self.asm.compare_f64(greater, less);
            let site = self.asm.jcc(Cc::BE);
            self.add_edge(site, EdgeKind::Deopt, unit, context);
        }
        let result = self.emit_call(&Call {
            target: Target::Address(helpers::pow as *const () as usize),
            result: Ty::F64,
            variadic: false,
            effect: Effect::Pure,
            steals: 0,
            new_reference: false,
            args: &[Val(x), Val(y)],
        })?;
        let context = self.snapshot(self.st.base);
        let infinity = self.place_xmm(infinity.0);
        let power = self.place_xmm(result.0);
        self.asm.compare_f64(infinity, power);
        let site = self.asm.jcc(Cc::BE);
        self.add_edge(site, EdgeKind::Deopt, unit, context);
        Ok(Some(self.box_float(result.0)))
    }

    /// Ints whose quotient is that of their doubles: those of at most 53 bits.
    fn long_true_divide(&mut self, a: Val, b: Val) -> Flow<Option<Val>> {
        let x = self.unbox_long(a.0)?;
        let y = self.unbox_long(b.0)?;
        for raw in [x, y] {
            if let Some(v) = self.node(raw).imm() {
                if v.unsigned_abs() > 1 << 53 {
                    return Ok(None);
                }
                continue;
            }
            let context = self.snapshot(self.st.base);
            let r = self.copy(raw);
            self.asm.mov_imm(R11, 1 << 53);
            self.asm.alu(Alu::Add, true, r, R11);
            self.asm.mov_imm(R11, 1 << 54);
            self.asm.alu(Alu::Cmp, true, r, R11);
            let site = self.asm.jcc(Cc::A);
            let unit = self.instr.start;
            self.add_edge(site, EdgeKind::Deopt, unit, context);
        }
        let (Some(x), Some(y)) = (self.as_double(a.0)?, self.as_double(b.0)?) else {
            return Ok(None);
        };
        self.nonzero_double(y);
        let v = self.float_op(Op::Div, x, y);
        Ok(Some(self.box_float(v.0)))
    }

    fn long_bits(&mut self, op: Op, a: Val, b: Val) -> Flow<Option<Val>> {
        let shift = matches!(op, Op::Shl | Op::Shr);
        if !shift {
            let x = self.unbox_long(a.0)?;
            let y = self.unbox_long(b.0)?;
            let v = match op {
                Op::And => self.and(Ty::I64, Val(x), Val(y)),
                Op::Or => self.or(Ty::I64, Val(x), Val(y)),
                _ => self.xor(Ty::I64, Val(x), Val(y)),
            };
            // An operand that comes back as it is would share its place with another box.
            let raw = if v.0 == x || v.0 == y {
                self.fresh(v.0)
            } else {
                v.0
            };
            return Ok(Some(self.box_long(raw)));
        }
        let Some(y) = self.unboxed_long(b.0) else {
            return Ok(None);
        };
        let Some(by) = self.node(y).imm().filter(|v| (0..63).contains(v)) else {
            return Ok(None);
        };
        let x = self.unbox_long(a.0)?;
        let by = by as u8;
        if op == Op::Shr {
            let r = self.copy(x);
            self.asm.shift_imm(Shift::Arithmetic, true, r, by);
            let raw = self.new_in_gpr(Ty::I64, r);
            return Ok(Some(self.box_long(raw)));
        }
        let context = self.snapshot(self.st.base);
        let from = self.place(x);
        let r = self.free_gpr();
        self.asm.mov(r, from);
        self.asm.shift_imm(Shift::Left, true, r, by);
        // Nothing was lost if shifting back gives the same.
        self.asm.mov(R11, r);
        self.asm.shift_imm(Shift::Arithmetic, true, R11, by);
        self.asm.alu(Alu::Cmp, true, R11, from);
        let site = self.asm.jcc(Cc::NE);
        let unit = self.instr.start;
        self.add_edge(site, EdgeKind::Deopt, unit, context);
        let raw = self.new_in_gpr(Ty::I64, r);
        Ok(Some(self.box_long(raw)))
    }

    /// The same bits in another register.
    fn fresh(&mut self, id: Id) -> Id {
        let r = self.copy(id);
        self.new_in_gpr(Ty::I64, r)
    }

    /// Division that rounds down. The divisor is a positive constant, or leaves where it is not
    /// positive.
    fn long_divide(&mut self, quotient: bool, a: Val, b: Val) -> Flow<Option<Val>> {
        let x = self.unbox_long(a.0)?;
        let y = self.unbox_long(b.0)?;
        let known = self.node(y).imm();
        if known.is_some_and(|v| v <= 0) {
            return Ok(None);
        }
        if let Some(v) = known.filter(|&v| (v as u64).is_power_of_two()) {
            let r = self.copy(x);
            if quotient {
                self.asm
                    .shift_imm(Shift::Arithmetic, true, r, v.trailing_zeros() as u8);
            } else {
                self.alu_const(Alu::And, true, r, v - 1);
            }
            let raw = self.new_in_gpr(Ty::I64, r);
            return Ok(Some(self.box_long(raw)));
        }
        let context = self.snapshot(self.st.base);
        let unit = self.instr.start;
        let by = self.place(y);
        if known.is_none() {
            self.asm.test(true, by, by);
            let site = self.asm.jcc(Cc::LE);
            self.add_edge(site, EdgeKind::Deopt, unit, context);
        }
        self.asm.mov(R11, by);
        let from = self.place(x);
        self.vacate(RDX);
        self.touch(RDX);
        if from != RAX {
            self.vacate(RAX);
            self.asm.mov(RAX, from);
        } else {
            self.vacate(RAX);
        }
        self.touch(RAX);
        self.asm.divide(true, true, R11);
        // The remainder takes the sign of the divisor.
        self.asm.test(true, RDX, RDX);
        let done = self.asm.jcc_short(Cc::NS);
        let result = if quotient {
            self.asm.alu_imm(Alu::Sub, true, RAX, 1);
            RAX
        } else {
            self.asm.alu(Alu::Add, true, RDX, R11);
            RDX
        };
        self.asm.bind_short(done);
        let raw = self.new_in_gpr(Ty::I64, result);
        Ok(Some(self.box_long(raw)))
    }

    fn negative(&mut self, x: Val) -> Flow<Option<Val>> {
        if let Some(raw) = self.unbox_float(x.0) {
            let v = self.neg(Ty::F64, Val(raw));
            return Ok(Some(self.box_float(v.0)));
        }
        if !self.is_long(x.0) {
            return Ok(None);
        }
        let zero = self.imm(Ty::I64, 0);
        self.node_mut(zero).sizes = 1 << size_of_long(0);
        let zero = self.box_long(zero);
        Ok(Some(self.long_arith(Op::Sub, zero, x)?))
    }

    /// `op` counts from `<` to `>=` as `Py_LT` to `Py_GE` do.
    fn rich_compare(&mut self, a: Val, b: Val, op: Val) -> Flow<Option<Val>> {
        const OPS: [Op; 6] = [Op::Lt, Op::Le, Op::Eq, Op::Ne, Op::Gt, Op::Ge];
        let op = self.node(op.0).imm().and_then(|v| OPS.get(v as usize));
        let Some(&op) = op else {
            return Ok(None);
        };
        self.suppose_numbers(&[a, b])?;
        let truth = if self.is_long(a.0) && self.is_long(b.0) {
            let x = self.unbox_long(a.0)?;
            let y = self.unbox_long(b.0)?;
            self.compare(op, Ty::I64, Val(x), Val(y))
        } else {
            let (Some(x), Some(y)) = (self.unbox_float(a.0), self.unbox_float(b.0)) else {
                return Ok(None);
            };
            self.compare(op, Ty::F64, Val(x), Val(y))
        };
        Ok(Some(self.box_bool(truth.0)))
    }

    /// The name of the function that an element of the table of operators is. Operating in place
    /// is the same for numbers.
    pub(crate) fn operator_name(&self, id: Id) -> Option<&'static str> {
        let index = usize::from(self.node(id).operator?);
        OPERATORS.get(index % OPERATORS.len()).copied()
    }

    /// Whether a symbol names an array whose elements never change.
    pub(crate) fn is_constant_table(&self, symbol: Symbol) -> bool {
        let name = SYMBOLS
            .get(usize::from(symbol.0))
            .and_then(|s| s.to_str().ok());
        matches!(name, Some("binary_ops" | "_PyEval_BinaryOps"))
    }
}

pub(crate) fn str_type() -> usize {
    &raw const ffi::PyUnicode_Type as usize
}
