# Chains of dependent instructions; RAX feeds every one of them. Each function loads the same three
# registers first, so that all differ from chain_empty by their instructions exactly.

.macro chain name, length, instruction:vararg
.balign 64
.global \name
.type \name, @function
\name:
    movl $7, %eax
    movl $1, %ecx
    xorl %edx, %edx
    .rept \length
    \instruction
    .endr
    retq
.size \name, . - \name
.endm

.text
chain chain_empty, 0, nop
chain chain_add, {LENGTH}, addq %rcx, %rax
chain chain_imul, {LENGTH}, imulq %rcx, %rax
chain chain_div, {LENGTH}, divq %rcx                    # by 1, so that RDX:RAX stays as it is
