//! `calibration`: what the machine's primitives and the VM's operations cost by themselves. Every
//! other figure is read against these.

use rmap::PageIndex;
use vm::{PageRange, Protection, Remap};

use super::{CHILD, FIRST, HEAP, map_private, start_with_heap, writes_at};
use crate::event::Primitive;
use crate::{Demand, Event, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages mapped, whose PTEs the floor copies",
        default: 512,
        min: 2,
        max: 512,
    },
    ParameterSpec {
        name: "iterations",
        summary: "samples of each primitive",
        default: 64,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "operations",
        summary: "rounds of map, fill, fork, copy, reuse, split, move and unmap",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
];

/// The range that the VM's operations work on, and where they move it: in tables of their own.
const RANGE: PageRange = PageRange { start: PageIndex(0x5_0000), pages: 64 };
const ELSEWHERE: PageIndex = PageIndex(0x6_0000);

/// Pages of the range that the child copies.
const COPIED: u64 = 8;

/// Operations of one round that are timed: the map, each page's first write and reuse, each copy, fork
/// and exit, two changes of protection, the move, the unmapping.
const ROUND: u64 = 1 + 2 * RANGE.pages + COPIED + 2 + 2 + 1 + 1;

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, iterations, operations] = values(parameters);
    Demand {
        pages: pages + 1 + RANGE.pages + COPIED,
        processes: 2,
        // Three tables beside the heap's.
        pages_per_process: pages + 3 * 512,
        samples: 1 + pages + iterations * Primitive::ALL.len() as u64 + operations * ROUND,
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, iterations, operations] = values(parameters);
    let primitives = (0..iterations).flat_map(|_| Primitive::ALL);
    let calibrate =
        primitives.map(|primitive| Event::Calibrate { primitive, process: FIRST, page: HEAP });
    let rounds = (0..operations).flat_map(|_| round());
    start_with_heap(pages).chain(calibrate).chain(rounds)
}

fn round() -> impl Iterator<Item = Event> {
    let first = RANGE.start;
    let middle = PageRange { start: first.plus(RANGE.pages / 2), pages: 1 };
    let protect = |protection| Event::Mprotect { process: FIRST, range: middle, protection };
    let moved = PageRange { start: ELSEWHERE, pages: RANGE.pages };
    let fill = || writes_at(FIRST, first, 0..RANGE.pages);
    core::iter::once(map_private(FIRST, RANGE))
        .chain(fill())
        .chain([Event::Fork { parent: FIRST, child: CHILD }])
        .chain(writes_at(CHILD, first, 0..COPIED))
        .chain([Event::Exit { process: CHILD }])
        .chain(fill())
        .chain([
            protect(Protection::ReadOnly),
            protect(Protection::ReadWrite),
            Event::Mremap {
                process: FIRST,
                range: RANGE,
                pages: RANGE.pages,
                to: Remap::To(ELSEWHERE),
            },
            Event::Munmap { process: FIRST, range: moved },
        ])
}

fn values(parameters: &Parameters) -> [u64; 3] {
    ["pages", "iterations", "operations"].map(|name| parameters.get(name))
}
