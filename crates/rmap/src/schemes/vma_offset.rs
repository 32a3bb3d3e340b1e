//! `vma-offset`: the (vma, offset) tuple in the frame.
//!
//! Who used it: nobody shipped it; proposed again as `ANON_VMA_LAZY` in May 2026. The mail: "it should be
//! entirely possible to add a (vma, offset) tuple into the `struct page`", and without growing it if
//! limited to unshared anonymous pages.
//!
//! ```text
//!   frame.overlay: (VMA, page number)   while one private mapping exists and always has been alone
//!                  (0, …)               once fork shared the page, even after the sharers left
//!                     │                 page-cache frames keep (object, offset) in the same words
//!                     └─▶ VMA: space, start, number of the first page ─▶ address ─▶ tables ─▶ PTE
//! ```
//!
//! Cost: map, reuse and move store two words; fork clears one per page; unmap clears it. Split and merge
//! of VMAs rewrite every page of one part, O(pages). Find: 1 probe and a walk, or *unknown*.
//! Bytes: 0 per frame (overlaid), 0 per mapping.
//! Known failure: as `hint-exclusive` after a fork; and VMAs are cut and joined under the pointer.
//! Source: the mail, paragraph "So it should be entirely possible"; LWN 1074859.

use core::sync::atomic::Ordering::Relaxed;

use crate::{
    Coverage, Covers, Frame, FrameFacts, Mapping, OutOfMemory, PtePosition, SLOTS_PER_TABLE,
    Scheme, SchemeId, Search, Sharing, Store, Violation, Visit, VmaId,
};

/// See the module's text.
#[derive(Debug, Default)]
pub struct VmaOffset;

/// What a frame says of its one mapping. No VMA has the id 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Tuple {
    vma: VmaId,
    number: u64,
}

impl Tuple {
    #[inline]
    fn of_mapping(store: &impl Store<VmaOffset>, at: &Mapping) -> Self {
        Self { vma: at.vma, number: store.offset_of(at.vma, at.page) }
    }

    #[inline]
    fn of_frame(store: &impl Store<VmaOffset>, frame: Frame) -> Option<Self> {
        let [vma, number] = store.overlay(frame);
        match vma.load(Relaxed) as u32 {
            0 => None,
            vma => Some(Self { vma: VmaId(vma), number: number.load(Relaxed) }),
        }
    }

    #[inline]
    fn set(self, store: &impl Store<VmaOffset>, frame: Frame) {
        let [vma, number] = store.overlay(frame);
        vma.store(u64::from(self.vma.0), Relaxed);
        number.store(self.number, Relaxed);
    }

    /// The slot that it names.
    fn position(self, store: &impl Store<VmaOffset>) -> Option<PtePosition> {
        let span = store.vma_span(self.vma);
        store.position(span.space, span.page_with_offset(self.number)?)
    }
}

#[inline]
fn forget(store: &impl Store<VmaOffset>, frame: Frame) {
    store.overlay(frame)[0].store(0, Relaxed);
}

/// Makes the pages of `part` that name `old` name `new`; `old` maps them, or did.
fn rename(store: &impl Store<VmaOffset>, part: VmaId, old: VmaId, new: VmaId) {
    store.for_each_page(part, &mut |_, frame| {
        let [vma, _] = store.overlay(frame);
        if store.is_anonymous(frame) && vma.load(Relaxed) == u64::from(old.0) {
            vma.store(u64::from(new.0), Relaxed);
        }
    });
}

impl Scheme for VmaOffset {
    const ID: SchemeId = SchemeId::VmaOffset;
    const COVERS: Covers = Covers::AnonymousPages;

    type FrameState = ();
    type SpaceState = ();
    type VmaState = ();
    type ObjectState = ();

    fn vma_split(
        &self,
        store: &impl Store<Self>,
        lower: VmaId,
        upper: VmaId,
    ) -> Result<(), OutOfMemory> {
        rename(store, upper, lower, upper);
        Ok(())
    }

    fn vma_merged(&self, store: &impl Store<Self>, kept: VmaId, gone: VmaId) {
        rename(store, gone, gone, kept);
    }

    #[inline]
    fn map(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) -> Result<(), OutOfMemory> {
        Tuple::of_mapping(store, at).set(store, frame);
        Ok(())
    }

    fn fork_page(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        _parent: &Mapping,
        _child: &Mapping,
    ) -> Result<(), OutOfMemory> {
        forget(store, frame);
        Ok(())
    }

    fn swap_in(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        at: &Mapping,
        sharing: Sharing,
    ) -> Result<(), OutOfMemory> {
        match sharing {
            Sharing::Exclusive => Tuple::of_mapping(store, at).set(store, frame),
            Sharing::Shared => forget(store, frame),
        }
        Ok(())
    }

    fn unmap(&self, store: &impl Store<Self>, frame: Frame, _at: &Mapping) {
        // A tuple names the only mapping, so whichever mapping goes, no tuple stays.
        forget(store, frame);
    }

    fn reuse(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) {
        Tuple::of_mapping(store, at).set(store, frame);
    }

    fn move_mapping(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        _from: &Mapping,
        to: &Mapping,
    ) -> Result<(), OutOfMemory> {
        if Tuple::of_frame(store, frame).is_some() {
            Tuple::of_mapping(store, to).set(store, frame);
        }
        Ok(())
    }

    fn migrate(&self, store: &impl Store<Self>, old: Frame, new: Frame) {
        match Tuple::of_frame(store, old) {
            Some(tuple) => tuple.set(store, new),
            None => forget(store, new),
        }
        forget(store, old);
    }

    fn split_mapping(
        &self,
        store: &impl Store<Self>,
        head: Frame,
        _from: &Mapping,
        _table: Frame,
    ) -> Result<(), OutOfMemory> {
        let whole = Tuple::of_frame(store, head);
        for nth in 0..SLOTS_PER_TABLE as u32 {
            let part = Frame(head.0 + nth);
            match whole {
                Some(Tuple { vma, number }) => {
                    Tuple { vma, number: number + u64::from(nth) }.set(store, part);
                }
                None => forget(store, part),
            }
        }
        Ok(())
    }

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let tuple = Tuple::of_frame(store, frame);
        let Some(position) = tuple.and_then(|tuple| tuple.position(store)) else {
            return Search { coverage: Coverage::Unknown, probes: 0 };
        };
        if visit(position) == Visit::Forget {
            forget(store, frame);
        }
        Search { coverage: Coverage::Exact, probes: 1 }
    }

    fn coverage(&self, store: &impl Store<Self>, frame: Frame) -> Coverage {
        match Tuple::of_frame(store, frame) {
            Some(_) => Coverage::Exact,
            None => Coverage::Unknown,
        }
    }

    fn may_answer(answer: Coverage, facts: &FrameFacts) -> bool {
        facts.known_while_exclusive(answer)
    }

    fn check(&self, store: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        let Some(tuple) = Tuple::of_frame(store, frame) else {
            return Ok(());
        };
        if store.mapcount(frame) != 1 {
            return Err(Violation { frame, what: "it has a tuple although it is not exclusive" });
        }
        let position = tuple.position(store);
        if position.and_then(|position| store.mapped_frame(position)) != Some(frame) {
            return Err(Violation { frame, what: "its tuple leads to a PTE that does not map it" });
        }
        Ok(())
    }
}
