//! Guards, branches, loops and the ends of an instruction.

use crate::jit::starts::ContextKey;
use crate::release::layout::_PyInterpreterFrame;

use super::Emit;
use super::asm::{Alu, Cc, Mem, Site};
use super::cold::Cold;
use super::edge::EdgeKind;
use super::join::{self, Fork};
use super::machine::{FRAME, R11};
use super::table::Test;
use super::types::{Exit, Expected, Flow, Number, Stop, Val};

impl Emit<'_> {
    /// Where an exit leads, what kind of edge it is, and what holds there.
    pub(crate) fn exit_edge(&mut self, exit: Exit) -> (EdgeKind, u32, ContextKey) {
        let base = self.st.base as i64;
        let (kind, unit, depth) = match exit {
            Exit::Deopt => (EdgeKind::Deopt, self.instr.start, base),
            Exit::Error(d) => {
                if self.st.placed {
                    self.fail("an error in an instruction that has placed the frame elsewhere");
                }
                (EdgeKind::Error, self.instr.unit, base + i64::from(d))
            }
            Exit::Reraise(d) => {
                let placed = self.st.placed;
                let kind = EdgeKind::Reraise { placed };
                (kind, self.instr.unit, base + i64::from(d))
            }
            Exit::Interpret(why) => (EdgeKind::Interpret(why), self.instr.start, base),
            Exit::Unbound(_) => {
                let kind = EdgeKind::Interpret("an unbound local");
                (kind, self.instr.start, base)
            }
        };
        let depth = usize::try_from(depth).unwrap_or(0);
        (kind, unit, self.snapshot(depth))
    }

    pub fn guard(&mut self, c: Val, exit: Exit) -> Flow {
        match self.decided(c.0) {
            Some(false) => return self.exit(exit),
            Some(true) => return Ok(()),
            None => {}
        }
        self.pass_guard(c.0);
        let (kind, unit, context) = self.exit_edge(exit);
        let test = self.test(c.0);
        for site in self.jump_if(test.not()) {
            self.add_edge(site, kind, unit, context);
        }
        self.learn(c.0);
        Ok(())
    }

    /// Jumps that are taken when a test holds.
    pub(crate) fn jump_if(&mut self, test: Test) -> impl Iterator<Item = Site> + use<> {
        let sites = match test {
            Test::Known(false) => [None, None],
            Test::Known(true) => [Some(self.asm.jmp()), None],
            Test::One(cc) => [Some(self.asm.jcc(cc)), None],
            Test::Either(a, b) => [Some(self.asm.jcc(a)), Some(self.asm.jcc(b))],
            Test::Both(a, b) => {
                let skip = self.asm.jcc_short(a.not());
                let site = self.asm.jcc(b);
                self.asm.bind_short(skip);
                [Some(site), None]
            }
        };
        sites.into_iter().flatten()
    }

    /// A jump that is taken where a value compares so with a word.
    pub(crate) fn jump_if_word(&mut self, v: Val, cc: Cc, word: usize) -> Site {
        let r = self.place(v.0);
        self.asm.mov_imm(R11, word as i64);
        self.asm.alu(Alu::Cmp, true, r, R11);
        self.asm.jcc(cc)
    }

    pub fn exit(&mut self, exit: Exit) -> Flow {
        let (kind, unit, context) = self.exit_edge(exit);
        let site = self.asm.jmp();
        self.add_edge(site, kind, unit, context);
        Err(Stop::Ended)
    }

    pub fn branch<T, E>(&mut self, c: Val, mut then: T, mut otherwise: E) -> Flow
    where
        T: FnMut(&mut Self) -> Flow,
        E: FnMut(&mut Self) -> Flow,
    {
        // Compiled once: templates have hundreds of branches.
        self.fork(None, c, &mut then, &mut otherwise)
    }

    /// A branch that goes the same way as now, or not into an error, as long as that holds.
    pub fn decide<T, E>(
        &mut self,
        expected: Expected,
        c: Val,
        mut then: T,
        mut otherwise: E,
    ) -> Flow
    where
        T: FnMut(&mut Self) -> Flow,
        E: FnMut(&mut Self) -> Flow,
    {
        self.fork(Some(expected), c, &mut then, &mut otherwise)
    }

    fn fork(
        &mut self,
        expected: Option<Expected>,
        c: Val,
        then: &mut dyn FnMut(&mut Self) -> Flow,
        otherwise: &mut dyn FnMut(&mut Self) -> Flow,
    ) -> Flow {
        let kept = self.kept.take();
        match self.decided(c.0) {
            Some(false) => return otherwise(self),
            Some(true) => return then(self),
            None => {}
        }
        // A callee without a frame goes one way.
        let expected = expected.or(self.is_frameless().then_some(Expected::Seen));
        if let Some(expected) = expected {
            match self.foresee(expected, c.0)? {
                Some(true) => return then(self),
                Some(false) => return otherwise(self),
                None => {}
            }
        }
        self.lose_sight();
        let test = self.test(c.0);
        let fork = self.copy_state();
        let jump_at = self.asm.here();
        let skip = self.jump_if(test.not());
        let body_at = self.asm.here();
        let (edges, colds) = (self.edges.len(), self.cold.len());
        let nodes = self.st.nodes.len();
        let (computed, aliases) = (self.computed.len(), self.aliases.len());
        let (versions, identified) = (self.versions.len(), self.identified.len());
        let outcomes = self.outcomes.len();
        self.learn(c.0);
        let depth = self.nest;
        self.nest = depth + 1;
        let first = then(self);
        self.nest = depth;
        self.computed.truncate(computed);
        self.aliases.truncate(aliases);
        self.versions.truncate(versions);
        self.identified.truncate(identified);
        self.outcomes.truncate(outcomes);
        let first = match first {
            Ok(()) => {
                let join = self.asm.jmp();
                Some((std::mem::replace(&mut self.st, fork), join))
            }
            Err(Stop::Ended) => {
                self.replace_state(fork);
                // An arm that only leaves needs no jump around it.
                let lone = self.edges.len() == edges + 1
                    && self.edges[edges].site == body_at + 1
                    && self.asm.here() == body_at + 5
                    && self.cold.len() == colds;
                if lone && !matches!(test, Test::Known(_)) {
                    self.asm.truncate(jump_at);
                    let edge = self.edges.pop();
                    if let Some(edge) = edge {
                        for site in self.jump_if(test) {
                            self.add_edge(site, edge.kind, edge.unit, edge.context);
                        }
                    }
                    self.learn_not(c.0);
                    return otherwise(self);
                }
                None
            }
            Err(stop) => return Err(inside_arm(stop)),
        };
        for site in skip {
            self.asm.bind(site);
        }
        self.learn_not(c.0);
        self.nest = depth + u32::from(first.is_some());
        let second = otherwise(self);
        self.nest = depth;
        if first.is_some() {
            self.computed.truncate(computed);
            self.aliases.truncate(aliases);
            self.versions.truncate(versions);
            self.identified.truncate(identified);
            self.outcomes.truncate(outcomes);
        }
        match (first, second) {
            (None, Ok(())) => {
                self.let_go(kept.as_ref());
                Ok(())
            }
            (None, Err(Stop::Ended)) => Err(Stop::Ended),
            (Some((state, join)), Err(Stop::Ended)) => {
                self.asm.bind(join);
                self.replace_state(state);
                self.let_go(kept.as_ref());
                Ok(())
            }
            (_, Err(stop)) => Err(inside_arm(stop)),
            (Some((state, join)), Ok(())) => {
                let fork = Fork { nodes, kept };
                join::join(self, state, join, &fork)
            }
        }
    }

    pub fn next(&mut self, d: impl Number<Self>) -> Flow {
        self.go(d, self.instr.unit + self.instr.size)
    }

    pub fn jump(&mut self, d: impl Number<Self>, k: impl Number<Self>) -> Flow {
        let k: i64 = self.constant(k)?;
        let unit = i64::from(self.instr.unit) + k;
        match u32::try_from(unit) {
            Ok(unit) if (unit as usize) < self.view.units.len() => self.go(d, unit),
            _ => Err(Stop::Unsupported("a jump out of the code")),
        }
    }

    /// Control goes on at a unit: in this block, or from an arm by an edge.
    fn go(&mut self, d: impl Number<Self>, unit: u32) -> Flow {
        let d: i64 = self.constant(d)?;
        let depth = usize::try_from(self.st.base as i64 + d)
            .map_err(|_| Stop::Unsupported("a stack below its bottom"))?;
        if self.is_frameless() {
            if self.nest > 0 || depth > self.st.stack.len() {
                return Err(Stop::Unsupported("a branch in a callee without a frame"));
            }
            self.st.stack.truncate(depth);
            self.going_on = Some(unit);
            return Err(Stop::Ended);
        }
        self.set_depth(depth);
        if let Some(goes_on) = self.breaker.take() {
            goes_on.set(unit);
        }
        self.after_instruction(unit);
        if self.nest == 0 {
            self.going_on = Some(unit);
            return Err(Stop::Ended);
        }
        let context = self.snapshot(depth);
        let site = self.asm.jmp();
        self.add_edge(site, EdgeKind::Go, unit, context);
        Err(Stop::Ended)
    }

    /// Ends the instruction's own view of the stack.
    pub(crate) fn set_depth(&mut self, depth: usize) {
        self.st.stack.truncate(depth);
        for i in self.st.stack.len()..depth {
            let id = self.memory_slot(i);
            self.st.stack.push(id);
        }
    }

    /// Where arbitrary code may have run: did it leave something that compiled code has to know?
    pub(crate) fn after_instruction(&mut self, unit: u32) {
        let pending = |c: &Cold| c.escapes && c.after.is_none();
        if !self.st.escaped && !self.cold[self.cold_start..].iter().any(pending) {
            return;
        }
        let context = self.snapshot(self.st.stack.len());
        // Cold code that jumps back to the very end looks by itself.
        let here = self.asm.here();
        let alone = self.nest == 0;
        let at_end = |c: &Cold| alone && c.back() == here;
        let mut inside = self.st.escaped;
        for cold in self.cold[self.cold_start..]
            .iter_mut()
            .filter(|c| pending(c))
        {
            if at_end(cold) {
                cold.after = Some((unit, context));
            } else {
                inside = true;
            }
        }
        if inside {
            self.watch(unit, context);
        }
    }

    /// Leaves by a `Forget` edge where a frame object exists.
    fn watch(&mut self, unit: u32, context: ContextKey) {
        let taken = Mem::new(FRAME, _PyInterpreterFrame::frame_obj.offset);
        self.asm.cmp_mem_imm(taken, 0, 8);
        let site = self.asm.jcc(Cc::NE);
        self.add_edge(site, EdgeKind::Forget, unit, context);
    }
}

/// An arm that is taken at run time cannot end a loop that is unrolled.
fn inside_arm(stop: Stop) -> Stop {
    match stop {
        Stop::Break | Stop::Continue => {
            Stop::Unsupported("a loop whose length is not known when compiling")
        }
        stop => stop,
    }
}
