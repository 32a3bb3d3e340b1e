//! The two objects, and the tree that holds the links of an `anon_vma`.

use core::sync::atomic::Ordering::Relaxed;
use core::sync::atomic::{AtomicU32, AtomicU64};

use super::AnonVmaChain;
use crate::store::sealed::Sealed;
use crate::tree::{Intervals, Links, Nodes};
use crate::{Handle, Store, VmaId, VmaSpan, Words};

/// What pages made under one VMA, and the VMAs that it was cut into or merged with, belong to
/// (`struct anon_vma`).
#[derive(Debug)]
#[repr(C)]
pub(super) struct AnonVma {
    /// That of the root guards every tree and count of the family.
    pub lock: AtomicU32,
    root: AtomicU32,
    parent: AtomicU32,
    /// `anon_vmas` whose parent it is; a root is its own child.
    pub children: AtomicU32,
    /// VMAs whose own `anon_vma` it is.
    pub active_vmas: AtomicU32,
    /// The tree of links to the VMAs that may map its pages, by page number.
    pub links: AtomicU32,
}

/// Leads from one `anon_vma` to one VMA and back (`struct anon_vma_chain`).
#[derive(Debug)]
#[repr(C)]
pub(super) struct Link {
    /// The numbers of the VMA's first and last page, as they were when it was put into the tree.
    first: AtomicU64,
    last: AtomicU64,
    subtree_last: AtomicU64,
    vma: AtomicU32,
    anon_vma: AtomicU32,
    /// The VMA's next link, 0 for none.
    pub next: AtomicU32,
    in_tree: Links,
}

impl Sealed for AnonVma {}
impl Words for AnonVma {}
impl Sealed for Link {}
impl Words for Link {}

impl AnonVma {
    pub fn root(&self) -> Handle<Self> {
        named(&self.root)
    }

    pub fn parent(&self) -> Handle<Self> {
        named(&self.parent)
    }

    pub fn set_family(&self, root: Handle<Self>, parent: Handle<Self>) {
        self.root.store(root.id(), Relaxed);
        self.parent.store(parent.id(), Relaxed);
    }
}

impl Link {
    pub fn vma(&self) -> VmaId {
        VmaId(self.vma.load(Relaxed))
    }

    pub fn set_vma(&self, vma: VmaId) {
        self.vma.store(vma.0, Relaxed);
    }

    pub fn anon_vma(&self) -> Handle<AnonVma> {
        named(&self.anon_vma)
    }

    pub fn set_anon_vma(&self, anon_vma: Handle<AnonVma>) {
        self.anon_vma.store(anon_vma.id(), Relaxed);
    }

    pub fn covers(&self, span: &VmaSpan) -> bool {
        let range = (self.first.load(Relaxed), self.last.load(Relaxed));
        range == (span.offset, span.last_offset())
    }

    pub fn set_range(&self, span: &VmaSpan) {
        self.first.store(span.offset, Relaxed);
        self.last.store(span.last_offset(), Relaxed);
    }
}

fn named<T>(word: &AtomicU32) -> Handle<T> {
    Handle::from_id(word.load(Relaxed)).expect("set when the object was made")
}

/// The link with this id.
pub(super) fn link<St: Store<AnonVmaChain>>(store: &St, id: u32) -> &Link {
    store.object(Handle::from_id(id).expect("no node has the id 0"))
}

/// The links of an `anon_vma`, by the first page number of their VMAs.
pub(super) struct ByNumber<'s, St>(pub &'s St);

impl<St: Store<AnonVmaChain>> Nodes for ByNumber<'_, St> {
    fn links(&self, id: u32) -> &Links {
        &link(self.0, id).in_tree
    }

    fn precedes(&self, a: u32, b: u32) -> bool {
        let key = |id| (link(self.0, id).first.load(Relaxed), id);
        key(a) < key(b)
    }

    fn refresh(&self, id: u32) {
        self.refresh_subtree_last(id);
    }
}

impl<St: Store<AnonVmaChain>> Intervals for ByNumber<'_, St> {
    fn range(&self, id: u32) -> (u64, u64) {
        let link = link(self.0, id);
        (link.first.load(Relaxed), link.last.load(Relaxed))
    }

    fn subtree_last(&self, id: u32) -> &AtomicU64 {
        &link(self.0, id).subtree_last
    }
}
