// opcode BINARY_OP = 1, caches 1
// opcode BINARY_OP_ADD_FLOAT = 2, base BINARY_OP
case 1: TARGET_1: {
    frame->instr_ptr = next_instr;
    next_instr += 2;
    PRED_1:
    stack_pointer[-2] = PyObject_GetItem(stack_pointer[-2], stack_pointer[-1]);
    stack_pointer += -1;
    DISPATCH();
}
case 2: {
    frame->instr_ptr = next_instr;
    next_instr += 2;
    PyObject *right = stack_pointer[-1];
    PyObject *left = stack_pointer[-2];
    if (!(((PyObject *)left)->ob_type == &PyFloat_Type)) { goto PRED_1; }
    if (!(((PyObject *)right)->ob_type == &PyFloat_Type)) goto PRED_1;
    double sum = ((PyFloatObject *)left)->ob_fval + ((PyFloatObject *)right)->ob_fval;
    PyObject *res = PyFloat_FromDouble(sum);
    Py_DECREF(right);
    Py_DECREF(left);
    if (res == ((void *)0)) goto pop_2_error;
    stack_pointer[-2] = res;
    stack_pointer += -1;
    DISPATCH();
}
