// opcode CALL_PY = 1, caches 3
// opcode RETURN_VALUE = 2
// opcode YIELD_VALUE = 3
case 1: {
    _Py_CODEUNIT *this_instr = frame->instr_ptr = next_instr;
    next_instr += 4;
    _PyInterpreterFrame *new_frame = push(tstate, stack_pointer[-1 - oparg], &stack_pointer[-oparg], oparg);
    stack_pointer += -1 - oparg;
    if (new_frame == ((void *)0)) goto error;
    frame->return_offset = (uint16_t)(next_instr - this_instr);
    _PyFrame_SetStackPointer(frame, stack_pointer);
    new_frame->previous = frame;
    frame = tstate->current_frame = new_frame;
    tstate->py_recursion_remaining--;
    LOAD_SP();
    LOAD_IP(0);
    DISPATCH();
}
case 2: {
    next_instr += 1;
    PyObject *retval = stack_pointer[-1];
    stack_pointer += -1;
    _PyFrame_SetStackPointer(frame, stack_pointer);
    _PyInterpreterFrame *dying = frame;
    frame = tstate->current_frame = dying->previous;
    _PyEval_FrameClearAndPop(tstate, dying);
    LOAD_SP();
    LOAD_IP(frame->return_offset);
    stack_pointer[0] = retval;
    stack_pointer += 1;
    DISPATCH();
}
case 3: {
    next_instr += 1;
    PyObject *retval = stack_pointer[-1];
    _PyFrame_SetStackPointer(frame, stack_pointer - 1);
    tstate->current_exception = ((void *)0);
    _PyInterpreterFrame *gen_frame = frame;
    frame = tstate->current_frame = frame->previous;
    gen_frame->previous = ((void *)0);
    LOAD_IP(1);
    LOAD_SP();
    stack_pointer[0] = retval;
    stack_pointer += 1;
    DISPATCH();
}
