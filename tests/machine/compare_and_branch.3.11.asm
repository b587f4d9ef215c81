; LOAD_FAST 0
; LOAD_FAST 1
; COMPARE_OP 0
  mov rax,[r12+48h]
  mov rcx,[rax+10h]
  lea r11,[rcx+1]
  cmp r11,2
  ja short 0000000000000043h
  mov edx,[rax+18h]
  imul rdx,rcx
  mov rsi,[r12+50h]
  mov rdi,[rsi+10h]
  lea r11,[rdi+1]
  cmp r11,2
  ja short 0000000000000072h
  mov r8d,[rsi+18h]
  imul r8,rdi
; POP_JUMP_FORWARD_IF_FALSE 4
  cmp rdx,r8
  jl Go at 6
  jmp Go at 10
; COMPARE_OP 0 (rarely)
  lea r11,[rcx+2]
  cmp r11,4
  ja Deopt at 2
  test rcx,rcx
  mov edx,[rax+1Ch]
  mov r11d,[rax+18h]
  jns short 0000000000000069h
  shl rdx,1Eh
  or rdx,r11
  neg rdx
  jmp short 0000000000000070h
  shl rdx,1Eh
  or rdx,r11
  jmp short 000000000000001Ah
; COMPARE_OP 0 (rarely)
  lea r11,[rdi+2]
  cmp r11,4
  ja Deopt at 2
  test rdi,rdi
  mov r8d,[rsi+1Ch]
  mov r11d,[rsi+18h]
  jns short 0000000000000099h
  shl r8,1Eh
  or r8,r11
  neg r8
  jmp short 00000000000000A0h
  shl r8,1Eh
  or r8,r11
  jmp short 0000000000000035h
