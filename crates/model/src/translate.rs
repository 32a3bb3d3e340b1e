//! From a page to its frame: the TLB first, then the tables.

use rmap::{Frame, PageIndex};
use vm::{Access, Arena, CpuId};

use crate::stale::{StaleUse, StaleUses, Staleness, staleness};
use crate::tlb::{Tlb, Translation};
use crate::walk::{Leaf, walk};

/// One CPU on its way to memory.
#[derive(Debug)]
pub(crate) struct Translator<'a> {
    pub(crate) arena: &'a Arena,
    pub(crate) cpu: CpuId,
    pub(crate) tlb: &'a mut Tlb,
    pub(crate) stale_uses: &'a StaleUses,
}

impl Translator<'_> {
    /// Translates as the CPU does: by the TLB if it allows the access, else by a walk. `None` is a
    /// page fault.
    ///
    /// The tables are walked even where the TLB has the answer, to see whether they still back it.
    pub(crate) fn translate(&mut self, page: PageIndex, access: Access) -> Option<Frame> {
        let now = walk(self.arena, self.tlb.root()?, page);
        if let Some(cached) = self.tlb.get(page) {
            if cached.allows(access) {
                self.hit(cached, page, access, now);
                return Some(cached.frame(page));
            }
            // A fault, or a walk before one, drops the translation (SDM vol. 3A, 5.10.4.1).
            self.tlb.remove(page);
        }
        let leaf = now.filter(|leaf| leaf.translation.allows(access))?;
        self.fill(leaf, page, access);
        Some(leaf.translation.frame(page))
    }

    /// Accesses `page` through `cached`. Bits that the TLB remembers as set are not set again.
    fn hit(&mut self, cached: Translation, page: PageIndex, access: Access, now: Option<Leaf<'_>>) {
        let staleness = staleness(cached, page, access, now.as_ref());
        if let Some(staleness) = staleness {
            self.stale_uses.report(StaleUse { cpu: self.cpu, page, access, staleness });
        }
        let first_write = access == Access::Write && !cached.dirty;
        // A VM may put up with lost references, but its pages must still become dirty.
        let backed = matches!(staleness, None | Some(Staleness::AccessedLost));
        if let Some(leaf) = now.filter(|_| first_write && backed) {
            self.fill(leaf, page, access);
        }
    }

    /// Sets the bits that a walk sets, and keeps what it found.
    fn fill(&mut self, leaf: Leaf<'_>, page: PageIndex, access: Access) {
        leaf.slot.mark(access);
        self.tlb.insert(page, leaf.translation.after(access));
    }
}
