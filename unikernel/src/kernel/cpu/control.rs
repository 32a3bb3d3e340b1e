//! Control registers, set to the same values whatever the firmware left (Intel SDM vol. 3A, 2.5).
//!
//! UEFI and BIOS leave different values, and a benchmark must not depend on its boot route.

use raw_cpuid::{CpuId, FeatureInfo};
use unikernel::control::{Offered, PHYSICAL_ADDRESS_EXTENSION, cr4};
use wire::Value;
use x86_64::PhysAddr;
use x86_64::registers::control::{Cr0, Cr3, Cr3Flags, Cr4, Efer, EferFlags};
use x86_64::registers::model_specific::Msr;
use x86_64::structures::paging::PhysFrame;

use crate::kernel::facts::Facts;

/// `IA32_EFER`
pub const IA32_EFER: u32 = 0xc000_0080;
/// `IA32_PAT`
pub const IA32_PAT: u32 = 0x277;

/// Protection, monitored coprocessor, extension type, numeric errors, write protection (stores at
/// CPL 0 must fault on read-only pages too, or no workload would ever copy on write), paging.
pub const CR0: u32 = 0x8001_0033;

/// Physical address extension.
pub const BOOT_CR4: u32 = PHYSICAL_ADDRESS_EXTENSION as u32;

/// Long mode enable.
pub const BOOT_EFER: u32 = 0x100;

/// Long mode, no-execute.
const EFER: EferFlags = EferFlags::LONG_MODE_ENABLE
    .union(EferFlags::LONG_MODE_ACTIVE)
    .union(EferFlags::NO_EXECUTE_ENABLE);

/// The power-on memory types: write-back, write-through, uncached-, uncacheable, twice.
const PAT: u64 = 0x0007_0406_0007_0406;

/// Control registers in use.
#[derive(Clone, Copy, Debug)]
pub struct ControlRegisters {
    /// CR0.
    pub cr0: u64,
    /// CR4.
    pub cr4: u64,
    /// `IA32_EFER`.
    pub efer: u64,
    /// `IA32_PAT`.
    pub pat: u64,
}

/// Sets what `entry.S` could not: it had CR0, and enough of CR4 and EFER to get here.
pub fn fix() {
    // SAFETY: every 64-bit CPU has these features; nothing is mapped no-execute yet.
    unsafe { Efer::write_raw(EFER.bits()) };
    // SAFETY: the boot page tables use PAT entry 0 only, write-back before and after.
    unsafe { Msr::new(IA32_PAT).write(PAT) };
    // SAFETY: the CPU offers every bit, and none changes how a page is found.
    unsafe { Cr4::write_raw(cr4(offered())) };
    // Drops the translations of a stale PAT: nothing is global yet.
    let (root, flags) = Cr3::read();
    // SAFETY: loads what is loaded.
    unsafe { Cr3::write(root, flags) };
}

/// A CPU that does not say offers nothing.
fn offered() -> Offered {
    let info = CpuId::new().get_feature_info();
    Offered {
        machine_check: info.as_ref().is_some_and(FeatureInfo::has_mce),
        global_pages: info.as_ref().is_some_and(FeatureInfo::has_pge),
    }
}

/// What is in the control registers now.
pub fn read() -> ControlRegisters {
    ControlRegisters {
        cr0: Cr0::read_raw(),
        cr4: Cr4::read_raw(),
        efer: Efer::read_raw(),
        // SAFETY: every 64-bit CPU has a PAT.
        pat: unsafe { Msr::new(IA32_PAT).read() },
    }
}

/// Adds the values in use.
pub fn report(facts: &mut Facts<'_>) {
    let registers = read();
    facts.add("cr0", Value::Hex(registers.cr0));
    facts.add("cr4", Value::Hex(registers.cr4));
    facts.add("efer", Value::Hex(registers.efer));
    facts.add("pat", Value::Hex(registers.pat));
}

/// Loads the root table at `physical` into CR3, which drops every translation that is not global.
///
/// # Safety
/// The tables must map the running code, its stack and its data as the current ones do.
#[inline]
pub unsafe fn load_root(physical: u64) {
    let frame = PhysFrame::containing_address(PhysAddr::new_truncate(physical));
    // SAFETY: the caller's promise.
    unsafe { Cr3::write(frame, Cr3Flags::empty()) };
}
