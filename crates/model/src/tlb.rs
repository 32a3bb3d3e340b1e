//! The software TLB.

use std::collections::HashMap;

use rmap::{Frame, PageIndex};
use vm::{Access, Pte};

/// What the TLB remembers of a PTE.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Translation {
    pub(crate) frame: Frame,
    pub(crate) writable: bool,
}

impl Translation {
    pub(crate) const fn allows(self, access: Access) -> bool {
        match access {
            Access::Read => true,
            Access::Write => self.writable,
        }
    }

    /// How an access through this translation differs from what the tables say by now.
    pub(crate) fn staleness(self, access: Access, now: Option<(Pte, Frame)>) -> Option<Staleness> {
        match now {
            None => Some(Staleness::Unmapped),
            Some((_, frame)) if frame != self.frame => Some(Staleness::OtherFrame),
            Some((pte, _)) if access == Access::Write && !pte.is_writable() => {
                Some(Staleness::WriteProtected)
            }
            Some(_) => None,
        }
    }
}

/// An access that went through a translation which should have been flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleUse {
    /// The page.
    pub page: PageIndex,
    /// What was done to it.
    pub access: Access,
    /// What had happened to its PTE.
    pub staleness: Staleness,
}

/// What had happened to the PTE behind a translation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// It maps nothing any more.
    Unmapped,
    /// It maps another frame.
    OtherFrame,
    /// It forbids the write.
    WriteProtected,
}

/// One CPU's translations.
#[derive(Debug, Default)]
pub(crate) struct Tlb {
    pub(crate) root: Option<Frame>,
    pub(crate) entries: HashMap<PageIndex, Translation>,
    pub(crate) stale_uses: Vec<StaleUse>,
}
