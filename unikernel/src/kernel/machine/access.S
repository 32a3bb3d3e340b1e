# The one place where workload memory is touched through the workload's own page tables.
#
# A page fault at one of the two sites goes to the registered handler. If it refuses, the fault
# returns to access_refused with the reason in RAX; the stack is then as it was at the site.
# All three return (RAX, RDX) = (value or reason, 0 or 1).

.text
.balign 64
.global access_load
.type access_load, @function
access_load:
.global access_load_site
access_load_site:
    movq (%rdi), %rax
    xorl %edx, %edx
    retq
.size access_load, . - access_load

.global access_store
.type access_store, @function
access_store:
.global access_store_site
access_store_site:
    movq %rsi, (%rdi)
    movq %rsi, %rax
    xorl %edx, %edx
    retq
.size access_store, . - access_store

.global access_refused
.type access_refused, @function
access_refused:
    movl $1, %edx
    retq
.size access_refused, . - access_refused
