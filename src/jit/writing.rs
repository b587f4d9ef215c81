//! Shared machine code that makes an object of a number, or writes it to a local of the running frame.
#![expect(
    clippy::useless_conversion,
    reason = "the macro converts register numbers, whatever their type"
)]

use dynasmrt::x64::Rq;
use dynasmrt::{AssemblyOffset, DynamicLabel, DynasmApi, DynasmLabelApi, dynasm};
use pyo3::ffi;

use crate::emit::helpers;
use crate::jit::facts;
use crate::jit::trampoline::{Assembler, Targets};
use crate::release::layout::PyObject;

/// `fn(slot, value)`: as `helpers::write_long`, which does what is not done here: most of what is
/// written are positive numbers that take the place of another one, or exist already.
pub fn write_long(ops: &mut Assembler, targets: &Targets) -> AssemblyOffset {
    let [small, end, other] = std::array::from_fn(|_| ops.new_dynamic_label());
    let entry = ops.offset();
    dynasm!(ops
        ; .arch x64
        ; mov rax, [rdi]
        ; cmp rsi, helpers::GREATEST_SHARED as i32
        ; jle =>small
        ; test rax, rax
        ; jz =>other
        ; mov rcx, QWORD facts::long_type() as i64
        ; cmp [rax + PyObject::ob_type.offset], rcx
        ; jne =>other
        ; cmp QWORD [rax], 1
        ; jne =>other
        ; cmp QWORD [rax + facts::LONG_SIZE], facts::ONE_DIGIT
        ; jne =>other
        ; mov rdx, rsi
        ; shr rdx, facts::DIGIT_BITS as i8
        ; jnz =>other
        ; mov [rax + facts::FIRST_DIGIT], esi
        ; =>end
        ; ret
        ; =>small
    );
    if let Some(shared) = shared_ints() {
        // What was there is an int, a float or NULL.
        find_shared(ops, shared, Rq::RSI, other);
        dynasm!(ops
            ; .arch x64
            ; mov [rdi], rcx
            ; test rax, rax
            ; jz =>end
        );
        if facts::IMMORTALS {
            dynasm!(ops
                ; .arch x64
                ; cmp DWORD [rax], 0
                ; jl =>end
            );
        }
        dynasm!(ops
            ; .arch x64
            ; dec QWORD [rax]
            ; jnz =>end
            ; mov rdi, rax
            ; mov rax, QWORD targets.dealloc as i64
            ; jmp rax
        );
    }
    dynasm!(ops
        ; .arch x64
        ; =>other
        ; mov rax, QWORD helpers::write_long as *const () as i64
        ; jmp rax
    );
    entry
}

/// `fn(value) -> object`: as `helpers::box_long`, which makes those that do not exist already.
pub fn box_long(ops: &mut Assembler) -> AssemblyOffset {
    let other = ops.new_dynamic_label();
    let entry = ops.offset();
    if let Some(shared) = shared_ints() {
        find_shared(ops, shared, Rq::RDI, other);
        dynasm!(ops; .arch x64; mov rax, rcx; ret);
    }
    dynasm!(ops
        ; .arch x64
        ; =>other
        ; mov rax, QWORD helpers::box_long as *const () as i64
        ; jmp rax
    );
    entry
}

/// Where ints lie that exist once for everybody.
#[derive(Clone, Copy, Debug)]
struct SharedInts {
    least: usize,
    /// How far they lie apart.
    size: i32,
}

/// A reference to the shared int of a value in `rcx`; goes to `other` where there is none. Changes `rdx`.
fn find_shared(ops: &mut Assembler, shared: SharedInts, value: Rq, other: DynamicLabel) {
    let count = (helpers::GREATEST_SHARED - helpers::LEAST_SHARED) as i32;
    dynasm!(ops
        ; .arch x64
        ; lea rdx, [Rq(value as u8) - helpers::LEAST_SHARED as i32]
        ; cmp rdx, count
        ; ja =>other
        ; imul rdx, rdx, shared.size
        ; mov rcx, QWORD shared.least as i64
        ; add rcx, rdx
    );
    if !facts::IMMORTALS {
        dynasm!(ops; .arch x64; inc QWORD [rcx]);
    }
}

/// Where the shared ints are, if they lie in a row.
fn shared_ints() -> Option<SharedInts> {
    let address = |value: i64| {
        // SAFETY: the compiler is set up with the GIL held; such an int is never freed.
        unsafe {
            let object = ffi::PyLong_FromLongLong(value);
            ffi::Py_XDECREF(object);
            object as usize
        }
    };
    let least = address(helpers::LEAST_SHARED);
    let size = address(helpers::LEAST_SHARED + 1).checked_sub(least)?;
    let mut values = (helpers::LEAST_SHARED..=helpers::GREATEST_SHARED).enumerate();
    let in_a_row = values.all(|(i, value)| address(value) == least + i * size);
    let size = i32::try_from(size).ok()?;
    in_a_row.then_some(SharedInts { least, size })
}
