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
  cmp rdx,10h
  jae short 0000000000000080h
  mov esi,[rax+18h]
  and edx,3
  mov r11d,1
  sub r11,rdx
  imul rsi,r11
  cmp rsi,3FFFFFFFh
  ja Deopt at 2
  mov rdi,[rcx+10h]
  cmp rsi,rdi
  jge Deopt at 2
  mov rdx,[rcx+18h]
  mov r8,[rdx+rsi*8]
; STORE_FAST 2
  cmp dword ptr [r8],0FFFFFFFFh
  adc qword ptr [r8],0
  mov [r13+58h],r8
  jmp Go at 5
; BINARY_SUBSCR_LIST_INT 0 (rarely)
  mov r11,rdx
  shr r11,3
  cmp r11,2
  jne Deopt at 2
  test dl,2
  mov esi,[rax+1Ch]
  mov r11d,[rax+18h]
  je short 00000000000000A9h
  shl rsi,1Eh
  or rsi,r11
  neg rsi
  jmp short 00000000000000B0h
  shl rsi,1Eh
  or rsi,r11
  jmp short 000000000000004Dh
