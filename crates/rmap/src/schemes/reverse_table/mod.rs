//! The reverse page table, of which `pte-next` and its relatives are variants: every leaf table has
//! companions with a link for each of its slots, and the links of the PTEs that map one frame make a
//! list that starts beside the frame.
//!
//! A list is guarded by its frame's lock, whichever tables its links are kept with.

mod link;

use core::sync::atomic::Ordering::Relaxed;

pub use link::Link;

use crate::{
    Coverage, Covers, Frame, Mapping, MemoryFacts, OutOfMemory, PtePosition, SLOTS_PER_TABLE,
    Scheme, SchemeId, Search, Sharing, Store, Violation, Visit,
};

/// What tells the schemes of the family apart.
pub trait Variant: Default + Sync + 'static {
    /// The scheme's id.
    const ID: SchemeId;
    /// What its links are made of.
    type Link: Link;
    /// Whether a second companion leads back along the list.
    const DOUBLE: bool;
}

/// A scheme of the family.
#[derive(Debug)]
pub struct ReverseTable<V: Variant> {
    companions: Companions<V>,
}

impl<V: Variant> Default for ReverseTable<V> {
    fn default() -> Self {
        Self { companions: Companions::<V>::default() }
    }
}

/// Where the variant's companions come from.
type Companions<V> = <<V as Variant>::Link as Link>::Companions;

/// What a link of the variant holds.
type Value<V> = <<V as Variant>::Link as Link>::Value;

impl<V: Variant> ReverseTable<V> {
    /// Where the list goes on from the PTE at `position`.
    #[inline]
    fn next<St: Store<Self>>(store: &St, position: PtePosition) -> &V::Link {
        let companions = store.table_word(position.table).load(Relaxed);
        V::Link::in_companion(store, companions as u32, position.slot)
    }

    /// Where the list comes from to the PTE at `position`: nowhere, if it is the first.
    #[inline]
    fn previous<St: Store<Self>>(store: &St, position: PtePosition) -> &V::Link {
        let companions = store.table_word(position.table).load(Relaxed);
        V::Link::in_companion(store, (companions >> 32) as u32, position.slot)
    }

    #[inline]
    fn set_previous(store: &impl Store<Self>, of: Value<V>, to: Value<V>) {
        if let Some(position) = V::Link::target(of).filter(|_| V::DOUBLE) {
            Self::previous(store, position).set(to);
        }
    }

    /// Puts `position` at the head of the list of `frame`.
    fn push(store: &impl Store<Self>, frame: Frame, position: PtePosition) {
        store.with_frame_locked(frame, || {
            let head = store.frame_state(frame);
            let next = Self::next(store, position);
            let (first, fresh) = (head.get(), V::Link::to(position));
            next.set(first);
            Self::set_previous(store, first, fresh);
            head.set(fresh);
        });
    }

    /// Takes `position` off the list of `frame`.
    fn unlink(store: &impl Store<Self>, frame: Frame, position: PtePosition) {
        if V::DOUBLE {
            Self::unlink_at_once(store, frame, position);
        } else {
            Self::unlink_by_search(store, frame, V::Link::to(position));
        }
    }

    fn unlink_at_once(store: &impl Store<Self>, frame: Frame, position: PtePosition) {
        store.with_frame_locked(frame, || {
            let before = V::Link::target(Self::previous(store, position).get());
            let link =
                before.map_or_else(|| store.frame_state(frame), |before| Self::next(store, before));
            Self::cut(store, link, position, Self::next(store, position));
        });
    }

    fn unlink_by_search(store: &impl Store<Self>, frame: Frame, gone: Value<V>) {
        store.with_frame_locked(frame, || {
            let mut link = store.frame_state(frame);
            loop {
                let value = link.get();
                let position = V::Link::target(value).expect("the mapping is on the frame's list");
                let next = Self::next(store, position);
                if value == gone {
                    return Self::cut(store, link, position, next);
                }
                link = next;
            }
        });
    }

    /// Takes `position`, to which `link` leads and from which `next` does, off its list.
    fn cut(store: &impl Store<Self>, link: &V::Link, position: PtePosition, next: &V::Link) {
        let after = next.get();
        link.set(after);
        next.set(V::Link::NONE);
        if V::DOUBLE {
            let previous = Self::previous(store, position);
            Self::set_previous(store, after, previous.get());
            previous.set(V::Link::NONE);
        }
    }
}

/// The frames of a 2 MiB page with the slots of `table` that are to map them.
fn parts(head: Frame, table: Frame) -> impl Iterator<Item = (Frame, PtePosition)> {
    (0..SLOTS_PER_TABLE as u16)
        .map(move |slot| (Frame(head.0 + u32::from(slot)), PtePosition { table, slot }))
}

impl<V: Variant> Scheme for ReverseTable<V> {
    const ID: SchemeId = V::ID;
    const COVERS: Covers = Covers::EveryPage;
    const MOST_FRAMES: u32 = V::Link::MOST_FRAMES;

    /// The head of the frame's list.
    type FrameState = V::Link;
    type SpaceState = ();
    type VmaState = ();
    type ObjectState = ();

    fn table_created(&self, store: &impl Store<Self>, table: Frame) -> Result<(), OutOfMemory> {
        let next = V::Link::new_companion(&self.companions, store)?;
        let mut companions = u64::from(next);
        if V::DOUBLE {
            match V::Link::new_companion(&self.companions, store) {
                Ok(previous) => companions |= u64::from(previous) << 32,
                Err(out_of_memory) => {
                    V::Link::free_companion(&self.companions, store, next);
                    return Err(out_of_memory);
                }
            }
        }
        store.table_word(table).store(companions, Relaxed);
        Ok(())
    }

    fn table_freed(&self, store: &impl Store<Self>, table: Frame) {
        let companions = store.table_word(table).load(Relaxed);
        V::Link::free_companion(&self.companions, store, companions as u32);
        if V::DOUBLE {
            V::Link::free_companion(&self.companions, store, (companions >> 32) as u32);
        }
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
        let head = store.frame_state(old);
        store.frame_state(new).set(head.get());
        head.set(V::Link::NONE);
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
            while let Some(position) = V::Link::target(link.get()) {
                probes += 1;
                let next = Self::next(store, position);
                match visit(position) {
                    Visit::Keep => link = next,
                    Visit::Forget => Self::cut(store, link, position, next),
                }
            }
        });
        Search { coverage: Coverage::Exact, probes }
    }

    fn coverage(&self, _: &impl Store<Self>, _: Frame) -> Coverage {
        Coverage::Exact
    }

    fn metadata_bound(facts: &MemoryFacts) -> u64 {
        let companions = if V::DOUBLE { 2 } else { 1 };
        facts.tables * companions * V::Link::COMPANION_BYTES
    }

    fn check(&self, store: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        let mapcount = store.mapcount(frame);
        let mut length = 0;
        let mut before = V::Link::NONE;
        let mut value = store.frame_state(frame).get();
        while let Some(position) = V::Link::target(value) {
            length += 1;
            if length > mapcount {
                return Err(Violation { frame, what: "its list is longer than its mapcount" });
            }
            if store.mapped_frame(position) != Some(frame) {
                return Err(Violation { frame, what: "its list names a PTE that does not map it" });
            }
            if V::DOUBLE && Self::previous(store, position).get() != before {
                return Err(Violation { frame, what: "its list does not lead back" });
            }
            before = value;
            value = Self::next(store, position).get();
        }
        if length < mapcount {
            return Err(Violation { frame, what: "its list is shorter than its mapcount" });
        }
        Ok(())
    }
}
