/* Read just inside the evaluation function: macros that templates know by name become calls. */
#undef Py_DECREF
#undef Py_XDECREF
#undef _Py_DECREF_SPECIALIZED
#undef _Py_DECREF_NO_DEALLOC
#undef DISPATCH
#undef DISPATCH_GOTO
#undef DISPATCH_SAME_OPARG
#undef DISPATCH_INLINED
#undef NOTRACE_DISPATCH
#undef CHECK_EVAL_BREAKER
#undef LOAD_IP
#undef LOAD_SP
#undef NEXTOPARG
#define NEXTOPARG() (opcode = cevalry_unit_opcode(next_instr), oparg = cevalry_unit_oparg(next_instr))
#undef _Py_OPARG
#undef _Py_OPCODE
#undef _Py_ENTER_RECURSIVE_CALL
#undef Py_UNREACHABLE
#define Py_UNREACHABLE() __builtin_unreachable()
#undef Py_CLEAR
#define Py_CLEAR(place) Py_XSETREF(place, NULL)
#undef Py_SETREF
#define Py_SETREF(place, value) do { PyObject *old = (PyObject *)(place); (place) = (value); Py_DECREF(old); } while (0)
#undef Py_XSETREF
#define Py_XSETREF(place, value) do { PyObject *old = (PyObject *)(place); (place) = (value); Py_XDECREF(old); } while (0)
#ifdef DECREF_INPUTS_AND_REUSE_FLOAT
#undef DECREF_INPUTS_AND_REUSE_FLOAT
#define DECREF_INPUTS_AND_REUSE_FLOAT(left, right, value, result) \
    ((result) = DECREF_INPUTS_AND_REUSE_FLOAT(left, right, value))
#endif
#undef ENABLE_SPECIALIZATION
#define ENABLE_SPECIALIZATION 0
#undef ENABLE_SPECIALIZATION_FT
#define ENABLE_SPECIALIZATION_FT 0
#undef TRACE_FUNCTION_EXIT
#define TRACE_FUNCTION_EXIT() ((void)0)
#undef DTRACE_FUNCTION_EXIT
#define DTRACE_FUNCTION_EXIT() ((void)0)
#undef PREDICT
#define PREDICT(op) ((void)0)
#undef INSTRUCTION_STATS
#define INSTRUCTION_STATS(op) ((void)0)
#undef LLTRACE_RESUME_FRAME
#define LLTRACE_RESUME_FRAME() ((void)0)
#undef QSBR_QUIESCENT_STATE
#define QSBR_QUIESCENT_STATE(tstate)
#undef COMPARISON_BIT
#undef _PyLong_IsCompact
#undef PyStackRef_AsPyObjectBorrow
#undef PyStackRef_AsPyObjectNew
#undef PyStackRef_AsPyObjectSteal
#undef PyStackRef_Borrow
#undef PyStackRef_CLOSE
#undef PyStackRef_CLOSE_SPECIALIZED
#undef PyStackRef_DUP
#undef PyStackRef_False
#undef PyStackRef_FromPyObjectBorrow
#undef PyStackRef_FromPyObjectImmortal
#undef PyStackRef_FromPyObjectNew
#undef PyStackRef_FromPyObjectNewMortal
#undef PyStackRef_FromPyObjectSteal
#undef PyStackRef_FromPyObjectStealMortal
#undef PyStackRef_IncrementTaggedIntNoOverflow
#undef PyStackRef_IsError
#undef PyStackRef_IsFalse
#undef PyStackRef_IsHeapSafe
#undef PyStackRef_IsNone
#undef PyStackRef_IsNull
#undef PyStackRef_IsTaggedInt
#undef PyStackRef_IsTrue
#undef PyStackRef_IsValid
#undef PyStackRef_MakeHeapSafe
#undef PyStackRef_NULL
#undef PyStackRef_None
#undef PyStackRef_TagInt
#undef PyStackRef_True
#undef PyStackRef_UntagInt
#undef PyStackRef_Unwrap
#undef PyStackRef_Wrap
#undef PyStackRef_XCLOSE
#define PyStackRef_NULL PyStackRef_NULL()
#define PyStackRef_None PyStackRef_None()
#define PyStackRef_True PyStackRef_True()
#define PyStackRef_False PyStackRef_False()
