# Where the CPU lands when something goes wrong (Intel SDM vol. 3A, 7.14). No handler ever nests in
# a way that needs SWAPGS or saved vector state: the kernel is CPL 0 and soft-float throughout.

.text

# All general registers, in the order of TrapFrame.
.macro push_registers
    pushq %r15
    pushq %r14
    pushq %r13
    pushq %r12
    pushq %r11
    pushq %r10
    pushq %r9
    pushq %r8
    pushq %rbp
    pushq %rdi
    pushq %rsi
    pushq %rdx
    pushq %rcx
    pushq %rbx
    pushq %rax
.endm

# One stub a vector, {STUB_BYTES} bytes apart. Each leaves vector and error code on the stack.
.balign {STUB_BYTES}
.global trap_stubs
trap_stubs:
    .set vector, 0
    .rept {VECTORS}
    .balign {STUB_BYTES}, 0xcc
    .if (vector >= 32) || !(({WITH_ERROR_CODE} >> vector) & 1)
    pushq $0
    .endif
    pushq $vector
    jmp trap
    .set vector, vector + 1
    .endr

# Fatal.
.type trap, @function
trap:
    push_registers
    cld
    movq %rsp, %rdi                         # 22 words since the CPU aligned RSP to 16
    callq {exception}
    ud2
.size trap, . - trap

# The measured path: saves no more than the callee may destroy.
.balign 64
.global page_fault_entry
.type page_fault_entry, @function
page_fault_entry:
    pushq %rax
    pushq %rcx
    pushq %rdx
    pushq %rsi
    pushq %rdi
    pushq %r8
    pushq %r9
    pushq %r10
    pushq %r11
    movq %cr2, %rdi
    movq 72(%rsp), %rsi                     # error code
    movq 80(%rsp), %rdx                     # RIP
    subq $8, %rsp                           # 15 words since the CPU aligned RSP to 16
    callq {page_fault}
    addq $8, %rsp
    testl %eax, %eax
    jnz 2f
1:  popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    addq $8, %rsp                           # error code
    iretq

2:  cmpl ${NOT_OURS}, %eax
    je 3f
    movq %rax, 64(%rsp)                     # access_refused finds the verdict in RAX
    leaq access_refused(%rip), %rcx
    movq %rcx, 80(%rsp)                     # RIP
    jmp 1b

3:  popq %r11
    popq %r10
    popq %r9
    popq %r8
    popq %rdi
    popq %rsi
    popq %rdx
    popq %rcx
    popq %rax
    pushq ${PAGE_FAULT}
    jmp trap
.size page_fault_entry, . - page_fault_entry

# A CPU without some model-specific register says so by this fault.
.balign 64
.global general_protection_entry
.type general_protection_entry, @function
general_protection_entry:
    pushq %rax
    leaq msr_read_site(%rip), %rax
    cmpq %rax, 16(%rsp)                     # RIP
    je 1f
    leaq msr_write_site(%rip), %rax
    cmpq %rax, 16(%rsp)
    je 1f
    popq %rax
    pushq ${GENERAL_PROTECTION}
    jmp trap
1:  leaq msr_refused(%rip), %rax
    movq %rax, 16(%rsp)
    popq %rax
    addq $8, %rsp                           # error code
    iretq
.size general_protection_entry, . - general_protection_entry

# The watchdog's look. It may end the run with a report, so it takes all registers as `trap` does.
.balign 64
.global watchdog_entry
.type watchdog_entry, @function
watchdog_entry:
    pushq $0
    pushq ${TIMER}
    push_registers
    cld
    movq %rsp, %rdi                         # 22 words since the CPU aligned RSP to 16
    callq {watchdog}
    popq %rax
    popq %rbx
    popq %rcx
    popq %rdx
    popq %rsi
    popq %rdi
    popq %rbp
    popq %r8
    popq %r9
    popq %r10
    popq %r11
    popq %r12
    popq %r13
    popq %r14
    popq %r15
    addq $16, %rsp                          # vector and error code
    iretq
.size watchdog_entry, . - watchdog_entry
