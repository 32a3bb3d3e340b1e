//! `poison-sweep`: memory errors hit frames of a heap that children share, of which some pages have been
//! written to since the fork, by the parent or by a child. Each user of such a frame has to be found and
//! told; whoever is not goes on with what is broken.

use super::{FIRST, forks, in_a_row, on_frame, processes, spread, start_with_heap, writes};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters, Process};

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
        summary: "children that share it",
        default: 4,
        min: 0,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "rewrites",
        summary: "pages that the parent and each child write to after the fork, each its own share",
        default: 64,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "poisons",
        summary: "frames of the parent's heap that break, spread evenly",
        default: 256,
        min: 1,
        max: 1 << 20,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, children, rewrites, poisons] = values(parameters);
    let written = (children + 1) * rewrites.min(pages);
    Demand {
        pages: pages + written,
        processes: children + 1,
        pages_per_process: pages,
        samples: 1 + pages + children + written + poisons.min(pages),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, children, rewrites, poisons] = values(parameters);
    // Next to each other, so that each has pages that nobody else wrote to, as long as there are some.
    let rewrite = move |process: Process| {
        let first = u64::from(process.0) * rewrites;
        writes(process, in_a_row(first, rewrites, pages))
    };
    start_with_heap(pages)
        .chain(forks(children))
        .chain(rewrite(FIRST))
        .chain(processes(children).flat_map(rewrite))
        .chain(spread(poisons, pages).map(|page| on_frame(FrameOperation::Poison, FIRST, page)))
}

fn values(parameters: &Parameters) -> [u64; 4] {
    ["pages", "children", "rewrites", "poisons"].map(|name| parameters.get(name))
}
