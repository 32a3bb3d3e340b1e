# The two ways in: GRUB looks for the multiboot2 header, QEMU's -kernel for the PVH note. Both jump
# to boot_entry in 32-bit protected mode with paging off.

.section .boot.header, "a", @progbits
.balign 8
multiboot2_header:                                      # Multiboot2 specification, 3.1
    .long 0xe85250d6                                    # magic
    .long 0                                             # architecture: 32-bit protected mode
    .long multiboot2_header_end - multiboot2_header
    .long -(0xe85250d6 + (multiboot2_header_end - multiboot2_header))

    .balign 8
information_request:
    .short 1                                            # type: information request
    .short 0                                            # required
    .long information_request_end - information_request
    .long 6                                             # memory map
information_request_end:

    # On UEFI, GRUB hands its framebuffer over only to a kernel that takes one. On a BIOS it then prefers
    # pixels too, unless its configuration says gfxpayload=text.
    .balign 8
framebuffer_tag:
    .short 5                                            # type: framebuffer
    .short 1                                            # optional
    .long framebuffer_tag_end - framebuffer_tag
    .long 0                                             # width, height, depth: any
    .long 0
    .long 0
framebuffer_tag_end:

    .balign 8
    .short 0                                            # type: end
    .short 0
    .long 8
multiboot2_header_end:

.section .note.pvh, "a", @note
.balign 4
    .long 4                                             # name size
    .long 8                                             # descriptor size
    .long 18                                            # XEN_ELFNOTE_PHYS32_ENTRY
    .asciz "Xen"
    .quad boot_entry
