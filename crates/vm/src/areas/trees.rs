//! The two trees that a VMA is in: its space's, by address, and its object's, by offset.

use rmap::tree::{Intervals, Links, Nodes, Tree};
use rmap::{PageIndex, Scheme, VmaId};

use crate::machine::Machine;
use crate::object::Object;
use crate::space::{PageRange, Space};
use crate::vm::Vm;

/// VMAs of a space.
struct ByAddress<'v, 'm, S: Scheme, M: Machine>(&'v Vm<'m, S, M>);

/// VMAs of an object.
struct ByOffset<'v, 'm, S: Scheme, M: Machine>(&'v Vm<'m, S, M>);

impl<S: Scheme, M: Machine> Nodes for ByAddress<'_, '_, S, M> {
    #[inline]
    fn links(&self, id: u32) -> &Links {
        &self.0.vma(VmaId(id)).by_address
    }

    #[inline]
    fn precedes(&self, a: u32, b: u32) -> bool {
        self.0.vma(VmaId(a)).range().start < self.0.vma(VmaId(b)).range().start
    }
}

impl<S: Scheme, M: Machine> Nodes for ByOffset<'_, '_, S, M> {
    fn links(&self, id: u32) -> &Links {
        &self.0.vma(VmaId(id)).by_offset
    }

    fn precedes(&self, a: u32, b: u32) -> bool {
        let key = |id| (self.0.vma(VmaId(id)).offset(), id);
        key(a) < key(b)
    }

    fn refresh(&self, id: u32) {
        self.refresh_subtree_last(id);
    }
}

impl<S: Scheme, M: Machine> Intervals for ByOffset<'_, '_, S, M> {
    fn range(&self, id: u32) -> (u64, u64) {
        let vma = self.0.vma(VmaId(id));
        (vma.offset(), vma.offset() + vma.range().pages - 1)
    }

    fn subtree_last(&self, id: u32) -> &core::sync::atomic::AtomicU64 {
        &self.0.vma(VmaId(id)).subtree_last
    }
}

impl<S: Scheme, M: Machine> Vm<'_, S, M> {
    /// Puts a VMA into its trees. The caller holds the space's lock.
    pub(super) fn insert_vma(&self, id: VmaId) {
        let vma = self.vma(id);
        Tree::new(&self.space(vma.space()).vmas, &ByAddress(self)).insert(id.0);
        self.enter_object(id);
    }

    /// Takes a VMA out of its trees. The caller holds the space's lock.
    pub(super) fn remove_vma(&self, id: VmaId) {
        let space = self.space(self.vma(id).space());
        Tree::new(&space.vmas, &ByAddress(self)).remove(id.0);
        self.leave_object(id);
        if space.found_last() == Some(id) {
            space.set_found_last(None);
        }
    }

    /// Changes the ends of a VMA in its trees; its place among its neighbours stays. The caller holds
    /// the space's lock.
    pub(crate) fn set_vma_range(&self, id: VmaId, range: PageRange) {
        let vma = self.vma(id);
        let old = vma.range();
        self.leave_object(id);
        vma.set_offset(vma.offset().wrapping_add(range.start.0).wrapping_sub(old.start.0));
        vma.set_range(range);
        self.enter_object(id);
        self.scheme.vma_resized(self, id);
    }

    fn enter_object(&self, id: VmaId) {
        if let Some(object) = self.vma(id).object() {
            let object = self.object(object);
            let _guard = object.lock.lock(&self.counters().lock_waits);
            Tree::new(&object.mappers, &ByOffset(self)).insert(id.0);
        }
    }

    fn leave_object(&self, id: VmaId) {
        if let Some(object) = self.vma(id).object() {
            let object = self.object(object);
            let _guard = object.lock.lock(&self.counters().lock_waits);
            Tree::new(&object.mappers, &ByOffset(self)).remove(id.0);
        }
    }

    /// The lowest VMA of a space.
    pub(crate) fn first_vma(&self, space: &Space<S::SpaceState>) -> Option<VmaId> {
        Tree::new(&space.vmas, &ByAddress(self)).first().map(VmaId)
    }

    /// The highest VMA of a space.
    pub(super) fn last_vma(&self, space: &Space<S::SpaceState>) -> Option<VmaId> {
        Tree::new(&space.vmas, &ByAddress(self)).last().map(VmaId)
    }

    /// The VMA above `id` in its space.
    pub(crate) fn next_vma(&self, id: VmaId) -> Option<VmaId> {
        let space = self.space(self.vma(id).space());
        Tree::new(&space.vmas, &ByAddress(self)).next(id.0).map(VmaId)
    }

    /// The VMA below `id` in its space.
    pub(crate) fn previous_vma(&self, id: VmaId) -> Option<VmaId> {
        let space = self.space(self.vma(id).space());
        Tree::new(&space.vmas, &ByAddress(self)).previous(id.0).map(VmaId)
    }

    /// The lowest VMA that ends after `page`.
    #[inline]
    pub(crate) fn first_vma_ending_after(
        &self,
        space: &Space<S::SpaceState>,
        page: PageIndex,
    ) -> Option<VmaId> {
        let after = |id| self.vma(VmaId(id)).range().end() > page;
        Tree::new(&space.vmas, &ByAddress(self)).first_where(after).map(VmaId)
    }

    /// Calls `visit` for each VMA that maps one of the pages `first` to `last` of an object. The
    /// caller holds the object's lock, and `visit` leaves the tree as it is.
    pub(crate) fn for_each_mapper(
        &self,
        object: &Object<S::ObjectState>,
        (first, last): (u64, u64),
        mut visit: impl FnMut(VmaId),
    ) {
        let nodes = ByOffset(self);
        let tree = Tree::new(&object.mappers, &nodes);
        let mut next = tree.first_overlap(first, last);
        while let Some(id) = next {
            visit(VmaId(id));
            next = tree.next_overlap(id, first, last);
        }
    }
}
