//! `mremap-arena`: children move a range that they share with their parent, there and back, as
//! allocators do that grow an arena by `mremap`. One page then lies at many addresses. Hurts schemes
//! that know a page by its address, and those that pay for each PTE.

use rmap::PageIndex;
use vm::{PageRange, Remap};

use super::{FIRST, HEAP, WORK_ENDS, exits, forks, on_frame, processes, spread, start_with_heap};
use crate::{Demand, Event, FrameOperation, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the arena",
        default: 512,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "children",
        summary: "children that share it; without any the parent moves its own",
        default: 4,
        min: 0,
        max: 1 << 14,
    },
    ParameterSpec {
        name: "moves",
        summary: "how often each moves it",
        default: 4,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "finds",
        summary: "frames that are looked for after each round of moves",
        default: 8,
        min: 0,
        max: 1 << 20,
    },
];

/// Where the arena goes: as far as any arena can reach, in tables of its own.
const AWAY: PageIndex = HEAP.plus(1 << 21);

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, children, moves, finds] = values(parameters);
    let moving = children.max(1);
    Demand {
        pages,
        processes: children + 1,
        // Tables for both places, as long as the arena is on its way.
        pages_per_process: 2 * pages + 512,
        samples: 1 + pages + 2 * children + moves * (moving + finds.min(pages)),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, children, moves, finds] = values(parameters);
    let journey = move |process, nth: u64| {
        let (from, to) = if nth.is_multiple_of(2) { (HEAP, AWAY) } else { (AWAY, HEAP) };
        Event::Mremap { process, range: PageRange { start: from, pages }, pages, to: Remap::To(to) }
    };
    // The parent moves only if nobody else does, and the frames are those behind its pages.
    let alone = children == 0;
    let travel = move |nth| {
        let own = alone.then(|| journey(FIRST, nth));
        own.into_iter().chain(processes(children).map(move |child| journey(child, nth)))
    };
    let look = move |nth: u64| {
        let start = if alone && nth.is_multiple_of(2) { AWAY.0 - HEAP.0 } else { 0 };
        spread(finds, pages).map(move |page| on_frame(FrameOperation::Find, FIRST, start + page))
    };
    start_with_heap(pages)
        .chain(forks(children))
        .chain((0..moves).flat_map(move |nth| travel(nth).chain(look(nth))))
        .chain([WORK_ENDS])
        .chain(exits(children))
}

fn values(parameters: &Parameters) -> [u64; 4] {
    ["pages", "children", "moves", "finds"].map(|name| parameters.get(name))
}
