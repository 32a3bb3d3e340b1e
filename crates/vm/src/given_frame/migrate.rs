//! Migration: the contents of a frame move to another one, and every user with them.
//!
//! In two halves, as kernels do it: first every PTE becomes a migration entry, on which an access
//! waits; then the contents are copied and every migration entry becomes a PTE of the new frame. In
//! between, forks copy migration entries and exits drop them, and the scheme keeps track of both.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{Frame, Scheme};

use super::{Candidate, Done, nothing_done};
use crate::frame_table::{FrameKind, FrameMark};
use crate::machine::Machine;
use crate::object::Contents;
use crate::outcome::{Operated, Refused, WhenIncomplete};
use crate::pte::{Entry, Pte};
use crate::vm::Vm;

/// A migration that is under way.
#[derive(Debug)]
#[must_use = "the page is out of reach until the migration is finished"]
pub struct Migration {
    old: Frame,
    new: Frame,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Moves the contents of `frame` to another frame.
    pub fn migrate_frame(&self, frame: Frame, policy: WhenIncomplete) -> Operated {
        match self.begin_migration(frame, policy) {
            Ok((migration, begun)) => {
                let probes = self.finish_migration(migration);
                Operated { probes: begun.probes + probes, ..begun }
            }
            Err(refused) => refused,
        }
    }

    /// Makes every PTE of `frame` a migration entry.
    ///
    /// # Errors
    /// Why it was not done; every PTE is as it was.
    pub fn begin_migration(
        &self,
        frame: Frame,
        policy: WhenIncomplete,
    ) -> Result<(Migration, Operated), Operated> {
        let refuse = |operated| Err(self.counted(operated));
        if let Err(why) = self.make_small(frame) {
            return refuse(nothing_done(why));
        }
        let Ok(new) = self.allocate_frame(self.frames.kind(frame)) else {
            return refuse(nothing_done(Refused::OutOfMemory));
        };
        let mut operated = self.operate(frame, policy, |candidate| {
            if !candidate.pte.is_present() {
                return Ok(Done::Nothing);
            }
            // Nothing is lost that the CPU marks until the flush.
            let pte = candidate.slot.replace(Pte::EMPTY);
            self.flush_position(candidate.position);
            candidate.slot.fill(pte.migration(frame));
            self.counters().pte_writes.add(2);
            Ok(Done::Kept)
        });
        if operated.outcome.is_ok() || self.all_migrating(frame, operated.mappings) {
            operated.outcome = Ok(());
            let info = self.frames.info(frame);
            info.mark(FrameMark::Migrating);
            // Neither frame is anybody else's to free, evict or move until the migration is finished.
            for frame in [frame, new] {
                self.raise_pins(frame);
            }
            return Ok((Migration { old: frame, new }, operated));
        }
        if operated.mappings > 0 {
            self.restore(frame, frame);
        }
        self.frames.free(new, self.counters());
        refuse(operated)
    }

    fn all_migrating(&self, frame: Frame, entries: u32) -> bool {
        self.frames.info(frame).mapcount().load(Relaxed) == entries
    }

    /// Copies the contents and makes every migration entry a PTE of the new frame. Returns the slots
    /// looked at.
    pub fn finish_migration(&self, migration: Migration) -> u64 {
        let old = migration.old;
        let probes = self.vacate(migration);
        self.frames.free(old, self.counters());
        probes
    }

    /// As [`Self::finish_migration`]; nobody has any use for the old frame then, and it is not free.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a finished migration cannot be finished again"
    )]
    pub(super) fn vacate(&self, migration: Migration) -> u64 {
        let Migration { old, new } = migration;
        let info = self.frames.info(old);
        info.unmark(FrameMark::Migrating);
        for frame in [old, new] {
            self.frames.info(frame).pins().fetch_sub(1, Relaxed);
        }
        if info.mapcount().load(Relaxed) == 0 && self.is_homeless(old) {
            // All users left in the meantime.
            self.frames.free(new, self.counters());
            return 0;
        }
        self.machine.copy_frame(old, new);
        let probes = self.restore(old, new);
        self.hand_over(old, new);
        self.counters().migrated.add(1);
        probes
    }

    /// Whether neither the swap cache nor an object holds `frame`.
    fn is_homeless(&self, frame: Frame) -> bool {
        match self.frames.kind(frame) {
            FrameKind::ObjectPage => self.object_page(frame).is_none(),
            _ => self.frames.info(frame).slot().is_none(),
        }
    }

    /// Makes every migration entry of `old` a PTE of `new`. The tables are walked where the scheme has
    /// lost track since, because an entry that is left behind would be waited on for ever.
    fn restore(&self, old: Frame, new: Frame) -> u64 {
        let address = self.machine.arena().physical(new);
        let restored = self.operate(old, WhenIncomplete::Scan, |candidate: &Candidate<'_>| {
            if !matches!(candidate.pte.entry(), Entry::Migration(_)) {
                return Ok(Done::Nothing);
            }
            candidate.slot.fill(candidate.pte.migrated(address));
            self.counters().pte_writes.add(1);
            Ok(Done::Kept)
        });
        restored.probes
    }

    /// Gives `new` all that `old` was to others.
    fn hand_over(&self, old: Frame, new: Frame) {
        if self.is_tracked(old) {
            self.scheme.migrate(self, old, new);
        }
        let (from, to) = (self.frames.info(old), self.frames.info(new));
        to.mapcount().store(from.mapcount().swap(0, Relaxed), Relaxed);
        to.marks().store(from.marks().swap(0, Relaxed), Relaxed);
        let slot = from.slot();
        from.set_slot(None);
        to.set_slot(slot);
        match self.frames.kind(old) {
            FrameKind::ObjectPage => self.replace_in_page_cache(old, new),
            _ => {
                if let Some(slot) = slot {
                    self.swap.set_cached(slot, Some(new));
                }
            }
        }
    }

    fn replace_in_page_cache(&self, old: Frame, new: Frame) {
        let (from, to) = (self.frames.info(old).overlay(), self.frames.info(new).overlay());
        for (from, to) in from.iter().zip(to) {
            to.store(from.load(Relaxed), Relaxed);
        }
        if let Some((id, number)) = self.object_page(new) {
            let object = self.object(id);
            let _guard = object.lock.lock(&self.counters().lock_waits);
            self.set_contents(object, number, Contents::Cached(new))
                .expect("the page has an entry already");
        }
    }
}
