//! Getting a code object ready to be compiled.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::emit::edge::EdgeKind;
use crate::emit::view::{CodeView, Unit};
use crate::jit::code::{self, Shape, read};
use crate::jit::facts;
use crate::jit::init;
use crate::jit::record::{Avoid, Exit, Record, Site};
use crate::jit::state::{Jit, full};
use crate::release::OPCODES;

/// The largest code that is compiled, in code units.
const LARGEST: usize = 100_000;
/// Locals beyond this make every block costly.
const MOST_LOCALS: usize = 1000;

impl Jit {
    /// The record of a code object, made now if need be, with an entry.
    ///
    /// # Safety
    /// `object` is a live code object.
    pub unsafe fn prepare(&mut self, object: usize) -> Result<*mut Record, &'static str> {
        // SAFETY: by the caller.
        unsafe {
            if let Some(record) = init::record_of(self.extra_index, object) {
                return match self.current_entry(record) {
                    Some(_) => Ok(record),
                    None => Err("a tool watches the function"),
                };
            }
            let shape = Shape::of(object);
            if shape.suspends() {
                return Err("a generator or coroutine");
            }
            let units = code::units(object);
            if units.len() > LARGEST || shape.locals > MOST_LOCALS {
                return Err("the function is too large");
            }
            if instrumented(&units) {
                return Err("a tool watches the function");
            }
            let record = Box::new(Record {
                entry: 0,
                version: facts::WATCHED.map_or(0, |watch| read(object, watch.version)),
                view: CodeView {
                    object,
                    first_unit: code::first_unit(object),
                    units,
                    symbols: self.symbols,
                    doors: self.doors,
                    shared: self.trampolines,
                },
                shape,
                versions: BTreeMap::new(),
                blocks: Vec::new(),
                stubs: Vec::new(),
                exits: 0,
                left: BTreeMap::new(),
            });
            let record = init::attach(self.extra_index, object, record).ok_or("no memory")?;
            self.totals.functions += 1;
            self.start(record)?;
            Ok(record)
        }
    }

    /// The record's entry, or `None` while the function must not be entered. Code that was made
    /// before instrumentation changed is thrown away.
    ///
    /// # Safety
    /// The record is alive.
    pub unsafe fn current_entry(&mut self, record: *mut Record) -> Option<usize> {
        // SAFETY: by the caller, also for the code object.
        unsafe {
            let known = &mut *record;
            if let Some(watch) = facts::WATCHED {
                let version = read(known.view.object, watch.version);
                if version != known.version {
                    // Frames may be running in the blocks: they stay where they are.
                    known.versions.clear();
                    known.entry = 0;
                    known.version = version;
                }
                if known.entry == 0 {
                    known.view.units = code::units(known.view.object);
                    if instrumented(&known.view.units) {
                        return None;
                    }
                    self.start(record).ok()?;
                }
            }
            Some((*record).entry).filter(|&entry| entry != 0)
        }
    }

    /// Lets the record's entry be a stub that compiles the first block.
    ///
    /// # Safety
    /// The record is alive.
    unsafe fn start(&mut self, record: *mut Record) -> Result<(), &'static str> {
        // SAFETY: by the caller.
        let known = unsafe { &mut *record };
        let exit = Exit {
            record,
            site: Site::Entry,
            kind: EdgeKind::Go,
            backward: false,
            unit: 0,
            context: Rc::new(known.shape.entry()),
            avoid: Avoid::default(),
        };
        let (number, at) = self
            .stubs
            .add(&mut self.arena, self.trampolines.stub, exit)
            .map_err(full)?;
        known.stubs.push(number);
        known.entry = self.arena.address(at);
        Ok(())
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
