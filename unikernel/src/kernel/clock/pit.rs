//! Channel 2 of the PIT, the one timer whose end can be polled without an interrupt (8254 data
//! sheet, mode 0; its gate and output are bits of port 0x61).

use x86_64::instructions::port::Port;

/// The PIT's frequency.
pub const HZ: u64 = 1_193_182;

const COMMAND: u16 = 0x43;
const CHANNEL_2: u16 = 0x42;
const CONTROL: u16 = 0x61;
/// A port that nothing answers; writing to it takes about 1 us.
const DELAY: u16 = 0x80;

/// Channel 2, both bytes, mode 0: the output rises when the count is used up.
const COUNT_DOWN: u8 = 0xb0;
/// [`CONTROL`] bit 0: the channel counts.
const GATE: u8 = 1 << 0;
/// [`CONTROL`] bit 1: the output drives the speaker.
const SPEAKER: u8 = 1 << 1;
/// [`CONTROL`] bit 5: the output.
const OUTPUT: u8 = 1 << 5;

/// The longest wait in polls, each of which takes about 1 us where the clock is real.
const POLLS: u32 = 5_000_000;

/// There is no such timer, or it stands still.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoTimer;

/// Waits until `count` periods are over, and calls `now` right after the start and at the end.
///
/// # Errors
/// [`NoTimer`].
#[inline]
pub fn time(count: u16, now: impl Fn() -> u64) -> Result<u64, NoTimer> {
    let control = read(CONTROL) & !(SPEAKER | GATE);
    write(CONTROL, control | GATE);
    write(COMMAND, COUNT_DOWN);
    write(CHANNEL_2, count as u8);
    write(CHANNEL_2, (count >> 8) as u8);
    let start = now();
    // Writing the command has lowered the output; where it is high, nothing listens.
    if read(CONTROL) & OUTPUT != 0 {
        return Err(NoTimer);
    }
    for _ in 0..POLLS {
        if read(CONTROL) & OUTPUT != 0 {
            let end = now();
            write(CONTROL, control);
            return Ok(end - start);
        }
    }
    Err(NoTimer)
}

/// Waits at least so long; without a PIT about so long. At most 54 ms.
pub fn wait_milliseconds(milliseconds: u32) {
    let count = u16::try_from(u64::from(milliseconds) * HZ / 1000 + 1).unwrap_or(u16::MAX);
    if time(count, || 0).is_err() {
        for _ in 0..milliseconds * 1000 {
            write(DELAY, 0);
        }
    }
}

fn read(port: u16) -> u8 {
    // SAFETY: reading the timer's ports has no effect on memory.
    unsafe { Port::new(port).read() }
}

fn write(port: u16, value: u8) {
    // SAFETY: channel 2 drives the speaker alone, which stays disconnected.
    unsafe { Port::new(port).write(value) };
}
