//! `fragment-compact`: a long-running machine whose memory is in pieces, and a device that wants it in
//! one, as the NFS client of 1998 wanted 16 KiB for its buffers and huge pages want 2 MiB today. A
//! process fills memory; some of its pages it shares with children, some it has alone, and some, at
//! random among the others, are freed. Then free blocks are made by moving pages.
//!
//! It hurts a scheme that cannot name the users of a shared page, which makes the block around it
//! worthless, and one that can only by a long walk.

use rmap::PageIndex;
use vm::PageRange;

use super::{FIRST, HEAP, WORK_BEGINS, map_private, processes, writes_at};
use crate::{Demand, Event, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages that are filled",
        default: 4096,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "order",
        summary: "blocks are of 2^order pages: 2 for 16 KiB, 4 for 64 KiB, 9 for 2 MiB",
        default: 2,
        min: 1,
        max: vm::HUGE_ORDER as u64,
    },
    ParameterSpec {
        name: "blocks",
        summary: "blocks asked for",
        default: 64,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "keep",
        summary: "percent of the pages that are not freed",
        default: 50,
        min: 0,
        max: 100,
    },
    ParameterSpec {
        name: "shared",
        summary: "percent of the pages kept that the children share",
        default: 25,
        min: 0,
        max: 100,
    },
    ParameterSpec {
        name: "children",
        summary: "children that share them",
        default: 3,
        min: 0,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "seed",
        summary: "decides which pages are freed and which are shared",
        default: 1,
        min: 0,
        max: u64::MAX,
    },
];

/// What becomes of a page. Pages of one fate make a heap of their own, so that their areas stay whole.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Shared,
    Alone,
    Freed,
}

const FATES: [Fate; 3] = [Fate::Shared, Fate::Alone, Fate::Freed];

/// Pages of a leaf table.
const TABLE: u64 = rmap::SLOTS_PER_TABLE as u64;

#[derive(Clone, Copy)]
struct Shape {
    pages: u64,
    order: u32,
    blocks: u64,
    keep: u64,
    shared: u64,
    children: u64,
    seed: u64,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        Self {
            pages: parameters.get("pages"),
            order: parameters.get("order") as u32,
            blocks: parameters.get("blocks"),
            keep: parameters.get("keep"),
            shared: parameters.get("shared"),
            children: parameters.get("children"),
            seed: parameters.get("seed"),
        }
    }

    /// The fates of all pages, in the order in which they are filled.
    fn fates(self) -> impl Iterator<Item = Fate> + Clone {
        let mut random = fastrand::Rng::with_seed(self.seed);
        (0..self.pages).map(move |_| match (random.u64(..100), random.u64(..100)) {
            (kept, shared) if kept < self.keep && shared < self.shared => Fate::Shared,
            (kept, _) if kept < self.keep => Fate::Alone,
            _ => Fate::Freed,
        })
    }

    /// The heap of the pages with this fate. A page between two heaps keeps them apart.
    fn heap(self, fate: Fate) -> PageRange {
        let stride = (self.pages / TABLE + 1) * TABLE;
        let start = HEAP.plus(stride * fate as u64);
        PageRange { start, pages: self.fates().filter(|it| *it == fate).count() as u64 }
    }

    /// The heaps that have any pages.
    fn heaps(self) -> impl Iterator<Item = PageRange> + Clone {
        FATES.map(|fate| self.heap(fate)).into_iter().filter(|heap| heap.pages > 0)
    }

    /// The pages in the order in which they are filled.
    fn filled(self) -> impl Iterator<Item = PageIndex> + Clone {
        let mut next = FATES.map(|fate| self.heap(fate).start);
        self.fates().map(move |fate| {
            let page = next[fate as usize];
            next[fate as usize] = page.plus(1);
            page
        })
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let shape = Shape::of(parameters);
    let heaps = FATES.len() as u64;
    Demand {
        pages: shape.pages,
        processes: shape.children + 1,
        // Each heap has a table that is not full.
        pages_per_process: shape.pages + heaps * TABLE,
        samples: heaps + 2 * shape.pages + shape.children * heaps + 1 + shape.blocks,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let shape = Shape::of(parameters);
    let [alone, freed] = [Fate::Alone, Fate::Freed].map(|fate| shape.heap(fate));
    let unmap =
        |process, range: PageRange| (range.pages > 0).then_some(Event::Munmap { process, range });
    // Tables cannot move; they come first, or one of them would lie in every block of 2 MiB.
    let tables = shape
        .heaps()
        .flat_map(|heap| writes_at(FIRST, heap.start, (0..heap.pages).step_by(TABLE as usize)));
    let fill = shape.filled().flat_map(|page| writes_at(FIRST, page, 0..1));
    // A child drops at once what it does not need.
    let children = processes(shape.children).flat_map(move |child| {
        let fork = Event::Fork { parent: FIRST, child };
        [Some(fork), unmap(child, alone), unmap(child, freed)]
    });
    core::iter::once(Event::Spawn { process: FIRST })
        .chain(shape.heaps().map(|heap| map_private(FIRST, heap)))
        .chain(tables)
        .chain(fill)
        .chain(children.flatten())
        .chain(unmap(FIRST, freed))
        // The parent finds out that it has these alone again.
        .chain(writes_at(FIRST, alone.start, 0..alone.pages))
        .chain([WORK_BEGINS])
        .chain((0..shape.blocks).map(move |_| Event::CompactBlock { order: shape.order }))
}
