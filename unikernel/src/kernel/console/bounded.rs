//! Port I/O for the `uart_16550` crate whose waits end.

use uart_16550::backend::Backend;
use uart_16550::spec::registers::{LSR, offsets};
use x86_64::instructions::port::Port;

/// Looks at the line status in a row that bring nothing new. On hardware a look takes about 1 us and
/// a full FIFO at 115200 baud 1.4 ms; QEMU may hold the line while its reader is slow.
const PATIENCE: u32 = 10_000_000;

/// A UART's registers at consecutive ports.
///
/// The crate waits without limit for the transmitter (`init`) and for its own echo (loopback test).
/// When patience is at its end, this backend answers "ready" once and for all, and remembers it.
#[derive(Debug)]
pub struct BoundedPorts {
    base: u16,
    looks: u32,
}

impl BoundedPorts {
    /// Registers from port `base` on.
    pub const fn new(base: u16) -> Self {
        Self { base, looks: 0 }
    }

    /// Whether some wait came to nothing.
    pub const fn is_stuck(&self) -> bool {
        self.looks >= PATIENCE
    }

    /// Forgives.
    pub const fn reset(&mut self) {
        self.looks = 0;
    }

    fn port(&self, register: u8) -> Port<u8> {
        Port::new(self.base + u16::from(register))
    }
}

impl Backend for BoundedPorts {
    unsafe fn read(&mut self, register: u8) -> u8 {
        // SAFETY: the caller asks for a register of the UART.
        let value = unsafe { self.port(register).read() };
        if usize::from(register) != offsets::LSR {
            return value;
        }
        let ready = LSR::DATA_READY | LSR::THR_EMPTY | LSR::TRANSMITTER_EMPTY;
        if self.is_stuck() {
            return value | ready.bits();
        }
        self.looks += 1;
        value
    }

    unsafe fn write(&mut self, register: u8, value: u8) {
        if usize::from(register) == offsets::DATA {
            self.looks = 0;
        }
        // SAFETY: the caller means a register of the UART.
        unsafe { self.port(register).write(value) };
    }
}
