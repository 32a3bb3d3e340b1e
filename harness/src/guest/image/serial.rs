//! The serial port of a booting machine, as people name it.

use std::fmt;
use std::str::FromStr;

/// A PC's serial port, COM1 to COM4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComPort(u8);

impl ComPort {
    /// As GRUB counts, from 0.
    pub const fn unit(self) -> u8 {
        self.0 - 1
    }
}

impl Default for ComPort {
    fn default() -> Self {
        Self(1)
    }
}

impl FromStr for ComPort {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(number @ 1..=4) => Ok(Self(number)),
            _ => Err("the ports are 1, 2, 3 and 4, for COM1 to COM4"),
        }
    }
}

impl fmt::Display for ComPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A standard rate of a serial line, in bits per second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Baud(u32);

/// What can be asked for.
const RATES: [u32; 13] =
    [300, 600, 1200, 2400, 4800, 9600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600];

impl Default for Baud {
    fn default() -> Self {
        Self(115_200)
    }
}

impl FromStr for Baud {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let rate = text.parse().ok().filter(|rate| RATES.contains(rate));
        rate.map(Self).ok_or("the rates are 300 to 921600, such as 9600, 38400 or 115200")
    }
}

impl fmt::Display for Baud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which port a booted image uses; what is not chosen, GRUB takes for COM1 at 115200 baud and the
/// kernel finds out by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SerialChoice {
    /// The port.
    pub com: Option<ComPort>,
    /// The rate.
    pub baud: Option<Baud>,
}

#[cfg(test)]
mod tests {
    use super::{Baud, ComPort};

    #[test]
    fn ports_count_from_1_and_in_grub_from_0() {
        assert_eq!("2".parse::<ComPort>().map(ComPort::unit), Ok(1));
        for bad in ["0", "5", "COM1", ""] {
            assert!(bad.parse::<ComPort>().is_err(), "{bad}");
        }
    }

    #[test]
    fn only_rates_that_a_port_may_have_are_taken() {
        assert!("9600".parse::<Baud>().is_ok());
        assert!("9601".parse::<Baud>().is_err() && "fast".parse::<Baud>().is_err());
    }
}
