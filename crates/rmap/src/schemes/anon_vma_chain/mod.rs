//! `anon-vma-chain`: every VMA leads to the `anon_vmas` of all its ancestors, and each of those to the
//! VMAs that may map its pages.
//!
//! Who used it: Linux since 2.6.34 (Rik van Riel, 2010), here as of 6.x; the yardstick.
//!
//! ```text
//!   frame.overlay: (anon_vma, page number)        anon_vma of the parent ◀─parent─ anon_vma of the child
//!                      │                             ▲ tree of links          ▲ tree of links
//!                      ▼                             │ by page number         │
//!   its tree: the links whose ranges hold     parent's VMA: link      child's VMA: link, link
//!   the number ─▶ VMA ─▶ address ─▶ PTE       fork gives the child a link to each of the parent's and its own
//! ```
//!
//! Cost: map, unmap and exit of a page: 2 stores or none; fork: one link for each generation above a
//! VMA, and an `anon_vma` unless an ancestor's is free to be used again; split and move: as many links;
//! merge and resize: one tree insertion each. A page that moves keeps its number, and the VMA that it
//! moves to has the same chain. Find: the VMAs that cover the number, O(log n + hits), with the mapcount
//! ending it.
//! Bytes: 0 per frame (overlaid), 8 per VMA, 32 per `anon_vma`, 48 per link (in Linux, with pointers of
//! 8 bytes, 24, about 96, and 64).
//! Known failure: a page of a common ancestor makes the search look at every descendant; chains grow
//! with the depth of a family; one lock for all of it; a VMA's adjustment can run out of memory.
//! Source: `mm/rmap.c`; commits 5beb49305251, 012f18004da3, bf181b9f9d8d, 7a3ef208e662, 2555283eb40d.

mod family;
mod objects;

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use crate::tree::Tree;
use crate::{
    Coverage, Covers, Frame, Handle, Mapping, MemoryFacts, Merges, OutOfMemory, Pool, Prepared,
    PtePosition, SLOTS_PER_TABLE, Scheme, SchemeId, Search, Sharing, Store, SwapSlot, Violation,
    Visit, VmaId,
};
use objects::{AnonVma, ByNumber, Link};

/// See the module's text.
#[derive(Debug, Default)]
pub struct AnonVmaChain {
    anon_vmas: Pool<AnonVma>,
    links: Pool<Link>,
}

/// Where a frame's page belongs: the `anon_vma` that it was made under, and its number there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Home {
    anon_vma: Handle<AnonVma>,
    number: u64,
}

impl Home {
    fn of(store: &impl Store<AnonVmaChain>, frame: Frame) -> Option<Self> {
        let [anon_vma, number] = store.overlay(frame);
        let anon_vma = Handle::from_id(anon_vma.load(Relaxed) as u32)?;
        Some(Self { anon_vma, number: number.load(Relaxed) })
    }

    #[inline]
    fn set(self, store: &impl Store<AnonVmaChain>, frame: Frame) {
        let [anon_vma, number] = store.overlay(frame);
        anon_vma.store(u64::from(self.anon_vma.id()), Relaxed);
        number.store(self.number, Relaxed);
    }
}

/// The home of a fresh page at `at`: that of the VMA it is made in.
#[inline]
fn own_home(store: &impl Store<AnonVmaChain>, at: &Mapping) -> Home {
    let anon_vma =
        family::anon_vma(store, at.vma).expect("a VMA is prepared before its first page");
    Home { anon_vma, number: store.offset_of(at.vma, at.page) }
}

impl Scheme for AnonVmaChain {
    const ID: SchemeId = SchemeId::AnonVmaChain;
    const COVERS: Covers = Covers::AnonymousPages;
    const PREPARES_VMAS: bool = true;
    const MERGES: Merges = Merges::Sometimes;

    type FrameState = ();
    type SpaceState = ();
    /// The ids of its `anon_vma` and of the first of its links.
    type VmaState = [AtomicU32; 2];
    type ObjectState = ();

    fn vma_created(
        &self,
        store: &impl Store<Self>,
        vma: VmaId,
        of: Option<VmaId>,
    ) -> Result<(), OutOfMemory> {
        match of {
            None => Ok(()),
            Some(of) if store.vma_span(of).space == store.vma_span(vma).space => {
                self.copy_chain(store, vma, of)
            }
            Some(parent) => self.fork_chain(store, vma, parent),
        }
    }

    #[inline]
    fn vma_prepare(&self, store: &impl Store<Self>, vma: VmaId) -> Result<Prepared, OutOfMemory> {
        if family::anon_vma(store, vma).is_some() {
            return Ok(Prepared::Already);
        }
        self.begin_chain(store, vma)?;
        Ok(Prepared::Now)
    }

    fn vma_unprepared(&self, store: &impl Store<Self>, vma: VmaId) {
        self.end_chain(store, vma);
    }

    fn vma_split(
        &self,
        store: &impl Store<Self>,
        lower: VmaId,
        upper: VmaId,
    ) -> Result<(), OutOfMemory> {
        self.copy_chain(store, upper, lower)
    }

    fn vma_can_merge(&self, store: &impl Store<Self>, lower: VmaId, upper: VmaId) -> bool {
        family::can_merge(store, lower, upper)
    }

    fn vma_merged(&self, store: &impl Store<Self>, kept: VmaId, gone: VmaId) {
        if family::anon_vma(store, kept).is_none() {
            family::hand_over(store, gone, kept);
        }
    }

    fn vma_resized(&self, store: &impl Store<Self>, vma: VmaId) {
        family::rearrange(store, vma);
    }

    fn vma_freed(&self, store: &impl Store<Self>, vma: VmaId) {
        self.end_chain(store, vma);
    }

    #[inline]
    fn map(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) -> Result<(), OutOfMemory> {
        own_home(store, at).set(store, frame);
        Ok(())
    }

    fn swap_in(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        at: &Mapping,
        sharing: Sharing,
    ) -> Result<(), OutOfMemory> {
        let own = own_home(store, at);
        match sharing {
            Sharing::Exclusive => own.set(store, frame),
            // Read from the device, so that nothing tells whose it was: all of the family's.
            Sharing::Shared if Home::of(store, frame).is_none() => {
                let root = store.object(own.anon_vma).root();
                Home { anon_vma: root, ..own }.set(store, frame);
            }
            Sharing::Shared => {}
        }
        Ok(())
    }

    fn reuse(&self, store: &impl Store<Self>, frame: Frame, at: &Mapping) {
        own_home(store, at).set(store, frame);
    }

    fn migrate(&self, store: &impl Store<Self>, old: Frame, new: Frame) {
        if let Some(home) = Home::of(store, old) {
            home.set(store, new);
        }
    }

    fn brought_back(&self, store: &impl Store<Self>, frame: Frame, _: SwapSlot) {
        store.overlay(frame)[0].store(0, Relaxed);
    }

    fn split_mapping(
        &self,
        store: &impl Store<Self>,
        head: Frame,
        _from: &Mapping,
        _table: Frame,
    ) -> Result<(), OutOfMemory> {
        let home = Home::of(store, head).expect("a mapped page has a home");
        for nth in 1..SLOTS_PER_TABLE as u32 {
            let number = home.number + u64::from(nth);
            Home { number, ..home }.set(store, Frame(head.0 + nth));
        }
        Ok(())
    }

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let mut left = store.mapcount(frame);
        let mut probes = 0;
        let Some(Home { anon_vma, number }) = Home::of(store, frame).filter(|_| left > 0) else {
            return Search { coverage: Coverage::Exact, probes };
        };
        family::with_family_locked(store, anon_vma, || {
            let nodes = ByNumber(store);
            let tree = Tree::new(&store.object(anon_vma).links, &nodes);
            let mut next = tree.first_overlap(number, number);
            while let Some(id) = next {
                let span = store.vma_span(objects::link(store, id).vma());
                let page = span.page_with_offset(number).expect("a link has its VMA's range");
                if let Some(position) = store.position(span.space, page) {
                    probes += 1;
                    if store.mapped_frame(position) == Some(frame) {
                        visit(position);
                        left -= 1;
                    }
                }
                next = if left > 0 { tree.next_overlap(id, number, number) } else { None };
            }
        });
        Search { coverage: Coverage::Exact, probes }
    }

    fn coverage(&self, _: &impl Store<Self>, _: Frame) -> Coverage {
        Coverage::Exact
    }

    /// A chain grows by a fork only if each of its `anon_vmas` has a VMA of its own or a second child,
    /// and so a VMA that is on no other's branch: it is never longer than there were VMAs at once. Every
    /// `anon_vma` has a link to it.
    fn metadata_bound(facts: &MemoryFacts) -> u64 {
        let links = facts.vmas.saturating_mul(facts.vmas_peak);
        links.saturating_mul((size_of::<Link>() + size_of::<AnonVma>()) as u64)
    }

    fn check(&self, store: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        let wrong = |what| Err(Violation { frame, what });
        let Some(Home { anon_vma, .. }) = Home::of(store, frame) else {
            return wrong("it has no anon_vma");
        };
        family::check(store, anon_vma).or_else(wrong)
    }
}
