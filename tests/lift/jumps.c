// opcode JUMP_BACKWARD = 1, caches 1
// opcode FIRST = 2
// opcode SECOND = 3
// opcode LOAD_FAST__LOAD_FAST = 4
// opcode CHOOSE = 5
case 1: {
    next_instr += 2;
    CHECK_EVAL_BREAKER();
    (next_instr += (-oparg));
    DISPATCH();
}
case 2: {
    next_instr += 1;
    Py_INCREF(stack_pointer[-1]);
    goto PRED_3;
}
case 3: {
    next_instr += 1;
    PRED_3:
    if (PyObject_IsTrue(stack_pointer[-1]) < 0) goto shared;
    DISPATCH();
}
case 4: {
    next_instr += 1;
    PyObject *value = frame->localsplus[oparg];
    if (value == ((void *)0)) {
        goto unbound_local_error;
    }
    Py_INCREF(value);
    *stack_pointer++ = value;
    (opcode = cevalry_unit_opcode(next_instr), oparg = cevalry_unit_oparg(next_instr));
    next_instr++;
    value = frame->localsplus[oparg];
    if (value == ((void *)0)) {
        goto unbound_local_error;
    }
    Py_INCREF(value);
    *stack_pointer++ = value;
    DISPATCH();
}
case 5: {
    next_instr += 1;
    PyObject *res;
    switch (oparg & 3) {
        case 0:
            res = &_Py_NoneStruct;
            break;
        case 1:
        case 2:
            res = &_Py_TrueStruct;
            break;
        default:
            goto exception_unwind;
    }
    stack_pointer[0] = res;
    stack_pointer += 1;
    DISPATCH();
}
