//! Operations on a given frame, the reason for a reverse map: find its mappings, and take them away.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{
    Coverage, Frame, Mapping, PageIndex, PtePosition, SLOTS_PER_TABLE, Scheme, Search, SpaceId,
    Store, Visit,
};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::pte::Pte;
use crate::space::PageRange;
use crate::vm::Vm;

/// What to do where the scheme answers *partial* or *unknown*.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenIncomplete {
    /// Leave it at that.
    Refuse,
    /// Walk all page tables.
    Scan,
}

/// What is known of a frame after a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// How much of the truth `mappings` is.
    pub coverage: Coverage,
    /// PTE slots that were looked at.
    pub probes: u64,
    /// PTEs that map the frame, as far as found.
    pub mappings: u32,
}

/// What became of a frame that was to be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unmapped {
    /// Whether it is free now.
    pub outcome: UnmapOutcome,
    /// PTE slots that were looked at.
    pub probes: u64,
}

/// Whether a given frame could be freed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnmapOutcome {
    /// Every mapping was taken away and the frame is free.
    Freed,
    /// The scheme did not know every mapping; those it did not name still stand.
    Incomplete,
    /// Somebody held the lock of a table; try again.
    Busy,
    /// It is no page of an address space.
    NotAPage,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Finds the PTEs that map `frame`.
    pub fn find(&self, frame: Frame, policy: WhenIncomplete) -> Found {
        let mut mappings = 0;
        let search = self.search(frame, policy, &mut |position| {
            mappings += u32::from(self.maps(position, frame));
            Visit::Keep
        });
        self.count_coverage(search.coverage);
        Found { coverage: search.coverage, probes: search.probes, mappings }
    }

    /// Takes every mapping of `frame` away, flushing each, and frees it. Its contents are lost: the
    /// next access of each user finds zeroes.
    pub fn unmap_frame(&self, frame: Frame, policy: WhenIncomplete) -> Unmapped {
        if !self.frames.is(frame, FrameKind::Anonymous) {
            return Unmapped { outcome: UnmapOutcome::NotAPage, probes: 0 };
        }
        let mut busy = false;
        let search =
            self.search(frame, policy, &mut |position| match self.take_mapping(frame, position) {
                Taken::Yes => Visit::Forget,
                Taken::NotThere => Visit::Keep,
                Taken::Busy => {
                    busy = true;
                    Visit::Keep
                }
            });
        let outcome = if self.frames.info(frame).mapcount().load(Relaxed) == 0 {
            self.frames.free(frame, self.counters());
            UnmapOutcome::Freed
        } else if busy {
            UnmapOutcome::Busy
        } else {
            UnmapOutcome::Incomplete
        };
        match outcome {
            UnmapOutcome::Freed => self.counters().freed.add(1),
            _ => self.counters().refused.add(1),
        }
        Unmapped { outcome, probes: search.probes }
    }

    /// Asks the scheme, and the tables themselves where it has no full answer and `policy` says so.
    fn search(
        &self,
        frame: Frame,
        policy: WhenIncomplete,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let mut search = self.scheme.find(self, frame, visit);
        if search.coverage != Coverage::Exact && policy == WhenIncomplete::Scan {
            self.counters().scans.add(1);
            search.probes += self.scan(frame, &mut |position| {
                if visit(position) == Visit::Forget {
                    self.tell_unmapped(frame, position);
                }
                Visit::Keep
            });
            search.coverage = Coverage::Exact;
        }
        self.counters().probes.add(search.probes);
        search
    }

    fn count_coverage(&self, coverage: Coverage) {
        let counters = self.counters();
        match coverage {
            Coverage::Exact => counters.find_exact.add(1),
            Coverage::Partial => counters.find_partial.add(1),
            Coverage::Unknown => counters.find_unknown.add(1),
        }
    }

    /// Whether the PTE at `position` maps `frame`.
    #[inline]
    fn maps(&self, position: PtePosition, frame: Frame) -> bool {
        let pte = self.slot(position).read();
        pte.is_present() && self.frame_of(pte) == frame
    }

    /// Clears the PTE at `position` if it maps `frame`. A frame's lock may be held, so the table's is
    /// only tried.
    fn take_mapping(&self, frame: Frame, position: PtePosition) -> Taken {
        let Some(_guard) = self.frames.try_lock(position.table) else {
            return Taken::Busy;
        };
        if !self.maps(position, frame) {
            return Taken::NotThere;
        }
        self.slot(position).replace(Pte::EMPTY);
        self.counters().pte_writes.add(1);
        let owner = self.frames.table_owner(position.table);
        let page = owner.base.plus(u64::from(position.slot));
        self.flush_page(owner.space, page);
        self.mapped_pages.lower();
        self.lower_mapcount(frame);
        Taken::Yes
    }

    /// Tells the scheme of a mapping that it did not name itself.
    fn tell_unmapped(&self, frame: Frame, position: PtePosition) {
        let _guard = self.frames.lock(position.table, self.counters());
        let owner = self.frames.table_owner(position.table);
        let page = owner.base.plus(u64::from(position.slot));
        let space = owner.space;
        let vma = self.find_vma(self.space(space), page).expect("a mapped page lies in a VMA");
        self.scheme.unmap(self, frame, &Mapping { space, vma, page, position });
    }

    /// Walks the tables of all spaces for PTEs that map `frame`, until there were as many as its
    /// mapcount says. Returns the slots looked at.
    pub(crate) fn scan_tables(
        &self,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> u64 {
        let mut walk = Walk { frame, left: self.mapcount(frame), probes: 0 };
        let _list_guard = self.space_list.lock.lock(&self.counters().lock_waits);
        for space in self.spaces() {
            if walk.left == 0 {
                break;
            }
            self.scan_space(space, &mut walk, visit);
        }
        walk.probes
    }

    fn scan_space(
        &self,
        id: SpaceId,
        walk: &mut Walk,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) {
        let space = self.space(id);
        let _guard = self.lock_space(space);
        let mut next = space.first_vma();
        while let Some(vma) = next {
            let range = self.vma(vma).range();
            next = self.vma(vma).next();
            let mut page = range.start;
            while page < range.end() {
                let table_end = PageIndex(page.table_base().0 + SLOTS_PER_TABLE as u64);
                let end = table_end.min(range.end());
                if let Some(table) = self.leaf_table(space.root(), page) {
                    self.scan_table(
                        table,
                        PageRange { start: page, pages: end.0 - page.0 },
                        walk,
                        visit,
                    );
                }
                if walk.left == 0 {
                    return;
                }
                page = end;
            }
        }
    }

    fn scan_table(
        &self,
        table: Frame,
        range: PageRange,
        walk: &mut Walk,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) {
        let wanted = Pte::page(self.machine.arena().physical(walk.frame)).address();
        let first = range.start.slot();
        for slot in first..first + range.pages as u16 {
            let position = PtePosition { table, slot };
            let pte = self.slot(position).read();
            walk.probes += 1;
            if pte.is_present() && pte.address() == wanted {
                visit(position);
                walk.left -= 1;
                if walk.left == 0 {
                    return;
                }
            }
        }
    }
}

/// A walk of all tables for one frame.
struct Walk {
    frame: Frame,
    /// Mappings not seen yet.
    left: u32,
    probes: u64,
}

/// What became of one mapping.
enum Taken {
    Yes,
    NotThere,
    Busy,
}
