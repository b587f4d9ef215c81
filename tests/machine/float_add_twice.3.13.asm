; LOAD_FAST 0
; LOAD_FAST 1
; BINARY_OP_ADD_FLOAT 0
  mov rax,[r13+48h]
  mov r11,PyFloat_Type
  cmp r11,[rax+8]
  jne Deopt at 2
  mov rcx,[r13+50h]
  mov r11,PyFloat_Type
  cmp r11,[rcx+8]
  jne Deopt at 2
  movsd xmm0,[rax+10h]
  movsd xmm1,[rcx+10h]
  movaps xmm2,xmm0
  addsd xmm2,xmm1
; LOAD_FAST 0
; BINARY_OP_ADD_FLOAT 0
  movaps xmm3,xmm2
  addsd xmm3,xmm0
; STORE_FAST 2
  jmp Go at 8
