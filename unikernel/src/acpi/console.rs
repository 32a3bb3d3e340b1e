//! The Serial Port Console Redirection table (Microsoft, *SPCR*, revisions 1 to 4).
//!
//! Behind the header: interface 36, address 40 (ACPI 6.5, 5.2.3.2: space 0, register width in bits 1,
//! access size 3, address 4), rate 58, and from later revisions on clock 76, precise rate 80.

use crate::physical::{quad, word};
use crate::uart::{AccessWidth, Baud, DescribedUart, Rate, UartClock, UartRegisters};

/// Bytes of revision 1, and the least that hold the clock, and the precise rate.
const FIRST_BYTES: usize = 80;
const WITH_RATE: usize = 84;

/// Revisions from which on these fields mean something.
const CLOCK_REVISION: u8 = 3;
const RATE_REVISION: u8 = 4;

/// Interfaces that a 16550's driver serves: the 16550, the 16450, and a 16550 as the address describes it.
const UARTS: [u8; 3] = [0x00, 0x01, 0x12];

const MEMORY: u8 = 0;
const PORTS: u8 = 1;

/// Where the firmware's console is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Console {
    /// At this UART.
    Uart(DescribedUart),
    /// Nowhere: it is switched off.
    Off,
    /// At something else than a 16550, or at an address that makes no sense.
    Unusable,
}

impl Console {
    /// Reads a table whose checksum is right; `None` if it is too short to be one.
    pub(super) fn read(table: &[u8]) -> Option<Self> {
        let table = table.get(..WITH_RATE).or_else(|| table.get(..FIRST_BYTES))?;
        let (interface, address) = (table[36], &table[40..52]);
        if quad(address, 4) == 0 {
            return Some(Self::Off);
        }
        if !UARTS.contains(&interface) {
            return Some(Self::Unusable);
        }
        Some(registers(address).map_or(Self::Unusable, |registers| {
            Self::Uart(DescribedUart { registers, rate: rate(table), clock: clock(table) })
        }))
    }

    /// The UART, if there is one.
    pub const fn uart(self) -> Option<DescribedUart> {
        match self {
            Self::Uart(uart) => Some(uart),
            Self::Off | Self::Unusable => None,
        }
    }

    /// As a fact's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Uart(_) => "uart",
            Self::Off => "off",
            Self::Unusable => "unusable",
        }
    }
}

/// Registers by a generic address. Some firmware gives the distance of registers as their width and some
/// as the access size, so the larger of both counts, as in Linux.
fn registers(address: &[u8]) -> Option<UartRegisters> {
    let (space, width, access, base) = (address[0], address[1], address[3], quad(address, 4));
    if space == PORTS {
        return UartRegisters::ports(u16::try_from(base).ok()?);
    }
    let width = if width == 0 { 1 } else { width / 8 };
    let access = match (access, width) {
        (0 | 1, 1) | (1, _) => AccessWidth::Byte,
        (0 | 2, 2) | (2, _) => AccessWidth::Word,
        (0 | 3, 4) | (3, _) => AccessWidth::DoubleWord,
        _ => return None,
    };
    let stride = width.max(access.bytes());
    (space == MEMORY).then(|| UartRegisters::memory(base, stride, access))?
}

fn rate(table: &[u8]) -> Rate {
    if table[8] >= RATE_REVISION
        && table.len() >= WITH_RATE
        && let Some(baud) = Baud::new(word(table, 80))
    {
        return Rate::Baud(baud);
    }
    let code = match table[58] {
        3 => 9_600,
        4 => 19_200,
        6 => 57_600,
        7 => 115_200,
        _ => return Rate::AsFound,
    };
    Baud::new(code).map_or(Rate::AsFound, Rate::Baud)
}

fn clock(table: &[u8]) -> UartClock {
    let told = (table[8] >= CLOCK_REVISION).then(|| UartClock::new(word(table, 76))).flatten();
    told.unwrap_or(UartClock::PC)
}
