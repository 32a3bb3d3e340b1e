//! The end.

use x86_64::instructions::port::PortWriteOnly;
use x86_64::instructions::{hlt, interrupts};

use super::cpu::features::{Features, Platform};

/// `-device isa-debug-exit,iobase=0xf4,iosize=4`: QEMU exits with twice the value plus 1.
const DEBUG_EXIT: u16 = 0xf4;

/// How the run ended, as QEMU's exit status tells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExitCode {
    /// The plan is done: status 33.
    Done = 0x10,
    /// The kernel crashed: status 35.
    Crashed = 0x11,
    /// The machine or the plan cannot be used: status 37.
    Refused = 0x12,
}

/// Ends the virtual machine where there is one; otherwise stops the CPU for good.
pub fn off(code: ExitCode) -> ! {
    if Features::read().platform == Platform::Qemu {
        // SAFETY: where QEMU runs, this port is `isa-debug-exit`'s or nobody's.
        unsafe { PortWriteOnly::new(DEBUG_EXIT).write(code as u32) };
    }
    halt()
}

/// Stops the CPU for good.
pub fn halt() -> ! {
    interrupts::disable();
    loop {
        hlt();
    }
}
