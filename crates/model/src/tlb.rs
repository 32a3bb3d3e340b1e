//! The software TLB.

use rmap::{Frame, PageIndex, SLOTS_PER_TABLE};
use rustc_hash::FxHashMap;
use vm::Access;

/// How much one entry maps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PageSize {
    /// 4 KiB.
    Small,
    /// 2 MiB.
    Huge,
}

impl PageSize {
    /// Its 4 KiB pages.
    pub(crate) const fn pages(self) -> u64 {
        match self {
            Self::Small => 1,
            Self::Huge => SLOTS_PER_TABLE as u64,
        }
    }
}

/// What one entry says of its page, in the tables or as the TLB remembers it. That the TLB remembers
/// the accessed bit goes without saying: the walk that filled it set the bit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Translation {
    pub(crate) first: Frame,
    pub(crate) size: PageSize,
    pub(crate) writable: bool,
    pub(crate) dirty: bool,
}

impl Translation {
    pub(crate) const fn allows(self, access: Access) -> bool {
        match access {
            Access::Read => true,
            Access::Write => self.writable,
        }
    }

    /// The frame of `page`, which lies in the page that this maps.
    pub(crate) const fn frame(self, page: PageIndex) -> Frame {
        match self.size {
            PageSize::Small => self.first,
            PageSize::Huge => Frame(self.first.0 + page.slot() as u32),
        }
    }

    /// As the TLB remembers it after `access`.
    pub(crate) const fn after(self, access: Access) -> Self {
        match access {
            Access::Read => self,
            Access::Write => Self { dirty: true, ..self },
        }
    }
}

/// One CPU's translations: those of the tables that it has loaded.
#[derive(Debug, Default)]
pub(crate) struct Tlb {
    root: Option<Frame>,
    small: FxHashMap<PageIndex, Translation>,
    /// By the first page.
    huge: FxHashMap<PageIndex, Translation>,
}

impl Tlb {
    pub(crate) const fn root(&self) -> Option<Frame> {
        self.root
    }

    /// Loads CR3.
    pub(crate) fn load(&mut self, root: Option<Frame>) {
        self.root = root;
        self.clear();
    }

    pub(crate) fn clear(&mut self) {
        empty(&mut self.small);
        empty(&mut self.huge);
    }

    /// The one translation that serves `page`. Where two sizes are left over, it is the small one:
    /// the huge one was made later, so the small one is what a forgotten flush left behind.
    pub(crate) fn get(&self, page: PageIndex) -> Option<Translation> {
        self.small.get(&page).or_else(|| self.huge.get(&page.table_base())).copied()
    }

    pub(crate) fn insert(&mut self, page: PageIndex, translation: Translation) {
        match translation.size {
            PageSize::Small => self.small.insert(page, translation),
            PageSize::Huge => self.huge.insert(page.table_base(), translation),
        };
    }

    /// Drops whatever translates `page`: of a 2 MiB page, all (SDM vol. 3A, 5.10.4.1).
    pub(crate) fn remove(&mut self, page: PageIndex) {
        self.small.remove(&page);
        self.huge.remove(&page.table_base());
    }
}

/// Empties `entries`, and gives most of their memory back where few of many places were used: to empty
/// a large map costs the same however little is in it, and a CR3 load must not stay dear for good.
fn empty(entries: &mut FxHashMap<PageIndex, Translation>) {
    const ROOM: usize = 1024;
    const ROOM_PER_ENTRY: usize = 16;
    let used = entries.len();
    entries.clear();
    if entries.capacity() > ROOM + ROOM_PER_ENTRY * used {
        entries.shrink_to(used);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(entries: u64) -> Tlb {
        let mut tlb = Tlb::default();
        touch(&mut tlb, entries);
        tlb
    }

    fn touch(tlb: &mut Tlb, entries: u64) {
        let translation =
            Translation { first: Frame(0), size: PageSize::Small, writable: false, dirty: false };
        for page in 0..entries {
            tlb.insert(PageIndex(page), translation);
        }
    }

    #[test]
    fn memory_that_was_used_is_kept_for_the_next_time() {
        for entries in [1000, 100_000] {
            let mut tlb = holding(entries);
            tlb.clear();
            assert!(tlb.small.capacity() >= entries as usize);
        }
    }

    #[test]
    fn memory_that_was_hardly_used_is_given_back() {
        let mut tlb = holding(100_000);
        tlb.clear();
        touch(&mut tlb, 100);
        tlb.clear();
        assert!(tlb.small.capacity() < 1000);
    }

    #[test]
    fn a_small_map_is_kept_even_if_hardly_used() {
        let mut tlb = holding(800);
        tlb.clear();
        touch(&mut tlb, 1);
        tlb.clear();
        assert!(tlb.small.capacity() >= 800);
    }
}
