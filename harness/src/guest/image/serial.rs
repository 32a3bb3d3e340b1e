//! The serial port of a booting machine, as people name it.

use std::fmt;
use std::str::FromStr;

use crate::port::Baud;

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
    use super::ComPort;

    #[test]
    fn ports_count_from_1_and_in_grub_from_0() {
        assert_eq!("2".parse::<ComPort>().map(ComPort::unit), Ok(1));
        for bad in ["0", "5", "COM1", ""] {
            assert!(bad.parse::<ComPort>().is_err(), "{bad}");
        }
    }
}
