//! Splitting a 2 MiB page into 512 small ones, wherever it is mapped.
//!
//! A part of such a page cannot be unmapped, protected, moved or evicted by itself, so the whole page
//! is split first, for all who map it. That needs every mapping: where the scheme does not know them
//! all, the tables are walked, whatever the plan says about incomplete answers.

use core::sync::atomic::Ordering::Relaxed;

use rmap::{
    Frame, Mapping, OutOfMemory, PageIndex, PtePosition, SLOTS_PER_TABLE, Scheme, SpaceId, Visit,
};

use crate::frame_table::{FrameKind, FrameMark, huge_frames};
use crate::machine::Machine;
use crate::outcome::{Operated, Refused, WhenIncomplete};
use crate::page_table::Walk;
use crate::pte::{Entry, Pte};
use crate::space::PageRange;
use crate::vm::Vm;

/// Leaf tables, one for each mapping of a page that is to be split, through their links. Each table's
/// second link is the directory it will hang in.
#[derive(Debug, Default)]
struct SplitTables {
    first: Option<Frame>,
    count: u32,
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Splits the 2 MiB page that starts with `head`.
    pub fn split_huge(&self, head: Frame) -> Operated {
        let mut operated = Operated { outcome: Err(Refused::NotAPage), mappings: 0, probes: 0 };
        if !self.frames.is(head, FrameKind::Anonymous) || !self.is_huge(head) {
            return operated;
        }
        let mapcount = self.frames.info(head).mapcount().load(Relaxed);
        let mut tables = SplitTables::default();
        let mut refused = None;
        let search = self.search(head, WhenIncomplete::Scan, &mut |position| {
            match self.table_for_split(head, position, &mut tables) {
                Ok(()) => {}
                Err(why) => refused = refused.or(Some(why)),
            }
            Visit::Keep
        });
        operated.probes = search.probes;
        operated.mappings = tables.count;
        operated.outcome = match refused {
            Some(why) => Err(why),
            None if tables.count != mapcount => Err(Refused::Incomplete),
            None => self.split_mappings(head, &tables).map_err(|OutOfMemory| Refused::OutOfMemory),
        };
        match operated.outcome {
            Ok(()) => self.become_small(head, mapcount),
            Err(_) => self.discard_tables(&tables),
        }
        operated
    }

    /// Splits the 2 MiB page that maps `page`, if one does. The caller holds no lock.
    ///
    /// # Errors
    /// No memory for its page tables.
    pub(crate) fn split_huge_at(&self, id: SpaceId, page: PageIndex) -> Result<(), OutOfMemory> {
        let Walk::Huge(position) = self.walk(self.space(id).root(), page) else {
            return Ok(());
        };
        let head = self.frame_of(self.slot(position).read());
        self.split_huge(head).outcome.map_err(|_| OutOfMemory)
    }

    /// Splits every 2 MiB page that maps a page of `range`. The caller holds no lock.
    ///
    /// # Errors
    /// No memory for their page tables.
    pub(crate) fn split_huge_in(&self, id: SpaceId, range: PageRange) -> Result<(), OutOfMemory> {
        let mut page = range.start;
        while page < range.end() {
            self.split_huge_at(id, page)?;
            page = PageIndex(page.table_base().0 + SLOTS_PER_TABLE as u64);
        }
        Ok(())
    }

    pub(crate) fn is_huge(&self, frame: Frame) -> bool {
        self.frames.info(frame).is_marked(FrameMark::Huge)
    }

    /// Makes a leaf table for the mapping at `position`, if it is one of `head` and not seen before.
    fn table_for_split(
        &self,
        head: Frame,
        position: PtePosition,
        tables: &mut SplitTables,
    ) -> Result<(), Refused> {
        let pte = self.slot(position).read();
        if self.named_frame(pte) != Some(head) || self.has_table(tables, position) {
            return Ok(());
        }
        let owner = self.frames.table_owner(position.table);
        let table = self
            .new_leaf_table(owner.space, owner.page(position.slot))
            .map_err(|OutOfMemory| Refused::OutOfMemory)?;
        let (next, directory) = self.frames.info(table).links();
        next.store(tables.first.map_or(0, |first| first.0), Relaxed);
        directory.store(position.table.0, Relaxed);
        tables.first = Some(table);
        tables.count += 1;
        Ok(())
    }

    fn has_table(&self, tables: &SplitTables, position: PtePosition) -> bool {
        self.split_tables(tables).any(|table| self.split_position(table) == position)
    }

    fn split_tables(&self, tables: &SplitTables) -> impl Iterator<Item = Frame> {
        core::iter::successors(tables.first, |table| {
            let next = self.frames.info(*table).links().0.load(Relaxed);
            (next != 0).then_some(Frame(next))
        })
    }

    /// The slot of the directory that a table is made for.
    fn split_position(&self, table: Frame) -> PtePosition {
        let directory = Frame(self.frames.info(table).links().1.load(Relaxed));
        let base = self.frames.table_owner(table).base;
        let slot = (base.0 / SLOTS_PER_TABLE as u64 % SLOTS_PER_TABLE as u64) as u16;
        PtePosition { table: directory, slot }
    }

    /// The mapping that a table is made for.
    fn split_mapping_of(&self, table: Frame) -> Mapping {
        let position = self.split_position(table);
        let owner = self.frames.table_owner(table);
        let vma = self.vma_behind(position).expect("a mapped page lies in a VMA");
        Mapping { space: owner.space, vma, page: owner.base, position }
    }

    /// Tells the scheme of every split, or of none.
    fn split_mappings(&self, head: Frame, tables: &SplitTables) -> Result<(), OutOfMemory> {
        for (done, table) in self.split_tables(tables).enumerate() {
            let from = self.split_mapping_of(table);
            if let Err(out_of_memory) = self.scheme.split_mapping(self, head, &from, table) {
                for table in self.split_tables(tables).take(done) {
                    self.scheme.join_mappings(self, head, &self.split_mapping_of(table), table);
                }
                return Err(out_of_memory);
            }
        }
        for table in self.split_tables(tables) {
            self.exchange(self.split_mapping_of(table), table);
        }
        self.unlink_split_tables(tables, |_| ());
        Ok(())
    }

    /// Fills `table` with the parts of the 2 MiB page at `from` and hangs it up in its place.
    fn exchange(&self, from: Mapping, table: Frame) {
        let _guard = self.frames.lock(from.position.table, self.counters());
        let whole = self.slot(from.position).replace(Pte::EMPTY);
        debug_assert_eq!(whole.entry(), Entry::Present);
        for nth in 0..SLOTS_PER_TABLE as u16 {
            self.slot(PtePosition { table, slot: nth }).fill(whole.part(nth));
        }
        self.counters().pte_writes.add(1 + SLOTS_PER_TABLE as u64);
        self.hang(from.position, table);
        self.flush_page(from.space, from.page);
    }

    /// The frames of the page go their own ways, each mapped as often as the page was.
    fn become_small(&self, head: Frame, mapcount: u32) {
        self.frames.info(head).unmark(FrameMark::Huge);
        for tail in huge_frames(head).skip(1) {
            self.frames.set_kind(tail, FrameKind::Anonymous);
            self.frames.info(tail).mapcount().store(mapcount, Relaxed);
            for _ in 0..mapcount {
                self.mapped_pages.raise();
            }
        }
    }

    fn discard_tables(&self, tables: &SplitTables) {
        self.unlink_split_tables(tables, |table| {
            self.renounce_table(table);
            self.free_table(table);
        });
    }

    fn unlink_split_tables(&self, tables: &SplitTables, mut then: impl FnMut(Frame)) {
        let mut next = tables.first;
        while let Some(table) = next {
            let (link, directory) = self.frames.info(table).links();
            let after = link.swap(0, Relaxed);
            directory.store(0, Relaxed);
            next = (after != 0).then_some(Frame(after));
            then(table);
        }
    }
}
