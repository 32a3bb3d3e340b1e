//! Everything that touches hardware.

mod apic;
mod boot;
mod build_id;
mod check;
mod clock;
mod command_line;
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
mod screen;
mod watchdog;

use unikernel::acpi::{Acpi, AcpiError};
use unikernel::boot_info::BootInfo;
use unikernel::options::Options;

use boot::Firmware;
use clock::Clock;
use command_line::Warnings;
use console::{Line, Place};
use cpu::features::Features;
use memory::Memory;
use once::TakeOnce;

static BOOT_INFO: TakeOnce<BootInfo> = TakeOnce::new(BootInfo::new());

/// What the kernel knows once it has booted.
struct Booted {
    found: Found,
    warnings: Warnings,
    apic: Option<apic::Report>,
    clock: Clock,
    memory: Memory,
}

/// What loader, firmware and user left.
struct Found {
    info: &'static BootInfo,
    options: Options<'static>,
    firmware: Firmware,
    acpi: Result<Acpi, AcpiError>,
    line: Option<Line>,
    place: Option<Place>,
}

/// Where `entry.S` calls into Rust: on the main stack, in the upper half, with interrupts off.
extern "sysv64" fn start() -> ! {
    let firmware = boot::firmware();
    cpu::control::fix();
    let info = BOOT_INFO.take();
    let collected = boot::collect(info);
    let info: &'static BootInfo = info;
    let (options, complaints) = Options::read(info.command_line());
    let acpi = boot::acpi(info);
    let console::Chosen { line, place, unmet } = console::open(info, options.line, acpi.ok());
    cpu::segments::load();
    cpu::interrupts::load();
    if let Err(error) = collected {
        crash::refuse(format_args!("{error}."));
    }
    let warnings = command_line::judge(&options, &complaints, unmet, acpi.ok());
    run::run(boot(Found { info, options, firmware, acpi, line, place }, warnings))
}

/// From a loaded image to a machine at rest. Other CPUs may be spinning in memory that this one is
/// about to write to, so they are parked first.
fn boot(found: Found, warnings: Warnings) -> Booted {
    legacy::quiet();
    let apic = apic::quiet();
    let device = found.place.and_then(|place| place.window());
    let memory = Memory::take_over(found.info, found.options.memory_limit, device);
    screen::page_tables_loaded();
    let clock = Clock::measure(Features::read());
    Booted { found, warnings, apic, clock, memory }
}
