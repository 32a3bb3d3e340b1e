//! A hang becomes a report. The local APIC's timer looks now and then whether the cell still takes
//! steps; a cell that has taken none between two looks is given up.
//!
//! Interrupts are let in for this alone, and only while a cell runs on a clock that does not count
//! instructions: the task priority holds back all others (Intel SDM vol. 3A, 12.8.3.1).

use core::arch::asm;
use core::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use unikernel::execution::Execution;
use unikernel::options::Seconds;
use wire::Value;
use x86_64::instructions::interrupts;

use super::apic::{self, Timer};
use super::clock::Clock;
use super::cpu::interrupts::TrapFrame;
use super::crash;
use super::facts::Facts;
use super::machine::steps;

/// Seconds between two looks unless the command line says otherwise. The longest step is the check of a
/// large machine under emulation, which takes some seconds.
const DEFAULT: Seconds = Seconds(60);

/// Only interrupts of the timer's priority class, the highest, come through.
const TASK_PRIORITY: u64 = (apic::TIMER_VECTOR as u64 >> 4) - 1;

/// Ticks of the timer between two looks; 0 turns it off.
static PERIOD: AtomicU32 = AtomicU32::new(0);

/// Steps begun at the last look.
static SEEN: AtomicU64 = AtomicU64::new(0);

/// Makes the watchdog look as often as was asked for, if APIC and clock allow it; every 0 seconds is never.
pub fn set_up(
    wish: Option<Seconds>,
    apic: Option<&apic::Report>,
    clock: &Clock,
    facts: &mut Facts<'_>,
) {
    let Seconds(seconds) = wish.unwrap_or(DEFAULT);
    let exact = matches!(clock.execution(), Execution::Exact { .. });
    let period = match clock.tsc_hz() {
        Some(hz) if !exact && apic.is_some() && seconds > 0 => {
            ticks_in(seconds, Timer::get().measure_hz(hz))
        }
        _ => 0,
    };
    PERIOD.store(period, Ordering::Relaxed);
    let seconds = if period == 0 { 0 } else { seconds };
    facts.add("watchdog.seconds", Value::Number(seconds.into()));
}

fn ticks_in(seconds: u32, hz: u64) -> u32 {
    u32::try_from(u64::from(seconds).saturating_mul(hz)).unwrap_or(u32::MAX)
}

/// A cell begins, or goes on after a rest.
pub fn watch() {
    let period = PERIOD.load(Ordering::Relaxed);
    if period == 0 {
        return;
    }
    SEEN.store(steps::begun(), Ordering::Relaxed);
    set_task_priority(TASK_PRIORITY);
    Timer::get().start(period);
    interrupts::enable();
}

/// The cell is over, or something is awaited that may take as long as it likes.
pub fn rest() {
    if PERIOD.load(Ordering::Relaxed) != 0 {
        interrupts::disable();
        Timer::get().stop();
    }
}

/// Called by `watchdog_entry`: looks.
pub extern "sysv64" fn look(frame: &TrapFrame) {
    let begun = steps::begun();
    if SEEN.swap(begun, Ordering::Relaxed) == begun {
        crash::hang(frame);
    }
    Timer::get().end_of_interrupt();
}

/// CR8 holds the upper four bits of the task priority (Intel SDM vol. 3A, 12.8.6).
fn set_task_priority(class: u64) {
    // SAFETY: decides which interrupts wait, and each of those has a handler.
    unsafe { asm!("mov cr8, {}", in(reg) class, options(nomem, nostack, preserves_flags)) };
}
