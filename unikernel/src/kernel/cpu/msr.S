# Model-specific registers that may not exist. A general protection fault at one of the two sites returns
# to msr_refused, see traps.S. All return (RAX, RDX) = (value or nothing, 0 or 1).

.text
.global msr_read
.type msr_read, @function
msr_read:
    movl %edi, %ecx
.global msr_read_site
msr_read_site:
    rdmsr
    shlq $32, %rdx
    orq %rdx, %rax
    xorl %edx, %edx
    retq
.size msr_read, . - msr_read

.global msr_write
.type msr_write, @function
msr_write:
    movl %edi, %ecx
    movl %esi, %eax
    movq %rsi, %rdx
    shrq $32, %rdx
.global msr_write_site
msr_write_site:
    wrmsr
    xorl %edx, %edx
    retq
.size msr_write, . - msr_write

.global msr_refused
.type msr_refused, @function
msr_refused:
    movl $1, %edx
    retq
.size msr_refused, . - msr_refused
