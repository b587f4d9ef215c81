//! Decoding a code object.

use crate::emit::edge::Instr;
use crate::emit::view::{CodeView, Unit};
use crate::jit::context::{Context, Known, Slot};
use crate::jit::unwind::Handler;
use crate::release::layout;
use crate::release::table::Table;
use crate::release::{OPCODES, ROLES};

/// An instruction and its generic opcode.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Decoded {
    pub opcode: u8,
    pub instr: Instr,
}

impl Decoded {
    /// The code unit behind the instruction and its inline caches.
    pub fn next(&self) -> u32 {
        self.instr.unit + self.instr.size
    }
}

/// The instruction that starts at `start`, or `None` where none is whole before the end of the code.
pub fn decode(units: &[Unit], start: u32) -> Option<Decoded> {
    let mut unit = start;
    let mut oparg = 0;
    loop {
        let Unit { opcode, arg } = *units.get(unit as usize)?;
        oparg = oparg << 8 | u32::from(arg);
        if opcode != ROLES.extended_arg {
            let size = 1 + u32::from(OPCODES[usize::from(opcode)].caches);
            if (unit + size) as usize > units.len() {
                return None;
            }
            return Some(Decoded {
                opcode,
                instr: Instr {
                    start,
                    ..Instr::new(unit, oparg, size)
                },
            });
        }
        unit += 1;
    }
}

/// The de-specialised code units of a code object. What inline caches hold is not among them, so
/// that it is never taken for an instruction.
///
/// # Safety
/// `object` is a live `PyCodeObject`.
pub unsafe fn units(object: usize) -> Box<[Unit]> {
    // SAFETY: a code object's size is the number of its code units.
    let len = unsafe { read::<usize>(object, layout::PyVarObject::ob_size.offset) };
    let mut caches = 0;
    (0..len as u32)
        .map(|unit| {
            if caches > 0 {
                caches -= 1;
                return Unit {
                    opcode: ROLES.cache,
                    arg: 0,
                };
            }
            // SAFETY: the unit is inside the code.
            let bits = unsafe { read::<u16>(first_unit(object), 2 * unit as i32) };
            let opcode = OPCODES[usize::from(bits as u8)].base;
            caches = OPCODES[usize::from(opcode)].caches;
            Unit {
                opcode,
                arg: (bits >> 8) as u8,
            }
        })
        .collect()
}

/// The address of a code object's first code unit.
pub fn first_unit(object: usize) -> usize {
    object + layout::PyCodeObject::co_code_adaptive.offset as usize
}

/// The opcode that the interpreter has put at `unit`: specialised, instrumented or generic.
pub fn installed(view: &CodeView, unit: u32) -> u8 {
    cache(view, unit) as u8
}

/// Whether the interpreter has specialised any instruction of a code object. Before it has run
/// the code for a while, there is nothing that compiled code could go by.
///
/// # Safety
/// `object` is a live `PyCodeObject`.
pub unsafe fn is_specialised(object: usize) -> bool {
    // SAFETY: a code object's size is the number of its code units.
    let len = unsafe { read::<usize>(object, layout::PyVarObject::ob_size.offset) };
    let first = first_unit(object);
    let mut unit = 0;
    while unit < len {
        // SAFETY: the unit is inside the code.
        let opcode = unsafe { read::<u8>(first, 2 * unit as i32) };
        let base = OPCODES[usize::from(opcode)].base;
        let generic = &OPCODES[usize::from(base)];
        if generic.members.contains(&opcode) && generic.caches > 0 {
            return true;
        }
        unit += 1 + usize::from(generic.caches);
    }
    false
}

/// What the inline cache of an instruction holds, without its counter. Equal values mean that
/// a member which reads the cache gives the same code.
pub fn fingerprint(view: &CodeView, instr: &Instr) -> u64 {
    (instr.unit + 2..instr.unit + instr.size).fold(0, |hash: u64, unit| {
        (hash.rotate_left(5) ^ u64::from(cache(view, unit))).wrapping_mul(0x517c_c1b7_2722_0a95)
    })
}

fn cache(view: &CodeView, unit: u32) -> u16 {
    assert!((unit as usize) < view.units.len(), "code unit {unit}");
    // SAFETY: the unit is inside the code, which outlives its view.
    unsafe { read(view.first_unit, 2 * unit as i32) }
}

/// Facts of a code object that decide what its frames look like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Locals, cells and free variables: the slots of a frame below its stack.
    pub locals: usize,
    /// The depth that the stack may reach.
    pub stack: usize,
    /// Locals that the caller fills, which come first.
    pub args: usize,
    /// Those of them that are given by position, which are the first.
    pub positional: usize,
    pub flags: i32,
}

impl Shape {
    /// # Safety
    /// `object` is a live `PyCodeObject`.
    pub unsafe fn of(object: usize) -> Shape {
        // SAFETY: the layouts are those of this interpreter, checked at import.
        let int = |offset: i32| unsafe { read::<i32>(object, offset) };
        let flags = int(layout::PyCodeObject::co_flags.offset);
        let positional = int(layout::PyCodeObject::co_argcount.offset);
        let args = positional
            + int(layout::PyCodeObject::co_kwonlyargcount.offset)
            + i32::from(flags & CO_VARARGS != 0)
            + i32::from(flags & CO_VARKEYWORDS != 0);
        Shape {
            locals: int(layout::PyCodeObject::co_nlocalsplus.offset) as usize,
            stack: int(layout::PyCodeObject::co_stacksize.offset) as usize,
            args: args as usize,
            positional: positional as usize,
            flags,
        }
    }

    /// Everything in memory and nothing known, with this many values on the stack.
    pub fn anything(&self, depth: usize) -> Context {
        Context {
            locals: vec![Slot::MEMORY; self.locals].into(),
            stack: vec![Slot::MEMORY; depth].into(),
            keywords: None,
        }
    }

    /// A frame that was just pushed: arguments are there, the other locals are NULL.
    pub fn entry(&self) -> Context {
        let mut context = self.anything(0);
        for (i, slot) in context.locals.iter_mut().enumerate() {
            slot.known = if i < self.args {
                Known::Bound
            } else {
                Known::Unbound
            };
        }
        context
    }

    /// Whether every instruction finds what its argument says. The interpreter trusts code objects
    /// that they do.
    ///
    /// # Safety
    /// `object` is the live `PyCodeObject` that the shape and the units are of.
    pub unsafe fn holds(&self, object: usize, units: &[Unit]) -> bool {
        let items = |field: i32| {
            // SAFETY: by the caller: the member is a tuple.
            unsafe {
                let tuple: usize = read(object, field);
                read::<usize>(tuple, layout::PyVarObject::ob_size.offset)
            }
        };
        let consts = items(layout::PyCodeObject::co_consts.offset);
        let names = items(layout::PyCodeObject::co_names.offset);
        let mut unit = 0;
        while let Some(decoded) = decode(units, unit) {
            let found = OPCODES[usize::from(decoded.opcode)]
                .reaches
                .iter()
                .all(|reach| {
                    let index = decoded.instr.oparg >> reach.shift & reach.mask;
                    let len = match reach.table {
                        Table::Locals => self.locals,
                        Table::Consts => consts,
                        Table::Names => names,
                    };
                    (index as usize) < len
                });
            if !found {
                return false;
            }
            unit = decoded.next();
        }
        true
    }

    /// Whether a frame that raises with this context can go on in the handler: the values that stay
    /// are there, and the stack is large enough for what is pushed.
    pub fn has_room(&self, handler: &Handler, raising: &Context) -> bool {
        let (depth, pushed) = (handler.depth as usize, 1 + usize::from(handler.lasti));
        depth <= raising.stack.len() && depth + pushed <= self.stack
    }

    /// Whether calling the function makes a generator, a coroutine or an asynchronous generator.
    pub fn suspends(&self) -> bool {
        self.flags & (CO_GENERATOR | CO_COROUTINE | CO_ASYNC_GENERATOR) != 0
    }
}

const CO_VARARGS: i32 = 0x4;
const CO_VARKEYWORDS: i32 = 0x8;
const CO_GENERATOR: i32 = 0x20;
const CO_COROUTINE: i32 = 0x80;
const CO_ASYNC_GENERATOR: i32 = 0x200;

/// Reads a member of an object.
///
/// # Safety
/// There is a `T` at `base + offset`.
pub unsafe fn read<T>(base: usize, offset: i32) -> T {
    let address = base.wrapping_add_signed(offset as isize);
    // SAFETY: by the caller.
    unsafe { (address as *const T).read_unaligned() }
}

/// Writes a member of an object.
///
/// # Safety
/// There is a `T` at `base + offset` that may be overwritten.
pub unsafe fn write<T>(base: usize, offset: i32, value: T) {
    let address = base.wrapping_add_signed(offset as isize);
    // SAFETY: by the caller.
    unsafe { (address as *mut T).write_unaligned(value) }
}
