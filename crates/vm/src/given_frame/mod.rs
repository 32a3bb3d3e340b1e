//! Operations on a given frame, the reason for a reverse map.

mod age;
mod compact;
mod device;
mod evict;
mod find;
mod migrate;
mod pin;
mod poison;
mod scan;
mod write_protect;

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Coverage, Covers, Frame, Mapping, PtePosition, Scheme, Search, Store, Visit};

pub(crate) use compact::CompactionHand;
pub use migrate::Migration;

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::outcome::{Operated, Refused, WhenIncomplete};
use crate::pte::{Pte, PteSlot};
use crate::vm::Vm;
use crate::vma::Traits;

/// What an operation does to one mapping.
enum Done {
    /// The PTE maps the frame no more.
    Cleared,
    /// It still maps the frame, and the operation is done to it.
    Kept,
    /// There was nothing to do: another frame is mapped there, or the bit was not set.
    Nothing,
}

/// A PTE that names the frame, with its table's lock held.
struct Candidate<'a> {
    position: PtePosition,
    pte: Pte,
    slot: PteSlot<'a>,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Does `operation` to every mapping of `frame` that can be found, under the lock of its table.
    fn operate(
        &self,
        frame: Frame,
        policy: WhenIncomplete,
        mut operation: impl FnMut(&Candidate<'_>) -> Result<Done, Refused>,
    ) -> Operated {
        let mut mappings = 0;
        let mut refused = None;
        let search = self.search(frame, policy, &mut |position| {
            // The lock of the frame, or of its object, may be held, so the table's is only tried.
            let Some(_guard) = self.frames.try_lock(position.table) else {
                refused = refused.or(Some(Refused::Busy));
                return Visit::Keep;
            };
            let slot = self.slot(position);
            let pte = slot.read();
            if self.named_frame(pte) != Some(frame) {
                return Visit::Keep;
            }
            match operation(&Candidate { position, pte, slot }) {
                Ok(Done::Nothing) => Visit::Keep,
                Ok(Done::Kept) => {
                    mappings += 1;
                    Visit::Keep
                }
                Ok(Done::Cleared) => {
                    mappings += 1;
                    self.mapped_pages.lower();
                    self.lower_mapcount(frame);
                    Visit::Forget
                }
                Err(why) => {
                    refused = refused.or(Some(why));
                    Visit::Keep
                }
            }
        });
        let outcome = match refused {
            Some(why) => Err(why),
            None if search.coverage == Coverage::Exact => Ok(()),
            None => Err(Refused::Incomplete),
        };
        Operated { outcome, mappings, probes: search.probes }
    }

    /// Asks whoever knows the mappings of `frame`, and the tables themselves where that gives no full
    /// answer and `policy` says so. `visit` may then be called twice for a mapping it kept.
    pub(crate) fn search(
        &self,
        frame: Frame,
        policy: WhenIncomplete,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let by_object =
            self.frames.is(frame, FrameKind::ObjectPage) && S::COVERS == Covers::AnonymousPages;
        let mut search = if by_object {
            self.find_by_object(frame, visit)
        } else {
            self.scheme.find(self, frame, visit)
        };
        if search.coverage != Coverage::Exact && policy == WhenIncomplete::Scan {
            self.counters().scans.add(1);
            search.probes += self.scan(frame, &mut |position| {
                if visit(position) == Visit::Forget {
                    self.tell_unnamed(frame, position);
                }
                Visit::Keep
            });
            search.coverage = Coverage::Exact;
        }
        self.counters().probes.add(search.probes);
        search
    }

    /// Tells the scheme that a mapping is gone which it did not name itself.
    fn tell_unnamed(&self, frame: Frame, position: PtePosition) {
        let _guard = self.frames.lock(position.table, self.counters());
        let owner = self.frames.table_owner(position.table);
        let vma = self.vma_behind(position).expect("a mapped page lies in a VMA");
        let page = owner.page(position.slot);
        self.tell_unmapped(frame, &Mapping { space: owner.space, vma, page, position });
    }

    /// Whether a frame's mappings may be changed: it is a page that nobody holds.
    fn check_free_to_change(&self, frame: Frame) -> Result<(), Refused> {
        if !matches!(self.frames.kind(frame), FrameKind::Anonymous | FrameKind::ObjectPage) {
            return Err(Refused::NotAPage);
        }
        if self.is_migrating(frame) {
            return Err(Refused::Migrating);
        }
        if self.frames.info(frame).pins().load(Relaxed) > 0 {
            return Err(Refused::Pinned);
        }
        Ok(())
    }

    /// As [`Self::check_free_to_change`], and the frame is a small page afterwards.
    fn make_small(&self, frame: Frame) -> Result<(), Refused> {
        self.check_free_to_change(frame)?;
        if self.is_huge(frame) { self.split_huge(frame).outcome } else { Ok(()) }
    }

    /// Whether a locked VMA maps the page at `position`.
    fn is_locked(&self, position: PtePosition) -> bool {
        self.vma_behind(position).is_some_and(|vma| self.vma(vma).is(Traits::LOCKED))
    }

    /// Flushes the page behind `position` from this CPU.
    fn flush_position(&self, position: PtePosition) {
        let owner = self.frames.table_owner(position.table);
        self.flush_page(owner.space, owner.page(position.slot));
    }

    /// Counts how an operation ended.
    fn counted(&self, operated: Operated) -> Operated {
        if operated.outcome.is_err() {
            self.counters().refused.add(1);
        }
        operated
    }
}

/// An operation that did nothing.
const fn nothing_done(why: Refused) -> Operated {
    Operated { outcome: Err(why), mappings: 0, probes: 0 }
}
