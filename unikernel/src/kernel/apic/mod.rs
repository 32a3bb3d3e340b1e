//! The local APIC, found and silenced, and the other CPUs, parked.

mod timer;

use core::ptr::with_exposed_provenance_mut;

use raw_cpuid::CpuId;
use unikernel::memory_map::{PAGE_BYTES, Range};
use wire::Value;
use x2apic::lapic::{LocalApic, LocalApicBuilder, TimerMode, xapic_base};
use x86_64::registers::model_specific::Msr;

use super::clock::pit;
use super::facts::Facts;
use super::memory::layout::direct_address;
pub use timer::Timer;

const IA32_APIC_BASE: u32 = 0x1b;
/// `IA32_APIC_BASE` bit 11: the APIC is on.
const ENABLED: u64 = 1 << 11;
/// `IA32_APIC_BASE` bit 10: its registers are MSRs.
const X2APIC_MODE: u64 = 1 << 10;

/// Where interrupts would arrive if they were ever let in; the last sixteen vectors, as is custom.
pub const TIMER_VECTOR: usize = 0xf0;
const ERROR_VECTOR: usize = 0xf1;
const SPURIOUS_VECTOR: usize = 0xff;

/// Local vector table entries that the crate leaves open: LINT0 and LINT1.
const PIN_ENTRIES: [u32; 2] = [0x350, 0x360];
/// Entry bit 16: nothing is delivered.
const MASKED: u32 = 1 << 16;

/// What a CPU needs to stop after INIT (Intel SDM vol. 3A, 9.4.4: 10 ms).
const INIT_MILLISECONDS: u32 = 10;

/// Times that a pending IPI is looked at; on hardware delivery takes well below 1000 looks.
const DELIVERY_POLLS: u32 = 1_000_000;

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Report {
    /// `IA32_APIC_BASE` as the firmware left it.
    firmware_base: u64,
    base: u64,
    id: u32,
    version: u8,
}

/// The physical page of the memory-mapped registers, if there is an APIC.
pub fn registers() -> Option<Range> {
    is_there().then(registers_page)
}

/// An emulator can leave the APIC away, and firmware can switch it off until the next reset.
fn is_there() -> bool {
    CpuId::new().get_feature_info().is_some_and(|info| info.has_apic())
}

fn registers_page() -> Range {
    // SAFETY: only called where there is an APIC.
    let base = unsafe { xapic_base() };
    Range::new(base, base + PAGE_BYTES)
}

/// Enables the APIC with every source masked, and sends INIT to all other CPUs: under UEFI they
/// spin in memory that is about to be reused. `None` where there is no APIC, and so no other CPU.
pub fn quiet() -> Option<Report> {
    is_there().then(enable_masked)
}

fn enable_masked() -> Report {
    let firmware_base = read_base();
    // A CPU must not go from *off* straight to x2APIC mode (Intel SDM vol. 3A, 12.12.5).
    // SAFETY: turns the APIC on where it is; interrupts are off.
    unsafe { Msr::new(IA32_APIC_BASE).write(firmware_base | ENABLED) };
    let mut apic = build();
    // SAFETY: interrupts are off, and the timer's count of 0 keeps it still until it is masked.
    unsafe { apic.enable() };
    // SAFETY: masks the timer.
    unsafe { apic.disable_timer() };
    mask_pins();
    park_others(&mut apic);
    Report {
        firmware_base,
        base: read_base(),
        // SAFETY: reads a register of the enabled APIC.
        id: normal_id(unsafe { apic.id() }),
        // SAFETY: as above.
        version: unsafe { apic.version() },
    }
}

/// The crate starts a periodic timer unless told otherwise.
fn build() -> LocalApic {
    LocalApicBuilder::new()
        .timer_vector(TIMER_VECTOR)
        .error_vector(ERROR_VECTOR)
        .spurious_vector(SPURIOUS_VECTOR)
        .timer_mode(TimerMode::OneShot)
        .timer_initial(0)
        .set_xapic_base(direct_address(registers_page().start))
        .build()
        .expect("all vectors and the base are given")
}

fn read_base() -> u64 {
    // SAFETY: every CPU with an APIC has this MSR.
    unsafe { Msr::new(IA32_APIC_BASE).read() }
}

fn is_x2apic() -> bool {
    read_base() & X2APIC_MODE != 0
}

/// The crate sets both pins to vector 0, unmasked.
fn mask_pins() {
    for offset in PIN_ENTRIES {
        if is_x2apic() {
            // SAFETY: x2APIC mode is on; the MSR of a register is 0x800 plus its offset / 16.
            unsafe { Msr::new(0x800 + offset / 16).write(MASKED.into()) };
            continue;
        }
        let address = direct_address(registers_page().start + u64::from(offset));
        let register = with_exposed_provenance_mut::<u32>(address as usize);
        // SAFETY: the registers are mapped in the direct map, and the offset is one of theirs.
        unsafe { register.write_volatile(MASKED) };
    }
}

fn park_others(apic: &mut LocalApic) {
    // Stores must be visible before the IPI is (x2APIC register writes do not serialise).
    fence();
    // SAFETY: no other CPU runs code of this kernel.
    unsafe { apic.send_init_ipi_all() };
    wait_for_delivery(apic);
    pit::wait_milliseconds(INIT_MILLISECONDS);
}

/// In x2APIC mode there is nothing to wait for.
fn wait_for_delivery(apic: &LocalApic) {
    if is_x2apic() {
        return;
    }
    for _ in 0..DELIVERY_POLLS {
        // SAFETY: reads a register of the enabled APIC.
        if !unsafe { apic.get_ipi_delivery_status() } {
            return;
        }
        core::hint::spin_loop();
    }
}

fn fence() {
    // SAFETY: orders memory accesses.
    unsafe { core::arch::asm!("mfence", "lfence", options(nostack, preserves_flags)) };
}

/// Outside of x2APIC mode the number sits in the top byte.
fn normal_id(raw: u32) -> u32 {
    if is_x2apic() { raw } else { raw >> 24 }
}

/// Adds what was found.
pub fn report(found: Option<&Report>, facts: &mut Facts<'_>) {
    let Some(found) = found else {
        facts.add("apic.mode", Value::Text("absent"));
        return;
    };
    let mode = if found.base & X2APIC_MODE == 0 { "xapic" } else { "x2apic" };
    facts.add("apic.mode", Value::Text(mode));
    facts.add("apic.base.firmware", Value::Hex(found.firmware_base));
    facts.add("apic.base", Value::Hex(found.base));
    facts.add("apic.id", Value::Number(found.id.into()));
    facts.add("apic.version", Value::Hex(found.version.into()));
}
