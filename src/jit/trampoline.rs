//! Machine code that every compiled function shares.
#![expect(
    clippy::useless_conversion,
    reason = "the macro converts register numbers, whatever their type"
)]

use dynasmrt::{DynasmApi, DynasmLabelApi, dynasm};

use crate::jit::arena::{Arena, Full, Offset};
use crate::jit::facts;
use crate::jit::machine;
use crate::jit::returning;
use crate::release::layout::PyCodeObject;

/// Addresses of the shared pieces.
#[derive(Clone, Copy, Debug, Default)]
pub struct Trampolines {
    /// `fn(tstate, frame, limit) -> object`: runs a frame that stands at its start, compiled if
    /// its code object has an entry.
    pub call_frame: usize,
    /// `fn(tstate, frame, limit, block) -> object`: runs a linked frame in compiled code.
    pub enter: usize,
    /// `fn(tstate, frame) -> object`, called from a block: the same, and the frame is cleared
    /// and popped afterwards, whoever has to do it.
    pub call_cleared: usize,
    /// Jumped to from a block: returns `rax` from the compiled function.
    pub leave: usize,
    /// Jumped to from a block that has taken the running frame off the thread and dropped its
    /// locals: clears the rest of the frame and returns `rbx` from the compiled function.
    pub finish: usize,
    /// Jumped to from a block: leaves the compiled function for
    /// `_PyEval_EvalFrameDefault(rdi, rsi, edx)`.
    pub interpret: usize,
    /// Called by stubs.
    pub stub: usize,
}

/// What the shared pieces call.
#[derive(Clone, Copy, Debug)]
pub struct Targets {
    /// `_PyEval_EvalFrameDefault`
    pub evaluator: usize,
    /// `fn(tstate, frame, limit) -> object` for frames that have no compiled code.
    pub uncompiled: usize,
    /// `fn(return address, registers) -> code`
    pub stub_hit: usize,
    /// Where `co_extra` holds the record of a code object.
    pub extra_index: i32,
    /// `fn(tstate, frame)`: clears and pops a frame that has returned.
    pub clear_and_pop: usize,
    /// `_Py_Dealloc`
    pub dealloc: usize,
}

/// What the shared pieces are written with.
pub type Assembler = dynasmrt::VecAssembler<dynasmrt::x64::X64Relocation>;

/// Bytes of a stub: one call.
pub const STUB_BYTES: usize = 5;

/// Offset of the entry in a record that `co_extra` points at: the address of the first block,
/// or 0 while the function must not be entered.
pub const RECORD_ENTRY: i32 = 0;
/// Offset of the instrumentation version that the code was compiled for.
pub const RECORD_VERSION: i32 = 8;

impl Trampolines {
    pub fn new(arena: &mut Arena, targets: &Targets) -> Result<Trampolines, Full> {
        let mut ops = Assembler::new(0);
        let recursion = facts::RECURSION;
        let previous = facts::FRAME_PREVIOUS;
        let current = facts::CURRENT;
        let slow = ops.new_dynamic_label();

        let start = ops.new_dynamic_label();
        let call_cleared = ops.offset();
        returning::call_cleared(&mut ops, start, targets);

        dynasm!(ops; .arch x64; =>start);
        let call_frame = ops.offset();
        // `co_extra` starts with the number of entries.
        dynasm!(ops
            ; .arch x64
            ; cmp rsp, rdx
            ; jb =>slow
            ; mov r9, [rsi + facts::FRAME_CODE]
            ; mov rax, [r9 + PyCodeObject::co_extra.offset]
            ; test rax, rax
            ; jz =>slow
            ; cmp QWORD [rax], targets.extra_index
            ; jle =>slow
            ; mov rax, [rax + 8 + 8 * targets.extra_index]
            ; test rax, rax
            ; jz =>slow
            ; mov rcx, [rax + RECORD_ENTRY]
            ; test rcx, rcx
            ; jz =>slow
            ; mov r8, rdi
        );
        if let Some(watch) = facts::WATCHED {
            dynasm!(ops
                ; .arch x64
                ; cmp QWORD [r9 + watch.monitoring], 0
                ; jne =>slow
                ; mov r9, [r9 + watch.version]
                ; cmp r9, [rax + RECORD_VERSION]
                ; jne =>slow
            );
        }
        if let Some(via) = facts::CURRENT_VIA {
            dynasm!(ops
                ; .arch x64
                ; mov r8, [rdi + via]
            );
        }
        if let Some(tracing) = facts::USE_TRACING {
            dynasm!(ops
                ; .arch x64
                ; cmp BYTE [r8 + tracing], 0
                ; jne =>slow
            );
        }
        dynasm!(ops
            ; .arch x64
            ; mov eax, [rdi + recursion]
            ; dec eax
            ; js =>slow
            ; mov [rdi + recursion], eax
            ; mov rax, [r8 + current]
            ; mov [rsi + previous], rax
            ; mov [r8 + current], rsi
        );
        let enter = ops.offset();

        dynasm!(ops
            ; .arch x64
            ; push rbp
            ; mov rbp, rsp
            ; push rbx
            ; push r12
            ; push r13
            ; push r14
            ; push r15
            ; sub rsp, machine::FRAME_BYTES - 40
            ; mov [rbp + machine::LIMIT], rdx
            ; mov r12, rsi
            ; mov r13, rdi
            ; jmp rcx
        );

        dynasm!(ops
            ; .arch x64
            ; =>slow
            ; mov rax, QWORD targets.uncompiled as i64
            ; jmp rax
        );

        let leave = ops.offset();
        restore(&mut ops);
        dynasm!(ops
            ; .arch x64
            ; ret
        );

        let finish = ops.offset();
        returning::finish(&mut ops, targets);
        restore(&mut ops);
        dynasm!(ops
            ; .arch x64
            ; ret
        );

        let interpret = ops.offset();
        restore(&mut ops);
        dynasm!(ops
            ; .arch x64
            ; mov rax, QWORD targets.evaluator as i64
            ; jmp rax
        );

        // Sixteen registers, the lower halves of sixteen vector registers, and eight bytes that
        // align the stack; the return address of the stub stands behind them.
        let stub = ops.offset();
        let back = 8 * 33;
        dynasm!(ops
            ; .arch x64
            ; sub rsp, back
        );
        for r in (0..16u8).filter(|&r| r != RSP) {
            dynasm!(ops; .arch x64; mov [rsp + 8 * i32::from(r)], Rq(r));
        }
        for x in 0..16u8 {
            dynasm!(ops; .arch x64; movsd [rsp + 128 + 8 * i32::from(x)], Rx(x));
        }
        dynasm!(ops
            ; .arch x64
            ; mov rdi, [rsp + back]
            ; mov rsi, rsp
            ; mov rax, QWORD targets.stub_hit as i64
            ; call rax
            ; mov [rsp + back], rax
        );
        for x in 0..16u8 {
            dynasm!(ops; .arch x64; movsd Rx(x), [rsp + 128 + 8 * i32::from(x)]);
        }
        for r in (0..16u8).filter(|&r| r != RSP) {
            dynasm!(ops; .arch x64; mov Rq(r), [rsp + 8 * i32::from(r)]);
        }
        // Not `ret`, which would upset the prediction of returns.
        dynasm!(ops
            ; .arch x64
            ; add rsp, back + 8
            ; jmp QWORD [rsp - 8]
        );

        let code = ops.finalize().expect("all labels are defined");
        let place = arena.add(&code)?;
        let at =
            |offset: dynasmrt::AssemblyOffset| arena.address(Offset(place.0 + offset.0 as u32));
        Ok(Trampolines {
            call_frame: at(call_frame),
            enter: at(enter),
            call_cleared: at(call_cleared),
            leave: at(leave),
            finish: at(finish),
            interpret: at(interpret),
            stub: at(stub),
        })
    }
}

const RSP: u8 = 4;

fn restore(ops: &mut Assembler) {
    dynasm!(ops
        ; .arch x64
        ; mov rbx, [rbp - 8]
        ; mov r12, [rbp - 16]
        ; mov r13, [rbp - 24]
        ; mov r14, [rbp - 32]
        ; mov r15, [rbp - 40]
        ; mov rsp, rbp
        ; pop rbp
    );
}
