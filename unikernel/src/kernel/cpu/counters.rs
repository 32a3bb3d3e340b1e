//! Hardware's counters, where CPUID offers them and the CPU stands by it.

use core::arch::asm;
use core::hint::black_box;
use core::sync::atomic::{AtomicU64, Ordering};

use raw_cpuid::{CpuId, cpuid};
use unikernel::metal::{Identity, Metal, MicrocodeField, is_throttled};
use unikernel::perfmon::{Leaf, Perfmon};
use vm::{CounterReading, MachineCounter, MachineCounters};

use super::msr;

const IA32_BIOS_SIGN_ID: u32 = 0x8b;
const MSR_SMI_COUNT: u32 = 0x34;
const IA32_MPERF: u32 = 0xe7;
const IA32_APERF: u32 = 0xe8;
const IA32_PERFEVTSEL0: u32 = 0x186;
const IA32_THERM_STATUS: u32 = 0x19c;
const IA32_FIXED_CTR_CTRL: u32 = 0x38d;
const IA32_PERF_GLOBAL_CTRL: u32 = 0x38f;

/// Event 0x2E, unit mask 0x41 (last-level cache misses), at CPL 0, enabled (Intel SDM vol. 3B, 20.2.1).
const COUNT_LAST_LEVEL_MISSES: u64 = 0x2e | 0x41 << 8 | 1 << 17 | 1 << 22;

/// RDPMC's number of the first fixed counter.
const FIXED: u32 = 1 << 30;

/// Fixed counters, by number.
const FIXED_COUNTERS: [MachineCounter; 3] =
    [MachineCounter::Instructions, MachineCounter::CoreCycles, MachineCounter::ReferenceCycles];

/// The counters of this CPU, counting.
#[derive(Debug)]
pub struct Counters {
    perfmon: Option<Perfmon>,
    metal: Metal,
    thermal_events: AtomicU64,
}

impl Counters {
    /// Starts what there is.
    pub fn start() -> Self {
        let leaf = |number| {
            let found = cpuid!(number);
            Leaf { eax: found.eax, ebx: found.ebx, ecx: found.ecx, edx: found.edx }
        };
        let highest = cpuid!(0).eax;
        let perfmon = (highest >= 0xa).then(|| Perfmon::decode(leaf(0xa))).flatten();
        let perfmon = perfmon.filter(|perfmon| start(perfmon).is_some() && is_alive(perfmon));
        Self { perfmon, metal: metal(), thermal_events: AtomicU64::new(0) }
    }

    /// Reads all of them.
    pub fn read(&self) -> MachineCounters {
        let mut counters = MachineCounters::default();
        if let Some(perfmon) = &self.perfmon {
            for (number, counter) in (FIXED..).zip(FIXED_COUNTERS) {
                let there = perfmon.fixed[(number - FIXED) as usize];
                let reading = || CounterReading { value: rdpmc(number), bits: perfmon.fixed_bits };
                counters.set(counter, there.then(reading));
            }
            let bits = perfmon.programmable_bits;
            let reading = || CounterReading { value: rdpmc(0), bits };
            counters.set(MachineCounter::LastLevelMisses, perfmon.last_level_misses.then(reading));
        }
        for (counter, offered, register, bits) in [
            (MachineCounter::Smi, self.metal.smi_count, MSR_SMI_COUNT, 32),
            (MachineCounter::Aperf, self.metal.aperf_mperf, IA32_APERF, 64),
            (MachineCounter::Mperf, self.metal.aperf_mperf, IA32_MPERF, 64),
        ] {
            let value = offered.then(|| msr::read(register)).flatten();
            counters.set(counter, value.map(|value| CounterReading { value, bits }));
        }
        counters.set(MachineCounter::ThermalEvents, self.thermal_events());
        counters
    }

    /// One more if the CPU is or was throttled; its log is then cleared, so that it tells of the next time.
    fn thermal_events(&self) -> Option<CounterReading> {
        let offered = self.metal.thermal_status;
        let status = offered.then(|| msr::read(IA32_THERM_STATUS)).flatten()?;
        if is_throttled(status) {
            self.thermal_events.fetch_add(1, Ordering::Relaxed);
            // SAFETY: nobody else reads the log. Zeroes clear it, and no reserved bit is set.
            unsafe { msr::write(IA32_THERM_STATUS, 0) };
        }
        Some(CounterReading { value: self.thermal_events.load(Ordering::Relaxed), bits: 64 })
    }
}

/// The microcode's revision, on bare metal.
pub fn microcode() -> Option<u64> {
    match metal().microcode? {
        MicrocodeField::Lower => Some(msr::read(IA32_BIOS_SIGN_ID)? & 0xffff_ffff),
        MicrocodeField::UpperAfterCpuid => {
            // SAFETY: CPUID writes the revision there, and nothing depends on it.
            unsafe { msr::write(IA32_BIOS_SIGN_ID, 0) }?;
            black_box(cpuid!(1));
            Some(msr::read(IA32_BIOS_SIGN_ID)? >> 32)
        }
    }
}

fn metal() -> Metal {
    let cpuid = CpuId::new();
    let vendor = cpuid.get_vendor_info();
    let power = if cpuid!(0).eax >= 6 { (cpuid!(6).eax, cpuid!(6).ecx) } else { (0, 0) };
    Metal::of(Identity {
        vendor: vendor.as_ref().map_or("", |vendor| vendor.as_str()),
        hypervisor: cpuid.get_feature_info().is_none_or(|info| info.has_hypervisor()),
        thermal: power.0,
        power: power.1,
    })
}

/// Lets the counters count at CPL 0; `None` if the CPU refuses.
fn start(perfmon: &Perfmon) -> Option<()> {
    let programmable = u64::from(perfmon.last_level_misses);
    let set = |register, value| {
        // SAFETY: counters count, and raise no interrupt.
        unsafe { msr::write(register, value) }
    };
    set(IA32_PERF_GLOBAL_CTRL, 0)?;
    set(IA32_FIXED_CTR_CTRL, perfmon.fixed_mask(4))?;
    if perfmon.last_level_misses {
        set(IA32_PERFEVTSEL0, COUNT_LAST_LEVEL_MISSES)?;
    }
    set(IA32_PERF_GLOBAL_CTRL, perfmon.fixed_mask(1) << 32 | programmable)
}

/// Whether instructions are counted. Emulators announce counters that stand still.
fn is_alive(perfmon: &Perfmon) -> bool {
    let spin = || {
        let before = rdpmc(FIXED);
        for number in 0..100 {
            black_box(number);
        }
        rdpmc(FIXED) != before
    };
    perfmon.fixed[0] && spin()
}

fn rdpmc(counter: u32) -> u64 {
    let (low, high): (u64, u64);
    // SAFETY: CPUID has the counter, and reading it has no effect on memory.
    unsafe {
        asm!(
            "rdpmc",
            in("ecx") counter,
            out("rax") low,
            out("rdx") high,
            options(nostack, preserves_flags)
        );
    }
    high << 32 | low
}
