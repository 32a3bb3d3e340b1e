//! The two ACPI tables that matter here: which CPUs there are, and where the firmware's console is.
//!
//! Tables are firmware, and firmware errs: whatever a length, an address or a checksum claims, work is
//! bounded and nothing is read outside of the table. The crate `acpi` (6.1 and 7.0 pre-releases) does not
//! build on stable Rust or maps as many bytes as a table claims to have.

mod console;
mod processors;
mod rsdp;
mod table;

pub use console::Console;
pub use processors::{MAX_PROCESSORS, Processors};
pub use rsdp::{Rsdp, RsdpHint};

use crate::physical::Physical;
use table::RootTable;

/// What the tables say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Acpi {
    /// MADT: the CPUs, if there is a sound table of them.
    pub processors: Option<Processors>,
    /// SPCR: the firmware's console, if there is a sound table of it.
    pub console: Option<Console>,
}

/// Why there are no tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AcpiError {
    /// Nobody knows where they begin.
    NoRsdp,
    /// The table of tables is unsound.
    NoRootTable,
}

impl AcpiError {
    /// As a fact's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoRsdp => "absent",
            Self::NoRootTable => "unsound",
        }
    }
}

/// Reads the tables that begin where `hint` says, or where a BIOS keeps the pointer.
///
/// # Errors
/// There are none, or the table of tables is unsound. Another unsound table counts as absent.
pub fn read(memory: &impl Physical, hint: RsdpHint) -> Result<Acpi, AcpiError> {
    let rsdp = Rsdp::find(memory, hint).ok_or(AcpiError::NoRsdp)?;
    let root = RootTable::read(memory, rsdp).ok_or(AcpiError::NoRootTable)?;
    Ok(Acpi {
        processors: root.find(memory, *b"APIC").and_then(Processors::read),
        console: root.find(memory, *b"SPCR").and_then(Console::read),
    })
}

#[cfg(test)]
mod tests;
