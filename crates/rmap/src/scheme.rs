//! The one trait that every reverse-mapping scheme implements.

use crate::{Frame, Mapping, OutOfMemory, PtePosition, SpaceId, Store, SwapSlot, VmaId, Words};

/// How much of the truth a search claims to have produced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Coverage {
    /// Every PTE that maps the frame, none twice.
    Exact,
    /// Some of them.
    Partial,
    /// The scheme does not know.
    Unknown,
}

/// What a search did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Search {
    /// What the scheme claims about the candidates it produced.
    pub coverage: Coverage,
    /// PTE slots looked at.
    pub probes: u64,
}

/// What became of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Visit {
    /// The mapping stays as it is.
    Keep,
    /// The PTE has just been cleared: the scheme forgets the mapping, without a call of
    /// [`Scheme::unmap`].
    Forget,
}

/// Which frames a scheme keeps track of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Covers {
    /// Every page that a PTE can map.
    EveryPage,
    /// Anonymous pages. Pages of files and segments are found by the VMAs of their object.
    AnonymousPages,
    /// Pages of files and segments, which it finds by the VMAs it is told of: no hook that names a
    /// frame is called.
    ObjectPages,
}

/// Whether neighbours that the VM sees no difference between become one VMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merges {
    /// Always.
    Always,
    /// Not where [`Scheme::vma_can_merge`] has a reason against it.
    Sometimes,
}

/// How memory pressure looks for pages to evict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReclaimBy {
    /// Round the frames, asking the scheme who uses each.
    Frame,
    /// Round the page tables, forgetting one mapping at a time.
    Table,
}

/// Whether anybody else can reach a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sharing {
    /// No other PTE and no swap entry names it.
    Exclusive,
    /// Some do, or may.
    Shared,
}

/// What a page holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageKind {
    /// Memory of processes alone.
    Anonymous,
    /// A page of a file or segment.
    Object,
}

/// Whether a VMA was ready for its first anonymous page before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prepared {
    /// It was.
    Already,
    /// It is now, and [`Scheme::vma_unprepared`] undoes it.
    Now,
}

/// What the oracle knows of a mapped frame without asking the scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameFacts {
    /// What it holds.
    pub page: PageKind,
    /// PTEs and migration entries that name it.
    pub mapcount: u32,
    /// [`Sharing::Exclusive`] if its one user has had it alone since it last became exclusive.
    pub history: Sharing,
}

impl FrameFacts {
    /// Whether one may answer so who knows a page as long as its one user has had it alone.
    #[must_use]
    pub fn known_while_exclusive(&self, answer: Coverage) -> bool {
        answer
            == match self.history {
                Sharing::Exclusive => Coverage::Exact,
                Sharing::Shared => Coverage::Unknown,
            }
    }
}

/// What a scheme's memory may depend on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryFacts {
    /// Tables that the scheme was told of.
    pub tables: u64,
    /// PTEs and migration entries that map pages.
    pub mappings: u64,
    /// VMAs.
    pub vmas: u64,
    /// No more VMAs than this were there at once so far.
    pub vmas_peak: u64,
    /// Address spaces.
    pub spaces: u64,
}

/// Something that a scheme's own structures should never show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Violation {
    /// Where it was seen.
    pub frame: Frame,
    /// What is wrong, as a clause.
    pub what: &'static str,
}

/// A reverse-mapping scheme: how to get from a frame to the PTEs that map it.
///
/// The VM calls the hooks in the order in which things happen, holding the lock of each table named
/// in a [`Mapping`]; lock order is space, object, table, frame. The mapcount that a hook sees does
/// not yet include the change it reports. A hook that fails leaves no trace, and the VM then changes
/// no PTE.
///
/// A PTE that holds a migration entry still maps its frame as far as a scheme is concerned; one that
/// holds a swap entry does not. A 2 MiB page is its first frame, mapped at a slot of a directory.
///
/// A hook by default does nothing, which suits a scheme that keeps nothing for what the hook tells of. By
/// default a scheme always finds every PTE, and takes no memory for it.
pub trait Scheme: Default + Sync + 'static {
    /// The id on the command line.
    const ID: crate::SchemeId;

    /// Which frames the hooks are called for.
    const COVERS: Covers;

    /// Whether [`Self::vma_prepare`] is called: a branch on the path of every fault.
    const PREPARES_VMAS: bool = false;

    /// What [`Self::vma_can_merge`] answers.
    const MERGES: Merges = Merges::Always;

    /// The most frames of a machine that it can serve.
    const MOST_FRAMES: u32 = u32::MAX;

    /// How pages to evict are looked for first.
    const RECLAIM: ReclaimBy = ReclaimBy::Frame;

    /// What it keeps beside every frame, on top of the VM's own structure.
    type FrameState: Words;
    /// What it keeps in every address space.
    type SpaceState: Words;
    /// What it keeps in every VMA.
    type VmaState: Words;
    /// What it keeps in every file and segment.
    type ObjectState: Words;

    /// A table was made whose slots will map pages; nothing is mapped in it yet. Called for every
    /// leaf table, and for a directory before it maps its first 2 MiB page.
    ///
    /// # Errors
    /// No memory for what goes with a table.
    fn table_created(&self, _store: &impl Store<Self>, _table: Frame) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// A table that maps nothing any more is about to be freed.
    fn table_freed(&self, _store: &impl Store<Self>, _table: Frame) {}

    /// An address space without any VMA was made, by fork or not.
    ///
    /// # Errors
    /// No memory for what goes with an address space.
    fn space_created(&self, _store: &impl Store<Self>, _space: SpaceId) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// An address space without any VMA is about to be freed.
    fn space_freed(&self, _store: &impl Store<Self>, _space: SpaceId) {}

    /// `child` is about to be filled with copies of the VMAs and mappings of `parent`.
    ///
    /// # Errors
    /// No memory for what goes with a fork; the child is then freed as any other space.
    fn fork_begin(
        &self,
        _store: &impl Store<Self>,
        _parent: SpaceId,
        _child: SpaceId,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// A VMA was made for `of`, if for any: by fork (in another space), by a move (in the same
    /// space, before any page moves), or from nothing.
    ///
    /// # Errors
    /// No memory for what goes with a VMA.
    fn vma_created(
        &self,
        _store: &impl Store<Self>,
        _vma: VmaId,
        _of: Option<VmaId>,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// A page of private memory may be about to be written to for the first time in `vma`; no table is
    /// locked yet.
    ///
    /// # Errors
    /// No memory for what goes with a VMA that maps anonymous pages.
    fn vma_prepare(&self, _store: &impl Store<Self>, _vma: VmaId) -> Result<Prepared, OutOfMemory> {
        Ok(Prepared::Already)
    }

    /// The write for which [`Self::vma_prepare`] prepared `vma` failed.
    fn vma_unprepared(&self, _store: &impl Store<Self>, _vma: VmaId) {}

    /// `upper` is about to take over the pages of `lower` from its own first page on.
    ///
    /// # Errors
    /// No memory for what goes with a VMA.
    fn vma_split(
        &self,
        _store: &impl Store<Self>,
        _lower: VmaId,
        _upper: VmaId,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// Whether two neighbours that the VM sees no difference between may become one.
    fn vma_can_merge(&self, _store: &impl Store<Self>, _lower: VmaId, _upper: VmaId) -> bool {
        true
    }

    /// `kept` has taken over the pages of `gone`, which is about to be freed.
    fn vma_merged(&self, _store: &impl Store<Self>, _kept: VmaId, _gone: VmaId) {}

    /// The ends of `vma` changed; no page it maps changed its place.
    fn vma_resized(&self, _store: &impl Store<Self>, _vma: VmaId) {}

    /// A VMA that maps nothing any more is about to be freed.
    fn vma_freed(&self, _store: &impl Store<Self>, _vma: VmaId) {}

    /// A fresh `frame` is about to be mapped: an anonymous page nobody else can reach, or, for a
    /// scheme that covers every page, any page of an object.
    ///
    /// # Errors
    /// No memory to remember the mapping.
    fn map(
        &self,
        _store: &impl Store<Self>,
        _frame: Frame,
        _at: &Mapping,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// `frame`, mapped at `parent`, is about to be mapped at `child` too, read-only in both.
    ///
    /// # Errors
    /// No memory to remember the mapping.
    fn fork_page(
        &self,
        _store: &impl Store<Self>,
        _frame: Frame,
        _parent: &Mapping,
        _child: &Mapping,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// An anonymous `frame` is about to be mapped at `at` where a swap entry named it. It may be
    /// mapped by relatives already.
    ///
    /// # Errors
    /// No memory to remember the mapping.
    fn swap_in(
        &self,
        _store: &impl Store<Self>,
        _frame: Frame,
        _at: &Mapping,
        _sharing: Sharing,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// The PTE at `at` no longer maps `frame`.
    fn unmap(&self, _store: &impl Store<Self>, _frame: Frame, _at: &Mapping) {}

    /// A write fault at `at` is about to move that mapping from the `shared` frame to its fresh copy.
    ///
    /// The default suits a scheme whose [`Self::map`] never fails once the table exists; one that
    /// allocates must do so before it lets go of `shared`.
    ///
    /// # Errors
    /// No memory to remember the new mapping; the old one is still remembered.
    fn break_cow(
        &self,
        store: &impl Store<Self>,
        shared: Frame,
        copy: Frame,
        at: &Mapping,
    ) -> Result<(), OutOfMemory> {
        self.unmap(store, shared, at);
        self.map(store, copy, at)
    }

    /// A write fault found `frame` exclusive to `at` and made it writable again.
    fn reuse(&self, _store: &impl Store<Self>, _frame: Frame, _at: &Mapping) {}

    /// The mapping of `frame` at `from` is about to move to the empty slot `to` of the same space.
    ///
    /// # Errors
    /// No memory to remember the new place; the old one is still remembered.
    fn move_mapping(
        &self,
        _store: &impl Store<Self>,
        _frame: Frame,
        _from: &Mapping,
        _to: &Mapping,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// The contents of `old` and the PTEs that map it are about to go over to `new`, which nobody
    /// maps. The PTEs stay where they are.
    fn migrate(&self, _store: &impl Store<Self>, _old: Frame, _new: Frame) {}

    /// The contents of `frame`, which nobody maps any more, went to `slot`, and the frame is about
    /// to be freed.
    fn swapped_out(&self, _store: &impl Store<Self>, _frame: Frame, _slot: SwapSlot) {}

    /// The contents of `slot` are in `frame` now, which nobody maps yet.
    fn brought_back(&self, _store: &impl Store<Self>, _frame: Frame, _slot: SwapSlot) {}

    /// No swap entry names `slot` any more.
    fn slot_freed(&self, _store: &impl Store<Self>, _slot: SwapSlot) {}

    /// The 2 MiB page `head` becomes 512 pages; its mapping at `from` becomes those of `head` + n at
    /// slot n of `table`, in the same VMA. Called once for each mapping; mapcounts are still those
    /// of the 2 MiB page.
    ///
    /// # Errors
    /// No memory to remember 512 mappings. The VM then keeps the page whole, after
    /// [`Self::join_mappings`] of those that were split already.
    fn split_mapping(
        &self,
        _store: &impl Store<Self>,
        _head: Frame,
        _from: &Mapping,
        _table: Frame,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// Undoes [`Self::split_mapping`].
    fn join_mappings(
        &self,
        _store: &impl Store<Self>,
        _head: Frame,
        _from: &Mapping,
        _table: Frame,
    ) {
    }

    /// Produces the PTEs that map `frame`. Candidates are re-read by `visit` under the table's lock.
    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search;

    /// What [`Self::find`] would answer, without the search where the scheme can tell.
    fn coverage(&self, store: &impl Store<Self>, frame: Frame) -> Coverage {
        self.find(store, frame, &mut |_| Visit::Keep).coverage
    }

    /// Whether [`Self::find`] may answer so, by the scheme's rules, of a frame of which this is known.
    fn may_answer(answer: Coverage, _facts: &FrameFacts) -> bool {
        answer == Coverage::Exact
    }

    /// Bytes of metadata, frames and objects, that the scheme keeps at most while this much is in use.
    fn metadata_bound(_facts: &MemoryFacts) -> u64 {
        0
    }

    /// Looks the scheme's own words of one mapped `frame` over, outside any timing.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn check(&self, _store: &impl Store<Self>, _frame: Frame) -> Result<(), Violation> {
        Ok(())
    }
}
