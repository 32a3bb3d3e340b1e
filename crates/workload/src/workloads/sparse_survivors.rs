//! `sparse-survivors`: many children inherit a heap, and few keep it: the others write to all of it, or unmap
//! it, except for a few pages. Each page of the old heap then has few users left among many who had it, and
//! it is those that are looked for and evicted.
//!
//! Hurts schemes that remember who could have a page and not who has it. Linux looks at every area of an
//! `anon_vma` for the few PTEs that are left.

use vm::PageRange;

use super::{FIRST, HEAP, exits, forks, on_frame, processes, spread, start_with_heap, writes};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters, Process};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the heap",
        default: 96,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "children",
        summary: "children that inherit it",
        default: 16,
        min: 0,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "survivors",
        summary: "children that keep all of it, the youngest",
        default: 2,
        min: 0,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "kept",
        summary: "pages that the others keep; the rest every second of them writes to, and the others unmap",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames of the parent's heap that are looked for, spread evenly",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "evictions",
        summary: "frames of it that are evicted afterwards, spread evenly",
        default: 32,
        min: 0,
        max: 1 << 20,
    },
];

/// Whether a child that does not keep the heap writes to it.
const fn rewrites(child: Process) -> bool {
    child.0.is_multiple_of(2)
}

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, children, survivors, kept, finds, evictions] = values(parameters);
    let lost = pages - kept.min(pages);
    let others = children - survivors.min(children);
    let evictions = evictions.min(pages);
    Demand {
        // Every second of the others writes.
        pages: pages + others / 2 * lost,
        processes: children + 1,
        pages_per_process: pages,
        samples: 1 + pages + 2 * children + others * lost.max(1) + finds.min(pages) + evictions,
        swap_slots: evictions,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, children, survivors, kept, finds, evictions] = values(parameters);
    let lost = pages - kept.min(pages);
    let give_up = move |process: Process| {
        let written = if rewrites(process) { lost } else { 0 };
        let unmapped = (lost > written)
            .then_some(Event::Munmap { process, range: PageRange { start: HEAP, pages: lost } });
        writes(process, 0..written).chain(unmapped)
    };
    // The youngest survive: a search that begins with the oldest passes all the others.
    let others = processes(children - survivors.min(children));
    let each = move |operation, count| {
        spread(count, pages).map(move |page| on_frame(operation, FIRST, page))
    };
    start_with_heap(pages)
        .chain(forks(children))
        .chain(others.flat_map(give_up))
        .chain(each(FrameOperation::Find, finds))
        .chain(each(FrameOperation::Unmap, evictions))
        .chain(exits(children))
}

fn values(parameters: &Parameters) -> [u64; 6] {
    ["pages", "children", "survivors", "kept", "finds", "evictions"]
        .map(|name| parameters.get(name))
}
