//! Register access for the `uart_16550` crate whose waits end.

use uart_16550::backend::Backend;
use uart_16550::spec::registers::{LSR, offsets};
use unikernel::uart::UartRegisters;

use super::registers;

/// How many looks at the line status in a row may bring nothing new. On hardware a look takes about 1 us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Of a UART that may not be one: about a second, in which any rate empties a full FIFO.
    Probing,
    /// Of a UART that works: QEMU may hold the line while its reader is slow.
    Working,
}

impl Patience {
    const fn looks(self) -> u32 {
        match self {
            Self::Probing => 1_000_000,
            Self::Working => 10_000_000,
        }
    }
}

/// A UART's registers.
///
/// The crate waits without limit for the transmitter (`init`), for its own echo and for an end of what
/// comes in (loopback test). When patience is at its end, this backend answers "everything is ready" and
/// "nothing is" by turns, which ends all of these waits, and remembers it.
#[derive(Debug)]
pub struct Bounded {
    registers: UartRegisters,
    patience: Patience,
    looks: u32,
}

impl Bounded {
    /// Access to `registers`.
    ///
    /// # Safety
    /// They are those of a UART or of nothing, nobody else uses them, and those in memory are mapped in the
    /// direct map for good.
    pub const unsafe fn new(registers: UartRegisters, patience: Patience) -> Self {
        Self { registers, patience, looks: 0 }
    }

    /// Whether some wait came to nothing.
    pub const fn is_stuck(&self) -> bool {
        self.looks >= self.patience.looks()
    }

    /// Forgives.
    pub const fn reset(&mut self) {
        self.looks = 0;
    }

    /// From now on waits so long.
    pub const fn set_patience(&mut self, patience: Patience) {
        self.patience = patience;
    }
}

impl Backend for Bounded {
    unsafe fn read(&mut self, register: u8) -> u8 {
        // SAFETY: by the contract of `new`; the caller asks for a register of the UART.
        let value = unsafe { registers::read(self.registers, register) };
        if usize::from(register) != offsets::LSR {
            return value;
        }
        let is_stuck = self.is_stuck();
        self.looks += 1;
        if !is_stuck {
            return value;
        }
        let ready = LSR::DATA_READY | LSR::THR_EMPTY | LSR::TRANSMITTER_EMPTY;
        if self.looks.is_multiple_of(2) { ready.bits() } else { 0 }
    }

    unsafe fn write(&mut self, register: u8, value: u8) {
        if usize::from(register) == offsets::DATA {
            self.looks = 0;
        }
        // SAFETY: by the contract of `new`; the caller means a register of the UART.
        unsafe { registers::write(self.registers, register, value) };
    }
}
