//! Finding the mappings of a frame.

use rmap::{Coverage, Frame, PtePosition, Scheme, Search, Visit};

use crate::machine::Machine;
use crate::outcome::{Found, WhenIncomplete};
use crate::vm::Vm;

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Finds the PTEs and migration entries that map `frame`.
    pub fn find(&self, frame: Frame, policy: WhenIncomplete) -> Found {
        let count = |policy| {
            let mut mappings = 0;
            let search = self.search(frame, policy, &mut |position| {
                mappings += u32::from(self.names(position, frame));
                Visit::Keep
            });
            (search, mappings)
        };
        let (mut search, mut mappings) = count(WhenIncomplete::Refuse);
        if search.coverage != Coverage::Exact && policy == WhenIncomplete::Scan {
            self.counters().scans.add(1);
            mappings = 0;
            let probes = self.scan_tables(frame, &mut |position| {
                mappings += u32::from(self.names(position, frame));
                Visit::Keep
            });
            self.counters().probes.add(probes);
            search = Search { coverage: Coverage::Exact, probes: search.probes + probes };
        }
        self.count_coverage(search.coverage);
        Found { coverage: search.coverage, probes: search.probes, mappings }
    }

    /// Whether the entry at `position` names `frame`.
    #[inline]
    fn names(&self, position: PtePosition, frame: Frame) -> bool {
        self.named_frame(self.slot(position).read()) == Some(frame)
    }

    fn count_coverage(&self, coverage: Coverage) {
        let counters = self.counters();
        match coverage {
            Coverage::Exact => counters.find_exact.add(1),
            Coverage::Partial => counters.find_partial.add(1),
            Coverage::Unknown => counters.find_unknown.add(1),
        }
    }

    /// Looks where every VMA of the frame's object would map it.
    pub(super) fn find_by_object(
        &self,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let mut probes = 0;
        if let Some((id, number)) = self.object_page(frame) {
            let object = self.object(id);
            let _guard = object.lock.lock(&self.counters().lock_waits);
            self.for_each_mapper(object, (number, number), |vma| {
                let vma = self.vma(vma);
                let page = vma.page_with_offset(number).expect("the tree found an overlap");
                let Some(position) = self.position_of(self.space(vma.space()).root(), page) else {
                    return;
                };
                probes += 1;
                if self.names(position, frame) {
                    visit(position);
                }
            });
        }
        Search { coverage: Coverage::Exact, probes }
    }
}
