; LOAD_FAST 0
; LOAD_FAST 1
; BINARY_OP_ADD_INT 0
  mov rax,[r13+48h]
  mov rcx,[rax+10h]
  lea r11,[rcx+1]
  cmp r11,2
  ja short 0000000000000051h
  mov edx,[rax+18h]
  imul rdx,rcx
  nop
  mov rsi,[r13+50h]
  mov rdi,[rsi+10h]
  lea r11,[rdi+1]
  cmp r11,2
  ja short 0000000000000080h
  mov r8d,[rsi+18h]
  imul r8,rdi
  mov rcx,rdx
  add rcx,r8
  jo Deopt at 2
; STORE_FAST 2
; LOAD_FAST 2
; LOAD_FAST 1
; BINARY_OP_ADD_INT 0
  mov rdi,rcx
  add rdi,r8
  jo Deopt at 7
; STORE_FAST 2
  jmp Go at 10
; BINARY_OP_ADD_INT 0 (rarely)
  lea r11,[rcx+2]
  cmp r11,4
  ja Deopt at 2
  test rcx,rcx
  mov edx,[rax+1Ch]
  mov r11d,[rax+18h]
  jns short 0000000000000077h
  shl rdx,1Eh
  or rdx,r11
  neg rdx
  jmp short 000000000000007Eh
  shl rdx,1Eh
  or rdx,r11
  jmp short 0000000000000019h
; BINARY_OP_ADD_INT 0 (rarely)
  lea r11,[rdi+2]
  cmp r11,4
  ja Deopt at 2
  test rdi,rdi
  mov r8d,[rsi+1Ch]
  mov r11d,[rsi+18h]
  jns short 00000000000000A7h
  shl r8,1Eh
  or r8,r11
  neg r8
  jmp short 00000000000000AEh
  shl r8,1Eh
  or r8,r11
  jmp short 0000000000000034h
