// opcode ONE = 1
// opcode TWO = 2
// equal ONE TWO
case 1: {
    next_instr += 1;
    PyObject *container, *sub, *res;
    sub = stack_pointer[-1];
    container = stack_pointer[-2];
    res = PyObject_GetItem(container, sub);
    Py_DECREF(container);
    Py_DECREF(sub);
    if (res == ((void *)0)) goto pop_2_error;
    stack_pointer[-2] = res;
    stack_pointer += -1;
    DISPATCH();
}
case 2: {
    next_instr++;
    PyObject *index = (*--stack_pointer);
    PyObject *from = (stack_pointer[-1]);
    PyObject *found = PyObject_GetItem(from, index);
    do { Py_DECREF(from); Py_DECREF(index); } while (0);
    if (!found) {
        stack_pointer -= 1;
        goto error;
    } else {
        (stack_pointer[-1] = (found));
    }
    DISPATCH();
}
