//! The programs that this tool calls: where they are, where to get them, what was called.

mod catalogue;
mod install;
mod shell;

pub use catalogue::{
    BOCHS, CONSOLE_SERVER, CXX, GRUB, NETWORK_BOOT, OVMF, QEMU, Tool, XORRISO, find_program, ovmf,
};
pub use install::{WhenMissing, ensure, ensure_target, install_command, target_installed};
pub use shell::{Shell, Verbosity, shown};

use std::io;
use std::process::ExitStatus;

/// The bare-metal target of the guest.
pub const TARGET: &str = "x86_64-unknown-none";

/// What is missing or went wrong.
#[derive(Debug, thiserror::Error)]
pub enum ToolError {
    /// Something has to be installed, by hand.
    #[error("missing: {missing}; install with: {command}")]
    Missing {
        /// Names of what is missing.
        missing: String,
        /// The one command to type.
        command: String,
    },
    /// The installation went wrong.
    #[error("`{command}` failed ({status}); run it by hand and see why")]
    InstallFailed {
        /// The command.
        command: String,
        /// How it ended.
        status: ExitStatus,
    },
    /// A program could not be started.
    #[error("cannot run {program}: {source}; see `rmapbench doctor`")]
    NotStarted {
        /// The program.
        program: String,
        /// Why.
        source: io::Error,
    },
}
