//! `pte-next`: a reverse page table of the same size as the forward one.
//!
//! Who used it: nobody shipped it. Torvalds sketched it in January 1998 ("making the pte larger");
//! Ingo Molnar proposed it as a companion page per page-table page in April 2003.
//!
//! ```text
//!   frame.head ─▶ slot 7 of table A          leaf table A   companion of A
//!                                             7: PTE ──┐     7: ─▶ slot 2 of table C
//!   space and address: from table A's own     …        │
//!   frame (owner, base page)                  frame ◀──┘    companion of C
//!                                                            2: 0 (end)
//! ```
//!
//! Cost: map and fork push one link, 2 stores under the frame's lock; unmap and exit search the
//! frame's list, O(m) for m mappings; find: m probes. No allocation but with a new table.
//! Bytes: 8 per frame, and a 4 KiB companion per leaf table however few of its slots are in use.
//! Known failure: doubles sparse page tables; exit of one among thousands of sharers is O(m) a page.
//! Source: the mail; Molnar, Message-ID Pine.LNX.4.44.0304220618190.24063-100000.

use core::sync::atomic::AtomicU64;
use core::sync::atomic::Ordering::Relaxed;

use crate::{
    Coverage, Covers, Frame, FrameFacts, Mapping, MemoryFacts, OutOfMemory, PtePosition,
    SLOTS_PER_TABLE, Scheme, SchemeId, Search, Sharing, Store, Violation, Visit,
};

/// See the module's text.
#[derive(Debug, Default)]
pub struct PteNext;

impl PteNext {
    /// The link that belongs to the PTE at `position`: where the list goes on.
    fn link<St: Store<Self>>(store: &St, position: PtePosition) -> &AtomicU64 {
        let companion = Frame(store.table_word(position.table).load(Relaxed) as u32);
        &store.metadata(companion)[usize::from(position.slot)]
    }

    /// Puts `position` at the head of the list of `frame`.
    fn push(store: &impl Store<Self>, frame: Frame, position: PtePosition) {
        store.with_frame_locked(frame, || {
            let head = store.frame_state(frame);
            Self::link(store, position).store(head.load(Relaxed), Relaxed);
            head.store(position.to_word(), Relaxed);
        });
    }

    /// Takes `position` off the list of `frame`.
    fn unlink(store: &impl Store<Self>, frame: Frame, position: PtePosition) {
        let gone = position.to_word();
        store.with_frame_locked(frame, || {
            let mut link = store.frame_state(frame);
            loop {
                let word = link.load(Relaxed);
                let position =
                    PtePosition::from_word(word).expect("the mapping is on the frame's list");
                let next = Self::link(store, position);
                if word == gone {
                    link.store(next.load(Relaxed), Relaxed);
                    next.store(0, Relaxed);
                    return;
                }
                link = next;
            }
        });
    }
}

/// The frames of a 2 MiB page with the slots of `table` that are to map them.
fn parts(head: Frame, table: Frame) -> impl Iterator<Item = (Frame, PtePosition)> {
    (0..SLOTS_PER_TABLE as u16)
        .map(move |slot| (Frame(head.0 + u32::from(slot)), PtePosition { table, slot }))
}

impl Scheme for PteNext {
    const ID: SchemeId = SchemeId::PteNext;
    const COVERS: Covers = Covers::EveryPage;

    /// The head of the frame's list, as [`PtePosition::to_word`] packs it.
    type FrameState = AtomicU64;
    type SpaceState = ();
    type VmaState = ();
    type ObjectState = ();

    fn table_created(&self, store: &impl Store<Self>, table: Frame) -> Result<(), OutOfMemory> {
        let companion = store.allocate_metadata()?;
        store.table_word(table).store(u64::from(companion.0), Relaxed);
        Ok(())
    }

    fn table_freed(&self, store: &impl Store<Self>, table: Frame) {
        store.free_metadata(Frame(store.table_word(table).load(Relaxed) as u32));
    }

    fn map(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) -> Result<(), OutOfMemory> {
        Self::push(store, frame, at.position);
        Ok(())
    }

    fn fork_page(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        _parent: &Mapping,
        child: &Mapping,
    ) -> Result<(), OutOfMemory> {
        Self::push(store, frame, child.position);
        Ok(())
    }

    fn swap_in(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        at: &Mapping,
        _sharing: Sharing,
    ) -> Result<(), OutOfMemory> {
        Self::push(store, frame, at.position);
        Ok(())
    }

    fn unmap(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) {
        Self::unlink(store, frame, at.position);
    }

    fn move_mapping(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        from: &Mapping,
        to: &Mapping,
    ) -> Result<(), OutOfMemory> {
        Self::unlink(store, frame, from.position);
        Self::push(store, frame, to.position);
        Ok(())
    }

    fn migrate(&self, store: &impl Store<Self>, old: Frame, new: Frame) {
        let head = store.frame_state(old).swap(0, Relaxed);
        store.frame_state(new).store(head, Relaxed);
    }

    fn split_mapping(
        &self,
        store: &impl Store<Self>,
        head: Frame,
        from: &Mapping,
        table: Frame,
    ) -> Result<(), OutOfMemory> {
        Self::unlink(store, head, from.position);
        for (frame, position) in parts(head, table) {
            Self::push(store, frame, position);
        }
        Ok(())
    }

    fn join_mappings(&self, store: &impl Store<Self>, head: Frame, from: &Mapping, table: Frame) {
        for (frame, position) in parts(head, table) {
            Self::unlink(store, frame, position);
        }
        Self::push(store, head, from.position);
    }

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let mut probes = 0;
        store.with_frame_locked(frame, || {
            let mut link = store.frame_state(frame);
            while let Some(position) = PtePosition::from_word(link.load(Relaxed)) {
                probes += 1;
                let next = Self::link(store, position);
                match visit(position) {
                    Visit::Keep => link = next,
                    Visit::Forget => link.store(next.swap(0, Relaxed), Relaxed),
                }
            }
        });
        Search { coverage: Coverage::Exact, probes }
    }

    fn coverage(&self, _: &impl Store<Self>, _: Frame) -> Coverage {
        Coverage::Exact
    }

    fn may_answer(answer: Coverage, _: &FrameFacts) -> bool {
        answer == Coverage::Exact
    }

    fn metadata_bound(facts: &MemoryFacts) -> u64 {
        facts.tables * 4096
    }

    fn check(&self, store: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        let mapcount = store.mapcount(frame);
        let mut length = 0;
        let mut word = store.frame_state(frame).load(Relaxed);
        while let Some(position) = PtePosition::from_word(word) {
            length += 1;
            if length > mapcount {
                return Err(Violation { frame, what: "its list is longer than its mapcount" });
            }
            if store.mapped_frame(position) != Some(frame) {
                return Err(Violation { frame, what: "its list names a PTE that does not map it" });
            }
            word = Self::link(store, position).load(Relaxed);
        }
        if length < mapcount {
            return Err(Violation { frame, what: "its list is shorter than its mapcount" });
        }
        Ok(())
    }
}
