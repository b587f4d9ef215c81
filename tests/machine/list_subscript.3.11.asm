; LOAD_FAST 0
; LOAD_FAST 1
; BINARY_SUBSCR_LIST_INT 0
  mov rax,[r13+50h]
  mov r11,PyLong_Type
  cmp r11,[rax+8]
  jne Deopt at 2
  mov rcx,[r13+48h]
  mov r11,PyList_Type
  cmp r11,[rcx+8]
  jne Deopt at 2
  mov rdx,[rax+10h]
  cmp rdx,1
  ja Deopt at 2
  mov esi,[rax+18h]
  mov edi,esi
  mov r8,[rcx+10h]
  cmp rdi,r8
  jge Deopt at 2
  mov r9,[rcx+18h]
  mov r10,[r9+rdi*8]
; STORE_FAST 2
  inc qword ptr [r10]
  mov [r13+58h],r10
  jmp Go at 8
