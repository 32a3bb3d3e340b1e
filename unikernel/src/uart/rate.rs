//! Bits per second, and the divisor that gives them.

use core::fmt;
use core::num::{NonZeroU16, NonZeroU32};

/// The most that both ends together may be off is near 5 %, for the tenth bit must still be met.
const TOLERANCE_PERCENT: u64 = 2;

/// A UART samples each bit so many times.
const SAMPLES_PER_BIT: u64 = 16;

/// Bits per second on the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Baud(NonZeroU32);

impl Baud {
    /// The rate where nobody says otherwise.
    pub const DEFAULT: Self = Self(NonZeroU32::new(115_200).unwrap());

    /// The rates that terminals know.
    pub const STANDARD: [u32; 16] = [
        300, 600, 1_200, 1_800, 2_400, 4_800, 9_600, 14_400, 19_200, 28_800, 38_400, 57_600,
        115_200, 230_400, 460_800, 921_600,
    ];

    /// A rate; `None` for 0.
    pub fn new(bits_per_second: u32) -> Option<Self> {
        NonZeroU32::new(bits_per_second).map(Self)
    }

    /// One of [`Self::STANDARD`].
    pub fn standard(bits_per_second: u32) -> Option<Self> {
        Self::STANDARD.contains(&bits_per_second).then(|| Self::new(bits_per_second))?
    }

    /// In bits per second.
    pub const fn get(self) -> u32 {
        self.0.get()
    }

    /// What makes this rate of `clock`, if anything makes it well enough.
    ///
    /// # Errors
    /// The nearest rate that `clock` gives is more than 2 % away.
    pub fn divisor(self, clock: UartClock) -> Result<Divisor, UnreachableBaud> {
        let unreachable = UnreachableBaud { baud: self, clock };
        let hz = u64::from(clock.hz());
        let step = SAMPLES_PER_BIT * u64::from(self.get());
        let divisor = u16::try_from((hz + step / 2) / step).ok().and_then(NonZeroU16::new);
        let divisor = divisor.ok_or(unreachable)?;
        let exact = step * u64::from(divisor.get());
        if exact.abs_diff(hz) * 100 > exact * TOLERANCE_PERCENT {
            return Err(unreachable);
        }
        Ok(Divisor(divisor))
    }
}

/// How fast a line shall run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rate {
    /// So fast.
    Baud(Baud),
    /// As the firmware has set the UART up.
    AsFound,
}

/// The rate that a line gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settled {
    /// Bits per second, rounded down if the clock gives no whole number.
    pub baud: Baud,
    /// What makes them.
    pub divisor: Divisor,
    /// Why the rate is not the one that was wanted.
    pub missed: Option<UnreachableBaud>,
}

impl Rate {
    /// The rate of a UART on `clock` whose divisor was `found`. A rate that cannot be had leaves the UART
    /// as it was, so that whoever listened to the firmware can read why.
    pub fn settle(self, clock: UartClock, found: u16) -> Settled {
        let missed = match self {
            Self::AsFound => None,
            Self::Baud(baud) => match baud.divisor(clock) {
                Ok(divisor) => return Settled { baud, divisor, missed: None },
                Err(unreachable) => Some(unreachable),
            },
        };
        let default = Baud::DEFAULT.divisor(clock).unwrap_or(Divisor(NonZeroU16::MIN));
        let divisor = NonZeroU16::new(found).map_or(default, Divisor);
        Settled { baud: clock.baud(divisor), divisor, missed }
    }
}

impl Settled {
    /// The clock, in Hz, of which the divisor makes exactly this rate.
    pub fn exact_clock(&self) -> u32 {
        let exact = SAMPLES_PER_BIT * u64::from(self.baud.get()) * u64::from(self.divisor.get());
        u32::try_from(exact).unwrap_or(u32::MAX)
    }
}

/// The frequency that a UART's divisor divides, in Hz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UartClock(NonZeroU32);

impl UartClock {
    /// The PC's, since 1981.
    pub const PC: Self = Self(NonZeroU32::new(1_843_200).unwrap());

    /// A clock; `None` for 0 Hz.
    pub fn new(hz: u32) -> Option<Self> {
        NonZeroU32::new(hz).map(Self)
    }

    /// In Hz.
    pub const fn hz(self) -> u32 {
        self.0.get()
    }

    /// The rate that `divisor` makes of it, 1 at least.
    fn baud(self, divisor: Divisor) -> Baud {
        let step = SAMPLES_PER_BIT * u64::from(divisor.get());
        let baud = u32::try_from(u64::from(self.hz()) / step).unwrap_or(u32::MAX);
        Baud(NonZeroU32::new(baud).unwrap_or(NonZeroU32::MIN))
    }
}

/// What a UART divides its clock by, 16 samples a bit not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Divisor(NonZeroU16);

impl Divisor {
    /// As the divisor latch takes it.
    pub const fn get(self) -> u16 {
        self.0.get()
    }
}

/// No divisor makes this rate of this clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnreachableBaud {
    baud: Baud,
    clock: UartClock,
}

impl fmt::Display for UnreachableBaud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { baud, clock } = self;
        write!(f, "{} baud cannot be had of a UART clock of {} Hz: use", baud.get(), clock.hz())?;
        let reachable = Baud::STANDARD.into_iter().filter_map(Baud::new);
        for rate in reachable.filter(|rate| rate.divisor(*clock).is_ok()) {
            write!(f, " {},", rate.get())?;
        }
        f.write_str(" or, if the clock is another, say clock=HZ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::string::ToString;

    fn divisor(baud: u32, hz: u32) -> Option<u16> {
        let clock = UartClock::new(hz).expect("a clock");
        Baud::new(baud).expect("a rate").divisor(clock).ok().map(Divisor::get)
    }

    #[test]
    fn a_pc_makes_every_standard_rate_to_115200_exactly() {
        for rate in Baud::STANDARD.into_iter().filter(|&rate| rate <= 115_200) {
            let divisor = divisor(rate, 1_843_200).expect("a divisor");
            assert_eq!(u32::from(divisor) * rate, 115_200);
        }
    }

    #[test]
    fn a_pc_makes_no_faster_rate_and_says_which_it_makes() {
        for rate in [230_400, 460_800, 921_600] {
            assert_eq!(divisor(rate, 1_843_200), None);
        }
        let why = Baud::new(230_400).expect("a rate").divisor(UartClock::PC).expect_err("too fast");
        assert_eq!(
            why.to_string(),
            "230400 baud cannot be had of a UART clock of 1843200 Hz: use 300, 600, 1200, 1800, 2400, \
             4800, 9600, 14400, 19200, 28800, 38400, 57600, 115200, or, if the clock is another, say \
             clock=HZ"
        );
    }

    #[test]
    fn a_faster_clock_makes_faster_rates() {
        assert_eq!(divisor(921_600, 14_745_600), Some(1));
        assert_eq!(divisor(115_200, 48_000_000), Some(26));
        assert_eq!(divisor(115_200, 24_000_000), Some(13));
        assert_eq!(divisor(921_600, 24_000_000), None, "18 % off");
        assert_eq!(divisor(300, u32::MAX), None, "no latch is so wide");
    }

    fn settled(rate: Rate, hz: u32, found: u16) -> (u32, u16, bool) {
        let Settled { baud, divisor, missed } =
            rate.settle(UartClock::new(hz).expect("a clock"), found);
        (baud.get(), divisor.get(), missed.is_some())
    }

    #[test]
    fn what_the_firmware_has_set_stays() {
        assert_eq!(settled(Rate::AsFound, 1_843_200, 12), (9600, 12, false));
        assert_eq!(settled(Rate::AsFound, 1_843_200, 0), (115_200, 1, false));
        assert_eq!(settled(Rate::AsFound, 16, 7), (1, 7, false));
    }

    #[test]
    fn a_rate_that_cannot_be_had_leaves_the_uart_as_it_was() {
        let fast = Rate::Baud(Baud::new(921_600).expect("a rate"));
        assert_eq!(settled(fast, 1_843_200, 12), (9600, 12, true));
        assert_eq!(settled(fast, 14_745_600, 12), (921_600, 1, false));
    }

    proptest! {
        #[test]
        fn a_divisor_is_never_more_than_two_percent_off(baud in 1u32.., hz in 1u32..) {
            if let Some(divisor) = divisor(baud, hz) {
                let exact = 16.0 * f64::from(baud) * f64::from(divisor);
                prop_assert!((exact - f64::from(hz)).abs() <= exact * 0.02);
            }
        }

        /// `uart_16550` computes the divisor anew from the clock, and wants it to divide.
        #[test]
        fn the_exact_clock_gives_the_divisor_back(hz in 1u32..4_000_000_000, found: u16, baud in 1u32..) {
            let clock = UartClock::new(hz).expect("a clock");
            for rate in [Rate::AsFound, Rate::Baud(Baud::new(baud).expect("a rate"))] {
                let settled = rate.settle(clock, found);
                let step = 16 * u64::from(settled.baud.get());
                let exact = u64::from(settled.exact_clock());
                prop_assert_eq!(exact / step, u64::from(settled.divisor.get()));
                prop_assert_eq!(exact % step, 0);
            }
        }
    }
}
