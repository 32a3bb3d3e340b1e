//! What a scheme may ask of the VM above it: where its words live, and memory for more of them.

use core::sync::atomic::{AtomicU32, AtomicU64};

use crate::{
    Frame, Handle, ObjectId, PageIndex, Pool, PtePosition, SLOTS_PER_TABLE, Scheme, SpaceId,
    SwapSlot, Visit, VmaId,
};

/// No frame was left for metadata.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

/// Words that may be placed in the machine's frames: atomics only, aligned to 8 bytes at most, so
/// that any bit pattern is a value and sharing is sound. All zeroes is the initial value.
///
/// Sealed, because the VM's memory module relies on it.
pub trait Words: sealed::Sealed + Sync + Send + 'static {}

pub(crate) mod sealed {
    pub trait Sealed {}
}

macro_rules! words {
    ($($kind:ty),*) => {$(
        impl sealed::Sealed for $kind {}
        impl Words for $kind {}
    )*};
}

words!((), AtomicU32, AtomicU64, [AtomicU32; 2], [AtomicU64; 2], [AtomicU32; SLOTS_PER_TABLE]);

/// The (object, offset) words of a frame. A page-cache frame keeps its identity there; the words of
/// an anonymous frame are the scheme's to use, and cost the frame structure nothing.
pub type Overlay = [AtomicU64; 2];

/// What the slots of a table map.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableLevel {
    /// 4 KiB pages.
    Leaf,
    /// Leaf tables and 2 MiB pages.
    Directory,
}

/// Whose page-table page a frame is, as Linux keeps it in the frame's own `struct page`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableOwner {
    /// The address space.
    pub space: SpaceId,
    /// The page that slot 0 of the table maps.
    pub base: PageIndex,
    /// What a slot maps.
    pub level: TableLevel,
}

impl TableOwner {
    /// The first page that `slot` maps.
    #[must_use]
    pub const fn page(self, slot: u16) -> PageIndex {
        let pages = match self.level {
            TableLevel::Leaf => 1,
            TableLevel::Directory => SLOTS_PER_TABLE as u64,
        };
        self.base.plus(slot as u64 * pages)
    }
}

/// What a VMA covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VmaSpan {
    /// Whose it is.
    pub space: SpaceId,
    /// The first page.
    pub start: PageIndex,
    /// How many pages.
    pub pages: u64,
    /// The number of the first page: of an object's page the object's number for it, of an anonymous
    /// one the page where the memory was first mapped, so that a move keeps it (Linux' `vm_pgoff`).
    pub offset: u64,
    /// The object behind it.
    pub object: Option<ObjectId>,
}

impl VmaSpan {
    /// The number of the last page.
    #[must_use]
    #[inline]
    pub const fn last_offset(&self) -> u64 {
        self.offset + self.pages - 1
    }

    /// The page with this number, if the VMA covers it.
    #[must_use]
    #[inline]
    pub fn page_with_offset(&self, offset: u64) -> Option<PageIndex> {
        let nth = offset.checked_sub(self.offset)?;
        (nth < self.pages).then(|| self.start.plus(nth))
    }
}

/// Where a scheme keeps its words. Implemented by the VM.
pub trait Store<S: Scheme> {
    /// How many frames there are; they are numbered from 0.
    fn frame_count(&self) -> u32;

    /// The scheme's own words beside `frame`.
    fn frame_state(&self, frame: Frame) -> &S::FrameState;

    /// The overlaid words of an anonymous `frame`.
    fn overlay(&self, frame: Frame) -> &Overlay;

    /// The scheme's own words in `space`.
    fn space_state(&self, space: SpaceId) -> &S::SpaceState;

    /// The scheme's own words in `vma`.
    fn vma_state(&self, vma: VmaId) -> &S::VmaState;

    /// The scheme's own words in `object`.
    fn object_state(&self, object: ObjectId) -> &S::ObjectState;

    /// What `vma` covers.
    fn vma_span(&self, vma: VmaId) -> VmaSpan;

    /// The number of `page`, which `vma` covers, as [`VmaSpan::offset`] counts.
    fn offset_of(&self, vma: VmaId, page: PageIndex) -> u64;

    /// The VMAs next to `vma`, below and above, that go on where it ends, by address and by
    /// [`VmaSpan::offset`], and differ from it in the rights they grant at most.
    fn like_neighbours(&self, vma: VmaId) -> [Option<VmaId>; 2];

    /// Calls `visit` for every page of `vma` that an entry maps or, while it migrates, names: its
    /// number and its frame, of a 2 MiB page the first.
    fn for_each_page(&self, vma: VmaId, visit: &mut impl FnMut(u64, Frame));

    /// The slot for `page` of `space`, that of the 2 MiB page around it if it is mapped so; `None`
    /// where no table is.
    fn position(&self, space: SpaceId, page: PageIndex) -> Option<PtePosition>;

    /// Whether `frame` holds an anonymous page.
    fn is_anonymous(&self, frame: Frame) -> bool;

    /// The object and the page number of a frame that an object's page cache holds.
    fn object_page(&self, frame: Frame) -> Option<(ObjectId, u64)>;

    /// The one word that a swap slot keeps for the scheme.
    fn slot_word(&self, slot: SwapSlot) -> &AtomicU64;

    /// PTEs and migration entries that map `frame`.
    fn mapcount(&self, frame: Frame) -> u32;

    /// Runs `body` under the lock of `frame`. Innermost lock: `body` takes no other, except by a
    /// [`Visit`] callback, which only *tries* the table's lock.
    fn with_frame_locked<R>(&self, frame: Frame, body: impl FnOnce() -> R) -> R;

    /// Runs `body` under a lock of the scheme's own, 0 while it is free. It comes after the locks of
    /// spaces and objects and before those of tables, which `body` may only *try*.
    fn with_locked<R>(&self, lock: &AtomicU32, body: impl FnOnce() -> R) -> R;

    /// The one word that a table's frame keeps for the scheme.
    fn table_word(&self, table: Frame) -> &AtomicU64;

    /// Whose table it is.
    fn table_owner(&self, table: Frame) -> TableOwner;

    /// The frame that the PTE or migration entry at `position` names, if it is one, in a frame that
    /// is a page table now.
    fn mapped_frame(&self, position: PtePosition) -> Option<Frame>;

    /// Takes a zeroed frame for metadata.
    ///
    /// # Errors
    /// None is left.
    fn allocate_metadata(&self) -> Result<Frame, OutOfMemory>;

    /// Gives a metadata frame back.
    fn free_metadata(&self, frame: Frame);

    /// The words of a metadata frame.
    fn metadata(&self, frame: Frame) -> &[AtomicU64; SLOTS_PER_TABLE];

    /// Takes a zeroed object.
    ///
    /// # Errors
    /// No frame is left to cut it from.
    fn allocate<T: Words>(&self, pool: &Pool<T>) -> Result<Handle<T>, OutOfMemory>;

    /// Gives an object of `pool` back.
    fn free<T: Words>(&self, pool: &Pool<T>, object: Handle<T>);

    /// The object.
    fn object<T: Words>(&self, object: Handle<T>) -> &T;

    /// Walks the tables of every address space, oldest first, calls `visit` for each PTE that maps
    /// `frame`, and stops at the mapcount. Returns the slots looked at.
    fn scan(&self, frame: Frame, visit: &mut impl FnMut(PtePosition) -> Visit) -> u64;
}
