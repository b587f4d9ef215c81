//! Shared machine code that writes a number to a local of the running frame.

use dynasmrt::{AssemblyOffset, DynasmApi, DynasmLabelApi, dynasm};

use crate::emit::helpers;
use crate::jit::facts;
use crate::jit::trampoline::Assembler;
use crate::release::layout::PyObject;

/// `fn(slot, value)`: as `helpers::write_long`, which does what is not done here: most of what is
/// written are positive numbers that take the place of another one.
pub fn write_long(ops: &mut Assembler) -> AssemblyOffset {
    let other = ops.new_dynamic_label();
    let entry = ops.offset();
    dynasm!(ops
        ; .arch x64
        ; mov rax, [rdi]
        ; test rax, rax
        ; jz =>other
        ; mov rcx, QWORD facts::long_type() as i64
        ; cmp [rax + PyObject::ob_type.offset], rcx
        ; jne =>other
        ; cmp QWORD [rax], 1
        ; jne =>other
        ; cmp QWORD [rax + facts::LONG_SIZE], facts::ONE_DIGIT
        ; jne =>other
        ; cmp rsi, helpers::GREATEST_SHARED as i32
        ; jle =>other
        ; mov rdx, rsi
        ; shr rdx, facts::DIGIT_BITS as i8
        ; jnz =>other
        ; mov [rax + facts::FIRST_DIGIT], esi
        ; ret
        ; =>other
        ; mov rax, QWORD helpers::write_long as *const () as i64
        ; jmp rax
    );
    entry
}
