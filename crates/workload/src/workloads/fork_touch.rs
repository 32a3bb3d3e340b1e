//! `fork-touch`: a process forks children that share its heap and each write to a share of it, as
//! prefork servers and interpreters with reference counts do. Frames shared by all, and frames that
//! a write made private, are looked for; some shared frames are taken away; the children exit and
//! the parent writes to its whole heap.

use super::{CHILD, FIRST, exits, forks, on_frame, processes, spread, start_with_heap, writes};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the shared heap",
        default: 256,
        min: 2,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "children",
        summary: "children alive at once",
        default: 7,
        min: 1,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "iterations",
        summary: "generations of children",
        default: 4,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "written_percent",
        summary: "share of the heap that each child writes to",
        default: 25,
        min: 0,
        max: 100,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames looked for, shared and private ones each",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "unmaps",
        summary: "shared frames taken away",
        default: 4,
        min: 0,
        max: 1 << 20,
    },
];

struct Shape {
    pages: u64,
    children: u64,
    iterations: u64,
    written: u64,
    finds: u64,
    unmaps: u64,
}

impl Shape {
    fn of(parameters: &Parameters) -> Self {
        let pages = parameters.get("pages");
        Self {
            pages,
            children: parameters.get("children"),
            iterations: parameters.get("iterations"),
            written: pages * parameters.get("written_percent") / 100,
            finds: parameters.get("finds"),
            unmaps: parameters.get("unmaps"),
        }
    }
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let shape = Shape::of(parameters);
    let generation = shape.children * (2 + shape.written)
        + 2 * shape.finds.min(shape.pages)
        + shape.unmaps.min(shape.pages)
        + shape.pages;
    Demand {
        pages: shape.pages + shape.children * shape.written,
        processes: shape.children + 1,
        pages_per_process: shape.pages,
        samples: 1 + shape.pages + shape.iterations * generation,
        // The parent writes to its whole heap after each generation, which brings all back.
        swap_slots: shape.unmaps.min(shape.pages),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let Shape { pages, children, iterations, written, finds, unmaps } = Shape::of(parameters);
    let find = |process| move |page| on_frame(FrameOperation::Find, process, page);
    // Children write from the heap's start on, so its end stays shared by all.
    let child_writes = processes(children).flat_map(move |child| writes(child, 0..written));
    let shared = move |count| spread(count, pages - written).map(move |page| written + page);
    let take = shared(unmaps).map(|page| on_frame(FrameOperation::Unmap, FIRST, page));
    let generation = forks(children)
        .chain(child_writes)
        .chain(shared(finds).map(find(FIRST)))
        .chain(spread(finds, written).map(find(CHILD)))
        .chain(take)
        .chain(exits(children))
        .chain(writes(FIRST, 0..pages));
    start_with_heap(pages).chain((0..iterations).flat_map(move |_| generation.clone()))
}
