//! The one trait that every reverse-mapping scheme implements.

use crate::{Frame, Mapping, OutOfMemory, PtePosition, SpaceId, Store, Words};

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
/// The VM calls the hooks in the order in which things happen, holding the lock of each leaf table
/// named in a [`Mapping`]; lock order is space, table, frame. The mapcount that a hook sees does not
/// yet include the change it reports. A hook that fails leaves no trace, and the VM then changes no PTE.
pub trait Scheme: Default + Sync + 'static {
    /// The id on the command line.
    const ID: crate::SchemeId;

    /// What it keeps beside every frame, on top of the VM's own structure.
    type FrameState: Words;
    /// What it keeps in every address space.
    type SpaceState: Words;
    /// What it keeps in every VMA.
    type VmaState: Words;

    /// A leaf table was made for the scheme's use; nothing is mapped in it yet.
    ///
    /// # Errors
    /// No memory for what goes with a table.
    fn table_created(&self, _store: &impl Store<Self>, _table: Frame) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// A leaf table that maps nothing any more is about to be freed.
    fn table_freed(&self, _store: &impl Store<Self>, _table: Frame) {}

    /// `child` is about to be filled with copies of the mappings of `parent`.
    ///
    /// # Errors
    /// No memory for what goes with an address space.
    fn fork_begin(
        &self,
        _store: &impl Store<Self>,
        _parent: SpaceId,
        _child: SpaceId,
    ) -> Result<(), OutOfMemory> {
        Ok(())
    }

    /// A fresh, exclusive anonymous `frame` is about to be mapped.
    ///
    /// # Errors
    /// No memory to remember the mapping.
    fn map(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) -> Result<(), OutOfMemory>;

    /// `frame`, mapped at `parent`, is about to be mapped at `child` too, read-only in both.
    ///
    /// # Errors
    /// No memory to remember the mapping.
    fn fork_page(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        parent: &Mapping,
        child: &Mapping,
    ) -> Result<(), OutOfMemory>;

    /// The PTE at `at` no longer maps `frame`.
    fn unmap(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping);

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

    /// Produces the PTEs that map `frame`. Candidates are re-read by `visit` under the table's lock.
    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search;

    /// Looks the scheme's own words of one mapped `frame` over, outside any timing.
    ///
    /// # Errors
    /// The first thing that is wrong.
    fn check(&self, _store: &impl Store<Self>, _frame: Frame) -> Result<(), Violation> {
        Ok(())
    }
}
