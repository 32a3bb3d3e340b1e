//! Uses of translations that should have been flushed.

use std::mem::take;
use std::sync::Mutex;

use rmap::PageIndex;
use vm::{Access, CpuId};

use crate::lock::lock;
use crate::tlb::Translation;
use crate::walk::Leaf;

/// An access that went through a translation which should have been flushed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StaleUse {
    /// Whose TLB held the translation.
    pub cpu: CpuId,
    /// The page.
    pub page: PageIndex,
    /// What was done to it.
    pub access: Access,
    /// What had happened to its PTE.
    pub staleness: Staleness,
}

/// What had happened to the PTE behind a translation; the worst, where several are true.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Staleness {
    /// It maps nothing any more.
    Unmapped,
    /// It maps another frame.
    OtherFrame,
    /// It forbids the write.
    WriteProtected,
    /// It maps the same frame, but by a page of the other size.
    SizeChanged,
    /// Its dirty bit was cleared, and this write did not set it again.
    DirtyLost,
    /// Its accessed bit was cleared, and this access did not set it again.
    AccessedLost,
}

/// How an access through `cached` differs from one that walked the tables, which led to `now`.
pub(crate) fn staleness(
    cached: Translation,
    page: PageIndex,
    access: Access,
    now: Option<&Leaf<'_>>,
) -> Option<Staleness> {
    let Some(Leaf { translation: backed, accessed, .. }) = now else {
        return Some(Staleness::Unmapped);
    };
    if backed.frame(page) != cached.frame(page) {
        return Some(Staleness::OtherFrame);
    }
    if !backed.allows(access) {
        return Some(Staleness::WriteProtected);
    }
    if backed.size != cached.size {
        return Some(Staleness::SizeChanged);
    }
    if access == Access::Write && cached.dirty && !backed.dirty {
        return Some(Staleness::DirtyLost);
    }
    (!accessed).then_some(Staleness::AccessedLost)
}

/// The first uses, and how many more there were.
#[derive(Debug, Default)]
pub(crate) struct StaleUses(Mutex<Reports>);

#[derive(Debug, Default)]
struct Reports {
    first: Vec<StaleUse>,
    further: u64,
}

impl StaleUses {
    /// One mistake in the VM can be seen by millions of accesses; the first of them tell it all.
    const KEPT: usize = 64;

    pub(crate) fn report(&self, stale_use: StaleUse) {
        let mut reports = lock(&self.0);
        if reports.first.len() < Self::KEPT {
            reports.first.push(stale_use);
        } else {
            reports.further += 1;
        }
    }

    pub(crate) fn first(&self) -> Vec<StaleUse> {
        lock(&self.0).first.clone()
    }

    pub(crate) fn further(&self) -> u64 {
        lock(&self.0).further
    }

    pub(crate) fn take(&self) -> Vec<StaleUse> {
        take(&mut *lock(&self.0)).first
    }
}
