//! Constants, casts and what an instruction knows of itself.

use crate::jit::code;
use crate::jit::context::Known;
use crate::jit::fold;

use super::Emit;
use super::node::{At, FRAME_NODE, Id, Kind, NONE, Node, TSTATE_NODE};
use super::offsets::OB_TYPE;
use super::suppose::WAIT;
use super::types::{Flow, Number, Stop, Symbol, Text, Ty, Val};

/// Bytes and signedness of a type.
pub(crate) fn shape(ty: Ty) -> (u8, bool) {
    match ty {
        Ty::I8 => (1, true),
        Ty::U8 => (1, false),
        Ty::I16 => (2, true),
        Ty::U16 => (2, false),
        Ty::I32 => (4, true),
        Ty::U32 | Ty::F32 => (4, false),
        Ty::I64 => (8, true),
        Ty::U64 | Ty::F64 | Ty::Object | Ty::Ref | Ty::Ptr | Ty::Void => (8, false),
    }
}

impl Number<Emit<'_>> for Val {
    fn known(self, e: &Emit<'_>) -> Option<i64> {
        e.node(self.0).imm()
    }
}

impl Emit<'_> {
    /// The value where it is known while emitting.
    pub fn constant<T: TryFrom<i64>>(&self, v: impl Number<Self>) -> Flow<T> {
        let known = v.known(self).and_then(|v| T::try_from(v).ok());
        known.ok_or(Stop::Unsupported(
            "an index that is not known when compiling",
        ))
    }

    /// Gives up on the instruction where the caller cannot be told.
    pub(crate) fn fail(&mut self, why: &'static str) -> Val {
        self.failed.get_or_insert(why);
        Val(self.imm(Ty::I64, 0))
    }

    pub(crate) fn imm(&mut self, ty: Ty, v: i64) -> Id {
        let v = fold::truncate(ty, v as u64) as i64;
        let mut node = Node::new(ty, Kind::Imm(v));
        if ty == Ty::Object && v == 0 {
            node.known = Known::Unbound;
        }
        self.st.add(node)
    }

    pub(crate) fn small(&mut self, v: i64) -> Val {
        self.int(Ty::I32, v)
    }

    pub fn int(&mut self, ty: Ty, v: i64) -> Val {
        // One node for each number, so that equal computations are seen to be equal.
        let nodes = self.st.nodes.iter();
        let same = nodes
            .enumerate()
            .skip(self.fresh_from)
            .find(|(_, n)| n.ty == ty && n.kind == Kind::Imm(v));
        match same {
            Some((id, _)) => Val(id as Id),
            None => Val(self.imm(ty, v)),
        }
    }

    pub fn float(&mut self, v: f64) -> Val {
        Val(self.imm(Ty::F64, v.to_bits() as i64))
    }

    pub fn null(&mut self) -> Val {
        Val(self.imm(Ty::Object, 0))
    }

    pub fn text(&mut self, v: Text) -> Val {
        Val(self.imm(Ty::Ptr, v.as_ptr() as i64))
    }

    pub fn symbol(&mut self, symbol: Symbol) -> Val {
        self.symbol_at(symbol, 0)
    }

    pub fn symbol_at(&mut self, symbol: Symbol, offset: i32) -> Val {
        let address = self.view.symbols.get(usize::from(symbol.0)).copied();
        if address.is_none_or(|a| a == 0) {
            self.fail("a C variable that this interpreter hides");
        }
        let address = address.unwrap_or(0) as i64 + i64::from(offset);
        let id = self.shared_imm(Ty::Ptr, address);
        if offset == 0 {
            self.node_mut(id).symbol = Some(symbol);
        }
        Val(id)
    }

    pub fn oparg(&mut self) -> Val {
        let v = i64::from(self.instr.oparg);
        self.small(v)
    }

    pub fn frame(&mut self) -> Val {
        Val(FRAME_NODE)
    }

    pub fn tstate(&mut self) -> Val {
        Val(TSTATE_NODE)
    }

    /// The code unit `k`, if so many units from there on are inside the code.
    fn unit(&mut self, k: impl Number<Self>, units: usize) -> Option<usize> {
        let unit = i64::from(self.instr.unit) + self.constant::<i64>(k).ok()?;
        let unit = usize::try_from(unit).ok()?;
        (unit + units <= self.view.units.len()).then_some(unit)
    }

    fn cache<T: Into<u64>>(&mut self, k: impl Number<Self>) -> Option<i64> {
        let unit = self.unit(k, size_of::<T>().div_ceil(2))?;
        if self.view.first_unit == 0 {
            return None;
        }
        // SAFETY: the units are inside the code, which outlives its view.
        let v = unsafe { code::read::<T>(self.view.first_unit, 2 * unit as i32) };
        Some(v.into() as i64)
    }

    fn in_code(&mut self, ty: Ty, v: Option<i64>) -> Val {
        match v {
            Some(v) => Val(self.imm(ty, v)),
            None => self.fail("a code unit outside of the code"),
        }
    }

    pub fn cache_u16(&mut self, k: impl Number<Self>) -> Val {
        let v = self.cache::<u16>(k);
        self.in_code(Ty::U16, v)
    }

    pub fn cache_u32(&mut self, k: impl Number<Self>) -> Val {
        let v = self.cache::<u32>(k);
        self.in_code(Ty::U32, v)
    }

    pub fn cache_u64(&mut self, k: impl Number<Self>) -> Val {
        let v = self.cache::<u64>(k);
        self.in_code(Ty::U64, v)
    }

    pub fn cache_obj(&mut self, k: impl Number<Self>) -> Val {
        match self.cache::<u64>(k) {
            Some(0) | None => self.fail("an empty inline cache"),
            Some(_) if self.instr.doubtful => self.fail(WAIT),
            Some(v) => self.cached_object(v as usize),
        }
    }

    pub fn unit_oparg(&mut self, k: impl Number<Self>) -> Val {
        let v = self.unit(k, 1).map(|u| i64::from(self.view.units[u].arg));
        self.in_code(Ty::I32, v)
    }

    pub fn unit_opcode(&mut self, k: impl Number<Self>) -> Val {
        let v = self
            .unit(k, 1)
            .map(|u| i64::from(self.view.units[u].opcode));
        self.in_code(Ty::I32, v)
    }

    pub fn instr_ptr(&mut self, k: impl Number<Self>) -> Val {
        let k = self.constant::<i64>(k).ok();
        let unit = k.map(|k| self.view.first_unit as i64 + 2 * (i64::from(self.instr.unit) + k));
        self.in_code(Ty::Ptr, unit)
    }

    /// An object that outlives the code.
    pub(crate) fn object_constant(&mut self, address: usize) -> Id {
        let id = self.shared_imm(Ty::Object, address as i64);
        self.know_constant(id);
        id
    }

    /// Notes the type of a constant object.
    pub(crate) fn know_constant(&mut self, id: Id) {
        let node = self.node(id);
        if let (Kind::Imm(address), Known::Nothing) = (node.kind, node.known)
            && address != 0
            && self.view.is_live()
        {
            // SAFETY: a live object; types of constants do not change.
            let ty = unsafe { code::read::<usize>(address as usize, OB_TYPE) };
            self.node_mut(id).known = Known::Type(ty);
        }
    }

    /// A pointer that is known. One node for each, so that what is counted on one mention is
    /// counted on all.
    fn shared_imm(&mut self, ty: Ty, address: i64) -> Id {
        if address != 0 {
            let alias = self.aliases.iter().find(|(a, _)| *a == address);
            if let Some((_, id)) = alias
                && !self.is_lost(*id)
            {
                return *id;
            }
            let same =
                self.st.nodes.iter().position(|n| {
                    n.kind == Kind::Imm(address) && matches!(n.ty, Ty::Ptr | Ty::Object)
                });
            if let Some(id) = same {
                return id as Id;
            }
        }
        self.imm(ty, address)
    }

    /// A pointer plus a known distance.
    pub(crate) fn address(&mut self, base: Id, disp: i32) -> Id {
        match self.node(base).kind {
            _ if disp == 0 => base,
            Kind::Imm(v) => self.imm(Ty::Ptr, v + i64::from(disp)),
            Kind::Address {
                base: inner,
                disp: first,
            } if self.node(base).at == At::None => self.st.add(Node::new(
                Ty::Ptr,
                Kind::Address {
                    base: inner,
                    disp: first + disp,
                },
            )),
            _ => self
                .st
                .add(Node::new(Ty::Ptr, Kind::Address { base, disp })),
        }
    }

    pub fn cast(&mut self, x: Val, from: Ty, to: Ty) -> Val {
        if from == to {
            return x;
        }
        let v = self.convert(x, from, to);
        if shape(to).0 > shape(from).0 {
            self.note_wider(x.0, v.0);
        }
        self.note_result(v.0, x.0, x.0, |bits, _| Some(fold::cast(bits, from, to)));
        v
    }

    fn convert(&mut self, x: Val, from: Ty, to: Ty) -> Val {
        if let Some(v) = self.node(x.0).imm() {
            let folded = fold::cast(v as u64, from, to) as i64;
            let id = self.imm(to, folded);
            self.node_mut(id).symbol = self.node(x.0).symbol;
            return Val(id);
        }
        let ((from_bytes, signed), (to_bytes, _)) = (shape(from), shape(to));
        match (from, to) {
            (Ty::F64, _) => {
                let x = self.place_xmm(x.0);
                let r = self.free_gpr();
                self.asm.f64_to_int(r, x);
                return Val(self.new_in_gpr(to, r));
            }
            (_, Ty::F64) => {
                if from == Ty::U64 {
                    return self.fail("a conversion of an unsigned integer");
                }
                let mut r = self.place(x.0);
                if from_bytes < 8 {
                    let wide = self.free_gpr();
                    self.asm.extend_from(wide, r, from_bytes, signed);
                    r = wide;
                }
                let f = self.free_xmm();
                self.asm.int_to_f64(f, r);
                return Val(self.new_in_xmm(f));
            }
            _ => {}
        }
        if let Kind::Table(t) = self.node(x.0).kind {
            let mut table = *self.table(t);
            table.values = table.values.map(|v| fold::cast(v as u64, from, to) as i64);
            return self.table_val(to, table);
        }
        if let Kind::Digit(raw) = self.node(x.0).kind {
            let mut node = Node::new(to, Kind::Digit(raw));
            // A digit that is the value itself.
            if self.node(raw).sizes & !0b0001_1000 == 0 && to_bytes == 8 {
                return Val(raw);
            }
            if to_bytes >= 4 {
                node.twin = NONE;
                return Val(self.st.add(node));
            }
        }
        if to_bytes <= from_bytes {
            // Bits above the width mean nothing, so that narrowing is no code.
            let r = self.place(x.0);
            if to_bytes < 4 {
                let narrow = self.free_gpr();
                self.asm.extend_from(narrow, r, to_bytes, shape(to).1);
                return Val(self.new_in_gpr(to, narrow));
            }
            return Val(self.alias(x.0, to));
        }
        let r = self.place(x.0);
        let wide = self.free_gpr();
        self.asm.extend_from(wide, r, from_bytes, signed);
        Val(self.new_in_gpr(to, wide))
    }

    /// The same bits under another type.
    fn alias(&mut self, id: Id, ty: Ty) -> Id {
        let both_wide = shape(ty).0 == 8 && shape(self.node(id).ty).0 == 8;
        if both_wide {
            return id;
        }
        let r = self.copy(id);
        self.new_in_gpr(ty, r)
    }

    pub fn var(&mut self, _ty: Ty, v: Val) -> super::types::Var {
        self.st.vars.push(v.0);
        super::types::Var((self.st.vars.len() - 1) as u32)
    }

    pub fn get(&mut self, x: super::types::Var) -> Val {
        Val(self.st.vars[x.0 as usize])
    }

    pub fn set(&mut self, x: super::types::Var, v: Val) {
        self.st.vars[x.0 as usize] = v.0;
    }
}
