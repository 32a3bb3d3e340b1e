//! The four levels of tables: finding, making and freeing them.

use rmap::{
    Frame, OutOfMemory, PageIndex, PtePosition, SLOTS_PER_TABLE, Scheme, SpaceId, TableLevel,
    TableOwner, VmaId,
};

use crate::frame_table::{FrameKind, FrameMark};
use crate::gather::Gather;
use crate::machine::Machine;
use crate::pte::{Entry, Pte, PteSlot};
use crate::space::PageRange;
use crate::vm::Vm;

/// Levels of directories above a leaf table, the root included.
const DIRECTORY_LEVELS: usize = 3;

/// The level whose entries lead to leaf tables or map 2 MiB pages.
const LOWEST_DIRECTORY: usize = DIRECTORY_LEVELS - 1;

/// Slots of a root table that belong to the workloads: the lower half.
const USER_ROOT_SLOTS: usize = 256;

/// Pages below one slot of a table, `level` counted from the root.
const fn span(level: usize) -> u64 {
    1 << (9 * (DIRECTORY_LEVELS - level))
}

/// Pages below a whole table.
const fn reach(level: usize) -> u64 {
    span(level) * SLOTS_PER_TABLE as u64
}

/// The first page that the table for `page` serves.
const fn base_at(page: PageIndex, level: usize) -> PageIndex {
    PageIndex(page.0 / reach(level) * reach(level))
}

/// The slots that serve pages of `range` in the table with `base`, each with its first page.
fn slots_for(
    range: PageRange,
    base: PageIndex,
    level: usize,
) -> impl Iterator<Item = (u16, PageIndex)> {
    let part = PageRange { start: base, pages: reach(level) }.common(range);
    let slots = part.map_or(0..0, |part| {
        slot_at(part.start, level)..slot_at(PageIndex(part.end().0 - 1), level) + 1
    });
    slots.map(move |slot| (slot, base.plus(u64::from(slot) * span(level))))
}

/// The slot for `page` in a table.
const fn slot_at(page: PageIndex, level: usize) -> u16 {
    ((page.0 / span(level)) % SLOTS_PER_TABLE as u64) as u16
}

/// Where a walk for a page ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Walk {
    /// At its leaf table.
    Leaf(Frame),
    /// At the slot of a 2 MiB page.
    Huge(PtePosition),
    /// At an empty slot of this directory, at this level.
    Missing(Frame, usize),
}

/// A part of a range that one table, or one 2 MiB page, serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stretch {
    /// Pages that this leaf table may map.
    Table(Frame, PageRange),
    /// Pages of the 2 MiB page at this slot.
    Huge(PtePosition, PageRange),
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// The slot at `position`.
    #[inline]
    pub(crate) fn slot(&self, position: PtePosition) -> PteSlot<'_> {
        let slot = usize::from(position.slot);
        if cfg!(miri) {
            return PteSlot::new(self.frames.arena().word(position.table, slot));
        }
        // Five instructions fewer than the same by `word`.
        PteSlot::new(&self.frames.words(position.table)[slot])
    }

    /// The frame that a present entry names. It always lies in the arena.
    #[inline]
    pub(crate) fn frame_of(&self, pte: Pte) -> Frame {
        self.machine.arena().frame_at(pte.address()).expect("tables name frames of the arena")
    }

    /// The frame that an entry names for the scheme: that of a page, or of a page that is migrating.
    #[inline]
    pub(crate) fn named_frame(&self, pte: Pte) -> Option<Frame> {
        match pte.entry() {
            Entry::Present => Some(self.frame_of(pte)),
            Entry::Migration(frame) => Some(frame),
            _ => None,
        }
    }

    /// Goes down towards `page` as far as there are tables.
    #[expect(
        clippy::inline_always,
        reason = "on the path of every fault, where calls cost a quarter"
    )]
    #[inline(always)]
    pub(crate) fn walk(&self, root: Frame, page: PageIndex) -> Walk {
        let arena = self.machine.arena();
        let (mut table, mut words) = (root, arena.words(root));
        for level in 0..DIRECTORY_LEVELS {
            let slot = slot_at(page, level);
            let pte = PteSlot::new(&words[usize::from(slot)]).read();
            if !pte.is_present() {
                return Walk::Missing(table, level);
            }
            if level == LOWEST_DIRECTORY && pte.is_huge() {
                return Walk::Huge(PtePosition { table, slot });
            }
            (table, words) = arena.table_at(pte.address()).expect("tables lie in the arena");
        }
        Walk::Leaf(table)
    }

    /// The slot that maps `page`, or would.
    #[inline]
    pub(crate) fn position_of(&self, root: Frame, page: PageIndex) -> Option<PtePosition> {
        match self.walk(root, page) {
            Walk::Leaf(table) => Some(PtePosition { table, slot: page.slot() }),
            Walk::Huge(position) => Some(position),
            Walk::Missing(..) => None,
        }
    }

    /// The parts of `range` for which there are tables.
    pub(crate) fn stretches(
        &self,
        root: Frame,
        range: PageRange,
    ) -> impl Iterator<Item = Stretch> + use<'_, S, M> {
        let mut next = range.start;
        core::iter::from_fn(move || {
            while next < range.end() {
                let start = next;
                let walk = self.walk(root, start);
                let level = match walk {
                    Walk::Leaf(_) | Walk::Huge(_) => LOWEST_DIRECTORY,
                    Walk::Missing(_, level) => level,
                };
                let end = PageIndex((start.0 / span(level) + 1) * span(level));
                next = end.min(range.end());
                let part = PageRange::between(start, next);
                match walk {
                    Walk::Leaf(table) => return Some(Stretch::Table(table, part)),
                    Walk::Huge(position) => return Some(Stretch::Huge(position, part)),
                    Walk::Missing(..) => {}
                }
            }
            None
        })
    }

    /// The slots of a leaf table that serve `range`, each with its page.
    #[inline]
    pub(crate) fn entries(
        &self,
        table: Frame,
        range: PageRange,
    ) -> impl Iterator<Item = (PageIndex, PteSlot<'_>)> {
        let first = usize::from(range.start.slot());
        let words = &self.frames.words(table)[first..first + range.pages as usize];
        (range.start.0..).map(PageIndex).zip(words.iter().map(PteSlot::new))
    }

    /// The leaf table for `page`, made with all that leads to it where it is missing. The caller
    /// holds the space's lock, and no 2 MiB page is there.
    ///
    /// # Errors
    /// No frame for a table or for what the scheme keeps with it; nothing is left behind.
    pub(crate) fn ensure_leaf_table(
        &self,
        space: SpaceId,
        root: Frame,
        page: PageIndex,
    ) -> Result<Frame, OutOfMemory> {
        match self.walk(root, page) {
            Walk::Leaf(table) => Ok(table),
            Walk::Huge(_) => unreachable!("a 2 MiB page is split before its parts are mapped"),
            Walk::Missing(lowest, level) => {
                let leaf = self.new_leaf_table(space, page)?;
                self.hang_below(space, page, (lowest, level), (leaf, DIRECTORY_LEVELS))?;
                Ok(leaf)
            }
        }
    }

    /// The directory whose slot for `page` maps, or may map, a 2 MiB page. `None` if a leaf table is
    /// there. The caller holds the space's lock.
    ///
    /// # Errors
    /// No frame for a table or for what the scheme keeps with it; nothing is left behind.
    pub(crate) fn ensure_directory(
        &self,
        space: SpaceId,
        root: Frame,
        page: PageIndex,
    ) -> Result<Option<PtePosition>, OutOfMemory> {
        let directory = match self.walk(root, page) {
            Walk::Leaf(_) => return Ok(None),
            Walk::Huge(position) => return Ok(Some(position)),
            Walk::Missing(table, LOWEST_DIRECTORY) => table,
            Walk::Missing(lowest, level) => {
                let directory = self.new_directory(space, page, LOWEST_DIRECTORY)?;
                let made = (directory, LOWEST_DIRECTORY);
                self.hang_below(space, page, (lowest, level), made)?;
                directory
            }
        };
        if !self.frames.info(directory).is_marked(FrameMark::Announced) {
            self.scheme.table_created(self, directory)?;
            self.frames.info(directory).mark(FrameMark::Announced);
        }
        Ok(Some(PtePosition { table: directory, slot: slot_at(page, LOWEST_DIRECTORY) }))
    }

    /// Hangs the table `made` below the directory `from`, with directories between them.
    fn hang_below(
        &self,
        space: SpaceId,
        page: PageIndex,
        from: (Frame, usize),
        made: (Frame, usize),
    ) -> Result<(), OutOfMemory> {
        let (mut below, bottom) = made;
        for level in (from.1 + 1..bottom).rev() {
            let Ok(directory) = self.new_directory(space, page, level) else {
                self.free_tables_below(below, level + 1, PageRange { start: page, pages: 1 });
                return Err(OutOfMemory);
            };
            self.hang(PtePosition { table: directory, slot: slot_at(page, level) }, below);
            below = directory;
        }
        self.hang(PtePosition { table: from.0, slot: slot_at(page, from.1) }, below);
        Ok(())
    }

    /// A zeroed table.
    pub(crate) fn new_table(&self, kind: FrameKind) -> Result<Frame, OutOfMemory> {
        let table = self.allocate_frame(kind)?;
        self.machine.zero_frame(table);
        self.page_tables.raise();
        Ok(table)
    }

    fn new_directory(
        &self,
        space: SpaceId,
        page: PageIndex,
        level: usize,
    ) -> Result<Frame, OutOfMemory> {
        let table = self.new_table(FrameKind::Directory)?;
        let base = base_at(page, level);
        self.frames
            .set_table_owner(table, TableOwner { space, base, level: TableLevel::Directory });
        Ok(table)
    }

    /// A leaf table for `page` and its neighbours, known to the scheme and not hung up yet.
    ///
    /// # Errors
    /// No frame for it or for what the scheme keeps with it.
    pub(crate) fn new_leaf_table(
        &self,
        space: SpaceId,
        page: PageIndex,
    ) -> Result<Frame, OutOfMemory> {
        let table = self.new_table(FrameKind::LeafTable)?;
        let owner = TableOwner { space, base: page.table_base(), level: TableLevel::Leaf };
        self.frames.set_table_owner(table, owner);
        if self.scheme.table_created(self, table).is_err() {
            self.free_table(table);
            return Err(OutOfMemory);
        }
        Ok(table)
    }

    /// Lets the slot at `position` lead to `table`.
    pub(crate) fn hang(&self, position: PtePosition, table: Frame) {
        let entry = Pte::table(self.machine.arena().physical(table));
        self.slot(position).replace(entry);
        self.counters().pte_writes.add(1);
    }

    /// Tells the scheme that a table is about to go.
    pub(crate) fn renounce_table(&self, table: Frame) {
        let known = self.frames.is(table, FrameKind::LeafTable)
            || self.frames.info(table).is_marked(FrameMark::Announced);
        if known {
            self.scheme.table_freed(self, table);
        }
    }

    /// Frees a table's frame.
    pub(crate) fn free_table(&self, table: Frame) {
        self.page_tables.lower();
        self.frames.free(table, self.counters());
    }

    /// Frees `table`, which is at `level`, and all below it. Each of the latter serves some page of
    /// `within`. No page is mapped there any more, and no CPU has the tables loaded.
    pub(crate) fn free_tables_below(&self, table: Frame, level: usize, within: PageRange) {
        let mut gather = Gather::default();
        self.unhang_all((table, level), base_at(within.start, level), within, &mut gather);
        self.finish(gather);
    }

    /// Holds `table`, which serves pages from `base` on, and all below it back. Slots for pages outside
    /// of `within` are known to be empty: most processes use a small part of most directories.
    fn unhang_all(
        &self,
        (table, level): (Frame, usize),
        base: PageIndex,
        within: PageRange,
        gather: &mut Gather,
    ) {
        if level < DIRECTORY_LEVELS {
            for (slot, start) in slots_for(within, base, level) {
                let pte = self.slot(PtePosition { table, slot }).read();
                if pte.is_present() {
                    self.unhang_all((self.frame_of(pte), level + 1), start, within, gather);
                }
            }
        }
        self.renounce_table(table);
        self.hold_back(gather, table);
    }

    /// Takes down every table that serves pages of `hole` only, in which no page is mapped.
    pub(crate) fn unhang_hole(&self, root: Frame, hole: PageRange, gather: &mut Gather) {
        self.unhang_within((root, 0), PageIndex(0), hole, gather);
    }

    fn unhang_within(
        &self,
        (table, level): (Frame, usize),
        base: PageIndex,
        hole: PageRange,
        gather: &mut Gather,
    ) {
        for (slot, start) in slots_for(hole, base, level) {
            let position = PtePosition { table, slot };
            let pte = self.slot(position).read();
            if !pte.is_present() {
                continue;
            }
            let below = self.frame_of(pte);
            if hole.encloses(PageRange { start, pages: span(level) }) {
                self.slot(position).replace(Pte::EMPTY);
                self.counters().pte_writes.add(1);
                self.unhang_all((below, level + 1), start, hole, gather);
            } else if level < LOWEST_DIRECTORY {
                self.unhang_within((below, level + 1), start, hole, gather);
            }
        }
    }

    /// Takes down every table for pages of `range` that has nothing in it: what an operation that failed
    /// had made beforehand.
    pub(crate) fn prune_tables(&self, root: Frame, range: PageRange) {
        let mut gather = Gather::default();
        self.prune_below((root, 0), PageIndex(0), range, &mut gather);
        self.finish(gather);
    }

    /// Whether the table is empty afterwards. No CPU has a translation by way of an empty leaf table.
    fn prune_below(
        &self,
        (table, level): (Frame, usize),
        base: PageIndex,
        range: PageRange,
        gather: &mut Gather,
    ) -> bool {
        if level < DIRECTORY_LEVELS {
            for (slot, start) in slots_for(range, base, level) {
                let position = PtePosition { table, slot };
                let pte = self.slot(position).read();
                if !pte.is_present() || pte.is_huge() {
                    continue;
                }
                let below = self.frame_of(pte);
                if self.prune_below((below, level + 1), start, range, gather) {
                    self.slot(position).replace(Pte::EMPTY);
                    self.renounce_table(below);
                    self.hold_back(gather, below);
                }
            }
        }
        let slots = if level == 0 { USER_ROOT_SLOTS } else { SLOTS_PER_TABLE };
        self.frames.words(table)[..slots].iter().all(|word| PteSlot::new(word).read().is_empty())
    }

    /// The VMA behind an entry that names a frame. The caller holds the lock of its table, so the
    /// VMA cannot go away; the tree is read without its lock, and may be in motion.
    pub(crate) fn vma_behind(&self, position: PtePosition) -> Option<VmaId> {
        let owner = self.frames.table_owner(position.table);
        self.vma_covering(self.space(owner.space), owner.page(position.slot))
    }
}
