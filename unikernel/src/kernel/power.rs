//! The end.

use unikernel::execution::{Execution, Hypervisor};
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

/// Bochs ends when it reads [`SHUTDOWN`] here, byte by byte.
const SHUTDOWN_PORT: u16 = 0x8900;
const SHUTDOWN: &[u8] = b"Shutdown";

/// Ends the run if this is Bochs, which has no hypervisor leaf to say so: no CPU's clock counts
/// instructions, so this cannot be hardware, where the port might belong to some device.
pub fn leave_bochs(execution: Execution) {
    let counts = matches!(execution, Execution::Exact { .. });
    if counts && Features::read().hypervisor == Hypervisor::Absent {
        for &byte in SHUTDOWN {
            // SAFETY: on an emulator, this port is Bochs's or nobody's.
            unsafe { PortWriteOnly::new(SHUTDOWN_PORT).write(byte) };
        }
    }
}

/// Ends the virtual machine where there is one; otherwise stops the CPU for good.
pub fn off(code: ExitCode) -> ! {
    leave_qemu(code);
    halt()
}

/// Ends QEMU if this is QEMU, with the device to do so.
pub fn leave_qemu(code: ExitCode) {
    if Features::read().platform == Platform::Qemu {
        // SAFETY: where QEMU runs, this port is `isa-debug-exit`'s or nobody's.
        unsafe { PortWriteOnly::new(DEBUG_EXIT).write(code as u32) };
    }
}

/// Stops the CPU for good.
pub fn halt() -> ! {
    interrupts::disable();
    loop {
        hlt();
    }
}
