//! The run: say who we are, get a plan, carry it out, say goodbye.

use core::hint::spin_loop;
use core::ops::ControlFlow;
use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use ::screen::Ending;
use runner::log_bytes;
use unikernel::acpi::{Acpi, AcpiError, Console};
use unikernel::execution::Execution;
use unikernel::rehearsed_crash::RehearsedCrash;
use wire::guest::Delivery;
use wire::{Crash, GuestLink, HostPresence, MAX_PLAN, Record, Session, Value};

use super::build_id::build_id;
use super::console::Port;
use super::cpu::{control, features};
use super::facts::Facts;
use super::machine::now;
use super::memory::Memory;
use super::once::TakeOnce;
use super::plan::{self, Module};
use super::power::{self, ExitCode};
use super::{Booted, Found, apic, boot, check, crash, execute, screen, watchdog};

/// The guest's end of the serial line.
pub type Link = GuestLink<'static, Port>;

/// Lets a crash report find the link that [`run`] owns.
static LINK: AtomicPtr<Link> = AtomicPtr::new(ptr::null_mut());

/// The value of [`CURRENT_CELL`] while no cell runs.
const NO_CELL: u32 = u32::MAX;

static CURRENT_CELL: AtomicU32 = AtomicU32::new(NO_CELL);

static PLAN_BUFFER: TakeOnce<[u8; MAX_PLAN]> = TakeOnce::new([0; MAX_PLAN]);

/// What a plan's execution works with.
#[derive(Debug)]
pub struct Guest<'l> {
    /// Records go here; bytes leave only in `flush`.
    pub link: &'l mut Link,
    /// Bytes that the link's log can hold.
    pub log_bytes: u64,
    /// Gives the arena and buffers.
    pub memory: Memory,
    /// What a tick stands for.
    pub execution: Execution,
    /// The crash that the command line asks for.
    pub rehearsed: Option<RehearsedCrash>,
}

/// Runs to the end and powers off.
pub fn run(booted: Booted) -> ! {
    let Booted { found, warnings, apic, clock, mut memory } = booted;
    let Found { info, options, firmware, acpi, line, place } = found;
    let module = Module::find(&options, info.modules(), &memory);
    // Without a port, no host can be certain.
    let presence = match line {
        Some(_) => |planned| planned,
        None => |_| HostPresence::Uncertain,
    };
    let log_bytes = log_bytes(memory.free_bytes());
    let mut link = open_link(Port::new(line), &mut memory, log_bytes);
    LINK.store(&raw mut link, Ordering::Relaxed);

    let mut facts = Facts::new(&mut link);
    facts.add("build_id", Value::Text(&hex(build_id())));
    facts.add("boot.route", Value::Text(info.route.name()));
    facts.add("boot.loader", Value::Text(info.loader()));
    facts.add("boot.information", Value::Hex(boot::information().into()));
    facts.add("boot.command_line", Value::Text(info.command_line()));
    facts.add("boot.module", Value::Text(module.name()));
    warnings.report(&mut facts);
    if let Some(place) = place {
        place.report(&mut facts);
    }
    report_acpi(acpi, &mut facts);
    firmware.report(&mut facts);
    control::report(&mut facts);
    features::report(&mut facts);
    apic::report(apic.as_ref(), &mut facts);
    clock.report(&mut facts);
    memory.report(&mut facts);
    watchdog::set_up(options.watchdog, apic.as_ref(), &clock, &mut facts);
    screen::report(&mut facts);
    screen::set_clock(clock.tsc_hz());

    screen::greet();
    let greeting = link.greet(presence(module.presence()), module.at_hand(), PLAN_BUFFER.take());
    let (plan, trace) = plan::choose(greeting, module, &options);
    link.set_presence(presence(plan.host));
    if let Some(RehearsedCrash { kind, moment: None }) = options.crash {
        watchdog::watch();
        crash::rehearsed::now(kind);
    }
    let (execution, rehearsed) = (clock.execution(), options.crash);
    let mut guest = Guest { link: &mut link, log_bytes, memory, execution, rehearsed };
    let code = match options.check {
        Some("machine") => check::machine(&mut guest),
        Some(what) => crash::refuse(format_args!("check={what} is unknown: use machine.")),
        None => execute::plan(&mut guest, &plan, trace),
    };
    screen::show();
    if !link.port_mut().is_there() {
        // Whoever wants the results reads them off the screen.
        screen::end(Ending::Unconfirmed);
        screen::turn_pages();
    }
    let delivery = link.finish();
    link.port_mut().drain();
    let leave = || {
        power::leave_bochs(clock.execution());
        power::leave_qemu(code);
    };
    part(&mut link, delivery, leave, |delivery| {
        screen::end(match delivery {
            Delivery::Acknowledged => Ending::Confirmed,
            Delivery::Unconfirmed => Ending::Unconfirmed,
        });
        screen::turn_page();
    })
}

/// After the end of the stream. An emulator ends once a host has everything. Everywhere else the guest
/// stays, unless its one host was certain, so that whoever comes, hours later even, gets everything.
/// `meanwhile` is called again and again with what became of the stream.
fn part(link: &mut Link, delivery: Delivery, leave: impl Fn(), meanwhile: impl Fn(Delivery)) -> ! {
    let go_on = |delivery| {
        meanwhile(delivery);
        if delivery == Delivery::Acknowledged {
            leave();
        }
    };
    go_on(delivery);
    while link.presence() == HostPresence::Certain {
        meanwhile(delivery);
    }
    link.linger(|delivery| {
        go_on(delivery);
        ControlFlow::Continue(())
    });
    power::halt()
}

/// Tells crash reports which cell runs.
pub fn set_current_cell(cell: Option<u32>) {
    CURRENT_CELL.store(cell.unwrap_or(NO_CELL), Ordering::Relaxed);
}

/// The cell that runs.
pub fn current_cell() -> Option<u32> {
    Some(CURRENT_CELL.load(Ordering::Relaxed)).filter(|&cell| cell != NO_CELL)
}

/// Sends a crash as the last record, if there is a link by now, and ends as every run ends.
pub fn send_crash(crash: &Crash<'_>) {
    // SAFETY: the link is a local of `run`, which never returns. Whoever was using it has crashed
    // and is never resumed, so this is the one live reference.
    let Some(link) = (unsafe { LINK.load(Ordering::Relaxed).as_mut() }) else {
        return;
    };
    // The log keeps room for this record; if it is not enough, the plain text has to do.
    let _ = link.record(&Record::Crash(crash.clone()));
    if !link.port_mut().is_there() {
        return;
    }
    let delivery = link.finish();
    link.port_mut().drain();
    // The screen shows the report, which is to stay there.
    part(link, delivery, || power::leave_qemu(ExitCode::Crashed), |_| spin_loop())
}

fn report_acpi(acpi: Result<Acpi, AcpiError>, facts: &mut Facts<'_>) {
    let Acpi { processors, console } = match acpi {
        Ok(acpi) => acpi,
        Err(error) => return facts.add("acpi.tables", Value::Text(error.name())),
    };
    facts.add("acpi.tables", Value::Text("found"));
    if let Some(processors) = processors {
        facts.add("acpi.cpus", Value::Number(processors.enabled.into()));
        facts.add("acpi.x2apic_entries", Value::Number(processors.x2apic_entries.into()));
    }
    facts.add("acpi.spcr", Value::Text(console.map_or("absent", Console::name)));
}

fn open_link(port: Port, memory: &mut Memory, log_bytes: u64) -> Link {
    let Some(log) = memory.take_slice(log_bytes as usize, 0) else {
        crash::refuse(format_args!(
            "there are no {} KiB of memory in a row for the results: add memory.",
            log_bytes / 1024
        ));
    };
    let (id, _) = build_id().split_first_chunk().expect("an id is longer than 8 bytes");
    GuestLink::new(port, log, new_session(), *id)
}

/// Differs from boot to boot, and takes few bytes in every frame.
fn new_session() -> Session {
    let mixed = now().wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Session::draw((mixed >> 32) as u32)
}

fn hex(bytes: &[u8]) -> heapless::String<64> {
    let mut text = heapless::String::new();
    for byte in bytes {
        for digit in [byte >> 4, byte & 0xf] {
            let digit = char::from_digit(digit.into(), 16).expect("a digit is below 16");
            text.push(digit).expect("an id has at most 32 bytes");
        }
    }
    text
}
