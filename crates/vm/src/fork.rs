//! Fork: a child with the same VMAs, whose pages are shared until one side writes.

use rmap::{
    Frame, Mapping, OutOfMemory, PageIndex, PtePosition, SLOTS_PER_TABLE, Scheme, SpaceId, VmaId,
};

use crate::machine::Machine;
use crate::space::PageRange;
use crate::vm::Vm;

/// A child and what it took to make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forked {
    /// The new address space.
    pub child: SpaceId,
    /// PTEs that were copied.
    pub ptes: u64,
}

/// One VMA on both sides of a fork.
struct Pair {
    parent: (SpaceId, VmaId),
    child: (SpaceId, VmaId),
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Forks `parent`: writable pages become read-only on both sides, and the parent's translations
    /// are flushed once.
    ///
    /// # Errors
    /// Memory ran out; there is no child then. Pages of the parent that had already become read-only
    /// regain the right to write at their next write fault.
    pub fn fork(&self, parent: SpaceId) -> Result<Forked, OutOfMemory> {
        let child = self.create_space()?;
        let copied = self.copy_space(parent, child);
        self.flush_space(parent);
        match copied {
            Ok(ptes) => Ok(Forked { child, ptes }),
            Err(out_of_memory) => {
                self.exit(child);
                Err(out_of_memory)
            }
        }
    }

    fn copy_space(&self, parent: SpaceId, child: SpaceId) -> Result<u64, OutOfMemory> {
        self.scheme.fork_begin(self, parent, child)?;
        let _parent_guard = self.lock_space(self.space(parent));
        let _child_guard = self.lock_space(self.space(child));
        let mut ptes = 0;
        let mut link = self.space(child).first_vma_link();
        let mut next = self.space(parent).first_vma();
        while let Some(vma) = next {
            let copy = self.copy_vma(vma, link)?;
            link = self.vma(copy).next_link();
            ptes += self.copy_range(&Pair { parent: (parent, vma), child: (child, copy) })?;
            next = self.vma(vma).next();
        }
        Ok(ptes)
    }

    /// Shares every page of a VMA. Returns the PTEs that were copied.
    fn copy_range(&self, pair: &Pair) -> Result<u64, OutOfMemory> {
        let range = self.vma(pair.parent.1).range();
        let parent_root = self.space(pair.parent.0).root();
        let child_root = self.space(pair.child.0).root();
        let mut ptes = 0;
        let mut page = range.start;
        while page < range.end() {
            let table_end = PageIndex(page.table_base().0 + SLOTS_PER_TABLE as u64);
            let end = table_end.min(range.end());
            if let Some(from) = self.leaf_table(parent_root, page) {
                let to = self.ensure_leaf_table(pair.child.0, child_root, page)?;
                let part = PageRange { start: page, pages: end.0 - page.0 };
                ptes += self.copy_table(pair, from, to, part)?;
            }
            page = end;
        }
        Ok(ptes)
    }

    fn copy_table(
        &self,
        pair: &Pair,
        from: Frame,
        to: Frame,
        range: PageRange,
    ) -> Result<u64, OutOfMemory> {
        let _from_guard = self.frames.lock(from, self.counters());
        let _to_guard = self.frames.lock(to, self.counters());
        let mut ptes = 0;
        for page in range.start.0..range.end().0 {
            let page = PageIndex(page);
            let slot = page.slot();
            let source = self.slot(PtePosition { table: from, slot });
            let pte = source.read();
            if !pte.is_present() {
                continue;
            }
            let mapping = |(space, vma), table| Mapping {
                space,
                vma,
                page,
                position: PtePosition { table, slot },
            };
            let frame = self.frame_of(pte);
            let (parent, child) = (mapping(pair.parent, from), mapping(pair.child, to));
            self.scheme.fork_page(self, frame, &parent, &child)?;
            if pte.is_writable() {
                source.write_protect();
                self.counters().pte_writes.add(1);
            }
            self.raise_mapcount(frame);
            self.slot(child.position).fill(pte.forked());
            self.counters().pte_writes.add(1);
            ptes += 1;
        }
        Ok(ptes)
    }
}
