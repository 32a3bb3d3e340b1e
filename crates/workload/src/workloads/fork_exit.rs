//! `fork-exit`: a process with a heap forks and its children exit at once, as a shell's subshells or
//! a server's health checks do. While they live, some shared frames are looked for; afterwards the
//! parent writes to some pages that have become exclusive again. The heap may be sparse, so that there
//! is more of tables than of pages.
//!
//! Surveys: before the first fork, and at the end of every generation.

use rmap::SLOTS_PER_TABLE;
use vm::PageRange;

use super::{
    FIRST, HEAP, SURVEYS, WORK_BEGINS, exits, forks, map_private, on_frame, spread, surveys, writes,
};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages that the parent's heap has in use",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "children",
        summary: "children alive at once",
        default: 1,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "iterations",
        summary: "generations of children",
        default: 16,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames looked for while shared",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "rewrites",
        summary: "pages the parent writes to afterwards",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "density",
        summary: "pages in use of the 512 that each leaf table can map, spread evenly over it",
        default: SLOTS_PER_TABLE as u64,
        min: 1,
        max: SLOTS_PER_TABLE as u64,
    },
    ParameterSpec { default: 0, ..SURVEYS },
];

/// Pages of which each leaf table has as many in use.
#[derive(Clone, Copy)]
struct Heap {
    pages: u64,
    density: u64,
}

impl Heap {
    fn of(parameters: &Parameters) -> Self {
        Self { pages: parameters.get("pages"), density: parameters.get("density") }
    }

    /// Where the `nth` page in use lies.
    const fn page(self, nth: u64) -> u64 {
        let slots = SLOTS_PER_TABLE as u64;
        let (table, place) = (nth / self.density, nth % self.density);
        table * slots + place * slots / self.density
    }

    /// Pages from the first in use to the last.
    const fn span(self) -> u64 {
        self.page(self.pages - 1) + 1
    }

    /// `count` of those in use, spread evenly, or all if there are no more.
    fn spread(self, count: u64) -> impl Iterator<Item = u64> + Clone {
        spread(count, self.pages).map(move |nth| self.page(nth))
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, children, iterations, finds, rewrites] = values(parameters);
    Demand {
        pages,
        processes: children + 1,
        pages_per_process: Heap::of(parameters).span(),
        samples: 1 + pages + iterations * (2 * children + finds.min(pages) + rewrites.min(pages)),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, children, iterations, finds, rewrites] = values(parameters);
    let heap = Heap::of(parameters);
    let survey = surveys(parameters);
    let map = map_private(FIRST, PageRange { start: HEAP, pages: heap.span() });
    let start = [Event::Spawn { process: FIRST }, map]
        .into_iter()
        .chain(writes(FIRST, heap.spread(pages)))
        .chain([WORK_BEGINS])
        .chain(survey.clone());
    let look = heap.spread(finds).map(|page| on_frame(FrameOperation::Find, FIRST, page));
    let generation = forks(children)
        .chain(look)
        .chain(exits(children))
        .chain(writes(FIRST, heap.spread(rewrites)))
        .chain(survey);
    start.chain((0..iterations).flat_map(move |_| generation.clone()))
}

fn values(parameters: &Parameters) -> [u64; 5] {
    ["pages", "children", "iterations", "finds", "rewrites"].map(|name| parameters.get(name))
}
