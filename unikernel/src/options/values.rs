//! What may stand behind the sign of equality.

use core::num::NonZeroU16;

use crate::uart::{Baud, COM_PORTS, PortWish, UartClock, UartRegisters};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The physical address from which on memory is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MemoryLimit(pub u64);

/// A time in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seconds(pub u32);

/// Any word.
pub fn text(value: &str) -> Option<&str> {
    (!value.is_empty()).then_some(value)
}

/// A number, decimal or with `0x` hexadecimal.
pub fn number(value: &str) -> Option<u64> {
    // The standard library would take a sign as well.
    let digits = |text: &str, radix| {
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| u64::from_str_radix(text, radix).ok())?
    };
    match value.strip_prefix("0x").or_else(|| value.strip_prefix("0X")) {
        Some(rest) => digits(rest, 16),
        None => digits(value, 10),
    }
}

/// `none`, the number of a COM port, or an I/O port.
pub fn port(value: &str) -> Option<PortWish> {
    if value == "none" {
        return Some(PortWish::NoLine);
    }
    let base = match number(value)? {
        com @ 1..=4 => COM_PORTS[com as usize - 1],
        port => u16::try_from(port).ok()?,
    };
    UartRegisters::ports(base).map(PortWish::Port)
}

/// A standard rate.
pub fn baud(value: &str) -> Option<Baud> {
    Baud::standard(u32::try_from(number(value)?).ok()?)
}

/// A frequency in Hz.
pub fn clock(value: &str) -> Option<UartClock> {
    UartClock::new(u32::try_from(number(value)?).ok()?)
}

/// How many CPUs, at least 1.
pub fn cpus(value: &str) -> Option<NonZeroU16> {
    NonZeroU16::new(u16::try_from(number(value)?).ok()?)
}

/// A size in MiB or GiB, in MiB if it does not say which, as the host tool's `--memory`.
pub fn memory(value: &str) -> Option<MemoryLimit> {
    let (digits, unit) = match value.strip_suffix(['G', 'g']) {
        Some(digits) => (digits, GIB),
        None => (value.strip_suffix(['M', 'm']).unwrap_or(value), MIB),
    };
    let limit = number(digits)?.checked_mul(unit).filter(|&limit| limit > 0)?;
    Some(MemoryLimit(limit))
}

/// Seconds, 0 included.
pub fn seconds(value: &str) -> Option<Seconds> {
    u32::try_from(number(value)?).ok().map(Seconds)
}
