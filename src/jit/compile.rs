//! Compiling one block.

use std::borrow::Cow;
use std::rc::Rc;
use std::time::Instant;

use crate::emit::edge::{BlockCode, EdgeKind, Instr, Step};
use crate::emit::{Emit, WAIT};
use crate::jit::arena::{Full, Offset};
use crate::jit::awaiting::Awaiting;
use crate::jit::check::{Checked, NEAR_CALL_BYTES};
use crate::jit::choose::Choice;
use crate::jit::code::{decode, fingerprint};
use crate::jit::context::Context;
use crate::jit::distance::generalise;
use crate::jit::listing;
use crate::jit::live::{Operands, Registers};
use crate::jit::mentions;
use crate::jit::record::{Avoid, Block, FRAMELESS, GUESSES, Record, Site, VERSIONS};
use crate::jit::state::Jit;
use crate::jit::stubs::NewExit;

/// Instructions of a block before it is cut.
const LONGEST: u32 = 200;
/// How much a jump may lose before another version is worth its memory.
const NEAR: u32 = 9;

/// Where a block starts, and what is known there.
#[derive(Clone, Debug)]
pub struct Start {
    pub unit: u32,
    pub context: Rc<Context>,
    pub avoid: Avoid,
}

/// An instruction of the block being emitted.
#[derive(Clone, Copy, Debug)]
pub struct Emitted {
    pub start: u32,
    /// The member that was chosen, and what its cache holds; `None` for the generic member.
    pub member: Option<(u8, u64)>,
}

impl Jit {
    /// The code for a start: an equal version, one that is near enough, or a new one.
    pub fn version(
        &mut self,
        record: &mut Record,
        start: &Start,
        registers: Option<&Registers>,
    ) -> Result<Offset, Full> {
        let versions = &record.versions;
        if let Some(at) = versions.exact(start.unit, &start.context, &start.avoid) {
            return Ok(at);
        }
        let crowded = versions.count(start.unit) >= VERSIONS;
        let most = if crowded { u32::MAX } else { NEAR };
        if let Some(version) = versions.nearest(start.unit, &start.context, &start.avoid, most) {
            return self.adapter(record, start, &version.context, version.at);
        }
        if crowded {
            let target = Rc::new(Context {
                keywords: start.context.keywords,
                ..record.shape.anything(start.context.stack.len())
            });
            if *target != *start.context {
                let generic = Start {
                    unit: start.unit,
                    context: Rc::clone(&target),
                    avoid: start.avoid.clone(),
                };
                let exact = &record.versions;
                let exact = exact.exact(generic.unit, &generic.context, &generic.avoid);
                let at = match exact {
                    Some(at) => at,
                    None => self.promise(record, &generic)?,
                };
                return self.adapter(record, start, &target, at);
            }
        }
        match registers {
            Some(registers) => self.compile(record, start, registers),
            None => self.promise(record, start),
        }
    }

    /// A version that is compiled when control arrives, so that the operands can be looked at.
    fn promise(&mut self, record: &mut Record, start: &Start) -> Result<Offset, Full> {
        let starts = Rc::clone(self.stubs.starts());
        let key = starts.keep(&start.context, &start.avoid);
        let exit = NewExit {
            record,
            site: Site::Version,
            kind: EdgeKind::Go,
            backward: false,
            unit: start.unit,
            start: key,
        };
        let trampoline = self.trampolines.stub;
        match self.stubs.add(&mut self.arena, trampoline, exit) {
            Ok((number, at)) => {
                record.stubs.push(number);
                record.versions.add(start.unit, key, at);
                Ok(at)
            }
            Err(full) => {
                starts.release(key);
                Err(full)
            }
        }
    }

    /// Code that turns the start's context into that of an existing version and goes there.
    pub fn adapter(
        &mut self,
        record: &mut Record,
        start: &Start,
        target: &Context,
        at: Offset,
    ) -> Result<Offset, Full> {
        self.bridge(record, start, target, at, |_| {})
    }

    /// An adapter with code of its own at its start.
    pub fn bridge(
        &mut self,
        record: &mut Record,
        start: &Start,
        target: &Context,
        at: Offset,
        first: impl FnOnce(&mut Emit<'_>),
    ) -> Result<Offset, Full> {
        if self.arena.is_full() {
            return Err(Full);
        }
        let began = Instant::now();
        let mut code = self.write(record, start, |e| {
            first(e);
            e.conform(target);
            e.leave(EdgeKind::Go, start.unit);
        });
        // The jump to the version is the one that was emitted last.
        let last = code
            .edges
            .iter()
            .rposition(|edge| edge.kind == EdgeKind::Go);
        let jump = last.map(|last| code.edges.remove(last));
        let start = self.place(record, start, code, &[])?;
        if let Some(jump) = jump {
            self.arena.link(Offset(start.0 + jump.site), at);
        }
        self.totals.compile_ns += began.elapsed().as_nanos() as u64;
        Ok(start)
    }

    /// Code that starts with what holds at a start, and is no version of the unit there.
    pub fn piece(
        &mut self,
        record: &mut Record,
        start: &Start,
        write: impl FnOnce(&mut Emit<'_>),
    ) -> Result<Offset, Full> {
        if self.arena.is_full() {
            return Err(Full);
        }
        let began = Instant::now();
        let code = self.write(record, start, write);
        let at = self.place(record, start, code, &[])?;
        self.totals.compile_ns += began.elapsed().as_nanos() as u64;
        Ok(at)
    }

    fn write(
        &mut self,
        record: &Record,
        start: &Start,
        write: impl FnOnce(&mut Emit<'_>),
    ) -> BlockCode {
        let buffers = std::mem::take(&mut self.buffers);
        let starts = Rc::clone(self.stubs.starts());
        let mut e = Emit::with(buffers, &record.view, &starts, &start.context, start.unit);
        write(&mut e);
        let (code, buffers) = e.finish();
        self.buffers = buffers;
        code
    }

    /// Compiles a block and enters it as a version.
    pub fn compile(
        &mut self,
        record: &mut Record,
        start: &Start,
        registers: &Registers,
    ) -> Result<Offset, Full> {
        if self.arena.is_full() {
            return Err(Full);
        }
        let began = Instant::now();
        let mut emitted = std::mem::take(&mut self.emitted);
        emitted.clear();
        let (code, left) = self.emit(record, start, registers, &mut emitted);
        record.left.extend(left);
        let bytecodes = emitted.len() as u64 + u64::from(code.in_callees);
        let placed = self.place(record, start, code, &emitted);
        self.emitted = emitted;
        let at = placed?;
        if let Some(checks) = &mut self.checks {
            let checked = Checked {
                record,
                unit: start.unit,
                context: Rc::clone(&start.context),
            };
            checks.insert(self.arena.address(at) + NEAR_CALL_BYTES, checked);
        }
        self.totals.blocks += 1;
        self.totals.bytecodes += bytecodes;
        self.totals.compile_ns += began.elapsed().as_nanos() as u64;
        Ok(at)
    }

    fn emit(
        &mut self,
        record: &Record,
        start: &Start,
        registers: &Registers,
        emitted: &mut Vec<Emitted>,
    ) -> (BlockCode, Option<(u32, &'static str)>) {
        let view = &record.view;
        let buffers = std::mem::take(&mut self.buffers);
        let starts = Rc::clone(self.stubs.starts());
        let jit: &Jit = self;
        let mut e = Emit::with(buffers, view, &starts, &start.context, start.unit);
        e.choose_by(jit);
        if self.checks.is_some() {
            e.call_address(self.trampolines.check);
        }
        let arrived = Operands::Arrived {
            context: &start.context,
            registers,
        };
        let slots = 0..start.context.stack.len();
        let stack = slots.map(|i| (arrived.object(i), arrived.unboxed(i)));
        e.look(registers.frame(), registers.tstate(), stack);
        let mut unit = start.unit;
        let mut left = None;
        let none = Avoid::default();
        let doubtful = !start.avoid.members.is_empty() || start.avoid.plain;
        loop {
            let first = unit == start.unit && emitted.is_empty();
            let cut = record.versions.count(unit) > 0 || emitted.len() as u32 >= LONGEST;
            if !first && cut && !e.must_go_on() {
                // Others arrive here too: share their version, or make one.
                let context = e.context();
                if let Some(version) = record.versions.nearest(unit, &context, &none, NEAR) {
                    e.conform(&version.context);
                }
                e.leave(EdgeKind::Go, unit);
                break;
            }
            let Some(decoded) = decode(&view.units, unit) else {
                e.leave(EdgeKind::Interpret("the code ends without a return"), unit);
                break;
            };
            let mut avoid = Cow::Borrowed(if first { &start.avoid } else { &none });
            let (opcode, step) = loop {
                let operands = match first {
                    true => arrived,
                    false => Operands::Inside(&e),
                };
                let (opcode, variant, instr) =
                    match self.choose(record, &decoded, &avoid, doubtful, operands) {
                        Choice::Defer => break (decoded.opcode, Err(WAIT)),
                        Choice::Leave(why) => break (decoded.opcode, Err(why)),
                        Choice::Emit {
                            opcode,
                            variant,
                            instr,
                        } => (opcode, variant, instr),
                    };
                let instr = Instr {
                    guess: avoid.refuted < GUESSES,
                    refuted: avoid.refuted > 0,
                    frameless: avoid.framed < FRAMELESS,
                    ..instr
                };
                e.mark(unit, opcode, false);
                match e.step(instr, variant.emitter) {
                    Step::Unsupported(WAIT) if !first => break (opcode, Err(WAIT)),
                    // Not for this member: what is left may do better than the generic one.
                    Step::Unsupported(_) if opcode != decoded.opcode => {
                        let member = (opcode, fingerprint(view, &decoded.instr));
                        avoid.to_mut().members.push(member);
                    }
                    Step::Unsupported(why) => break (opcode, Err(why)),
                    step => break (opcode, Ok(step)),
                }
            };
            if step == Err(WAIT) {
                e.leave(EdgeKind::Go, unit);
                break;
            }
            let member =
                (opcode != decoded.opcode).then(|| (opcode, fingerprint(view, &decoded.instr)));
            emitted.push(Emitted {
                start: unit,
                member,
            });
            self.count_run(view, &decoded);
            match step {
                Err(why) => {
                    e.mark(unit, opcode, true);
                    left = Some((unit, why));
                    e.leave(EdgeKind::Interpret(why), unit);
                    break;
                }
                Ok(Step::Continue(next)) if next <= unit => {
                    self.close(record, &mut e, next);
                    break;
                }
                Ok(Step::Continue(next)) => {
                    if e.has_branched() {
                        // Either way is compiled when it is taken, and shared.
                        e.leave(EdgeKind::Go, next);
                        break;
                    }
                    unit = next;
                }
                Ok(Step::Ended | Step::Unsupported(_)) => break,
            }
        }
        let (code, buffers) = e.finish();
        self.buffers = buffers;
        (code, left)
    }

    /// Ends a block by a jump backwards: to a version that the loop can close on.
    fn close(&self, record: &Record, e: &mut Emit<'_>, unit: u32) {
        let general = generalise(&e.context());
        let none = Avoid::default();
        match record.versions.nearest(unit, &general, &none, NEAR) {
            Some(version) => e.conform(&version.context),
            None => e.conform(&general),
        }
        e.leave(EdgeKind::Go, unit);
    }

    /// Puts a block into code memory, registers it as a version, and links its edges.
    fn place(
        &mut self,
        record: &mut Record,
        start: &Start,
        code: BlockCode,
        emitted: &[Emitted],
    ) -> Result<Offset, Full> {
        let starts = Rc::clone(self.stubs.starts());
        let placed = self.place_block(record, start, &code, emitted);
        starts.release_contexts(&code.contexts);
        self.buffers.take_back(code);
        placed
    }

    fn place_block(
        &mut self,
        record: &mut Record,
        start: &Start,
        code: &BlockCode,
        emitted: &[Emitted],
    ) -> Result<Offset, Full> {
        let at = self.arena.add(&code.code)?;
        let stubs = record.stubs.len();
        if let Err(full) = self.link(record, start, at, code, emitted) {
            // Nothing leads to the block yet.
            for number in record.stubs.drain(stubs..) {
                let trampoline = self.trampolines.stub;
                self.stubs.remove(&mut self.arena, trampoline, number);
            }
            self.arena.give_back(at, code.code.len());
            return Err(full);
        }
        for mention in &code.mentions {
            // SAFETY: the code object was alive when the block was emitted, and nothing has run since.
            unsafe { mentions::note(record, mention.record, Offset(at.0 + mention.site)) };
        }
        record.blocks.push(Block {
            unit: start.unit,
            at,
            len: code.code.len() as u32,
            marks: code.marks.as_slice().into(),
            cold: code.cold,
        });
        if self.dump {
            let block = record.blocks.last().expect("one was just added");
            eprintln!("{}{:?}", listing::raw(self, block), start.context);
        }
        if !emitted.is_empty() {
            let key = self.stubs.starts().keep(&start.context, &start.avoid);
            record.versions.add(start.unit, key, at);
            if let Some(object) = code.awaits {
                self.wait_for(
                    object,
                    Awaiting {
                        record,
                        unit: start.unit,
                        start: key,
                        at,
                    },
                );
            }
        }
        self.arena.settle();
        Ok(at)
    }
}
