//! The four levels of tables: finding, making and freeing them.

use rmap::{Frame, OutOfMemory, PageIndex, PtePosition, Scheme, SpaceId, TableOwner};

use crate::frame_table::FrameKind;
use crate::machine::Machine;
use crate::pte::{Pte, PteSlot};
use crate::vm::Vm;

/// Levels of directories above a leaf table, the root included.
const DIRECTORY_LEVELS: usize = 3;

/// Slots of a root table that belong to the workloads: the lower half.
const USER_ROOT_SLOTS: usize = 256;

/// The slot for `page` in a directory, `level` counted from the root.
const fn directory_slot(page: PageIndex, level: usize) -> u16 {
    ((page.0 >> (9 * (DIRECTORY_LEVELS - level))) & 0x1ff) as u16
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// The slot at `position`.
    #[inline]
    pub(crate) fn slot(&self, position: PtePosition) -> PteSlot<'_> {
        PteSlot::new(&self.frames.words(position.table)[usize::from(position.slot)])
    }

    /// The frame that a present entry names. It always lies in the arena.
    #[inline]
    pub(crate) fn frame_of(&self, pte: Pte) -> Frame {
        self.machine.arena().frame_at(pte.address()).expect("tables name frames of the arena")
    }

    /// The leaf table for `page`, if there is one.
    #[inline]
    pub(crate) fn leaf_table(&self, root: Frame, page: PageIndex) -> Option<Frame> {
        match self.descend(root, page) {
            (table, DIRECTORY_LEVELS) => Some(table),
            _ => None,
        }
    }

    /// Goes down towards `page` as far as there are tables; returns the last and its level.
    #[inline]
    fn descend(&self, root: Frame, page: PageIndex) -> (Frame, usize) {
        let mut table = root;
        for level in 0..DIRECTORY_LEVELS {
            let slot = directory_slot(page, level);
            let pte = self.slot(PtePosition { table, slot }).read();
            if !pte.is_present() {
                return (table, level);
            }
            table = self.frame_of(pte);
        }
        (table, DIRECTORY_LEVELS)
    }

    /// The leaf table for `page`, made with all that leads to it where it is missing. The caller
    /// holds the space's lock.
    ///
    /// # Errors
    /// No frame for a table or for what the scheme keeps with it; nothing is left behind.
    pub(crate) fn ensure_leaf_table(
        &self,
        space: SpaceId,
        root: Frame,
        page: PageIndex,
    ) -> Result<Frame, OutOfMemory> {
        let (lowest, level) = self.descend(root, page);
        if level == DIRECTORY_LEVELS {
            return Ok(lowest);
        }
        let leaf = self.new_leaf_table(TableOwner { space, base: page.table_base() })?;
        let mut below = leaf;
        for missing in (level + 1..DIRECTORY_LEVELS).rev() {
            let Ok(directory) = self.new_table(FrameKind::Directory) else {
                self.free_tables_below(below, missing + 1);
                return Err(OutOfMemory);
            };
            self.hang(directory, directory_slot(page, missing), below);
            below = directory;
        }
        self.hang(lowest, directory_slot(page, level), below);
        Ok(leaf)
    }

    /// A zeroed table.
    pub(crate) fn new_table(&self, kind: FrameKind) -> Result<Frame, OutOfMemory> {
        let table = self.frames.allocate(kind, self.counters())?;
        self.machine.zero_frame(table);
        self.page_tables.raise();
        Ok(table)
    }

    fn new_leaf_table(&self, owner: TableOwner) -> Result<Frame, OutOfMemory> {
        let table = self.new_table(FrameKind::LeafTable)?;
        self.frames.set_table_owner(table, owner);
        if self.scheme.table_created(self, table).is_err() {
            self.free_table(table);
            return Err(OutOfMemory);
        }
        Ok(table)
    }

    fn hang(&self, table: Frame, slot: u16, below: Frame) {
        let entry = Pte::table(self.machine.arena().physical(below));
        self.slot(PtePosition { table, slot }).fill(entry);
        self.counters().pte_writes.add(1);
    }

    pub(crate) fn free_table(&self, table: Frame) {
        self.page_tables.lower();
        self.frames.free(table, self.counters());
    }

    /// Frees `table`, which is at `level`, and all below it. No page is mapped there any more, and no
    /// CPU has the tables loaded.
    pub(crate) fn free_tables_below(&self, table: Frame, level: usize) {
        if level == DIRECTORY_LEVELS {
            self.scheme.table_freed(self, table);
            self.free_table(table);
            return;
        }
        let slots = if level == 0 { USER_ROOT_SLOTS } else { rmap::SLOTS_PER_TABLE };
        for slot in 0..slots as u16 {
            let pte = self.slot(PtePosition { table, slot }).read();
            if pte.is_present() {
                self.free_tables_below(self.frame_of(pte), level + 1);
            }
        }
        self.free_table(table);
    }
}
