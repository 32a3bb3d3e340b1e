//! What no correct VM does.

use core::fmt;

use rmap::Frame;
use vm::{Inconsistency, Refused};

use crate::FrameOperation;
use crate::verify::Surprise;

/// The VM and its shadow differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The event after which they do, counted from 0; the number of events if only the end showed it.
    pub event_number: u64,
    /// In what.
    pub what: What,
}

/// In what a VM and its shadow differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// An answer to a process.
    Answer(Surprise),
    /// The VM's own oracle found it.
    Oracle(Inconsistency),
    /// A frame is behind a page that is not mapped, or whose memory broke.
    FrameBehindNothing,
    /// A migration entry is gone while its migration is open.
    MigrationEntryLost,
    /// An operation on a frame took place that had to be refused.
    Operated {
        /// Which.
        operation: FrameOperation,
        /// With this.
        instead_of: Refused,
    },
    /// An operation on a frame was refused without that reason.
    OperationRefused {
        /// Which.
        operation: FrameOperation,
        /// The VM's reason.
        reason: Refused,
    },
    /// The VM named another number of mappings than there were.
    Mappings {
        /// Of which operation.
        operation: FrameOperation,
        /// The VM's number.
        named: u32,
        /// PTEs that named the frame before.
        present: u32,
    },
    /// After an operation, some user's page table does not look as it should.
    Aftermath(FrameOperation),
    /// Compaction made a block that is not aligned, or refused to make one without cause.
    Compaction {
        /// 2^`order` frames were asked for.
        order: u32,
        /// The VM's answer.
        outcome: Result<Frame, Refused>,
    },
    /// A pinned frame could not be let go.
    Unpin(Refused),
}

impl From<Surprise> for What {
    fn from(surprise: Surprise) -> Self {
        Self::Answer(surprise)
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(surprise) => surprise.fmt(f),
            Self::Oracle(inconsistency) => inconsistency.fmt(f),
            Self::FrameBehindNothing => {
                f.write_str("a frame is behind a page that is not mapped, or is broken")
            }
            Self::MigrationEntryLost => {
                f.write_str("a migration entry is gone while its migration is open")
            }
            Self::Operated { operation, instead_of } => {
                write!(f, "{operation:?} was done, but had to be refused: {instead_of}")
            }
            Self::OperationRefused { operation, reason } => {
                write!(f, "{operation:?} was refused without cause: {reason}")
            }
            Self::Mappings { operation, named, present } => {
                write!(f, "{operation:?} named {named} mappings of a frame that had {present}")
            }
            Self::Aftermath(operation) => {
                write!(f, "{operation:?} was done, but not every user's page table shows it")
            }
            Self::Compaction { order, outcome: Ok(block) } => {
                write!(f, "{block} is not aligned as a block of order {order}")
            }
            Self::Compaction { order, outcome: Err(reason) } => {
                write!(f, "a block of order {order} was refused without cause: {reason}")
            }
            Self::Unpin(reason) => write!(f, "a pinned frame could not be let go: {reason}"),
        }
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event {}: {}", self.event_number, self.what)
    }
}

impl core::error::Error for Mismatch {}
