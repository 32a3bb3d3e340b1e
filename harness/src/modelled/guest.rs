//! The life of a modelled guest: greet, say what the machine is, run the plan, say goodbye.

use std::fs;
use std::num::NonZeroU32;

use runner::verify::{Engine, Orders};
use runner::{Resolved, Sink, resolve};
use wire::guest::{GuestLink, LogFull, PlanAtHand};
use wire::{Activity, HostPresence, MAX_STREAM, Plan, Record, Refusal, Session, Value};

use super::line::Line;
use super::speech::{self, Speech};
use super::{measure, memory, verify};

/// There is one guest in a process.
const SESSION: Session = Session::draw(0);

/// No kernel runs here.
const BUILD: [u8; 8] = [0; 8];

/// Ticks of the modelled machine's clock in a second.
const CLOCK_HZ: u64 = 1_000_000_000;

/// Bytes of the shortest log: facts, a refusal, or all that random events have to say.
const LEAST_LOG: u64 = 1 << 20;

pub(super) fn live<E: Engine>(port: Line, plan: &Plan, trace: &str, engine: E, memory_mib: u64) {
    let judged = judge(plan, trace, memory_mib);
    let said = judged.as_ref().map_or(0, Resolved::stream_bytes);
    let room = vec![0; said.clamp(LEAST_LOG, MAX_STREAM.into()) as usize].leak();
    let mut link = GuestLink::new(port, room, SESSION, BUILD);
    link.greet(HostPresence::Certain, PlanAtHand::Brought, &mut []);
    speech::open(link);
    // A log that is full has the host miss the end of the stream, which it reports.
    let _ = introduce().and_then(|()| match judged {
        Ok(resolved) => carry_out(plan, &resolved, engine),
        Err(refusal) => Speech.record(&Record::Refused(refusal)),
    });
    speech::close();
}

/// What the plan means, if this machine can run it.
fn judge<'p, 't>(
    plan: &'p Plan,
    trace: &'t str,
    memory_mib: u64,
) -> Result<Resolved<'t>, Refusal<'p>> {
    let resolved = resolve(plan, trace)?;
    let needed_mib = memory::needed_mib(&resolved);
    if needed_mib <= memory_mib {
        return Ok(resolved);
    }
    let narrow = |mib: u64| u32::try_from(mib).unwrap_or(u32::MAX);
    Err(Refusal::Memory { needed_mib: narrow(needed_mib), present_mib: narrow(memory_mib) })
}

fn introduce() -> Result<(), LogFull> {
    let cpu = cpu_brand();
    for (name, value) in [
        ("boot.route", Value::Text("none")),
        ("cpu.brand", Value::Text(&cpu)),
        ("execution", Value::Text("model")),
        ("unit", Value::Text("ticks")),
        ("ticks_per_unit", Value::Number(1)),
        ("tsc_hz", Value::Number(CLOCK_HZ)),
    ] {
        Speech.record(&Record::Fact { name, value })?;
    }
    Ok(())
}

fn cpu_brand() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let brand = text.lines().find(|line| line.starts_with("model name"));
    let brand = brand.and_then(|line| line.split_once(':'));
    brand.map_or_else(|| "unknown".to_owned(), |(_, brand)| brand.trim().to_owned())
}

fn carry_out<E: Engine>(plan: &Plan, resolved: &Resolved<'_>, engine: E) -> Result<(), LogFull> {
    let mut room = [0; wire::MAX_PLAN];
    let encoded = plan.encode(&mut room).unwrap_or_default();
    match plan.activity {
        Activity::Measure => measure::measure(resolved, encoded),
        Activity::Verify { events, check_every } => {
            let check_every = NonZeroU32::new(check_every).unwrap_or(NonZeroU32::MIN);
            verify::verify(resolved, encoded, Orders { events, check_every }, engine)
        }
    }
}
