//! `mprotect-shatter`: every second piece of a heap is made read-only and then all of it writable
//! again, as garbage collectors and debugging allocators do: one VMA becomes thousands, and one again.
//! Hurts schemes that keep something for each VMA, and those that name VMAs in frames.

use vm::{PageRange, Protection};

use super::{FIRST, HEAP, forks, start_with_heap};
use crate::{Demand, Event, ParameterSpec, Parameters};

pub(crate) const PARAMETERS: &[ParameterSpec] = &[
    ParameterSpec {
        name: "pages",
        summary: "pages of the heap",
        default: 1024,
        min: 2,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "pieces",
        summary: "pieces it is cut into",
        default: 128,
        min: 2,
        max: 1 << 16,
    },
    ParameterSpec {
        name: "rounds",
        summary: "how often it is cut up and made whole",
        default: 2,
        min: 1,
        max: 1 << 20,
    },
    ParameterSpec {
        name: "children",
        summary: "children that share it meanwhile",
        default: 0,
        min: 0,
        max: 1 << 14,
    },
];

pub(crate) fn demand(parameters: &Parameters) -> Demand {
    let [pages, pieces, rounds, children] = values(parameters);
    Demand {
        // A VMA for each piece, and what a scheme keeps for it.
        pages: pages + pieces.div_ceil(8),
        processes: children + 1,
        pages_per_process: pages,
        samples: 1 + pages + children + rounds * (pieces / 2 + 1),
        ..Demand::NOTHING
    }
}

pub(crate) fn events(parameters: &Parameters) -> impl Iterator<Item = Event> {
    let [pages, pieces, rounds, children] = values(parameters);
    let pieces = pieces.min(pages);
    let piece = move |nth: u64| {
        let (start, end) = (nth * pages / pieces, (nth + 1) * pages / pieces);
        PageRange { start: HEAP.plus(start), pages: end - start }
    };
    let protect = |range, protection| Event::Mprotect { process: FIRST, range, protection };
    let shatter = (1..pieces).step_by(2).map(move |nth| protect(piece(nth), Protection::ReadOnly));
    let heal = protect(PageRange { start: HEAP, pages }, Protection::ReadWrite);
    let round = shatter.chain([heal]);
    start_with_heap(pages)
        .chain(forks(children))
        .chain((0..rounds).flat_map(move |_| round.clone()))
}

fn values(parameters: &Parameters) -> [u64; 4] {
    ["pages", "pieces", "rounds", "children"].map(|name| parameters.get(name))
}
