//! Comparisons, and what is computed from their outcomes.

use crate::jit::context::{Gpr, Known};
use crate::jit::facts;
use crate::jit::fold::{self, Op};

use super::Emit;
use super::asm::{Alu, Cc, Mem};
use super::boxes::singleton;
use super::machine::R11;
use super::node::{ANY_SIZE, At, Domain, EQUAL, GREATER, Id, Kind, LESS, Node, Table, UNORDERED};
use super::offsets::OB_TYPE;
use super::types::{Ty, Val};
use super::value::shape;

/// The flags that say whether a condition holds, after its compare.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Test {
    Known(bool),
    One(Cc),
    /// Both have to hold.
    Both(Cc, Cc),
    /// One of them has to hold.
    Either(Cc, Cc),
}

impl Test {
    pub fn not(self) -> Test {
        match self {
            Test::Known(v) => Test::Known(!v),
            Test::One(cc) => Test::One(cc.not()),
            Test::Both(a, b) => Test::Either(a.not(), b.not()),
            Test::Either(a, b) => Test::Both(a.not(), b.not()),
        }
    }
}

impl Emit<'_> {
    /// A value from a table, folded where all outcomes agree.
    pub(crate) fn table_val(&mut self, ty: Ty, table: Table) -> Val {
        let mut outcomes = table.outcomes();
        if let Domain::Size(raw) = table.domain {
            outcomes &= self.node(raw).sizes;
        }
        let mut values = (0..7)
            .filter(|i| outcomes & (1 << i) != 0)
            .map(|i| table.values[i]);
        let first = values.next().unwrap_or(0);
        if values.all(|v| v == first) {
            return Val(self.imm(ty, first));
        }
        self.tables.push(table);
        let kind = Kind::Table((self.tables.len() - 1) as u32);
        Val(self.st.add(Node::new(ty, kind)))
    }

    pub(crate) fn as_table(&self, id: Id) -> Option<Table> {
        match self.node(id).kind {
            Kind::Table(t) => Some(*self.table(t)),
            _ => None,
        }
    }

    /// The same function of the outcome, followed by an operation with a constant or with
    /// another function of the same outcome.
    pub(crate) fn table_op(&mut self, op: Op, ty: Ty, result: Ty, a: Id, b: Id) -> Option<Val> {
        let (left, right) = (self.as_table(a), self.as_table(b));
        let constant = |id: Id| self.node(id).imm();
        let (domain, pairs): (Domain, [(i64, i64); 7]) = match (left, right) {
            (Some(l), Some(r)) if l.domain == r.domain => (
                l.domain,
                std::array::from_fn(|i| (l.values[i], r.values[i])),
            ),
            (Some(l), None) => {
                let r = constant(b)?;
                (l.domain, l.values.map(|v| (v, r)))
            }
            (None, Some(r)) => {
                let l = constant(a)?;
                (r.domain, r.values.map(|v| (l, v)))
            }
            _ => return None,
        };
        let values = pairs.map(|(l, r)| fold::binary(op, ty, l as u64, r as u64));
        // Outcomes that cannot occur may give anything.
        let values = values.map(|v| v.unwrap_or(0) as i64);
        Some(self.table_val(result, Table { domain, values }))
    }

    /// A type that was asked for before a guard has found out which it is.
    fn known_type(&mut self, v: Val) -> Val {
        if let Kind::TypeOf(x) = self.node(v.0).kind
            && let Known::Type(t) = self.node(x).known
        {
            return Val(self.imm(Ty::Object, t as i64));
        }
        v
    }

    pub(crate) fn compare(&mut self, op: Op, ty: Ty, a: Val, b: Val) -> Val {
        let (a, b) = (self.known_type(a), self.known_type(b));
        if let (Some(x), Some(y)) = (self.node(a.0).imm(), self.node(b.0).imm())
            && let Some(v) = fold::binary(op, ty, x as u64, y as u64)
        {
            return self.small(v as i64);
        }
        if let Some(v) = self.table_op(op, ty, Ty::I32, a.0, b.0) {
            return v;
        }
        let eq = op == Op::Eq;
        // One NaN is not equal to itself.
        if ty != Ty::F64
            && matches!(op, Op::Eq | Op::Ne)
            && let Some(v) = self.compare_objects(a.0, b.0)
        {
            return match v {
                Ok(same) => self.small(i64::from(same == eq)),
                Err(table) if eq => table,
                Err(table) => self.not(Ty::I32, table),
            };
        }
        let (domain, unordered) = match ty {
            Ty::F64 => (Domain::Floats(a.0, b.0), i64::from(op == Op::Ne)),
            _ => (Domain::Ints(ty, a.0, b.0), 0),
        };
        let less = i64::from(matches!(op, Op::Lt | Op::Le | Op::Ne));
        let greater = i64::from(matches!(op, Op::Gt | Op::Ge | Op::Ne));
        let equal = i64::from(matches!(op, Op::Eq | Op::Le | Op::Ge));
        let mut values = [0; 7];
        values[UNORDERED] = unordered;
        values[LESS] = less;
        values[GREATER] = greater;
        values[EQUAL] = equal;
        self.table_val(Ty::I32, Table { domain, values })
    }

    /// What is known of the identity of two pointers: the answer, or a truth value to look at.
    fn compare_objects(&mut self, a: Id, b: Id) -> Option<Result<bool, Val>> {
        if a == b {
            return Some(Ok(true));
        }
        let (a, b) = if self.node(a).imm().is_some() {
            (b, a)
        } else {
            (a, b)
        };
        let (x, y) = (*self.node(a), *self.node(b));
        let other = y.imm()?;
        if other == 0 && (matches!(x.ty, Ty::Object | Ty::Ptr) || x.known == Known::Bound) {
            if self.is_bound(a) {
                return Some(Ok(false));
            }
            if self.is_null(a) {
                return Some(Ok(true));
            }
        }
        match x.kind {
            Kind::BoxBool(raw) if other == singleton(true) => Some(Err(self.is_nonzero(raw))),
            Kind::BoxBool(raw) if other == singleton(false) => {
                let zero = self.small(0);
                let ty = self.node(raw).ty;
                Some(Err(self.compare(Op::Eq, ty, Val(raw), zero)))
            }
            Kind::BoxBool(_) => Some(Ok(false)),
            _ if other == singleton(true)
                || other == singleton(false)
                || other == none_address() =>
            {
                match x.known {
                    Known::Type(t) if other == none_address() => {
                        (t != none_type()).then_some(Ok(false))
                    }
                    Known::Type(t) => (t != facts::bool_type()).then_some(Ok(false)),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn is_nonzero(&mut self, raw: Id) -> Val {
        if self.as_table(raw).is_some() {
            return Val(raw);
        }
        let zero = self.small(0);
        let ty = self.node(raw).ty;
        self.compare(Op::Ne, ty, Val(raw), zero)
    }

    /// The compare for a condition, and the flags that say that it holds.
    pub(crate) fn test(&mut self, cond: Id) -> Test {
        if let Some(v) = self.node(cond).imm() {
            return Test::Known(v != 0);
        }
        let Some(table) = self.as_table(cond) else {
            let wide = shape(self.node(cond).ty).0 == 8;
            let r = self.place(cond);
            self.asm.test(wide, r, r);
            return Test::One(Cc::NE);
        };
        self.test_table(&table, table.truth())
    }

    /// The compare for a set of outcomes.
    pub(crate) fn test_table(&mut self, table: &Table, set: u8) -> Test {
        match table.domain {
            Domain::Ints(ty, a, b) => self.test_ints(ty, a, b, set),
            Domain::Floats(a, b) => self.test_floats(a, b, set),
            Domain::Size(raw) => self.test_size(raw, set),
        }
    }

    fn test_ints(&mut self, ty: Ty, a: Id, b: Id, set: u8) -> Test {
        // Constants go to the right.
        if self.node(a).imm().is_some() && self.node(b).imm().is_none() {
            let swapped = (set & (1 << EQUAL)) | swap_bits(set);
            return self.test_ints(ty, b, a, swapped);
        }
        let (bytes, signed) = shape(ty);
        let wide = bytes == 8;
        let right = self.node(b).imm();
        if let (Kind::TypeOf(x), At::None, Some(address)) =
            (self.node(a).kind, self.node(a).at, right)
        {
            let p = self.place(x);
            self.cmp_address(Mem::new(p, OB_TYPE), address as usize);
        } else {
            // An object is made by a call, in front of which no register has been taken.
            self.need_pointer(a);
            self.need_pointer(b);
            let mut left = self.place(a);
            if bytes < 4 {
                let r = self.free_gpr();
                self.asm.extend_from(r, left, bytes, signed);
                left = r;
            }
            self.alu_node(Alu::Cmp, wide, left, b);
        }
        const L: u8 = 1 << LESS;
        const G: u8 = 1 << GREATER;
        const E: u8 = 1 << EQUAL;
        let pick = |s, u| Test::One(if signed { s } else { u });
        match set & (L | G | E) {
            0 => Test::Known(false),
            L => pick(Cc::L, Cc::B),
            G => pick(Cc::G, Cc::A),
            E => Test::One(Cc::E),
            s if s == L | E => pick(Cc::LE, Cc::BE),
            s if s == G | E => pick(Cc::GE, Cc::AE),
            s if s == L | G => Test::One(Cc::NE),
            _ => Test::Known(true),
        }
    }

    fn test_floats(&mut self, a: Id, b: Id, set: u8) -> Test {
        const U: u8 = 1 << UNORDERED;
        const L: u8 = 1 << LESS;
        const G: u8 = 1 << GREATER;
        const E: u8 = 1 << EQUAL;
        // Sets that hold "less" but not "unordered", or the other way round, swap the operands.
        let swap = matches!(set & 15, s if s == L || s == L | E || s == U | G || s == U | G | E);
        let (a, b, set) = if swap {
            (b, a, (set & (U | E)) | swap_bits(set))
        } else {
            (a, b, set)
        };
        let x = self.place_xmm(a);
        let y = self.place_xmm(b);
        self.asm.compare_f64(x, y);
        match set & 15 {
            0 => Test::Known(false),
            s if s == G => Test::One(Cc::A),
            s if s == G | E => Test::One(Cc::AE),
            s if s == U | L => Test::One(Cc::B),
            s if s == U | L | E => Test::One(Cc::BE),
            s if s == E => Test::Both(Cc::E, Cc::NP),
            s if s == U | L | G => Test::Either(Cc::NE, Cc::P),
            s if s == L | G => Test::One(Cc::NE),
            s if s == U | E => Test::One(Cc::E),
            s if s == U => Test::One(Cc::P),
            s if s == L | G | E => Test::One(Cc::NP),
            _ => Test::Known(true),
        }
    }

    /// Whether the size of an int is one of a set: a range of its values.
    fn test_size(&mut self, raw: Id, set: u8) -> Test {
        let possible = self.node(raw).sizes;
        let set = set & possible;
        if set == 0 || set == possible {
            return Test::Known(set != 0);
        }
        // Sizes that cannot occur may be added to make the set one range.
        if let Some((low, high)) = range(set, possible) {
            return self.test_range(raw, low, high);
        }
        match range(possible & !set, possible) {
            Some((low, high)) => self.test_range(raw, low, high).not(),
            None => {
                self.fail("an odd set of sizes");
                Test::Known(false)
            }
        }
    }

    fn test_range(&mut self, raw: Id, low: i64, high: i64) -> Test {
        let r = self.place(raw);
        if low == i64::MIN {
            self.alu_const(Alu::Cmp, true, r, high);
            return Test::One(Cc::LE);
        }
        if high == i64::MAX {
            self.alu_const(Alu::Cmp, true, r, low);
            return Test::One(Cc::GE);
        }
        if low == 0 {
            self.alu_const(Alu::Cmp, true, r, high);
            return Test::One(Cc::BE);
        }
        let moved = self.free_gpr();
        match i32::try_from(-low) {
            Ok(distance) => self.asm.lea(moved, Mem::new(r, distance)),
            Err(_) => {
                self.asm.mov_imm(moved, -low);
                self.asm.alu(Alu::Add, true, moved, r);
            }
        }
        self.alu_const(Alu::Cmp, true, moved, high - low);
        Test::One(Cc::BE)
    }

    /// The value of a function of an outcome, in a fresh register.
    pub(crate) fn table_bits(&mut self, index: u32) -> Gpr {
        let table = *self.table(index);
        let outcomes = match table.domain {
            Domain::Size(raw) => table.outcomes() & self.node(raw).sizes,
            _ => table.outcomes(),
        };
        let values: Vec<i64> = (0..7)
            .filter(|i| outcomes & (1 << i) != 0)
            .map(|i| table.values[i])
            .collect();
        if values.iter().all(|&v| v == 0 || v == 1) {
            let test = self.test(self.table_node(index));
            return self.flag(test);
        }
        let r = self.free_gpr();
        let base = table.values[outcomes.trailing_zeros() as usize];
        let mut done = outcomes;
        self.asm.mov_imm(r, base);
        for i in 0..7 {
            let v = table.values[i];
            if done & (1 << i) == 0 || v == base {
                continue;
            }
            let set = (0..7)
                .filter(|&k| outcomes & (1 << k) != 0 && table.values[k] == v)
                .fold(0, |set, k| set | 1 << k);
            done &= !set;
            let test = self.test_table(&table, set);
            self.touch(r);
            self.asm.mov_imm(R11, v);
            match test {
                Test::One(cc) => self.asm.cmov(cc, r, R11),
                Test::Known(true) => self.asm.mov(r, R11),
                Test::Known(false) => {}
                Test::Either(a, b) => {
                    self.asm.cmov(a, r, R11);
                    self.asm.cmov(b, r, R11);
                }
                Test::Both(a, b) => {
                    let skip = self.asm.jcc_short(a.not());
                    self.asm.cmov(b, r, R11);
                    self.asm.bind_short(skip);
                }
            }
        }
        r
    }

    fn table_node(&self, index: u32) -> Id {
        let found = self
            .st
            .nodes
            .iter()
            .position(|n| n.kind == Kind::Table(index));
        found.unwrap_or(0) as Id
    }

    /// 0 or 1 from flags.
    fn flag(&mut self, test: Test) -> Gpr {
        let r = self.free_gpr();
        match test {
            Test::Known(v) => self.asm.mov_imm(r, i64::from(v)),
            Test::One(cc) => {
                self.asm.setcc(cc, r);
                self.asm.extend_from(r, r, 1, false);
            }
            Test::Both(a, b) | Test::Either(a, b) => {
                self.asm.setcc(a, r);
                self.asm.setcc(b, R11);
                let op = if matches!(test, Test::Both(..)) {
                    Alu::And
                } else {
                    Alu::Or
                };
                self.asm.alu(op, false, r, R11);
                self.asm.extend_from(r, r, 1, false);
            }
        }
        r
    }

    /// Makes use of the fact that a condition holds.
    pub(crate) fn learn(&mut self, cond: Id) {
        let Some(table) = self.as_table(cond) else {
            return;
        };
        self.learn_outcomes(&table, table.truth());
    }

    pub(crate) fn learn_not(&mut self, cond: Id) {
        let Some(table) = self.as_table(cond) else {
            return;
        };
        self.learn_outcomes(&table, table.outcomes() & !table.truth());
    }

    /// Whether a condition is known to hold or not to hold.
    pub(crate) fn decided(&self, cond: Id) -> Option<bool> {
        if let Some(v) = self.node(cond).imm() {
            return Some(v != 0);
        }
        let table = self.as_table(cond)?;
        let mut left = table.outcomes();
        for (domain, set) in &self.outcomes {
            if *domain == table.domain {
                left &= set;
            }
        }
        let truth = table.truth();
        match left {
            _ if left & truth == 0 => Some(false),
            _ if left & !truth == 0 => Some(true),
            _ => None,
        }
    }

    fn learn_outcomes(&mut self, table: &Table, set: u8) {
        self.outcomes.push((table.domain, set));
        match table.domain {
            Domain::Size(raw) => self.node_mut(raw).sizes &= set,
            Domain::Ints(_, a, b) => {
                let (a, b) = if self.node(a).imm().is_some() {
                    (b, a)
                } else {
                    (a, b)
                };
                let Some(v) = self.node(b).imm() else {
                    return;
                };
                if set == 1 << EQUAL {
                    self.learn_word(a, Some(v));
                } else if set & (1 << EQUAL) == 0 && v == 0 {
                    self.learn_word(a, None);
                }
                if set == 1 << EQUAL && v != 0 && self.node(a).kind == Kind::Bits {
                    self.aliases.push((v, a));
                    self.identify(a, v);
                }
                if set == 1 << EQUAL {
                    match self.node(a).kind {
                        Kind::TypeOf(x)
                            if self.node(b).symbol.is_some() || is_static_type(v as usize) =>
                        {
                            self.node_mut(x).known = Known::Type(v as usize);
                        }
                        _ if self.node(a).ty == Ty::Object && v == 0 => {
                            self.node_mut(a).known = Known::Unbound;
                        }
                        _ => {}
                    }
                } else if set & (1 << EQUAL) == 0 && v == 0 && self.node(a).ty == Ty::Object {
                    let node = self.node_mut(a);
                    if node.known == Known::Nothing {
                        node.known = Known::Bound;
                    }
                }
            }
            Domain::Floats(..) => {}
        }
    }
}

/// The bits for "less" and "greater", exchanged.
fn swap_bits(set: u8) -> u8 {
    let less = set >> LESS & 1;
    let greater = set >> GREATER & 1;
    less << GREATER | greater << LESS
}

/// The values whose sizes are a set, if they are one range among the possible sizes.
fn range(set: u8, possible: u8) -> Option<(i64, i64)> {
    let first = set.trailing_zeros();
    let last = 7 - set.leading_zeros();
    let span = (ANY_SIZE >> (6 - last)) & !((1 << first) - 1);
    if span & possible != set {
        return None;
    }
    let below = possible & ((1u8 << first) - 1);
    let above = possible & !((2u16 << last) as u8).wrapping_sub(1);
    let low = if below == 0 {
        i64::MIN
    } else {
        lowest(first as i32 - 3)
    };
    let high = if above == 0 {
        i64::MAX
    } else {
        highest(last as i32 - 3)
    };
    Some((low, high))
}

fn highest(size: i32) -> i64 {
    match size {
        3 => i64::MAX,
        2 => (1 << 60) - 1,
        1 => (1 << 30) - 1,
        0 => 0,
        -1 => -1,
        -2 => -(1 << 30),
        _ => -(1 << 60),
    }
}

fn lowest(size: i32) -> i64 {
    -highest(-size)
}

/// Whether a type is one that objects never change.
fn is_static_type(t: usize) -> bool {
    t == facts::float_type() || t == facts::long_type() || t == facts::bool_type()
}

/// Where `None` is.
pub(crate) fn none_address() -> i64 {
    // SAFETY: the address of a static.
    unsafe { pyo3::ffi::Py_None() as usize as i64 }
}

fn none_type() -> usize {
    // SAFETY: `None` is an object.
    unsafe { pyo3::ffi::Py_TYPE(pyo3::ffi::Py_None()) as usize }
}
