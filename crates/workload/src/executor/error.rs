//! Why an event was not applied.

use core::fmt;

use rmap::{OutOfMemory, PageIndex};
use vm::{FaultRefused, MapError};

use crate::Process;
use crate::event::Object;

/// Why an event could not be applied. None of them changes the VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventError {
    /// The process does not exist, or exists already.
    BadProcess(Process),
    /// The object does not exist, or exists already.
    BadObject(Object),
    /// Nothing is mapped at the page.
    NotMapped(Process, PageIndex),
    /// The access is refused.
    Access(Process, PageIndex, FaultRefused),
    /// The address space refuses.
    Map(Process, MapError),
    /// The frame is not being migrated, or more migrations are open than there is room for.
    BadMigration(Process, PageIndex),
    /// Memory ran out.
    OutOfMemory,
}

impl fmt::Display for EventError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadProcess(process) => {
                write!(f, "process {} does not exist, or exists already", process.0)
            }
            Self::BadObject(object) => {
                write!(f, "object {} does not exist, or exists already", object.0)
            }
            Self::NotMapped(process, page) => {
                write!(f, "process {} has nothing mapped at page {:#x}", process.0, page.0)
            }
            Self::Access(process, page, why) => {
                write!(f, "process {} may not access page {:#x}: {why}", process.0, page.0)
            }
            Self::Map(process, why) => write!(f, "process {} is refused: {why}", process.0),
            Self::BadMigration(process, page) => write!(
                f,
                "the page {:#x} of process {} is not being migrated, or too many are",
                page.0, process.0
            ),
            Self::OutOfMemory => f.write_str("memory ran out"),
        }
    }
}

impl From<OutOfMemory> for EventError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}
