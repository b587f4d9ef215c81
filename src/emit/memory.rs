//! Loads and stores.

use crate::jit::code;
use crate::jit::context::Known;
use crate::jit::facts;
use crate::jit::fold;

use crate::release::layout::{PyThreadState, PyVarObject};

use super::Emit;
use super::absent_frame::NO_FRAME;
use super::asm::{Alu, Cc, Mem, Shift};
use super::cold::OldObject;
use super::iterators::NEXT;
use super::machine::R11;
use super::node::{Anchor, At, FRAME_NODE, Id, Kind, NONE, Node};
use super::offsets::{CO_CONSTS, CO_NAMES, OB_FVAL, OB_ITEM, OB_TYPE};
use super::types::{Elem, Field, Stop, Ty, Val};
use super::value::shape;
use super::words::is_steady;

impl Emit<'_> {
    pub fn load(&mut self, x: Val, field: &Field) -> Val {
        if let Some(v) = self.load_known(x.0, field) {
            return v;
        }
        if self.is_frameless() && x.0 == FRAME_NODE {
            return self.frameless_member(field);
        }
        if field.name == NEXT
            && let Some(v) = self.next_function(x.0)
        {
            return v;
        }
        let word = match self.steady_key(x.0, field) {
            None => self.zeroed_key(x.0, field.offset, field.ty),
            steady => steady,
        };
        if let Some(key) = word
            && let Some(v) = self.known_word(x.0, key)
        {
            return v;
        }
        let base = self.mem_base(x.0, field.offset);
        let id = self.load_from(base, field.ty);
        if let Some((first, width)) = field.bits {
            return self.bit_field(id, first, width);
        }
        if let Some(key) = word {
            self.keep_word(key, id);
        }
        self.note_load(id, x.0, field.ty, field.offset);
        self.note_version(id, x.0, field);
        // Our ways into compiled code do not keep compiled code from doing what it does.
        let doors = self.view.doors;
        if field.name == "PyInterpreterState.eval_frame" {
            if doors.hook != 0 && self.foresee_word(id, doors.hook) {
                self.word_reads(word, 0);
                return Val(self.imm(field.ty, 0));
            }
            self.disguise(id, doors.hook, 0);
        }
        if field.name == "PyFunctionObject.vectorcall" {
            let foreseen = doors.entry != 0 && !self.instr.refuted;
            if foreseen && self.foresee_word(id, doors.entry) {
                self.word_reads(word, doors.default_entry as i64);
                return Val(self.imm(field.ty, doors.default_entry as i64));
            }
            self.disguise(id, doors.entry, doors.default_entry);
        }
        if field.name == "PyFunctionObject.func_code" {
            self.foresee_code(x.0, id);
            if let Some(v) = self.identified_member(x.0, field) {
                return v;
            }
        }
        Val(id)
    }

    fn bit_field(&mut self, id: Id, first: u8, width: u8) -> Val {
        let r = self.copy(id);
        if first > 0 {
            self.asm.shift_imm(Shift::Right, true, r, first);
        }
        self.asm
            .alu_imm(Alu::And, false, r, ((1u64 << width) - 1) as i32);
        let ty = self.node(id).ty;
        Val(self.new_in_gpr(ty, r))
    }

    /// Reads a pointer to a function as `shown` where it is `own`.
    fn disguise(&mut self, id: Id, own: usize, shown: usize) {
        if own == 0 {
            return;
        }
        let r = self.place(id);
        self.asm.mov_imm(R11, own as i64);
        self.asm.alu(Alu::Cmp, true, r, R11);
        let other = self.asm.jcc_short(Cc::NE);
        self.asm.mov_imm(r, shown as i64);
        self.asm.bind_short(other);
        self.see_disguised(id, own, shown);
    }

    /// Members that are known without a load.
    fn load_known(&mut self, x: Id, field: &Field) -> Option<Val> {
        let node = *self.node(x);
        if field.name == "PyObject.ob_type" {
            if let Known::Type(t) = node.known {
                return Some(Val(self.imm(Ty::Object, t as i64)));
            }
            return Some(Val(self.st.add(Node::new(Ty::Object, Kind::TypeOf(x)))));
        }
        if field.name == "PyFloatObject.ob_fval" {
            // Whoever reads this member has a `float`.
            if !node.is_pending() && node.known != Known::Type(facts::float_type()) {
                self.node_mut(x).known = Known::Type(facts::float_type());
            }
            return self.unbox_float(x).map(Val);
        }
        if let Some(v) = self.load_of_long(x, field) {
            return Some(v);
        }
        if x == FRAME_NODE
            && field.offset == facts::FRAME_CODE
            && field.name.starts_with("_PyInterpreterFrame.")
            && self.view.object != 0
        {
            return Some(Val(self.object_constant(self.view.object)));
        }
        if let Some(v) = self.identified_member(x, field) {
            return Some(v);
        }
        let sized = field.name == "PyVarObject.ob_size"
            && node.known == Known::Type(facts::tuple_type())
            && node.imm().is_some();
        if !(field.immutable || sized) || !self.view.is_live() {
            return None;
        }
        let address = match node.imm() {
            Some(address) => address,
            None => self.identified_object(x)? as i64,
        };
        if address == 0 {
            return None;
        }
        let address = (address + i64::from(field.offset)) as u64;
        // SAFETY: the object outlives the code, and the member does not change.
        let bits = unsafe { fold::read(field.ty, address) };
        Some(self.known_bits(field.ty, bits))
    }

    /// A value that was read while emitting.
    pub(crate) fn known_bits(&mut self, ty: Ty, bits: u64) -> Val {
        match ty {
            Ty::Object => Val(self.object_constant(bits as usize)),
            _ => Val(self.imm(ty, bits as i64)),
        }
    }

    /// The size and digits of an int that is unboxed.
    fn load_of_long(&mut self, x: Id, field: &Field) -> Option<Val> {
        let size = match field.name {
            "PyVarObject.ob_size" | "PyLongObject.ob_size" | "PyLongObject.long_value.lv_tag" => {
                true
            }
            "PyLongObject.ob_digit"
            | "PyLongObject.ob_digit[0]"
            | "PyLongObject.long_value.ob_digit[0]" => false,
            _ => return None,
        };
        if !self.is_long(x) {
            return None;
        }
        let raw = self.unboxed_long(x)?;
        if size {
            return Some(self.size_table(raw));
        }
        Some(self.digit(raw))
    }

    /// The lowest digit of an unboxed int.
    pub(crate) fn digit(&mut self, raw: Id) -> Val {
        if let Some(v) = self.node(raw).imm() {
            let v = v.unsigned_abs() & ((1 << crate::jit::facts::DIGIT_BITS) - 1);
            return Val(self.imm(Ty::U32, v as i64));
        }
        Val(self.st.add(Node::new(Ty::U32, Kind::Digit(raw))))
    }

    /// A memory operand for a member of what a node points at.
    pub(crate) fn mem_base(&mut self, x: Id, disp: i32) -> Mem {
        if self.is_frameless() && self.is_in_frame(x) {
            self.fail(NO_FRAME);
        }
        let node = *self.node(x);
        match node.kind {
            Kind::Address { base, disp: first } if node.at == At::None => {
                self.expose_items(x);
                let base = self.place(base);
                Mem::new(base, first + disp)
            }
            _ => Mem::new(self.place(x), disp),
        }
    }

    /// Loads a scalar into a fresh register.
    pub(crate) fn load_from(&mut self, m: Mem, ty: Ty) -> Id {
        match ty {
            Ty::F64 | Ty::F32 => {
                let x = self.free_xmm();
                match ty {
                    Ty::F64 => self.asm.load_f64(x, m),
                    _ => self.asm.load_f32(x, m),
                }
                self.new_in_xmm(x)
            }
            _ => {
                let r = self.free_gpr();
                let (bytes, signed) = shape(ty);
                self.asm.load(r, m, bytes, signed);
                let id = self.new_in_gpr(ty, r);
                if ty == Ty::Object {
                    self.node_mut(id).anchor = Anchor::Heap;
                }
                id
            }
        }
    }

    /// Stores a scalar. An object's reference goes with it.
    pub(crate) fn store_to(&mut self, x: Id, disp: i32, index: Option<(Id, u8)>, ty: Ty, v: Id) {
        self.effects = true;
        let into_null = ty == Ty::Object && index.is_none() && self.is_null_word(x, disp);
        self.store_word(x, disp, index.is_some(), ty, v);
        if x == FRAME_NODE {
            // It may be the instruction pointer.
            self.st.stored = None;
        }
        if ty == Ty::Object {
            if !into_null {
                self.flush_heap();
            }
            if into_null && self.is_shared(v) {
                self.give_first(v);
            } else if self.node(v).imm().is_none() || self.node(v).due > 0 {
                self.give(v);
            }
        }
        let value = if matches!(ty, Ty::F64 | Ty::F32) {
            None
        } else {
            match self.node(v).imm() {
                Some(v) if i32::try_from(v).is_ok() || shape(ty).0 <= 4 => None,
                _ => Some(self.place(v)),
            }
        };
        let mut m = self.mem_base(x, disp);
        if let Some((i, scale)) = index {
            m.index = Some((self.place(i), scale));
        }
        let bytes = shape(ty).0;
        match (ty, value) {
            (Ty::F64, _) => {
                let f = self.place_xmm(v);
                self.asm.store_f64(m, f);
                self.forget_doubles(v);
            }
            (Ty::F32, _) => {
                self.fail("a store of a single-precision float");
            }
            (_, Some(r)) => self.asm.store(m, r, bytes),
            (_, None) => {
                let v = self.node(v).imm().unwrap_or(0);
                self.asm.store_imm(m, v as i32, bytes);
            }
        }
    }

    /// A double was stored somewhere: what was read from objects may be out of date.
    fn forget_doubles(&mut self, stored: Id) {
        for node in &mut self.st.nodes {
            if node.kind == Kind::Bits && node.ty == Ty::Object && node.twin != stored {
                let long = node.known == Known::Type(facts::long_type());
                if !long {
                    node.twin = NONE;
                }
            }
        }
    }

    pub fn store(&mut self, x: Val, field: &Field, v: Val) {
        if field.bits.is_some() {
            self.fail("a store to a bit field");
            return;
        }
        if is_steady(field) {
            self.forget_words();
        }
        if field.name == PyThreadState::datastack_top.name && self.does_better_in_c() {
            self.fail("a template that pushes a frame by itself");
            return;
        }
        if x.0 == FRAME_NODE && field.offset == facts::FRAME_INSTR {
            self.st.placed = true;
        }
        self.store_to(x.0, field.offset, None, field.ty, v.0);
    }

    pub fn member(&mut self, x: Val, field: &Field) -> Val {
        if field.name == "PyLongObject.ob_digit" || field.name == "PyLongObject.long_value.ob_digit"
        {
            self.last_digits = x.0;
        }
        Val(self.address(x.0, field.offset))
    }

    /// A memory operand for an element, as far as that is possible without a register of its own.
    fn element_of(&mut self, elem: Elem, i: Id) -> (i32, Option<(Id, u8)>) {
        match self.node(i).imm() {
            Some(i) => ((i * i64::from(elem.size)) as i32, None),
            None => {
                let i = self.as_index(i);
                match elem.size {
                    1 | 2 | 4 | 8 => (0, Some((i, elem.size as u8))),
                    size => {
                        let from = self.place(i);
                        let r = self.free_gpr();
                        self.asm.imul_imm(r, from, size as i32);
                        (0, Some((self.new_in_gpr(Ty::I64, r), 1)))
                    }
                }
            }
        }
    }

    /// An index with all its 64 bits.
    fn as_index(&mut self, i: Id) -> Id {
        let ty = self.node(i).ty;
        match shape(ty).0 {
            8 => i,
            _ => self.cast(Val(i), ty, Ty::I64).0,
        }
    }

    pub fn index(&mut self, p: Val, elem: Elem, i: Val) -> Val {
        if let Some(v) = self.index_known(p.0, elem, i.0) {
            return v;
        }
        if let Some(k) = self.indexed_local(p.0, i.0) {
            return Val(self.st.local_node(k));
        }
        let word = self.element_key(p.0, elem, i.0);
        if let Some(key) = word
            && let Some(v) = self.known_word(p.0, key)
        {
            return v;
        }
        let (disp, index) = self.element_of(elem, i.0);
        let mut m = self.mem_base(p.0, disp);
        if let Some((i, scale)) = index {
            m.index = Some((self.place(i), scale));
        }
        let id = self.load_from(m, elem.ty);
        if let Some(key) = word {
            self.keep_word(key, id);
        }
        if let Some(k) = self.node(i.0).imm() {
            self.note_load(id, p.0, elem.ty, (k * i64::from(elem.size)) as i32);
        }
        if elem.ty == Ty::Object {
            self.last_element = Some((p.0, i.0, id));
        }
        Val(id)
    }

    /// The local that an element of the frame's memory is.
    fn indexed_local(&mut self, p: Id, i: Id) -> Option<usize> {
        match self.node(i).imm() {
            Some(slots) => self.local_of(p, slots),
            None => {
                self.local_of(p, 0)?;
                self.fail("an index that is not known when compiling");
                None
            }
        }
    }

    /// An element that is known without a load.
    fn index_known(&mut self, p: Id, elem: Elem, i: Id) -> Option<Val> {
        let i = self.node(i).imm()?;
        if let Kind::Address { base, .. } = self.node(p).kind
            && self.last_digits == base
            && i == 0
            && self.is_long(base)
            && let Some(raw) = self.unboxed_long(base)
        {
            return Some(self.digit(raw));
        }
        let table = self.node(p);
        let address = table.imm()?;
        let constant = table.symbol.is_some_and(|s| self.is_constant_table(s));
        if !constant || elem.ty == Ty::Void {
            return self.tuple_item(address, elem, i);
        }
        let address = address + i * i64::from(elem.size);
        // SAFETY: the table is a C array of constants, and the template's index is inside.
        let bits = unsafe { fold::read(elem.ty, address as u64) };
        let v = self.known_bits(elem.ty, bits);
        self.node_mut(v.0).operator = u8::try_from(i).ok();
        Some(v)
    }

    /// An item of the constants of the code object.
    fn tuple_item(&mut self, address: i64, elem: Elem, i: i64) -> Option<Val> {
        if !self.view.is_live() || elem.ty != Ty::Object || self.view.object == 0 {
            return None;
        }
        let tuples = [CO_CONSTS, CO_NAMES];
        for field in tuples {
            // SAFETY: a live code object.
            let tuple: usize = unsafe { code::read(self.view.object, field) };
            if tuple as i64 + i64::from(OB_ITEM) == address {
                // SAFETY: a live tuple.
                let len: i64 = unsafe { code::read(tuple, PyVarObject::ob_size.offset) };
                if !(0..len).contains(&i) {
                    self.fail("an item that the code object does not have");
                    return Some(self.null());
                }
                // SAFETY: the index is inside the tuple.
                let item: usize = unsafe { code::read(tuple, OB_ITEM + 8 * i as i32) };
                return Some(Val(self.object_constant(item)));
            }
        }
        None
    }

    pub fn set_index(&mut self, p: Val, elem: Elem, i: Val, v: Val) {
        if self.store_in_place(p.0, i.0, v.0) {
            return;
        }
        if let Some(k) = self.indexed_local(p.0, i.0) {
            let k = self.int(Ty::I64, k as i64);
            if let Err(Stop::Unsupported(why)) = self.set_local(k, v) {
                self.fail(why);
            }
            return;
        }
        if elem.ty == Ty::Ptr {
            self.forget_words();
        }
        let (disp, index) = self.element_of(elem, i.0);
        self.store_to(p.0, disp, index, elem.ty, v.0);
    }

    pub fn element(&mut self, p: Val, elem: Elem, i: Val) -> Val {
        let (disp, index) = self.element_of(elem, i.0);
        let Some((i, scale)) = index else {
            return Val(self.address(p.0, disp));
        };
        let mut m = self.mem_base(p.0, disp);
        m.index = Some((self.place(i), scale));
        let r = self.free_gpr();
        self.asm.lea(r, m);
        Val(self.new_in_gpr(Ty::Ptr, r))
    }

    /// Stores a double that nobody else holds a box of into the box that the element already
    /// has, if that is a `float` of which the element has the only reference.
    fn store_in_place(&mut self, p: Id, i: Id, v: Id) -> bool {
        let Some((base, index, old)) = self.last_element.take() else {
            return false;
        };
        let Kind::BoxFloat(raw) = self.node(v).kind else {
            return false;
        };
        let same_index = index == i || {
            let known = self.node(index).imm();
            known.is_some() && known == self.node(i).imm()
        };
        if base != p || !same_index || self.node(v).due != 1 || self.node(old).due != 0 {
            return false;
        }
        self.effects = true;
        self.flush_heap();
        let x = self.place_xmm(raw);
        let (disp, scaled) = match self.node(i).imm() {
            Some(v) => (8 * v as i32, None),
            None => (0, Some(i)),
        };
        let r = self.place(old);
        let mut m = self.mem_base(p, disp);
        if let Some(i) = scaled {
            let i = self.as_index(i);
            m.index = Some((self.place(i), 8));
        }
        let mut slow = Vec::new();
        let bound = self.is_bound(old);
        if !bound {
            // An attribute that has no value yet.
            self.asm.test(true, r, r);
            slow.push(self.asm.jcc(Cc::E));
        }
        if self.node(old).known != Known::Type(facts::float_type()) {
            self.cmp_address(Mem::new(r, OB_TYPE), facts::float_type());
            slow.push(self.asm.jcc(Cc::NE));
        }
        self.asm.cmp_mem_imm(Mem::new(r, 0), 1, 8);
        slow.push(self.asm.jcc(Cc::NE));
        self.asm.store_f64(Mem::new(r, OB_FVAL), x);
        let plain = self.node(old).known == Known::Type(facts::float_type());
        let old_object = OldObject {
            at: r,
            bound,
            plain,
        };
        self.cold_store_float(&slow, old_object, m, x);
        // The template drops the old object next; that has been seen to.
        self.node_mut(old).due = 1;
        self.node_mut(v).due = 0;
        self.forget_doubles(raw);
        let twin = self.node(old).twin;
        if twin != NONE {
            self.node_mut(old).twin = NONE;
        }
        true
    }

    /// Compares memory with an address.
    pub(crate) fn cmp_address(&mut self, m: Mem, address: usize) {
        match i32::try_from(address as i64) {
            Ok(v) => self.asm.cmp_mem_imm(m, v, 8),
            Err(_) => {
                self.asm.mov_imm(R11, address as i64);
                self.asm.cmp_mem(R11, m);
            }
        }
    }
}
