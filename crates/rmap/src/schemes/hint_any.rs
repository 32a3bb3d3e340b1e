//! `hint-any`: a pointer to *one* of a page's users.
//!
//! Who used it: nobody shipped it by itself; Hugh Dickins' anonmm of 2003 looks at one user first. The
//! mail's way out of what fork does to `hint-exclusive`.
//!
//! ```text
//!   frame.overlay[0]:  PTE position of the user that mapped the page last but by fork
//!                        │
//!                        ├─▶ a page table that still maps it there: one user; is it the only one?
//!                        └─▶ anything else: stale, and known to be, since the slot is read first
//! ```
//!
//! Cost: map, reuse and swap-in store one word; fork, unmap and exit nothing. Find: 1 probe; exact if
//! the page has no other user, *partial* if it has, *unknown* once that user has gone.
//! Bytes: 0 per frame (overlaid), 0 per mapping.
//! Known failure: "we couldn't free an arbitrary page": of a shared page one user of many is known, and
//! of what a forking parent leaves behind nobody.
//! Source: the mail, the paragraph in brackets that begins "So you could instead".

use core::sync::atomic::Ordering::Relaxed;

use crate::{
    Coverage, Covers, Frame, FrameFacts, Mapping, OutOfMemory, PtePosition, SLOTS_PER_TABLE,
    Scheme, SchemeId, Search, Sharing, Store, Violation, Visit,
};

/// See the module's text.
#[derive(Debug, Default)]
pub struct HintAny;

impl HintAny {
    fn hint(store: &impl Store<Self>, frame: Frame) -> Option<PtePosition> {
        PtePosition::from_word(store.overlay(frame)[0].load(Relaxed))
    }

    #[inline]
    fn set_hint(store: &impl Store<Self>, frame: Frame, position: PtePosition) {
        store.overlay(frame)[0].store(position.to_word(), Relaxed);
    }

    /// Where the hint leads, if the frame is mapped there still, or again.
    fn verified(store: &impl Store<Self>, frame: Frame) -> Option<PtePosition> {
        // The table may be gone and its frame be anything by now, a table again included.
        Self::hint(store, frame).filter(|position| store.mapped_frame(*position) == Some(frame))
    }
}

impl Scheme for HintAny {
    const ID: SchemeId = SchemeId::HintAny;
    const COVERS: Covers = Covers::AnonymousPages;

    type FrameState = ();
    type SpaceState = ();
    type VmaState = ();
    type ObjectState = ();

    #[inline]
    fn map(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) -> Result<(), OutOfMemory> {
        Self::set_hint(store, frame, at.position);
        Ok(())
    }

    fn swap_in(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        at: &Mapping,
        _: Sharing,
    ) -> Result<(), OutOfMemory> {
        Self::set_hint(store, frame, at.position);
        Ok(())
    }

    fn reuse(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) {
        Self::set_hint(store, frame, at.position);
    }

    fn move_mapping(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        _from: &Mapping,
        to: &Mapping,
    ) -> Result<(), OutOfMemory> {
        // It is at hand, and as good a user as any.
        Self::set_hint(store, frame, to.position);
        Ok(())
    }

    fn migrate(&self, store: &impl Store<Self>, old: Frame, new: Frame) {
        let hint = store.overlay(old)[0].load(Relaxed);
        store.overlay(new)[0].store(hint, Relaxed);
    }

    fn split_mapping(
        &self,
        store: &impl Store<Self>,
        head: Frame,
        _from: &Mapping,
        table: Frame,
    ) -> Result<(), OutOfMemory> {
        for slot in 0..SLOTS_PER_TABLE as u16 {
            let part = Frame(head.0 + u32::from(slot));
            Self::set_hint(store, part, PtePosition { table, slot });
        }
        Ok(())
    }

    fn join_mappings(&self, store: &impl Store<Self>, head: Frame, from: &Mapping, _table: Frame) {
        Self::set_hint(store, head, from.position);
    }

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let probes = u64::from(Self::hint(store, frame).is_some());
        let Some(position) = Self::verified(store, frame) else {
            return Search { coverage: Coverage::Unknown, probes };
        };
        // Whoever wants the frame has to know whether this is the only user.
        let coverage = match store.mapcount(frame) {
            1 => Coverage::Exact,
            _ => Coverage::Partial,
        };
        visit(position);
        Search { coverage, probes }
    }

    fn may_answer(answer: Coverage, facts: &FrameFacts) -> bool {
        match (facts.history, facts.mapcount) {
            (Sharing::Exclusive, _) => answer == Coverage::Exact,
            (Sharing::Shared, 1) => answer != Coverage::Partial,
            (Sharing::Shared, _) => answer != Coverage::Exact,
        }
    }

    fn check(&self, store: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        match Self::hint(store, frame) {
            Some(_) => Ok(()),
            None => Err(Violation { frame, what: "it is mapped and never had a hint" }),
        }
    }
}
