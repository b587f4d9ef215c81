// opcode LOAD = 1, caches 2
// opcode LOAD_FAST_PATH = 2, base LOAD
static inline int
is_list(PyObject *op)
{
    if (op == ((void *)0)) {
        return 0;
    }
    return op->ob_type == &PyList_Type;
}
static inline PyObject *
item(PyListObject *list, Py_ssize_t i)
{
    if (i < 0) {
        i += ((PyVarObject *)list)->ob_size;
    }
    return list->ob_item[i];
}
// body
case 1: {
    next_instr += 3;
    PRED_1:
    DISPATCH();
}
case 2: {
    _Py_CODEUNIT *this_instr = frame->instr_ptr = next_instr;
    next_instr += 3;
    PyObject *owner = stack_pointer[-1];
    uint32_t version = read_u32(&this_instr[1].cache);
    if (!is_list(owner) || owner->ob_type->tp_version_tag != version) goto PRED_1;
    PyObject *res = item((PyListObject *)owner, oparg - 1);
    Py_INCREF(res);
    Py_DECREF(owner);
    stack_pointer[-1] = res;
    DISPATCH();
}
