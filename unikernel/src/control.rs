//! Which bits of CR4 the kernel runs with. Setting one that the CPU does not offer faults.

/// CR4 bit 5, physical address extension: 64-bit paging needs it, so every 64-bit CPU has it.
pub const PHYSICAL_ADDRESS_EXTENSION: u64 = 1 << 5;
/// CR4 bit 6: machine checks arrive as exceptions instead of shutting the machine down.
pub const MACHINE_CHECK: u64 = 1 << 6;
/// CR4 bit 7: the kernel's translations survive CR3 loads.
pub const GLOBAL_PAGES: u64 = 1 << 7;

/// What CPUID leaf 1 offers of what the kernel would use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offered {
    /// EDX bit 7.
    pub machine_check: bool,
    /// EDX bit 13.
    pub global_pages: bool,
}

/// The value of CR4. No SMEP or SMAP: workloads touch their pages at CPL 0.
pub const fn cr4(offered: Offered) -> u64 {
    let mut bits = PHYSICAL_ADDRESS_EXTENSION;
    if offered.machine_check {
        bits |= MACHINE_CHECK;
    }
    if offered.global_pages {
        bits |= GLOBAL_PAGES;
    }
    bits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recent_cpu_gets_everything_that_the_kernel_uses() {
        assert_eq!(cr4(Offered { machine_check: true, global_pages: true }), 0xe0);
    }

    #[test]
    fn nothing_is_set_that_the_cpu_does_not_offer() {
        assert_eq!(cr4(Offered { machine_check: false, global_pages: true }), 0xa0);
        assert_eq!(cr4(Offered { machine_check: true, global_pages: false }), 0x60);
        assert_eq!(cr4(Offered { machine_check: false, global_pages: false }), 0x20);
    }
}
