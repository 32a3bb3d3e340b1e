//! How families of `anon_vmas` grow and shrink with their VMAs. The names in brackets are those of
//! `mm/rmap.c`.

use core::sync::atomic::AtomicU32;
use core::sync::atomic::Ordering::Relaxed;

use super::AnonVmaChain;
use super::objects::{AnonVma, ByNumber, Link};
use crate::tree::Tree;
use crate::{Handle, OutOfMemory, Store, VmaId};

/// Links that [`check`] looks at, so that a check of every frame stays linear.
const LINKS_CHECKED: usize = 8;

/// The `anon_vma` of a VMA's own pages.
#[inline]
pub(super) fn anon_vma(store: &impl Store<AnonVmaChain>, vma: VmaId) -> Option<Handle<AnonVma>> {
    Handle::from_id(store.vma_state(vma)[0].load(Relaxed))
}

fn set_anon_vma(store: &impl Store<AnonVmaChain>, vma: VmaId, own: Option<Handle<AnonVma>>) {
    store.vma_state(vma)[0].store(own.map_or(0, Handle::id), Relaxed);
}

/// Where a VMA's list of links begins.
fn chain<St: Store<AnonVmaChain>>(store: &St, vma: VmaId) -> &AtomicU32 {
    &store.vma_state(vma)[1]
}

/// A VMA's links: that to its own `anon_vma` first, that to the root of the family last.
fn links<St: Store<AnonVmaChain>>(
    store: &St,
    vma: VmaId,
) -> impl Iterator<Item = (Handle<Link>, &Link)> {
    let mut next = Handle::<Link>::from_id(chain(store, vma).load(Relaxed));
    core::iter::from_fn(move || {
        let handle = next?;
        let link = store.object(handle);
        next = Handle::from_id(link.next.load(Relaxed));
        Some((handle, link))
    })
}

/// Runs `body` under the lock of the family that `member` is of.
pub(super) fn with_family_locked<R>(
    store: &impl Store<AnonVmaChain>,
    member: Handle<AnonVma>,
    body: impl FnOnce() -> R,
) -> R {
    let root = store.object(member).root();
    store.with_locked(&store.object(root).lock, body)
}

/// Puts a link into the tree of its `anon_vma`, with the range that its VMA has now.
fn enter(store: &impl Store<AnonVmaChain>, handle: Handle<Link>, link: &Link) {
    link.set_range(&store.vma_span(link.vma()));
    let nodes = ByNumber(store);
    Tree::new(&store.object(link.anon_vma()).links, &nodes).insert(handle.id());
}

fn leave(store: &impl Store<AnonVmaChain>, handle: Handle<Link>, link: &Link) {
    let nodes = ByNumber(store);
    Tree::new(&store.object(link.anon_vma()).links, &nodes).remove(handle.id());
}

/// Whether two neighbours may become one (`is_mergeable_anon_vma`): those with the same `anon_vma` have
/// the same chain; one without any takes over a chain of one link, which no fork has made longer.
pub(super) fn can_merge(store: &impl Store<AnonVmaChain>, lower: VmaId, upper: VmaId) -> bool {
    match (anon_vma(store, lower), anon_vma(store, upper)) {
        (None, None) => true,
        (Some(_), None) => is_singular(store, lower),
        (None, Some(_)) => is_singular(store, upper),
        (Some(one), Some(other)) => one == other,
    }
}

fn is_singular(store: &impl Store<AnonVmaChain>, vma: VmaId) -> bool {
    links(store, vma).count() == 1
}

/// Gives the chain of `gone` to `kept`, which has none and covers its pages now.
pub(super) fn hand_over(store: &impl Store<AnonVmaChain>, gone: VmaId, kept: VmaId) {
    let Some(own) = anon_vma(store, gone) else {
        return;
    };
    set_anon_vma(store, kept, Some(own));
    set_anon_vma(store, gone, None);
    chain(store, kept).store(chain(store, gone).swap(0, Relaxed), Relaxed);
    with_family_locked(store, own, || {
        for (handle, link) in links(store, kept) {
            leave(store, handle, link);
            link.set_vma(kept);
            enter(store, handle, link);
        }
    });
}

/// Puts a VMA's links where its new range belongs.
pub(super) fn rearrange(store: &impl Store<AnonVmaChain>, vma: VmaId) {
    let Some(own) = anon_vma(store, vma) else {
        return;
    };
    let span = store.vma_span(vma);
    with_family_locked(store, own, || {
        for (handle, link) in links(store, vma) {
            if !link.covers(&span) {
                leave(store, handle, link);
                enter(store, handle, link);
            }
        }
    });
}

/// Looks an `anon_vma` over, and some of its VMAs.
pub(super) fn check(
    store: &impl Store<AnonVmaChain>,
    handle: Handle<AnonVma>,
) -> Result<(), &'static str> {
    let anon_vma = store.object(handle);
    let root = store.object(anon_vma.root());
    if root.root() != anon_vma.root() || root.parent() != anon_vma.root() {
        return Err("its anon_vma's root is not the root of a family");
    }
    let nodes = ByNumber(store);
    let tree = Tree::new(&anon_vma.links, &nodes);
    let in_order = core::iter::successors(tree.first(), |id| tree.next(*id));
    for id in in_order.take(LINKS_CHECKED) {
        let link = super::objects::link(store, id);
        if link.anon_vma() != handle {
            return Err("its anon_vma's tree holds another one's link");
        }
        if !link.covers(&store.vma_span(link.vma())) {
            return Err("its anon_vma's tree has a VMA with another range than the VMA's");
        }
        if !links(store, link.vma()).any(|(known, _)| known.id() == id) {
            return Err("its anon_vma's tree has a link that the VMA does not know");
        }
        let last = links(store, link.vma()).last().expect("one was found");
        if last.1.anon_vma() != anon_vma.root() {
            return Err("a VMA's chain does not end at the root of its family");
        }
    }
    Ok(())
}

impl AnonVmaChain {
    /// A VMA maps its first anonymous page (`__anon_vma_prepare`).
    #[cold]
    pub(super) fn begin_chain(
        &self,
        store: &impl Store<Self>,
        vma: VmaId,
    ) -> Result<(), OutOfMemory> {
        let link = store.allocate(&self.links)?;
        let own = match Self::neighbours_own(store, vma) {
            Some(own) => own,
            None => match store.allocate(&self.anon_vmas) {
                Ok(root) => {
                    store.object(root).set_family(root, root);
                    store.object(root).children.store(1, Relaxed);
                    root
                }
                Err(out_of_memory) => {
                    store.free(&self.links, link);
                    return Err(out_of_memory);
                }
            },
        };
        Self::adopt(store, vma, own, link);
        Ok(())
    }

    /// The `anon_vma` of a neighbour that `vma` could still merge with (`find_mergeable_anon_vma`).
    fn neighbours_own(store: &impl Store<Self>, vma: VmaId) -> Option<Handle<AnonVma>> {
        let [below, above] = store.like_neighbours(vma);
        let usable = |neighbour: &VmaId| is_singular(store, *neighbour);
        [above, below]
            .into_iter()
            .flatten()
            .filter(usable)
            .find_map(|neighbour| anon_vma(store, neighbour))
    }

    /// Makes `own` the `anon_vma` of `vma`, with `link` at the head of its chain.
    fn adopt(store: &impl Store<Self>, vma: VmaId, own: Handle<AnonVma>, handle: Handle<Link>) {
        let link = store.object(handle);
        link.set_vma(vma);
        link.set_anon_vma(own);
        link.next.store(chain(store, vma).load(Relaxed), Relaxed);
        chain(store, vma).store(handle.id(), Relaxed);
        set_anon_vma(store, vma, Some(own));
        with_family_locked(store, own, || {
            enter(store, handle, link);
            store.object(own).active_vmas.fetch_add(1, Relaxed);
        });
    }

    /// `vma` takes over pages of `of` in the same space, and so all it belongs to (`anon_vma_clone`).
    pub(super) fn copy_chain(
        &self,
        store: &impl Store<Self>,
        vma: VmaId,
        of: VmaId,
    ) -> Result<(), OutOfMemory> {
        let Some(own) = anon_vma(store, of) else {
            return Ok(());
        };
        self.copy_links(store, vma, of)?;
        with_family_locked(store, own, || {
            links(store, vma).for_each(|(handle, link)| enter(store, handle, link));
            store.object(own).active_vmas.fetch_add(1, Relaxed);
        });
        set_anon_vma(store, vma, Some(own));
        Ok(())
    }

    /// `child` is the fork of `parent` (`anon_vma_fork`): it belongs to whatever the parent belongs to,
    /// and has an `anon_vma` for its own pages, which may be an ancestor's that no VMA calls its own any
    /// more, so that a family whose every generation forks and exits stays small.
    pub(super) fn fork_chain(
        &self,
        store: &impl Store<Self>,
        child: VmaId,
        parent: VmaId,
    ) -> Result<(), OutOfMemory> {
        let Some(parents_own) = anon_vma(store, parent) else {
            return Ok(());
        };
        self.copy_links(store, child, parent)?;
        let reused = with_family_locked(store, parents_own, || {
            let mut reused = None;
            for (handle, link) in links(store, child) {
                enter(store, handle, link);
                let ancestor = store.object(link.anon_vma());
                let idle = ancestor.active_vmas.load(Relaxed) == 0;
                // A root has itself for a child, and another one, so it is never used again.
                if idle && ancestor.children.load(Relaxed) < 2 {
                    reused = Some(link.anon_vma());
                }
            }
            if let Some(own) = reused {
                store.object(own).active_vmas.fetch_add(1, Relaxed);
            }
            reused
        });
        set_anon_vma(store, child, reused);
        if reused.is_some() {
            return Ok(());
        }
        let made = self.make_child(store, child, parents_own);
        if made.is_err() {
            self.end_chain(store, child);
        }
        made
    }

    /// Gives `vma` an `anon_vma` of its own below `parent`.
    fn make_child(
        &self,
        store: &impl Store<Self>,
        vma: VmaId,
        parent: Handle<AnonVma>,
    ) -> Result<(), OutOfMemory> {
        let link = store.allocate(&self.links)?;
        let own = match store.allocate(&self.anon_vmas) {
            Ok(own) => own,
            Err(out_of_memory) => {
                store.free(&self.links, link);
                return Err(out_of_memory);
            }
        };
        store.object(own).set_family(store.object(parent).root(), parent);
        Self::adopt(store, vma, own, link);
        with_family_locked(store, own, || {
            store.object(parent).children.fetch_add(1, Relaxed);
        });
        Ok(())
    }

    /// Gives `vma`, which has no chain, a link to each `anon_vma` that `of` is linked to, in the same
    /// order and in no tree yet.
    fn copy_links(
        &self,
        store: &impl Store<Self>,
        vma: VmaId,
        of: VmaId,
    ) -> Result<(), OutOfMemory> {
        let mut end = chain(store, vma);
        for (_, original) in links(store, of) {
            let Ok(handle) = store.allocate(&self.links) else {
                let mut next = chain(store, vma).swap(0, Relaxed);
                while let Some(copy) = Handle::<Link>::from_id(next) {
                    next = store.object(copy).next.load(Relaxed);
                    store.free(&self.links, copy);
                }
                return Err(OutOfMemory);
            };
            let copy = store.object(handle);
            copy.set_vma(vma);
            copy.set_anon_vma(original.anon_vma());
            end.store(handle.id(), Relaxed);
            end = &copy.next;
        }
        Ok(())
    }

    /// `vma` maps nothing any more (`unlink_anon_vmas`). An `anon_vma` that no VMA is linked to goes: its
    /// descendants have gone before, since whoever is linked to them is linked to it.
    pub(super) fn end_chain(&self, store: &impl Store<Self>, vma: VmaId) {
        let Some((_, first)) = links(store, vma).next() else {
            return;
        };
        with_family_locked(store, first.anon_vma(), || {
            for (handle, link) in links(store, vma) {
                leave(store, handle, link);
                let anon_vma = store.object(link.anon_vma());
                if anon_vma.links.load(Relaxed) == 0 {
                    store.object(anon_vma.parent()).children.fetch_sub(1, Relaxed);
                }
            }
            if let Some(own) = anon_vma(store, vma) {
                store.object(own).active_vmas.fetch_sub(1, Relaxed);
            }
        });
        set_anon_vma(store, vma, None);
        let mut next = chain(store, vma).swap(0, Relaxed);
        while let Some(handle) = Handle::<Link>::from_id(next) {
            let link = store.object(handle);
            next = link.next.load(Relaxed);
            let anon_vma = link.anon_vma();
            store.free(&self.links, handle);
            if store.object(anon_vma).links.load(Relaxed) == 0 {
                debug_assert_eq!(store.object(anon_vma).children.load(Relaxed), 0);
                debug_assert_eq!(store.object(anon_vma).active_vmas.load(Relaxed), 0);
                store.free(&self.anon_vmas, anon_vma);
            }
        }
    }
}
