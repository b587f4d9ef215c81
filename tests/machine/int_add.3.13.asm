; LOAD_FAST 0
; LOAD_FAST 1
; BINARY_OP_ADD_INT 0
  mov rax,[r13+48h]
  mov rcx,[rax+10h]
  cmp rcx,10h
  jae short 0000000000000061h
  mov edx,[rax+18h]
  and ecx,3
  mov r11d,1
  sub r11,rcx
  imul rdx,r11
  nop
  mov rsi,[r13+50h]
  mov rdi,[rsi+10h]
  cmp rdi,10h
  jae short 0000000000000093h
  mov r8d,[rsi+18h]
  and edi,3
  mov r11d,1
  sub r11,rdi
  imul r8,r11
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
  mov r11,rcx
  shr r11,3
  cmp r11,2
  jne Deopt at 2
  test cl,2
  mov edx,[rax+1Ch]
  mov r11d,[rax+18h]
  je short 000000000000008Ah
  shl rdx,1Eh
  or rdx,r11
  neg rdx
  jmp short 0000000000000091h
  shl rdx,1Eh
  or rdx,r11
  jmp short 0000000000000021h
; BINARY_OP_ADD_INT 0 (rarely)
  mov r11,rdi
  shr r11,3
  cmp r11,2
  jne Deopt at 2
  test dil,2
  mov r8d,[rsi+1Ch]
  mov r11d,[rsi+18h]
  je short 00000000000000BEh
  shl r8,1Eh
  or r8,r11
  neg r8
  jmp short 00000000000000C5h
  shl r8,1Eh
  or r8,r11
  jmp 0000000000000044h
