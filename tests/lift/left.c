// opcode ASSEMBLY = 1
// opcode UNDECLARED = 2
// opcode RUN_TIME_DEPTH = 3
// opcode RECURSIVE = 4
// opcode INSTRUMENTED_CALL = 5
// opcode RUNS_OUT = 6
static inline int again(int n) { return n ? again(n - 1) : 0; }
// body
case 1: {
    __asm__("nop");
    DISPATCH();
}
case 2: {
    unheard_of(stack_pointer[-1]);
    DISPATCH();
}
case 3: {
    stack_pointer += PyObject_IsTrue(stack_pointer[-1]);
    DISPATCH();
}
case 4: {
    again(oparg);
    DISPATCH();
}
case 5: {
    DISPATCH();
}
case 6: {
    next_instr += 1;
}
