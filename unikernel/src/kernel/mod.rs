//! Everything that touches hardware.

mod apic;
mod boot;
mod build_id;
mod check;
mod clock;
mod console;
mod cpu;
mod crash;
mod execute;
mod facts;
mod legacy;
mod machine;
mod memory;
mod once;
mod plan;
mod power;
mod run;

use unikernel::boot_info::BootInfo;

use boot::Firmware;
use clock::Clock;
use console::Line;
use cpu::features::Features;
use memory::Memory;
use once::TakeOnce;

static BOOT_INFO: TakeOnce<BootInfo> = TakeOnce::new(BootInfo::new());

/// What the kernel knows once it has booted.
struct Booted {
    info: &'static BootInfo,
    firmware: Firmware,
    apic: Option<apic::Report>,
    clock: Clock,
    memory: Memory,
    line: Option<Line>,
}

/// Where `entry.S` calls into Rust: on the main stack, in the upper half, with interrupts off.
extern "sysv64" fn start() -> ! {
    let firmware = boot::firmware();
    cpu::control::fix();
    let info = BOOT_INFO.take();
    let collected = boot::collect(info);
    let line = console::open(info);
    cpu::segments::load();
    cpu::interrupts::load();
    if let Err(error) = collected {
        crash::refuse(format_args!("{error}."));
    }
    run::run(boot(info, firmware, line))
}

/// From a loaded image to a machine at rest. Other CPUs may be spinning in memory that this one is
/// about to write to, so they are parked first.
fn boot(info: &'static BootInfo, firmware: Firmware, line: Option<Line>) -> Booted {
    legacy::quiet();
    let apic = apic::quiet();
    let memory = Memory::take_over(info);
    let clock = Clock::measure(Features::read());
    Booted { info, firmware, apic, clock, memory, line }
}
