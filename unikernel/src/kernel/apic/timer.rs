//! The local APIC's timer (Intel SDM vol. 3A, 12.5.4).

use unikernel::calibration::frequency;
use x2apic::lapic::{LocalApic, TimerDivide, TimerMode};

use crate::kernel::machine::now;

/// What part of a second its speed is measured for.
const MEASURED_PART: u64 = 200;

/// The timer of this CPU, after [`super::quiet`].
#[derive(Debug)]
pub struct Timer {
    apic: LocalApic,
}

impl Timer {
    /// The timer.
    pub fn get() -> Self {
        Self { apic: super::build() }
    }

    /// Its speed in Hz, measured against a TSC of `tsc_hz`. Takes 5 ms.
    pub fn measure_hz(&mut self, tsc_hz: u64) -> u64 {
        self.count_from(u32::MAX);
        let (start, span) = (now(), tsc_hz / MEASURED_PART);
        let mut passed = 0;
        while passed < span {
            core::hint::spin_loop();
            passed = now().saturating_sub(start);
        }
        // SAFETY: reads a register of the enabled APIC.
        let counted = u32::MAX - unsafe { self.apic.timer_current() };
        self.count_from(0);
        frequency(counted.into(), passed, tsc_hz)
    }

    /// Interrupts every `period` ticks from now on, at [`super::TIMER_VECTOR`].
    pub fn start(&mut self, period: u32) {
        // SAFETY: the mode of a masked timer.
        unsafe { self.apic.set_timer_mode(TimerMode::Periodic) };
        self.count_from(period);
        // SAFETY: the vector leads to the watchdog.
        unsafe { self.apic.enable_timer() };
    }

    /// Interrupts no more.
    pub fn stop(&mut self) {
        // SAFETY: masks the timer.
        unsafe { self.apic.disable_timer() };
        self.count_from(0);
    }

    /// The interrupt is dealt with: the next may come.
    pub fn end_of_interrupt(&mut self) {
        // SAFETY: called by the handler alone, once for each interrupt.
        unsafe { self.apic.end_of_interrupt() };
    }

    fn count_from(&mut self, ticks: u32) {
        // SAFETY: its speed decides nothing but when the timer's own interrupt comes.
        unsafe { self.apic.set_timer_divide(TimerDivide::Div128) };
        // SAFETY: as above.
        unsafe { self.apic.set_timer_initial(ticks) };
    }
}
