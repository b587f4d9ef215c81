; LOAD_FAST 0
; UNARY_NEGATIVE 0
  mov rax,[r13+48h]
  movsd xmm0,[rax+10h]
  movaps xmm1,xmm0
  mov r11,8000000000000000h
  movq xmm15,r11
  xorps xmm1,xmm15
; LOAD_FAST 1
; BINARY_OP_MULTIPLY_FLOAT 0
  mov rcx,[r13+50h]
  movsd xmm2,[rcx+10h]
  movaps xmm3,xmm1
  mulsd xmm3,xmm2
; STORE_FAST 0
; LOAD_FAST 0
; LOAD_FAST 1
; IS_OP 0
; STORE_FAST 1
  movsd [rbp-38h],xmm3
  movaps xmm0,xmm3
  lea rdi,[r13+48h]
  call a function
  mov rcx,[r13+48h]
  mov rdx,[r13+50h]
  cmp rcx,rdx
  sete sil
  movzx esi,sil
  jmp Go at 10
