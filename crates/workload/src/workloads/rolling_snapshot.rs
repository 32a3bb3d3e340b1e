//! `rolling-snapshot`: a process keeps its memory as it was at many moments: again and again it forks a
//! child, which does nothing but be there, and writes to a share of its heap; the oldest child exits when
//! there are enough. Databases that answer old readers do so, and debuggers that go back in time.
//!
//! A page then lives in as many children as have been forked since it was written. Hurts schemes that look
//! at every child to find the few that have a page, and those that pay for each PTE at fork.

use super::{FIRST, in_a_row, on_frame, spread, start_with_heap, writes};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the heap",
        default: 256,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "generations",
        summary: "snapshots that are alive at once",
        default: 8,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "steps",
        summary: "snapshots that are taken, one after the other",
        default: 24,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "share",
        summary: "pages that the parent writes to after each, in a row, each time the next ones",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames of the parent that are looked for after that, spread evenly",
        default: 4,
        min: 0,
        max: 1 << 20,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, generations, steps, share, finds] = values(parameters);
    Demand {
        // What the parent writes to between two snapshots lives as long as the older one.
        pages: pages + generations.min(steps) * share.min(pages),
        processes: generations + 1,
        pages_per_process: pages,
        samples: 1 + pages + steps * (2 + share.min(pages) + finds.min(pages)),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, generations, steps, share, finds] = values(parameters);
    let child = move |step: u64| Process(1 + (step % generations) as u16);
    let exit = move |step| Event::Exit { process: child(step) };
    let step = move |nth: u64| {
        let oldest = nth.checked_sub(generations).map(exit);
        oldest
            .into_iter()
            .chain([Event::Fork { parent: FIRST, child: child(nth) }])
            .chain(writes(FIRST, in_a_row(nth * share, share, pages)))
            .chain(spread(finds, pages).map(|page| on_frame(FrameOperation::Find, FIRST, page)))
    };
    start_with_heap(pages)
        .chain((0..steps).flat_map(step))
        .chain((steps.saturating_sub(generations)..steps).map(exit))
}

fn values(parameters: &Parameters) -> [u64; 5] {
    ["pages", "generations", "steps", "share", "finds"].map(|name| parameters.get(name))
}
