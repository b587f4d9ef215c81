//! Shared machine code by which blocks resume generators and coroutines, where their templates only
//! call the interpreter for that.

use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};
use pyo3::ffi;

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

/// Writes a function that is called from a block. What it does not do at once it leaves to the
/// function that it stands for, with nothing done. Otherwise as `gen_send_ex2` does.
pub fn resume(
    ops: &mut Assembler,
    entered: DynamicLabel,
    targets: &Targets,
    memory: usize,
    ending: Ending,
) -> AssemblyOffset {
    let state = PyGenObject::gi_frame_state.offset;
    let inner = PyGenObject::gi_iframe.offset;
    let exceptions = PyGenObject::gi_exc_state.offset;
    let outer = exceptions + _PyErr_StackItem::previous_item.offset;
    let sends = ending == Ending::Send;
    let [slow, undo, known, ready, alone, over] = std::array::from_fn(|_| ops.new_dynamic_label());
    // SAFETY: `None` is static.
    let none = unsafe { ffi::Py_None() };

    let start = ops.offset();
    dynasm!(ops
        ; .arch x64
        ; mov rax, [rdi + PyObject::ob_type.offset]
        ; mov rcx, QWORD &raw const ffi::PyGen_Type as i64
        ; cmp rax, rcx
        ; je =>known
    );
    if sends {
        dynasm!(ops
            ; .arch x64
            ; mov rcx, QWORD &raw const ffi::PyCoro_Type as i64
            ; cmp rax, rcx
            ; jne =>slow
        );
    } else {
        dynasm!(ops; .arch x64; jmp =>slow);
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
        ; mov rcx, [r12 + thread::interp.offset]
        ; mov rcx, [rcx + PyInterpreterState::eval_frame.offset]
        ; mov rax, QWORD targets.hook as i64
        ; cmp rcx, rax
        ; je =>alone
        ; test rcx, rcx
        ; jz =>alone
        ; mov rax, QWORD targets.evaluator as i64
        ; cmp rcx, rax
        ; jne =>slow
        ; =>alone
        ; sub rsp, 24
        ; mov [rsp], rdi
        ; mov [rsp + 8], rsi
        ; mov [rsp + 16], rdx
        ; lea rsi, [rdi + inner]
        ; mov rdi, r12
        ; mov rdx, [rbp + machine::LIMIT]
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
        ; call =>entered
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
    let finished = exhausted as *const ();
    dynasm!(ops
        ; .arch x64
        ; add rsp, 24
        ; ret
        ; =>over
        ; mov rsi, rax
        ; mov rdx, [rsp + 16]
        ; mov rax, QWORD finished as i64
        ; call rax
        ; add rsp, 24
        ; ret
        ; =>undo
        ; mov rdi, [rsp]
        ; mov rsi, [rsp + 8]
        ; mov rdx, [rsp + 16]
        ; add rsp, 24
        ; =>slow
    );
    if sends {
        dynasm!(ops
            ; .arch x64
            ; mov rax, QWORD ffi::PyIter_Send as *const () as i64
            ; jmp rax
        );
    } else {
        dynasm!(ops
            ; .arch x64
            ; mov rax, [rdi + PyObject::ob_type.offset]
            ; jmp QWORD [rax + PyTypeObject::tp_iternext.offset]
        );
    }
    start
}
