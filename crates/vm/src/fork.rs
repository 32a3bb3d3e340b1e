//! Fork: a child with the same VMAs, whose private pages are shared until one side writes.
//!
//! Pages of shared VMAs are not copied: the child's first access finds them by their object, as in
//! Linux since 2.6.14 (`copy_page_range`).

use rmap::{Frame, Mapping, OutOfMemory, PageIndex, PtePosition, Scheme, SpaceId, VmaId};

use crate::machine::Machine;
use crate::page_table::Stretch;
use crate::pte::{Entry, Pte, PteSlot};
use crate::space::PageRange;
use crate::vm::Vm;
use crate::vma::Traits;

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

impl Pair {
    /// The two mappings of `page`.
    fn mappings(&self, page: PageIndex, from: PtePosition, to: PtePosition) -> (Mapping, Mapping) {
        let mapping = |(space, vma), position| Mapping { space, vma, page, position };
        (mapping(self.parent, from), mapping(self.child, to))
    }
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Forks `parent`: writable private pages become read-only on both sides, and the parent's
    /// translations are flushed once.
    ///
    /// # Errors
    /// Memory ran out; there is no child then. Pages of the parent that had already become read-only
    /// regain the right to write at their next write fault.
    pub fn fork(&self, parent: SpaceId) -> Result<Forked, OutOfMemory> {
        self.with_reclaim(|| {
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
        })
    }

    fn copy_space(&self, parent: SpaceId, child: SpaceId) -> Result<u64, OutOfMemory> {
        self.scheme.fork_begin(self, parent, child)?;
        let _parent_guard = self.lock_space(self.space(parent));
        let _child_guard = self.lock_space(self.space(child));
        self.space(child).set_brk(self.space(parent).brk());
        let mut ptes = 0;
        let mut next = self.first_vma(self.space(parent));
        while let Some(vma) = next {
            let copy = self.copy_vma(vma, child)?;
            if !self.vma(vma).is(Traits::SHARED) {
                ptes += self.copy_range(&Pair { parent: (parent, vma), child: (child, copy) })?;
            }
            next = self.next_vma(vma);
        }
        Ok(ptes)
    }

    /// Shares every page of a VMA. Returns the PTEs that were copied.
    fn copy_range(&self, pair: &Pair) -> Result<u64, OutOfMemory> {
        let range = self.vma(pair.parent.1).range();
        let parent_root = self.space(pair.parent.0).root();
        let child_root = self.space(pair.child.0).root();
        let mut ptes = 0;
        for stretch in self.stretches(parent_root, range) {
            ptes += match stretch {
                Stretch::Table(from, part) => {
                    let to = self.ensure_leaf_table(pair.child.0, child_root, part.start)?;
                    self.copy_table(pair, from, to, part)?
                }
                Stretch::Huge(from, part) => {
                    let to = self.ensure_directory(pair.child.0, child_root, part.start)?;
                    let to = to.expect("the child has no page there yet");
                    let _from_guard = self.frames.lock(from.table, self.counters());
                    let _to_guard = self.frames.lock(to.table, self.counters());
                    let (source, target) = (self.slot(from), self.slot(to));
                    self.copy_entry(pair, part.start, (from, source), (to, target))?
                }
            };
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
        let slots = self.entries(from, range).zip(self.entries(to, range));
        for ((page, source), (_, target)) in slots {
            let slot = page.slot();
            let from = PtePosition { table: from, slot };
            let to = PtePosition { table: to, slot };
            ptes += self.copy_entry(pair, page, (from, source), (to, target))?;
        }
        Ok(ptes)
    }

    /// Copies one entry; 1 if it maps a page.
    #[inline]
    fn copy_entry(
        &self,
        pair: &Pair,
        page: PageIndex,
        (from, source): (PtePosition, PteSlot<'_>),
        (to, target): (PtePosition, PteSlot<'_>),
    ) -> Result<u64, OutOfMemory> {
        let pte = source.read();
        if pte.is_present() {
            let frame = self.frame_of(pte);
            if frame != self.zero_page {
                self.share_page(pair, page, frame, (from, to))?;
            }
            if pte.is_writable_or_exclusive() {
                source.share();
                self.counters().pte_writes.add(1);
            }
            target.fill(pte.forked());
            self.counters().pte_writes.add(1);
            return Ok(1);
        }
        if !pte.is_empty() {
            self.copy_absent(pair, page, pte, (from, to))?;
        }
        Ok(0)
    }

    /// Counts and remembers one more mapping of `frame`.
    #[inline]
    fn share_page(
        &self,
        pair: &Pair,
        page: PageIndex,
        frame: Frame,
        (from, to): (PtePosition, PtePosition),
    ) -> Result<(), OutOfMemory> {
        if self.is_tracked(frame) {
            let (parent, child) = pair.mappings(page, from, to);
            self.scheme.fork_page(self, frame, &parent, &child)?;
        }
        self.raise_mapcount(frame);
        Ok(())
    }

    /// Copies an entry that is neither present nor empty.
    #[cold]
    fn copy_absent(
        &self,
        pair: &Pair,
        page: PageIndex,
        pte: Pte,
        (from, to): (PtePosition, PtePosition),
    ) -> Result<(), OutOfMemory> {
        let copy = match pte.entry() {
            Entry::Swap(slot) => {
                self.swap.add_entry(slot);
                pte
            }
            Entry::Migration(frame) => {
                self.share_page(pair, page, frame, (from, to))?;
                let shared = pte.migration_shared();
                self.slot(from).replace(shared);
                shared
            }
            Entry::Poison | Entry::Empty | Entry::Present => pte,
        };
        self.slot(to).fill(copy);
        self.counters().pte_writes.add(1);
        Ok(())
    }
}
