//! Writing unboxed locals to the frame's memory, from cold code.

use crate::jit::context::{Held, Loc};

use super::Emit;
use super::asm::{Alu, Mem, Site};
use super::cold::Saved;
use super::helpers;
use super::machine::{ALLOCATABLE, ARGUMENTS, RSP, XMM0, is_volatile, native};

/// A function of the block, called by its cold code: it writes locals to the frame's memory.
#[derive(Debug)]
pub(crate) struct Writer {
    /// The calls of it.
    sites: Vec<Site>,
    /// Entries that free an object and have been called behind it once, and the other calls of both.
    frees: Vec<(usize, Vec<Site>)>,
    locals: Vec<(usize, Held)>,
    saved: Saved,
}

impl Emit<'_> {
    /// Writes locals to the frame's memory and frees an object through an entry for it. Keeps every
    /// register but the scratch register.
    pub(super) fn write_and_free(&mut self, locals: &[(usize, Held)], saved: Saved, free: usize) {
        let same =
            |writer: &Writer| writer.locals == locals && saved.xmms & !writer.saved.xmms == 0;
        let index = self.writers.iter().position(same).unwrap_or_else(|| {
            self.writers.push(Writer {
                sites: Vec::new(),
                frees: Vec::new(),
                locals: locals.to_vec(),
                saved: Saved {
                    gprs: ALLOCATABLE
                        .into_iter()
                        .filter(|&r| is_volatile(r))
                        .fold(0, |set, r| set | 1 << r.0),
                    xmms: saved.xmms,
                },
            });
            self.writers.len() - 1
        });
        let site = self.asm.call();
        let writer = &mut self.writers[index];
        match writer.frees.iter_mut().find(|(entry, _)| *entry == free) {
            Some((_, sites)) => sites.push(site),
            None => {
                writer.sites.push(site);
                writer.frees.push((free, Vec::new()));
                self.call_address(free);
            }
        }
    }

    pub(super) fn emit_writers(&mut self) {
        for mut writer in std::mem::take(&mut self.writers) {
            let shared = writer.frees.iter().filter(|(_, sites)| !sites.is_empty());
            for (free, sites) in shared {
                for &site in sites {
                    self.asm.bind(site);
                }
                writer.sites.push(self.asm.call());
                self.jump_address(*free);
            }
            for site in writer.sites {
                self.asm.bind(site);
            }
            self.save(writer.saved);
            // The address to return to has to be made up to two words.
            self.asm.alu_imm(Alu::Sub, true, RSP, 8);
            self.write_locals_cold(&writer.locals, writer.saved, 8);
            self.asm.alu_imm(Alu::Add, true, RSP, 8);
            self.restore(writer.saved);
            self.asm.ret();
        }
    }

    /// Writes such locals from cold code, where registers are in `saved`, `above` bytes from the
    /// top of the native stack.
    pub(crate) fn write_locals_cold(&mut self, locals: &[(usize, Held)], saved: Saved, above: i32) {
        for &(i, held) in locals {
            let slot = self.local_mem(i);
            self.asm.lea(ARGUMENTS[0], slot);
            let source = |at: Loc| match (saved.find(at), at) {
                (Some(mut m), _) => {
                    m.disp += above;
                    Ok(m)
                }
                (None, Loc::Native(n)) => Ok(native(n)),
                (None, Loc::Gpr(r)) => Err(r),
                (None, Loc::Xmm(_)) => Ok(Mem::new(RSP, 0)),
            };
            let argument = ARGUMENTS[1];
            let helper = match held {
                Held::Float(at) => {
                    if let Ok(m) = source(at) {
                        self.asm.load_f64(XMM0, m);
                    }
                    helpers::float_writer()
                }
                Held::FloatConstant(bits) => {
                    self.asm.mov_imm(argument, bits as i64);
                    self.asm.mov_to_xmm(XMM0, argument);
                    helpers::float_writer()
                }
                Held::LongConstant(v) => {
                    self.asm.mov_imm(argument, v);
                    helpers::long_writer()
                }
                Held::Constant(address) => {
                    self.asm.mov_imm(argument, address as i64);
                    helpers::write_borrowed as *const () as usize
                }
                Held::Local(n) => {
                    let m = self.local_mem(usize::from(n));
                    self.asm.load(argument, m, 8, false);
                    helpers::write_borrowed as *const () as usize
                }
                Held::Long(at) | Held::Bool(at) | Held::Object { at, .. } => {
                    match source(at) {
                        Ok(m) => self.asm.load(argument, m, 8, false),
                        Err(r) => self.asm.mov(argument, r),
                    }
                    match held {
                        Held::Long(_) => helpers::long_writer(),
                        Held::Bool(_) => helpers::write_bool as *const () as usize,
                        // The register keeps its own reference, if it has one: the block goes
                        // on as if nothing had been written.
                        _ => helpers::write_borrowed as *const () as usize,
                    }
                }
                Held::Memory => continue,
            };
            self.call_address(helper);
        }
    }
}
