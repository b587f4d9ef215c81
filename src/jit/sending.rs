//! Shared machine code that resumes generators and coroutines: for blocks whose templates only call the
//! interpreter for that, and for C code, which calls it through slots of their types.

use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};
use pyo3::ffi;

use crate::emit::view::Slots;
use crate::jit::facts;
#[cfg(not(Py_3_12))]
use crate::jit::finish;
use crate::jit::machine;
use crate::jit::trampoline::{Assembler, Targets, find_resumption, link};
use crate::release::layout::{
    _PyErr_StackItem, _PyInterpreterFrame as frame, PyGenObject, PyInterpreterState, PyObject,
    PyThreadState as thread, PyTypeObject,
};

/// What is made of what the body gives, and which function it stands for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Ending {
    /// `PyIter_Send(object, value, result)`
    Send,
    /// `tp_iternext(generator)`
    Next,
}

/// Who calls.
#[derive(Clone, Copy, Debug)]
pub enum Caller {
    Block,
    /// C code, through a slot; our functions in the slots do what is not done at once.
    Slot(Slots),
}

/// A generator's body is over: what `tp_iternext` gives.
///
/// # Safety
/// The result is a reference that is taken over, or NULL with an exception set; the GIL is held.
#[cfg(Py_3_12)]
unsafe extern "C" fn exhausted(
    _generator: *mut ffi::PyObject,
    result: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    if !result.is_null() {
        // SAFETY: by the caller.
        unsafe { crate::jit::resume::stop(result) };
    }
    std::ptr::null_mut()
}

/// The same for what sending to it gives.
///
/// # Safety
/// As for [`exhausted`], and `to` is writable.
#[cfg(Py_3_12)]
unsafe extern "C" fn sent(
    _generator: *mut ffi::PyObject,
    result: *mut ffi::PyObject,
    to: *mut *mut ffi::PyObject,
) -> ffi::PySendResult {
    // SAFETY: by the caller.
    unsafe { *to = result };
    match result.is_null() {
        true => ffi::PySendResult::PYGEN_ERROR,
        false => ffi::PySendResult::PYGEN_RETURN,
    }
}

/// Bytes for what is kept across the call of the body.
const KEPT: i32 = 24;

/// Writes what resumes what it is given: a function for slots, and for blocks what they go to by
/// `Emit::jump_and_back`. What it does not do at once it leaves, with nothing done, to the function that it
/// stands for, or to ours in the slot. Otherwise as `gen_send_ex2` does.
pub fn resume(
    ops: &mut Assembler,
    entered: DynamicLabel,
    targets: &Targets,
    memory: usize,
    ending: Ending,
    caller: Caller,
) -> AssemblyOffset {
    let state = PyGenObject::gi_frame_state.offset;
    let inner = PyGenObject::gi_iframe.offset;
    let exceptions = PyGenObject::gi_exc_state.offset;
    let outer = exceptions + _PyErr_StackItem::previous_item.offset;
    let sends = ending == Ending::Send;
    let [slow, undo, known, ready, alone, behind, over] =
        std::array::from_fn(|_| ops.new_dynamic_label());
    // SAFETY: `None` is static.
    let none = unsafe { ffi::Py_None() };

    let start = ops.offset();
    if let Caller::Block = caller {
        expect_type(ops, sends, known, slow);
    }
    dynasm!(ops
        ; .arch x64
        ; =>known
        ; movsx eax, BYTE [rdi + state]
        ; test eax, eax
        ; jns =>slow
        ; mov rcx, QWORD none as i64
    );
    if sends {
        dynasm!(ops
            ; .arch x64
            ; cmp eax, i32::from(facts::CREATED)
            ; jne =>ready
            ; cmp rsi, rcx
            ; jne =>slow
            ; =>ready
        );
    } else {
        dynasm!(ops; .arch x64; =>ready; mov rsi, rcx);
    }
    dynasm!(ops
        ; .arch x64
        ; mov rcx, QWORD targets.forward as i64
        ; cmp QWORD [rcx], 0
        ; jne =>slow
    );
    match caller {
        Caller::Block => dynasm!(ops
            ; .arch x64
            ; sub rsp, KEPT
            ; mov [rsp], rdi
            ; mov [rsp + 8], rsi
            ; mov [rsp + 16], rdx
            ; mov rdx, [rbp + machine::LIMIT]
            ; mov rcx, [r12 + thread::interp.offset]
        ),
        Caller::Slot(slots) => enter_from_c(ops, undo, slots),
    }
    dynasm!(ops
        ; .arch x64
        ; mov rcx, [rcx + PyInterpreterState::eval_frame.offset]
        ; mov rax, QWORD targets.hook as i64
        ; cmp rcx, rax
        ; je =>alone
        ; test rcx, rcx
        ; jz =>alone
        ; mov rax, QWORD targets.evaluator as i64
        ; cmp rcx, rax
        ; jne =>undo
        ; =>alone
        ; lea rsi, [rdi + inner]
        ; mov rdi, r12
    );
    find_resumption(ops, undo, targets, memory);
    link(ops, undo);
    dynasm!(ops
        ; .arch x64
        ; mov r8, [rsp]
        ; mov r10, [rsp + 8]
    );
    if !facts::IMMORTALS || sends {
        dynasm!(ops; .arch x64; inc QWORD [r10]);
    }
    dynasm!(ops
        ; .arch x64
        ; movsxd rax, DWORD [rsi + frame::stacktop.offset]
        ; mov [rsi + rax * 8 + facts::LOCALS], r10
        ; mov DWORD [rsi + frame::stacktop.offset], facts::RUNNING
        ; mov rax, [r12 + thread::exc_info.offset]
        ; mov [r8 + outer], rax
        ; lea rax, [r8 + exceptions]
        ; mov [r12 + thread::exc_info.offset], rax
        ; mov BYTE [r8 + state], facts::EXECUTING
        ; lea rax, [=>behind]
        ; push rax
        ; jmp =>entered
        ; =>behind
        ; mov rdi, [rsp]
    );
    if !facts::BODY_CLEANS_UP {
        dynasm!(ops
            ; .arch x64
            ; mov rcx, [rdi + outer]
            ; mov [r12 + thread::exc_info.offset], rcx
            ; mov QWORD [rdi + outer], 0
            ; mov QWORD [rdi + inner + facts::FRAME_PREVIOUS], 0
        );
    }
    dynasm!(ops
        ; .arch x64
        ; test rax, rax
        ; jz =>over
        ; cmp BYTE [rdi + state], facts::EXECUTING
        ; jge =>over
    );
    if sends {
        dynasm!(ops
            ; .arch x64
            ; mov rdx, [rsp + 16]
            ; mov [rdx], rax
            ; mov eax, ffi::PySendResult::PYGEN_NEXT as i32
        );
    }
    #[cfg(not(Py_3_12))]
    let finished = match ending {
        Ending::Send => finish::sent as *const (),
        Ending::Next => finish::exhausted as *const (),
    };
    #[cfg(Py_3_12)]
    let finished = match ending {
        Ending::Send => sent as *const (),
        Ending::Next => exhausted as *const (),
    };
    let ret = ops.new_dynamic_label();
    dynasm!(ops
        ; .arch x64
        ; =>ret
    );
    leave(ops, caller);
    match caller {
        Caller::Block => go_back(ops),
        Caller::Slot(_) => dynasm!(ops; .arch x64; ret),
    }
    dynasm!(ops
        ; .arch x64
        ; =>over
        ; mov rsi, rax
        ; mov rdx, [rsp + 16]
        ; mov rax, QWORD finished as i64
        ; call rax
        ; jmp =>ret
        ; =>undo
        ; mov rdi, [rsp]
        ; mov rsi, [rsp + 8]
        ; mov rdx, [rsp + 16]
    );
    leave(ops, caller);
    dynasm!(ops; .arch x64; =>slow);
    match (caller, ending) {
        (Caller::Slot(slots), Ending::Send) => jump_to(ops, slots.send),
        (Caller::Slot(slots), Ending::Next) => jump_to(ops, slots.next),
        (Caller::Block, Ending::Send) => {
            dynasm!(ops; .arch x64; mov rax, QWORD ffi::PyIter_Send as *const () as i64);
            call_and_go_back(ops);
        }
        (Caller::Block, Ending::Next) => {
            dynasm!(ops
                ; .arch x64
                ; mov rax, [rdi + PyObject::ob_type.offset]
                ; mov rax, [rax + PyTypeObject::tp_iternext.offset]
            );
            call_and_go_back(ops);
        }
    }
    start
}

fn jump_to(ops: &mut Assembler, function: usize) {
    dynasm!(ops; .arch x64; mov rax, QWORD function as i64; jmp rax);
}

/// Calls the function in `rax` in the place of all that such code does.
pub fn call_and_go_back(ops: &mut Assembler) {
    dynasm!(ops; .arch x64; sub rsp, 8; call rax; add rsp, 8);
    go_back(ops);
}

/// Whoever resumes a body has pushed where to go on, and jumped: nested generators are no calls for the
/// processor, which foresees the returns of the innermost sixteen or so.
pub fn go_back(ops: &mut Assembler) {
    dynasm!(ops; .arch x64; pop rcx; jmp rcx);
}

/// Goes to `known` for a generator, and where something is sent for a coroutine.
fn expect_type(ops: &mut Assembler, sends: bool, known: DynamicLabel, slow: DynamicLabel) {
    dynasm!(ops
        ; .arch x64
        ; mov rax, [rdi + PyObject::ob_type.offset]
        ; mov rcx, QWORD &raw const ffi::PyGen_Type as i64
        ; cmp rax, rcx
    );
    if !sends {
        dynasm!(ops; .arch x64; jne =>slow);
        return;
    }
    dynasm!(ops
        ; .arch x64
        ; je =>known
        ; mov rcx, QWORD &raw const ffi::PyCoro_Type as i64
        ; cmp rax, rcx
        ; jne =>slow
    );
}

/// Keeps the arguments, and gets at what blocks have at hand: the thread's state in `r12`, its
/// interpreter in `rcx` and the native stack's limit in `rdx`. Goes to `undo` where they are not
/// those of the thread that was asked for last, and of the main interpreter.
fn enter_from_c(ops: &mut Assembler, undo: DynamicLabel, slots: Slots) {
    dynasm!(ops
        ; .arch x64
        ; push r12
        ; sub rsp, KEPT + 8
        ; mov [rsp], rdi
        ; mov [rsp + 8], rsi
        ; mov [rsp + 16], rdx
        ; mov rax, QWORD ffi::PyThreadState_Get as *const () as i64
        ; call rax
        ; mov r12, rax
        ; mov rdi, [rsp]
        ; mov rax, [r12 + thread::id.offset]
        ; inc rax
        ; mov rcx, QWORD slots.last_thread as i64
        ; cmp rax, [rcx]
        ; jne =>undo
        ; mov rcx, QWORD slots.last_limit as i64
        ; mov rdx, [rcx]
        ; mov rax, QWORD slots.main as i64
        ; mov rcx, [r12 + thread::interp.offset]
        ; cmp rcx, [rax]
        ; jne =>undo
    );
}

/// Takes what was kept off the stack.
fn leave(ops: &mut Assembler, caller: Caller) {
    match caller {
        Caller::Block => dynasm!(ops; .arch x64; add rsp, KEPT),
        Caller::Slot(_) => dynasm!(ops; .arch x64; add rsp, KEPT + 8; pop r12),
    }
}
