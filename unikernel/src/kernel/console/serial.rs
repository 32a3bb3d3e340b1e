//! The serial line: 8 data bits, no parity, 1 stop bit.

use core::hint::spin_loop;

use spin::Once;
use uart_16550::spec::registers::LSR;
use uart_16550::{BaudRate, Config, Uart16550};
use unikernel::uart::{Baud, Candidate, Settled, UartRegisters};
use wire::guest::{LineStuck, SerialPort};

use super::bounded::{Bounded, Patience};
use crate::kernel::machine::timing;

/// Where [`Line::open`] found a UART.
static OPENED: Once<UartRegisters> = Once::new();

/// The serial line. Every wait for it is bounded.
#[derive(Debug)]
pub struct Line {
    uart: Uart16550<Bounded>,
    /// Looks at the line status that make a poll.
    looks: u32,
}

impl Line {
    /// Sets the UART up; `None` if there is none, or none that works.
    ///
    /// # Safety
    /// Registers in memory are mapped in the direct map, now and for good.
    pub unsafe fn open(candidate: &Candidate) -> Option<(Self, Settled)> {
        // SAFETY: by this function's contract; ports belong to a UART or to nothing.
        let mut uart = unsafe { uart_at(candidate.registers, Patience::Probing) };
        if !uart.check_present() {
            return None;
        }
        let (low, high) = uart.dll_dlm();
        let settled = candidate.rate.settle(candidate.clock, u16::from_le_bytes([low, high]));
        uart.init(config(&settled)).ok()?;
        uart.test_loopback().ok()?;
        if uart.backend().is_stuck() {
            return None;
        }
        uart.backend_mut().set_patience(Patience::Working);
        OPENED.call_once(|| candidate.registers);
        Some((Self { uart, looks: looks_per_poll(settled.baud) }, settled))
    }

    /// The line that was opened before, for whoever can no longer ask its owner.
    pub fn adopt() -> Option<Self> {
        let registers = *OPENED.get()?;
        // SAFETY: `open`'s caller vouched for them.
        let uart = unsafe { uart_at(registers, Patience::Working) };
        Some(Self { uart, looks: 1 })
    }

    /// Waits, within bounds, until the last bit has left.
    pub fn drain(&mut self) {
        self.uart.backend_mut().reset();
        while !self.uart.lsr().contains(LSR::TRANSMITTER_EMPTY) {
            spin_loop();
        }
    }
}

/// # Safety
/// As for [`Bounded::new`], but that others may use the UART as long as they stand still.
const unsafe fn uart_at(registers: UartRegisters, patience: Patience) -> Uart16550<Bounded> {
    // SAFETY: by this function's contract.
    let backend = unsafe { Bounded::new(registers, patience) };
    // SAFETY: as above.
    unsafe { Uart16550::new_with_backend(backend) }
}

fn config(settled: &Settled) -> Config {
    Config {
        baud_rate: BaudRate::Custom(settled.baud.get()),
        frequency: settled.exact_clock(),
        ..Config::DEFAULT
    }
}

/// The link counts its waits in polls, which shall last for as many bits at any rate: one look up to
/// 115200 baud, in proportion below.
fn looks_per_poll(baud: Baud) -> u32 {
    Baud::DEFAULT.get().div_ceil(baud.get())
}

impl SerialPort for Line {
    fn send(&mut self, bytes: &[u8]) -> Result<(), LineStuck> {
        timing::line_takes(bytes.len());
        self.uart.backend_mut().reset();
        let mut rest = bytes;
        while !rest.is_empty() {
            let sent = self.uart.send_bytes(rest);
            if self.uart.backend().is_stuck() {
                return Err(LineStuck);
            }
            rest = &rest[sent..];
            spin_loop();
        }
        Ok(())
    }

    fn poll(&mut self) -> Option<u8> {
        self.uart.backend_mut().reset();
        (0..self.looks).find_map(|_| self.uart.try_receive_byte().ok())
    }
}
