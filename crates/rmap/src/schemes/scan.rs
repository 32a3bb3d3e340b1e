//! `scan`: no reverse map at all.
//!
//! Who used it: Linux to 2.4, here as of 2.1.76 (January 1998), whose swap-out picked a process and
//! walked its tables; the starting point of the mail and the floor for fork, fault and exit.
//!
//! ```text
//!   frame ──▶ nothing          space 1 ─▶ tables ─▶ PTE PTE PTE …
//!                              space 2 ─▶ tables ─▶ PTE PTE PTE …   look at them all
//! ```
//!
//! Cost: map, unmap, fork, reuse, exit: nothing. Find: every slot of every table of every address
//! space until as many hits as the mapcount says.
//! Bytes: 0 per frame, 0 per mapping.
//! Known failure: finding one given frame costs as much as all memory that is mapped, so nobody does
//! it: no compaction, no migration, no answer to a memory error.
//! Source: `mm/vmscan.c` of 2.1.76; Torvalds, "Re: 2.1.76, nfs client, and memory fragmentation".

use crate::{
    Coverage, Covers, Frame, PtePosition, ReclaimBy, Scheme, SchemeId, Search, Store, Visit,
};

/// See the module's text.
#[derive(Debug, Default)]
pub struct Scan;

impl Scheme for Scan {
    const ID: SchemeId = SchemeId::Scan;
    const COVERS: Covers = Covers::EveryPage;
    const RECLAIM: ReclaimBy = ReclaimBy::Table;

    type FrameState = ();
    type SpaceState = ();
    type VmaState = ();
    type ObjectState = ();

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        Search { coverage: Coverage::Exact, probes: store.scan(frame, visit) }
    }

    fn coverage(&self, _: &impl Store<Self>, _: Frame) -> Coverage {
        Coverage::Exact
    }
}
