//! Which UART to try first: the user's, the firmware's, whichever is found.

use heapless::Vec;

use super::{Baud, COM_PORTS, DescribedUart, Rate, UartClock, UartRegisters};

/// Ports are given out in eights, from 0x100 on: what the BIOS's data area holds besides is no UART.
const PORTS: core::ops::RangeInclusive<u16> = 0x100..=0xfff8;

/// What the user wants of the line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LineWishes {
    /// Which port.
    pub port: Option<PortWish>,
    /// How fast.
    pub baud: Option<Baud>,
    /// What its clock is.
    pub clock: Option<UartClock>,
}

/// Which port the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PortWish {
    /// No line at all.
    NoLine,
    /// The UART from this I/O port on.
    Port(UartRegisters),
}

/// Who named a UART.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundBy {
    /// The user.
    CommandLine,
    /// The firmware's console table.
    Spcr,
    /// Nobody: it answered.
    Probed,
}

impl FoundBy {
    /// As a fact's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CommandLine => "command-line",
            Self::Spcr => "spcr",
            Self::Probed => "probed",
        }
    }
}

/// A UART that may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where.
    pub registers: UartRegisters,
    /// Who says so.
    pub found_by: FoundBy,
    /// How fast it shall run.
    pub rate: Rate,
    /// What its divisor divides.
    pub clock: UartClock,
}

/// The user's, the firmware's, four that the BIOS lists, four of a PC's.
pub type Candidates = Vec<Candidate, 10>;

/// The UARTs to try, in this order. `listed` are the ports that the BIOS's data area holds, 0 for none.
pub fn candidates(wishes: LineWishes, spcr: Option<DescribedUart>, listed: [u16; 4]) -> Candidates {
    let mut found = Candidates::new();
    let mut add = |registers, found_by, rate, clock| {
        let rate = wishes.baud.map_or(rate, Rate::Baud);
        let clock = wishes.clock.unwrap_or(clock);
        if !found.iter().any(|other: &Candidate| other.registers == registers) {
            // Its capacity is all there can be.
            let _ = found.push(Candidate { registers, found_by, rate, clock });
        }
    };
    let usual = Rate::Baud(Baud::DEFAULT);
    match wishes.port {
        Some(PortWish::NoLine) => return Candidates::new(),
        Some(PortWish::Port(port)) => match spcr.filter(|uart| uart.registers == port) {
            Some(uart) => add(port, FoundBy::CommandLine, uart.rate, uart.clock),
            None => add(port, FoundBy::CommandLine, usual, UartClock::PC),
        },
        None => {}
    }
    if let Some(uart) = spcr {
        add(uart.registers, FoundBy::Spcr, uart.rate, uart.clock);
    }
    let plausible = |port: &u16| PORTS.contains(port) && port.is_multiple_of(8);
    for base in listed.into_iter().filter(plausible).chain(COM_PORTS) {
        add(UartRegisters::Ports { base }, FoundBy::Probed, usual, UartClock::PC);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uart::AccessWidth;
    use std::vec::Vec;

    const SPCR: DescribedUart = DescribedUart {
        registers: UartRegisters::Memory {
            base: 0xfe00_0000,
            stride: 4,
            width: AccessWidth::DoubleWord,
        },
        rate: Rate::AsFound,
        clock: UartClock::PC,
    };

    const COM2: UartRegisters = UartRegisters::Ports { base: 0x2f8 };

    fn tried(
        wishes: LineWishes,
        spcr: Option<DescribedUart>,
        listed: [u16; 4],
    ) -> Vec<(String, FoundBy)> {
        let all = candidates(wishes, spcr, listed);
        all.iter().map(|one| (one.registers.to_string(), one.found_by)).collect()
    }

    use std::string::{String, ToString};

    fn named(names: &[(&str, FoundBy)]) -> Vec<(String, FoundBy)> {
        names.iter().map(|(name, by)| ((*name).to_string(), *by)).collect()
    }

    const PROBED: [(&str, FoundBy); 4] = [
        ("0x3f8", FoundBy::Probed),
        ("0x2f8", FoundBy::Probed),
        ("0x3e8", FoundBy::Probed),
        ("0x2e8", FoundBy::Probed),
    ];

    #[test]
    fn a_machine_without_hints_is_probed() {
        assert_eq!(tried(LineWishes::default(), None, [0; 4]), named(&PROBED));
    }

    #[test]
    fn the_user_comes_before_the_firmware_and_the_firmware_before_probing() {
        let wishes = LineWishes { port: Some(PortWish::Port(COM2)), ..LineWishes::default() };
        let order = tried(wishes, Some(SPCR), [0; 4]);
        let expected = named(&[
            ("0x2f8", FoundBy::CommandLine),
            ("memory 0xfe000000", FoundBy::Spcr),
            PROBED[0],
            PROBED[2],
            PROBED[3],
        ]);
        assert_eq!(order, expected);
    }

    #[test]
    fn what_the_bios_lists_is_tried_first_unless_it_is_no_port() {
        let order = tried(LineWishes::default(), None, [0x2f8, 0x9fc1, 0xc000, 0x40]);
        let expected = [
            ("0x2f8", FoundBy::Probed),
            ("0xc000", FoundBy::Probed),
            PROBED[0],
            PROBED[2],
            PROBED[3],
        ];
        assert_eq!(order, named(&expected));
    }

    #[test]
    fn none_is_none() {
        let wishes = LineWishes { port: Some(PortWish::NoLine), ..LineWishes::default() };
        assert!(candidates(wishes, Some(SPCR), [0x3f8; 4]).is_empty());
    }

    #[test]
    fn the_users_rate_holds_for_every_port_and_the_tables_for_its_own() {
        let rates = |baud| {
            let wishes = LineWishes { baud, ..LineWishes::default() };
            let all = candidates(wishes, Some(SPCR), [0; 4]);
            [all[0].rate, all[1].rate]
        };
        let slow = Baud::new(9600).expect("a rate");
        assert_eq!(rates(Some(slow)), [Rate::Baud(slow); 2]);
        assert_eq!(rates(None), [Rate::AsFound, Rate::Baud(Baud::DEFAULT)]);
    }

    #[test]
    fn the_table_tells_the_clock_of_the_port_that_the_user_names() {
        let clock = UartClock::new(24_000_000).expect("a clock");
        let uart = DescribedUart { registers: COM2, clock, ..SPCR };
        let wishes = LineWishes { port: Some(PortWish::Port(COM2)), ..LineWishes::default() };
        let first = candidates(wishes, Some(uart), [0; 4])[0];
        assert_eq!((first.found_by, first.clock), (FoundBy::CommandLine, clock));
    }
}
