//! `fork-exit`: a process with a heap forks and its children exit at once, as a shell's subshells or
//! a server's health checks do. While they live, some shared frames are looked for; afterwards the
//! parent writes to some pages that have become exclusive again.

use super::{FIRST, exits, forks, on_frame, spread, start_with_heap, writes};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the parent's heap",
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
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, children, iterations, finds, rewrites] = values(parameters);
    Demand {
        pages,
        processes: children + 1,
        pages_per_process: pages,
        samples: 1 + pages + iterations * (2 * children + finds.min(pages) + rewrites.min(pages)),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, children, iterations, finds, rewrites] = values(parameters);
    let look = spread(finds, pages).map(|page| on_frame(FrameOperation::Find, FIRST, page));
    let generation = forks(children)
        .chain(look)
        .chain(exits(children))
        .chain(writes(FIRST, spread(rewrites, pages)));
    start_with_heap(pages).chain((0..iterations).flat_map(move |_| generation.clone()))
}

fn values(parameters: &Parameters) -> [u64; 5] {
    ["pages", "children", "iterations", "finds", "rewrites"].map(|name| parameters.get(name))
}
