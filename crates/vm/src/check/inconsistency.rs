//! What can be wrong.

use core::fmt;

use rmap::{Coverage, Frame, PtePosition, SpaceId, SwapSlot, Violation};

/// Something that must never be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inconsistency {
    /// An entry contradicts what it names, or the VMA it lies in.
    Entry {
        /// Where.
        position: PtePosition,
        /// What is wrong, as a clause.
        what: &'static str,
    },
    /// The mapcount differs from the number of entries.
    Mapcount {
        /// The frame.
        frame: Frame,
        /// What its mapcount says.
        counted: u32,
        /// Entries that name it.
        present: u32,
    },
    /// A page contradicts the caches it is in.
    Page {
        /// The frame.
        frame: Frame,
        /// What is wrong, as a clause.
        what: &'static str,
    },
    /// The scheme claimed exactness and produced something else.
    NotExact(Frame),
    /// The scheme produced a PTE that does not map the frame.
    Unsound(Frame),
    /// The scheme claims a coverage that its rules do not allow.
    Coverage {
        /// The frame.
        frame: Frame,
        /// What it claims.
        claimed: Coverage,
    },
    /// The scheme's own words are wrong.
    Scheme(Violation),
    /// A swap slot is named more or less often than it knows.
    Slot {
        /// The slot.
        slot: SwapSlot,
        /// What it knows.
        counted: u32,
        /// Who names it.
        seen: u32,
    },
    /// The VMAs of a space are out of order, overlap, or belong to another space.
    Vmas(SpaceId),
    /// A sum over all frames differs from what was kept count of.
    Account {
        /// Of what.
        what: &'static str,
        /// The account.
        counted: u64,
        /// The sum.
        found: u64,
    },
    /// The scheme uses more memory than its bound.
    OverBound {
        /// Bytes of metadata in use.
        bytes: u64,
        /// The most that it may use now.
        bound: u64,
    },
    /// After teardown something was missing.
    Lost {
        /// Frames.
        frames: u32,
        /// Swap slots.
        slots: u32,
    },
}

impl fmt::Display for Inconsistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry { position, what } => write!(f, "{position} {what}"),
            Self::Mapcount { frame, counted, present } => {
                write!(f, "{frame} has mapcount {counted} but {present} PTEs")
            }
            Self::Page { frame, what } => write!(f, "{frame} {what}"),
            Self::NotExact(frame) => write!(f, "the scheme's exact answer for {frame} is wrong"),
            Self::Unsound(frame) => write!(f, "the scheme names a PTE that does not map {frame}"),
            Self::Coverage { frame, claimed } => {
                write!(f, "the scheme claims {claimed:?} of {frame}, which its rules forbid")
            }
            Self::Scheme(violation) => write!(f, "{}: {}", violation.frame, violation.what),
            Self::Slot { slot, counted, seen } => {
                write!(f, "swap slot {} counts {counted} entries but {seen} name it", slot.0)
            }
            Self::Vmas(space) => write!(f, "the areas of space {} are out of order", space.0),
            Self::Account { what, counted, found } => {
                write!(f, "{found} {what} were found where {counted} were counted")
            }
            Self::OverBound { bytes, bound } => {
                write!(f, "the scheme keeps {bytes} bytes of metadata, over its bound of {bound}")
            }
            Self::Lost { frames, slots } => {
                write!(f, "{frames} frames and {slots} swap slots were not given back")
            }
        }
    }
}
