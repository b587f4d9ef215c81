//! Getting a code object ready to be compiled.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::emit::edge::EdgeKind;
use crate::emit::view::{CodeView, Unit};
use crate::jit::arena::{Full, Offset};
use crate::jit::code::{self, Shape, read};
use crate::jit::context::Context;
use crate::jit::depths::Depths;
use crate::jit::facts;
use crate::jit::init;
use crate::jit::maturity::Patience;
use crate::jit::mentions::Mentions;
use crate::jit::record::{Avoid, Record, Site};
use crate::jit::reserve;
use crate::jit::state::{Jit, NO_MEMORY, full};
use crate::jit::stubs::NewExit;
use crate::jit::unwind;
use crate::jit::versions::Versions;
use crate::memory;
use crate::release::OPCODES;

/// The largest code that is compiled, in code units.
const LARGEST: usize = 100_000;
/// Locals and stack slots beyond this make every block costly.
const MOST_SLOTS: usize = 1000;

impl Jit {
    /// The record of a code object, made now if need be, with an entry.
    ///
    /// # Safety
    /// `object` is a live code object.
    pub unsafe fn prepare(&mut self, object: usize) -> Result<*mut Record, &'static str> {
        // SAFETY: by the caller.
        unsafe {
            if let Some(record) = init::record_of(self.extra_index, object) {
                return match self.renew(record) {
                    true => Ok(record),
                    false => Err("a tool watches the function"),
                };
            }
            if memory::is_short() {
                return Err(NO_MEMORY);
            }
            let shape = Shape::of(object);
            let units = code::units(object);
            if units.len() > LARGEST || shape.locals + shape.stack > MOST_SLOTS {
                return Err("the function is too large");
            }
            if instrumented(&units) {
                return Err("a tool watches the function");
            }
            if !shape.holds(object, &units) {
                return Err("an instruction asks for more than the code object has");
            }
            if Depths::follow(&shape, &units, unwind::table(object)).is_none() {
                return Err("the code is not as the interpreter's compiler makes it");
            }
            reserve::provide(shape.locals + shape.stack);
            let resumptions = match shape.suspends() {
                true => units.len(),
                false => 0,
            };
            let resumptions = vec![0; resumptions].into_boxed_slice();
            let record = Box::new(Record {
                entry: 0,
                version: facts::WATCHED.map_or(0, |watch| read(object, watch.version)),
                first_resumption: match shape.suspends() {
                    true => resumptions.as_ptr(),
                    false => std::ptr::null(),
                },
                resumptions,
                view: CodeView {
                    object,
                    stack: shape.stack,
                    first_unit: code::first_unit(object),
                    units,
                    symbols: self.symbols,
                    doors: self.doors,
                    shared: *self.trampolines,
                    extra_index: self.extra_index,
                    suspends: shape.suspends(),
                },
                shape,
                versions: Versions::new(Rc::clone(self.stubs.starts())),
                blocks: Vec::new(),
                stubs: Vec::new(),
                mentions: Mentions::default(),
                waits: BTreeMap::new(),
                unfit: Cell::new(0),
                exits: 0,
                left: BTreeMap::new(),
                patience: Patience::default(),
            });
            let record = init::attach(self.extra_index, object, record).ok_or("no memory")?;
            self.records.insert(record);
            self.totals.functions += 1;
            // Generators are made by the interpreter.
            if !(*record).view.suspends {
                self.start(record)?;
                self.wake(object);
            }
            Ok(record)
        }
    }

    /// The record's entry, or `None` while the function must not be entered.
    ///
    /// # Safety
    /// The record is alive.
    pub unsafe fn current_entry(&mut self, record: *mut Record) -> Option<usize> {
        // SAFETY: by the caller.
        unsafe {
            if !self.renew(record) {
                return None;
            }
            Some((*record).entry).filter(|&entry| entry != 0)
        }
    }

    /// Throws code away that was made before instrumentation changed. False while the function
    /// must not be entered.
    ///
    /// # Safety
    /// The record is alive.
    unsafe fn renew(&mut self, record: *mut Record) -> bool {
        // SAFETY: by the caller, also for the code object.
        unsafe {
            let known = &mut *record;
            if let Some(watch) = facts::WATCHED {
                let version = read(known.view.object, watch.version);
                if version != known.version {
                    // Frames may be running in the blocks: they stay where they are.
                    known.versions.clear();
                    known.entry = 0;
                    known.resumptions.fill(0);
                    let units = code::units(known.view.object);
                    if instrumented(&units) {
                        return false;
                    }
                    known.view.units = units;
                    known.version = version;
                }
            }
            known.entry != 0 || known.view.suspends || self.start(record).is_ok()
        }
    }

    /// The machine code at which a suspended frame goes on at `unit`, with so many values on its
    /// stack; `None` while it must not be entered.
    ///
    /// # Safety
    /// The record is alive, and frames suspended there have that depth.
    pub unsafe fn resumption(
        &mut self,
        record: *mut Record,
        unit: u32,
        depth: usize,
    ) -> Option<usize> {
        // SAFETY: by the caller.
        let known = unsafe {
            if !self.renew(record) {
                return None;
            }
            &mut *record
        };
        let mut at = Offset(*known.resumptions.get(unit as usize)?);
        if at == Offset(0) {
            let context = Rc::new(known.shape.anything(depth));
            let site = Site::Resumption(unit);
            let (number, stub) = self.stub_for(record, site, unit, &context).ok()?;
            known.stubs.push(number);
            known.resumptions[unit as usize] = stub.0;
            at = stub;
        }
        Some(self.arena.address(at))
    }

    /// Lets the record's entry be a stub that compiles the first block.
    ///
    /// # Safety
    /// The record is alive.
    unsafe fn start(&mut self, record: *mut Record) -> Result<(), &'static str> {
        // SAFETY: by the caller.
        let known = unsafe { &mut *record };
        let context = Rc::new(known.shape.entry());
        let stub = self.stub_for(record, Site::Entry, 0, &context);
        let (number, at) = stub.map_err(full)?;
        known.stubs.push(number);
        known.entry = self.arena.address(at);
        Ok(())
    }

    /// A stub for a way in.
    fn stub_for(
        &mut self,
        record: *mut Record,
        site: Site,
        unit: u32,
        context: &Rc<Context>,
    ) -> Result<(u32, Offset), Full> {
        let starts = Rc::clone(self.stubs.starts());
        let start = starts.keep(context, &Avoid::default());
        let exit = NewExit {
            record,
            site,
            kind: EdgeKind::Go,
            backward: false,
            unit,
            start,
        };
        let trampoline = self.trampolines.stub;
        let stub = self.stubs.add(&mut self.arena, trampoline, exit);
        starts.release(start);
        stub
    }
}

/// Whether a tool has put instructions of its own into the code.
fn instrumented(units: &[Unit]) -> bool {
    let mut unit = 0;
    while let Some(decoded) = code::decode(units, unit) {
        if OPCODES[usize::from(decoded.opcode)].left == "instrumented" {
            return true;
        }
        unit = decoded.next();
    }
    false
}
