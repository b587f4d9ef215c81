//! Stands in for generated tables.

use super::table::{Opcode, Roles};

static NOTHING: Opcode = Opcode {
    name: "",
    base: 0,
    caches: 0,
    members: &[],
    variants: &[],
    left: "not derived",
};

pub static OPCODES: [&Opcode; 256] = [&NOTHING; 256];
pub static ROLES: Roles = Roles {
    extended_arg: 1,
    cache: 0,
    return_generator: 2,
    resume: 3,
    backward_jumps: &[],
};
pub static SYMBOLS: &[&std::ffi::CStr] = &[];

#[allow(non_upper_case_globals, non_snake_case)]
pub mod layout {
    macro_rules! fields {
        ($($owner:ident { $($field:ident $offset:literal),* })*) => {
            $(pub mod $owner {
                use crate::emit::types::{Field, Ty};
                $(pub const $field: Field = Field {
                    name: concat!(stringify!($owner), ".", stringify!($field)),
                    offset: $offset,
                    ty: Ty::U64,
                    bits: None,
                    immutable: false,
                };)*
            })*
        };
    }

    #[cfg(Py_3_13)]
    fields! {
        PyObject { ob_refcnt 0, ob_type 8 }
        PyVarObject { ob_size 16 }
        PyTupleObject { ob_item 24 }
        PyFloatObject { ob_fval 16 }
        PyCodeObject { co_consts 24, co_exceptiontable 40, co_flags 48, co_argcount 52, co_kwonlyargcount 60, co_stacksize 64, co_nlocalsplus 72, co_extra 192, co_code_adaptive 200, _co_firsttraceable 184, _co_instrumentation_version 168, _co_monitoring 176 }
        _PyInterpreterFrame { f_executable 0, previous 8, f_funcobj 16, f_globals 24, f_builtins 32, f_locals 40, frame_obj 48, instr_ptr 56, stacktop 64, return_offset 68, owner 70, localsplus 72 }
        PyFrameObject { f_back 16, f_frame 24, _f_frame_data 64 }
        _PyStackChunk { previous 0, size 8, top 16, data 24 }
        PyThreadState { interp 16, eval_breaker 24, py_recursion_remaining 44, c_recursion_remaining 52, current_frame 72, current_exception 112, exc_info 120, datastack_chunk 232, datastack_top 240, datastack_limit 248 }
    }

    #[cfg(not(Py_3_13))]
    fields! {
        PyObject { ob_refcnt 0, ob_type 8 }
        PyVarObject { ob_size 16 }
        PyTupleObject { ob_item 24 }
        PyFloatObject { ob_fval 16 }
        PyCodeObject { co_consts 24, co_exceptiontable 40, co_flags 48, co_argcount 56, co_kwonlyargcount 64, co_stacksize 68, co_nlocalsplus 76, co_extra 176, co_code_adaptive 184, _co_firsttraceable 168 }
        _PyInterpreterFrame { f_func 0, f_globals 8, f_builtins 16, f_locals 24, f_code 32, frame_obj 40, previous 48, prev_instr 56, stacktop 64, is_entry 68, owner 69, localsplus 72 }
        PyThreadState { interp 16, recursion_remaining 32, cframe 56, exc_info 120, datastack_chunk 296, datastack_top 304, datastack_limit 312 }
        PyInterpreterState { ceval 96 }
        _ceval_state { eval_breaker 4 }
        PyFrameObject { f_back 16, f_frame 24, _f_frame_data 48 }
        _PyStackChunk { previous 0, size 8, top 16, data 24 }
        _PyCFrame { use_tracing 0, current_frame 8 }
    }
}
