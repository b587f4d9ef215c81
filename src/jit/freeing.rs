//! Shared machine code that frees an object and keeps every register.
#![expect(
    clippy::useless_conversion,
    reason = "the macro converts register numbers, whatever their type"
)]

use dynasmrt::{AssemblyOffset, DynasmApi, DynasmLabelApi, dynasm};

use crate::jit::floats;
use crate::jit::trampoline::{Assembler, Targets};
use crate::release::layout::_PyInterpreterFrame as frame;

/// Distance between the entries for two registers.
const ENTRY: usize = 16;
/// Registers that a callee may change, but for `rdi` and the scratch register.
const VOLATILE: [u8; 7] = [0, 1, 2, 6, 8, 9, 10];
const VECTORS: i32 = 15;

/// The entry that frees the object in general register `r`; with `vectors`, one that keeps the
/// vector registers too. It leaves the flags of comparing the running frame's frame object with
/// NULL. `first` is the address of the first entry.
pub fn entry(first: usize, r: u8, vectors: bool) -> usize {
    first + ENTRY * (usize::from(r) + 16 * usize::from(vectors))
}

/// Writes the entries, called from blocks, and gives the place of the first.
pub fn entries(ops: &mut Assembler, targets: &Targets) -> AssemblyOffset {
    let plain = ops.new_dynamic_label();
    let vectors = ops.new_dynamic_label();
    ops.align(ENTRY, 0xcc);
    let first = ops.offset();
    for target in [plain, vectors] {
        for r in 0..16u8 {
            dynasm!(ops
                ; .arch x64
                ; push rdi
                ; mov rdi, Rq(r)
                ; jmp =>target
            );
            ops.align(ENTRY, 0xcc);
        }
    }
    let free = ops.new_dynamic_label();
    dynasm!(ops; .arch x64; =>plain);
    free_float(ops, targets);
    dynasm!(ops
        ; .arch x64
        ; call =>free
        ; pop rdi
        ; ret
        ; =>vectors
    );
    free_float(ops, targets);
    dynasm!(ops; .arch x64; sub rsp, 8 * VECTORS + 8);
    for x in 0..VECTORS {
        dynasm!(ops; .arch x64; movsd [rsp + 8 * x], Rx(x as u8));
    }
    dynasm!(ops; .arch x64; call =>free);
    for x in 0..VECTORS {
        dynasm!(ops; .arch x64; movsd Rx(x as u8), [rsp + 8 * x]);
    }
    dynasm!(ops
        ; .arch x64
        ; lea rsp, [rsp + 8 * VECTORS + 8]
        ; pop rdi
        ; ret
        ; =>free
    );
    // An odd number of them, so that the stack is aligned again.
    for r in VOLATILE {
        dynasm!(ops; .arch x64; push Rq(r));
    }
    dynasm!(ops
        ; .arch x64
        ; mov rsi, r12
        ; mov rax, QWORD targets.free as i64
        ; call rax
    );
    for r in VOLATILE.into_iter().rev() {
        dynasm!(ops; .arch x64; pop Rq(r));
    }
    // What follows on the way back keeps the flags.
    dynasm!(ops
        ; .arch x64
        ; cmp QWORD [r13 + frame::frame_obj.offset], BYTE 0
        ; ret
    );
    first
}

/// A `float` changes no register.
fn free_float(ops: &mut Assembler, targets: &Targets) {
    let Some(floats) = targets.floats else {
        return;
    };
    let other = ops.new_dynamic_label();
    floats::free(ops, floats, other);
    dynasm!(ops
        ; .arch x64
        ; pop rdi
        ; cmp QWORD [r13 + frame::frame_obj.offset], BYTE 0
        ; ret
        ; =>other
    );
}
