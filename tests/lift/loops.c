// opcode UNPACK = 1
// opcode CLEAR = 2
// opcode COUNT = 3
case 1: {
    next_instr += 1;
    PyObject *seq = stack_pointer[-1];
    PyObject **values = &stack_pointer[-1];
    PyObject **items = ((PyTupleObject *)seq)->ob_item;
    for (int i = oparg; --i >= 0; ) {
        *values++ = _Py_NewRef(items[i]);
    }
    Py_DECREF(seq);
    stack_pointer += -1 + oparg;
    DISPATCH();
}
case 2: {
    next_instr += 1;
    while (oparg--) {
        PyObject *v = *--stack_pointer;
        Py_DECREF(v);
    }
    DISPATCH();
}
case 3: {
    next_instr += 1;
    PyObject *list = stack_pointer[-1];
    Py_ssize_t n = 0;
    for (Py_ssize_t i = 0; i < ((PyVarObject *)list)->ob_size; i++) {
        if (((PyListObject *)list)->ob_item[i] == &_Py_NoneStruct) {
            continue;
        }
        if (((PyListObject *)list)->ob_item[i] == &_Py_TrueStruct) {
            break;
        }
        n++;
    }
    ((PyListObject *)list)->allocated = n;
    DISPATCH();
}
