//! `chain`: each process forks the next, which writes to a few pages, and exits: a daemon that forks itself
//! into the background, without end. One process is alive at a time, or two for a moment, but its pages
//! come from as many ancestors as there were.
//!
//! Hurts schemes that remember ancestors. Linux' chains of `anon_vmas` grew with each generation, until
//! memory was full, before those of ancestors that had gone came to be used again (2015).

use super::{FIRST, in_a_row, on_frame, spread, start_with_heap, writes};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the heap",
        default: 128,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "generations",
        summary: "processes, one after the other",
        default: 96,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "share",
        summary: "pages that each writes to, in a row, each process the next ones",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames of the last one that are looked for, spread evenly",
        default: 64,
        min: 0,
        max: 1 << 20,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, generations, share, finds] = values(parameters);
    let share = share.min(pages);
    Demand {
        pages: pages + share,
        processes: 2,
        pages_per_process: pages,
        samples: 1 + pages + generations * (2 + share) + finds.min(pages),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, generations, share, finds] = values(parameters);
    // Two numbers are enough: a parent has gone before its grandchild comes.
    let member = |nth: u64| Process(FIRST.0 + (nth % 2) as u16);
    let generation = move |nth: u64| {
        let (parent, child) = (member(nth), member(nth + 1));
        [Event::Fork { parent, child }]
            .into_iter()
            .chain(writes(child, in_a_row(nth * share, share, pages)))
            .chain([Event::Exit { process: parent }])
    };
    let last = member(generations);
    start_with_heap(pages)
        .chain((0..generations).flat_map(generation))
        .chain(spread(finds, pages).map(move |page| on_frame(FrameOperation::Find, last, page)))
}

fn values(parameters: &Parameters) -> [u64; 4] {
    ["pages", "generations", "share", "finds"].map(|name| parameters.get(name))
}
