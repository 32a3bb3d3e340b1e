//! Exit status, part of the command line's contract.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done, and the result is complete.
    Done = 0,
    /// What was measured failed: a crash in the guest, a failed check, a build that does not compile.
    Failed = 1,
    /// Bad usage or bad input.
    BadInput = 2,
    /// A tool or a device is missing.
    Missing = 3,
    /// The result is incomplete, Ctrl-C included; what arrived is saved.
    Incomplete = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
