//! Machine code that every compiled function shares.
#![expect(
    clippy::useless_conversion,
    reason = "the macro converts register numbers, whatever their type"
)]

use dynasmrt::{DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};

use crate::emit::view::Slots;
use crate::jit::arena::{Arena, Full, Offset};
use crate::jit::facts;
use crate::jit::floats::{self, Floats};
use crate::jit::freeing;
use crate::jit::machine;
use crate::jit::returning;
use crate::jit::sending::{self, Caller, Ending};
use crate::jit::writing;
use crate::release::layout::{_PyInterpreterFrame as frame, PyCodeObject};

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
    /// `fn(tstate, frame, record) -> object`: the same for a frame whose record is known.
    pub call_known: usize,
    /// `fn(tstate, frame, limit) -> object`: the same, called from elsewhere.
    pub call_from_outside: usize,
    /// `fn(tstate, frame) -> object`, jumped to from a block: runs a suspended frame on, compiled if
    /// there is code for where it stands.
    pub call_suspended: usize,
    /// `PyIter_Send`, jumped to from a block: generators and coroutines go on in compiled code at once.
    /// 0 where templates do that themselves.
    pub send: usize,
    /// `tp_iternext` of generators: likewise.
    pub next: usize,
    /// The same two for the slots of the types.
    pub slot_send: usize,
    pub slot_next: usize,
    /// Jumped to from a block that has taken the running frame, which could have been suspended,
    /// off the thread and written it: clears the frame where that is the callee's to do, and
    /// goes back with `rbx` to whoever has resumed it.
    pub retire: usize,
    /// Jumped to from a block that has suspended the running frame: goes back with `rax` to whoever has
    /// resumed it.
    pub suspend: usize,
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
    /// The first of the entries that free objects: see [`freeing::entry`].
    pub free: usize,
    /// `fn(slot, value)`, called from a block: writes an unboxed `int` to a local.
    pub write_long: usize,
    /// `fn(value) -> object`, called from a block: makes an `int` of an unboxed one.
    pub box_long: usize,
    /// `fn(xmm15) -> r11`, called from a block: makes a `float`, and keeps every other register.
    pub box_float: usize,
    /// Called by blocks that are checked, before anything else.
    pub check: usize,
}

/// What the shared pieces call.
#[derive(Clone, Copy, Debug)]
pub struct Targets {
    /// `_PyEval_EvalFrameDefault`
    pub evaluator: usize,
    /// `fn(tstate, frame, limit) -> object` for frames that have no compiled code.
    pub uncompiled: usize,
    /// `fn(tstate, frame) -> object` for suspended frames that have no compiled code.
    pub resume_uncompiled: usize,
    /// `fn(return address, registers) -> code`
    pub stub_hit: usize,
    /// `fn(return address, registers)`
    pub check: usize,
    /// Where `co_extra` holds the record of a code object.
    pub extra_index: i32,
    /// `fn(tstate, frame)`: clears and pops a frame that has returned.
    pub clear_and_pop: usize,
    /// `_Py_Dealloc`
    pub dealloc: usize,
    /// `fn(object, tstate)`: the same.
    pub free: usize,
    /// Our frame evaluator.
    pub hook: usize,
    /// Where a pointer is not NULL while another evaluator than the interpreter's stands behind ours.
    pub forward: usize,
    pub slots: Slots,
    pub floats: Option<Floats>,
}

/// What the shared pieces are written with.
pub type Assembler = dynasmrt::VecAssembler<dynasmrt::x64::X64Relocation>;

/// Bytes of a stub: one call.
pub const STUB_BYTES: usize = 5;

/// Offset of the entry in a record that `co_extra` points at: the address of the first block,
/// or 0 while the function must not be entered.
pub const RECORD_ENTRY: i32 = 0;
/// Offset of the pointer to what says where suspended frames go on.
pub const RECORD_RESUMPTIONS: i32 = 16;
/// Offset of the instrumentation version that the code was compiled for.
pub const RECORD_VERSION: i32 = 8;

impl Trampolines {
    pub fn new(arena: &mut Arena, targets: &Targets) -> Result<Trampolines, Full> {
        let mut ops = Assembler::new(0);
        let slow = ops.new_dynamic_label();

        let start = ops.new_dynamic_label();
        let call_cleared = ops.offset();
        let clear = ops.new_dynamic_label();
        returning::call_cleared(&mut ops, start, clear, targets);
        let call_known = ops.offset();
        let known = ops.new_dynamic_label();
        let clear_known = ops.new_dynamic_label();
        dynasm!(ops; .arch x64; mov rax, rdx);
        returning::call_cleared(&mut ops, known, clear_known, targets);
        let call_from_outside = ops.offset();
        returning::call_from_outside(&mut ops, start, clear);

        dynasm!(ops; .arch x64; =>start);
        let call_frame = ops.offset();
        find_record(&mut ops, slow, targets);
        let found = ops.new_dynamic_label();
        dynasm!(ops
            ; .arch x64
            ; jmp =>found
            ; =>known
            ; cmp rsp, rdx
            ; jb =>slow
        );
        if facts::WATCHED.is_some() {
            dynasm!(ops; .arch x64; mov r9, [rsi + facts::FRAME_CODE]);
        }
        dynasm!(ops
            ; .arch x64
            ; =>found
            ; mov rcx, [rax + RECORD_ENTRY]
            ; test rcx, rcx
            ; jz =>slow
        );
        look(&mut ops, slow);
        link(&mut ops, slow);
        let enter = ops.offset();
        let entered = ops.new_dynamic_label();
        dynasm!(ops
            ; .arch x64
            ; =>entered
            ; push rbp
            ; mov rbp, rsp
            ; push rbx
            ; push r12
            ; push r13
            ; push r14
            ; push r15
            ; sub rsp, machine::FRAME_BYTES - 40
            ; mov [rbp + machine::LIMIT], rdx
            ; mov r13, rsi
            ; mov r12, rdi
            ; jmp rcx
        );

        dynasm!(ops
            ; .arch x64
            ; =>slow
            ; mov rax, QWORD targets.uncompiled as i64
            ; jmp rax
        );

        let suspended_slow = ops.new_dynamic_label();
        let call_suspended = ops.offset();
        dynasm!(ops; .arch x64; mov rdx, [rbp + machine::LIMIT]);
        let memory = arena.address(Offset(0));
        find_resumption(&mut ops, suspended_slow, targets, memory);
        link(&mut ops, suspended_slow);
        dynasm!(ops
            ; .arch x64
            ; mov DWORD [rsi + frame::stacktop.offset], facts::RUNNING
            ; jmp =>entered
        );

        dynasm!(ops
            ; .arch x64
            ; =>suspended_slow
            ; mov rax, QWORD targets.resume_uncompiled as i64
        );
        sending::call_and_go_back(&mut ops);

        let mut resume =
            |ending, caller| sending::resume(&mut ops, entered, targets, memory, ending, caller);
        let send = (!facts::SENDING_IS_DERIVED).then(|| resume(Ending::Send, Caller::Block));
        let next = resume(Ending::Next, Caller::Block);
        let slot_send = resume(Ending::Send, Caller::Slot(targets.slots));
        let slot_next = resume(Ending::Next, Caller::Slot(targets.slots));

        let retire = ops.offset();
        returning::retire(&mut ops, targets);
        restore(&mut ops);
        sending::go_back(&mut ops);

        let suspend = ops.offset();
        restore(&mut ops);
        sending::go_back(&mut ops);

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

        let stub = ops.offset();
        call_with_registers(&mut ops, targets.stub_hit);
        dynasm!(ops; .arch x64; mov [rsp + BACK], rax);
        restore_registers(&mut ops);
        // The processor expects a return for the stub's call: it is wrong about where this one goes,
        // but right about all that follow.
        dynasm!(ops
            ; .arch x64
            ; add rsp, BACK
            ; ret
        );

        let free = freeing::entries(&mut ops, targets);
        let write_long = writing::write_long(&mut ops, targets);
        let box_long = writing::box_long(&mut ops);
        let box_float = floats::box_float(&mut ops, targets.floats);
        let check = ops.offset();
        call_with_registers(&mut ops, targets.check);
        restore_registers(&mut ops);
        dynasm!(ops
            ; .arch x64
            ; add rsp, BACK
            ; ret
        );

        let code = ops.finalize().expect("all labels are defined");
        let place = arena.add(&code)?;
        let at =
            |offset: dynasmrt::AssemblyOffset| arena.address(Offset(place.0 + offset.0 as u32));
        Ok(Trampolines {
            call_frame: at(call_frame),
            enter: at(enter),
            call_cleared: at(call_cleared),
            call_known: at(call_known),
            call_from_outside: at(call_from_outside),
            call_suspended: at(call_suspended),
            send: send.map_or(0, at),
            next: at(next),
            slot_send: at(slot_send),
            slot_next: at(slot_next),
            retire: at(retire),
            suspend: at(suspend),
            leave: at(leave),
            finish: at(finish),
            interpret: at(interpret),
            stub: at(stub),
            free: at(free),
            write_long: at(write_long),
            box_long: at(box_long),
            box_float: at(box_float),
            check: at(check),
        })
    }
}

const RSP: u8 = 4;

/// Finds the record of the frame in `rsi`, with the stack's limit in `rdx`: the code object goes
/// to `r9`, the record to `rax`.
fn find_record(ops: &mut Assembler, slow: DynamicLabel, targets: &Targets) {
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
    );
}

/// Finds where the suspended frame in `rsi` goes on, with the stack's limit in `rdx`: the machine
/// code goes to `rcx`. Code memory starts at `memory`.
pub fn find_resumption(ops: &mut Assembler, slow: DynamicLabel, targets: &Targets, memory: usize) {
    find_record(ops, slow, targets);
    // Two bytes a unit lead to four bytes a unit.
    let first = PyCodeObject::co_code_adaptive.offset + 2 * facts::RESUME_BIAS;
    dynasm!(ops
        ; .arch x64
        ; mov rcx, [rax + RECORD_RESUMPTIONS]
        ; test rcx, rcx
        ; jz =>slow
        ; mov r10, [rsi + facts::FRAME_INSTR]
        ; sub r10, r9
        ; mov ecx, [rcx + r10 * 2 - 2 * first]
        ; test ecx, ecx
        ; jz =>slow
        ; mov r10, QWORD memory as i64
        ; add rcx, r10
    );
    look(ops, slow);
}

/// Goes to `slow` where somebody watches; what holds the running frame goes to `r8`.
fn look(ops: &mut Assembler, slow: DynamicLabel) {
    dynasm!(ops; .arch x64; mov r8, rdi);
    if let Some(watch) = facts::WATCHED {
        dynasm!(ops
            ; .arch x64
            ; cmp QWORD [r9 + watch.monitoring], 0
            ; jne =>slow
            ; mov r9, [r9 + watch.version]
            ; cmp r9, [rax + RECORD_VERSION]
            ; jne =>slow
            // The caller may have gone on since tools changed: the thread's own version counts.
            ; mov r11, [rdi + facts::EVAL_BREAKER]
            ; and r11, -1 << facts::EVENT_BITS
            ; cmp r11, r9
            ; jne =>slow
        );
    }
    if let Some(via) = facts::CURRENT_VIA {
        dynasm!(ops; .arch x64; mov r8, [rdi + via]);
    }
    if let Some(tracing) = facts::USE_TRACING {
        dynasm!(ops
            ; .arch x64
            ; cmp BYTE [r8 + tracing], 0
            ; jne =>slow
        );
    }
}

/// Makes the frame in `rsi` the running one, one call deeper.
pub fn link(ops: &mut Assembler, slow: DynamicLabel) {
    dynasm!(ops
        ; .arch x64
        ; mov eax, [rdi + facts::RECURSION]
        ; dec eax
        ; js =>slow
        ; mov [rdi + facts::RECURSION], eax
        ; mov rax, [r8 + facts::CURRENT]
        ; mov [rsi + facts::FRAME_PREVIOUS], rax
        ; mov [r8 + facts::CURRENT], rsi
    );
}

/// Where saved registers end on the stack: sixteen registers, the lower halves of sixteen vector
/// registers, and eight bytes that align it. The address that the caller returns to stands behind.
const BACK: i32 = 8 * 33;

/// Saves all registers, and calls `fn(return address, registers)`.
fn call_with_registers(ops: &mut Assembler, target: usize) {
    dynasm!(ops
        ; .arch x64
        ; sub rsp, BACK
    );
    for r in (0..16u8).filter(|&r| r != RSP) {
        dynasm!(ops; .arch x64; mov [rsp + 8 * i32::from(r)], Rq(r));
    }
    for x in 0..16u8 {
        dynasm!(ops; .arch x64; movsd [rsp + 128 + 8 * i32::from(x)], Rx(x));
    }
    dynasm!(ops
        ; .arch x64
        ; mov rdi, [rsp + BACK]
        ; mov rsi, rsp
        ; mov rax, QWORD target as i64
        ; call rax
    );
}

fn restore_registers(ops: &mut Assembler) {
    for x in 0..16u8 {
        dynasm!(ops; .arch x64; movsd Rx(x), [rsp + 128 + 8 * i32::from(x)]);
    }
    for r in (0..16u8).filter(|&r| r != RSP) {
        dynasm!(ops; .arch x64; mov Rq(r), [rsp + 8 * i32::from(r)]);
    }
}

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
