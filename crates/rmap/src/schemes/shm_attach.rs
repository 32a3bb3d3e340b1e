//! `shm-attach`: an object's own list of those who attached it.
//!
//! Who used it: System V shared memory in Linux from the beginning to 2.3 (`ipc/shm.c`): object-based
//! reverse mapping years before it had the name. The mail: "the `SysV` shared memory shm interface - which
//! _does_ keep a reverse mapping internally".
//!
//! ```text
//!   frame.overlay: (object, index)
//!                     │
//!                     └─▶ object.attaches ─▶ VMA ⇄ VMA ⇄ VMA …   look at each: does its range hold the
//!                                                                 index, is its PTE present, is it the frame?
//!   a private page: nothing
//! ```
//!
//! Cost: attach and detach of a VMA link and unlink it, O(1); a page's map, unmap and fork: nothing.
//! Find: one probe for each attach that covers the index, after a look at every attach.
//! Bytes: 0 per frame, 0 per mapping, 8 per VMA, 8 per object.
//! Known failure: private pages are not covered at all; ten thousand windows of one file make every
//! search look at ten thousand attaches, where an interval tree looks at one.
//! Source: `ipc/shm.c` of 2.1.76, `shm_swap_out`.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use crate::{
    Coverage, Covers, Frame, FrameFacts, ObjectId, OutOfMemory, PageKind, PtePosition, ReclaimBy,
    Scheme, SchemeId, Search, Store, Violation, Visit, VmaId,
};

/// See the module's text.
#[derive(Debug, Default)]
pub struct ShmAttach;

/// The neighbours of a VMA on its object's list, 0 for none: after it, and before it.
type Neighbours = [AtomicU32; 2];

/// The first VMA of an object's list, 0 for none; and the list's lock.
type Attaches = [AtomicU32; 2];

fn some(link: &AtomicU32) -> Option<VmaId> {
    match link.load(Relaxed) {
        0 => None,
        id => Some(VmaId(id)),
    }
}

/// Puts `vma` at the head of its object's list, if it has an object.
fn attach(store: &impl Store<ShmAttach>, vma: VmaId) {
    let Some(object) = store.vma_span(vma).object else {
        return;
    };
    let [first, lock] = store.object_state(object);
    store.with_locked(lock, || {
        let after = first.swap(vma.0, Relaxed);
        store.vma_state(vma)[0].store(after, Relaxed);
        if after != 0 {
            store.vma_state(VmaId(after))[1].store(vma.0, Relaxed);
        }
    });
}

/// Takes `vma` off its object's list, if it has an object.
fn detach(store: &impl Store<ShmAttach>, vma: VmaId) {
    let Some(object) = store.vma_span(vma).object else {
        return;
    };
    let [first, lock] = store.object_state(object);
    store.with_locked(lock, || {
        let [after, before] = store.vma_state(vma);
        let (after, before) = (after.swap(0, Relaxed), before.swap(0, Relaxed));
        match before {
            0 => first.store(after, Relaxed),
            before => store.vma_state(VmaId(before))[0].store(after, Relaxed),
        }
        if after != 0 {
            store.vma_state(VmaId(after))[1].store(before, Relaxed);
        }
    });
}

/// Every VMA that has `object` attached. The caller keeps the list as it is.
fn attaches<St: Store<ShmAttach>>(store: &St, object: ObjectId) -> impl Iterator<Item = VmaId> {
    let first = some(&store.object_state(object)[0]);
    core::iter::successors(first, |vma| some(&store.vma_state(*vma)[0]))
}

impl Scheme for ShmAttach {
    const ID: SchemeId = SchemeId::ShmAttach;
    const COVERS: Covers = Covers::ObjectPages;
    const RECLAIM: ReclaimBy = ReclaimBy::Table;

    type FrameState = ();
    type SpaceState = ();
    type VmaState = Neighbours;
    type ObjectState = Attaches;

    fn vma_created(
        &self,
        store: &impl Store<Self>,
        vma: VmaId,
        _of: Option<VmaId>,
    ) -> Result<(), OutOfMemory> {
        attach(store, vma);
        Ok(())
    }

    fn vma_split(
        &self,
        store: &impl Store<Self>,
        _lower: VmaId,
        upper: VmaId,
    ) -> Result<(), OutOfMemory> {
        attach(store, upper);
        Ok(())
    }

    fn vma_freed(&self, store: &impl Store<Self>, vma: VmaId) {
        detach(store, vma);
    }

    fn find(
        &self,
        store: &impl Store<Self>,
        frame: Frame,
        visit: &mut impl FnMut(PtePosition) -> Visit,
    ) -> Search {
        let Some((object, index)) = store.object_page(frame) else {
            return Search { coverage: Coverage::Unknown, probes: 0 };
        };
        let mut probes = 0;
        store.with_locked(&store.object_state(object)[1], || {
            for vma in attaches(store, object) {
                let span = store.vma_span(vma);
                let page = span.page_with_offset(index);
                let Some(position) = page.and_then(|page| store.position(span.space, page)) else {
                    continue;
                };
                probes += 1;
                if store.mapped_frame(position) == Some(frame) {
                    visit(position);
                }
            }
        });
        Search { coverage: Coverage::Exact, probes }
    }

    fn coverage(&self, store: &impl Store<Self>, frame: Frame) -> Coverage {
        match store.object_page(frame) {
            Some(_) => Coverage::Exact,
            None => Coverage::Unknown,
        }
    }

    fn may_answer(answer: Coverage, facts: &FrameFacts) -> bool {
        let rule = match facts.page {
            PageKind::Object => Coverage::Exact,
            PageKind::Anonymous => Coverage::Unknown,
        };
        answer == rule
    }

    fn check(&self, store: &impl Store<Self>, frame: Frame) -> Result<(), Violation> {
        let Some((object, _)) = store.object_page(frame) else {
            return Ok(());
        };
        let mut before = 0;
        // As many as a check of every frame can afford.
        for vma in attaches(store, object).take(8) {
            if store.vma_span(vma).object != Some(object) {
                return Err(Violation { frame, what: "its object's list has a stranger on it" });
            }
            if store.vma_state(vma)[1].load(Relaxed) != before {
                return Err(Violation { frame, what: "its object's list does not lead back" });
            }
            before = vma.0;
        }
        Ok(())
    }
}
