//! Live operands, for matchers: would this member run here?
//!
//! A matcher is the leading part of a template. `Live` computes it in three values: an operand
//! may be known only by its type, or not at all. A guard that is certainly false ends the
//! matcher; an unknown one counts as true, and is noted when it is a test of a type.

use pyo3::ffi;

use crate::emit::Emit;
use crate::emit::edge::{Instr, LIVE};
use crate::emit::types::{Elem, Exit, Field, Flow, Number, Stop, Symbol, Text, Ty, Val};
use crate::emit::view::CodeView;
use crate::jit::code::read;
use crate::jit::context::{Context, Held, Known, Loc, Slot};
use crate::jit::facts;
use crate::jit::fold;
use crate::jit::machine;
use crate::release::layout;

/// The registers of a compiled function at an exit, as the stub trampoline saves them.
#[repr(C)]
#[derive(Debug)]
pub struct Registers {
    pub gpr: [u64; 16],
    pub xmm: [u64; 16],
}

impl Registers {
    /// The bits at a place of compiled code.
    pub fn get(&self, at: Loc) -> u64 {
        match at {
            Loc::Gpr(r) => self.gpr[usize::from(r.0)],
            Loc::Xmm(x) => self.xmm[usize::from(x.0)],
            // SAFETY: `rbp` is the base of a native frame, which has that slot.
            Loc::Native(n) => unsafe { read(self.base(), machine::native_slot(n)) },
        }
    }

    /// The running `_PyInterpreterFrame`.
    pub fn frame(&self) -> usize {
        self.gpr[13] as usize
    }

    /// The running `PyThreadState`.
    pub fn tstate(&self) -> usize {
        self.gpr[12] as usize
    }

    /// The base of the native frame.
    pub fn base(&self) -> usize {
        self.gpr[5] as usize
    }
}

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item {
    Bits(u64),
    /// An object known by its type only.
    Typed(usize),
    /// Not known; `true` when it depends on the type of an object.
    Unknown(bool),
}

/// Where an instruction's operands are looked up.
#[derive(Clone, Copy)]
pub enum Operands<'a> {
    /// Control stands before the instruction: everything is there.
    Arrived {
        context: &'a Context,
        registers: &'a Registers,
    },
    /// The instruction stands in the middle of a block.
    Inside(&'a Emit<'a>),
}

impl Operands<'_> {
    fn depth(&self) -> usize {
        match self {
            Operands::Arrived { context, .. } => context.stack.len(),
            Operands::Inside(e) => e.depth(),
        }
    }

    fn stack(&self, i: usize) -> Slot {
        match self {
            Operands::Arrived { context, .. } => context.stack[i],
            Operands::Inside(e) => e.peek_stack(i),
        }
    }

    fn local(&self, i: usize) -> Slot {
        match self {
            Operands::Arrived { context, .. } => context.locals[i],
            Operands::Inside(e) => e.peek_local(i),
        }
    }

    /// Whether a block may end here and the operands be looked at when control arrives.
    pub fn may_wait(&self) -> bool {
        match self {
            Operands::Arrived { .. } => false,
            Operands::Inside(e) => !e.must_go_on(),
        }
    }

    /// The objects on top of the stack, as far as they are there to look at.
    pub fn top(&self) -> [usize; LIVE] {
        let depth = self.depth();
        std::array::from_fn(|k| {
            let slot = depth.checked_sub(k + 1);
            slot.and_then(|i| self.object(i)).unwrap_or(0)
        })
    }

    /// The object in stack slot `i`, 0 for NULL, if there is one to look at.
    pub fn object(&self, i: usize) -> Option<usize> {
        let (context, registers) = match self {
            Operands::Arrived { context, registers } => (context, registers),
            Operands::Inside(e) => return e.peek_object(i),
        };
        let memory = |index: usize| {
            // SAFETY: the frame is alive and has that slot.
            unsafe { read::<usize>(registers.frame(), facts::LOCALS + 8 * index as i32) }
        };
        match context.stack[i].held {
            Held::Memory => Some(memory(context.locals.len() + i)),
            Held::Local(n) => Some(memory(usize::from(n))),
            Held::Object { at, .. } => Some(registers.get(at) as usize),
            Held::Constant(address) => Some(address),
            Held::Float(_)
            | Held::FloatConstant(_)
            | Held::Long(_)
            | Held::LongConstant(_)
            | Held::Bool(_) => None,
        }
    }

    /// The unboxed value in stack slot `i`, if that is no object and control has arrived.
    pub fn unboxed(&self, i: usize) -> Option<u64> {
        let Operands::Arrived { context, registers } = self else {
            return None;
        };
        match context.stack[i].held {
            Held::Float(at) | Held::Long(at) | Held::Bool(at) => Some(registers.get(at)),
            _ => None,
        }
    }

    /// The registers, when control has arrived.
    pub fn registers(&self) -> Option<&Registers> {
        match self {
            Operands::Arrived { registers, .. } => Some(registers),
            Operands::Inside(_) => None,
        }
    }
}

/// One instruction's operands.
pub struct Live<'a> {
    view: &'a CodeView,
    instr: Instr,
    operands: Operands<'a>,
    locals: usize,
    items: Vec<Item>,
    asked: bool,
    /// A guard could not be answered: memory that it protects is not read.
    blind: bool,
}

impl Number<Live<'_>> for Val {
    fn known(self, live: &Live<'_>) -> Option<i64> {
        live.known(self).map(|bits| i64::from(bits as i32))
    }
}

impl<'a> Live<'a> {
    /// Looks at `instr`, in a function with this many locals.
    pub fn new(
        view: &'a CodeView,
        instr: Instr,
        operands: Operands<'a>,
        locals: usize,
        mut items: Vec<Item>,
    ) -> Live<'a> {
        items.clear();
        Live {
            view,
            instr,
            operands,
            locals,
            items,
            asked: false,
            blind: false,
        }
    }

    /// The memory of its items, for the next one.
    pub fn into_items(self) -> Vec<Item> {
        self.items
    }

    /// Whether the answer hung on a type that is not known.
    pub fn asked_type(&self) -> bool {
        self.asked
    }

    /// Whether a guard could not be answered.
    pub fn is_blind(&self) -> bool {
        self.blind
    }

    fn push(&mut self, item: Item) -> Val {
        self.items.push(item);
        Val(self.items.len() as u32 - 1)
    }

    pub(super) fn bits(&mut self, bits: u64) -> Val {
        self.push(Item::Bits(bits))
    }

    pub(super) fn unknown(&mut self) -> Val {
        self.push(Item::Unknown(false))
    }

    fn item(&self, v: Val) -> Item {
        self.items[v.0 as usize]
    }

    fn known(&self, v: Val) -> Option<u64> {
        match self.item(v) {
            Item::Bits(bits) => Some(bits),
            Item::Typed(_) | Item::Unknown(_) => None,
        }
    }

    /// The address of an object that may be looked into.
    pub(super) fn pointer(&self, v: Val) -> Option<usize> {
        let known = self.known(v).filter(|&bits| bits != 0 && !self.blind);
        known.map(|bits| bits as usize)
    }

    fn slot(&self, slot: &Slot, index: usize) -> Item {
        let typed = match slot.known {
            Known::Type(at) => Item::Typed(at),
            Known::Unbound => Item::Bits(0),
            Known::Bound | Known::Nothing => Item::Unknown(true),
        };
        let memory = |index: usize| match self.operands.registers() {
            // SAFETY: the frame is alive and has that slot.
            Some(r) => Item::Bits(unsafe { read(r.frame(), facts::LOCALS + 8 * index as i32) }),
            None => typed,
        };
        match slot.held {
            Held::Memory => memory(index),
            Held::Local(n) => memory(usize::from(n)),
            Held::Object { at, .. } => match self.operands.registers() {
                Some(r) => Item::Bits(r.get(at)),
                None => typed,
            },
            Held::Constant(address) => Item::Bits(address as u64),
            Held::Float(_) | Held::FloatConstant(_) => Item::Typed(facts::float_type()),
            Held::Long(_) | Held::LongConstant(_) => Item::Typed(facts::long_type()),
            Held::Bool(_) => Item::Typed(facts::bool_type()),
        }
    }

    pub fn int(&mut self, ty: Ty, value: i64) -> Val {
        self.bits(fold::truncate(ty, value as u64))
    }

    pub fn float(&mut self, value: f64) -> Val {
        self.bits(value.to_bits())
    }

    pub fn null(&mut self) -> Val {
        self.bits(0)
    }

    pub fn text(&mut self, text: Text) -> Val {
        self.bits(text.as_ptr() as u64)
    }

    pub fn symbol(&mut self, symbol: Symbol) -> Val {
        self.symbol_at(symbol, 0)
    }

    pub fn symbol_at(&mut self, symbol: Symbol, offset: i32) -> Val {
        match self.view.symbols[usize::from(symbol.0)] {
            0 => self.unknown(),
            address => self.bits(address.wrapping_add_signed(offset as isize) as u64),
        }
    }

    pub fn oparg(&mut self) -> Val {
        self.bits(u64::from(self.instr.oparg))
    }

    pub fn frame(&mut self) -> Val {
        match self.operands.registers() {
            Some(r) => self.bits(r.frame() as u64),
            None => self.unknown(),
        }
    }

    pub fn tstate(&mut self) -> Val {
        match self.operands.registers() {
            Some(r) => self.bits(r.tstate() as u64),
            // SAFETY: code is compiled with the GIL held.
            None if self.view.is_live() => self.bits(unsafe { ffi::PyThreadState_Get() } as u64),
            None => self.unknown(),
        }
    }

    fn cache<T>(&mut self, unit: impl Number<Self>, bits: fn(T) -> u64) -> Val {
        let Some(k) = unit.known(self) else {
            return self.unknown();
        };
        let at = i64::from(self.instr.unit) + k;
        let units = (size_of::<T>() / 2) as i64;
        if at < 0 || at + units > self.view.units.len() as i64 {
            return self.unknown();
        }
        // SAFETY: the units are inside the code object, which is alive.
        let value = unsafe { read::<T>(self.view.first_unit, 2 * at as i32) };
        self.bits(bits(value))
    }

    pub fn cache_u16(&mut self, unit: impl Number<Self>) -> Val {
        self.cache::<u16>(unit, u64::from)
    }

    pub fn cache_u32(&mut self, unit: impl Number<Self>) -> Val {
        self.cache::<u32>(unit, u64::from)
    }

    pub fn cache_u64(&mut self, unit: impl Number<Self>) -> Val {
        self.cache::<u64>(unit, |v| v)
    }

    pub fn cache_obj(&mut self, unit: impl Number<Self>) -> Val {
        self.cache::<u64>(unit, |v| v)
    }

    pub fn unit_oparg(&mut self, unit: impl Number<Self>) -> Val {
        self.unit(unit, |u| u.arg)
    }

    pub fn unit_opcode(&mut self, unit: impl Number<Self>) -> Val {
        self.unit(unit, |u| u.opcode)
    }

    fn unit(&mut self, unit: impl Number<Self>, part: fn(&crate::emit::view::Unit) -> u8) -> Val {
        let at = unit
            .known(self)
            .map(|k| (i64::from(self.instr.unit) + k) as usize);
        match at.and_then(|at| self.view.units.get(at)) {
            Some(unit) => {
                let bits = u64::from(part(unit));
                self.bits(bits)
            }
            None => self.unknown(),
        }
    }

    pub fn instr_ptr(&mut self, unit: impl Number<Self>) -> Val {
        match unit.known(self) {
            Some(k) => {
                let at = i64::from(self.instr.unit) + k;
                self.bits((self.view.first_unit as i64 + 2 * at) as u64)
            }
            None => self.unknown(),
        }
    }

    pub fn stack(&mut self, index: impl Number<Self>) -> Flow<Val> {
        let depth = self.operands.depth() as i64;
        let item = match index.known(self).map(|i| depth + i) {
            Some(i) if (0..depth).contains(&i) => {
                let slot = self.operands.stack(i as usize);
                self.slot(&slot, self.locals + i as usize)
            }
            _ => Item::Unknown(true),
        };
        Ok(self.push(item))
    }

    pub fn local(&mut self, index: impl Number<Self>) -> Flow<Val> {
        let item = match index.known(self) {
            Some(i) if (0..self.locals as i64).contains(&i) => {
                let slot = self.operands.local(i as usize);
                self.slot(&slot, i as usize)
            }
            _ => Item::Unknown(true),
        };
        Ok(self.push(item))
    }

    pub fn load(&mut self, base: Val, field: &Field) -> Val {
        let item = match self.item(base) {
            Item::Bits(0) => Item::Unknown(false),
            Item::Bits(_) if self.blind => Item::Unknown(false),
            // SAFETY: a template reads only what its guards so far have established.
            Item::Bits(base) => unsafe {
                let bits = fold::read(field.ty, base.wrapping_add_signed(field.offset.into()));
                Item::Bits(match field.bits {
                    Some((first, width)) => bits >> first & ((1 << width) - 1),
                    None => self.view.doors.shown(field, bits),
                })
            },
            Item::Typed(ty) if field.offset == layout::PyObject::ob_type.offset => {
                Item::Bits(ty as u64)
            }
            Item::Typed(_) => Item::Unknown(false),
            Item::Unknown(of_type) => {
                Item::Unknown(of_type && field.offset == layout::PyObject::ob_type.offset)
            }
        };
        self.push(item)
    }

    pub fn member(&mut self, base: Val, field: &Field) -> Val {
        match self.known(base) {
            Some(base) => self.bits(base.wrapping_add_signed(field.offset.into())),
            None => self.unknown(),
        }
    }

    pub fn index(&mut self, base: Val, elem: Elem, index: Val) -> Val {
        match (self.known(base), self.known(index)) {
            (Some(base), Some(index)) if base != 0 && !self.blind => {
                let at = base.wrapping_add(index.wrapping_mul(u64::from(elem.size)));
                // SAFETY: a template reads only what its guards so far have established.
                let bits = unsafe { fold::read(elem.ty, at) };
                self.bits(bits)
            }
            _ => self.unknown(),
        }
    }

    pub fn element(&mut self, base: Val, elem: Elem, index: Val) -> Val {
        match (self.known(base), self.known(index)) {
            (Some(base), Some(index)) => {
                self.bits(base.wrapping_add(index.wrapping_mul(u64::from(elem.size))))
            }
            _ => self.unknown(),
        }
    }

    pub fn cast(&mut self, v: Val, from: Ty, to: Ty) -> Val {
        match self.known(v) {
            Some(bits) => self.bits(fold::cast(bits, from, to)),
            None => self.unknown(),
        }
    }

    fn binary(&mut self, op: fold::Op, ty: Ty, a: Val, b: Val) -> Val {
        let item = match (self.item(a), self.item(b)) {
            (Item::Bits(a), Item::Bits(b)) => match fold::binary(op, ty, a, b) {
                Some(bits) => Item::Bits(bits),
                None => Item::Unknown(false),
            },
            // An object that is known by its type is not NULL.
            (Item::Typed(_), Item::Bits(0)) | (Item::Bits(0), Item::Typed(_)) => match op {
                fold::Op::Eq => Item::Bits(0),
                fold::Op::Ne => Item::Bits(1),
                _ => Item::Unknown(false),
            },
            (Item::Unknown(true), Item::Bits(b)) if b != 0 => Item::Unknown(true),
            (Item::Bits(b), Item::Unknown(true)) if b != 0 => Item::Unknown(true),
            _ => Item::Unknown(false),
        };
        self.push(item)
    }

    pub fn neg(&mut self, ty: Ty, a: Val) -> Val {
        let zero = match ty {
            Ty::F64 => (-0.0f64).to_bits(),
            _ => 0,
        };
        let zero = self.bits(zero);
        self.binary(fold::Op::Sub, ty, zero, a)
    }

    pub fn not(&mut self, _ty: Ty, a: Val) -> Val {
        let item = match self.item(a) {
            Item::Bits(bits) => Item::Bits(u64::from(bits == 0)),
            Item::Typed(_) => Item::Bits(0),
            unknown => unknown,
        };
        self.push(item)
    }

    pub fn bitnot(&mut self, ty: Ty, a: Val) -> Val {
        let ones = self.bits(fold::truncate(ty, u64::MAX));
        self.binary(fold::Op::Xor, ty, a, ones)
    }

    pub fn select(&mut self, _ty: Ty, c: Val, a: Val, b: Val) -> Val {
        match self.known(c) {
            Some(0) => b,
            Some(_) => a,
            None => self.unknown(),
        }
    }

    /// Goes on unless `c` is certainly false.
    pub fn guard(&mut self, c: Val, _exit: Exit) -> Flow {
        match self.item(c) {
            Item::Bits(0) => Err(Stop::Ended),
            Item::Unknown(of_type) => {
                self.asked |= of_type;
                self.blind = true;
                Ok(())
            }
            Item::Bits(_) | Item::Typed(_) => Ok(()),
        }
    }
}

macro_rules! operators {
    ($($name:ident $op:ident),*) => {
        impl Live<'_> {
            $(pub fn $name(&mut self, ty: Ty, a: Val, b: Val) -> Val {
                self.binary(fold::Op::$op, ty, a, b)
            })*
        }
    };
}

operators!(
    add Add, sub Sub, mul Mul, div Div, rem Rem, and And, or Or, xor Xor, shl Shl, shr Shr,
    eq Eq, ne Ne, lt Lt, le Le, gt Gt, ge Ge
);
