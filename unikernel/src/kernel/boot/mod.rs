//! From the boot loader to one [`BootInfo`], whichever way the kernel was started.

mod handoff;
mod loaded;
mod multiboot2;

use core::arch::global_asm;
use core::mem::offset_of;

use unikernel::acpi::{self, Acpi, AcpiError};
use unikernel::boot_info::{BootError, BootInfo};
use unikernel::page_tables::{LARGE, PRESENT, WRITABLE};
use unikernel::{pvh, uart};

pub use handoff::Firmware;
use handoff::{HANDOFF, Handoff};
use loaded::Loaded;

use crate::kernel::cpu::control;
use crate::kernel::cpu::stacks::{STACK_COUNT, STACK_STRIDE};
use crate::kernel::memory::layout::KERNEL_BASE;

global_asm!(include_str!("header.S"), options(att_syntax));

global_asm!(
    include_str!("entry.S"),
    handoff = sym HANDOFF,
    start = sym crate::kernel::start,
    KERNEL_BASE = const KERNEL_BASE,
    HANDOFF_MAGIC = const offset_of!(Handoff, magic),
    HANDOFF_INFORMATION = const offset_of!(Handoff, information),
    HANDOFF_CR0 = const offset_of!(Handoff, cr0),
    HANDOFF_CR4 = const offset_of!(Handoff, cr4),
    HANDOFF_EFER = const offset_of!(Handoff, efer),
    HANDOFF_PAT = const offset_of!(Handoff, pat),
    IA32_EFER = const control::IA32_EFER,
    IA32_PAT = const control::IA32_PAT,
    BOOT_CR4 = const control::BOOT_CR4,
    BOOT_EFER = const control::BOOT_EFER,
    CR0 = const control::CR0,
    TABLE = const PRESENT | WRITABLE,
    LARGE_PAGE = const PRESENT | WRITABLE | LARGE,
    STACK_STRIDE = const STACK_STRIDE,
    STACK_COUNT = const STACK_COUNT,
    options(att_syntax)
);

/// The control registers as the firmware left them.
pub fn firmware() -> Firmware {
    HANDOFF.get().firmware()
}

/// The physical address of the loader's boot information.
pub fn information() -> u32 {
    HANDOFF.get().information
}

/// Copies into `info` whatever the loader said.
///
/// # Errors
/// The loader is unknown, or what it said is malformed or does not fit.
pub fn collect(info: &mut BootInfo) -> Result<(), BootError> {
    let handoff = HANDOFF.get();
    if handoff.magic == ::multiboot2::MAGIC {
        return multiboot2::collect(handoff.information, info);
    }
    // PVH leaves EAX undefined (QEMU's microvm: 0x2badb002); only the structure tells.
    let address = u64::from(handoff.information);
    if pvh::is_start_info(&Loaded, address) {
        return pvh::collect(&Loaded, address, info);
    }
    Err(BootError::UnknownLoader { magic: handoff.magic })
}

/// What the ACPI tables say. Only before memory is taken over, as the next.
///
/// # Errors
/// There are none, or none that are sound.
pub fn acpi(info: &BootInfo) -> Result<Acpi, AcpiError> {
    acpi::read(&Loaded, info.rsdp)
}

/// The serial ports that a BIOS lists, 0 for none.
pub fn ports_listed_by_bios() -> [u16; 4] {
    uart::ports_listed_by_bios(&Loaded)
}
