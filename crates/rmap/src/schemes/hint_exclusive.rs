//! `hint-exclusive`: a hint for unshared private pages only.
//!
//! Who used it: nobody shipped it. The "hint-map" of the mail, which fears that fork and exec make it
//! impractical: "most pages are shared at least for a short while every once in a while".
//!
//! ```text
//!   frame.overlay[0]:  PTE position   while one private mapping exists and always has been alone
//!                      0              once fork shared the page, even after the sharers left
//!                                     page-cache frames keep (object, offset) in the same words
//! ```
//!
//! Cost: map, reuse and move store one word; fork clears one per page; unmap clears it. A page that
//! is alone when it comes back from swap is known again. Find: 1 probe, or the answer *unknown*.
//! Bytes: 0 per frame (overlaid), 0 per mapping.
//! Known failure: after a fork storm nothing is known of any page until its next write fault.
//! Source: the mail, third paragraph from "One approach is to have just a hint-map".

use core::sync::atomic::Ordering::Relaxed;

use crate::{
    Coverage, Covers, Frame, FrameFacts, Mapping, OutOfMemory, PtePosition, SLOTS_PER_TABLE,
    Scheme, SchemeId, Search, Sharing, Store, Violation, Visit,
};

/// See the module's text.
#[derive(Debug, Default)]
pub struct HintExclusive;

impl HintExclusive {
    fn hint(store: &impl Store<Self>, frame: Frame) -> u64 {
        store.overlay(frame)[0].load(Relaxed)
    }

    fn set_hint(store: &impl Store<Self>, frame: Frame, word: u64) {
        store.overlay(frame)[0].store(word, Relaxed);
    }
}

impl Scheme for HintExclusive {
    const ID: SchemeId = SchemeId::HintExclusive;
    const COVERS: Covers = Covers::AnonymousPages;

    type FrameState = ();
    type SpaceState = ();
    type VmaState = ();
    type ObjectState = ();

    fn map(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) -> Result<(), OutOfMemory> {
        Self::set_hint(store, frame, at.position.to_word());
        Ok(())
    }

    fn fork_page(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        _parent: &Mapping,
        _child: &Mapping,
    ) -> Result<(), OutOfMemory> {
        Self::set_hint(store, frame, 0);
        Ok(())
    }

    fn swap_in(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        at: &Mapping,
        sharing: Sharing,
    ) -> Result<(), OutOfMemory> {
        let hint = match sharing {
            Sharing::Exclusive => at.position.to_word(),
            Sharing::Shared => 0,
        };
        Self::set_hint(store, frame, hint);
        Ok(())
    }

    fn unmap(&self, store: &impl Store<Self>, frame: Frame, _at: &Mapping) {
        // A hint names the only mapping, so whichever mapping goes, no hint stays.
        Self::set_hint(store, frame, 0);
    }

    fn reuse(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) {
        Self::set_hint(store, frame, at.position.to_word());
    }

    fn move_mapping(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        _from: &Mapping,
        to: &Mapping,
    ) -> Result<(), OutOfMemory> {
        if Self::hint(store, frame) != 0 {
            Self::set_hint(store, frame, to.position.to_word());
        }
        Ok(())
    }

    fn migrate(&self, store: &impl Store<Self>, old: Frame, new: Frame) {
        Self::set_hint(store, new, Self::hint(store, old));
        Self::set_hint(store, old, 0);
    }

    fn split_mapping(
        &self,
        store: &impl Store<Self>,
        head: Frame,
        _from: &Mapping,
        table: Frame,
    ) -> Result<(), OutOfMemory> {
        if Self::hint(store, head) == 0 {
            return Ok(());
        }
        for slot in 0..SLOTS_PER_TABLE as u16 {
            let position = PtePosition { table, slot };
            Self::set_hint(store, Frame(head.0 + u32::from(slot)), position.to_word());
        }
        Ok(())
    }

    fn join_mappings(&self, store: &impl Store<Self>, head: Frame, from: &Mapping, _table: Frame) {
        if Self::hint(store, head) == 0 {
            return;
        }
        for nth in 0..SLOTS_PER_TABLE as u32 {
            Self::set_hint(store, Frame(head.0 + nth), 0);
        }
        Self::set_hint(store, head, from.position.to_word());
    }

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let Some(position) = PtePosition::from_word(Self::hint(store, frame)) else {
            return Search { coverage: Coverage::Unknown, probes: 0 };
        };
        if visit(position) == Visit::Forget {
            Self::set_hint(store, frame, 0);
        }
        Search { coverage: Coverage::Exact, probes: 1 }
    }

    fn may_answer(answer: Coverage, facts: &FrameFacts) -> bool {
        facts.known_while_exclusive(answer)
    }

    fn check(&self, store: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        let Some(position) = PtePosition::from_word(Self::hint(store, frame)) else {
            return Ok(());
        };
        if store.mapcount(frame) != 1 {
            return Err(Violation { frame, what: "it has a hint although it is not exclusive" });
        }
        if store.mapped_frame(position) != Some(frame) {
            return Err(Violation { frame, what: "its hint names a PTE that does not map it" });
        }
        Ok(())
    }
}
