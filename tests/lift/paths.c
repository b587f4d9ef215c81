// opcode CALL = 1, caches 3
// opcode POP_JUMP_IF_NONE = 2
case 1: {
    frame->instr_ptr = next_instr;
    next_instr += 4;
    int is_meth = (stack_pointer[-(oparg + 2)] != ((void *)0));
    int total_args = oparg + is_meth;
    PyObject *function = stack_pointer[-(total_args + 1)];
    PyObject *res = PyObject_Vectorcall(function, stack_pointer - total_args, total_args, ((void *)0));
    Py_DECREF(function);
    stack_pointer -= total_args;
    for (int i = 0; i < total_args; i++) {
        Py_DECREF(stack_pointer[i]);
    }
    stack_pointer -= 2 - is_meth;
    *stack_pointer++ = res;
    if (res == ((void *)0)) {
        goto error;
    }
    CHECK_EVAL_BREAKER();
    DISPATCH();
}
case 2: {
    next_instr += 1;
    PyObject *value = stack_pointer[-1];
    PyObject *b;
    if (value == &_Py_NoneStruct) {
        b = &_Py_TrueStruct;
    }
    else {
        b = &_Py_FalseStruct;
        Py_DECREF(value);
    }
    int flag = b == &_Py_TrueStruct;
    next_instr += flag ? oparg : 0;
    stack_pointer += -1;
    DISPATCH();
}
