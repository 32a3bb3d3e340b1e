//! Where the serial line may be, and how fast it may run.

mod bios;
mod candidates;
mod rate;
mod registers;

pub use bios::ports_listed_by_bios;
pub use candidates::{Candidate, Candidates, FoundBy, LineWishes, PortWish, candidates};
pub use rate::{Baud, Divisor, Rate, Settled, UartClock, UnreachableBaud};
pub use registers::{AccessWidth, UartRegisters};

/// Ports of COM1 to COM4.
pub const COM_PORTS: [u16; 4] = [0x3f8, 0x2f8, 0x3e8, 0x2e8];

/// A UART that the firmware described.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DescribedUart {
    /// Where it is.
    pub registers: UartRegisters,
    /// How fast the firmware runs it.
    pub rate: Rate,
    /// What its divisor divides.
    pub clock: UartClock,
}
