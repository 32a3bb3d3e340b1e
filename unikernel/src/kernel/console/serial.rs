//! COM1 at 115200 baud, 8 data bits, no parity, 1 stop bit.

use core::hint::spin_loop;
use core::sync::atomic::{AtomicBool, Ordering};

use uart_16550::spec::registers::LSR;
use uart_16550::{BaudRate, Config, Uart16550};
use wire::guest::{LineStuck, SerialPort};

use super::bounded::BoundedPorts;
use crate::kernel::machine::timing;

const COM1: u16 = 0x3f8;

const CONFIG: Config = Config { baud_rate: BaudRate::Baud115200, ..Config::DEFAULT };

/// Whether [`Line::open`] found a UART.
static PRESENT: AtomicBool = AtomicBool::new(false);

/// The serial line. Every wait for it is bounded.
#[derive(Debug)]
pub struct Line {
    uart: Uart16550<BoundedPorts>,
}

impl Line {
    /// Sets the UART up; `None` if there is none, or none that works.
    pub fn open() -> Option<Self> {
        let mut line = Self::unchecked();
        line.uart.init(CONFIG).ok()?;
        line.uart.test_loopback().ok()?;
        if line.uart.backend().is_stuck() {
            return None;
        }
        PRESENT.store(true, Ordering::Relaxed);
        Some(line)
    }

    /// The line that was opened before, for whoever can no longer ask its owner.
    pub fn adopt() -> Option<Self> {
        PRESENT.load(Ordering::Relaxed).then(Self::unchecked)
    }

    fn unchecked() -> Self {
        // SAFETY: COM1's ports belong to a UART or to nothing.
        Self { uart: unsafe { Uart16550::new_with_backend(BoundedPorts::new(COM1)) } }
    }

    /// Waits, within bounds, until the last bit has left.
    pub fn drain(&mut self) {
        self.uart.backend_mut().reset();
        while !self.uart.lsr().contains(LSR::TRANSMITTER_EMPTY) {
            spin_loop();
        }
    }
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
        self.uart.try_receive_byte().ok()
    }
}
