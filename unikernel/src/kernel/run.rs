//! The run: say who we are, get a plan, carry it out, say goodbye.

use core::ptr;
use core::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use runner::log_bytes;
use unikernel::execution::Execution;
use wire::{Crash, GuestLink, MAX_PLAN, Record, Session, Value};

use super::build_id::build_id;
use super::console::Port;
use super::cpu::{control, features};
use super::facts::Facts;
use super::machine::now;
use super::memory::Memory;
use super::once::TakeOnce;
use super::plan::{self, Module};
use super::power;
use super::{Booted, apic, boot, check, crash, execute};

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
}

/// Runs to the end and powers off.
pub fn run(booted: Booted) -> ! {
    let Booted { info, firmware, apic, clock, mut memory, line } = booted;
    let module = Module::read(memory.module());
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
    firmware.report(&mut facts);
    control::report(&mut facts);
    features::report(&mut facts);
    apic::report(apic.as_ref(), &mut facts);
    clock.report(&mut facts);
    memory.report(&mut facts);

    let greeting = link.greet(module.presence(), module.at_hand(), PLAN_BUFFER.take());
    let plan = plan::choose(greeting, module);
    if let Some((plan, _)) = &plan {
        link.set_presence(plan.host);
    }
    let mut guest = Guest { link: &mut link, log_bytes, memory, execution: clock.execution() };
    let code = match (info.option("crash"), info.option("check")) {
        (Some(kind), _) => crash::on_purpose(kind),
        (None, Some("machine")) => check::machine(&mut guest),
        (None, _) => execute::plan(&mut guest, plan.as_ref().map(|(plan, trace)| (plan, *trace))),
    };
    // Nobody is told how it ended: with or without an answer, this is the end.
    let _ = link.finish();
    link.port_mut().drain();
    power::leave_bochs(clock.execution());
    power::off(code)
}

/// Tells crash reports which cell runs.
pub fn set_current_cell(cell: Option<u32>) {
    CURRENT_CELL.store(cell.unwrap_or(NO_CELL), Ordering::Relaxed);
}

/// The cell that runs.
pub fn current_cell() -> Option<u32> {
    Some(CURRENT_CELL.load(Ordering::Relaxed)).filter(|&cell| cell != NO_CELL)
}

/// Sends a crash as the last record, if there is a link by now.
pub fn send_crash(crash: &Crash<'_>) {
    // SAFETY: the link is a local of `run`, which never returns. Whoever was using it has crashed
    // and is never resumed, so this is the one live reference.
    let Some(link) = (unsafe { LINK.load(Ordering::Relaxed).as_mut() }) else {
        return;
    };
    // The log keeps room for this record; if it is not enough, the plain text has to do.
    let _ = link.record(&Record::Crash(crash.clone()));
    let _ = link.finish();
    link.port_mut().drain();
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
