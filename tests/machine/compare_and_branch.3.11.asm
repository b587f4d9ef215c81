; LOAD_FAST 0
; LOAD_FAST 1
; COMPARE_OP 0
  mov rax,[r13+48h]
  mov rcx,[rax+10h]
  lea r11,[rcx+1]
  cmp r11,2
  ja short 0000000000000042h
  mov edx,[rax+18h]
  imul rdx,rcx
  nop
  mov rsi,[r13+50h]
  mov rdi,[rsi+10h]
  lea r11,[rdi+1]
  cmp r11,2
  ja short 0000000000000071h
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
  jns short 0000000000000068h
  shl rdx,1Eh
  or rdx,r11
  neg rdx
  jmp short 000000000000006Fh
  shl rdx,1Eh
  or rdx,r11
  jmp short 0000000000000019h
; COMPARE_OP 0 (rarely)
  lea r11,[rdi+2]
  cmp r11,4
  ja Deopt at 2
  test rdi,rdi
  mov r8d,[rsi+1Ch]
  mov r11d,[rsi+18h]
  jns short 0000000000000098h
  shl r8,1Eh
  or r8,r11
  neg r8
  jmp short 000000000000009Fh
  shl r8,1Eh
  or r8,r11
  jmp short 0000000000000034h
