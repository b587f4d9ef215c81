// opcode LOAD_NAME = 1
// opcode WITH_ARRAY = 2
// opcode STORE_FAST = 3
// opcode REPEATED = 4
// opcode SIGNED_CACHE = 5, caches 1
case 1: {
    next_instr += 1;
    PyObject *ns = frame->f_executable;
    PyObject *v;
    if (PyMapping_GetOptionalItem(ns, stack_pointer[-1], &v) < 0) {
        goto error;
    }
    if (v == ((void *)0)) {
        PyErr_SetString(PyExc_TypeError, "not" " found");
        goto error;
    }
    stack_pointer[0] = v;
    stack_pointer += 1;
    DISPATCH();
}
case 2: {
    next_instr += 1;
    PyObject *args[3] = {((void *)0), stack_pointer[-1], &_Py_NoneStruct};
    PyObject *res = PyObject_Vectorcall(stack_pointer[-2], args + 1, 2 | (1UL << 63), ((void *)0));
    if (res == ((void *)0)) goto error;
    stack_pointer[0] = res;
    stack_pointer += 1;
    DISPATCH();
}
case 3: {
    next_instr += 1;
    PyObject *value = (*--stack_pointer);
    do { PyObject *tmp = (frame->localsplus[oparg]); (frame->localsplus[oparg]) = value; Py_XDECREF(tmp); } while (0);
    DISPATCH();
}
case 4: {
    next_instr += 1;
    PyListObject *list = (PyListObject *)stack_pointer[-1];
    Py_ssize_t before = list->allocated;
    list->allocated = before + list->allocated;
    Py_ssize_t after = list->allocated;
    list->allocated = after * before;
    DISPATCH();
}
case 5: {
    _Py_CODEUNIT *this_instr = next_instr;
    next_instr += 2;
    int offset = *(short *)&this_instr[1].cache;
    stack_pointer[-1] = *(PyObject **)(((char *)stack_pointer[-1]) + offset);
    DISPATCH();
}
