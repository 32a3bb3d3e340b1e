# From 32-bit protected mode without paging to Rust in the upper half.
#
# On entry (multiboot2, 3.3; PVH boot ABI): EBX = boot information, EAX = a magic number under
# multiboot2 only, no usable stack or GDT. Linked at its load address; the rest of the image is
# reached through `symbol - KERNEL_BASE`.

.section .boot.text, "ax", @progbits
.code32
.global boot_entry
.type boot_entry, @function
boot_entry:
    cli
    cld

    # Nothing in memory may change before the boot information is copied, except our own image.
    movl %eax, {handoff} - {KERNEL_BASE} + {HANDOFF_MAGIC}
    movl %ebx, {handoff} - {KERNEL_BASE} + {HANDOFF_INFORMATION}
    movl %cr0, %eax
    movl %eax, {handoff} - {KERNEL_BASE} + {HANDOFF_CR0}
    movl %cr4, %eax
    movl %eax, {handoff} - {KERNEL_BASE} + {HANDOFF_CR4}

    movl $no_long_mode_text, %esi
    movl $0x80000000, %eax                              # highest extended leaf
    cpuid
    cmpl $0x80000001, %eax
    jb cannot_run
    movl $0x80000001, %eax
    cpuid
    btl $29, %edx                                       # long mode
    jnc cannot_run
    movl $no_execute_text, %esi
    btl $20, %edx                                       # no-execute
    jnc cannot_run

    movl ${IA32_PAT}, %ecx
    rdmsr
    movl %eax, {handoff} - {KERNEL_BASE} + {HANDOFF_PAT}
    movl %edx, {handoff} - {KERNEL_BASE} + {HANDOFF_PAT} + 4
    movl ${IA32_EFER}, %ecx
    rdmsr
    movl %eax, {handoff} - {KERNEL_BASE} + {HANDOFF_EFER}
    movl %edx, {handoff} - {KERNEL_BASE} + {HANDOFF_EFER} + 4

    # Constants, whatever the firmware left: a stale CR4.LA57 would make the CPU walk five levels.
    movl ${BOOT_CR4}, %eax
    movl %eax, %cr4
    movl $boot_pml4 - {KERNEL_BASE}, %eax
    movl %eax, %cr3
    movl ${BOOT_EFER}, %eax
    xorl %edx, %edx
    wrmsr
    movl ${CR0}, %eax
    movl %eax, %cr0

    lgdtl boot_gdt_pointer
    ljmpl $8, $long_mode

cannot_run:
    # The screen is all there is: white on red in VGA text memory.
    movl $0xb8000, %edi
1:  lodsb
    testb %al, %al
    jz 2f
    movb $0x4f, %ah
    stosw
    jmp 1b
2:  hlt
    jmp 2b
.size boot_entry, . - boot_entry

.code64
long_mode:
    xorl %eax, %eax
    movl %eax, %ds
    movl %eax, %es
    movl %eax, %ss
    movl %eax, %fs
    movl %eax, %gs
    movabsq $upper_half, %rax
    jmpq *%rax

no_long_mode_text:
    .asciz "rmapbench needs a 64-bit CPU, and this one has no long mode: use another machine."
no_execute_text:
    .asciz "rmapbench needs no-execute pages: turn on NX (XD, EDB) in the firmware's setup."

.balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff                            # 64-bit code, accessed
boot_gdt_pointer:
    .short . - boot_gdt - 1
    .long boot_gdt

.text
upper_half:
    leaq stacks + {STACK_STRIDE}(%rip), %rsp           # the first stack is the main one
    xorl %ebp, %ebp                                     # ends every backtrace
    callq {start}
    ud2

# The first 4 GiB, three times: at 0 (where boot information lies and this file's code runs), in the
# direct map, and its first 2 GiB as the image's home.
.section .data.boot_tables, "aw", @progbits
.balign 4096
boot_pml4:
    .quad boot_pdpt - {KERNEL_BASE} + {TABLE}
    .fill 255, 8, 0
    .quad boot_pdpt - {KERNEL_BASE} + {TABLE}
    .fill 254, 8, 0
    .quad boot_pdpt - {KERNEL_BASE} + {TABLE}
boot_pdpt:
    .quad boot_pd - {KERNEL_BASE} + {TABLE}
    .quad boot_pd - {KERNEL_BASE} + {TABLE} + 0x1000
    .quad boot_pd - {KERNEL_BASE} + {TABLE} + 0x2000
    .quad boot_pd - {KERNEL_BASE} + {TABLE} + 0x3000
    .fill 506, 8, 0
    .quad boot_pd - {KERNEL_BASE} + {TABLE}
    .quad boot_pd - {KERNEL_BASE} + {TABLE} + 0x1000
boot_pd:
    .set address, 0
    .rept 2048
    .quad address + {LARGE_PAGE}
    .set address, address + 0x200000
    .endr

# Each stack grows down onto an unmapped page.
.section .stacks, "aw", @nobits
.balign 4096
.global stacks
stacks:
    .skip {STACK_STRIDE} * {STACK_COUNT}
