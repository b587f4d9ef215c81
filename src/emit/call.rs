//! Calls of C functions.

use smallvec::SmallVec;

use crate::jit::context::{Gpr, Loc, Xmm};

use super::Emit;
use super::absent_frame::NO_FRAME;
use super::asm::Alu;
use super::keep::Kept;
use super::machine::{
    ARGUMENT_SLOTS, ARGUMENTS, R11, RAX, VECTOR_ARGUMENTS, XMM0, XMM15, is_volatile, native,
    stack_argument,
};
use super::node::{Anchor, At, Id, Kind, Node};
use super::parallel::move_at_once;
use super::types::{Callee, Effect, Exit, Flow, Signature, Stop, Ty, Val};

/// What is called.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    Address(usize),
    Pointer(Id),
}

/// A call that is about to be emitted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Call<'a> {
    pub target: Target,
    pub result: Ty,
    pub variadic: bool,
    pub effect: Effect,
    pub steals: u32,
    pub new_reference: bool,
    pub args: &'a [Val],
}

/// Where an argument is when registers are about to be given to the callee.
#[derive(Clone, Copy, Debug)]
enum Source {
    Gpr(Gpr),
    Native(u16),
    Imm(i64),
}

/// The function that brings a code object's instrumentation up to date: the interpreter calls it,
/// and compiled code that was made before is not entered afterwards.
const INSTRUMENTS: &str = "_Py_Instrument";

impl Emit<'_> {
    pub fn call(&mut self, callee: &Callee, args: &[Val]) -> Flow<Val> {
        let kept = self.kept.take();
        if callee.name == INSTRUMENTS {
            self.exit(Exit::Interpret("its instrumentation is out of date"))?;
        }
        if !self.instr.plain
            && let Some(v) = self.intrinsic(callee.name, args, kept.as_ref())?
        {
            return Ok(v);
        }
        let address = self.view.symbols.get(usize::from(callee.symbol.0)).copied();
        let Some(address) = address.filter(|&a| a != 0) else {
            if self.effects {
                return Err(Stop::Unsupported(callee.name));
            }
            // This path is the interpreter's; others may not get here.
            self.exit(Exit::Interpret(callee.name))?;
            return Err(Stop::Ended);
        };
        self.kept = kept;
        self.emit_call(&Call {
            target: Target::Address(address),
            result: callee.result,
            variadic: callee.variadic,
            effect: callee.effect,
            steals: callee.steals,
            new_reference: callee.new_reference,
            args,
        })
    }

    pub fn indirect(&mut self, signature: &Signature, p: Val, args: &[Val]) -> Flow<Val> {
        let kept = self.kept.take();
        let mut known = None;
        if let Some(address) = self.node(p.0).imm() {
            known = self.operator_name(p.0);
            if let Some(name) = known
                && !self.instr.plain
                && let Some(v) = self.intrinsic(name, args, kept.as_ref())?
            {
                return Ok(v);
            }
            if let Some(number) = self.node(p.0).operator
                && !self.instr.plain
                && let Some(v) = self.special_operator(number, args)?
            {
                return Ok(v);
            }
            if let Some(v) = self.next_item(address as usize, args)? {
                return Ok(v);
            }
            if address == 0 {
                return Err(Stop::Unsupported("a call of a null pointer"));
            }
        }
        if known.is_none() {
            // Whatever is called may look at counts: each argument comes with its reference.
            for arg in args {
                self.count_all(arg.0);
            }
        }
        let target = match self.node(p.0).imm() {
            Some(address) => Target::Address(address as usize),
            None => Target::Pointer(p.0),
        };
        self.kept = kept;
        self.emit_call(&Call {
            target,
            result: signature.result,
            variadic: false,
            effect: Effect::Escapes,
            steals: 0,
            new_reference: signature.result == Ty::Object,
            args,
        })
    }

    /// Before an operation with an effect: what others may look at or let go of.
    pub(crate) fn before_effect(&mut self, effect: Effect) {
        if effect >= Effect::Raises && self.is_frameless() {
            self.fail(NO_FRAME);
        }
        if effect >= Effect::Allocates {
            self.effects = true;
            self.flush_heap();
        }
        if effect == Effect::Escapes {
            self.write_locals();
            let unit = self.unit_to_show();
            self.store_instruction(unit);
            self.st.stored = unit.or(self.st.stored);
            self.st.escaped = true;
            self.forget_words();
        }
    }

    pub(crate) fn emit_call(&mut self, call: &Call<'_>) -> Flow<Val> {
        let kept = self.kept.take();
        for arg in call.args {
            self.expose(arg.0);
        }
        // Boxes become objects first: that takes calls of its own.
        for (i, arg) in call.args.iter().enumerate() {
            if call.steals & (1 << i) != 0 {
                self.give(arg.0);
            } else {
                self.need_pointer(arg.0);
            }
        }
        self.before_effect(call.effect);
        let mut gprs: SmallVec<[Source; 8]> = SmallVec::new();
        let mut xmms: SmallVec<[Id; 4]> = SmallVec::new();
        let mut pinned: SmallVec<[Id; 8]> = SmallVec::new();
        for arg in call.args {
            let node = *self.node(arg.0);
            if node.ty == Ty::F64 {
                self.place_xmm(arg.0);
                xmms.push(arg.0);
                continue;
            }
            if node.ty == Ty::Ref {
                return Err(Stop::Unsupported("stack references"));
            }
            if node.imm().is_none() && !matches!(node.at, At::Gpr(_) | At::Native(_)) {
                self.place(arg.0);
            }
            pinned.push(arg.0);
        }
        if let Target::Pointer(p) = call.target
            && !matches!(self.node(p).at, At::Native(_))
        {
            self.place(p);
        }
        // Placing one may have moved another: look only now.
        for &id in &pinned {
            gprs.push(self.source(id)?);
        }
        let target = match call.target {
            Target::Pointer(p) => Some(self.source(p)?),
            Target::Address(_) => None,
        };
        let mut vectors: SmallVec<[Loc; 4]> = SmallVec::new();
        for &id in &xmms {
            vectors.push(self.vector_source(id));
        }
        if gprs.len() > ARGUMENTS.len() + usize::from(ARGUMENT_SLOTS)
            || vectors.len() > usize::from(VECTOR_ARGUMENTS)
        {
            return Err(Stop::Unsupported("a call with too many arguments"));
        }
        if let Some(kept) = kept {
            self.let_go_at_call(kept, call);
        }
        self.vacate_volatile();
        for (i, &source) in gprs.iter().enumerate().skip(ARGUMENTS.len()) {
            let to = stack_argument((i - ARGUMENTS.len()) as u16);
            match source {
                Source::Gpr(r) => self.asm.store(to, r, 8),
                Source::Imm(v) if i32::try_from(v).is_ok() => self.asm.store_imm(to, v as i32, 8),
                Source::Imm(v) => {
                    self.asm.mov_imm(R11, v);
                    self.asm.store(to, R11, 8);
                }
                Source::Native(n) => {
                    self.asm.load(R11, native(n), 8, false);
                    self.asm.store(to, R11, 8);
                }
            }
        }
        let mut moves: SmallVec<[(Gpr, Source); 8]> = SmallVec::new();
        for (to, &source) in ARGUMENTS.into_iter().zip(&gprs) {
            moves.push((to, source));
        }
        if let Some(target) = target {
            moves.push((RAX, target));
        }
        self.move_all(&moves);
        self.move_vectors(&vectors);
        if call.variadic {
            if matches!(call.target, Target::Pointer(_)) {
                return Err(Stop::Unsupported("a variadic call through a pointer"));
            }
            self.asm.mov_imm(RAX, vectors.len() as i64);
        }
        match call.target {
            Target::Address(address) if self.is_left_by_jump(address) => {
                self.jump_and_back(address)
            }
            Target::Address(address) => self.call_address(address),
            Target::Pointer(_) => self.asm.call_reg(RAX),
        }
        if call.effect == Effect::Escapes {
            self.forget_registers();
        }
        Ok(self.call_result(call))
    }

    /// Arguments stay where they are until they are moved. Nothing is put into a volatile register
    /// before that, but into other places.
    fn let_go_at_call(&mut self, mut kept: Kept, call: &Call<'_>) {
        let pointer = match call.target {
            Target::Pointer(p) => Some(p),
            Target::Address(_) => None,
        };
        for id in call.args.iter().map(|v| v.0).chain(pointer) {
            let volatile = match self.node(id).at {
                At::Gpr(r) => is_volatile(r),
                At::Xmm(_) => true,
                At::None | At::Native(_) | At::Stack(_) => false,
            };
            if !volatile {
                kept.add(id);
            }
        }
        self.let_go(Some(&kept));
    }

    fn call_result(&mut self, call: &Call<'_>) -> Val {
        if call.result == Ty::F64 {
            return Val(self.new_in_xmm(XMM0));
        }
        if call.result == Ty::Void {
            return Val(self.st.add(Node::new(Ty::Void, Kind::Imm(0))));
        }
        self.touch(RAX);
        let id = self.new_in_gpr(call.result, RAX);
        if call.result == Ty::Object {
            self.node_mut(id).anchor = if call.new_reference {
                Anchor::Own
            } else {
                Anchor::Heap
            };
        }
        Val(id)
    }

    fn source(&mut self, id: Id) -> Flow<Source> {
        self.used(id);
        let node = *self.node(id);
        match (node.imm(), node.at) {
            (Some(v), _) => Ok(Source::Imm(v)),
            (_, At::Gpr(r)) => Ok(Source::Gpr(r)),
            (_, At::Native(n)) => Ok(Source::Native(n)),
            _ => Ok(Source::Gpr(self.place(id))),
        }
    }

    fn vector_source(&mut self, id: Id) -> Loc {
        self.used(id);
        match self.node(id).at {
            At::Native(n) => Loc::Native(n),
            _ => Loc::Xmm(self.place_xmm(id)),
        }
    }

    /// Fills registers, each from where its value is now, all at once. Touches the flags.
    fn move_all(&mut self, moves: &[(Gpr, Source)]) {
        let mut waiting: SmallVec<[(Gpr, Gpr); 8]> = SmallVec::new();
        for &(to, source) in moves {
            if let Source::Gpr(from) = source
                && from != to
            {
                waiting.push((to, from));
            }
        }
        self.move_registers(&mut waiting);
        for &(to, source) in moves {
            match source {
                Source::Gpr(_) => {}
                Source::Native(n) => self.asm.load(to, native(n), 8, false),
                Source::Imm(0) => self.asm.alu(Alu::Xor, false, to, to),
                Source::Imm(v) => self.asm.mov_imm(to, v),
            }
        }
    }

    /// A parallel move between general registers.
    pub(crate) fn move_registers(&mut self, moves: &mut [(Gpr, Gpr)]) {
        move_at_once(moves, |_| R11, |to, from| self.asm.mov(to, from));
    }

    fn move_vectors(&mut self, sources: &[Loc]) {
        let mut waiting: SmallVec<[(Xmm, Xmm); 8]> = SmallVec::new();
        for (i, &source) in sources.iter().enumerate() {
            if let Loc::Xmm(from) = source
                && from != Xmm(i as u8)
            {
                waiting.push((Xmm(i as u8), from));
            }
        }
        move_at_once(
            &mut waiting,
            |_| XMM15,
            |to, from| self.asm.mov_f64(to, from),
        );
        for (i, &source) in sources.iter().enumerate() {
            if let Loc::Native(n) = source {
                self.asm.load_f64(Xmm(i as u8), native(n));
            }
        }
    }
}
