//! Shared machine code for frames that have returned.

use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};

use crate::jit::facts;
use crate::jit::machine;
use crate::jit::trampoline::{Assembler, Targets};
use crate::release::layout::{
    _PyInterpreterFrame as frame, _PyStackChunk as chunk, PyThreadState as thread,
};

/// Calls `start(tstate, frame, limit)` from a block, and clears the frame where that is left to
/// the caller: at `clear`, the frame is in `rdi`, the thread state in `r12`, and the result in `rax`.
pub fn call_cleared(
    ops: &mut Assembler,
    start: DynamicLabel,
    clear: DynamicLabel,
    targets: &Targets,
) {
    dynasm!(ops
        ; .arch x64
        ; mov rdx, [rbp + machine::LIMIT]
    );
    if !facts::CALLER_CLEARS {
        dynasm!(ops; .arch x64; jmp =>start);
        return;
    }
    let slow = ops.new_dynamic_label();
    dynasm!(ops
        ; .arch x64
        ; push rsi
        ; call =>start
        ; pop rdi
        ; =>clear
        ; cmp QWORD [rdi + frame::frame_obj.offset], 0
        ; jne =>slow
        ; cmp QWORD [rdi + frame::f_locals.offset], 0
        ; jne =>slow
        ; cmp DWORD [rdi + frame::stacktop.offset], 0
        ; jne =>slow
        ; mov rcx, [rdi + facts::FRAME_FUNCTION]
        ; mov r8, [rdi + facts::FRAME_CODE]
        ; mov rdx, [r12 + thread::datastack_chunk.offset]
        ; add rdx, chunk::data.offset
        ; cmp rdx, rdi
        ; je =>slow
        ; cmp QWORD [rcx], 1
        ; je =>slow
        ; cmp QWORD [r8], 1
        ; je =>slow
        ; dec QWORD [rcx]
        ; dec QWORD [r8]
        ; mov [r12 + thread::datastack_top.offset], rdi
        ; ret
        ; =>slow
        ; push rax
        ; mov rsi, rdi
        ; mov rdi, r12
        ; mov rax, QWORD targets.clear_and_pop as i64
        ; call rax
        ; pop rax
        ; ret
    );
}

/// `fn(tstate, frame, limit) -> object`: the same for callers that are no block.
pub fn call_from_outside(ops: &mut Assembler, start: DynamicLabel, clear: DynamicLabel) {
    if !facts::CALLER_CLEARS {
        dynasm!(ops; .arch x64; jmp =>start);
        return;
    }
    dynasm!(ops
        ; .arch x64
        ; push r12
        ; push rsi
        ; sub rsp, 8
        ; mov r12, rdi
        ; call =>start
        ; add rsp, 8
        ; pop rdi
        ; call =>clear
        ; pop r12
        ; ret
    );
}

/// Clears what is left of the running frame, whose locals are gone, and moves `rbx` to `rax`.
pub fn finish(ops: &mut Assembler, targets: &Targets) {
    if facts::CALLER_CLEARS {
        dynasm!(ops
            ; .arch x64
            ; mov DWORD [r13 + frame::stacktop.offset], 0
            ; mov rax, rbx
        );
        return;
    }
    let slow = ops.new_dynamic_label();
    let done = ops.new_dynamic_label();
    dynasm!(ops
        ; .arch x64
        ; mov DWORD [r13 + frame::stacktop.offset], 0
        ; cmp QWORD [r13 + frame::f_locals.offset], 0
        ; jne =>slow
        ; mov rdx, [r12 + thread::datastack_chunk.offset]
        ; add rdx, chunk::data.offset
        ; cmp rdx, r13
        ; je =>slow
    );
    for member in [facts::FRAME_FUNCTION, facts::FRAME_CODE] {
        let kept = ops.new_dynamic_label();
        dynasm!(ops
            ; .arch x64
            ; mov rdi, [r13 + member]
            ; mov rax, [rdi]
            ; test eax, eax
            ; js =>kept
            ; dec rax
            ; mov [rdi], rax
            ; jnz =>kept
            ; mov rax, QWORD targets.dealloc as i64
            ; call rax
            ; =>kept
        );
    }
    dynasm!(ops
        ; .arch x64
        ; mov [r12 + thread::datastack_top.offset], r13
        ; jmp =>done
        ; =>slow
        ; mov rdi, r12
        ; mov rsi, r13
        ; mov rax, QWORD targets.clear_and_pop as i64
        ; call rax
        ; =>done
        ; mov rax, rbx
    );
}

/// Clears the running frame, which its generator owns, where the callee does that, and moves
/// `rbx` to `rax`.
pub fn retire(ops: &mut Assembler, targets: &Targets) {
    if !facts::CALLER_CLEARS {
        dynasm!(ops
            ; .arch x64
            ; mov rdi, r12
            ; mov rsi, r13
            ; mov rax, QWORD targets.clear_and_pop as i64
            ; call rax
        );
    }
    dynasm!(ops; .arch x64; mov rax, rbx);
}
