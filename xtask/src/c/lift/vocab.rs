//! C functions and macros that templates keep by name.

use crate::c::ctype::CType;

/// Inline functions that stay calls.
const KEPT: &[&str] = &[
    "Py_INCREF",
    "Py_DECREF",
    "Py_XINCREF",
    "Py_XDECREF",
    "Py_NewRef",
    "Py_XNewRef",
    "_Py_NewRef",
    "_Py_XNewRef",
    "_Py_DECREF_NO_DEALLOC",
    "_Py_DECREF_SPECIALIZED",
    "DECREF_INPUTS_AND_REUSE_FLOAT",
    "PyFloat_FromDouble",
    "PyLong_FromLong",
    "PyLong_FromSsize_t",
    "_PyLong_Add",
    "_PyLong_Subtract",
    "_PyLong_Multiply",
    "_PyLong_IsCompact",
    "_PyLong_IsNonNegativeCompact",
    "_PyLong_CompactValue",
    "_PyFrame_PushUnchecked",
    "_PyFrame_Push",
    "_PyThreadState_HasStackSpace",
    "COMPARISON_BIT",
    "_Py_EnterRecursiveCallTstate",
    "_Py_LeaveRecursiveCallTstate",
    "_Py_EnterRecursivePy",
];

/// Families of inline functions that stay calls.
const KEPT_PREFIXES: &[&str] = &["PyStackRef_", "_PyStackRef_"];

/// Kept calls that neither change nor run anything.
const PURE: &[&str] = &[
    "_PyLong_IsCompact",
    "_PyLong_IsNonNegativeCompact",
    "_PyLong_CompactValue",
    "_PyThreadState_HasStackSpace",
    "COMPARISON_BIT",
];

/// Functions that clear the frame they are given and take it off the thread's stack.
pub const CLEAR_FRAME: &[&str] = &[
    "_PyEval_FrameClearAndPop",
    "_PyEvalFrameClearAndPop",
    "pop_frame",
];

pub fn kept(name: &str) -> bool {
    KEPT.contains(&name) || KEPT_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

pub fn pure(name: &str) -> bool {
    PURE.contains(&name)
}

/// The result of a vocabulary macro, which has no prototype.
pub fn macro_result(name: &str, object: impl FnOnce() -> CType) -> Option<CType> {
    match name {
        "_Py_DECREF_NO_DEALLOC" | "_Py_DECREF_SPECIALIZED" => Some(CType::Void),
        "DECREF_INPUTS_AND_REUSE_FLOAT" => Some(object()),
        _ => None,
    }
}
