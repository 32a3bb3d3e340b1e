//! `evict-shared`: the heap of one process is shared by fork, and frames spread over it are to be freed,
//! as a driver needs that wants just these frames: how often it can be done depends on how many share
//! them, and for a scheme of hints also on who shared them once. A daemon's ancestors have exited, a
//! shell's descendants.

use super::{FIRST, on_frame, spread, start_with_heap};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the shared heap",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "sharers",
        summary: "processes that share the heap, 1: it is not shared",
        default: 4,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "evictions",
        summary: "frames of the heap that are to be freed",
        default: 128,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "ancestors",
        summary: "processes that the heap came down from and that have exited",
        default: 0,
        min: 0,
        max: 1 << 10,
    },
    ParameterSpec {
        name: "descendants",
        summary: "further children that shared the heap and have exited",
        default: 0,
        min: 0,
        max: 1 << 14,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, sharers, evictions, ancestors, descendants] = values(parameters);
    let gone = ancestors + descendants;
    Demand {
        pages,
        processes: sharers + gone,
        pages_per_process: pages,
        // Whoever is gone has forked or been forked, and exited.
        samples: 1 + pages + sharers + 2 * gone + evictions.min(pages),
        swap_slots: evictions.min(pages),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, sharers, evictions, ancestors, descendants] = values(parameters);
    let process = |number: u64| Process(FIRST.0 + number as u16);
    let fork = |parent, child| Event::Fork { parent, child };
    let exit = move |number| Event::Exit { process: process(number) };
    let line = (0..ancestors).map(move |number| fork(process(number), process(number + 1)));
    let owner = process(ancestors);
    let first_gone = ancestors + sharers;
    let all = first_gone + descendants;
    let children = (ancestors + 1..all).map(move |child| fork(owner, process(child)));
    let evict = move |page| on_frame(FrameOperation::Unmap, owner, page);
    start_with_heap(pages)
        .chain(line)
        .chain((0..ancestors).map(exit))
        .chain(children)
        .chain((first_gone..all).map(exit))
        .chain(spread(evictions, pages).map(evict))
}

fn values(parameters: &Parameters) -> [u64; 5] {
    ["pages", "sharers", "evictions", "ancestors", "descendants"].map(|name| parameters.get(name))
}
