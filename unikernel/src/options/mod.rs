//! The kernel command line, word by word. `docs/kernel-command-line.md` lists the words.
//!
//! GRUB, PXE and firmware put words of their own there, so an unknown word is no error; one that comes
//! close to ours is probably a slip, and named.

mod complaint;
mod values;

use core::num::NonZeroU16;

use heapless::Vec;

pub use complaint::{Complaint, Severity};
pub use values::{MemoryLimit, Seconds};

use crate::rehearsed_crash::RehearsedCrash;
use crate::uart::LineWishes;
use complaint::meant;
use values::{baud, clock, cpus, memory, number, port, seconds, text};

/// Complaints past these are not kept.
pub const MAX_COMPLAINTS: usize = 4;

/// What the command line asks for. Of a word that is there twice, the last counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options<'c> {
    /// `plan=`: the name of a boot module.
    pub plan: Option<&'c str>,
    /// `com=`, `baud=` and `clock=`.
    pub line: LineWishes,
    /// `cpus=`: how many take part.
    pub cpus: Option<NonZeroU16>,
    /// `mem=`: no memory from here on is used.
    pub memory_limit: Option<MemoryLimit>,
    /// `seed=`: instead of the plan's.
    pub seed: Option<u64>,
    /// `crash=`: the way of a crash is to be tried.
    pub crash: Option<RehearsedCrash>,
    /// `watchdog=`: the time between two looks of the watchdog.
    pub watchdog: Option<Seconds>,
    /// `check=`: what is to be checked instead of a plan.
    pub check: Option<&'c str>,
}

/// What is wrong with a command line.
pub type Complaints<'c> = Vec<Complaint<'c>, MAX_COMPLAINTS>;

/// The words that mean something here.
const KEYS: [&str; 10] =
    ["plan", "com", "baud", "clock", "cpus", "mem", "seed", "watchdog", "crash", "check"];

impl<'c> Options<'c> {
    /// Reads a command line. What cannot be used leaves its option as if it had not been said.
    pub fn read(command_line: &'c str) -> (Self, Complaints<'c>) {
        let (mut options, mut complaints) = (Self::default(), Complaints::new());
        for word in command_line.split_ascii_whitespace() {
            if let Err(complaint) = options.take(word) {
                // One sentence too few is better than none at all.
                let _ = complaints.push(complaint);
            }
        }
        (options, complaints)
    }

    fn take(&mut self, word: &'c str) -> Result<(), Complaint<'c>> {
        let (key, value) = word.split_once('=').unwrap_or((word, ""));
        let outcome = match key {
            "plan" => text(value).map(|name| self.plan = Some(name)),
            "com" => port(value).map(|port| self.line.port = Some(port)),
            "baud" => baud(value).map(|baud| self.line.baud = Some(baud)),
            "clock" => clock(value).map(|clock| self.line.clock = Some(clock)),
            "cpus" => cpus(value).map(|cpus| self.cpus = Some(cpus)),
            "mem" => memory(value).map(|limit| self.memory_limit = Some(limit)),
            "seed" => number(value).map(|seed| self.seed = Some(seed)),
            "watchdog" => seconds(value).map(|seconds| self.watchdog = Some(seconds)),
            "crash" => value.parse().ok().map(|crash| self.crash = Some(crash)),
            "check" => text(value).map(|what| self.check = Some(what)),
            _ => return meant(key, &KEYS).map_or(Ok(()), |key| Err(Complaint::slip(word, key))),
        };
        outcome.ok_or_else(|| Complaint::unusable(word, how(key)))
    }
}

/// How a word is written.
fn how(key: &str) -> &'static str {
    match key {
        "plan" => "name one, as in plan=quick",
        "com" => "write com=1 to com=4, an I/O port as in com=0x2f8, or com=none",
        "baud" => "write a rate that terminals know, as in baud=115200",
        "clock" => "write the frequency of the serial port's clock in Hz, as in clock=1843200",
        "cpus" => "write how many, as in cpus=1",
        "mem" => "write it as mem=512M or mem=2G",
        "seed" => "write a number, as in seed=7",
        "watchdog" => "write seconds, as in watchdog=60, or 0 for none",
        "crash" => {
            "write ud2, fault, assert, stack or hang, and :CELL:STEP behind it if it is to wait"
        }
        _ => "say which",
    }
}

#[cfg(test)]
mod tests;
