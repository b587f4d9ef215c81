//! What values are now, where control stands, and which way an instruction's branches would go.
//!
//! A block is compiled when control has arrived at its start: the operands are there, and so is
//! all memory that the instruction will read. Where a branch has arms that call functions, the
//! value of its condition decides, a guard stands for the branch, and only the arm is emitted that
//! would be taken. The guard's exit leads to another version of the same instruction: nothing
//! has happened before it.
//!
//! Values are followed along the path that the interpreter would take now, so that only memory is
//! read that it would read. Where that path is not known, nothing is seen any more.

use crate::jit::code::read;
use crate::jit::facts;
use crate::jit::fold;
use crate::jit::starts::ContextKey;
use crate::mechanisms::Mechanism;

use super::Emit;
use super::asm::{Alu, Cc};
use super::boxes::{constant_long, size_of_long};
use super::edge::EdgeKind;
use super::machine::R11;
use super::node::{
    Domain, EQUAL, FRAME_NODE, GREATER, Id, Kind, LESS, NONE, Node, TSTATE_NODE, Table, UNORDERED,
};
use super::offsets::OB_TYPE;
use super::suppose::WAIT;
use super::types::{Expected, Flow, Stop, Ty};

/// What is there to look at where control stands.
#[derive(Clone, Debug, Default)]
struct Sight {
    /// The running frame and thread state; 0 where there are none.
    frame: usize,
    tstate: usize,
    /// Objects on the stack, from the bottom, before the instruction at which control stands.
    stack: Vec<Option<usize>>,
    /// The unboxed values of those that are no objects there.
    unboxed: Vec<Option<u64>>,
}

/// What a value is now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Seen {
    Bits(u64),
    /// It could be seen if the block ended before the instruction.
    Hidden,
    Unknown,
}

/// What an instruction has looked at.
#[derive(Debug, Default)]
pub(crate) struct Looking {
    sight: Sight,
    /// Whether the path that is emitted is the one that would be taken now.
    on_path: bool,
    values: Vec<(Id, Seen)>,
    /// What holds at the guards so far.
    context: Option<ContextKey>,
}

impl Looking {
    /// Nothing is there to look at.
    pub fn close(&mut self) {
        self.sight.frame = 0;
        self.leave_start();
    }

    /// Control stood before the instruction that was emitted, not before the next one.
    pub fn leave_start(&mut self) {
        self.sight.stack.clear();
        self.sight.unboxed.clear();
    }

    /// Before an instruction is emitted.
    pub fn begin(&mut self, stack: &[Id], nodes: &[Node], waits: bool) {
        let Looking {
            sight,
            on_path,
            values,
            context,
        } = self;
        *on_path = sight.frame != 0;
        *context = None;
        values.clear();
        if !*on_path {
            return;
        }
        values.push((FRAME_NODE, Seen::Bits(sight.frame as u64)));
        values.push((TSTATE_NODE, Seen::Bits(sight.tstate as u64)));
        for (i, &id) in stack.iter().enumerate() {
            let seen = match sight.stack.get(i) {
                Some(Some(object)) => Seen::Bits(*object as u64),
                None if waits => Seen::Hidden,
                _ => {
                    let raw = sight.unboxed.get(i).copied().flatten();
                    if let Some(bits) = raw.filter(|_| id != NONE) {
                        values.push((nodes[id as usize].parts()[0], Seen::Bits(bits)));
                    }
                    continue;
                }
            };
            values.push((id, seen));
        }
    }
}

impl Emit<'_> {
    /// Says where control stands: the running frame and thread state, and the objects on the
    /// stack, from the bottom.
    pub fn look(
        &mut self,
        frame: usize,
        tstate: usize,
        stack: impl Iterator<Item = (Option<usize>, Option<u64>)>,
    ) {
        let sight = &mut self.looking.sight;
        (sight.frame, sight.tstate) = (frame, tstate);
        sight.stack.clear();
        sight.unboxed.clear();
        for (object, bits) in stack {
            sight.stack.push(object);
            sight.unboxed.push(bits);
        }
    }

    /// Whether the object that a local's memory holds now, while the block is compiled, lives forever.
    /// A hint: what the local holds when the code runs is not known.
    pub(crate) fn holds_immortal(&self, local: usize) -> bool {
        let frame = self.looking.sight.frame;
        if !cfg!(Py_3_12) || frame == 0 || !Mechanism::ImmortalHints.is_on() {
            return false;
        }
        // SAFETY: the frame runs, and its locals' memory holds NULL or objects.
        unsafe {
            let object = read::<usize>(frame, facts::LOCALS + 8 * local as i32);
            object != 0 && (read::<u32>(object, 0) as i32) < 0
        }
    }

    /// Whether the local's memory has an object of this type now, while the block is compiled: a hint,
    /// likewise.
    pub(crate) fn holds(&self, local: usize, object_type: usize) -> bool {
        let frame = self.looking.sight.frame;
        // SAFETY: as above.
        frame != 0
            && unsafe {
                let object = read::<usize>(frame, facts::LOCALS + 8 * local as i32);
                object != 0 && read::<usize>(object, OB_TYPE) == object_type
            }
    }

    /// Whether anything is to be seen at the present point.
    fn looks(&self) -> bool {
        self.looking.on_path && !self.effects
    }

    pub(crate) fn seen(&self, id: Id) -> Seen {
        if !self.looks() {
            return Seen::Unknown;
        }
        let node = self.node(id);
        match node.kind {
            Kind::Imm(v) => Seen::Bits(v as u64),
            Kind::TypeOf(x) => self.seen_behind(self.seen(x), Ty::Object, OB_TYPE),
            Kind::Address { base, disp } => match self.seen(base) {
                Seen::Bits(p) => Seen::Bits(p.wrapping_add_signed(disp.into())),
                other => other,
            },
            Kind::Table(t) => self.seen_outcome(self.table(t)),
            Kind::Bits if node.object != 0 => Seen::Bits(node.object as u64),
            Kind::Bits => {
                let values = self.looking.values.iter().rev();
                let found = values.into_iter().find(|(known, _)| *known == id);
                found.map_or(Seen::Unknown, |(_, seen)| *seen)
            }
            Kind::Digit(raw) => match self.seen(raw) {
                Seen::Bits(v) => {
                    Seen::Bits((v as i64).unsigned_abs() & ((1 << facts::DIGIT_BITS) - 1))
                }
                other => other,
            },
            Kind::BoxFloat(_) | Kind::BoxLong(_) | Kind::BoxBool(_) | Kind::Slice(_) => {
                Seen::Unknown
            }
        }
    }

    /// What stands in memory now.
    fn seen_behind(&self, base: Seen, ty: Ty, offset: i32) -> Seen {
        match base {
            Seen::Bits(0) => Seen::Unknown,
            // SAFETY: the interpreter would read it now.
            Seen::Bits(p) => {
                Seen::Bits(unsafe { fold::read(ty, p.wrapping_add_signed(offset.into())) })
            }
            other => other,
        }
    }

    fn seen_outcome(&self, table: &Table) -> Seen {
        let (ty, a, b) = match table.domain {
            Domain::Ints(ty, a, b) => (ty, a, b),
            Domain::Floats(a, b) => (Ty::F64, a, b),
            Domain::Size(raw) => {
                return match self.seen(raw) {
                    Seen::Bits(v) => {
                        Seen::Bits(table.values[usize::from(size_of_long(v as i64))] as u64)
                    }
                    other => other,
                };
            }
        };
        match (self.seen(a), self.seen(b)) {
            (Seen::Bits(a), Seen::Bits(b)) => {
                let holds = |op| fold::binary(op, ty, a, b) == Some(1);
                let outcome = match () {
                    () if holds(fold::Op::Eq) => EQUAL,
                    () if holds(fold::Op::Lt) => LESS,
                    () if holds(fold::Op::Gt) => GREATER,
                    () => UNORDERED,
                };
                Seen::Bits(table.values[outcome] as u64)
            }
            (Seen::Unknown, _) | (_, Seen::Unknown) => Seen::Unknown,
            _ => Seen::Hidden,
        }
    }

    fn note(&mut self, id: Id, seen: Seen) {
        if seen != Seen::Unknown && self.node(id).kind == Kind::Bits {
            self.looking.values.push((id, seen));
        }
    }

    /// A member or an element was loaded.
    pub(crate) fn note_load(&mut self, id: Id, base: Id, ty: Ty, offset: i32) {
        if self.looks() {
            let seen = self.seen_behind(self.seen(base), ty, offset);
            self.note(id, seen);
        }
    }

    /// An object that is an `int` was unboxed.
    pub(crate) fn note_long(&mut self, raw: Id, object: Id) {
        // SAFETY: an object that is seen is alive, and NULL is not read.
        let is_long = |address: u64| unsafe {
            address != 0 && read::<usize>(address as usize, OB_TYPE) == facts::long_type()
        };
        if let Seen::Bits(address) = self.seen(object)
            && is_long(address)
            && let Some(v) = constant_long(address as usize)
        {
            self.note(raw, Seen::Bits(v as u64));
        }
    }

    /// A pointer reads as another one.
    pub(crate) fn see_disguised(&mut self, id: Id, own: usize, shown: usize) {
        if self.seen(id) == Seen::Bits(own as u64) {
            self.note(id, Seen::Bits(shown as u64));
        }
    }

    /// A value was computed from another one, or from two.
    pub(crate) fn note_result(
        &mut self,
        id: Id,
        a: Id,
        b: Id,
        compute: impl FnOnce(u64, u64) -> Option<u64>,
    ) {
        if !self.looks() {
            return;
        }
        let seen = match (self.seen(a), self.seen(b)) {
            (Seen::Bits(a), Seen::Bits(b)) => compute(a, b).map_or(Seen::Unknown, Seen::Bits),
            (Seen::Unknown, _) | (_, Seen::Unknown) => Seen::Unknown,
            _ => Seen::Hidden,
        };
        self.note(id, seen);
    }

    /// A guard was emitted: what follows is on the path if the guard would hold now.
    pub(crate) fn pass_guard(&mut self, c: Id) {
        if self.looking.on_path && !matches!(self.seen(c), Seen::Bits(v) if v != 0) {
            self.lose_sight();
        }
    }

    /// From here on it is not known whether control would come here now.
    pub(crate) fn lose_sight(&mut self) {
        self.looking.on_path = false;
    }

    /// Which way a branch is taken to go. Emits the guard that it does.
    pub(crate) fn foresee(&mut self, expected: Expected, c: Id) -> Flow<Option<bool>> {
        if !self.instr.guess || self.effects {
            return Ok(None);
        }
        if !Mechanism::ForeseenBranches.is_on() {
            return Ok(None);
        }
        let way = match (self.seen(c), expected) {
            (Seen::Bits(v), _) => v != 0,
            (_, Expected::Then) => true,
            (_, Expected::Otherwise) => false,
            (Seen::Hidden, Expected::Seen) => return Err(Stop::Unsupported(WAIT)),
            (Seen::Unknown, Expected::Seen) => return Ok(None),
        };
        if !self.is_untouched() {
            return Ok(None);
        }
        self.pass_branch(c, way);
        self.settle(self.st.base);
        let test = self.test(c);
        let context = self.guard_context();
        let fails = if way { test.not() } else { test };
        for site in self.jump_if(fails) {
            self.add_edge(site, EdgeKind::Refuted, self.instr.start, context);
        }
        if way {
            self.learn(c);
        } else {
            self.learn_not(c);
        }
        Ok(Some(way))
    }

    fn pass_branch(&mut self, c: Id, way: bool) {
        match self.seen(c) {
            Seen::Bits(v) if (v != 0) == way => {}
            _ => self.lose_sight(),
        }
    }

    /// Takes a pointer that was loaded for what it is now.
    pub(crate) fn foresee_word(&mut self, id: Id, word: usize) -> bool {
        let same = self.seen(id) == Seen::Bits(word as u64) && Mechanism::ForeseenBranches.is_on();
        if !same || !self.instr.guess || !self.is_untouched() {
            return false;
        }
        self.settle(self.st.base);
        let r = self.place(id);
        let context = self.guard_context();
        self.asm.mov_imm(R11, word as i64);
        self.asm.alu(Alu::Cmp, true, r, R11);
        self.refute_if(Cc::NE, context);
        true
    }

    /// Whether the instruction has changed nothing yet that an exit to its start would have to
    /// take back.
    pub(crate) fn is_untouched(&self) -> bool {
        if self.is_frameless() {
            return !self.effects;
        }
        let (now, before) = (&self.st, &self.before);
        let kept = |now: Id, before: Id| now == before || before == NONE;
        let mut slots = now.stack.iter().zip(&before.stack);
        let mut locals = now.locals.iter().zip(&before.locals);
        let mut nodes = now.nodes.iter().zip(&before.nodes);
        !self.effects
            && now.stack.len() >= before.stack.len()
            && slots.all(|(&a, &b)| kept(a, b))
            && locals.all(|(a, b)| a.behind == b.behind && kept(a.node, b.node))
            && nodes.all(|(a, b)| a.due == b.due && a.anchor == b.anchor)
    }

    /// What holds at the start of the instruction: the same for all its guards, if it can be.
    pub(crate) fn guard_context(&mut self) -> ContextKey {
        let now = self.snapshot(self.st.base);
        // Locals that are in the frame's memory are held alike.
        let locals = match self.st.has_stale_locals() {
            true => self.st.locals.len(),
            false => 0,
        };
        if let Some(first) = self.looking.context
            && self
                .starts
                .hold_alike(first, now, self.callers_depth() + locals)
        {
            return first;
        }
        self.looking.context = Some(now);
        now
    }
}
